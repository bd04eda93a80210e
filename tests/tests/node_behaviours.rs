//! The page's node side: each behaviour of an image with and without, from the pod's creation to what kubectl would show.

use rollout_api::json::from_json;
use rollout_api::{Kind, ObjectKey, Value};
use rollout_engine::client::DeleteOptions;
use rollout_engine::{ClusterConfig, Engine, SimTime};

struct Scene {
    engine: Engine,
}

fn key(kind: Kind, name: &str) -> ObjectKey {
    ObjectKey::new(kind, "default", name.to_owned())
}

impl Scene {
    fn new() -> Scene {
        Scene {
            engine: Engine::new(ClusterConfig::default()),
        }
    }
    fn image(&mut self, words: &str) -> &mut Self {
        let words: Vec<&str> = words.split(' ').collect();
        self.engine.act("test", |c| {
            c.world_mut().set_image_rule_words(&words).unwrap()
        });
        self
    }
    fn create(&mut self, kind: Kind, json: &str) -> &mut Self {
        let value = from_json(json).unwrap();
        self.engine.act("test", |c| {
            c.world_mut().create(kind, value).map(|_| ()).unwrap()
        });
        self
    }
    /// A pod `p` with one container; `more` goes into the container.
    fn pod(&mut self, more: &str) -> &mut Self {
        self.named_pod("p", more, "")
    }
    fn named_pod(&mut self, name: &str, container: &str, spec: &str) -> &mut Self {
        let comma = |s: &str| {
            if s.is_empty() {
                String::new()
            } else {
                format!(",{s}")
            }
        };
        let json = format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","namespace":"default"}},
            "spec":{{"containers":[{{"name":"web","image":"web:v1","imagePullPolicy":"IfNotPresent"{}}}],
            "restartPolicy":"Always","terminationGracePeriodSeconds":30{}}},"status":{{"phase":"Pending"}}}}"#,
            comma(container),
            comma(spec)
        );
        self.create(Kind::POD, &json)
    }
    fn to(&mut self, ms: u64) -> &mut Self {
        self.engine.advance_to(SimTime(ms));
        self
    }
    fn get(&self, name: &str) -> Option<Value> {
        self.engine
            .store()
            .get(&key(Kind::POD, name))
            .map(|o| o.value.clone())
    }
    /// What the STATUS column is made of: the container's waiting or terminated reason, else the phase.
    fn status(&self) -> String {
        let Some(pod) = self.get("p") else {
            return "gone".into();
        };
        let state = pod
            .at("status.containerStatuses.0.state")
            .cloned()
            .unwrap_or_default();
        let ready = pod.bool_at("status.containerStatuses.0.ready");
        let word = match (state.at("waiting.reason"), state.at("terminated.reason")) {
            (Some(r), _) | (_, Some(r)) => r.as_str().unwrap_or("").to_owned(),
            _ => pod.str_at("status.phase").to_owned(),
        };
        format!("{} {word}", i32::from(ready))
    }
    /// The sequence of states with the second at which each begins.
    fn history(&mut self, until: u64) -> Vec<String> {
        let mut out = vec![self.status()];
        while self.engine.next_at().is_some_and(|t| t.0 <= until) {
            for record in self.engine.step() {
                let status = self.status();
                if out
                    .last()
                    .is_none_or(|l| l.split_once(' ').map(|x| x.1) != Some(status.as_str()))
                {
                    out.push(format!("{:.1} {status}", record.at.0 as f64 / 1000.0));
                }
            }
        }
        out
    }
    fn events(&self) -> Vec<(String, String, i64)> {
        let mut list: Vec<_> = self
            .engine
            .list(Kind::EVENT)
            .map(|e| {
                let v = &e.value;
                let count = v.int_at("count").or(v.int_at("series.count")).unwrap_or(1);
                (
                    v.str_at("reason").to_owned(),
                    v.str_at("message").to_owned(),
                    count,
                )
            })
            .collect();
        list.sort();
        list
    }
    fn delete(&mut self) -> &mut Self {
        self.engine.act("test", |c| {
            c.world_mut()
                .delete(&key(Kind::POD, "p"), &DeleteOptions::default())
                .unwrap()
        });
        self
    }
}

#[test]
fn debug() {
    let mut s = Scene::new();
    s.pod("");
    println!("{:?}", s.history(600_000));
    println!("{:?}", s.get("p"));
    println!("{:#?}", s.events());
    println!("{:?}", s.engine.next_at());
    s.delete();
    println!("{:?}", s.history(600_000));
    let mut s = Scene::new();
    s.image("web:v1 missing").pod("");
    println!("{:?}", s.history(200_000));
    println!("{:#?}", s.events());
    let mut s = Scene::new();
    s.image("web:v1 crash after=2").pod("");
    println!("{:?}", s.history(200_000));
    println!("{:#?}", s.events());
    println!("{:?}", s.get("p"));
}
