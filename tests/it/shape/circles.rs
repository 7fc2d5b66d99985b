//! No files use each other in a circle, so you can read each of them after those that it uses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The folders whose files form no circle. `src` follows when it has none either.
const FOLDERS: [&str; 1] = ["simulator/src"];

/// The path of a module from its crate's root, such as `["git", "read"]`.
type Module = Vec<String>;

fn words(path: &str) -> impl Iterator<Item = &str> {
    path.split("::").map(str::trim)
}

/// The code of each module without comments and unit tests.
fn modules(root: &Path) -> BTreeMap<Module, String> {
    let mut modules = BTreeMap::new();
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
            // The program uses the library from outside.
            if module == ["main"] || module.iter().any(is_test) {
                continue;
            }
            let text = fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let lines = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let code = lines.map(|line| format!("\n{line}")).collect();
            modules.insert(module, code);
        }
    }
    modules
}

/// The paths that a `use` names, such as `a::b` and `a::c` for `a::{b, c}`.
fn expand(tree: &str, before: &str, into: &mut Vec<String>) {
    let Some((head, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap();
        into.push(format!("{before}{}", path.trim()));
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
                expand(&group[start..at], &before, into);
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The paths in the code of a module with such children that can name another module.
fn paths<'a>(code: &str, children: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut paths = Vec::new();
    for statement in code.split(';') {
        let line_start = statement.rfind("\nuse ").or(statement.rfind(" use "));
        if let Some(at) = line_start {
            expand(&statement[at + 5..], "", &mut paths);
        }
    }
    let mut starts = vec!["crate".to_owned(), "super".to_owned()];
    starts.extend(children.cloned());
    for start in starts {
        for (at, _) in code.match_indices(&format!("{start}::")) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || "_:".contains(c)) {
                continue;
            }
            let is_of_path = |c: char| c.is_alphanumeric() || "_:".contains(c);
            let path = code[at..].split(|c| !is_of_path(c)).next().unwrap();
            // The group of a `use` is expanded above.
            if !code[at + path.len()..].starts_with('{') {
                paths.push(path.to_owned());
            }
        }
    }
    paths
}

/// The module that a path in `from` names, or that has what it names.
fn resolve(path: &str, from: &Module, modules: &BTreeMap<Module, String>) -> Option<Module> {
    let mut at = from.clone();
    let mut is_relative = true;
    for (depth, word) in words(path).enumerate() {
        match word {
            "crate" => (at, is_relative) = (Vec::new(), false),
            "self" => is_relative = false,
            "super" => {
                at.pop();
                is_relative = false;
            }
            _ => {
                at.push(word.to_owned());
                if !modules.contains_key(&at) {
                    at.pop();
                    // A path that begins with no module begins with a crate or a type.
                    return (!is_relative || depth > 0).then_some(at);
                }
            }
        }
    }
    Some(at)
}

fn arrows(root: &Path) -> Arrows {
    let modules = modules(root);
    let used = modules.iter().map(|(module, code)| {
        let children = modules.keys().filter_map(|child| {
            let (name, parent) = child.split_last()?;
            (parent == *module).then_some(name)
        });
        let paths = paths(code, children);
        let used = paths
            .iter()
            .filter_map(|path| resolve(path, module, &modules));
        let others = used.filter(|other| other != module).collect();
        (module.clone(), others)
    });
    used.collect()
}

type Arrows = BTreeMap<Module, BTreeSet<Module>>;

/// Whether arrows lead from one module to the other.
fn leads(from: &Module, to: &Module, arrows: &Arrows) -> bool {
    let (mut reached, mut left) = (BTreeSet::new(), vec![from]);
    while let Some(module) = left.pop() {
        if reached.insert(module) {
            left.extend(&arrows[module]);
        }
    }
    reached.contains(to)
}

/// The arrows that lie on a circle.
fn circles(arrows: &Arrows) -> Vec<(&Module, &Module)> {
    let all = arrows.iter();
    let all = all.flat_map(|(from, used)| used.iter().map(move |to| (from, to)));
    all.filter(|(from, to)| leads(to, from, arrows)).collect()
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    for folder in FOLDERS {
        let root = PathBuf::from(folder);
        let arrows = arrows(&root);
        assert!(arrows.len() > 20, "{folder}: {arrows:?}");
        assert!(arrows.values().flatten().count() > arrows.len());
        let circles: Vec<String> = circles(&arrows)
            .iter()
            .map(|(from, to)| format!("{} -> {}", from.join("::"), to.join("::")))
            .collect();
        assert!(
            circles.is_empty(),
            "circles in {folder}:\n{}",
            circles.join("\n")
        );
    }
}

#[test]
fn a_circle_is_found() {
    let code = "\nuse std::fmt;\nuse super::{e, b::{C, D}};\nlet f = crate::g::h();\n child::i();";
    let child = ["child".to_owned()];
    let found = paths(code, child.iter());
    for path in [
        "std::fmt",
        "super::b::C",
        "super::e",
        "crate::g::h",
        "child::i",
    ] {
        assert!(found.contains(&path.to_owned()), "{path}: {found:?}");
    }
    let module = |path: &str| words(path).map(str::to_owned).collect::<Module>();
    let arrow = |from, to: &[&str]| {
        let used = to.iter().map(|to| module(to)).collect::<BTreeSet<_>>();
        (module(from), used)
    };
    let mut arrows = BTreeMap::from([
        arrow("a", &["b"]),
        arrow("b", &["c::d"]),
        arrow("c::d", &["e"]),
        arrow("e", &[]),
    ]);
    assert!(circles(&arrows).is_empty());
    arrows.extend([arrow("c::d", &["b", "e"])]);
    let found = circles(&arrows);
    let (b, d) = (module("b"), module("c::d"));
    assert_eq!(found, [(&b, &d), (&d, &b)]);
}
