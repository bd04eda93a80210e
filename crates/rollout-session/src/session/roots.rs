//! Branches that grew from another start: the plans of a comparison, once the learner has taken one over.

use super::*;

/// What differs between starts. The one that is shown lies in the session itself, and its place here is empty.
pub(super) struct Root {
    start: Start,
    origin: SimTime,
    base: Engine,
    files: SortedMap<String, String>,
}

impl Session {
    /// The branch that another session shows becomes a branch of this one, with a name of its own. Answers its index.
    pub fn adopt(&mut self, mut other: Session, name: &str) -> usize {
        if self.roots.is_empty() {
            self.roots.push(self.placeholder());
        }
        let mut branch = other.branches.swap_remove(other.current);
        branch.name = self.own_name(name);
        branch.parent = None;
        (branch.fork_step, branch.fork_at) = (0, 0);
        branch.root = self.roots.len();
        self.roots.push(Root {
            start: other.start,
            origin: other.origin,
            base: other.base,
            files: other.files,
        });
        self.branches.push(branch);
        self.branches.len() - 1
    }

    /// A session of its own that holds one branch, at its end.
    pub fn copy_of_branch(&self, index: usize) -> Option<Session> {
        let branch = self.branches.get(index)?;
        let start = match self.roots.get(branch.root) {
            Some(root) if branch.root != self.root => root.start.clone(),
            _ => self.start.clone(),
        };
        let mut copy = Session::new(Start {
            preset: start
                .preset
                .as_deref()
                .and_then(presets::find)
                .map(|p| p.name.to_owned()),
            ..start
        });
        for entry in &branch.log {
            copy.replay(entry);
        }
        copy.run_until(branch.timeline.len(), branch.cursor.at);
        copy.branch_mut().name = branch.name.clone();
        Some(copy)
    }

    /// A name that no branch has: `Recreate`, `Recreate 2`.
    fn own_name(&self, name: &str) -> String {
        let taken = |n: &str| self.branches.iter().any(|b| b.name == n);
        let mut free = name.to_owned();
        let mut n = 2;
        while taken(&free) {
            free = format!("{name} {n}");
            n += 1;
        }
        free
    }

    /// Takes up the root of the branch that is shown now.
    pub(super) fn stand_on(&mut self, root: usize) {
        if root == self.root {
            return;
        }
        let was = self.root;
        for index in [was, root] {
            if let Some(place) = self.roots.get_mut(index) {
                std::mem::swap(&mut place.start, &mut self.start);
                std::mem::swap(&mut place.origin, &mut self.origin);
                std::mem::swap(&mut place.base, &mut self.base);
                std::mem::swap(&mut place.files, &mut self.files);
            }
        }
        self.root = root;
    }

    fn placeholder(&self) -> Root {
        Root {
            start: Start::empty(),
            origin: self.origin,
            base: self.base.clone(),
            files: SortedMap::new(),
        }
    }
}
