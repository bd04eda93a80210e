//! Mistakes as text and as JSON.

use super::Lint;
use rollout_api::{Value, object};

/// Place, reason, fix: three lines for each, as compilers print.
pub fn lint_text(file: &str, lints: &[Lint]) -> String {
    let mut out = String::new();
    for l in lints {
        out.push_str(&format!(
            "{file}:{}:{}: {} ({})\n  {}\n  fix: {}\n",
            l.line, l.column, l.id, l.path, l.reason, l.fix
        ));
    }
    out
}

/// A mistake as JSON.
pub fn lint_json(lint: &Lint) -> Value {
    let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let show = lint.show.iter().map(|(at, line)| {
        object! { "atMs" => i64::try_from(*at).unwrap_or(i64::MAX), "line" => line.clone() }
    });
    object! {
        "id" => lint.id,
        "line" => whole(lint.line),
        "column" => whole(lint.column),
        "path" => lint.path.clone(),
        "reason" => lint.reason.clone(),
        "fix" => lint.fix.clone(),
        "show" => Value::list(show.collect()),
    }
}
