//! The house rules, enforced: floors, sizes, and what the library never does.
//!
//! Source is looked at with strings and comments blanked out, by a small scanner that knows just
//! enough of Rust's lexis (strings, raw strings, characters, nested comments) to do that.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors, from the lowest; modules of one line are floor-mates and do not import each other.
const FLOORS: &[&[&str]] = &[
    &["base"],
    &["sys"],
    &["chunker", "compress", "crypto", "store"],
    &["pack"],
    &["index"],
    &["repo"],
    &["backup", "browse", "restore", "system", "maintain"],
    &["runbook", "drill", "plan"],
    &["ui", "notify", "metrics"],
    &["cli"],
];

/// Every backend and wrapper of `store`, and the file in which the contract is run on it.
const STORES: &[(&str, &str)] = &[
    ("DelayedStore", "src/store/delay.rs"),
    ("DirectoryStore", "src/store/tests.rs"),
    ("FaultyStore", "src/store/faulty.rs"),
    ("InlineStore", "src/store/tests.rs"),
    ("LimitStore", "src/store/limit/tests.rs"),
    ("MemoryStore", "src/store/tests.rs"),
    ("RecordingStore", "src/store/recording.rs"),
    ("ReplicatedStore", "src/store/replicas/tests.rs"),
    ("RetryStore", "src/store/retry/tests.rs"),
    ("S3Store", "src/store/s3/tests/mod.rs"),
    ("TimedStore", "src/store/timed/tests.rs"),
    ("TimeoutStore", "src/store/timeout.rs"),
];
/// It takes no writes, and so cannot run a contract of writes; its own tests compare it with what it shows.
const READ_ONLY_STORES: &[&str] = &["PastStore"];

const FILE_MAX_LINES: usize = 500;
const FUNCTION_MAX_LINES: usize = 70;
const LINE_MAX_COLUMNS: usize = 110;

/// One source file.
struct Source {
    /// Its path below the project, such as `src/ui/table.rs`.
    name: String,
    text: String,
    /// The same, of the same length in lines, without comments and what strings hold.
    code: String,
    /// The line where its tests begin, counted from 0.
    tests_from: usize,
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let code = blank(&text);
        // `fixture.rs` is for tests alone; the stores' contract is a test suite that every backend runs.
        let tests = ["/tests.rs", "/fixture.rs", "/store/contract.rs"];
        let whole = tests.iter().any(|end| name.ends_with(end))
            || name.starts_with("tests/")
            || name.contains("/tests/");
        let marked = code.lines().position(|line| line.trim_start().starts_with("#[cfg(test)]"));
        let tests_from = if whole { 0 } else { marked.unwrap_or(usize::MAX) };
        Self { name, text, code, tests_from }
    }

    fn floor_module(&self) -> Option<&str> {
        let below = self.name.strip_prefix("src/")?;
        let module = below.split('/').next()?;
        Some(module.strip_suffix(".rs").unwrap_or(module))
    }

    /// Lines of code outside tests, with their numbers counted from 1.
    fn shipped(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().take(self.tests_from).enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Whether line `number` or the one before it has a comment.
    fn is_explained(&self, number: usize) -> bool {
        let lines: Vec<&str> = self.text.lines().collect();
        let above = number.checked_sub(2).and_then(|index| lines.get(index));
        lines[number - 1].contains("//") || above.is_some_and(|line| line.trim_start().starts_with("//"))
    }
}

fn sources(below: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![root.join(below)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push(Source::new(name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty());
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

/// Fails with every complaint at once.
fn expect_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn imports_go_strictly_downward() {
    expect_none(sources("src").iter().flat_map(upward_imports).collect());
}

fn upward_imports(source: &Source) -> Vec<String> {
    let floor_of = |module: &str| FLOORS.iter().position(|floor| floor.contains(&module));
    let Some(own) = source.floor_module().filter(|module| !matches!(*module, "lib" | "main")) else {
        return Vec::new();
    };
    let mut complaints = Vec::new();
    let Some(own_floor) = floor_of(own) else {
        return vec![format!("{}: `{own}` stands on no floor", source.name)];
    };
    for (index, line) in source.code.lines().enumerate() {
        let mut complain = |what: String| complaints.push(format!("{}:{}: {what}", source.name, index + 1));
        for (at, _) in line.match_indices("crate::") {
            // `$crate` belongs to a macro and names the same floors; another crate's `x_crate` does not.
            if line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &line[at + "crate::".len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            match (&rest[..end], floor_of(&rest[..end])) {
                ("", _) => complain("an import names its floor: neither `crate::*` nor `crate::{…}`".into()),
                (module, _) if module == own => {}
                (_, Some(floor)) if floor < own_floor => {}
                (module, Some(_)) => complain(format!("`{own}` must not import `{module}`")),
                (module, None) => complain(format!("`{module}` stands on no floor")),
            }
        }
        if line.contains("super::super::") {
            complain("`super::super::` hides which floor is meant".into());
        }
    }
    complaints
}

#[test]
fn every_file_says_what_it_is_for_and_is_not_too_long() {
    let mut complaints = Vec::new();
    for source in sources("src").iter().chain(&sources("tests")) {
        if !source.text.starts_with("//! ") {
            complaints.push(format!("{}: it does not open with `//!`", source.name));
        }
        let lines = source.shipped().count();
        if lines > FILE_MAX_LINES {
            complaints.push(format!("{}: {lines} lines before its tests", source.name));
        }
        for (index, line) in source.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > LINE_MAX_COLUMNS {
                complaints.push(format!("{}:{}: {columns} columns", source.name, index + 1));
            }
        }
    }
    expect_none(complaints);
}

#[test]
fn functions_fit_a_screen() {
    let mut complaints = Vec::new();
    for source in sources("src") {
        for (line, name, length) in functions(&source) {
            if length > FUNCTION_MAX_LINES {
                complaints.push(format!("{}:{line}: `{name}` has {length} lines", source.name));
            }
        }
    }
    expect_none(complaints);
}

/// The functions outside tests: where each begins, its name, and its length in lines.
fn functions(source: &Source) -> Vec<(usize, String, usize)> {
    let lines: Vec<&str> = source.shipped().map(|(_, line)| line).collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(at) = words.iter().position(|word| *word == "fn") else { continue };
        let Some(name) = words.get(at + 1) else { continue };
        let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let (mut depth, mut inner, mut begun, mut end) = (0i64, 0i64, false, index);
        'body: for (offset, line) in lines[index..].iter().enumerate() {
            for c in line.chars() {
                match c {
                    '{' => (depth, begun) = (depth + 1, true),
                    '}' => depth -= 1,
                    '(' | '[' => inner += 1,
                    ')' | ']' => inner -= 1,
                    // A declaration without a body; the `;` of an array's type stands inside.
                    ';' if !begun && inner == 0 => break 'body,
                    _ => {}
                }
                if begun && depth == 0 {
                    end = index + offset;
                    break 'body;
                }
            }
        }
        found.push((index + 1, name, end - index + 1));
    }
    found
}

#[test]
fn the_library_does_none_of_what_only_the_command_line_may_do() {
    let mut complaints = Vec::new();
    for source in sources("src") {
        let module = source.floor_module().unwrap_or_default().to_owned();
        let faces = matches!(module.as_str(), "cli" | "ui" | "main");
        let rules: &[(&[&str], bool, &str)] = &[
            (&["println!", "eprintln!", "print!(", "eprint!(", "dbg!"], faces, "the library never prints"),
            (&["std::env::", "env::var", "env::vars"], module == "cli", "only cli reads the environment"),
            (&["process::exit", "process::abort"], module == "cli", "the library never ends the process"),
            (&["unsafe "], module == "sys", "unsafe stands in sys alone"),
            (&["todo!", "unimplemented!"], false, "nothing is left for later"),
            (&["use crate::*"], false, "every import names its floor"),
        ];
        let own = format!("pub use crate::{module}::");
        for (number, line) in source.shipped() {
            if line.contains("pub use crate::") && !line.contains(&own) {
                complaints.push(format!("{}:{number}: a re-export hides a floor: {line}", source.name));
            }
            for (words, allowed, rule) in rules {
                if !allowed && words.iter().any(|word| line.contains(word)) {
                    complaints.push(format!("{}:{number}: {rule}: {}", source.name, line.trim()));
                }
            }
        }
    }
    expect_none(complaints);
}

#[test]
fn what_may_panic_and_what_is_unsafe_is_explained() {
    let mut complaints = Vec::new();
    for source in sources("src") {
        for (number, line) in source.shipped() {
            let may_panic =
                [".unwrap()", ".expect(", "unreachable!", "panic!("].iter().any(|word| line.contains(word));
            if may_panic && !source.is_explained(number) {
                complaints.push(format!("{}:{number}: no reason beside it: {}", source.name, line.trim()));
            }
        }
        for (number, line) in source.code.lines().enumerate().map(|(index, line)| (index + 1, line)) {
            let is_block = line.contains("unsafe {") || line.contains("unsafe impl");
            let above = source.text.lines().take(number).skip(number.saturating_sub(8));
            if is_block && !above.into_iter().any(|line| line.contains("SAFETY:")) {
                complaints.push(format!("{}:{number}: no `SAFETY:` above it", source.name));
            }
        }
        for (number, line) in source.text.lines().enumerate() {
            if ["TODO", "FIXME", "XXX"].iter().any(|word| line.contains(word)) {
                complaints.push(format!("{}:{}: {}", source.name, number + 1, line.trim()));
            }
        }
    }
    expect_none(complaints);
}

/// `source` with comments, and what strings and characters hold, replaced by spaces.
fn blank(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = token_end(&chars, at);
        match end {
            Some(end) => {
                code.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
                at = end;
            }
            None => {
                code.push(chars[at]);
                at += 1;
            }
        }
    }
    code
}

/// Where the comment, string or character that begins at `at` ends; `None` where none begins.
fn token_end(chars: &[char], at: usize) -> Option<usize> {
    let next = chars.get(at + 1).copied();
    let word_before = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match chars[at] {
        '/' if next == Some('/') => Some(find(chars, at, |c| c == '\n')),
        '/' if next == Some('*') => Some(comment_end(chars, at)),
        '"' => Some(string_end(chars, at + 1)),
        'r' if !word_before || chars[at - 1] == 'b' => raw_string_end(chars, at + 1),
        // A lifetime has no second quote.
        '\'' if next == Some('\\') => Some(find(chars, at + 3, |c| c == '\'') + 1),
        '\'' if chars.get(at + 2) == Some(&'\'') => Some(at + 3),
        _ => None,
    }
}

fn find(chars: &[char], from: usize, is_it: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|at| is_it(chars[*at])).unwrap_or(chars.len())
}

fn comment_end(chars: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_end(chars: &[char], from: usize) -> usize {
    let mut at = from;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn raw_string_end(chars: &[char], from: usize) -> Option<usize> {
    let hashes = chars[from.min(chars.len())..].iter().take_while(|c| **c == '#').count();
    if chars.get(from + hashes) != Some(&'"') {
        return None;
    }
    let closes = |at: usize| chars[at] == '"' && (1..=hashes).all(|n| chars.get(at + n) == Some(&'#'));
    let end = (from + hashes + 1..chars.len()).find(|at| closes(*at));
    Some(end.map_or(chars.len(), |end| end + 1 + hashes))
}

#[test]
fn the_scanner_tells_code_from_what_only_looks_like_it() {
    let source = "a(\"} \\\" {\"); // b\nr#\"c\"d\"#; '{'; '\\''; &'e f; /* g /* h */ i */ j b\"k\"";
    let code = blank(source);
    assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), "a( ); ; ; ; &'e f; j b");
    assert_eq!(code.lines().count(), source.lines().count());
}

#[test]
fn the_rules_find_what_they_are_for() {
    let source = |name: &str, text: &str| Source::new(name.into(), text.into());
    for (name, text, complaints) in [
        ("src/ui/a.rs", "use crate::base::ids;", 0),
        ("src/ui/a.rs", "use crate::ui::style; // crate::cli", 0),
        ("src/ui/a.rs", "use crate::cli::args;", 1),
        ("src/store/a.rs", "let x = crate::crypto::seal();", 1),
        ("src/store/a.rs", "use crate::{base, sys};", 1),
        ("src/attic/a.rs", "", 1),
        ("src/main.rs", "use crate::cli;", 0),
    ] {
        assert_eq!(upward_imports(&source(name, text)).len(), complaints, "{name}: {text}");
    }
    let text = "fn one() {}\nfn two(x: [u8; 3])\nwhere\n{\n    { }\n}\ntrait T { fn three(); }\n";
    let lengths: Vec<usize> =
        functions(&source("src/a.rs", text)).iter().map(|(_, _, length)| *length).collect();
    assert_eq!(lengths[..2], [1, 5]);
    let explained = source("src/a.rs", "// why\nx.unwrap()\ny.unwrap()\nz.unwrap() // why");
    assert_eq!([2, 3, 4].map(|number| explained.is_explained(number)), [true, false, true]);
}

#[test]
fn every_store_runs_the_contract() {
    let mut found: Vec<String> = Vec::new();
    for source in sources("src/store") {
        for (_, line) in source.shipped().filter(|_| source.name.starts_with("src/store/")) {
            let after =
                line.strip_prefix("impl Store for ").or_else(|| line.strip_prefix("impl BlockingStore for "));
            found.extend(after.map(|name| name.trim_end_matches(" {").to_owned()));
        }
    }
    found.retain(|name| !READ_ONLY_STORES.contains(&name.as_str()));
    found.sort();
    let known: Vec<&str> = STORES.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, known, "a store that is not in the table of those that run the contract");
    for (name, file) in STORES {
        let source = sources("src/store")
            .into_iter()
            .find(|source| source.name == *file)
            .unwrap_or_else(|| panic!("{file}"));
        let runs = source.text.contains("check_contract(") && source.text.contains(name);
        assert!(runs, "{file} runs no contract on {name}");
    }
}
