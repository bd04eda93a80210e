//! Files as containers see them: mounted ConfigMaps and Secrets as their kubelet last brought them, what containers got at
//! their start, and what was written into volumes and containers.

use crate::kubelet::decision::KubeletDecision;
use crate::volumes::{claim, volume_of};
use crate::world::World;
use rollout_api::views::Object;
use rollout_api::{Kind, ObjectKey, SortedMap, Str, Value, base64};
use std::rc::Rc;

/// A ConfigMap or Secret by kind and name, and its state then; none: it was not there.
#[derive(Clone)]
pub(crate) struct Seen {
    pub secret: bool,
    pub name: Str,
    pub object: Option<Rc<Object>>,
}

impl Seen {
    /// The state in which an object is now.
    pub fn now(world: &World, namespace: &Str, secret: bool, name: &Str) -> Seen {
        let kind = if secret {
            Kind::SECRET
        } else {
            Kind::CONFIG_MAP
        };
        let key = ObjectKey::new(kind, namespace.clone(), name.clone());
        Seen {
            secret,
            name: name.clone(),
            object: world.store.get(&key).cloned(),
        }
    }

    fn is(&self, secret: bool, name: &str) -> bool {
        self.secret == secret && self.name == name
    }

    /// Would a file of it read otherwise?
    fn differs(&self, other: &Seen) -> bool {
        let parts = |s: &Seen| {
            let part = |k| s.object.as_ref().and_then(|o| o.value.get(k).cloned());
            (part("data"), part("binaryData"))
        };
        match (&self.object, &other.object) {
            (Some(a), Some(b)) if Rc::ptr_eq(a, b) => false,
            (None, None) => false,
            _ => parts(self) != parts(other),
        }
    }
}

/// What one pod's containers see.
#[derive(Clone, Default)]
struct PodFiles {
    /// The content of its volumes.
    mounted: Vec<Seen>,
    /// By container: what its environment and its `subPath` mounts were made of at its start.
    started: Vec<(Str, Vec<Seen>)>,
}

/// All of it.
#[derive(Clone, Default)]
pub struct Files {
    /// By the pod's uid.
    pods: Rc<SortedMap<Str, Rc<PodFiles>>>,
    /// By place (a volume, or a container's own file system) and path in it; none: it was removed.
    written: Rc<SortedMap<(Str, Str), Option<Str>>>,
}

impl Files {
    /// The kubelet has brought these. The positions of those whose files read otherwise now.
    pub(crate) fn mount(&mut self, uid: &Str, now: Vec<Seen>) -> Vec<usize> {
        let before = self.pods.get(uid).map_or(&[][..], |p| &p.mounted);
        let differs = |s: &Seen| {
            let old = before.iter().find(|b| b.is(s.secret, &s.name));
            old.is_some_and(|old| old.differs(s))
        };
        let changed: Vec<usize> = (0..now.len()).filter(|i| differs(&now[*i])).collect();
        if !changed.is_empty() || before.is_empty() {
            let pod = Rc::make_mut(&mut self.pods).entry(uid.clone()).or_default();
            Rc::make_mut(pod).mounted = now;
        }
        changed
    }

    /// What the volume of a pod holds of an object, if it is known.
    pub(crate) fn mounted(&self, uid: &Str, secret: bool, name: &str) -> Option<&Seen> {
        let mounted = &self.pods.get(uid)?.mounted;
        mounted.iter().find(|s| s.is(secret, name))
    }

    /// A container has started with these.
    pub(crate) fn started(&mut self, uid: &Str, container: &Str, with: Vec<Seen>) {
        let pod = Rc::make_mut(&mut self.pods).entry(uid.clone()).or_default();
        let started = &mut Rc::make_mut(pod).started;
        started.retain(|(name, _)| name != container);
        started.push((container.clone(), with));
    }

    /// The pod is gone, and with it everything that was only its own.
    pub(crate) fn forget(&mut self, uid: &Str) {
        if self.pods.contains_key(uid) {
            Rc::make_mut(&mut self.pods).remove(uid);
        }
        if self.written.iter().any(|((place, _), _)| own(place, uid)) {
            Rc::make_mut(&mut self.written).retain(|(place, _), _| !own(place, uid));
        }
    }
}

/// Is a place one of a pod's own? They begin with its uid.
fn own(place: &Str, uid: &Str) -> bool {
    place.strip_prefix(uid.as_str()).is_some()
}

/// What stands at a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Look {
    /// A file with this content.
    File(Str),
    /// A directory with these names, in order.
    Directory(Vec<Str>),
    /// Nothing, as far as is known: what an image brings along is not.
    Nothing,
}

/// What is done to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileChange<'a> {
    /// It has this content now.
    Write(&'a str),
    /// This is added at its end.
    Append(&'a str),
    /// It is removed.
    Remove,
}

/// Why a file cannot be changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileError {
    /// `Read-only file system`: a ConfigMap, a Secret, a mount or a root that is read-only.
    ReadOnly,
    /// `Is a directory`.
    IsDirectory,
    /// `No such file or directory`.
    NotFound,
}

impl FileError {
    /// As programs say it.
    pub fn text(self) -> &'static str {
        match self {
            FileError::ReadOnly => "Read-only file system",
            FileError::IsDirectory => "Is a directory",
            FileError::NotFound => "No such file or directory",
        }
    }
}

/// Directories that every image has.
const ROOT: [&str; 12] = [
    "bin", "dev", "etc", "home", "mnt", "opt", "root", "run", "srv", "tmp", "usr", "var",
];

/// Where a path leads.
enum Place {
    /// Into a tree of given files: path, content.
    Given(Vec<(Str, Str)>, Str),
    /// Into what can be written: place, path in it, read-only.
    Written(Str, Str, bool),
    /// Into a volume of which nothing is known.
    Unknown,
}

/// `a/b` of `/a//./b/`.
fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// The rest of a path behind a directory.
fn below<'p>(path: &'p str, directory: &str) -> Option<&'p str> {
    if directory.is_empty() || path == directory {
        return Some(path.strip_prefix(directory).unwrap_or(path));
    }
    path.strip_prefix(directory)?.strip_prefix('/')
}

/// A pod's container, by name; the first for an empty one.
fn container_of<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    let all = || {
        let own = pod.list_at("spec.containers").iter();
        own.chain(pod.list_at("spec.initContainers"))
    };
    all().find(|c| name.is_empty() || c.str_at("name") == name)
}

/// The sources of a volume: what it is of, and which part.
fn sources(volume: &Value) -> Vec<(&'static str, &Value)> {
    let kinds = ["configMap", "secret", "downwardAPI"];
    let of = |v: &'_ Value| kinds.iter().find_map(|k| v.get(k).map(|_| *k));
    let one = std::slice::from_ref(volume);
    let list = match volume.get("projected") {
        Some(p) => p.list_at("sources"),
        None => one,
    };
    list.iter()
        .filter_map(|s| of(s).and_then(|k| Some((k, s.get(k)?))))
        .collect()
}

/// The files of a ConfigMap or Secret, decoded.
fn files_of(object: &Value, secret: bool) -> Vec<(Str, Str)> {
    let mut out = Vec::new();
    for (part, coded) in [("data", secret), ("binaryData", true)] {
        let Some(Value::Map(map)) = object.get(part) else {
            continue;
        };
        for (key, value) in map.iter() {
            let text = value.as_str().unwrap_or("");
            out.push((Str::copy(key), decoded(text, coded)));
        }
    }
    out
}

fn decoded(text: &str, coded: bool) -> Str {
    match coded.then(|| base64::decode(text)) {
        Some(Ok(bytes)) => Str::copy(&String::from_utf8_lossy(&bytes)),
        _ => Str::copy(text),
    }
}

/// A field of the pod as `fieldRef` names it.
fn field(pod: &Value, path: &str) -> Str {
    let marked = path
        .strip_suffix("']")
        .and_then(|p| p.split_once("['"))
        .map(|(map, key)| (map, Some(key)));
    let (at, key) = marked.unwrap_or((path, None));
    match (pod.at(at), key) {
        (Some(map), Some(key)) => map.get(key).and_then(Value::as_str).map(Str::copy),
        (Some(Value::Map(map)), None) => {
            let line = |(k, v): (&Str, &Value)| {
                format!("{k}=\"{}\"", v.as_str().unwrap_or("").escape_default())
            };
            let lines: Vec<String> = map.iter().map(line).collect();
            Some(lines.join("\n").into())
        }
        (Some(value), None) => value.as_str().map(Str::copy),
        (None, _) => None,
    }
    .unwrap_or_default()
}

struct Container<'a> {
    world: &'a World,
    pod: &'a Object,
    spec: &'a Value,
}

impl<'a> Container<'a> {
    fn of(world: &'a World, namespace: &str, pod: &str, container: &str) -> Option<Container<'a>> {
        let key = ObjectKey::new(Kind::POD, Str::copy(namespace), Str::copy(pod));
        let pod = world.store.get(&key)?;
        Some(Container {
            world,
            pod,
            spec: container_of(&pod.value, container)?,
        })
    }

    fn name(&self) -> &'a str {
        self.spec.str_at("name")
    }

    /// What the container got of an object at its start, or the object as it is for a pod that was there before.
    fn at_start(&self, secret: bool, name: &str) -> Option<Rc<Object>> {
        let files = self.world.files.pods.get(&self.pod.meta.uid);
        let started = files.and_then(|f| f.started.iter().find(|(c, _)| *c == self.name()));
        match started.and_then(|(_, s)| s.iter().find(|s| s.is(secret, name))) {
            Some(seen) => seen.object.clone(),
            None => self.present(secret, name),
        }
    }

    /// A resource of a container of the pod, as `resourceFieldRef` asks.
    fn resource(&self, asked: &Value) -> Str {
        let container = match asked.str_at("containerName") {
            "" => Some(self.spec),
            name => container_of(&self.pod.value, name),
        };
        let node = self.pod.value.shared_str_at("spec.nodeName");
        let node = node.unwrap_or_default();
        let node = ObjectKey::new(Kind::NODE, Str::default(), node);
        let node = self.world.store.get(&node);
        let allocatable = node.and_then(|n| n.value.at("status.allocatable"));
        container.map_or_else(Str::default, |c| {
            crate::downward::container_resource(asked, c, allocatable)
        })
    }

    fn present(&self, secret: bool, name: &str) -> Option<Rc<Object>> {
        let name = Str::copy(name);
        Seen::now(self.world, &self.pod.meta.namespace, secret, &name).object
    }

    /// The files of a volume that is made of objects. `fixed`: as they were at the container's start.
    fn given(&self, volume: &Value, fixed: bool) -> Vec<(Str, Str)> {
        let mut out = Vec::new();
        for (kind, source) in sources(volume) {
            let items = source.list_at("items");
            if kind == "downwardAPI" {
                for i in items {
                    let text = match i.get("resourceFieldRef") {
                        Some(r) => self.resource(r),
                        None => field(&self.pod.value, i.str_at("fieldRef.fieldPath")),
                    };
                    out.push((i.shared_str_at("path").unwrap_or_default(), text));
                }
                continue;
            }
            let secret = kind == "secret";
            let name = match source.str_at("secretName") {
                "" => source.str_at("name"),
                name => name,
            };
            let brought = self.world.files.mounted(&self.pod.meta.uid, secret, name);
            let object = match brought {
                _ if fixed => self.at_start(secret, name),
                Some(seen) => seen.object.clone(),
                None => self.present(secret, name),
            };
            let all = object.map_or_else(Vec::new, |o| files_of(&o.value, secret));
            if items.is_empty() {
                out.extend(all);
                continue;
            }
            for i in items {
                let found = all.iter().find(|(k, _)| k == i.str_at("key"));
                out.extend(found.map(|(_, t)| (tidy(i.str_at("path")).into(), t.clone())));
            }
        }
        out
    }

    /// Where a path leads.
    fn place(&self, path: &str) -> Place {
        let path = tidy(path);
        let mounts = self.spec.list_at("volumeMounts").iter();
        let mut best: Option<(&Value, usize)> = None;
        for mount in mounts {
            let at = tidy(mount.str_at("mountPath"));
            if below(&path, &at).is_some() && best.is_none_or(|(_, n)| at.len() >= n) {
                best = Some((mount, at.len()));
            }
        }
        let uid = &self.pod.meta.uid;
        let Some((mount, length)) = best else {
            let statuses = self.pod.value.list_at("status.containerStatuses").iter();
            let own = statuses
                .into_iter()
                .find(|s| s.str_at("name") == self.name());
            let run = own.map_or("", |s| s.str_at("containerID"));
            let read_only = self.spec.at("securityContext.readOnlyRootFilesystem");
            let read_only = read_only.and_then(Value::as_bool).unwrap_or(false);
            let place = Str::concat(&[uid, "/", self.name(), "#", run]);
            return Place::Written(place, path.into(), read_only);
        };
        let rest = tidy(&path[length.min(path.len())..]);
        let sub = match mount.str_at("subPath") {
            "" => tidy(mount.str_at("subPathExpr")),
            sub => tidy(sub),
        };
        let inside: Str = match (sub.is_empty(), rest.is_empty()) {
            (true, _) => rest.into(),
            (false, true) => Str::copy(&sub),
            (false, false) => Str::concat(&[&sub, "/", &rest]),
        };
        let name = mount.str_at("name");
        let volumes = self.pod.value.list_at("spec.volumes").iter();
        let Some(volume) = volumes.into_iter().find(|v| v.str_at("name") == name) else {
            return Place::Unknown;
        };
        let read_only = mount.bool_at("readOnly");
        if let Some(claim_name) = volume.shared_str_at("persistentVolumeClaim.claimName") {
            let found = claim(self.world, &self.pod.meta.namespace, &claim_name);
            let Some(pv) = found.and_then(|c| volume_of(self.world, &c)) else {
                return Place::Unknown;
            };
            let place = Str::concat(&["volume:", &pv.meta.name]);
            return Place::Written(place, inside, read_only);
        }
        if volume.get("emptyDir").is_some() {
            let place = Str::concat(&[uid, "/", "empty:", name]);
            return Place::Written(place, inside, read_only);
        }
        if let Some(host) = volume.shared_str_at("hostPath.path") {
            let node = self.pod.value.str_at("spec.nodeName");
            return Place::Written(Str::concat(&["host:", node, ":", &host]), inside, read_only);
        }
        let given = self.given(volume, !sub.is_empty());
        if given.is_empty() && sources(volume).is_empty() {
            return Place::Unknown;
        }
        Place::Given(given, inside)
    }

    /// Directories that mounts make.
    fn mount_points(&self, path: &str) -> Vec<Str> {
        let mut out = Vec::new();
        for mount in self.spec.list_at("volumeMounts") {
            let at = tidy(mount.str_at("mountPath"));
            if let Some(rest) = below(&at, path).filter(|r| !r.is_empty()) {
                add(&mut out, rest.split('/').next().unwrap_or(rest));
            }
        }
        out
    }
}

/// Adds a name in its place, once.
fn add(list: &mut Vec<Str>, name: &str) {
    if let Err(at) = list.binary_search_by(|n| n.as_str().cmp(name)) {
        list.insert(at, Str::copy(name));
    }
}

/// What stands at a path of a tree.
fn look<'a>(tree: impl Iterator<Item = (&'a Str, &'a Str)>, path: &str) -> Look {
    let mut names = Vec::new();
    let mut any = path.is_empty();
    for (at, content) in tree {
        let Some(rest) = below(at, path) else {
            continue;
        };
        if rest.is_empty() {
            return Look::File(content.clone());
        }
        any = true;
        add(&mut names, rest.split('/').next().unwrap_or(rest));
    }
    if any {
        Look::Directory(names)
    } else {
        Look::Nothing
    }
}

impl World {
    fn written(&self, place: &Str, path: &str) -> Look {
        let from = (place.clone(), Str::default());
        let tree = self.files.written.range_from(&from);
        let tree = tree
            .take_while(|((p, _), _)| p == place)
            .filter_map(|((_, at), content)| Some((at, content.as_ref()?)));
        look(tree, path)
    }

    /// What stands at a path of a container now. None: there is no such container.
    pub fn look_at(&self, namespace: &str, pod: &str, container: &str, path: &str) -> Option<Look> {
        let c = Container::of(self, namespace, pod, container)?;
        let mut found = match c.place(path) {
            Place::Given(files, at) => look(files.iter().map(|(k, v)| (k, v)), &at),
            Place::Written(place, at, _) => {
                let system = place.contains('#');
                match self.written(&place, &at) {
                    Look::Directory(mut names) if system && at.is_empty() => {
                        ROOT.iter().for_each(|n| add(&mut names, n));
                        Look::Directory(names)
                    }
                    Look::Nothing if system && ROOT.contains(&at.as_str()) => {
                        Look::Directory(Vec::new())
                    }
                    other => other,
                }
            }
            Place::Unknown => Look::Nothing,
        };
        let points = c.mount_points(&tidy(path));
        if !points.is_empty() && !matches!(found, Look::File(_)) {
            if found == Look::Nothing {
                found = Look::Directory(Vec::new());
            }
            if let Look::Directory(names) = &mut found {
                points.iter().for_each(|n| add(names, n));
            }
        }
        Some(found)
    }

    /// Changes a file in a container, for a command that runs in it.
    pub fn change_file(
        &mut self,
        namespace: &str,
        pod: &str,
        container: &str,
        path: &str,
        change: FileChange<'_>,
    ) -> Result<(), FileError> {
        let found = self.look_at(namespace, pod, container, path);
        let found = found.ok_or(FileError::NotFound)?;
        let c = Container::of(self, namespace, pod, container).ok_or(FileError::NotFound)?;
        let (place, at) = match c.place(path) {
            Place::Written(place, at, false) => (place, at),
            Place::Written(_, _, true) | Place::Given(..) => return Err(FileError::ReadOnly),
            Place::Unknown => return Err(FileError::NotFound),
        };
        if matches!(found, Look::Directory(_)) {
            return Err(FileError::IsDirectory);
        }
        let parent = tidy(path);
        let parent = parent.rsplit_once('/').map_or("", |(p, _)| p);
        if found == Look::Nothing {
            let there = self.look_at(namespace, pod, container, parent);
            let there = matches!(there, Some(Look::Directory(_)));
            if change == FileChange::Remove || !there {
                return Err(FileError::NotFound);
            }
        }
        let content = match (change, found) {
            (FileChange::Remove, _) => None,
            (FileChange::Append(more), Look::File(old)) => Some(Str::concat(&[&old, more])),
            (FileChange::Append(text) | FileChange::Write(text), _) => Some(Str::copy(text)),
        };
        let name = c.spec.shared_str_at("name").unwrap_or_default();
        let on = ObjectKey::new(Kind::POD, Str::copy(namespace), Str::copy(pod));
        Rc::make_mut(&mut self.files.written).insert((place, at), content);
        let why = KubeletDecision::Wrote {
            container: name,
            path: Str::concat(&["/", &tidy(path)]),
            removed: change == FileChange::Remove,
        };
        self.decide((on, why));
        Ok(())
    }

    /// The variables of a container as its spec and the objects made them at its start, in the order of the kubelet:
    /// `envFrom`, then `env`. A later one of the same name takes the place of an earlier one.
    pub fn environment(&self, namespace: &str, pod: &str, container: &str) -> Vec<(Str, Str)> {
        let mut out: Vec<(Str, Str)> = Vec::new();
        let Some(c) = Container::of(self, namespace, pod, container) else {
            return out;
        };
        let mut put = |name: Str, value: Str| match out.iter_mut().find(|(n, _)| *n == name) {
            Some(slot) => slot.1 = value,
            None => out.push((name, value)),
        };
        for from in c.spec.list_at("envFrom") {
            let secret = from.get("secretRef").is_some();
            let name = from.str_at(if secret {
                "secretRef.name"
            } else {
                "configMapRef.name"
            });
            let Some(object) = c.at_start(secret, name) else {
                continue;
            };
            for (key, text) in files_of(&object.value, secret) {
                put(Str::concat(&[from.str_at("prefix"), &key]), text);
            }
        }
        for e in c.spec.list_at("env") {
            let name = e.shared_str_at("name").unwrap_or_default();
            let of = |at: &str, secret: bool| {
                let r = e.at(at)?;
                let object = c.at_start(secret, r.str_at("name"))?;
                let files = files_of(&object.value, secret);
                let found = files.into_iter().find(|(k, _)| k == r.str_at("key"));
                found.map(|(_, text)| text)
            };
            let value = match e.get("valueFrom") {
                None => Some(e.shared_str_at("value").unwrap_or_default()),
                Some(v) if v.get("fieldRef").is_some() => {
                    Some(field(&c.pod.value, v.str_at("fieldRef.fieldPath")))
                }
                Some(v) if v.get("resourceFieldRef").is_some() => {
                    v.get("resourceFieldRef").map(|r| c.resource(r))
                }
                Some(_) => of("valueFrom.configMapKeyRef", false)
                    .or_else(|| of("valueFrom.secretKeyRef", true)),
            };
            if let Some(value) = value {
                put(name, value);
            }
        }
        out
    }
}
