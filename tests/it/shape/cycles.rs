//! No files depend on each other in a cycle, so you can read each file after the ones that it uses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The folders whose files must have no cycles.
const FOLDERS: [&str; 2] = ["simulator/src", "src"];

/// The path of a module from its crate's root, such as `["git", "read"]`.
type Module = Vec<String>;

type Sources = BTreeMap<Module, Source>;

/// The modules that each module uses.
type Dependencies = BTreeMap<Module, BTreeSet<Module>>;

fn words(path: &str) -> impl Iterator<Item = &str> {
    path.split("::").map(str::trim)
}

/// An import.
struct Use {
    path: String,
    /// The name of the import in the module.
    name: String,
    is_public: bool,
}

/// A file, without comments and unit tests.
struct Source {
    uses: Vec<Use>,
    /// Everything except the imports.
    code: String,
}

impl Source {
    fn parse(text: &str) -> Self {
        let (mut uses, mut code) = (Vec::new(), String::new());
        let mut partial: Option<(bool, String)> = None;
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for line in text.lines().map(str::trim) {
            if line.starts_with("//") {
                continue;
            }
            let (is_public, tree) = match (partial.take(), line.split_once("use ")) {
                (Some((is_public, tree)), _) => (is_public, tree + line),
                (None, Some((before, tree))) if before.is_empty() || before.starts_with("pub") => {
                    (!before.is_empty(), tree.to_owned())
                }
                _ => {
                    code.push_str(line);
                    code.push('\n');
                    continue;
                }
            };
            match tree.strip_suffix(';') {
                Some(tree) => expand(tree, "", is_public, &mut uses),
                None => partial = Some((is_public, tree)),
            }
        }
        Self { uses, code }
    }

    /// The paths in the code, and the paths of the imports.
    fn paths<'a>(&self, children: impl Iterator<Item = &'a str>) -> Vec<String> {
        let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
        let names: BTreeSet<&str> = self.code.split(|c| !is_of_name(c)).collect();
        // A re-exported name counts as a use only if the module itself uses it.
        let used = |one: &&Use| !one.is_public || names.contains(&*one.name);
        let uses = self.uses.iter().filter(used);
        let mut paths: Vec<String> = uses.map(|one| one.path.clone()).collect();

        for root in ["crate", "super"].into_iter().chain(children) {
            for (at, _) in self.code.match_indices(&format!("{root}::")) {
                let is_of_path = |c: char| is_of_name(c) || c == ':';
                if !self.code[..at].ends_with(is_of_path) {
                    let path = self.code[at..].split(|c| !is_of_path(c)).next().unwrap();
                    paths.push(path.to_owned());
                }
            }
        }
        paths
    }
}

/// Splits the tree of a `use`, such as `a::{b, c as d}`, into its paths.
fn expand(tree: &str, before: &str, is_public: bool, into: &mut Vec<Use>) {
    let Some((head, group)) = tree.split_once('{') else {
        let (path, name) = match tree.split_once(" as ") {
            Some((path, name)) => (path, name),
            None => (tree, tree.rsplit("::").next().unwrap()),
        };
        into.push(Use {
            path: format!("{before}{}", path.trim()),
            name: name.trim().to_owned(),
            is_public,
        });
        return;
    };
    let before = format!("{before}{}", head.trim());
    let group = group.trim_end();
    let group = group.strip_suffix('}').unwrap_or(group);
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices().chain([(group.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&group[start..at], &before, is_public, into);
                start = at + 1;
            }
            _ => {}
        }
    }
}

fn sources(root: &Path) -> Sources {
    let mut sources = Sources::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut module: Module = path
                .strip_prefix(root)
                .unwrap()
                .with_extension("")
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            module.pop_if(|last| ["lib", "mod"].contains(&last.as_str()));
            let is_test = |part: &String| ["tests", "properties"].contains(&part.as_str());
            // The binary uses the library from outside.
            if module != ["main"] && !module.iter().any(is_test) {
                let text = fs::read_to_string(path).unwrap();
                sources.insert(module, Source::parse(&text));
            }
        }
    }
    sources
}

/// The module that defines a path used in `from`, with re-exports resolved.
fn resolve(path: &str, from: &Module, sources: &Sources) -> Option<Module> {
    let mut at = from.clone();
    let mut is_relative = true;
    for (depth, word) in words(path).enumerate() {
        match word {
            "crate" => at = Vec::new(),
            "self" => {}
            "super" => drop(at.pop()),
            _ => {
                at.push(word.to_owned());
                if !sources.contains_key(&at) {
                    at.pop();
                    // A path that doesn't start with a module starts with a crate or a type.
                    if is_relative && depth == 0 {
                        return None;
                    }
                    let mut uses = sources[&at].uses.iter();
                    let found = uses.find(|one| one.is_public && one.name == word);
                    let further = found.filter(|_| at != *from || depth > 0);
                    let target = further.and_then(|one| resolve(&one.path, &at, sources));
                    return target.or(Some(at));
                }
            }
        }
        is_relative = false;
    }
    Some(at)
}

fn dependencies(sources: &Sources) -> Dependencies {
    let used = sources.iter().map(|(module, source)| {
        let children = sources.keys().filter_map(|child| {
            let (name, parent) = child.split_last()?;
            (parent == *module).then_some(name.as_str())
        });
        let paths = source.paths(children);
        let used = paths
            .iter()
            .filter_map(|path| resolve(path, module, sources));
        let others = used.filter(|other| other != module).collect();
        (module.clone(), others)
    });
    used.collect()
}

/// Whether one module uses the other, directly or not.
fn is_reachable(from: &Module, to: &Module, dependencies: &Dependencies) -> bool {
    let (mut reached, mut left) = (BTreeSet::new(), vec![from]);
    while let Some(module) = left.pop() {
        if reached.insert(module) {
            left.extend(&dependencies[module]);
        }
    }
    reached.contains(to)
}

/// The dependencies that are part of a cycle.
fn cycles(dependencies: &Dependencies) -> Vec<(&Module, &Module)> {
    let all = dependencies.iter();
    let all = all.flat_map(|(from, used)| used.iter().map(move |to| (from, to)));
    all.filter(|(from, to)| is_reachable(to, from, dependencies))
        .collect()
}

#[test]
fn no_files_use_each_other_in_a_cycle() {
    for folder in FOLDERS {
        let mut dependencies = dependencies(&sources(Path::new(folder)));
        assert!(dependencies.len() > 20, "{folder}: {dependencies:?}");
        assert!(dependencies.values().flatten().count() > dependencies.len());
        // A file may use what its parent defines, because you read the two together.
        for (module, used) in &mut dependencies {
            used.retain(|other| !module.starts_with(other));
        }
        let cycles: Vec<String> = cycles(&dependencies)
            .iter()
            .map(|(from, to)| format!("{} -> {}", from.join("::"), to.join("::")))
            .collect();
        assert!(
            cycles.is_empty(),
            "circles in {folder}:\n{}",
            cycles.join("\n")
        );
    }
}

#[test]
fn a_cycle_is_found() {
    let module = |path: &str| words(path).map(str::to_owned).collect::<Module>();
    let source = |path, text| (module(path), Source::parse(text));
    let mut sources = Sources::from([
        source(
            "a",
            "use std::fmt;\nuse crate::b::{self,\n e, c::{D, E as F}};",
        ),
        source("b", "pub(crate) use c::D;\nmod c;\nfn f() {}"),
        source("b::c", "// use crate::a;\nuse super::f;"),
        source("e", "fn g() -> crate::b::D {}"),
    ]);
    let found = dependencies(&sources);
    let used = |from: &[Module]| BTreeSet::from_iter(from.iter().cloned());
    assert_eq!(found[&module("a")], used(&[module("b"), module("b::c")]));
    assert_eq!(found[&module("b")], used(&[]));
    assert_eq!(found[&module("b::c")], used(&[module("b")]));
    assert_eq!(found[&module("e")], used(&[module("b::c")]));
    assert_eq!(cycles(&found), []);
    sources.extend([source("b", "pub use c::D;\nfn f() -> D {}")]);
    let found = dependencies(&sources);
    let (b, c) = (module("b"), module("b::c"));
    assert_eq!(cycles(&found), [(&b, &c), (&c, &b)]);
}
