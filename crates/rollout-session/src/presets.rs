//! The presets: manifests with their images, nodes and history (presets/README.md).

use rollout_api::Minor;

/// Something to start from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preset {
    /// `roll-10`, as in `?preset=`.
    pub name: &'static str,
    /// One line for the list.
    pub words: &'static str,
    /// The manifest as pasted.
    pub yaml: &'static str,
    /// Lines of our `image` and `load` commands that hold from the start.
    pub images: &'static [&'static str],
    /// Nodes: number, memory of each.
    pub nodes: (u32, &'static str),
    /// The version of the cluster: 1.32 for the source tutorials', whose names of sets are those of the texts.
    pub version: Minor,
    /// Earlier releases, oldest first: image of the first container and change cause. The last one runs.
    pub history: &'static [(&'static str, &'static str)],
}

/// The version of the source tutorials.
const TUTORIALS: Minor = Minor::V1_32;

/// The cluster of most presets.
const THREE: (u32, &str) = (3, "8Gi");

/// All presets, in the order of the list.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "roll-10",
        words: "10 replicas, maxSurge 2, maxUnavailable 2",
        yaml: include_str!("../presets/roll-10.yaml"),
        images: &[],
        nodes: THREE,
        version: TUTORIALS,
        history: &[],
    },
    Preset {
        name: "re-5",
        words: "5 replicas, Recreate",
        yaml: include_str!("../presets/re-5.yaml"),
        images: &[],
        nodes: THREE,
        version: TUTORIALS,
        history: &[],
    },
    Preset {
        name: "kubernetes-bootcamp",
        words: "4 replicas, defaults; the tag v10 does not exist",
        yaml: include_str!("../presets/kubernetes-bootcamp.yaml"),
        images: &["image gcr.io/google-samples/kubernetes-bootcamp:v10 missing"],
        nodes: THREE,
        version: TUTORIALS,
        history: &[],
    },
    Preset {
        name: "boot-4",
        words: "4 replicas, defaults, two releases; the tag v10 does not exist",
        yaml: include_str!("../presets/boot-4.yaml"),
        images: &["image bootcamp:v10 missing"],
        nodes: THREE,
        version: Minor::NEWEST,
        history: &[
            ("bootcamp:v1", "first release"),
            ("bootcamp:v2", "second release"),
        ],
    },
    Preset {
        name: "model-4",
        words: "4 replicas, surge 1, unavailable 0, minReadySeconds 20",
        yaml: include_str!("../presets/model-4.yaml"),
        // What the server of the lesson knows: a probe that is broken in the manifest fails.
        images: &[
            "image myrepo/tf-serving:1.0.3 serves port=8500,8501 path=/v1/models/classifier",
            "image myrepo/tf-serving:1.0.4 serves port=8500,8501 path=/v1/models/classifier",
        ],
        nodes: THREE,
        version: TUTORIALS,
        history: &[],
    },
    Preset {
        name: "quarter-10",
        words: "10 replicas, 25% and 25%, readiness probe",
        yaml: include_str!("../presets/quarter-10.yaml"),
        images: &[],
        nodes: THREE,
        version: Minor::NEWEST,
        history: &[],
    },
    Preset {
        name: "web-15",
        words: "15 replicas that ignore the stop signal, grace 60",
        yaml: include_str!("../presets/web-15.yaml"),
        images: &["image web:v1 ignores-stop", "image web:v2 ignores-stop"],
        nodes: THREE,
        version: Minor::NEWEST,
        history: &[],
    },
    Preset {
        name: "solo-1",
        words: "1 replica that fills its only node",
        yaml: include_str!("../presets/solo-1.yaml"),
        images: &[],
        nodes: (1, "8Gi"),
        version: Minor::NEWEST,
        history: &[],
    },
    Preset {
        name: "spread-3",
        words: "3 replicas, one per node",
        yaml: include_str!("../presets/spread-3.yaml"),
        images: &[],
        nodes: THREE,
        version: Minor::NEWEST,
        history: &[],
    },
    Preset {
        name: "disk-1",
        words: "1 replica with a disk that one node can mount",
        yaml: include_str!("../presets/disk-1.yaml"),
        images: &[],
        nodes: (2, "8Gi"),
        version: Minor::NEWEST,
        history: &[],
    },
    Preset {
        name: "safe-3",
        words: "3 replicas, nothing else said",
        yaml: include_str!("../presets/safe-3.yaml"),
        images: &[],
        nodes: THREE,
        version: Minor::NEWEST,
        history: &[],
    },
    Preset {
        name: "shop",
        words: "Deployment, Service and ConfigMap of a shop",
        yaml: include_str!("../presets/shop.yaml"),
        images: &[],
        nodes: THREE,
        version: Minor::NEWEST,
        history: &[],
    },
    Preset {
        name: "shop-auto",
        words: "The shop with an autoscaler, 3 to 10, at 8 under load",
        yaml: include_str!("../presets/shop-auto.yaml"),
        // Counted from ten minutes before the start: 8 pods, after ten minutes 10, after twenty 4.
        images: &["load deployment/shop cpu=400m@0 500m@20m 190m@30m"],
        nodes: THREE,
        version: Minor::NEWEST,
        history: &[],
    },
];

/// Tags that the tutorials of Kubernetes' own documentation ask for because they do not exist. They hold where a session
/// begins without a preset, which has its own.
pub const NOT_THERE: [&str; 2] = [
    "image gcr.io/google-samples/kubernetes-bootcamp:v10 missing",
    "image nginx:1.161 missing",
];

/// The landing scene: `roll-10` in the middle of its update to httpd.
pub const LANDING: &str = "landing";

/// A preset by its name or by that of its Deployment (`rolldeployment`); the landing scene is `roll-10`.
pub fn find(name: &str) -> Option<&'static Preset> {
    let name = if name == LANDING { "roll-10" } else { name };
    let named = PRESETS.iter().find(|p| p.name == name);
    named.or_else(|| {
        PRESETS.iter().find(|p| {
            crate::file_name(p.yaml)
                .strip_suffix(".yaml")
                .is_some_and(|n| n == name)
        })
    })
}
