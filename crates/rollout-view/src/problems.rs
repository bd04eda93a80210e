//! What kubectl and the server would say to the text, while it is typed.

use crate::editor::Lines;
use crate::model::{DiagnosticLevel, DiagnosticView};
use rollout_api::kinds::{self, Support};
use rollout_engine::Engine;
use rollout_engine::client::WriteOptions;
use rollout_manifest::check::{check_documents, place_of};
use rollout_manifest::diagnostic::Severity;
use rollout_manifest::documents::Document;
use rollout_session::Session;

/// Everything that is wrong with the documents of a text: first how it is written, then, where that is right, what the
/// server's rules say.
pub fn of(
    session: &Session,
    text: &str,
    docs: &[Document],
    lines: &Lines<'_>,
) -> Vec<DiagnosticView> {
    let version = session.config().version;
    let found = check_documents(text, docs, version);
    let mut out: Vec<DiagnosticView> = found
        .iter()
        .map(|d| {
            let level = match d.severity {
                Severity::Error => DiagnosticLevel::Error,
                Severity::Warning => DiagnosticLevel::Warning,
            };
            let mut view = lines.diagnostic(d.span, level, &d.field, &d.message);
            view.help = d.suggestion.clone().unwrap_or_default();
            view
        })
        .collect();
    let mut engine: Option<Engine> = None;
    for (number, doc) in docs.iter().enumerate() {
        let faulty = found
            .iter()
            .any(|d| d.document == number && d.severity == Severity::Error);
        let Some(value) = doc.value().filter(|v| !faulty && !v.is_null()) else {
            continue;
        };
        let Some(resource) =
            kinds::of_object(value.str_at("apiVersion"), value.str_at("kind"), version)
        else {
            continue;
        };
        if resource.support != Support::Simulated {
            let span = place_of(doc, "kind").unwrap_or(doc.span);
            let message = format!(
                "{} is stored as it is and has no effect here.",
                resource.kind.0
            );
            out.push(lines.diagnostic(span, DiagnosticLevel::Caution, "kind", &message));
        }
        let engine = engine.get_or_insert_with(|| Engine::bare(session.config().clone()));
        let namespace = match (resource.namespaced, value.str_at("metadata.namespace")) {
            (false, _) => "",
            (true, "") => "default",
            (true, other) => other,
        };
        let options = WriteOptions {
            dry_run: true,
            ..WriteOptions::default()
        };
        let (answer, _) = engine.act("check", |c| {
            c.create(resource.kind, namespace, value.clone(), &options)
        });
        let Err(refused) = answer else { continue };
        if !refused.is_invalid() {
            continue;
        }
        for cause in &refused.causes {
            let span = place_of(doc, &cause.field).unwrap_or(rollout_manifest::tree::Span {
                start: doc.span.start,
                end: doc.span.start,
            });
            out.push(lines.diagnostic(span, DiagnosticLevel::Error, &cause.field, &cause.message));
        }
    }
    out
}
