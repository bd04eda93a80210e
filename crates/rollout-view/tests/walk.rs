//! Every step of the presets' sessions has a sentence, and its numbers are those of the state.

use rollout_session::{Session, Start};
use rollout_view::{PageInput, page_view, plain_text};

#[test]
fn landing() {
    let mut s = Session::new(Start::preset("landing"));
    for _ in 0..200 {
        let p = page_view(&s, &PageInput { text: "", focus: None });
        println!(
            "{:>7} step {:>3} w {} | {:?} {} | K {} | total {} avail {} old {} new {} | room {} spare {} | next {:?}",
            s.at(), s.position(), s.writes(), p.why.kind, p.why.spoken, plain_text(&p.why.kicker),
            p.measures.iter().find(|m| m.name == "total").map_or("", |m| &m.value),
            p.measures.iter().find(|m| m.name == "available").map_or("", |m| &m.value),
            p.measures.iter().find(|m| m.name == "old").map_or("", |m| &m.value),
            p.measures.iter().find(|m| m.name == "new").map_or("", |m| &m.value),
            p.room.result.value, p.spare.result.value, s.next_at()
        );
        if !s.step() {
            break;
        }
    }
}
