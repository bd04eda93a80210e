//! What the page costs over the wire, against its budget.

use crate::run::{Failure, Outcome, root};
use crate::tools;
use std::process::Command;

/// Brotli bytes of everything but the fonts. It began at 350 kB; why it was moved stands in docs/adr/0011-size.md.
pub(crate) const BUDGET: u64 = 850_000;

/// `cargo xtask size`: of what stands in dist.
pub(crate) fn task() -> Outcome {
    let node = tools::node()?;
    let script = "const fs=require('fs'),z=require('zlib'),p=require('path');let t=0;const rows=[];\
        const walk=d=>{for(const f of fs.readdirSync(d)){const q=p.join(d,f);if(fs.statSync(q).isDirectory()){walk(q);continue}\
        const b=fs.readFileSync(q);const br=/woff2|png/.test(q)?b.length:z.brotliCompressSync(b,{params:{[z.constants.BROTLI_PARAM_QUALITY]:11}}).length;\
        const font=/woff2$/.test(q)||/OFL|LICENSE/.test(q);if(!font)t+=br;rows.push([br,b.length,p.relative(process.argv[1],q)+(font?' (font, not counted)':'')])}};\
        walk(process.argv[1]);rows.sort((a,b)=>b[0]-a[0]);for(const r of rows)console.log(String(r[0]).padStart(9),String(r[1]).padStart(9),r[2]);console.log('total '+t)";
    let out = Command::new(node)
        .arg("-e")
        .arg(script)
        .arg(root().join("dist"))
        .output()
        .map_err(|e| Failure(format!("node: {e}")))?;
    let text = String::from_utf8_lossy(&out.stdout);
    println!("   brotli       raw  file\n{text}");
    let total: u64 = text
        .lines()
        .find_map(|l| l.strip_prefix("total "))
        .and_then(|t| t.trim().parse().ok())
        .ok_or_else(|| {
            Failure(format!(
                "no built page in dist: run cargo xtask build first\n{}",
                String::from_utf8_lossy(&out.stderr)
            ))
        })?;
    println!("{total} of {BUDGET} bytes (brotli, without fonts)");
    if total > BUDGET {
        Err(Failure(format!(
            "the page is {} bytes over its budget",
            total - BUDGET
        )))
    } else {
        Ok(())
    }
}
