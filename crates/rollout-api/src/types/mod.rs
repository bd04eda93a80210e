//! The table of the API's Go types: names, JSON names, versions and patch rules, read once from `table.txt`.
//!
//! It drives strict decoding and its errors, what an encoder writes, the template hash, printing in Go's order and patches.

use crate::version::Minor;
use std::sync::OnceLock;

/// Index of a struct in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct StructId(u16);

/// Index of a type in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TypeId(u16);

/// What a type is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// A string, named or not.
    String,
    /// A boolean.
    Bool,
    /// A number of 32 bits.
    Int32,
    /// A number of 64 bits.
    Int64,
    /// Bytes, in JSON a base64 string.
    Bytes,
    /// `resource.Quantity`.
    Quantity,
    /// `intstr.IntOrString`.
    IntOrString,
    /// `v1.Time`, whole seconds.
    Time,
    /// `v1.MicroTime`.
    MicroTime,
    /// Any JSON.
    Any,
    /// A struct.
    Struct(StructId),
    /// A pointer: absent or there, and there even if empty.
    Pointer(TypeId),
    /// A list.
    List(TypeId),
    /// A map with string keys.
    Map(TypeId),
}

/// A Go type.
#[derive(Debug)]
pub struct Type {
    /// As the table writes it; see [`Type::go`].
    text: &'static str,
    /// What it is made of.
    pub shape: Shape,
}

/// How a strategic merge patch treats a field.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Patch {
    /// Lists are merged, not replaced.
    pub merge: bool,
    /// The field that tells items apart; empty for lists of scalars.
    pub key: &'static str,
    /// Fields that the patch does not list are dropped (`$retainKeys`).
    pub retain_keys: bool,
    /// A map is replaced, not merged.
    pub replace: bool,
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    /// Go name.
    pub go: &'static str,
    /// JSON name; empty for an embedded struct whose fields are inline.
    pub json: &'static str,
    /// Its type.
    pub ty: TypeId,
    /// Written also when empty (no `omitempty`).
    pub always: bool,
    /// What patches do with it.
    pub patch: Patch,
    first: Minor,
    last: Minor,
}

impl Field {
    /// Does this minor have the field?
    pub fn is_in(&self, minor: Minor) -> bool {
        self.first <= minor && minor <= self.last
    }
    /// An embedded struct without a JSON name of its own.
    pub fn is_embedded(&self) -> bool {
        self.json.is_empty()
    }
}

/// A struct.
#[derive(Debug)]
pub struct Struct {
    /// As the table writes it, `v1.PodSpec`; see [`Struct::go_name`].
    pub name: &'static str,
    /// Fields of all versions in Go's order.
    pub fields: Vec<Field>,
}

impl Struct {
    /// The name without its package, `PodSpec`.
    pub fn go_name(&self) -> &'static str {
        self.name
            .rsplit_once('.')
            .map_or(self.name, |(_, name)| name)
    }
    /// The fields of a minor in Go's order; embedded structs are one field.
    pub fn fields(&'static self, minor: Minor) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(move |f| f.is_in(minor))
    }
}

impl Type {
    /// As Go prints the type: `[]v1.EndpointPort`.
    pub fn go(&self) -> String {
        self.text
            .replace("discovery/", "")
            .replace("autoscaling/", "")
    }
    /// As the table writes the type.
    pub fn text(&self) -> &'static str {
        self.text
    }
}

/// All types.
pub struct Table {
    structs: Vec<Struct>,
    types: Vec<Type>,
    /// In order of their texts.
    by_name: Vec<TypeId>,
}

/// A JSON field found in a struct: the embedded struct it is in, if any, and itself.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The embedded struct that has the field.
    pub within: Option<&'static Field>,
    /// The field.
    pub field: &'static Field,
}

const SOURCE: &str = include_str!("table.txt");

/// The table, read at first use.
pub fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Reader::default().read(SOURCE))
}

/// Where a text stands among types in order of their texts, or would.
fn place(types: &[Type], by_name: &[TypeId], text: &str) -> Result<usize, usize> {
    by_name.binary_search_by(|id| types[usize::from(id.0)].text.cmp(text))
}

impl Table {
    fn named(&self, text: &str) -> Option<TypeId> {
        let at = place(&self.types, &self.by_name, text).ok()?;
        Some(self.by_name[at])
    }
    /// A struct by the table's name, `v1.DeploymentSpec`.
    pub fn by_name(&self, name: &str) -> Option<StructId> {
        match self.ty(self.named(name)?).shape {
            Shape::Struct(id) => Some(id),
            _ => None,
        }
    }
    /// The struct of an API object. `None` for kinds the table does not have.
    pub fn object(&self, api_version: &str, kind: &str) -> Option<StructId> {
        let mut name = String::with_capacity(40);
        match api_version.rsplit_once('/') {
            Some(("autoscaling", version)) => {
                if version == "v1" {
                    name.push_str("autoscaling/");
                }
                name.push_str(version);
            }
            Some(("events.k8s.io", _)) => return None,
            Some((_, version)) => name.push_str(version),
            None => name.push_str(api_version),
        }
        name.push('.');
        name.push_str(kind);
        self.by_name(&name)
    }
    /// A struct.
    pub fn structure(&self, id: StructId) -> &Struct {
        &self.structs[usize::from(id.0)]
    }
    /// A type.
    pub fn ty(&self, id: TypeId) -> &Type {
        &self.types[usize::from(id.0)]
    }
    /// What is behind pointers.
    pub fn target(&self, id: TypeId) -> TypeId {
        match self.ty(id).shape {
            Shape::Pointer(to) => self.target(to),
            _ => id,
        }
    }
    /// The field with a JSON name (case counts), also in embedded structs.
    pub fn find(&'static self, id: StructId, json: &str, minor: Minor) -> Option<Found> {
        let fields = &self.structure(id).fields;
        if let Some(field) = fields
            .iter()
            .find(|f| f.json == json && f.is_in(minor) && !f.json.is_empty())
        {
            return Some(Found {
                within: None,
                field,
            });
        }
        fields
            .iter()
            .filter(|f| f.is_embedded() && f.is_in(minor))
            .find_map(|outer| match self.ty(outer.ty).shape {
                Shape::Struct(inner) => self.find(inner, json, minor).map(|found| Found {
                    within: Some(outer),
                    field: found.field,
                }),
                _ => None,
            })
    }
}

/// Makes the table from its text.
#[derive(Default)]
struct Reader {
    structs: Vec<Struct>,
    types: Vec<Type>,
    /// In order of their texts.
    by_name: Vec<TypeId>,
}

impl Reader {
    fn read(mut self, source: &'static str) -> Table {
        for (name, shape) in [
            ("string", Shape::String),
            ("bool", Shape::Bool),
            ("int32", Shape::Int32),
            ("int64", Shape::Int64),
            ("[]uint8", Shape::Bytes),
            ("resource.Quantity", Shape::Quantity),
            ("intstr.IntOrString", Shape::IntOrString),
            ("v1.Time", Shape::Time),
            ("v1.MicroTime", Shape::MicroTime),
            ("v1.FieldsV1", Shape::Any),
        ] {
            self.define(name, shape);
        }
        let lines = || source.lines().filter(|l| !l.starts_with("//"));
        for line in lines() {
            if let Some(name) = line.strip_prefix("# ") {
                let id = StructId(self.structs.len() as u16);
                self.structs.push(Struct {
                    name,
                    fields: Vec::new(),
                });
                self.define(name, Shape::Struct(id));
            }
        }
        for line in lines() {
            if let Some((name, kind)) = line.strip_prefix("= ").and_then(|l| l.split_once(' ')) {
                let of = self.intern(kind);
                let shape = self.types[usize::from(of.0)].shape;
                self.define(name, shape);
            }
        }
        let mut current = 0;
        for line in lines() {
            if line.starts_with('#') {
                current += 1;
            } else if !line.starts_with('=')
                && let Some(field) = self.field(line)
            {
                self.structs[current - 1].fields.push(field);
            }
        }
        Table {
            structs: self.structs,
            types: self.types,
            by_name: self.by_name,
        }
    }
    fn define(&mut self, text: &'static str, shape: Shape) -> TypeId {
        let id = TypeId(self.types.len() as u16);
        self.types.push(Type { text, shape });
        match place(&self.types, &self.by_name, text) {
            Ok(at) => self.by_name[at] = id,
            Err(at) => self.by_name.insert(at, id),
        }
        id
    }
    fn intern(&mut self, text: &'static str) -> TypeId {
        if let Ok(at) = place(&self.types, &self.by_name, text) {
            return self.by_name[at];
        }
        let shape = if let Some(to) = text.strip_prefix('*') {
            Shape::Pointer(self.intern(to))
        } else if let Some(of) = text.strip_prefix("[]") {
            Shape::List(self.intern(of))
        } else if let Some((_, of)) = text.strip_prefix("map[").and_then(|t| t.split_once(']')) {
            Shape::Map(self.intern(of))
        } else {
            // A name that nothing defines; a test makes sure there is none.
            Shape::Any
        };
        self.define(text, shape)
    }
    fn field(&mut self, line: &'static str) -> Option<Field> {
        let mut words = line.split(' ');
        let go = words.next()?;
        let ty = words.next()?;
        let json = words.next()?;
        let (json, always) = json.strip_suffix('!').map_or((json, false), |j| (j, true));
        let mut field = Field {
            go,
            json: if json == "-" { "" } else { json },
            ty: self.intern(ty),
            always,
            patch: Patch::default(),
            first: Minor(0),
            last: Minor(u8::MAX),
        };
        for word in words {
            if let Some(rule) = word.strip_prefix('+') {
                let (names, key) = rule.split_once('=').unwrap_or((rule, ""));
                let has = |name| names.split(',').any(|n| n == name);
                field.patch = Patch {
                    merge: has("merge"),
                    key,
                    retain_keys: has("retainKeys"),
                    replace: has("replace"),
                };
            } else if let Some((first, last)) = word.split_once("..") {
                let minor = |t: &str, none| {
                    t.strip_prefix("1.")
                        .and_then(|t| t.parse().ok())
                        .map_or(none, Minor)
                };
                field.first = minor(first, Minor(0));
                field.last = minor(last, Minor(u8::MAX));
            }
        }
        Some(field)
    }
}

/// A place in the types of an object, for walking beside a tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schema {
    ty: TypeId,
    minor: Minor,
}

impl Schema {
    /// The schema of an API object. `None` for kinds the table does not have.
    pub fn of_object(api_version: &str, kind: &str, minor: Minor) -> Option<Schema> {
        let structure = table().object(api_version, kind)?;
        Schema::of_struct(table().structure(structure).name, minor)
    }
    /// The schema of a type by the table's name, `v1.PodTemplateSpec`.
    pub fn of_struct(name: &str, minor: Minor) -> Option<Schema> {
        table().named(name).map(|ty| Schema { ty, minor })
    }
    /// The type, with pointers taken away.
    pub fn shape(self) -> Shape {
        table().ty(table().target(self.ty)).shape
    }
    /// A pointer: the field can be absent.
    pub fn is_pointer(self) -> bool {
        matches!(table().ty(self.ty).shape, Shape::Pointer(_))
    }
    /// The type of the struct's field with a JSON name, and what patches do with it.
    pub fn field(self, json: &str) -> Option<(Schema, Patch)> {
        match self.shape() {
            Shape::Struct(id) => {
                let found = table().find(id, json, self.minor)?;
                Some((
                    Schema {
                        ty: found.field.ty,
                        ..self
                    },
                    found.field.patch,
                ))
            }
            _ => None,
        }
    }
    /// The type of a list's items or of a map's values.
    pub fn item(self) -> Option<Schema> {
        match self.shape() {
            Shape::List(of) | Shape::Map(of) => Some(Schema { ty: of, ..self }),
            _ => None,
        }
    }
    /// JSON names of a struct in Go's order, those of embedded structs in their place.
    pub fn json_names(self) -> Vec<&'static str> {
        let mut names = Vec::new();
        if let Shape::Struct(id) = self.shape() {
            collect_names(id, self.minor, &mut names);
        }
        names
    }
}

fn collect_names(id: StructId, minor: Minor, names: &mut Vec<&'static str>) {
    for field in table().structure(id).fields(minor) {
        match table().ty(field.ty).shape {
            Shape::Struct(inner) if field.is_embedded() => collect_names(inner, minor, names),
            _ => names.push(field.json),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(name: &str, minor: u8) -> usize {
        table()
            .structure(table().by_name(name).unwrap())
            .fields(Minor(minor))
            .count()
    }

    #[test]
    fn numbers_of_fields_by_version() {
        for (minor, pod, container) in [
            (16, 34, 22),
            (19, 35, 22),
            (23, 36, 22),
            (25, 37, 22),
            (26, 39, 22),
            (27, 39, 23),
            (28, 39, 24),
            (32, 40, 24),
            (34, 41, 25),
            (35, 42, 25),
            (36, 42, 25),
        ] {
            assert_eq!(
                (count("v1.PodSpec", minor), count("v1.Container", minor)),
                (pod, container),
                "1.{minor}"
            );
        }
    }

    #[test]
    fn every_name_is_defined() {
        let any: Vec<_> = table()
            .types
            .iter()
            .filter(|t| t.shape == Shape::Any)
            .map(|t| t.text)
            .collect();
        assert_eq!(any, ["v1.FieldsV1"]);
    }

    #[test]
    fn every_stored_kind_has_a_type() {
        for r in crate::kinds::resources() {
            if r.support != crate::kinds::Support::Listed && r.group != "events.k8s.io" {
                let api_version = r.api_version(Minor::V1_32);
                assert!(
                    table().object(&api_version, r.kind.0).is_some(),
                    "{api_version} {}",
                    r.kind.0
                );
            }
        }
    }

    #[test]
    fn walking() {
        let deployment = Schema::of_object("apps/v1", "Deployment", Minor(32)).unwrap();
        let (spec, _) = deployment.field("spec").unwrap();
        let (_, strategy) = spec.field("strategy").unwrap();
        assert!(strategy.retain_keys && !strategy.merge);
        let (template, _) = spec.field("template").unwrap();
        let (pod, _) = template.field("spec").unwrap();
        let (containers, rule) = pod.field("containers").unwrap();
        assert_eq!((rule.merge, rule.key), (true, "name"));
        let container = containers.item().unwrap();
        assert!(container.field("Image").is_none());
        let (probe, _) = container.field("readinessProbe").unwrap();
        assert!(probe.is_pointer());
        assert!(probe.field("httpGet").is_some(), "embedded handler");
        assert_eq!(
            probe.json_names()[..4],
            ["exec", "httpGet", "tcpSocket", "grpc"]
        );
        assert!(pod.field("hostnameOverride").is_none(), "1.34 on");
    }
}
