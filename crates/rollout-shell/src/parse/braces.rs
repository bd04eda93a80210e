//! Braces.

use crate::program::{Piece, Word};

/// Most words that braces make.
const MOST_WORDS: usize = 2_000;

/// `{a,b}` and `{1..3}` make several words of one.
pub(super) fn braces(word: Word) -> Vec<Word> {
    let mut done = Vec::new();
    let mut todo = vec![word];
    while let Some(word) = todo.pop() {
        let made = todo.len() + done.len();
        match one_brace(&word).filter(|more| made + more.len() <= MOST_WORDS) {
            Some(more) => todo.extend(more.into_iter().rev()),
            None => done.push(word),
        }
    }
    done
}

fn one_brace(word: &Word) -> Option<Vec<Word>> {
    for (i, piece) in word.iter().enumerate() {
        let Piece::Text(text, false) = piece else {
            continue;
        };
        for (open, _) in text.match_indices('{') {
            let Some((close, choices)) = choices(&text[open..]) else {
                continue;
            };
            let (head, tail) = (&text[..open], &text[open + close + 1..]);
            let make = |choice: &String| {
                let mut w: Word = word[..i].to_vec();
                w.push(Piece::Text(format!("{head}{choice}{tail}"), false));
                w.extend_from_slice(&word[i + 1..]);
                w
            };
            return Some(choices.iter().map(make).collect());
        }
    }
    None
}

/// The choices of a text that begins with a brace, and where its end is.
fn choices(text: &str) -> Option<(usize, Vec<String>)> {
    let mut depth = 0;
    let mut commas = vec![0];
    for (i, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 1 => commas.push(i),
            '}' => {
                depth -= 1;
                if depth > 0 {
                    continue;
                }
                if commas.len() > 1 {
                    let end = |k: usize| commas.get(k + 1).copied().unwrap_or(i);
                    let parts = commas.iter().enumerate();
                    let parts = parts.map(|(k, from)| text[from + 1..end(k)].to_owned());
                    return Some((i, parts.collect()));
                }
                let (from, to) = text[1..i].split_once("..")?;
                let (from, to): (i64, i64) = (from.parse().ok()?, to.parse().ok()?);
                if from.abs_diff(to) >= MOST_WORDS as u64 {
                    return None;
                }
                let count = from.abs_diff(to) as i64;
                let sign = if from <= to { 1 } else { -1 };
                return Some((
                    i,
                    (0..=count).map(|k| (from + sign * k).to_string()).collect(),
                ));
            }
            _ => {}
        }
    }
    None
}
