//! The words of a message: sensible ones for every event, and an operator's own where they say so.
//!
//! A template is text with names in braces, such as `{job}`; there is no more to it. A name that is
//! unknown is a mistake of the configuration, and found there.

use crate::base::time::Timestamp;
use crate::notify::event::{Action, Event, Outcome};
use crate::notify::model::Audience;
use crate::notify::quiet::Zone;

/// What a template may name; `details.NAME` stands for any fact.
pub const NAMES: &[&str] =
    &["title", "text", "kind", "outcome", "severity", "job", "host", "key", "id", "time", "details", "began"];

/// Words of one's own.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// For which kinds of events; any if empty.
    pub events: Vec<String>,
    /// For which outcomes; any if empty.
    pub on: Vec<Outcome>,
    /// For whom; anyone if none.
    pub audience: Option<Audience>,
    /// The one line.
    pub title: Option<String>,
    /// What is below it.
    pub text: Option<String>,
}

/// The words of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub title: String,
    /// Several lines; may be empty.
    pub text: String,
}

/// What is wrong with a template's text, if anything.
pub fn fault(text: &str) -> Option<String> {
    let mut wrong = None;
    fill(text, &mut |name| {
        if !NAMES.contains(&name) && !name.starts_with("details.") {
            wrong.get_or_insert(format!("there is no `{{{name}}}`"));
        }
        String::new()
    });
    wrong
}

/// The words for `event`; `trigger` is the event that opened the matter, where this one ends it.
pub fn words(
    templates: &[Template],
    event: &Event,
    action: Action,
    trigger: Option<&Event>,
    audience: Audience,
    zone: &Zone,
) -> Words {
    let own = templates.iter().find(|template| {
        (template.events.is_empty() || template.events.contains(&event.kind))
            && (template.on.is_empty() || template.on.contains(&event.outcome))
            && template.audience.is_none_or(|wanted| wanted == audience)
    });
    let usual = usual(event, action, trigger, audience, zone);
    let value = |name: &str| value(name, event, trigger, &usual, zone);
    let filled = |template: Option<&String>, usual: &str| {
        template.map_or_else(|| usual.to_owned(), |text| fill(text, &mut |name| value(name)))
    };
    let mut title = filled(own.and_then(|own| own.title.as_ref()), &usual.title);
    let text = filled(own.and_then(|own| own.text.as_ref()), &usual.text);
    if event.is_drill {
        title.insert_str(0, "[DRILL] ");
    }
    // A title is one line, whatever was put into it.
    let title = title.split(|c: char| c.is_control()).collect::<Vec<_>>().join(" ");
    Words { title, text: text.trim().to_owned() }
}

fn value(name: &str, event: &Event, trigger: Option<&Event>, usual: &Words, zone: &Zone) -> String {
    match name {
        "title" => usual.title.clone(),
        "text" => usual.text.clone(),
        "kind" => event.kind.clone(),
        "outcome" => event.outcome.as_str().into(),
        "severity" => event.severity.as_str().into(),
        "job" => event.job.clone().unwrap_or_default(),
        "host" => event.host.clone(),
        "key" => event.key.clone(),
        "id" => event.id.to_string(),
        "time" => zone.show(event.time.seconds),
        "began" => zone.show(trigger.unwrap_or(event).time.seconds),
        "details" => details(event),
        name => name
            .strip_prefix("details.")
            .and_then(|name| event.details.get(name).cloned())
            .unwrap_or_default(),
    }
}

fn details(event: &Event) -> String {
    // The id of a run is for monitors.
    let facts = event.details.iter().filter(|(name, _)| *name != "run");
    facts.map(|(name, value)| format!("{name}: {value}\n")).collect()
}

/// What is said where nobody has better words.
fn usual(event: &Event, action: Action, trigger: Option<&Event>, audience: Audience, zone: &Zone) -> Words {
    let title = match action {
        Action::Resolve => format!("Resolved: {}", event.title),
        _ => event.title.clone(),
    };
    if audience == Audience::Stakeholder {
        let host = &event.host;
        let text = match action {
            Action::Resolve => "The matter is over. Nothing is expected of you.".to_owned(),
            _ if event.outcome.is_bad() => {
                format!("Those who look after {host} have been told. Nothing is expected of you now.")
            }
            _ => event.text.clone(),
        };
        return Words { title, text };
    }
    let mut text = String::new();
    if !event.text.is_empty() {
        text.push_str(&event.text);
        text.push_str("\n\n");
    }
    text.push_str(&details(event));
    let line = |name: &str, value: &str| format!("{name}: {value}\n");
    text.push_str(&line("host", &event.host));
    text.push_str(&line("time", &zone.show(event.time.seconds)));
    if let Some(trigger) = trigger {
        text.push_str(&line("began", &zone.show(trigger.time.seconds)));
        text.push_str(&line("lasted", &lasted(trigger.time, event.time)));
    }
    text.push_str(&line("event", event.id.as_str()));
    Words { title, text }
}

fn lasted(from: Timestamp, until: Timestamp) -> String {
    let minutes = until.seconds.saturating_sub(from.seconds).max(0) / 60;
    match minutes {
        0..60 => format!("{minutes} min"),
        60..2880 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// Puts the value of every name in its place; `{{` is a brace, and one that is never closed is text.
fn fill(template: &str, value: &mut dyn FnMut(&str) -> String) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        let inner = &rest[at + 1..];
        if let Some(after) = inner.strip_prefix('{') {
            filled.push('{');
            rest = after;
            continue;
        }
        match inner.find('}') {
            Some(end) => {
                filled.push_str(&value(&inner[..end]));
                rest = &inner[end + 1..];
            }
            None => {
                filled.push('{');
                rest = inner;
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        let time = Timestamp { seconds: 1_767_312_000, nanos: 0 };
        Event::new(time, "web1", "backup", Outcome::Failed, "home", "backup home on web1 failed")
            .with_text("the disk is gone")
            .with_detail("read", "3 MiB")
    }

    fn say(templates: &[Template], event: &Event, action: Action, audience: Audience) -> Words {
        let zone = Zone::parse("UTC").unwrap();
        words(templates, event, action, None, audience, &zone)
    }

    #[test]
    fn without_templates_everything_that_is_known_is_said_to_those_who_act() {
        let event = event();
        let words = say(&[], &event, Action::Trigger, Audience::Personnel);
        assert_eq!(words.title, "backup home on web1 failed");
        let text = "the disk is gone\n\nread: 3 MiB\nhost: web1\ntime: 2026-01-02 00:00 UTC\nevent: ";
        assert_eq!(words.text, format!("{text}{}", event.id));
        let words = say(&[], &event, Action::Trigger, Audience::Stakeholder);
        assert!(!words.text.contains("disk") && words.text.contains("Nothing is expected of you"));
    }

    #[test]
    fn ends_say_how_long_it_lasted_and_drills_say_that_they_are_drills() {
        let (first, mut last) = (event(), event());
        last.time.seconds += 7260;
        last.is_drill = true;
        let zone = Zone::parse("UTC").unwrap();
        let words = words(&[], &last, Action::Resolve, Some(&first), Audience::Personnel, &zone);
        assert!(words.title.starts_with("[DRILL] Resolved: ") && words.text.contains("lasted: 2 h 1 min"));
    }

    #[test]
    fn the_first_template_that_fits_gives_the_words() {
        let template = |audience, title: &str| Template {
            events: vec!["backup".into()],
            on: vec![Outcome::Failed],
            audience,
            title: Some(title.into()),
            text: Some("{details.read}|{details.none}|{{x}|{job}{".into()),
        };
        let templates = [
            template(Some(Audience::Stakeholder), "Störung auf {host}"),
            template(None, "{severity}\n{kind}"),
        ];
        let words = say(&templates, &event(), Action::Trigger, Audience::Stakeholder);
        assert_eq!((words.title.as_str(), words.text.as_str()), ("Störung auf web1", "3 MiB||{x}|{"));
        let words = say(&templates, &event(), Action::Trigger, Audience::Personnel);
        assert_eq!(words.title, "error backup");
    }

    #[test]
    fn names_that_do_not_exist_are_found() {
        assert_eq!(fault("{title} {details.x} {{no}"), None);
        assert_eq!(fault("{hots}").as_deref(), Some("there is no `{hots}`"));
    }
}
