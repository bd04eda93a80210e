//! The tree every object is made of: JSON values with shared, cheap-to-clone parts.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

/// A string that is cheap to clone: static text or shared text.
#[derive(Clone)]
pub enum Str {
    /// Text of the program.
    Static(&'static str),
    /// Text from outside, shared.
    Shared(Rc<str>),
}

impl Str {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Str::Static(s) => s,
            Str::Shared(s) => s,
        }
    }
}

impl Deref for Str {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}
impl AsRef<str> for Str {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}
impl Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}
impl Default for Str {
    fn default() -> Self {
        Str::Static("")
    }
}
impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.as_str(), other.as_str());
        std::ptr::eq(a, b) || a == b
    }
}
impl Eq for Str {}
impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}
impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}
impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.as_str(), other.as_str());
        if std::ptr::eq(a, b) {
            return Ordering::Equal;
        }
        order(a, b)
    }
}
impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}
impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
impl From<&'static str> for Str {
    fn from(s: &'static str) -> Self {
        Str::Static(s)
    }
}
impl From<String> for Str {
    fn from(s: String) -> Self {
        if s.is_empty() {
            return Str::Static("");
        }
        Str::Shared(s.into())
    }
}
impl From<&String> for Str {
    fn from(s: &String) -> Self {
        Str::Shared(s.as_str().into())
    }
}
impl From<Rc<str>> for Str {
    fn from(s: Rc<str>) -> Self {
        Str::Shared(s)
    }
}
impl From<&Str> for Str {
    fn from(s: &Str) -> Self {
        s.clone()
    }
}
impl Str {
    /// Copies text that is not static.
    pub fn copy(s: &str) -> Str {
        Str::Shared(s.into())
    }
    /// Parts in a row. Cheaper than `format!`: one allocation, no formatter.
    pub fn concat(parts: &[&str]) -> Str {
        thread_local! {
            static BUFFER: RefCell<String> = const { RefCell::new(String::new()) };
        }
        BUFFER.with_borrow_mut(|buffer| {
            buffer.clear();
            for part in parts {
                buffer.push_str(part);
            }
            Str::copy(buffer)
        })
    }
    /// A number in decimal digits.
    pub fn number(n: u64) -> Str {
        let mut digits = [0; 20];
        Str::copy(digits_of(n, 10, &mut digits))
    }
}

/// The digits of a number, written into a buffer.
pub fn digits_of(mut n: u64, base: u64, buffer: &mut [u8; 20]) -> &str {
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b"0123456789abcdef"[(n % base) as usize & 15];
        n /= base;
        if n == 0 || at == 0 {
            return std::str::from_utf8(&buffer[at..]).unwrap_or("");
        }
    }
}

/// Order of two texts. Most differ in their first byte: no call is needed then.
fn order(a: &str, b: &str) -> Ordering {
    match (a.as_bytes().first(), b.as_bytes().first()) {
        (Some(x), Some(y)) if x != y => x.cmp(y),
        _ => a.cmp(b),
    }
}

/// A JSON value. Lists and maps are shared; a change copies only the path to it.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Value {
    /// JSON `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction or exponent that fits 64 bits.
    Int(i64),
    /// Any other number, as its JSON text (`3.5`, `1e3`, `99999999999999999999`). Not a `Str`: with one variant that
    /// holds one, a value is 24 bytes, not 32.
    Number(Rc<str>),
    /// A string.
    String(Str),
    /// A list.
    List(Rc<Vec<Value>>),
    /// An object.
    Map(Rc<Map>),
}

/// A JSON object: entries sorted by key (bytes), as Go's encoder writes maps.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Map {
    entries: Vec<(Str, Value)>,
}

impl Map {
    /// An empty object.
    pub fn new() -> Self {
        Self::default()
    }
    /// Room for `n` entries.
    pub fn with_capacity(n: usize) -> Self {
        Self {
            entries: Vec::with_capacity(n),
        }
    }
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// No entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    fn find(&self, key: &str) -> Result<usize, usize> {
        // Maps are mostly written in order.
        match self.entries.last() {
            Some((last, _)) if order(last, key).is_ge() => self
                .entries
                .binary_search_by(|(k, _)| order(k.as_str(), key)),
            _ => Err(self.entries.len()),
        }
    }
    /// Where `key` is. Objects are small: comparing lengths first beats halving with a full comparison each time.
    fn position(&self, key: &str) -> Option<usize> {
        if self.entries.len() > 24 {
            return self.find(key).ok();
        }
        self.entries.iter().position(|(k, _)| {
            let k = k.as_str();
            k.len() == key.len()
                && (std::ptr::eq(k.as_ptr(), key.as_ptr())
                    || (k.as_bytes().first() == key.as_bytes().first() && k == key))
        })
    }
    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.position(key).map(|i| &self.entries[i].1)
    }
    /// The value at `key`, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.position(key).map(|i| &mut self.entries[i].1)
    }
    /// Is there an entry `key`?
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }
    /// Sets `key`; the former value comes back.
    pub fn insert(&mut self, key: impl Into<Str>, value: impl Into<Value>) -> Option<Value> {
        let key = key.into();
        let value = value.into();
        match self.find(&key) {
            Ok(i) => Some(std::mem::replace(&mut self.entries[i].1, value)),
            Err(i) => {
                self.room();
                self.entries.insert(i, (key, value));
                None
            }
        }
    }
    /// Puts an entry behind all others: `key` must be the greatest. What writes an object key by key in order needs no search.
    pub fn append(&mut self, key: &'static str, value: impl Into<Value>) {
        debug_assert!(
            self.entries.last().is_none_or(|(k, _)| k.as_str() < key),
            "{key} is not the last key"
        );
        self.room();
        self.entries.push((Str::Static(key), value.into()));
    }
    /// Takes `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.position(key).map(|i| self.entries.remove(i).1)
    }
    /// The value at `key`, made with `make` if it is not there.
    pub fn entry(&mut self, key: impl Into<Str>, make: impl FnOnce() -> Value) -> &mut Value {
        let key = key.into();
        let at = match self.find(&key) {
            Ok(i) => i,
            Err(i) => {
                self.room();
                self.entries.insert(i, (key, make()));
                i
            }
        };
        &mut self.entries[at].1
    }
    /// As [`Map::entry`]; the key is only copied if it is not there.
    fn entry_copied(&mut self, key: &str, make: impl FnOnce() -> Value) -> &mut Value {
        let at = match self.position(key) {
            Some(i) => i,
            None => {
                let i = self.find(key).unwrap_or_else(|i| i);
                self.room();
                self.entries.insert(i, (Str::copy(key), make()));
                i
            }
        };
        &mut self.entries[at].1
    }
    /// Room for one more, and not much beyond: there are many maps, and they live long.
    fn room(&mut self) {
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(2 + self.entries.len() / 4);
        }
    }
    /// Entries in order of key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Str, &Value)> + ExactSizeIterator {
        self.entries.iter().map(|(k, v)| (k, v))
    }
    /// Values, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Str, &mut Value)> {
        self.entries.iter_mut().map(|(k, v)| (&*k, v))
    }
    /// Keeps the entries for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Str, &Value) -> bool) {
        self.entries.retain(|(k, v)| keep(k, v));
    }
}

impl<K: Into<Str>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(iter: T) -> Self {
        let mut map = Map::new();
        for (k, v) in iter {
            map.insert(k, v);
        }
        map
    }
}

impl Value {
    /// An empty object.
    pub fn object() -> Value {
        Value::Map(Rc::default())
    }
    /// A list.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Rc::new(items))
    }
    /// Text that is not static.
    pub fn text(s: &str) -> Value {
        Value::String(Str::copy(s))
    }
    /// The entry `key` of an object; `None` for anything else. A `null` entry is `Some(Null)`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(m) => m.get(key),
            _ => None,
        }
    }
    /// Follows `a.b.c` through objects; digits index lists (`spec.containers.0.name`).
    /// For keys that contain dots use [`Value::get`].
    pub fn at(&self, path: &str) -> Option<&Value> {
        let (mut v, mut path) = (self, Some(path));
        while let Some(rest) = path {
            let (part, more) = split_path(rest);
            v = match v {
                Value::Map(m) => m.get(part)?,
                Value::List(l) => l.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
            path = more;
        }
        Some(v)
    }
    /// The text at a path, or `""`.
    pub fn str_at(&self, path: &str) -> &str {
        self.at(path).and_then(Value::as_str).unwrap_or("")
    }
    /// The shared text at a path.
    pub fn shared_str_at(&self, path: &str) -> Option<Str> {
        match self.at(path) {
            Some(Value::String(s)) => Some(s.clone()),
            _ => None,
        }
    }
    /// The whole number at a path.
    pub fn int_at(&self, path: &str) -> Option<i64> {
        self.at(path).and_then(Value::as_int)
    }
    /// The boolean at a path; false if absent.
    pub fn bool_at(&self, path: &str) -> bool {
        matches!(self.at(path), Some(Value::Bool(true)))
    }
    /// The list at a path, empty if absent.
    pub fn list_at(&self, path: &str) -> &[Value] {
        self.at(path).map_or(&[], Value::as_list)
    }
    /// Text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(s) => Some(s),
            _ => None,
        }
    }
    /// Number, if this is a whole number.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            _ => None,
        }
    }
    /// Boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }
    /// The items, empty for anything but a list.
    pub fn as_list(&self) -> &[Value] {
        match self {
            Value::List(l) => l,
            _ => &[],
        }
    }
    /// The object, if this is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }
    /// The object, to change it; anything else becomes an empty object first.
    pub fn map_mut(&mut self) -> &mut Map {
        if !matches!(self, Value::Map(_)) {
            *self = Value::object();
        }
        match self {
            Value::Map(m) => Rc::make_mut(m),
            _ => unreachable!("made an object above"),
        }
    }
    /// The list, to change it; anything else becomes an empty list first.
    pub fn list_mut(&mut self) -> &mut Vec<Value> {
        if !matches!(self, Value::List(_)) {
            *self = Value::list(Vec::new());
        }
        match self {
            Value::List(l) => Rc::make_mut(l),
            _ => unreachable!("made a list above"),
        }
    }
    /// The value at a path, to change it, if it is there.
    pub fn at_mut(&mut self, path: &str) -> Option<&mut Value> {
        let mut v = self;
        for part in path.split('.') {
            v = match v {
                Value::Map(m) => Rc::make_mut(m).get_mut(part)?,
                Value::List(l) => Rc::make_mut(l).get_mut(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(v)
    }
    /// Sets the value at a path of objects, making objects on the way.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        let (mut v, mut path) = (self, Some(path));
        while let Some(rest) = path {
            let (part, more) = split_path(rest);
            let make = if more.is_some() {
                Value::object
            } else {
                Value::default
            };
            v = v.map_mut().entry_copied(part, make);
            path = more;
        }
        *v = value.into();
    }
    /// Takes out the value at a path of objects.
    pub fn remove(&mut self, path: &str) -> Option<Value> {
        match path.rsplit_once('.') {
            None => match self {
                Value::Map(m) => Rc::make_mut(m).remove(path),
                _ => None,
            },
            Some((parent, key)) => match self.at_mut(parent)? {
                Value::Map(m) => Rc::make_mut(m).remove(key),
                _ => None,
            },
        }
    }
    /// `null`, or not there in Go's sense.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
    /// Go's zero value of its kind: null, false, 0, "", empty list, empty object.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(b) => !b,
            Value::Int(i) => *i == 0,
            Value::Number(_) => false,
            Value::String(s) => s.is_empty(),
            Value::List(l) => l.is_empty(),
            Value::Map(m) => m.is_empty(),
        }
    }
}

/// The first part of a path, and the rest.
fn split_path(path: &str) -> (&str, Option<&str>) {
    match path.bytes().position(|b| b == b'.') {
        Some(i) => (&path[..i], Some(&path[i + 1..])),
        None => (path, None),
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::json::to_json(self))
    }
}
impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Value::Bool(v)
    }
}
impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Value::Int(v)
    }
}
impl From<i32> for Value {
    fn from(v: i32) -> Self {
        Value::Int(v.into())
    }
}
impl From<u32> for Value {
    fn from(v: u32) -> Self {
        Value::Int(v.into())
    }
}
impl From<&'static str> for Value {
    fn from(v: &'static str) -> Self {
        Value::String(Str::Static(v))
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Value::String(v.into())
    }
}
impl From<Str> for Value {
    fn from(v: Str) -> Self {
        Value::String(v)
    }
}
impl From<&Str> for Value {
    fn from(v: &Str) -> Self {
        Value::String(v.clone())
    }
}
impl From<&Value> for Value {
    fn from(v: &Value) -> Self {
        v.clone()
    }
}
impl From<Map> for Value {
    fn from(v: Map) -> Self {
        Value::Map(Rc::new(v))
    }
}
impl From<Vec<Value>> for Value {
    fn from(v: Vec<Value>) -> Self {
        Value::list(v)
    }
}

/// Does each text stand behind the one before it? For [`object!`], when it is compiled.
#[doc(hidden)]
pub const fn in_order(keys: &[&str]) -> bool {
    let mut i = 1;
    while i < keys.len() {
        let (a, b) = (keys[i - 1].as_bytes(), keys[i].as_bytes());
        let mut at = 0;
        while at < a.len() && at < b.len() && a[at] == b[at] {
            at += 1;
        }
        if at == b.len() || (at < a.len() && a[at] > b[at]) {
            return false;
        }
        i += 1;
    }
    true
}

/// Writes an object: `object! { "kind" => "Pod", "metadata" => object! { "name" => name } }`.
#[macro_export]
macro_rules! object {
    ($($key:literal => $value:expr),+ $(,)?) => {{
        const KEYS: &[&str] = &[$($key),+];
        const IN_ORDER: bool = $crate::value::in_order(KEYS);
        let mut map = $crate::value::Map::with_capacity(KEYS.len());
        $( if IN_ORDER { map.append($key, $value); } else { map.insert($key, $value); } )+
        $crate::value::Value::from(map)
    }};
    ($($key:expr => $value:expr),* $(,)?) => {{
        const ENTRIES: &[&str] = &[$(stringify!($key)),*];
        #[allow(unused_mut, reason = "an empty object needs no change")]
        let mut map = $crate::value::Map::with_capacity(ENTRIES.len());
        $( map.insert($key, $value); )*
        $crate::value::Value::from(map)
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_copies_only_its_path() {
        let a =
            object! { "spec" => object! { "replicas" => 1, "template" => object! { "x" => "y" } } };
        let mut b = a.clone();
        b.set("spec.replicas", 2);
        assert_eq!(a.int_at("spec.replicas"), Some(1));
        assert_eq!(b.int_at("spec.replicas"), Some(2));
        let (Some(Value::Map(x)), Some(Value::Map(y))) =
            (a.at("spec.template"), b.at("spec.template"))
        else {
            panic!("maps")
        };
        assert!(Rc::ptr_eq(x, y));
    }

    #[test]
    fn a_value_is_small() {
        assert!(std::mem::size_of::<Value>() <= 24);
    }

    #[test]
    fn texts_of_parts_and_numbers() {
        assert_eq!(Str::concat(&["a", "", "b-", "c"]), "ab-c");
        for n in [0, 9, 10, 1_234_567_890, u64::MAX] {
            assert_eq!(Str::number(n).as_str(), n.to_string());
        }
        let mut buffer = [0; 20];
        assert_eq!(digits_of(u64::MAX, 16, &mut buffer), "ffffffffffffffff");
    }

    #[test]
    fn set_makes_what_is_missing() {
        let mut v = Value::object();
        v.set("a.b.c", 1);
        v.set("a.b.a", 2);
        v.set("a.b.c", 3);
        v.set("a.aa", 4);
        assert_eq!(
            crate::json::to_json(&v),
            r#"{"a":{"aa":4,"b":{"a":2,"c":3}}}"#
        );
        assert_eq!(v.at("a.b.c.d"), None);
        assert_eq!(v.at("a..c"), None);
    }

    #[test]
    fn keys_are_sorted() {
        let v = object! { "b" => 1, "a" => 2 };
        assert_eq!(crate::json::to_json(&v), r#"{"a":2,"b":1}"#);
    }
}
