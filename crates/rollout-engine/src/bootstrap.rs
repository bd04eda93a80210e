//! What a fresh cluster holds: nodes, namespaces, the Service `kubernetes`.

use crate::config::{NodeSide, NodeSpec};
use crate::volumes::{DEFAULT_CLASS, DRIVER, STORAGE_CLASS};
use crate::world::World;
use rollout_api::{Kind, ObjectKey, Str, Timestamp, Value, object};

/// The cluster is twelve days old when the scene begins.
const AGE_SECONDS: i64 = 12 * 86_400;
/// The API server's own address.
const API_SERVER: &str = "172.18.0.2";

/// The namespaces of a fresh cluster.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Creates the objects of a fresh cluster.
pub(crate) fn bootstrap(world: &mut World) {
    for name in NAMESPACES {
        let value = object! {
            "apiVersion" => "v1",
            "kind" => "Namespace",
            "metadata" => object! { "name" => name, "labels" => object! { "kubernetes.io/metadata.name" => name } },
            "spec" => object! { "finalizers" => vec![Value::from("kubernetes")] },
            "status" => object! { "phase" => "Active" },
        };
        put(world, Kind::NAMESPACE, value);
    }
    let nodes = world.config.nodes.clone();
    for (index, spec) in nodes.iter().enumerate() {
        let value = node(world, index, spec);
        put(world, Kind::NODE, value);
        let renewed = micro(world.config.start.0 - 4);
        let lease = object! {
            "apiVersion" => "coordination.k8s.io/v1",
            "kind" => "Lease",
            "metadata" => object! { "name" => spec.name.clone(), "namespace" => "kube-node-lease" },
            "spec" => object! {
                "holderIdentity" => spec.name.clone(),
                "leaseDurationSeconds" => 40,
                "renewTime" => renewed,
            },
        };
        put(world, Kind("Lease"), lease);
    }
    kubernetes_service(world);
    let created = Timestamp(world.config.start.0 - AGE_SECONDS).rfc3339();
    for name in NAMESPACES {
        world.furnish_namespace(&name.into(), &created);
    }
    if matches!(world.config.node_side, NodeSide::Kubelet(_)) {
        default_class(world);
    }
}

/// The class of claims that name none: disks over the network that one node can have at a time.
fn default_class(world: &mut World) {
    let class = object! {
        "allowVolumeExpansion" => true,
        "apiVersion" => "storage.k8s.io/v1",
        "kind" => "StorageClass",
        "metadata" => object! {
            "annotations" => object! { "storageclass.kubernetes.io/is-default-class" => "true" },
            "creationTimestamp" => Timestamp(world.config.start.0 - AGE_SECONDS).rfc3339(),
            "name" => DEFAULT_CLASS,
            // Not drawn: the other objects of a seed keep theirs.
            "uid" => "5b0c6c0a-5f2e-4d63-9d0f-2f5a3a1f7c11",
        },
        "provisioner" => DRIVER,
        "reclaimPolicy" => "Delete",
        "volumeBindingMode" => "WaitForFirstConsumer",
    };
    let key = ObjectKey::new(STORAGE_CLASS, "", DEFAULT_CLASS);
    world.commit(&key, class);
}

/// `2025-06-10T11:59:56.000000Z`.
fn micro(seconds: i64) -> String {
    let mut text = Timestamp(seconds).rfc3339();
    text.pop();
    text + ".000000Z"
}

/// Stores an object that was there before the scene began.
fn put(world: &mut World, kind: Kind, mut value: Value) {
    let uid = world.rng.uid();
    value.set("metadata.uid", uid);
    value.set(
        "metadata.creationTimestamp",
        Timestamp(world.config.start.0 - AGE_SECONDS).rfc3339(),
    );
    let key = ObjectKey::new(
        kind,
        value
            .shared_str_at("metadata.namespace")
            .unwrap_or_default(),
        value.shared_str_at("metadata.name").unwrap_or_default(),
    );
    world.commit(&key, value);
}

fn kubernetes_service(world: &mut World) {
    let labels = object! { "component" => "apiserver", "provider" => "kubernetes" };
    let meta = |labels: Value| object! { "name" => "kubernetes", "namespace" => "default", "labels" => labels };
    let service = object! {
        "apiVersion" => "v1",
        "kind" => "Service",
        "metadata" => meta(labels.clone()),
        "spec" => object! {
            "clusterIP" => "10.96.0.1",
            "clusterIPs" => vec![Value::from("10.96.0.1")],
            "internalTrafficPolicy" => "Cluster",
            "ipFamilies" => vec![Value::from("IPv4")],
            "ipFamilyPolicy" => "SingleStack",
            "ports" => vec![object! { "name" => "https", "port" => 443, "protocol" => "TCP", "targetPort" => 6443 }],
            "sessionAffinity" => "None",
            "type" => "ClusterIP",
        },
        "status" => object! { "loadBalancer" => Value::object() },
    };
    put(world, Kind::SERVICE, service);
    let port = object! { "name" => "https", "port" => 6443, "protocol" => "TCP" };
    let endpoints = object! {
        "apiVersion" => "v1",
        "kind" => "Endpoints",
        "metadata" => meta(labels.clone()),
        "subsets" => vec![object! {
            "addresses" => vec![object! { "ip" => API_SERVER }],
            "ports" => vec![port.clone()],
        }],
    };
    put(world, Kind::ENDPOINTS, endpoints);
    let mut slice_labels = labels;
    slice_labels
        .map_mut()
        .insert("kubernetes.io/service-name", "kubernetes");
    let mut slice = object! {
        "apiVersion" => "discovery.k8s.io/v1",
        "kind" => "EndpointSlice",
        "addressType" => "IPv4",
        "metadata" => meta(slice_labels),
        "endpoints" => vec![object! {
            "addresses" => vec![Value::from(API_SERVER)],
            "conditions" => object! { "ready" => true },
        }],
        "ports" => vec![port],
    };
    slice.set("metadata.generation", 1);
    put(world, Kind::ENDPOINT_SLICE, slice);
}

/// The version of the nodes' kubelets.
fn kubelet_version(world: &World) -> String {
    let patch = match world.version().0 {
        32 => 4,
        36 => 1,
        _ => 0,
    };
    format!("v{}.{patch}", world.version())
}

/// A node's own address.
pub(crate) fn node_ip(index: usize) -> String {
    let n = index + 3;
    format!("172.18.{}.{}", n / 250, n % 250)
}

/// The first two numbers and the third of a node's pod addresses: `10.244.N`.
pub(crate) fn pod_prefix(index: usize) -> String {
    let n = index + 1;
    format!("10.{}.{}", 244 + n / 256, n % 256)
}

fn node(world: &mut World, index: usize, spec: &NodeSpec) -> Value {
    let name = spec.name.clone();
    let version = kubelet_version(world);
    let labels = object! {
        "beta.kubernetes.io/arch" => "amd64",
        "beta.kubernetes.io/os" => "linux",
        "kubernetes.io/arch" => "amd64",
        "kubernetes.io/hostname" => name.clone(),
        "kubernetes.io/os" => "linux",
    };
    let annotations = object! {
        "node.alpha.kubernetes.io/ttl" => "0",
        "volumes.kubernetes.io/controller-managed-attach-detach" => "true",
    };
    let cidr: Str = format!("{}.0/24", pod_prefix(index)).into();
    let resources = object! {
        "cpu" => spec.cpu.clone(),
        "ephemeral-storage" => "61202244Ki",
        "hugepages-1Gi" => "0",
        "hugepages-2Mi" => "0",
        "memory" => spec.memory.clone(),
        "pods" => spec.pods.to_string(),
    };
    let start = world.config.start.0;
    let heartbeat = Timestamp(start - 25).rfc3339();
    let since = Timestamp(start - AGE_SECONDS + 20).rfc3339();
    let condition = |kind: &'static str,
                     status: &'static str,
                     reason: &'static str,
                     message: &'static str| {
        object! {
            "type" => kind, "status" => status, "reason" => reason, "message" => message,
            "lastHeartbeatTime" => Value::text(&heartbeat), "lastTransitionTime" => Value::text(&since),
        }
    };
    let conditions = vec![
        condition(
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        condition(
            "DiskPressure",
            "False",
            "KubeletHasNoDiskPressure",
            "kubelet has no disk pressure",
        ),
        condition(
            "PIDPressure",
            "False",
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available",
        ),
        condition(
            "Ready",
            "True",
            "KubeletReady",
            "kubelet is posting ready status",
        ),
    ];
    let machine = |world: &mut World| world.rng.uid().replace('-', "");
    object! {
        "apiVersion" => "v1",
        "kind" => "Node",
        "metadata" => object! { "name" => name.clone(), "labels" => labels, "annotations" => annotations },
        "spec" => object! { "podCIDR" => cidr.clone(), "podCIDRs" => vec![Value::from(cidr)] },
        "status" => object! {
            "addresses" => vec![
                object! { "address" => node_ip(index), "type" => "InternalIP" },
                object! { "address" => name, "type" => "Hostname" },
            ],
            "allocatable" => resources.clone(),
            "capacity" => resources,
            "conditions" => conditions,
            "daemonEndpoints" => object! { "kubeletEndpoint" => object! { "Port" => 10250 } },
            "images" => Vec::<Value>::new(),
            "nodeInfo" => object! {
                "architecture" => "amd64",
                "bootID" => world.rng.uid(),
                "containerRuntimeVersion" => "containerd://2.0.3",
                "kernelVersion" => "6.8.0-58-generic",
                "kubeProxyVersion" => version.clone(),
                "kubeletVersion" => version,
                "machineID" => machine(world),
                "operatingSystem" => "linux",
                "osImage" => "Debian GNU/Linux 12 (bookworm)",
                "systemUUID" => world.rng.uid(),
            },
        },
    }
}
