//! Where in an object an error is: `spec.containers[0].resources.limits[cpu]`.

use crate::value::Value;
use std::fmt;

/// A path, linked to its parent on the stack. Mirrors `field.Path`, apimachinery/pkg/util/validation/field/path.go.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    part: Part<'a>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Child(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// A path of one name; dots in it stay as they are.
    pub fn root(name: &'a str) -> Path<'a> {
        Path {
            parent: None,
            part: Part::Child(name),
        }
    }
    /// `SELF.name`
    pub fn child(&'a self, name: &'a str) -> Path<'a> {
        Path {
            parent: Some(self),
            part: Part::Child(name),
        }
    }
    /// `SELF[i]`
    pub fn index(&'a self, i: usize) -> Path<'a> {
        Path {
            parent: Some(self),
            part: Part::Index(i),
        }
    }
    /// `SELF[key]`
    pub fn key(&'a self, key: &'a str) -> Path<'a> {
        Path {
            parent: Some(self),
            part: Part::Key(key),
        }
    }
    /// What is at this path in an object.
    pub fn find<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        let parent = match self.parent {
            Some(p) => p.find(root)?,
            None => root,
        };
        match self.part {
            Part::Child(name) | Part::Key(name) => parent.get(name),
            Part::Index(i) => parent.as_list().get(i),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.part {
            Part::Child(name) if self.parent.is_some() => write!(f, ".{name}"),
            Part::Child(name) => f.write_str(name),
            Part::Index(i) => write!(f, "[{i}]"),
            Part::Key(key) => write!(f, "[{key}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn children_indexes_and_keys() {
        let spec = Path::root("spec");
        let containers = spec.child("containers");
        let first = containers.index(0);
        let limits = first.child("resources.limits");
        assert_eq!(
            limits.key("cpu").to_string(),
            "spec.containers[0].resources.limits[cpu]"
        );
    }
}
