//! Namespaces and the end of them: a deleted namespace empties, then it is gone.
//! Mirrors plugin NamespaceLifecycle and pkg/controller/namespace.

use super::forbidden;
use crate::client::DeleteOptions;
use crate::rng::SimRng;
use crate::world::World;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, ObjectKey, Str, Value, object};

/// Namespaces that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// What every namespace holds: the ServiceAccount `default` and the ConfigMap with the cluster's CA.
const OWN: [(Kind, &str); 2] = [
    (Kind("ServiceAccount"), "default"),
    (Kind("ConfigMap"), "kube-root-ca.crt"),
];
/// What the publisher of the CA says of it.
const CA_WORDS: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";
/// No certificate stands in it: nothing here verifies one.
const CA: &str = "-----BEGIN CERTIFICATE-----\nMIIDBTCCAe2gAwIBAgIIUm9sbG91dCEwDQYJKoZIhvcNAQELBQAwFTETMBEGA1UE\n-----END CERTIFICATE-----\n";

/// Is it one of the objects that every namespace holds?
fn is_own(key: &ObjectKey) -> bool {
    OWN.iter()
        .any(|(kind, name)| key.kind == *kind && *key.name == **name)
}

impl World {
    /// Gives a namespace what every namespace holds and it lacks. Mirrors the controllers of ServiceAccounts
    /// (pkg/controller/serviceaccount) and of the CA (pkg/controller/certificates/rootcacertpublisher).
    /// Differs: it is done with the request, not some milliseconds later.
    pub(crate) fn furnish_namespace(&mut self, namespace: &Str, created: &str) {
        // States and recordings say themselves what there is.
        if !matches!(self.config.node_side, crate::config::NodeSide::Kubelet(_)) {
            return;
        }
        for (i, (kind, name)) in OWN.into_iter().enumerate() {
            let key = ObjectKey::new(kind, namespace.clone(), name);
            if self.store.get(&key).is_some() {
                continue;
            }
            // A stream of its own: these objects change nobody else's uid.
            let place = self.store.resource_version() << 1 | i as u64;
            let uid = SimRng::new(self.config.seed ^ place.wrapping_mul(0x9e37_79b9)).uid();
            let mut value = object! {
                "apiVersion" => "v1",
                "kind" => kind.0,
                "metadata" => object! { "name" => name, "namespace" => namespace.clone(), "uid" => uid, "creationTimestamp" => Str::copy(created) },
            };
            if kind == OWN[1].0 {
                value.set("data", Value::object());
                value.map_mut().insert("data", object! { "ca.crt" => CA });
                value.set(
                    "metadata.annotations",
                    object! { "kubernetes.io/description" => CA_WORDS },
                );
            }
            self.charge_quotas(&key, &value);
            self.commit(&key, value);
        }
    }

    /// One of them was deleted: it comes again, unless the namespace ends.
    pub(super) fn refurnish(&mut self, key: &ObjectKey) {
        let lives = self
            .store
            .get(&ObjectKey::new(Kind::NAMESPACE, "", key.namespace.clone()))
            .is_some_and(|n| !n.meta.is_terminating());
        if is_own(key) && lives && self.store.get(key).is_none() {
            let now = self.wall().rfc3339();
            self.furnish_namespace(&key.namespace, &now);
        }
    }

    /// Refuses to delete what the cluster cannot be without.
    pub(super) fn may_delete_namespace(name: &str) -> Result<(), ApiError> {
        if IMMORTAL.contains(&name) {
            return Err(forbidden(
                Kind::NAMESPACE,
                name,
                "this namespace may not be deleted",
            ));
        }
        Ok(())
    }

    /// Marks a namespace and deletes what is in it.
    pub(super) fn terminate_namespace(&mut self, key: &ObjectKey) -> Result<(), ApiError> {
        let Some(old) = self.store.get(key).cloned() else {
            return Ok(());
        };
        if !old.meta.is_terminating() {
            let mut value = old.value.clone();
            value.set("metadata.deletionTimestamp", self.wall().rfc3339());
            value.set("status.phase", "Terminating");
            self.commit(key, value);
        }
        let inside: Vec<ObjectKey> = self
            .store
            .iter()
            .map(|(k, _)| k)
            .filter(|k| k.namespace == key.name)
            .collect();
        for object in inside {
            // Another deletion may have taken it already.
            if self.store.get(&object).is_some() {
                self.delete(&object, &DeleteOptions::default())?;
            }
        }
        self.finish_namespace(&key.name);
        Ok(())
    }

    /// Removes a deleted namespace once nothing is left in it.
    pub(crate) fn finish_namespace(&mut self, name: &str) {
        let key = ObjectKey::new(Kind::NAMESPACE, "", Str::copy(name));
        if self
            .store
            .get(&key)
            .is_none_or(|n| !n.meta.is_terminating())
        {
            return;
        }
        let kinds: Vec<Kind> = self.store.kinds().collect();
        // Events about the end itself do not hold it up.
        let left =
            |kind: &Kind| *kind != Kind::EVENT && self.store.list_in(*kind, name).next().is_some();
        if kinds.iter().any(left) {
            return;
        }
        let events: Vec<ObjectKey> = self
            .store
            .list_in(Kind::EVENT, name)
            .map(|o| ObjectKey::new(Kind::EVENT, Str::copy(name), o.meta.name.clone()))
            .collect();
        self.commit_removal(&key);
        for event in events {
            self.commit_removal(&event);
        }
    }
}
