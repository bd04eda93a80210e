//! Namespaces and the end of them: a deleted namespace empties, then it is gone.
//! Mirrors plugin NamespaceLifecycle and pkg/controller/namespace.

use super::forbidden;
use crate::client::DeleteOptions;
use crate::world::World;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, ObjectKey, Str};

/// Namespaces that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

impl World {
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
