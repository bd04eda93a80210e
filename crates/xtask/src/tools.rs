//! What a task needs of the machine: it is fetched where that can be done, else named in one line.

use crate::run::{Failure, Outcome, run};
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn works(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

fn output(program: &str, args: &[&str]) -> Option<String> {
    let out = Command::new(program).args(args).output().ok()?;
    out.status
        .success()
        .then(|| String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

/// The wasm target of the compiler that is in use.
pub(crate) fn wasm_target() -> Outcome {
    let target = "wasm32-unknown-unknown";
    let installed = output("rustc", &["--print", "target-libdir", "--target", target])
        .is_some_and(|dir| PathBuf::from(dir).is_dir());
    if installed {
        return Ok(());
    }
    if works("rustup", &["--version"]) {
        println!("installing the target {target}");
        return run(Command::new("rustup")
            .args(["target", "add", target])
            .current_dir(crate::run::root()));
    }
    Err(Failure(format!(
        "the Rust target {target} is missing and there is no rustup: install it with your compiler's packages"
    )))
}

/// Are the sources of the standard library there? Fetched through rustup where it is.
pub(crate) fn standard_library_sources() -> bool {
    let there = || {
        output("rustc", &["--print", "sysroot"]).is_some_and(|dir| {
            PathBuf::from(dir)
                .join("lib/rustlib/src/rust/library/Cargo.lock")
                .is_file()
        })
    };
    if !there() && works("rustup", &["--version"]) {
        println!("installing the sources of the standard library");
        let _ = run(Command::new("rustup")
            .args(["component", "add", "rust-src"])
            .current_dir(crate::run::root()));
    }
    there()
}

fn may_install() -> bool {
    works("apt-get", &["--version"]) && output("id", &["-u"]).as_deref() == Some("0")
}

/// Installs Debian packages; a broken first try is mended once.
fn apt(packages: &[&str]) -> Outcome {
    println!("installing {} with apt-get", packages.join(" "));
    let apt = |args: &[&str]| {
        run(Command::new("apt-get")
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null()))
    };
    apt(&["update", "-qq"])?;
    let mut args = vec!["install", "-y", "-qq", "--no-install-recommends"];
    args.extend(packages);
    apt(&args).or_else(|_| {
        let _ = apt(&["install", "-f", "-y", "-qq"]);
        apt(&args)
    })
}

/// Node: wasm outside the browser, the browser tests' driver, brotli.
pub(crate) fn node() -> Result<String, Failure> {
    if works("node", &["--version"]) {
        return Ok("node".into());
    }
    if may_install() && apt(&["nodejs", "npm"]).is_ok() && works("node", &["--version"]) {
        return Ok("node".into());
    }
    Err(Failure("Node 18 or newer is missing: install it, for example with `apt-get install nodejs npm` or `brew install node`".into()))
}

/// A Chromium to test in. `CHROMIUM` names another one.
pub(crate) fn chromium() -> Result<String, Failure> {
    let find = || {
        let named = std::env::var("CHROMIUM").ok();
        named
            .into_iter()
            .chain(
                [
                    "chromium",
                    "chromium-browser",
                    "google-chrome",
                    "google-chrome-stable",
                    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
                    "/Applications/Chromium.app/Contents/MacOS/Chromium",
                ]
                .map(str::to_owned),
            )
            .find_map(|p| {
                if p.contains('/') {
                    PathBuf::from(&p).exists().then_some(p)
                } else {
                    output("which", &[&p])
                }
            })
    };
    if let Some(path) = find() {
        return Ok(path);
    }
    if may_install() {
        apt(&["chromium"])?;
        if let Some(path) = find() {
            return Ok(path);
        }
    }
    Err(Failure("Chromium is missing: install it, for example with `apt-get install chromium` or `brew install --cask chromium`, or name one in CHROMIUM".into()))
}
