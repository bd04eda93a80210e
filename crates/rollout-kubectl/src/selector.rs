//! Label selectors and field selectors, read from text and from objects.

use crate::error::{Failure, Res};
use crate::flags::quoted;
use rollout_api::Order;
use rollout_api::{Map, Value};

/// One requirement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Need {
    /// `k in (…)`, also `k=v`.
    In(String, Vec<String>),
    /// `k notin (…)`, also `k!=v`.
    NotIn(String, Vec<String>),
    /// `k`
    Exists(String),
    /// `!k`
    Missing(String),
    /// `k>1` and `k<1`.
    Compare(String, bool, i64),
}

/// A label selector: all requirements must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selector {
    /// Its requirements.
    pub needs: Vec<Need>,
    /// As it was written, for texts of the server.
    pub text: String,
}

impl Selector {
    /// Does it select these labels?
    pub fn matches(&self, labels: Option<&Map>) -> bool {
        let get = |k: &str| labels.and_then(|m| m.get(k)).and_then(Value::as_str);
        self.needs.iter().all(|n| match n {
            Need::In(k, vs) => get(k).is_some_and(|v| vs.iter().any(|x| x == v)),
            Need::NotIn(k, vs) => get(k).is_none_or(|v| !vs.iter().any(|x| x == v)),
            Need::Exists(k) => get(k).is_some(),
            Need::Missing(k) => get(k).is_none(),
            Need::Compare(k, greater, n) => get(k)
                .and_then(|v| v.parse::<i64>().ok())
                .is_some_and(|v| if *greater { v > *n } else { v < *n }),
        })
    }
    /// Does it select this object?
    pub fn matches_object(&self, object: &Value) -> bool {
        self.matches(object.at("metadata.labels").and_then(Value::as_map))
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Word(String),
    Sign(&'static str),
    End,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let two: String = chars[i..chars.len().min(i + 2)].iter().collect();
        let (sign, len) = match (two.as_str(), c) {
            ("==", _) => ("==", 2),
            ("!=", _) => ("!=", 2),
            (_, '=') => ("=", 1),
            (_, '!') => ("!", 1),
            (_, '(') => ("(", 1),
            (_, ')') => (")", 1),
            (_, ',') => (",", 1),
            (_, '<') => ("<", 1),
            (_, '>') => (">", 1),
            (_, ' ' | '\t' | '\n' | '\r') => ("", 1),
            _ => {
                let start = i;
                while i < chars.len()
                    && !matches!(
                        chars[i],
                        '=' | '!' | '(' | ')' | ',' | '<' | '>' | ' ' | '\t' | '\n' | '\r'
                    )
                {
                    i += 1;
                }
                out.push(Token::Word(chars[start..i].iter().collect()));
                continue;
            }
        };
        if !sign.is_empty() {
            out.push(Token::Sign(sign));
        }
        i += len;
    }
    out.push(Token::End);
    out
}

fn found(t: &Token) -> String {
    match t {
        Token::Word(w) => w.clone(),
        Token::Sign(s) => (*s).to_owned(),
        Token::End => String::new(),
    }
}

/// Reads a label selector. Mirrors `labels.Parse`, k8s.io/apimachinery/pkg/labels.
pub fn parse(text: &str) -> Res<Selector> {
    let fail = |why: String| Failure::text(format!("unable to parse requirement: {why}"));
    let plain = |why: String| Failure::text(why);
    let t = tokens(text);
    let mut i = 0;
    let mut needs = Vec::new();
    if t.len() > 1 {
        loop {
            let missing = t[i] == Token::Sign("!");
            if missing {
                i += 1;
            } else if !matches!(t[i], Token::Word(_)) {
                return Err(plain(format!(
                    "found '{}', expected: !, identifier, or 'end of string'",
                    found(&t[i])
                )));
            }
            let key = match &t[i] {
                Token::Word(w) => w.clone(),
                other => {
                    return Err(fail(format!(
                        "found '{}', expected: identifier",
                        found(other)
                    )));
                }
            };
            check_key(&key)?;
            i += 1;
            if missing {
                needs.push(Need::Missing(key));
            } else {
                match &t[i] {
                    Token::End | Token::Sign(",") => needs.push(Need::Exists(key)),
                    Token::Sign(op @ ("=" | "==" | "!=" | "<" | ">")) => {
                        i += 1;
                        let value = match &t[i] {
                            Token::Word(w) => {
                                i += 1;
                                w.clone()
                            }
                            Token::End | Token::Sign(",") => String::new(),
                            other => {
                                return Err(fail(format!(
                                    "found '{}', expected: identifier",
                                    found(other)
                                )));
                            }
                        };
                        if *op == "<" || *op == ">" {
                            let n = value.parse::<i64>().map_err(|_| fail(format!("values[0]: Invalid value: {}: for 'Gt', 'Lt' operators, the value must be an integer", quoted(&value))))?;
                            needs.push(Need::Compare(key, *op == ">", n));
                        } else {
                            check_value(&key, &value)?;
                            needs.push(if *op == "!=" {
                                Need::NotIn(key, vec![value])
                            } else {
                                Need::In(key, vec![value])
                            });
                        }
                    }
                    Token::Word(op) if op == "in" || op == "notin" => {
                        let within = op == "in";
                        i += 1;
                        if t[i] != Token::Sign("(") {
                            return Err(fail(format!("found '{}' expected: '('", found(&t[i]))));
                        }
                        i += 1;
                        let mut values = Vec::new();
                        let mut want_word = true;
                        loop {
                            match &t[i] {
                                Token::Word(w) => {
                                    values.push(w.clone());
                                    want_word = false;
                                }
                                Token::Sign(",") => {
                                    if want_word {
                                        values.push(String::new());
                                    }
                                    want_word = true;
                                }
                                Token::Sign(")") => {
                                    if want_word {
                                        values.push(String::new());
                                    }
                                    i += 1;
                                    break;
                                }
                                other => {
                                    return Err(fail(format!(
                                        "found '{}', expected: ',' or ')'",
                                        found(other)
                                    )));
                                }
                            }
                            i += 1;
                        }
                        for v in &values {
                            check_value(&key, v)?;
                        }
                        needs.push(if within {
                            Need::In(key, values)
                        } else {
                            Need::NotIn(key, values)
                        });
                    }
                    other => {
                        return Err(fail(format!(
                            "found '{}', expected: in, notin, =, ==, !=, gt, lt",
                            found(other)
                        )));
                    }
                }
            }
            match &t[i] {
                Token::End => break,
                Token::Sign(",") => {
                    i += 1;
                    if !matches!(&t[i], Token::Word(_) | Token::Sign("!")) {
                        return Err(plain(format!(
                            "found '{}', expected: identifier after ','",
                            found(&t[i])
                        )));
                    }
                }
                other => {
                    return Err(plain(format!(
                        "found '{}', expected: ',' or 'end of string'",
                        found(other)
                    )));
                }
            }
        }
    }
    Ok(Selector {
        needs,
        text: text.to_owned(),
    })
}

fn name_ok(s: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    !s.is_empty()
        && s.len() <= 63
        && s.starts_with(edge)
        && s.ends_with(edge)
        && s.chars().all(|c| edge(c) || matches!(c, '-' | '_' | '.'))
}

const NAME_RULE: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_RULE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// What is wrong with the key of a label.
pub fn key_problem(key: &str) -> Option<String> {
    let name = key.rsplit_once('/').map_or(key, |(_, n)| n);
    if name.is_empty() {
        return Some(format!("name part must be non-empty; {NAME_RULE}"));
    }
    (!name_ok(name)).then(|| NAME_RULE.to_owned())
}

fn check_key(key: &str) -> Res<()> {
    match key_problem(key) {
        None => Ok(()),
        Some(problem) => Err(Failure::text(format!(
            "unable to parse requirement: <nil>: Invalid value: {}: {problem}",
            quoted(key)
        ))),
    }
}

fn check_value(key: &str, value: &str) -> Res<()> {
    if value.is_empty() || name_ok(value) {
        return Ok(());
    }
    Err(Failure::text(format!(
        "unable to parse requirement: values[0][{key}]: Invalid value: {}: {VALUE_RULE}",
        quoted(value)
    )))
}

/// Is it a valid label value?
pub fn label_value_problem(value: &str) -> Option<&'static str> {
    if value.len() > 63 {
        return Some("must be no more than 63 characters");
    }
    if value.is_empty() || name_ok(value) {
        None
    } else {
        Some(VALUE_RULE)
    }
}

/// A `LabelSelector` of an object, as the selector it means.
pub fn of_object(v: &Value) -> Selector {
    let mut needs = Vec::new();
    if let Some(m) = v.get("matchLabels").and_then(Value::as_map) {
        for (k, x) in m.iter() {
            needs.push(Need::In(
                k.to_string(),
                vec![x.as_str().unwrap_or("").to_owned()],
            ));
        }
    }
    for e in v.list_at("matchExpressions") {
        let key = e.str_at("key").to_owned();
        let values: Vec<String> = e
            .list_at("values")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        match e.str_at("operator") {
            "In" => needs.push(Need::In(key, values)),
            "NotIn" => needs.push(Need::NotIn(key, values)),
            "Exists" => needs.push(Need::Exists(key)),
            "DoesNotExist" => needs.push(Need::Missing(key)),
            _ => {}
        }
    }
    Selector {
        needs,
        text: String::new(),
    }
}

/// A map of labels as selector (a Service's).
pub fn of_map(v: Option<&Value>) -> Selector {
    let needs = v.and_then(Value::as_map).map_or_else(Vec::new, |m| {
        m.iter()
            .map(|(k, x)| Need::In(k.to_string(), vec![x.as_str().unwrap_or("").to_owned()]))
            .collect()
    });
    Selector {
        needs,
        text: String::new(),
    }
}

/// A `LabelSelector`'s text: requirements by key. Mirrors `FormatLabelSelector`.
pub fn text(v: Option<&Value>) -> String {
    let Some(v) = v.filter(|v| !v.is_null()) else {
        return "<none>".to_owned();
    };
    let mut parts: Vec<(String, String)> = Vec::new();
    for need in of_object(v).needs {
        let part = match need {
            // A matchLabels entry and an In of one value print differently.
            Need::In(k, vs) => {
                let from_map = v
                    .get("matchLabels")
                    .and_then(|m| m.get(&k))
                    .and_then(Value::as_str);
                let mut sorted = vs.clone();
                sorted.order();
                if from_map.is_some_and(|x| vs.len() == 1 && vs[0] == x) {
                    (k.clone(), format!("{k}={}", vs[0]))
                } else {
                    (k.clone(), format!("{k} in ({})", sorted.join(",")))
                }
            }
            Need::NotIn(k, mut vs) => {
                vs.order();
                (k.clone(), format!("{k} notin ({})", vs.join(",")))
            }
            Need::Exists(k) => (k.clone(), k),
            Need::Missing(k) => (k.clone(), format!("!{k}")),
            Need::Compare(k, ..) => (k.clone(), k),
        };
        parts.push(part);
    }
    if parts.is_empty() {
        return "<none>".to_owned();
    }
    parts.order_by(|a, b| a.0.cmp(&b.0));
    parts.into_iter().map(|p| p.1).collect::<Vec<_>>().join(",")
}

/// A map as `k=v,k2=v2`, `<none>` if empty.
pub fn labels_text(v: Option<&Value>) -> String {
    match v.and_then(Value::as_map) {
        Some(m) if !m.is_empty() => {
            let pair =
                |(k, x): (&rollout_api::Str, &Value)| format!("{k}={}", x.as_str().unwrap_or(""));
            let mut pairs: Vec<String> = m.iter().map(pair).collect();
            pairs.order();
            pairs.join(",")
        }
        _ => "<none>".to_owned(),
    }
}

/// A field selector: `(field, equal, value)`.
pub type Fields = Vec<(String, bool, String)>;

/// Reads a field selector. Mirrors `fields.ParseSelector`.
pub fn parse_fields(text: &str) -> Res<Fields> {
    let mut out = Vec::new();
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let (k, equal, v) = if let Some((k, v)) = part.split_once("!=") {
            (k, false, v)
        } else if let Some((k, v)) = part.split_once("==") {
            (k, true, v)
        } else if let Some((k, v)) = part.split_once('=') {
            (k, true, v)
        } else {
            return Err(Failure::text(format!(
                "invalid selector: '{text}'; can't understand '{part}'"
            )));
        };
        out.push((k.to_owned(), equal, v.to_owned()));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::object;

    #[test]
    fn selects() {
        let labels = object! { "app" => "web", "tier" => "front" };
        let m = labels.as_map();
        for (text, want) in [
            ("app=web", true),
            ("app==web", true),
            ("app!=web", false),
            ("app", true),
            ("!app", false),
            ("app in (a,web)", true),
            ("app notin (web)", false),
            ("app=web,tier=back", false),
            ("app in (a, b), tier", false),
            ("x!=y", true),
            ("", true),
        ] {
            assert_eq!(parse(text).unwrap().matches(m), want, "{text}");
        }
        for bad in [
            "=",
            "a in b",
            "a=b,",
            "a b",
            "a in (b",
            "!",
            "a=b c",
            "a in (b,,",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
