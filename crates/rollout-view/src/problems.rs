//! What the server would say to the text, while it is typed.

use crate::editor::Lines;
use crate::model::DiagnosticView;
use rollout_manifest::documents::Document;
use rollout_session::Session;

/// Problems of documents that could be read.
pub fn of(_session: &Session, _docs: &[Document], _lines: &Lines<'_>) -> Vec<DiagnosticView> {
    Vec::new()
}
