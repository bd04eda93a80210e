//! The page as static files: cargo, wasm-bindgen, style sheets, fonts. What Trunk would build, without Trunk.

use crate::page::{self, Asset};
use crate::run::{Failure, Outcome, cargo, root, run, target_dir};
use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};

/// `cargo xtask build [--out DIR]`.
pub(crate) fn task(args: &[String]) -> Outcome {
    let out = match args {
        [] => root().join("dist"),
        [flag, dir] if flag == "--out" => PathBuf::from(dir),
        _ => return Err(Failure("usage: cargo xtask build [--out DIR]".into())),
    };
    build(&out)
}

/// Eight hex digits of a file's content: names change only with what they name.
fn fingerprint(bytes: &[u8]) -> String {
    let mut h: u64 = 0xcbf2_9ce4_8422_2325;
    for b in bytes {
        h = (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{:08x}", (h >> 32) as u32 ^ h as u32)
}

/// Builds the page into a directory.
pub(crate) fn build(out: &Path) -> Outcome {
    tools::wasm_target()?;
    let html = fs::read_to_string(root().join("index.html"))?;
    let assets = page::assets(&html)?;
    if out.exists() {
        fs::remove_dir_all(out)?;
    }
    fs::create_dir_all(out)?;
    let mut page = html.clone();
    for asset in &assets {
        let replacement = match asset.rel.as_str() {
            "rust" => rust(asset, out)?,
            "css" => {
                let bytes = fs::read(root().join(&asset.href))?;
                let name = hashed(&asset.href, &bytes)?;
                fs::write(out.join(&name), bytes)?;
                format!("<link rel=\"stylesheet\" href=\"./{name}\">")
            }
            "icon" => {
                let bytes = fs::read(root().join(&asset.href))?;
                let name = hashed(&asset.href, &bytes)?;
                fs::write(out.join(&name), bytes)?;
                format!("<link rel=\"icon\" href=\"./{name}\">")
            }
            "copy-file" => {
                let name = Path::new(&asset.href).file_name().unwrap_or_default();
                fs::copy(root().join(&asset.href), out.join(name))?;
                String::new()
            }
            _ => {
                let from = root().join(&asset.href);
                let name = asset.target.clone().map_or_else(
                    || from.file_name().unwrap_or_default().into(),
                    PathBuf::from,
                );
                copy_dir(&from, &out.join(name))?;
                String::new()
            }
        };
        page = page.replace(&asset.tag, &replacement);
    }
    fs::write(out.join("index.html"), page)?;
    println!("built {}", out.display());
    Ok(())
}

fn hashed(href: &str, bytes: &[u8]) -> Result<String, Failure> {
    let path = Path::new(href);
    let stem = path
        .file_stem()
        .and_then(|s| s.to_str())
        .ok_or_else(|| Failure(format!("{href}: no name")))?;
    let ext = path.extension().and_then(|s| s.to_str()).unwrap_or("");
    Ok(format!("{stem}-{}.{ext}", fingerprint(bytes)))
}

fn copy_dir(from: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The profile the page is built with; `ROLLOUT_PAGE_PROFILE` replaces it for quick tries.
fn profile(asset: &Asset) -> String {
    std::env::var("ROLLOUT_PAGE_PROFILE")
        .ok()
        .or_else(|| asset.profile.clone())
        .unwrap_or_else(|| "release".into())
}

/// In the working folder: which standard library the page was built with.
pub(crate) const STD: &str = "std.txt";

/// The module as the compiler leaves it, names and all.
pub(crate) fn compiled(package: &str, profile: &str) -> PathBuf {
    let folder = if profile == "dev" { "debug" } else { profile };
    target_dir()
        .join("wasm32-unknown-unknown")
        .join(folder)
        .join(format!("{package}.wasm"))
}

/// Compiles the page's module. With the profile `web` and where the sources of the standard library can be had, it is
/// compiled with the page, for size (docs/adr/0012-std-built-for-size.md); else it is taken as it comes. Says which.
fn compile(package: &str, profile: &str) -> Result<&'static str, Failure> {
    let command = || {
        let mut c = cargo(&["build", "-p", package, "--target", "wasm32-unknown-unknown"]);
        // wasm-bindgen drops the names; `cargo xtask size` reads them in what stands in the target folder.
        c.args(["--profile", profile])
            .env("CARGO_PROFILE_WEB_STRIP", "false");
        c
    };
    let asked = std::env::var("ROLLOUT_PAGE_STD").unwrap_or_default();
    let mut flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    flags.push_str(" -Csymbol-mangling-version=v0");
    if profile == "web" && asked != "plain" && tools::standard_library_sources() {
        let unstable = "-Zlocation-detail=none -Zunstable-options -Cpanic=immediate-abort";
        let built = run(command()
            .args([
                "-Zbuild-std=std,panic_abort",
                "-Zbuild-std-features=optimize_for_size",
            ])
            .env("RUSTFLAGS", format!("{flags} {unstable}"))
            .env("RUSTC_BOOTSTRAP", "1"));
        match built {
            Ok(()) => return Ok("own"),
            Err(Failure(why)) => {
                println!(
                    "{why}\nthe page takes the standard library as it comes; it will be larger"
                );
            }
        }
    }
    run(command().env("RUSTFLAGS", flags))?;
    Ok("plain")
}

fn rust(asset: &Asset, out: &Path) -> Result<String, Failure> {
    let manifest = fs::read_to_string(root().join(&asset.href))?;
    let package = manifest
        .lines()
        .find_map(|l| l.strip_prefix("name = \""))
        .and_then(|l| l.strip_suffix('"'))
        .ok_or_else(|| Failure(format!("{}: no package name", asset.href)))?;
    let profile = profile(asset);
    let std = compile(package, &profile)?;
    let wasm = compiled(package, &profile);
    let work = target_dir().join("page");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    fs::write(work.join(STD), std)?;
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen
        .input_path(&wasm)
        .web(true)
        .and_then(|b| {
            b.typescript(false)
                .remove_name_section(true)
                .remove_producers_section(true)
                .generate(&work)
        })
        .map_err(|e| Failure(format!("wasm-bindgen: {e:#}")))?;
    let module = fs::read(work.join(format!("{package}_bg.wasm")))?;
    let module_name = format!("{package}-{}_bg.wasm", fingerprint(&module));
    let glue = fs::read(work.join(format!("{package}.js")))?;
    let glue_name = format!("{package}-{}.js", fingerprint(&glue));
    fs::write(out.join(&module_name), &module)?;
    fs::write(out.join(&glue_name), &glue)?;
    let snippets = work.join("snippets");
    if snippets.exists() {
        copy_dir(&snippets, &out.join("snippets"))?;
    }
    // A file of its own instead of inline code: a strict content security policy needs no hash then.
    // Where the module cannot be loaded, the poster says so instead of loading for ever.
    // A worker starts from the same file: it gets the compiled module and its work as a message (docs/adr/0013-sweep-in-workers.md).
    let boot = format!(
        "import init from './{glue_name}';\n\
         if (typeof document === 'undefined') onmessage = (e) => {{\n\
         \u{20} self.work = e.data[1];\n\
         \u{20} init({{ module_or_path: e.data[0] }});\n\
         }};\n\
         else init({{ module_or_path: new URL('./{module_name}', import.meta.url) }}).catch((why) => {{\n\
         \u{20} const foot = document.querySelector('.poster-foot');\n\
         \u{20} if (!foot) throw why;\n\
         \u{20} console.warn(why);\n\
         \u{20} foot.className = 'poster-note';\n\
         \u{20} foot.setAttribute('role', 'alert');\n\
         \u{20} foot.textContent = 'The playground could not be loaded (' + (why && why.message || why) + '). This is a picture of it. ';\n\
         \u{20} const again = document.createElement('a');\n\
         \u{20} again.href = location.href;\n\
         \u{20} again.textContent = 'Try again';\n\
         \u{20} again.addEventListener('click', (e) => {{ e.preventDefault(); location.reload(); }});\n\
         \u{20} foot.append(again);\n\
         \u{20} document.querySelector('main.poster').removeAttribute('aria-busy');\n\
         }});\n"
    );
    let boot_name = format!("boot-{}.js", fingerprint(boot.as_bytes()));
    fs::write(out.join(&boot_name), boot)?;
    Ok(format!(
        "<link rel=\"modulepreload\" href=\"./{glue_name}\">\n\
         <link rel=\"preload\" href=\"./{module_name}\" as=\"fetch\" type=\"application/wasm\" crossorigin>\n\
         <script type=\"module\" src=\"./{boot_name}\"></script>"
    ))
}
