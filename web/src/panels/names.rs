//! Names in the output of the console that can be found in the scene.

use crate::playground::Named;
use rollout_api::Order;
use rollout_view::PageView;

/// Names with what they name, sorted.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Names(Vec<(String, Named)>);

impl Names {
    /// The names of what the page shows.
    pub fn of(page: &PageView) -> Names {
        let scene = &page.scene;
        let mut names: Vec<(String, Named)> = Vec::new();
        for pod in scene.pods.iter().chain(&scene.leaving) {
            names.push((pod.name.clone(), Named::Pod(pod.uid.clone())));
        }
        for set in &scene.sets {
            names.push((set.name.clone(), Named::Set(set.name.clone())));
        }
        for d in &page.deployments {
            let named = Named::Deployment(d.namespace.clone(), d.name.clone());
            names.push((d.name.clone(), named));
        }
        names.order_by(|a, b| a.0.cmp(&b.0));
        Names(names)
    }

    fn find(&self, word: &str) -> Option<&Named> {
        let place = self
            .0
            .binary_search_by(|(n, _)| n.as_str().cmp(word))
            .ok()?;
        Some(&self.0[place].1)
    }
}

/// A line in pieces; those that name something have it beside them. Together they are the line.
pub fn pieces<'a>(line: &'a str, names: &Names) -> Vec<(&'a str, Option<Named>)> {
    let mut out = Vec::new();
    let mut done = 0;
    let mut word_from = None;
    let ends = line.char_indices().map(|(i, c)| (i, Some(c)));
    for (i, c) in ends.chain([(line.len(), None)]) {
        let inside = c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
        match (inside, word_from) {
            (true, None) => word_from = Some(i),
            (false, Some(from)) => {
                word_from = None;
                let word = line[from..i].trim_end_matches('.');
                if let Some(named) = names.find(word) {
                    if done < from {
                        out.push((&line[done..from], None));
                    }
                    done = from + word.len();
                    out.push((&line[from..done], Some(named.clone())));
                }
            }
            _ => {}
        }
    }
    if done < line.len() {
        out.push((&line[done..], None));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_nothing_of_the_line_is_lost() {
        let set = Named::Set("web-1".to_owned());
        let deployment = Named::Deployment("default".to_owned(), "web".to_owned());
        let names = Names(vec![
            ("web".to_owned(), deployment.clone()),
            ("web-1".to_owned(), set.clone()),
        ]);
        let cases: &[(&str, &[&str])] = &[
            ("web-1   1   web-12", &["web-1"]),
            ("deployment.apps/web scaled", &["web"]),
            ("Scaled up replica set web-1 to 2", &["web-1"]),
            ("\"web\" (web-1): web.", &["web", "web-1", "web"]),
            ("webs é web", &["web"]),
            ("", &[]),
        ];
        for (line, found) in cases {
            let parts = pieces(line, &names);
            let whole: String = parts.iter().map(|p| p.0).collect();
            assert_eq!(&whole, line);
            let named: Vec<&str> = parts
                .iter()
                .filter(|p| p.1.is_some())
                .map(|p| p.0)
                .collect();
            assert_eq!(&named, found, "{line}");
        }
    }
}
