//! Finds every mistake of a plan file at once, each with its place.
//!
//! Parsing goes on after an error, and what could be parsed is held against the schema, so that a person
//! mends the file once and not ten times. Only a file without mistakes becomes a [`PlanFile`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::plan::file::mistake::Mistake;
use crate::plan::file::model::PlanFile;
use crate::plan::file::schema::{self, COMMON, FILE, Field, KINDS, Kind};
use crate::plan::file::values;

type Key<'i> = Spanned<DeString<'i>>;
type Value<'i> = Spanned<DeValue<'i>>;

/// What `source` says, or everything that is wrong with it, in the order of its lines.
pub fn check(source: &str) -> Result<PlanFile, Vec<Mistake>> {
    let (document, errors) = DeTable::parse_recoverable(source);
    let mut walk = Walk { mistakes: Vec::new(), components: BTreeSet::new() };
    for error in &errors {
        walk.mistakes.push(Mistake::at(error.span().unwrap_or(0..0), first_line(error.message())));
    }
    let file = document.get_ref();
    walk.components = components(file).map(|(key, _)| key.get_ref().to_string()).collect();
    walk.table(file, FILE, "the file");
    walk.meaning(file);
    if walk.mistakes.is_empty() {
        match toml::from_str(source) {
            Ok(plan) => return Ok(plan),
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                walk.mistakes.push(Mistake::at(span, first_line(error.message())));
            }
        }
    }
    // What the parser could not make out may be found again by the schema, at the same place.
    let mut seen = BTreeSet::new();
    walk.mistakes.sort_by_key(|mistake| mistake.span.start);
    walk.mistakes.retain(|mistake| seen.insert(mistake.span.start));
    Err(walk.mistakes)
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or("not understood")
}

struct Walk {
    mistakes: Vec<Mistake>,
    components: BTreeSet<String>,
}

impl Walk {
    fn complain(&mut self, mistake: Mistake) {
        self.mistakes.push(mistake);
    }

    /// Holds one table against its fields.
    fn table(&mut self, table: &DeTable<'_>, fields: &[Field], of: &str) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match fields.iter().find(|field| field.name == name) {
                Some(field) => self.value(value, field.kind, name),
                None => self.unknown(key, fields.iter().map(|field| field.name).collect(), of),
            }
        }
    }

    fn unknown(&mut self, key: &Key<'_>, names: Vec<&str>, of: &str) {
        let name = key.get_ref().as_ref();
        let mistake = Mistake::at(key.span(), format!("{of} has no key `{name}`"))
            .expected(format!("one of {}", names.join(", ")))
            .suggest(name, names);
        self.complain(mistake);
    }

    /// Holds one value against what its key is to hold.
    fn value(&mut self, value: &Value<'_>, kind: Kind, name: &str) {
        let inner = value.get_ref();
        match kind {
            Kind::Table(fields) => match inner.as_table() {
                Some(table) => self.table(table, fields, &format!("`{name}`")),
                None => self.wrong(value, kind, name),
            },
            Kind::Named => match inner.as_table() {
                Some(tables) => tables.iter().for_each(|(key, value)| self.component(key, value)),
                None => self.wrong(value, kind, name),
            },
            Kind::List(_) if name == "verify" => match inner.as_array() {
                Some(items) => items.iter().for_each(|item| self.verification(item)),
                None => self.wrong(value, kind, name),
            },
            Kind::List(fields) => match inner.as_array() {
                Some(items) => items.iter().for_each(|item| match item.get_ref().as_table() {
                    Some(table) => self.table(table, fields, &format!("`{name}`")),
                    None => self.wrong(item, kind, name),
                }),
                None => self.wrong(value, kind, name),
            },
            Kind::Variables => match inner.as_table() {
                Some(table) => table.iter().for_each(|(_, value)| self.scalar(value, Kind::Text, name)),
                None => self.wrong(value, kind, name),
            },
            Kind::Command => self.command(value, kind, name),
            Kind::Commands => match inner.as_array() {
                Some(items) => items.iter().for_each(|item| self.command(item, kind, name)),
                None => self.wrong(value, kind, name),
            },
            Kind::Components => self.items(value, |walk, item| walk.component_name(item, kind, name)),
            Kind::Texts | Kind::Paths | Kind::Patterns | Kind::Disks => {
                self.items(value, |walk, item| walk.scalar(item, kind, name));
            }
            _ => self.scalar(value, kind, name),
        }
    }

    fn items(&mut self, value: &Value<'_>, mut see: impl FnMut(&mut Self, &Value<'_>)) {
        match value.get_ref().as_array() {
            Some(items) => items.iter().for_each(|item| see(self, item)),
            None => see(self, value),
        }
    }

    fn command(&mut self, value: &Value<'_>, kind: Kind, name: &str) {
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => {}
            DeValue::Array(words) if words.is_empty() => {
                let mistake = Mistake::at(value.span(), format!("`{name}` is empty"));
                self.complain(mistake.expected(kind.expected()));
            }
            DeValue::Array(words) => words.iter().enumerate().for_each(|(number, word)| {
                let text = word.get_ref().as_str();
                if text.is_none_or(|text| text.contains('\0') || number == 0 && text.is_empty()) {
                    self.wrong(word, kind, name);
                }
            }),
            _ => self.wrong(value, kind, name),
        }
    }

    /// Holds a component against the keys of its kind.
    fn component(&mut self, key: &Key<'_>, value: &Value<'_>) {
        let name = key.get_ref().as_ref();
        let reserved = (name == "sandbox").then(|| "the sandbox itself is called so".to_owned());
        if let Some(why) = values::name(name).err().or(reserved) {
            let mistake = Mistake::at(key.span(), format!("`{name}` is no name for a component: {why}"));
            self.complain(mistake.expected(Kind::Name.expected()));
        }
        let Some(table) = value.get_ref().as_table() else {
            let mistake = Mistake::at(value.span(), format!("`component.{name}` is to be a table"));
            return self.complain(mistake.expected("[component.NAME] with its keys on lines of their own"));
        };
        let Some(kind) = table.get("kind") else {
            return self.missing(key.span(), name, "kind", Kind::Word(KINDS));
        };
        let word = kind.get_ref().as_str().unwrap_or_default();
        if !KINDS.contains(&word) {
            self.scalar(kind, Kind::Word(KINDS), "kind");
            return;
        }
        let fields: Vec<Field> = COMMON.iter().chain(schema::fields_of(word)).copied().collect();
        self.table(table, &fields, &format!("a component of the kind `{word}`"));
        match word {
            "command" if !table.contains_key("run") => {
                self.missing(key.span(), name, "run", Kind::Command);
            }
            "files" => self.files(key, name, table),
            _ => {}
        }
        if let (Some(_), Some(secret)) = (table.get("input"), table.get("secret")) {
            let mistake = Mistake::at(secret.span(), "`input` and `secret` exclude each other");
            self.complain(mistake.expected("one thing to read"));
        }
    }

    fn files(&mut self, key: &Key<'_>, name: &str, table: &DeTable<'_>) {
        match (table.get("paths"), table.get("from")) {
            (None, None) => self.missing(key.span(), name, "paths", Kind::Paths),
            (Some(_), Some(from)) => {
                let mistake = Mistake::at(from.span(), "`from` and `paths` exclude each other");
                self.complain(mistake.expected("one component for each"));
            }
            (Some(paths), None) if paths.get_ref().as_array().is_some_and(|list| list.is_empty()) => {
                let mistake = Mistake::at(paths.span(), "`paths` is empty: nothing would be restored");
                self.complain(mistake.expected(Kind::Paths.expected()));
            }
            _ => {}
        }
    }

    /// Holds a verification against the keys of its kind.
    fn verification(&mut self, item: &Value<'_>) {
        let words = Kind::Word(schema::CHECKS);
        let Some(table) = item.get_ref().as_table() else {
            return self.wrong(item, Kind::List(&[]), "verify");
        };
        let Some(kind) = table.get("kind") else {
            return self.missing(item.span(), "verify", "kind", words);
        };
        let word = kind.get_ref().as_str().unwrap_or_default();
        if !schema::CHECKS.contains(&word) {
            return self.scalar(kind, words, "kind");
        }
        let allowed = schema::allowed_of(word);
        let may = |name: &str| matches!(name, "kind" | "within") || allowed.contains(&name);
        let fields: Vec<Field> =
            schema::verify_fields().iter().filter(|field| may(field.name)).copied().collect();
        self.table(table, &fields, &format!("a verification of the kind `{word}`"));
        for name in schema::required_of(word) {
            if let Some(field) = fields.iter().find(|field| field.name == *name)
                && !table.contains_key(*name)
            {
                self.missing(item.span(), "verify", name, field.kind);
            }
        }
    }

    /// Holds a single value, or an item of a list, against its kind.
    fn scalar(&mut self, value: &Value<'_>, kind: Kind, name: &str) {
        match values::fits(value.get_ref(), kind) {
            Some(Ok(())) => {}
            Some(Err(why)) if !why.is_empty() => {
                let message = format!("`{name}` is not understood: {why}");
                let mut mistake = Mistake::at(value.span(), message).expected(kind.expected());
                if let (Kind::Word(words), Some(typed)) = (kind, value.get_ref().as_str()) {
                    mistake = mistake.suggest(typed, words.iter().copied());
                }
                self.complain(mistake);
            }
            _ => self.wrong(value, kind, name),
        }
    }

    fn component_name(&mut self, value: &Value<'_>, kind: Kind, name: &str) {
        let Some(text) = value.get_ref().as_str() else { return self.wrong(value, kind, name) };
        if !self.components.contains(text) {
            let mistake = Mistake::at(value.span(), format!("there is no [component.{text}] in this file"))
                .expected(kind.expected())
                .suggest(text, self.components.iter().map(String::as_str));
            self.complain(mistake);
        }
    }

    fn wrong(&mut self, value: &Value<'_>, kind: Kind, name: &str) {
        let message = match value.get_ref() {
            DeValue::String(text) if text.is_empty() => format!("`{name}` is empty"),
            DeValue::Integer(_) if matches!(kind, Kind::Integer(..)) => format!("`{name}` is out of range"),
            other => format!("`{name}` cannot be {}", with_article(other.type_str())),
        };
        self.complain(Mistake::at(value.span(), message).expected(kind.expected()));
    }

    fn missing(&mut self, span: Range<usize>, of: &str, name: &str, kind: Kind) {
        let mistake = Mistake::at(span, format!("`{of}` lacks the key `{name}`"));
        self.complain(mistake.expected(kind.expected()));
    }

    /// What is required, what excludes each other, and what waits for itself.
    fn meaning(&mut self, file: &DeTable<'_>) {
        for (name, kind) in [("schema", Kind::Schema), ("name", Kind::Name)] {
            if !file.contains_key(name) {
                self.missing(0..0, "the file", name, kind);
            }
        }
        match file.get("target") {
            None => self.missing(0..0, "the file", "target", Kind::Table(&[])),
            Some(target) => self.target(target),
        }
        for disk in file.get("disk").and_then(|disk| disk.get_ref().as_array()).into_iter().flatten() {
            let Some(table) = disk.get_ref().as_table() else { continue };
            for name in ["from", "to"].into_iter().filter(|name| !table.contains_key(*name)) {
                self.missing(disk.span(), "disk", name, Kind::Disk);
            }
        }
        let interfaces = file.get("interface").and_then(|one| one.get_ref().as_array());
        for one in interfaces.into_iter().flatten() {
            let Some(table) = one.get_ref().as_table() else { continue };
            for name in ["name", "mac"].into_iter().filter(|name| !table.contains_key(*name)) {
                self.missing(one.span(), "interface", name, Kind::Text);
            }
        }
        if components(file).next().is_none() {
            let mistake = Mistake::at(0..0, "the plan has no component: it would restore nothing");
            self.complain(mistake.expected("at least one [component.NAME]"));
        }
        self.circles(file);
    }

    fn target(&mut self, target: &Value<'_>) {
        let Some(table) = target.get_ref().as_table() else { return };
        let Some(kind) = table.get("kind").and_then(|kind| kind.get_ref().as_str()) else {
            if !table.contains_key("kind") {
                self.missing(
                    target.span(),
                    "target",
                    "kind",
                    Kind::Word(&["bare-metal", "converge", "sandbox"]),
                );
            }
            return;
        };
        for (name, value) in table.iter().map(|(key, value)| (key.get_ref().as_ref(), value)) {
            let only = match name {
                "image" | "size" | "keep" => "sandbox",
                "room" | "same_hardware" | "host_name" | "new_machine_id" | "new_ssh_host_keys" => {
                    "bare-metal"
                }
                _ => kind,
            };
            if kind != only {
                self.complain(Mistake::at(value.span(), format!("`{name}` is for the kind `{only}` alone")));
            }
        }
        if kind == "sandbox" && !table.contains_key("root") {
            self.missing(target.span(), "target", "root", Kind::Path);
        }
        match (table.get("image"), table.get("size")) {
            (Some(image), None) => self.missing(image.span(), "target", "size", Kind::Size),
            (None, Some(size)) => {
                self.complain(Mistake::at(
                    size.span(),
                    "`size` is the size of an `image`, and there is none",
                ));
            }
            _ => {}
        }
    }

    /// Components that wait for each other.
    fn circles(&mut self, file: &DeTable<'_>) {
        let mut needs: BTreeMap<String, Vec<(String, Range<usize>)>> = BTreeMap::new();
        for (key, value) in components(file) {
            let list = value.get_ref().as_table().and_then(|table| table.get("needs"));
            let mut named = Vec::new();
            let mut add = |item: &Value<'_>| {
                named.extend(item.get_ref().as_str().map(|name| (name.to_owned(), item.span())));
            };
            match list.map(|list| (list, list.get_ref().as_array())) {
                Some((_, Some(items))) => items.iter().for_each(&mut add),
                Some((one, None)) => add(one),
                None => {}
            }
            needs.insert(key.get_ref().to_string(), named);
        }
        for (name, named) in &needs {
            for (needed, span) in named {
                if let Some(way) = way(&needs, needed, name) {
                    let circle = [vec![name.clone()], way].concat().join(" → ");
                    let mistake =
                        Mistake::at(span.clone(), format!("components wait for each other: {circle}"));
                    self.complain(mistake);
                    return;
                }
            }
        }
    }
}

/// The way from `from` to `to` along what is needed, if there is one.
fn way(needs: &BTreeMap<String, Vec<(String, Range<usize>)>>, from: &str, to: &str) -> Option<Vec<String>> {
    let mut came: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = vec![from];
    let mut seen = BTreeSet::from([from]);
    while let Some(at) = open.pop() {
        if at == to {
            let mut way = vec![at.to_owned()];
            let mut back = at;
            while let Some(before) = came.get(back).filter(|_| back != from) {
                way.push((*before).to_owned());
                back = before;
            }
            way.reverse();
            return Some(way);
        }
        for (next, _) in needs.get(at).into_iter().flatten() {
            if seen.insert(next) {
                came.insert(next, at);
                open.push(next);
            }
        }
    }
    None
}

fn components<'t, 'i>(file: &'t DeTable<'i>) -> impl Iterator<Item = (&'t Key<'i>, &'t Value<'i>)> {
    let table = file.get("component").and_then(|value| value.get_ref().as_table());
    table.into_iter().flat_map(|table| table.iter())
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}
