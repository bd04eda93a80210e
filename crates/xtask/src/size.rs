//! What the page costs over the wire, against its budget.

use crate::run::{Failure, Outcome, root, target_dir};
use crate::{build, bytes, tools};
use std::fs;
use std::process::Command;

/// Brotli bytes of everything but the fonts. It began at 350 kB; why it was moved stands in docs/adr/0011-size.md.
pub(crate) const BUDGET: u64 = 1_108_000;

/// What the page may weigh more where the standard library could not be built with it (docs/adr/0012-std-built-for-size.md).
const PLAIN_STD: u64 = 60_000;

/// Sizes of all files of a folder: brotli bytes (as they are, for what is compressed already), bytes, path.
const MEASURE: &str = "const fs=require('fs'),z=require('zlib'),p=require('path'),c=z.constants;\
    const walk=d=>{for(const f of fs.readdirSync(d)){const q=p.join(d,f);if(fs.statSync(q).isDirectory()){walk(q);continue}\
    const b=fs.readFileSync(q);const br=/woff2$|png$/.test(q)?b.length:z.brotliCompressSync(b,{params:{[c.BROTLI_PARAM_QUALITY]:11,\
    [c.BROTLI_PARAM_SIZE_HINT]:b.length}}).length;console.log(br+' '+b.length+' '+p.relative(process.argv[1],q))}};walk(process.argv[1])";

/// The parts that are summed, by what a file's name ends with.
const PARTS: [(&str, &[&str]); 5] = [
    ("WebAssembly", &[".wasm"]),
    ("JavaScript glue", &[".js"]),
    ("styles", &[".css"]),
    ("page and icon", &[".html", ".svg"]),
    ("other", &[""]),
];

fn is_font(name: &str) -> bool {
    name.ends_with("woff2") || name.contains("OFL") || name.contains("LICENSE")
}

/// `cargo xtask size [--by-crate]`: of what stands in dist.
pub(crate) fn task(args: &[String]) -> Outcome {
    let by_crate = match args {
        [] => false,
        [flag] if flag == "--by-crate" => true,
        _ => return Err(Failure("usage: cargo xtask size [--by-crate]".into())),
    };
    let node = tools::node()?;
    let out = Command::new(node)
        .arg("-e")
        .arg(MEASURE)
        .arg(root().join("dist"))
        .output()
        .map_err(|e| Failure(format!("node: {e}")))?;
    let text = String::from_utf8_lossy(&out.stdout);
    let files: Vec<(u64, u64, &str)> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.splitn(3, ' ');
            let mut number = || words.next()?.parse().ok();
            Some((number()?, number()?, words.next()?))
        })
        .collect();
    if files.is_empty() {
        return Err(Failure(format!(
            "no built page in dist: run cargo xtask build first\n{}",
            String::from_utf8_lossy(&out.stderr)
        )));
    }
    println!("   brotli       raw  part");
    let (mut left, fonts): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(.., name)| !is_font(name));
    let mut total = 0;
    for (part, ends) in PARTS {
        let (these, others): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|(.., name)| ends.iter().any(|end| name.ends_with(end)));
        left = others;
        let sum = |of: fn(&(u64, u64, &str)) -> u64| these.iter().map(of).sum::<u64>();
        println!("{:>9} {:>9}  {part}", sum(|f| f.0), sum(|f| f.1));
        total += sum(|f| f.0);
    }
    let fonts: u64 = fonts.iter().map(|f| f.0).sum();
    println!("{fonts:>9}            fonts (not counted)");
    let std = fs::read_to_string(target_dir().join("page").join(build::STD)).unwrap_or_default();
    let budget = BUDGET + if std == "plain" { PLAIN_STD } else { 0 };
    println!("{total} of {budget} bytes (brotli, without fonts; standard library: {std})");
    if by_crate {
        bytes::by_crate(&build::compiled("rollout-web", "web"))?;
    }
    if total > budget {
        return Err(Failure(format!(
            "the page is {} bytes over its budget",
            total - budget
        )));
    }
    Ok(())
}
