//! Every step of the presets' sessions has a sentence, and its numbers are those of the state.

use rollout_session::{Session, Start};
use rollout_view::{PageInput, PageView, Quantity, Span, page_view};

fn look(s: &Session) -> PageView {
    page_view(
        s,
        &PageInput {
            text: "",
            focus: None,
        },
    )
}

fn measure(p: &PageView, name: &str) -> i64 {
    p.measures
        .iter()
        .find(|m| m.name == name)
        .map_or(0, |m| m.value.parse().unwrap_or(0))
}

/// The sentence is never empty, and what it counts is what the measures count.
fn check(s: &Session) -> PageView {
    let p = look(s);
    let place = format!("step {} at {}: {}", s.position(), s.at(), p.why.spoken);
    assert!(!p.why.spoken.trim().is_empty(), "{place}");
    assert!(!p.why.spoken.contains('{'), "{place}");
    if p.focus.is_none() {
        return p;
    }
    for span in &p.why.headline {
        let Span::Number(n) = span else { continue };
        let name = match n.quantity {
            Quantity::Ceiling => "ceiling",
            Quantity::Floor => "floor",
            Quantity::Desired => "desired",
            Quantity::Total => "total",
            _ => continue,
        };
        assert_eq!(n.value, measure(&p, name), "{name}, {place}");
    }
    let l = (measure(&p, "ceiling"), measure(&p, "floor"));
    assert!(measure(&p, "total") <= l.0, "above the ceiling, {place}");
    p
}

#[test]
fn the_landing_scene() {
    let mut s = Session::new(Start::preset("landing"));
    let first = check(&s);
    assert_eq!(
        (
            measure(&first, "total"),
            measure(&first, "old"),
            measure(&first, "new")
        ),
        (12, 6, 6)
    );
    let new = first.scene.sets.iter().find(|s| s.newest).unwrap();
    assert_eq!((new.pods, new.available), (6, 2));
    assert_eq!(
        (
            first.scene.ceiling.as_ref().unwrap().level,
            first.scene.floor.as_ref().unwrap().level
        ),
        (12, 8)
    );
    assert!(
        first
            .why
            .spoken
            .starts_with("12 pods is the ceiling, 8 available is the floor."),
        "{}",
        first.why.spoken
    );
    assert!(s.step());
    let second = check(&s);
    assert_eq!(second.root.step, first.root.step + 1);
    assert_ne!(second.why.spoken, first.why.spoken);
    while s.step() {
        let p = check(&s);
        assert!(measure(&p, "available") >= 8, "{}", p.why.spoken);
    }
    assert_eq!(
        look(&s).why.spoken,
        "Rollout complete: 10 of 10 pods run httpd."
    );
    assert_eq!(look(&s).root.writes, 17);
}
