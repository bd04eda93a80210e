//! `ls`, `rm`, `touch`, `cp`, `mv` on the small file list.

use crate::env::file_name;
use crate::interpreter::Shell;
use crate::tools::Filter;

/// Lists files.
pub(crate) fn ls(shell: &mut Shell, args: &[String]) -> i32 {
    let all = shell.files();
    let long = args.iter().any(|a| a.starts_with('-') && a.contains('l'));
    let names: Vec<&String> = args.iter().filter(|a| !a.starts_with('-')).collect();
    let mut text = String::new();
    let mut status = 0;
    let mut line = |name: &str, size: usize| {
        if long {
            text.push_str(&format!("-rw-r--r-- 1 user user {size:>6} {name}\n"));
        } else {
            text.push_str(&format!("{name}\n"));
        }
    };
    let mut missing = Vec::new();
    if names.is_empty() {
        all.iter().for_each(|(n, t)| line(n, t.len()));
    }
    for name in names {
        let plain = file_name(name).trim_end_matches('/');
        let inside = format!("{plain}/");
        if let Some(t) = all.get(plain) {
            line(plain, t.len());
        } else if plain.is_empty() || plain == "." {
            all.iter().for_each(|(n, t)| line(n, t.len()));
        } else if all.keys().any(|f| f.starts_with(&inside)) {
            for (n, t) in all.iter() {
                if let Some(n) = n.strip_prefix(&inside) {
                    line(n, t.len());
                }
            }
        } else {
            missing.push(name.clone());
            status = 2;
        }
    }
    for name in missing {
        shell.print_error(&format!(
            "ls: cannot access '{name}': No such file or directory\n"
        ));
    }
    shell.print(&text);
    status
}

/// Removes, copies, moves.
pub(crate) fn files(shell: &mut Shell, name: &str, args: &[String]) -> i32 {
    let force = args.iter().any(|a| a.starts_with('-') && a.contains('f'));
    let names: Vec<String> = args
        .iter()
        .filter(|a| !a.starts_with('-'))
        .map(|a| file_name(a).to_owned())
        .collect();
    if names.is_empty() {
        shell.print_error(&format!(
            "{name}: missing operand\nTry '{name} --help' for more information.\n"
        ));
        return i32::from(!force);
    }
    let missing = |shell: &mut Shell, verb: &str, file: &str| {
        shell.print_error(&format!(
            "{name}: cannot {verb} '{file}': No such file or directory\n"
        ));
        1
    };
    match name {
        "touch" => {
            for file in names {
                if shell.read_file(&file).is_none() {
                    shell.env.written.insert(file, Some(String::new()));
                }
            }
            0
        }
        "rm" => {
            let mut status = 0;
            for file in names {
                if shell.read_file(&file).is_some() {
                    shell.env.written.insert(file, None);
                } else if !force {
                    status = missing(shell, "remove", &file);
                }
            }
            status
        }
        _ => {
            let [from, to] = names.as_slice() else {
                shell.print_error(&format!(
                    "{name}: missing destination file operand after '{}'\n",
                    names[0]
                ));
                return 1;
            };
            let Some(text) = shell.read_file(from) else {
                return missing(shell, "stat", from);
            };
            if name == "mv" {
                shell.env.written.insert(from.clone(), None);
            }
            shell.env.written.insert(to.clone(), Some(text));
            0
        }
    }
}

/// `sed -i`: each file becomes what the script makes of it.
pub(crate) fn sed_in_place(shell: &mut Shell, args: &[String]) -> i32 {
    let all = shell.files();
    let is_file = |a: &&String| all.contains_key(file_name(a));
    let names: Vec<String> = args.iter().skip(1).filter(is_file).cloned().collect();
    if names.is_empty() {
        let last = args.last().map_or("", String::as_str);
        shell.print_error(&format!(
            "sed: can't read {last}: No such file or directory\n"
        ));
        return 2;
    }
    for name in &names {
        let kept = |a: &&String| !a.starts_with("-i") && *a != "--in-place" && !names.contains(a);
        let script: Vec<String> = args.iter().filter(kept).cloned().collect();
        match Filter::make(&script, &all, true) {
            Ok(mut filter) => {
                let text = all.get(file_name(name)).cloned().unwrap_or_default();
                let mut out = filter.feed(&text, &mut Vec::new());
                out.push_str(&filter.finish());
                shell
                    .env
                    .written
                    .insert(file_name(name).to_owned(), Some(out));
            }
            Err((why, status)) => {
                shell.print_error(&why);
                return status;
            }
        }
    }
    0
}
