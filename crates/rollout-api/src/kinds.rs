//! The resources of the API server: kind, group, versions, and every word kubectl takes for them.

use crate::key::Kind;
use crate::version::Minor;
use std::sync::OnceLock;

/// Can a learner watch this kind act, or is it only kept?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Support {
    /// Controllers act on it.
    Simulated,
    /// Decoded, stored and shown; nothing acts on it.
    Stored,
    /// Only known by name (`api-resources`).
    Listed,
}

/// One resource of the API.
#[derive(Debug)]
pub struct Resource {
    /// Kind, `Deployment`.
    pub kind: Kind,
    /// API group, `apps`; empty for the core group.
    pub group: &'static str,
    /// Served versions, the preferred one first; each with its range of minors.
    versions: Vec<(&'static str, Minor, Minor)>,
    /// `deployments`.
    pub plural: &'static str,
    /// `deployment`.
    pub singular: String,
    /// Short names, `deploy`.
    pub short_names: Vec<&'static str>,
    /// Lives in a namespace.
    pub namespaced: bool,
    /// Part of `kubectl get all`.
    pub in_all: bool,
    /// See [`Resource::counts_generations`].
    generation: bool,
    /// What this program does with it.
    pub support: Support,
    /// Bits of `VERBS`.
    verbs: u16,
}

/// Verbs in the order of discovery, the bits of [`Resource::verbs`].
const VERBS: [(&str, char); 8] = [
    ("create", 'c'),
    ("delete", 'd'),
    ("deletecollection", 'D'),
    ("get", 'g'),
    ("list", 'l'),
    ("patch", 'p'),
    ("update", 'u'),
    ("watch", 'w'),
];

/// `group|versions|kind|plural|short names|n(amespaced) or c(luster), a(ll), g(eneration)|S(imulated), s(tored), l(isted)|verbs`,
/// in the order of `kubectl api-resources`. A version may end in `@first` or `@first-last` (minors); no verbs: all.
const TABLE: &str = "\
|v1|Binding|bindings||n|l|c
|v1|ComponentStatus|componentstatuses|cs|c|l|gl
|v1|ConfigMap|configmaps|cm|n|S|
|v1|Endpoints|endpoints|ep|n|S|
|v1|Event|events|ev|n|S|
|v1|LimitRange|limitranges|limits|n|s|
|v1|Namespace|namespaces|ns|c|S|cdglpuw
|v1|Node|nodes|no|c|S|
|v1|PersistentVolumeClaim|persistentvolumeclaims|pvc|n|S|
|v1|PersistentVolume|persistentvolumes|pv|c|s|
|v1|Pod|pods|po|na|S|
|v1|PodTemplate|podtemplates||n|s|
|v1|ReplicationController|replicationcontrollers|rc|nag|s|
|v1|ResourceQuota|resourcequotas|quota|n|S|
|v1|Secret|secrets||n|S|
|v1|ServiceAccount|serviceaccounts|sa|n|s|
|v1|Service|services|svc|na|S|
admissionregistration.k8s.io|v1@34|MutatingAdmissionPolicy|mutatingadmissionpolicies||c|l|
admissionregistration.k8s.io|v1@34|MutatingAdmissionPolicyBinding|mutatingadmissionpolicybindings||c|l|
admissionregistration.k8s.io|v1|MutatingWebhookConfiguration|mutatingwebhookconfigurations||c|l|
admissionregistration.k8s.io|v1@30|ValidatingAdmissionPolicy|validatingadmissionpolicies||c|l|
admissionregistration.k8s.io|v1@30|ValidatingAdmissionPolicyBinding|validatingadmissionpolicybindings||c|l|
admissionregistration.k8s.io|v1|ValidatingWebhookConfiguration|validatingwebhookconfigurations||c|l|
apiextensions.k8s.io|v1|CustomResourceDefinition|customresourcedefinitions|crd,crds|c|l|
apiregistration.k8s.io|v1|APIService|apiservices||c|l|
apps|v1|ControllerRevision|controllerrevisions||n|l|
apps|v1|DaemonSet|daemonsets|ds|nag|s|
apps|v1|Deployment|deployments|deploy|nag|S|
apps|v1|ReplicaSet|replicasets|rs|nag|S|
apps|v1|StatefulSet|statefulsets|sts|nag|s|
authentication.k8s.io|v1@28|SelfSubjectReview|selfsubjectreviews||c|l|c
authentication.k8s.io|v1|TokenReview|tokenreviews||c|l|c
authorization.k8s.io|v1|LocalSubjectAccessReview|localsubjectaccessreviews||n|l|c
authorization.k8s.io|v1|SelfSubjectAccessReview|selfsubjectaccessreviews||c|l|c
authorization.k8s.io|v1|SelfSubjectRulesReview|selfsubjectrulesreviews||c|l|c
authorization.k8s.io|v1|SubjectAccessReview|subjectaccessreviews||c|l|c
autoscaling|v2,v1|HorizontalPodAutoscaler|horizontalpodautoscalers|hpa|na|S|
batch|v1|CronJob|cronjobs|cj|nag|s|
batch|v1|Job|jobs||nag|s|
certificates.k8s.io|v1|CertificateSigningRequest|certificatesigningrequests|csr|c|l|
coordination.k8s.io|v1|Lease|leases||n|s|
discovery.k8s.io|v1|EndpointSlice|endpointslices||ng|S|
events.k8s.io|v1|Event|events|ev|n|S|
flowcontrol.apiserver.k8s.io|v1@29,v1beta3@26-31|FlowSchema|flowschemas||c|l|
flowcontrol.apiserver.k8s.io|v1@29,v1beta3@26-31|PriorityLevelConfiguration|prioritylevelconfigurations||c|l|
networking.k8s.io|v1|IngressClass|ingressclasses||cg|s|
networking.k8s.io|v1|Ingress|ingresses|ing|ng|s|
networking.k8s.io|v1@33|IPAddress|ipaddresses|ip|c|l|
networking.k8s.io|v1|NetworkPolicy|networkpolicies|netpol|ng|s|
networking.k8s.io|v1@33|ServiceCIDR|servicecidrs||c|l|
node.k8s.io|v1|RuntimeClass|runtimeclasses||c|s|
policy|v1|PodDisruptionBudget|poddisruptionbudgets|pdb|ng|S|
rbac.authorization.k8s.io|v1|ClusterRoleBinding|clusterrolebindings||c|s|
rbac.authorization.k8s.io|v1|ClusterRole|clusterroles||c|s|
rbac.authorization.k8s.io|v1|RoleBinding|rolebindings||n|s|
rbac.authorization.k8s.io|v1|Role|roles||n|s|
resource.k8s.io|v1@34|DeviceClass|deviceclasses||c|l|
resource.k8s.io|v1@34|ResourceClaim|resourceclaims||n|l|
resource.k8s.io|v1@34|ResourceClaimTemplate|resourceclaimtemplates||n|l|
resource.k8s.io|v1@34|ResourceSlice|resourceslices||c|l|
scheduling.k8s.io|v1|PriorityClass|priorityclasses|pc|cg|s|
storage.k8s.io|v1|CSIDriver|csidrivers||c|l|
storage.k8s.io|v1|CSINode|csinodes||c|l|
storage.k8s.io|v1|CSIStorageCapacity|csistoragecapacities||n|l|
storage.k8s.io|v1|StorageClass|storageclasses|sc|c|s|
storage.k8s.io|v1|VolumeAttachment|volumeattachments||c|l|
storage.k8s.io|v1@34|VolumeAttributesClass|volumeattributesclasses|vac|c|l|
";

impl Resource {
    fn parse(line: &'static str) -> Option<Resource> {
        let mut f = line.split('|');
        let group = f.next()?;
        let versions = f.next()?.split(',').filter_map(|v| {
            let (name, range) = v.split_once('@').unwrap_or((v, ""));
            let (first, last) = range.split_once('-').unwrap_or((range, ""));
            let minor = |t: &str, none: u8| {
                Some(Minor(if t.is_empty() { none } else { t.parse().ok()? }))
            };
            Some((name, minor(first, 0)?, minor(last, u8::MAX)?))
        });
        let versions = versions.collect();
        let kind = f.next()?;
        let plural = f.next()?;
        let short_names = f.next()?.split(',').filter(|s| !s.is_empty()).collect();
        let flags = f.next()?;
        let support = match f.next()? {
            "S" => Support::Simulated,
            "s" => Support::Stored,
            _ => Support::Listed,
        };
        let letters = f.next()?;
        let bit =
            |i: usize, letter: char| u16::from(letters.is_empty() || letters.contains(letter)) << i;
        let verbs = VERBS
            .iter()
            .enumerate()
            .map(|(i, (_, letter))| bit(i, *letter))
            .sum();
        Some(Resource {
            kind: Kind(kind),
            group,
            versions,
            plural,
            singular: kind.to_ascii_lowercase(),
            short_names,
            namespaced: flags.starts_with('n'),
            in_all: flags.contains('a'),
            generation: flags.contains('g'),
            support,
            verbs,
        })
    }
    /// The versions that `minor` serves, the preferred one first.
    pub fn versions(&self, minor: Minor) -> impl Iterator<Item = &'static str> {
        self.versions
            .iter()
            .filter(move |(_, first, last)| (*first..=*last).contains(&minor))
            .map(|(v, _, _)| *v)
    }
    /// The preferred version, `v1`; `None` if this minor does not serve the resource.
    pub fn version(&self, minor: Minor) -> Option<&'static str> {
        self.versions(minor).next()
    }
    /// `apps/v1`, `v1`: group and preferred version.
    pub fn api_version(&self, minor: Minor) -> String {
        self.api_version_of(self.version(minor).unwrap_or("v1"))
    }
    /// `apps/VERSION`, or `VERSION` in the core group.
    pub fn api_version_of(&self, version: &str) -> String {
        if self.group.is_empty() {
            version.to_owned()
        } else {
            format!("{}/{version}", self.group)
        }
    }
    /// `deployments.apps`, `pods`: how errors name it.
    pub fn group_resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }
    /// `deployment.apps`, `pod`: how `-o name` and most confirmations name it.
    pub fn singular_group(&self) -> String {
        if self.group.is_empty() {
            self.singular.clone()
        } else {
            format!("{}.{}", self.singular, self.group)
        }
    }
    /// `Deployment.apps`, `Pod`: how the server's refusals name it.
    pub fn group_kind(&self) -> String {
        if self.group.is_empty() {
            self.kind.0.to_owned()
        } else {
            format!("{}.{}", self.kind.0, self.group)
        }
    }
    /// Does `metadata.generation` count changes of the spec? Pods count since 1.33.
    pub fn counts_generations(&self, minor: Minor) -> bool {
        self.generation || (self.kind == Kind::POD && minor >= Minor(33))
    }
    /// Verbs in the order of discovery.
    pub fn verbs(&self) -> impl Iterator<Item = &'static str> {
        VERBS
            .iter()
            .enumerate()
            .filter(|(i, _)| self.verbs >> i & 1 == 1)
            .map(|(_, (name, _))| *name)
    }
}

/// All resources, in the order of `kubectl api-resources`.
pub fn resources() -> &'static [Resource] {
    static ALL: OnceLock<Vec<Resource>> = OnceLock::new();
    ALL.get_or_init(|| TABLE.lines().filter_map(Resource::parse).collect())
}

/// The resource that stores a kind (`Event` is the core one).
pub fn of_kind(kind: Kind) -> Option<&'static Resource> {
    of_kind_name(kind.0)
}

/// The resource that stores a kind, by its name.
pub fn of_kind_name(kind: &str) -> Option<&'static Resource> {
    resources().iter().find(|r| r.kind.0 == kind)
}

/// What `apiVersion` and `kind` of an object mean at a minor, exactly (case counts).
pub fn of_object(api_version: &str, kind: &str, minor: Minor) -> Option<&'static Resource> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    if group.is_empty() && api_version.starts_with('/') {
        return None;
    }
    resources()
        .iter()
        .find(|r| r.kind.0 == kind && r.group == group && r.versions(minor).any(|v| v == version))
}

/// What a word of a kubectl line means: plural, singular, kind or short name, each alone or with
/// `.group` or `.version.group`. Short names are matched as they are, other words in any case.
pub fn of_word(word: &str, minor: Minor) -> Option<&'static Resource> {
    let served = || resources().iter().filter(|r| r.version(minor).is_some());
    let (name, rest) = word.split_once('.').unwrap_or((word, ""));
    let lower = name.to_ascii_lowercase();
    let named =
        |r: &Resource| r.plural == lower || r.singular == lower || r.short_names.contains(&name);
    if rest.is_empty() {
        return served().find(|r| named(r));
    }
    // Group names may be cut short: a prefix of the group is enough for the server's mapper.
    let in_group = |r: &Resource, group: &str| {
        r.group == group || (!group.is_empty() && r.group.starts_with(group))
    };
    if let Some((version, group)) = rest.split_once('.')
        && let Some(r) = served()
            .find(|r| named(r) && r.group == group && r.versions(minor).any(|v| v == version))
    {
        return Some(r);
    }
    if let Some(r) = served().find(|r| {
        named(r)
            && r.group.is_empty()
            && r.versions(minor).any(|v| Some(v) == rest.strip_suffix('.'))
    }) {
        return Some(r);
    }
    served()
        .find(|r| named(r) && r.group == rest)
        .or_else(|| served().find(|r| named(r) && in_group(r, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        assert_eq!(resources().len(), TABLE.lines().count());
        // kubectl 1.32 lists 58 (golden fresh-complete).
        assert_eq!(
            resources()
                .iter()
                .filter(|r| r.version(Minor(32)).is_some())
                .count(),
            58
        );
    }

    #[test]
    fn words_of_a_line() {
        for (word, kind) in [
            ("deploy", "Deployment"),
            ("deployment", "Deployment"),
            ("Deployments", "Deployment"),
            ("deployments.apps", "Deployment"),
            ("deployment.v1.apps", "Deployment"),
            ("deploy.apps", "Deployment"),
            ("po", "Pod"),
            ("ev", "Event"),
            ("events.events.k8s.io", "Event"),
            ("hpa.v1.autoscaling", "HorizontalPodAutoscaler"),
            ("ingress.networking.k8s.io", "Ingress"),
            ("endpointslice", "EndpointSlice"),
        ] {
            assert_eq!(
                of_word(word, Minor(32)).map(|r| r.kind.0),
                Some(kind),
                "{word}"
            );
        }
        for word in [
            "foo",
            "DEPLOY",
            "deployments.v2.apps",
            "pods.apps",
            "ipaddresses",
            "",
        ] {
            assert!(of_word(word, Minor(32)).is_none(), "{word}");
        }
        assert!(of_word("ipaddresses", Minor(36)).is_some());
    }

    #[test]
    fn objects() {
        assert_eq!(
            of_object("apps/v1", "Deployment", Minor(32)).map(|r| r.plural),
            Some("deployments")
        );
        for (api_version, kind) in [
            ("apps/v1", "DEPLOYMENT"),
            ("apps/v2", "Deployment"),
            ("v1", "Deployment"),
            ("/v1", "Pod"),
            ("", "Pod"),
            ("apps/", "Deployment"),
            ("extensions/v1beta1", "Deployment"),
        ] {
            assert!(
                of_object(api_version, kind, Minor(32)).is_none(),
                "{api_version} {kind}"
            );
        }
        let deploy = of_kind(Kind::DEPLOYMENT).unwrap();
        assert_eq!(deploy.api_version(Minor(32)), "apps/v1");
        assert_eq!(deploy.group_resource(), "deployments.apps");
        assert_eq!(deploy.singular_group(), "deployment.apps");
        assert_eq!(deploy.group_kind(), "Deployment.apps");
        assert_eq!(deploy.verbs().count(), 8);
        assert_eq!(of_kind(Kind::EVENT).unwrap().group, "");
    }
}
