//! The provisioners that run in this cluster: from a claim to a volume.

use super::VolumeControllers;
use super::binder::tell;
use crate::sim_event::SimEvent;
use crate::time::Millis;
use crate::volumes::{DRIVER, PERSISTENT_VOLUME, SELECTED_NODE, class, class_name};
use crate::world::World;
use rollout_api::views::Object;
use rollout_api::{ObjectKey, Str, Value, object};

/// How long a volume takes to be made.
const PROVISION: Millis = Millis(1_500);
const LOCAL_PATH: &str = "rancher.io/local-path";
const MINIKUBE: &str = "k8s.io/minikube-hostpath";
/// The instances' ids, as each has one of its own.
const INSTANCE: &str = "csi-provisioner-0_7f0d2c9e-53b1-4f4e-9a38-6f3d0c1e8a52";
const LOCAL_INSTANCE: &str =
    "local-path-provisioner-7dc846544d-tvqsz_b0a1f6c4-2f5c-4c1b-9d53-0c6b5f7f2f11";

/// Does it run here?
pub(super) fn runs(provisioner: &str) -> bool {
    matches!(provisioner, DRIVER | LOCAL_PATH | MINIKUBE)
}

/// As its events name it.
fn instance(provisioner: &str) -> String {
    let id = if provisioner == DRIVER {
        INSTANCE
    } else {
        LOCAL_INSTANCE
    };
    format!("{provisioner}_{id}")
}

fn title(key: &ObjectKey) -> String {
    format!("\"{}/{}\"", key.namespace, key.name)
}

fn source(claim: &Object, provisioner: &str) -> (&'static str, Value) {
    let name = Str::concat(&["pvc-", &claim.meta.uid]);
    let (namespace, claim_name) = (&claim.meta.namespace, &claim.meta.name);
    match provisioner {
        DRIVER => (
            "csi",
            object! {
                "driver" => DRIVER,
                "fsType" => "ext4",
                "volumeHandle" => Str::concat(&["vol-", &claim.meta.uid[..8]]),
            },
        ),
        LOCAL_PATH => (
            "hostPath",
            object! {
                "path" => format!("/var/local-path-provisioner/{name}_{namespace}_{claim_name}"),
                "type" => "DirectoryOrCreate",
            },
        ),
        _ => (
            "hostPath",
            object! {
                "path" => format!("/tmp/hostpath-provisioner/{namespace}/{claim_name}"),
                "type" => "",
            },
        ),
    }
}

impl VolumeControllers {
    pub(super) fn begin_provisioning(
        &mut self,
        world: &mut World,
        key: &ObjectKey,
        claim: &Object,
        provisioner: &str,
    ) {
        let message = format!(
            "External provisioner is provisioning volume for claim {}",
            title(key)
        );
        tell(
            world,
            &instance(provisioner),
            claim,
            "Normal",
            "Provisioning",
            &message,
        );
        let event = super::VolumeEvent::Provisioned(key.clone());
        world.schedule(PROVISION, SimEvent::Volume(event));
    }

    pub(super) fn provisioned(&mut self, world: &mut World, key: &ObjectKey) {
        self.making.remove(key);
        let Some(claim) = world.store.get(key).cloned() else {
            return;
        };
        let class_name = class_name(&claim.value);
        let Some(class) = class(world, &class_name) else {
            return;
        };
        if !claim.value.str_at("spec.volumeName").is_empty() {
            return;
        }
        let provisioner = class.value.shared_str_at("provisioner").unwrap_or_default();
        let name = Str::concat(&["pvc-", &claim.meta.uid]);
        let (kind, source) = source(&claim, &provisioner);
        let size = claim
            .value
            .at("spec.resources.requests.storage")
            .cloned()
            .unwrap_or_default();
        let policy = class
            .value
            .shared_str_at("reclaimPolicy")
            .filter(|p| !p.is_empty())
            .unwrap_or(Str::Static("Delete"));
        let mode = claim
            .value
            .shared_str_at("spec.volumeMode")
            .unwrap_or(Str::Static("Filesystem"));
        let mut spec = object! {
            "accessModes" => claim.value.at("spec.accessModes").cloned().unwrap_or_default(),
            "capacity" => object! { "storage" => size },
            "claimRef" => object! {
                "apiVersion" => "v1",
                "kind" => "PersistentVolumeClaim",
                "name" => &claim.meta.name,
                "namespace" => &claim.meta.namespace,
                "resourceVersion" => claim.meta.resource_version.to_string(),
                "uid" => &claim.meta.uid,
            },
            "persistentVolumeReclaimPolicy" => policy,
            "storageClassName" => &class_name,
            "volumeMode" => mode,
        };
        spec.set(kind, source);
        let node = claim.meta.annotation(SELECTED_NODE).map(Str::copy);
        if *provisioner == *LOCAL_PATH
            && let Some(node) = node
        {
            let expression = object! {
                "key" => "kubernetes.io/hostname",
                "operator" => "In",
                "values" => vec![Value::from(node)],
            };
            let term = object! { "matchExpressions" => vec![expression] };
            let required = object! { "nodeSelectorTerms" => vec![term] };
            spec.set("nodeAffinity", object! { "required" => required });
        }
        let value = object! {
            "apiVersion" => "v1",
            "kind" => "PersistentVolume",
            "metadata" => object! {
                "annotations" => object! { "pv.kubernetes.io/provisioned-by" => &provisioner },
                "finalizers" => vec![Value::from("kubernetes.io/pv-protection")],
                "name" => &name,
            },
            "spec" => spec,
            "status" => object! { "phase" => "Pending" },
        };
        if world.create(PERSISTENT_VOLUME, value).is_ok() {
            let message = format!("Successfully provisioned volume {name}");
            tell(
                world,
                &instance(&provisioner),
                &claim,
                "Normal",
                "ProvisioningSucceeded",
                &message,
            );
        }
    }
}
