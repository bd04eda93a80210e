//! Where a rule stands: the function of Kubernetes, its file, the page of the documentation that tells of it.

use crate::model::ReferenceView;

/// Pages of kubernetes.io/docs by name and path.
const DEPLOYMENTS: (&str, &str) = ("Deployments", "concepts/workloads/controllers/deployment/");
const REPLICA_SETS: (&str, &str) = ("ReplicaSet", "concepts/workloads/controllers/replicaset/");
const LIFECYCLE: (&str, &str) = ("Pod Lifecycle", "concepts/workloads/pods/pod-lifecycle/");
const IMAGES: (&str, &str) = ("Images", "concepts/containers/images/");
const PROBES: (&str, &str) = (
    "Liveness, Readiness, and Startup Probes",
    "concepts/configuration/liveness-readiness-startup-probes/",
);
const SCHEDULER: (&str, &str) = (
    "Kubernetes Scheduler",
    "concepts/scheduling-eviction/kube-scheduler/",
);
const GARBAGE: (&str, &str) = (
    "Garbage Collection",
    "concepts/architecture/garbage-collection/",
);
const OWNERS: (&str, &str) = (
    "Owners and Dependents",
    "concepts/overview/working-with-objects/owners-dependents/",
);
const SLICES: (&str, &str) = (
    "EndpointSlices",
    "concepts/services-networking/endpoint-slices/",
);
const EVENTS: (&str, &str) = (
    "Event",
    "reference/kubernetes-api/cluster-resources/event-v1/",
);
const VOLUMES: (&str, &str) = ("Persistent Volumes", "concepts/storage/persistent-volumes/");
const CONFIG: (&str, &str) = ("ConfigMaps", "concepts/configuration/configmap/");
const API: (&str, &str) = (
    "Kubernetes API Concepts",
    "reference/using-api/api-concepts/",
);

const ROLLING: &str = "pkg/controller/deployment/rolling.go";
const RECREATE: &str = "pkg/controller/deployment/recreate.go";
const SYNC: &str = "pkg/controller/deployment/sync.go";
const PROGRESS: &str = "pkg/controller/deployment/progress.go";
const CONTROLLER: &str = "pkg/controller/deployment/deployment_controller.go";
const UTIL: &str = "pkg/controller/deployment/util/deployment_util.go";
const REPLICA_SET: &str = "pkg/controller/replicaset/replica_set.go";
const COLLECTOR: &str = "pkg/controller/garbagecollector/garbagecollector.go";
const BINDER: &str = "pkg/controller/volume/persistentvolume/pv_controller.go";
const ATTACHER: &str = "pkg/controller/volume/attachdetach/reconciler/reconciler.go";
const KUBELET: &str = "pkg/kubelet/kubelet.go";

/// Function, file, page.
type Row = (&'static str, &'static str, (&'static str, &'static str));

/// By function.
const TABLE: &[Row] = &[
    ("NewRSNewReplicas", UTIL, DEPLOYMENTS),
    ("SetNewReplicaSetAnnotations", UTIL, DEPLOYMENTS),
    ("GetReplicaSetProportion", UTIL, DEPLOYMENTS),
    ("DeploymentComplete", UTIL, DEPLOYMENTS),
    ("DeploymentTimedOut", UTIL, DEPLOYMENTS),
    ("rolloutRolling", ROLLING, DEPLOYMENTS),
    ("reconcileNewReplicaSet", ROLLING, DEPLOYMENTS),
    ("reconcileOldReplicaSets", ROLLING, DEPLOYMENTS),
    ("cleanupUnhealthyReplicas", ROLLING, DEPLOYMENTS),
    (
        "scaleDownOldReplicaSetsForRollingUpdate",
        ROLLING,
        DEPLOYMENTS,
    ),
    ("rolloutRecreate", RECREATE, DEPLOYMENTS),
    ("oldPodsRunning", RECREATE, DEPLOYMENTS),
    ("scaleDownOldReplicaSetsForRecreate", RECREATE, DEPLOYMENTS),
    ("scaleUpNewReplicaSetForRecreate", RECREATE, DEPLOYMENTS),
    ("sync", SYNC, DEPLOYMENTS),
    ("scale", SYNC, DEPLOYMENTS),
    ("getNewReplicaSet", SYNC, DEPLOYMENTS),
    ("cleanupDeployment", SYNC, DEPLOYMENTS),
    ("syncDeploymentStatus", SYNC, DEPLOYMENTS),
    ("syncRolloutStatus", PROGRESS, DEPLOYMENTS),
    ("requeueStuckDeployment", PROGRESS, DEPLOYMENTS),
    ("syncDeployment", CONTROLLER, DEPLOYMENTS),
    ("handleErr", CONTROLLER, DEPLOYMENTS),
    ("syncReplicaSet", REPLICA_SET, REPLICA_SETS),
    ("manageReplicas", REPLICA_SET, REPLICA_SETS),
    ("getPodsToDelete", REPLICA_SET, REPLICA_SETS),
    (
        "updateReplicaSetStatus",
        "pkg/controller/replicaset/replica_set_utils.go",
        REPLICA_SETS,
    ),
    (
        "ClaimPods",
        "pkg/controller/controller_ref_manager.go",
        OWNERS,
    ),
    (
        "ClaimReplicaSets",
        "pkg/controller/controller_ref_manager.go",
        OWNERS,
    ),
    (
        "ActivePodsWithRanks.Less",
        "pkg/controller/controller_utils.go",
        REPLICA_SETS,
    ),
    ("IsPodAvailable", "pkg/api/v1/pod/util.go", DEPLOYMENTS),
    ("schedulePod", "pkg/scheduler/schedule_one.go", SCHEDULER),
    (
        "handleSchedulingFailure",
        "pkg/scheduler/schedule_one.go",
        SCHEDULER,
    ),
    (
        "EnsureImageExists",
        "pkg/kubelet/images/image_manager.go",
        IMAGES,
    ),
    (
        "startContainer",
        "pkg/kubelet/kuberuntime/kuberuntime_container.go",
        LIFECYCLE,
    ),
    (
        "doBackOff",
        "pkg/kubelet/kuberuntime/kuberuntime_manager.go",
        LIFECYCLE,
    ),
    (
        "generateContainerConfig",
        "pkg/kubelet/kuberuntime/kuberuntime_container.go",
        CONFIG,
    ),
    (
        "killContainer",
        "pkg/kubelet/kuberuntime/kuberuntime_container.go",
        LIFECYCLE,
    ),
    ("getExec", "pkg/kubelet/server/server.go", VOLUMES),
    (
        "MarkRemountRequired",
        "pkg/kubelet/volumemanager/cache/actual_state_of_world.go",
        CONFIG,
    ),
    ("syncUnboundClaim", BINDER, VOLUMES),
    ("syncBoundClaim", BINDER, VOLUMES),
    ("provisionClaim", BINDER, VOLUMES),
    ("reclaimVolume", BINDER, VOLUMES),
    (
        "processPVC",
        "pkg/controller/volume/pvcprotection/pvc_protection_controller.go",
        VOLUMES,
    ),
    ("reportMultiAttachError", ATTACHER, VOLUMES),
    ("attachDesiredVolumes", ATTACHER, VOLUMES),
    (
        "reconcileAutoscaler",
        "pkg/controller/podautoscaler/horizontal.go",
        (
            "Horizontal Pod Autoscaling",
            "concepts/workloads/autoscaling/horizontal-pod-autoscale/",
        ),
    ),
    ("doProbe", "pkg/kubelet/prober/worker.go", PROBES),
    ("SyncPod", KUBELET, LIFECYCLE),
    ("SyncTerminatedPod", KUBELET, LIFECYCLE),
    ("getPhase", "pkg/kubelet/kubelet_pods.go", LIFECYCLE),
    (
        "BeforeDelete",
        "staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go",
        LIFECYCLE,
    ),
    (
        "Update",
        "staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go",
        API,
    ),
    (
        "recordToSink",
        "staging/src/k8s.io/client-go/tools/record/event.go",
        EVENTS,
    ),
    (
        "reconcileByAddressType",
        "staging/src/k8s.io/endpointslice/reconciler.go",
        SLICES,
    ),
    ("attemptToDeleteItem", COLLECTOR, GARBAGE),
    ("processDeletingDependentsItem", COLLECTOR, GARBAGE),
    ("orphanDependents", COLLECTOR, GARBAGE),
];

/// Where a function stands; none for a name that is not in the table.
pub fn reference(function: &str) -> Option<ReferenceView> {
    TABLE
        .iter()
        .find(|(name, ..)| *name == function)
        .map(|(function, file, (page, path))| ReferenceView {
            function,
            file,
            page,
            path,
        })
}
