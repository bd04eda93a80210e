//! The wrong value in an error's text: Go's notation until 1.33, JSON from 1.34 on.

use crate::gofmt::quote;
use crate::json::{Html, write_string};
use crate::value::{Str, Value};
use crate::version::Minor;

/// Values are JSON from this version on.
pub const JSON_VALUES: Minor = Minor(34);

/// A pointer's address: it differs from run to run, so nobody can rely on it.
pub(super) const ADDRESS: &str = "0xc000000000";

/// A value as an error shows it.
#[derive(Clone, Debug)]
pub enum Shown {
    /// The kind of error shows no value.
    Omitted,
    /// A plain Go string.
    Text(Str),
    /// A number or a boolean.
    Plain(Str),
    /// A named string type with a `String` method: bare until 1.33.
    Stringer(Str),
    /// A named string type, or a pointer to one.
    Typed(Str),
    /// A pointer that is nil.
    Nil,
    /// A structure, list or map.
    Tree(Tree),
}

impl From<&str> for Shown {
    fn from(s: &str) -> Shown {
        Shown::Text(Str::copy(s))
    }
}
impl From<String> for Shown {
    fn from(s: String) -> Shown {
        Shown::Text(s.into())
    }
}
impl From<i64> for Shown {
    fn from(n: i64) -> Shown {
        Shown::Plain(n.to_string().into())
    }
}
impl From<bool> for Shown {
    fn from(b: bool) -> Shown {
        Shown::Plain(if b { "true" } else { "false" }.into())
    }
}
impl From<Tree> for Shown {
    fn from(t: Tree) -> Shown {
        Shown::Tree(t)
    }
}

impl Shown {
    /// A named string type.
    pub fn typed(s: &str) -> Shown {
        Shown::Typed(Str::copy(s))
    }
    /// A named string type with a `String` method.
    pub fn stringer(s: &str) -> Shown {
        Shown::Stringer(Str::copy(s))
    }
    /// The text at a version.
    pub fn print(&self, version: Minor) -> Option<String> {
        let json = version >= JSON_VALUES;
        Some(match self {
            Shown::Omitted => return None,
            Shown::Text(s) => quote(s),
            Shown::Plain(s) => s.as_str().to_owned(),
            Shown::Stringer(s) if !json => s.as_str().to_owned(),
            Shown::Typed(s) if !json => quote(s),
            Shown::Stringer(s) | Shown::Typed(s) => json_text(s),
            Shown::Nil => if json { "null" } else { "\"null\"" }.to_owned(),
            Shown::Tree(t) => {
                let mut out = String::new();
                if json {
                    t.json(&mut out)
                } else {
                    t.go(&mut out)
                }
                out
            }
        })
    }
}

fn json_text(s: &str) -> String {
    let mut out = String::new();
    write_string(s, &mut out, Html::Escaped);
    out
}

/// A Go value with its types, as far as `%#v` and the JSON encoder need them.
#[derive(Clone, Debug)]
pub enum Tree {
    /// A string of any type.
    Text(Str),
    /// A number.
    Int(i64),
    /// A boolean.
    Bool(bool),
    /// A pointer: what it points to, or the type it would point to.
    Pointer(&'static str, Option<Box<Tree>>),
    /// A structure: type and fields.
    Struct(&'static str, Vec<Field>),
    /// A list: type (`[]string`) and items; `None` is nil.
    List(&'static str, Option<Vec<Tree>>),
    /// A map with string keys: type and entries in order; `None` is nil.
    Map(&'static str, Option<Vec<(Str, Tree)>>),
    /// Two notations that have nothing in common.
    Both(String, String),
}

/// A field of a structure.
#[derive(Clone, Debug)]
pub struct Field {
    go: &'static str,
    /// Key in JSON; the empty one stands for the field's Go name.
    json: &'static str,
    omit_empty: bool,
    value: Tree,
}

/// A field that has no JSON name (internal types).
pub fn field(go: &'static str, value: Tree) -> Field {
    Field {
        go,
        json: go,
        omit_empty: false,
        value,
    }
}
/// A field of an external type.
pub fn json_field(go: &'static str, json: &'static str, omit_empty: bool, value: Tree) -> Field {
    Field {
        go,
        json,
        omit_empty,
        value,
    }
}

impl Tree {
    fn is_empty(&self) -> bool {
        match self {
            Tree::Text(s) => s.is_empty(),
            Tree::Int(i) => *i == 0,
            Tree::Bool(b) => !b,
            Tree::Pointer(_, p) => p.is_none(),
            Tree::List(_, l) => l.as_ref().is_none_or(Vec::is_empty),
            Tree::Map(_, m) => m.as_ref().is_none_or(Vec::is_empty),
            Tree::Struct(..) | Tree::Both(..) => false,
        }
    }

    /// Mirrors `%#v`.
    fn go(&self, out: &mut String) {
        match self {
            Tree::Text(s) => out.push_str(&quote(s)),
            Tree::Int(i) => out.push_str(&i.to_string()),
            Tree::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Tree::Pointer(ty, p) => {
                out.push_str(&format!(
                    "(*{ty})({})",
                    if p.is_some() { ADDRESS } else { "nil" }
                ));
            }
            Tree::Struct(ty, fields) => {
                out.push_str(ty);
                out.push('{');
                for (i, f) in fields.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(f.go);
                    out.push(':');
                    f.value.go(out);
                }
                out.push('}');
            }
            Tree::List(ty, None) | Tree::Map(ty, None) => {
                out.push_str(ty);
                out.push_str("(nil)");
            }
            Tree::List(ty, Some(items)) => {
                out.push_str(ty);
                out.push('{');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    item.go(out);
                }
                out.push('}');
            }
            Tree::Map(ty, Some(entries)) => {
                out.push_str(ty);
                out.push('{');
                for (i, (key, item)) in entries.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(&quote(key));
                    out.push(':');
                    item.go(out);
                }
                out.push('}');
            }
            Tree::Both(go, _) => out.push_str(go),
        }
    }

    fn json(&self, out: &mut String) {
        match self {
            Tree::Text(s) => out.push_str(&json_text(s)),
            Tree::Int(i) => out.push_str(&i.to_string()),
            Tree::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Tree::Pointer(_, None) | Tree::List(_, None) | Tree::Map(_, None) => {
                out.push_str("null")
            }
            Tree::Pointer(_, Some(p)) => p.json(out),
            Tree::Struct(_, fields) => {
                out.push('{');
                let shown = fields
                    .iter()
                    .filter(|f| !(f.omit_empty && f.value.is_empty()));
                for (i, f) in shown.enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    out.push_str(&json_text(f.json));
                    out.push(':');
                    f.value.json(out);
                }
                out.push('}');
            }
            Tree::List(_, Some(items)) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.json(out);
                }
                out.push(']');
            }
            Tree::Map(_, Some(entries)) => {
                out.push('{');
                for (i, (key, item)) in entries.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    out.push_str(&json_text(key));
                    out.push(':');
                    item.json(out);
                }
                out.push('}');
            }
            Tree::Both(_, json) => out.push_str(json),
        }
    }

    /// A string field; absent is empty.
    pub fn text(v: Option<&Value>) -> Tree {
        Tree::Text(v.and_then(Value::as_str).map_or(Str::default(), Str::copy))
    }
    /// A number field; absent is 0.
    pub fn int(v: Option<&Value>) -> Tree {
        Tree::Int(v.and_then(Value::as_int).unwrap_or(0))
    }
    /// A boolean field; absent is false.
    pub fn bool(v: Option<&Value>) -> Tree {
        Tree::Bool(v.and_then(Value::as_bool).unwrap_or(false))
    }
    /// A pointer field: `make` reads what it points to.
    pub fn pointer(ty: &'static str, v: Option<&Value>, make: impl FnOnce(&Value) -> Tree) -> Tree {
        let there = v.filter(|v| !v.is_null());
        Tree::Pointer(ty, there.map(|v| Box::new(make(v))))
    }
    /// A pointer to a string, number or boolean.
    pub fn scalar_pointer(ty: &'static str, v: Option<&Value>) -> Tree {
        Tree::pointer(ty, v, Tree::scalar)
    }
    /// A string, number or boolean.
    pub fn scalar(v: &Value) -> Tree {
        match v {
            Value::Bool(b) => Tree::Bool(*b),
            Value::Int(i) => Tree::Int(*i),
            Value::String(s) => Tree::Text(s.clone()),
            other => {
                let json = crate::json::to_json(other);
                Tree::Both(json.clone(), json)
            }
        }
    }
    /// A list of strings, numbers or booleans.
    pub fn scalars(ty: &'static str, v: Option<&Value>) -> Tree {
        Tree::list(ty, v, Tree::scalar)
    }
    /// A list.
    pub fn list(ty: &'static str, v: Option<&Value>, make: impl Fn(&Value) -> Tree) -> Tree {
        match v {
            Some(Value::List(l)) => Tree::List(ty, Some(l.iter().map(make).collect())),
            _ => Tree::List(ty, None),
        }
    }
    /// `map[string]string`.
    pub fn string_map(v: Option<&Value>) -> Tree {
        let entries = match v {
            Some(Value::Map(m)) => Some(
                m.iter()
                    .map(|(k, v)| (k.clone(), Tree::text(Some(v))))
                    .collect(),
            ),
            _ => None,
        };
        Tree::Map("map[string]string", entries)
    }
    /// `intstr.IntOrString`.
    pub fn int_or_string(v: Option<&Value>) -> Tree {
        let (ty, int, text) = match v {
            Some(Value::String(s)) => (1, 0, s.clone()),
            v => (0, v.and_then(Value::as_int).unwrap_or(0), Str::default()),
        };
        let mut json = String::new();
        if ty == 1 {
            Tree::Text(text.clone())
        } else {
            Tree::Int(int)
        }
        .json(&mut json);
        let go = format!(
            "intstr.IntOrString{{Type:{ty}, IntVal:{int}, StrVal:{}}}",
            quote(&text)
        );
        Tree::Both(go, json)
    }
    /// `v1.LabelSelector`.
    pub fn label_selector(v: &Value) -> Tree {
        let requirement = |r: &Value| {
            Tree::Struct(
                "v1.LabelSelectorRequirement",
                vec![
                    json_field("Key", "key", false, Tree::text(r.get("key"))),
                    json_field("Operator", "operator", false, Tree::text(r.get("operator"))),
                    json_field(
                        "Values",
                        "values",
                        true,
                        Tree::scalars("[]string", r.get("values")),
                    ),
                ],
            )
        };
        let expressions = Tree::list(
            "[]v1.LabelSelectorRequirement",
            v.get("matchExpressions"),
            requirement,
        );
        Tree::Struct(
            "v1.LabelSelector",
            vec![
                json_field(
                    "MatchLabels",
                    "matchLabels",
                    true,
                    Tree::string_map(v.get("matchLabels")),
                ),
                json_field("MatchExpressions", "matchExpressions", true, expressions),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object;

    #[test]
    fn selectors_in_both_notations() {
        let v = object! { "matchLabels" => object! { "tier" => "web", "app" => "x" } };
        let shown = Shown::from(Tree::label_selector(&v));
        assert_eq!(
            shown.print(Minor(34)).as_deref(),
            Some(r#"{"matchLabels":{"app":"x","tier":"web"}}"#)
        );
        let go = r#"v1.LabelSelector{MatchLabels:map[string]string{"app":"x", "tier":"web"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}"#;
        assert_eq!(shown.print(Minor(33)).as_deref(), Some(go));
    }

    #[test]
    fn named_strings_with_and_without_a_method() {
        assert_eq!(
            Shown::stringer("mem").print(Minor(33)).as_deref(),
            Some("mem")
        );
        assert_eq!(
            Shown::stringer("mem").print(Minor(34)).as_deref(),
            Some("\"mem\"")
        );
        assert_eq!(
            Shown::typed("a<b").print(Minor(34)).as_deref(),
            Some("\"a\\u003cb\"")
        );
        assert_eq!(Shown::Nil.print(Minor(33)).as_deref(), Some("\"null\""));
    }
}
