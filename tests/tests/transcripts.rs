//! The pages that show transcripts show what is printed: docs/transcripts and the README; and a page that does not is told so.

use rollout_cli::Common;
use rollout_cli::verify::{Verified, verify};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests stands in the root")
        .to_path_buf()
}

fn common() -> Common {
    Common {
        version: rollout_api::Minor::default(),
        named: false,
        seed: 1,
    }
}

fn told(verified: &Verified) -> String {
    let texts = verified.differences.iter();
    texts.map(|d| format!("{}: {}", d.line, d.text)).collect()
}

#[test]
fn our_pages_are_true() {
    let folder = root().join("docs/transcripts");
    let mut pages: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("docs/transcripts")
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .collect();
    pages.push(root().join("README.md"));
    let mut commands = 0;
    for page in &pages {
        let text = std::fs::read_to_string(page).expect("a page");
        let verified = verify(&common(), &text, page.parent()).expect("directives");
        assert!(
            verified.differences.is_empty(),
            "{}\n{}",
            page.display(),
            told(&verified)
        );
        commands += verified.commands;
    }
    assert!(commands > 30, "{commands}");
}

#[test]
fn a_page_that_is_not_true_is_told_so() {
    let page = "# A page\n\n<!-- rollout: preset=boot-4 -->\n\n```console\n$ kubectl get deploy\nNAME       READY   UP-TO-DATE   AVAILABLE   AGE\nbootcamp   4/4     4            4           9y\n$ kubectl get deploy bootcamp -o jsonpath='{.spec.replicas}'\n5\n```\n\n<!-- rollout: exact -->\n\n```sh\n$ kubectl get deploy --no-headers\nbootcamp   4/4   4     4     <age>\n$ kubectl get deploy --no-headers\nbootcamp   4/4   4     4     9y\n```\n\n```yaml\n$ not: a transcript\n```\n";
    let verified = verify(&common(), page, None).expect("directives");
    assert_eq!(verified.commands, 4);
    let lines: Vec<usize> = verified.differences.iter().map(|d| d.line).collect();
    assert_eq!(lines, [10, 19], "{}", told(&verified));
    assert!(
        told(&verified).contains("  - 5\n  + 4\n"),
        "{}",
        told(&verified)
    );
    let mended = verified.updated(page);
    let again = verify(&common(), &mended, None).expect("directives");
    assert!(again.differences.is_empty(), "{}", told(&again));
    let wrong = verify(&common(), "x\n<!-- rollout: nope -->\n", None);
    assert_eq!(wrong.map_err(|e| e.0), Err(2));
}
