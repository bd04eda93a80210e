//! A small file server for the built page, on this machine only.

use crate::build;
use crate::run::{Failure, Outcome, root};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// `cargo xtask serve [--port N]`.
pub(crate) fn task(args: &[String]) -> Outcome {
    let port: u16 = match args {
        [] => 8080,
        [flag, n] if flag == "--port" => n
            .parse()
            .map_err(|_| Failure(format!("--port {n}: not a port")))?,
        _ => return Err(Failure("usage: cargo xtask serve [--port N]".into())),
    };
    let dist = root().join("dist");
    build::build(&dist)?;
    let server = listen(port)?;
    println!("Rollout Playground: http://localhost:{port}/   (Ctrl-C ends it)");
    answer(&server, &dist);
    Ok(())
}

/// Listens on the loopback address.
pub(crate) fn listen(port: u16) -> Result<TcpListener, Failure> {
    TcpListener::bind(("127.0.0.1", port))
        .map_err(|e| Failure(format!("port {port}: {e}; choose another with --port")))
}

/// Answers requests for files below a directory, for ever. One thread and one request a connection: a browser's
/// idle connections can't hold up a page.
pub(crate) fn answer(listener: &TcpListener, dist: &Path) {
    for stream in listener.incoming().flatten() {
        let dist = dist.to_path_buf();
        std::thread::spawn(move || {
            let _ = respond(stream, &dist);
        });
    }
}

fn respond(mut stream: TcpStream, dist: &Path) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut lines = BufReader::new(stream.try_clone()?.take(64 << 10)).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let mut words = request.split(' ');
    let (method, url) = (words.next().unwrap_or(""), words.next().unwrap_or("/"));
    let found = file(url, dist)
        .and_then(|path| std::fs::read(&path).ok().map(|b| (content_type(&path), b)));
    let (status, kind, body) = match found {
        Some((kind, body)) if matches!(method, "GET" | "HEAD") => ("200 OK", kind, body),
        _ => (
            "404 Not Found",
            "text/plain; charset=utf-8",
            b"not found".to_vec(),
        ),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    if method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

/// The file that an address names; nothing outside the directory. Any first folder is passed over if the file is not
/// there: the page must work from a sub-path.
fn file(url: &str, dist: &Path) -> Option<PathBuf> {
    let path = url
        .split(['?', '#'])
        .next()
        .unwrap_or("/")
        .trim_start_matches('/');
    let mut relative = PathBuf::from(path);
    if !relative
        .components()
        .all(|c| matches!(c, Component::Normal(_)))
    {
        return None;
    }
    if path.is_empty() || path.ends_with('/') {
        relative.push("index.html");
    }
    let whole = dist.join(&relative);
    if whole.is_file() {
        return Some(whole);
    }
    let shorter: PathBuf = relative.components().skip(1).collect();
    let below = dist.join(shorter);
    below.is_file().then_some(below)
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|e| e.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_directory_is_served() {
        let dist = crate::run::root().join("crates/xtask");
        assert!(file("/src/main.rs", &dist).is_some());
        assert!(file("/some/sub/../src/main.rs", &dist).is_none());
        assert!(
            file("/sub/src/main.rs?x=1", &dist).is_some(),
            "from a sub-path"
        );
        for bad in ["/../xtask/src/main.rs", "/%2e%2e/main.rs", "//etc/passwd"] {
            assert!(file(bad, &dist).is_none(), "{bad}");
        }
    }
}
