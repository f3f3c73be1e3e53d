//! From events to what arrives: matters, channels that fail, escalation, crashes.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::notify::entry::{Acknowledgement, Entry, State};
use crate::notify::event::{Action, Outcome, Severity};
use crate::notify::fixture::*;
use crate::notify::model::Directory;
use crate::notify::notifier::{Notifier, Raised};
use crate::notify::outbox::crash;
use crate::notify::quiet::{QuietHours, Zone, parse_time_of_day};
use crate::sys::http::fixture::{Receiver, Reply};

const BUDGET: Duration = Duration::from_secs(20);

/// Titles that arrived at a web hook, in order.
fn titles(receiver: &Receiver) -> Vec<String> {
    receiver.asked().iter().map(|asked| asked.json()["subject"].as_str().unwrap().to_owned()).collect()
}

fn entry(notifier: &Notifier<'_>, raised: &Raised) -> Entry {
    let Raised::Told(id, _) = raised else { panic!("{raised:?}") };
    notifier.status(id.as_str()).unwrap()
}

fn states(entry: &Entry) -> Vec<(String, State, Option<String>)> {
    entry.deliveries.iter().map(|one| (one.whom().to_owned(), one.state, one.by.clone())).collect()
}

#[test]
fn a_failure_is_told_once_and_its_end_once_to_those_who_were_told() {
    let (receiver, state, clock) =
        (Receiver::start([Reply::status(200)]), tempfile::tempdir().unwrap(), Stopped::new());
    let directory = directory_with(hook(&receiver.url("/")), hook(&receiver.url("/")));
    let notifier = notifier(state.path(), &directory, &clock);
    let rule = rule(&["anna"]);
    let raise = |outcome| {
        let raised = notifier.raise(event(&clock, outcome), &[&rule]).unwrap();
        notifier.deliver(BUDGET).unwrap();
        clock.advance(3600);
        raised
    };
    assert_eq!(raise(Outcome::Ok), Raised::Nobody);
    assert!(matches!(raise(Outcome::Failed), Raised::Told(_, 1)));
    for _ in 0..3 {
        assert!(matches!(raise(Outcome::Failed), Raised::Repeated(_)));
    }
    // It has become worse.
    assert!(matches!(raise(Outcome::Damage), Raised::Told(_, 1)));
    assert!(matches!(raise(Outcome::Failed), Raised::Repeated(_)));
    assert!(matches!(raise(Outcome::Ok), Raised::Told(_, 1)));
    assert_eq!(raise(Outcome::Ok), Raised::Nobody);
    let told =
        ["backup home on web1: failed", "backup home on web1: damage", "Resolved: backup home on web1: ok"];
    assert_eq!(titles(&receiver), told);
    // The same matter again is a new one.
    assert!(matches!(raise(Outcome::Failed), Raised::Told(_, 1)));
    // A day later it is told again.
    clock.advance(24 * 3600);
    assert!(matches!(raise(Outcome::Failed), Raised::Told(_, 1)));
}

#[test]
fn monitors_are_told_of_everything() {
    let (receiver, state, clock) =
        (Receiver::start([Reply::status(200)]), tempfile::tempdir().unwrap(), Stopped::new());
    let mut directory = directory_with(hook(&receiver.url("/")), hook(&receiver.url("/")));
    directory.channels.get_mut("hook").unwrap().every = true;
    let notifier = notifier(state.path(), &directory, &clock);
    let rule = rule(&["hook"]);
    for outcome in [Outcome::Started, Outcome::Ok, Outcome::Failed, Outcome::Failed, Outcome::Ok] {
        notifier.raise(event(&clock, outcome), &[&rule]).unwrap();
        notifier.deliver(BUDGET).unwrap();
        clock.advance(1);
    }
    let seen: Vec<String> =
        receiver.asked().iter().map(|asked| asked.json()["action"].as_str().unwrap().to_owned()).collect();
    assert_eq!(seen, ["notice", "notice", "trigger", "trigger", "resolve"]);
}

#[test]
fn a_channel_that_is_down_falls_to_the_next_and_one_that_refuses_is_not_asked_again() {
    for (reply, attempts) in [
        (Reply::status(503), 1),
        (Reply::status(429), 1),
        (Reply::Drop, 1),
        (Reply::status(400), 1),
        (Reply::status(410), 1),
    ] {
        let (first, second) = (Receiver::start([reply.clone()]), Receiver::start([Reply::status(200)]));
        let (state, clock) = (tempfile::tempdir().unwrap(), Stopped::new());
        let directory = directory_with(hook(&first.url("/")), hook(&second.url("/")));
        let notifier = notifier(state.path(), &directory, &clock);
        let raised = notifier.raise(event(&clock, Outcome::Failed), &[&rule(&["anna"])]).unwrap();
        let delivered = notifier.deliver(BUDGET).unwrap();
        assert_eq!((delivered.delivered, delivered.pending), (1, 0), "{reply:?} {delivered:?}");
        assert_eq!((first.asked().len(), second.asked().len()), (attempts, 1), "{reply:?}");
        let entry = entry(&notifier, &raised);
        assert_eq!(states(&entry), [("anna".into(), State::Delivered, Some("backup".into()))]);
    }
}

#[test]
fn a_web_hook_that_is_gone_is_disabled_for_good_and_others_take_over_until_it_is_another_one() {
    let gone = || Reply::status(410);
    let (first, second) = (Receiver::start([gone()]), Receiver::start([Reply::status(200)]));
    let (state, clock) = (tempfile::tempdir().unwrap(), Stopped::new());
    let mut directory = directory_with(hook(&first.url("/")), hook(&second.url("/")));
    let tell = |directory: &Directory| {
        // A notifier of its own each time, as each process has.
        let notifier = notifier(state.path(), directory, &clock);
        notifier.raise(event(&clock, Outcome::Notice), &[&rule(&["anna"])]).unwrap();
        clock.advance(1);
        notifier.deliver(BUDGET).unwrap()
    };
    let told = tell(&directory);
    assert_eq!(told.delivered, 1, "{told:?}");
    assert_eq!(tell(&directory).delivered, 1);
    assert_eq!((first.asked().len(), second.asked().len()), (1, 2), "it is not asked again");
    let notifier = notifier(state.path(), &directory, &clock);
    notifier.raise(event(&clock, Outcome::Notice), &[&rule(&["hook"])]).unwrap();
    let refused = notifier.deliver(BUDGET).unwrap();
    assert_eq!((refused.failed, first.asked().len()), (1, 1), "{refused:?}");
    assert!(refused.troubles[0].contains("disabled") && refused.troubles[0].contains("notify test hook"));
    first.reply([Reply::status(200)]);
    directory.channels.insert("hook".into(), hook(&first.url("/new")));
    assert_eq!(tell(&directory).delivered, 1);
    assert_eq!((first.asked().len(), second.asked().len()), (2, 2), "what is configured anew is used");
}

#[test]
fn slack_is_not_hurried() {
    let receiver = Receiver::start([Reply::status(200)]);
    let (state, clock) = (tempfile::tempdir().unwrap(), Stopped::new());
    let directory = directory_with(hook("http://127.0.0.1:1/"), chat(&receiver.url("/")));
    let notifier = notifier(state.path(), &directory, &clock);
    for _ in 0..3 {
        // One of them falls to the chat from another channel, on a lane of its own.
        notifier.raise(event(&clock, Outcome::Notice), &[&rule(&["ben"])]).unwrap();
    }
    notifier.raise(event(&clock, Outcome::Notice), &[&rule(&["anna"])]).unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(notifier.deliver(BUDGET).unwrap().delivered, 4);
    assert!(begun.elapsed() >= Duration::from_secs(3), "{:?}", begun.elapsed());
    // What has no time to wait for its turn stays for the next.
    for _ in 0..3 {
        notifier.raise(event(&clock, Outcome::Notice), &[&rule(&["ben"])]).unwrap();
    }
    let some = notifier.deliver(Duration::from_millis(1200)).unwrap();
    assert!(some.delivered < 3 && some.failed == 0 && some.pending == 3 - some.delivered, "{some:?}");
    clock.advance(2);
    assert_eq!(notifier.deliver(BUDGET).unwrap().pending, 0);
}

#[test]
fn nothing_is_lost_while_everything_is_down_and_attempts_become_rarer() {
    let (receiver, state, clock) =
        (Receiver::start([Reply::status(500)]), tempfile::tempdir().unwrap(), Stopped::new());
    let directory = directory_with(hook(&receiver.url("/a")), hook(&receiver.url("/b")));
    let notifier = notifier(state.path(), &directory, &clock);
    notifier.raise(event(&clock, Outcome::Failed), &[&rule(&["anna"])]).unwrap();
    let mut times = Vec::new();
    for second in 0..4000 {
        let before = receiver.asked().len();
        if second % 5 == 0 {
            notifier.deliver(BUDGET).unwrap();
        }
        if receiver.asked().len() > before {
            times.push(second);
        }
        clock.advance(1);
    }
    assert_eq!(times, [0, 10, 40, 100, 220, 520, 1420, 3220]);
    let keys: Vec<String> =
        receiver.asked().iter().map(|asked| asked.headers["webhook-id"].clone()).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "every attempt has the same id");
    receiver.reply([Reply::status(204)]);
    clock.advance(3600);
    assert_eq!(notifier.deliver(BUDGET).unwrap().delivered, 1);
}

#[test]
fn in_the_end_it_is_given_up_and_can_be_tried_again_by_hand() {
    let (receiver, state, clock) =
        (Receiver::start([Reply::status(500)]), tempfile::tempdir().unwrap(), Stopped::new());
    let directory = directory_with(hook(&receiver.url("/")), hook(&receiver.url("/")));
    let notifier = notifier(state.path(), &directory, &clock);
    let raised = notifier.raise(event(&clock, Outcome::Failed), &[&rule(&["ben"])]).unwrap();
    for _ in 0..40 {
        notifier.deliver(BUDGET).unwrap();
        clock.advance(3600);
    }
    let failed = entry(&notifier, &raised);
    assert_eq!(states(&failed)[0].1, State::Failed);
    assert!(failed.deliveries[0].error.as_ref().unwrap().contains("answered 500"));
    receiver.reply([Reply::status(200)]);
    assert_eq!(notifier.deliver(BUDGET).unwrap().delivered, 0);
    assert_eq!(notifier.retry(&failed.event.id).unwrap(), 1);
    assert_eq!(notifier.deliver(BUDGET).unwrap().delivered, 1);
}

#[test]
fn a_lost_answer_is_repeated_only_where_repetitions_are_recognised() {
    for (first, again) in [(hook as fn(&str) -> _, 2), (chat, 1)] {
        let receiver = Receiver::start([Reply::Drop, Reply::status(200)]);
        let (state, clock) = (tempfile::tempdir().unwrap(), Stopped::new());
        let directory = directory_with(first(&receiver.url("/")), hook("http://127.0.0.1:1/"));
        let notifier = notifier(state.path(), &directory, &clock);
        let raised = notifier.raise(event(&clock, Outcome::Failed), &[&rule(&["hook"])]).unwrap();
        notifier.deliver(BUDGET).unwrap();
        clock.advance(3600);
        notifier.deliver(BUDGET).unwrap();
        assert_eq!(receiver.asked().len(), again);
        let state = entry(&notifier, &raised).deliveries[0].state;
        assert_eq!(state, if again == 2 { State::Delivered } else { State::InDoubt });
    }
}

#[test]
fn a_channel_that_asks_for_a_moment_gets_it() {
    let wait = |seconds: &str| Reply::Answer(429, vec![("retry-after", seconds.into())], String::new());
    let (first, second) =
        (Receiver::start([wait("7"), Reply::status(200)]), Receiver::start([Reply::status(200)]));
    let (state, clock) = (tempfile::tempdir().unwrap(), Stopped::new());
    let directory = directory_with(chat(&first.url("/")), hook(&second.url("/")));
    let notifier = notifier(state.path(), &directory, &clock);
    notifier.raise(event(&clock, Outcome::Failed), &[&rule(&["anna"])]).unwrap();
    notifier.deliver(BUDGET).unwrap();
    clock.advance(6);
    notifier.deliver(BUDGET).unwrap();
    assert_eq!((first.asked().len(), second.asked().len()), (1, 0));
    clock.advance(1);
    assert_eq!(notifier.deliver(BUDGET).unwrap().delivered, 1);
    // One that asks for an hour is passed over while there is another.
    first.reply([wait("3600")]);
    clock.advance(60 * 60 * 25);
    notifier.raise(event(&clock, Outcome::Failed), &[&rule(&["anna"])]).unwrap();
    notifier.deliver(BUDGET).unwrap();
    assert_eq!(second.asked().len(), 1);
}

#[test]
fn quiet_hours_hold_what_can_wait_and_what_is_over_by_then_is_not_told() {
    let (receiver, state, clock) =
        (Receiver::start([Reply::status(200)]), tempfile::tempdir().unwrap(), Stopped::new());
    let mut directory = directory_with(hook(&receiver.url("/")), hook(&receiver.url("/")));
    let anna = directory.contacts.get_mut("anna").unwrap();
    anna.zone = Zone::parse("UTC").unwrap();
    anna.quiet = vec![QuietHours {
        from: parse_time_of_day("22:00").unwrap(),
        until: parse_time_of_day("07:00").unwrap(),
        days: Vec::new(),
        below: Severity::Critical,
    }];
    let notifier = notifier(state.path(), &directory, &clock);
    let (rule, other) = (rule(&["anna"]), rule(&["ben"]));
    let rules = [&rule, &other];
    notifier.raise(event(&clock, Outcome::Failed), &rules).unwrap();
    assert_eq!(notifier.deliver(BUDGET).unwrap().pending, 1);
    clock.advance(3600);
    notifier.raise(event(&clock, Outcome::Ok), &rules).unwrap();
    assert_eq!(notifier.deliver(BUDGET).unwrap().pending, 0);
    // Only ben heard of it, and of its end.
    assert_eq!(receiver.asked().len(), 2);
    notifier.raise(event(&clock, Outcome::Partial), &rules).unwrap();
    notifier.deliver(BUDGET).unwrap();
    clock.advance(8 * 3600);
    notifier.deliver(BUDGET).unwrap();
    assert_eq!(receiver.asked().len(), 4);
    // What is critical comes at any time.
    clock.advance(16 * 3600);
    notifier.raise(event(&clock, Outcome::Damage), &rules).unwrap();
    notifier.deliver(BUDGET).unwrap();
    assert_eq!(receiver.asked().len(), 6);
}

#[test]
fn an_end_waits_until_its_beginning_was_told() {
    let (receiver, state, clock) =
        (Receiver::start([Reply::status(500)]), tempfile::tempdir().unwrap(), Stopped::new());
    let directory = directory_with(hook(&receiver.url("/")), hook(&receiver.url("/")));
    let notifier = notifier(state.path(), &directory, &clock);
    let rule = rule(&["ben"]);
    notifier.raise(event(&clock, Outcome::Failed), &[&rule]).unwrap();
    notifier.deliver(BUDGET).unwrap();
    clock.advance(5);
    notifier.raise(event(&clock, Outcome::Ok), &[&rule]).unwrap();
    receiver.reply([Reply::status(200)]);
    notifier.deliver(BUDGET).unwrap();
    assert_eq!(receiver.asked().len(), 1);
    clock.advance(10);
    notifier.deliver(BUDGET).unwrap();
    notifier.deliver(BUDGET).unwrap();
    let told = titles(&receiver);
    assert!(told[1].ends_with("failed") && told[2].starts_with("Resolved"), "{told:?}");
}

fn escalating(directory: &Directory, check: impl Fn(&Notifier<'_>, &Stopped, &Entry)) {
    let (state, clock) = (tempfile::tempdir().unwrap(), Stopped::new());
    let notifier = notifier(state.path(), directory, &clock);
    let mut rule = rule(&[]);
    rule.escalation = Some("site".into());
    let raised = notifier.raise(event(&clock, Outcome::Failed), &[&rule]).unwrap();
    notifier.run(BUDGET).unwrap();
    check(&notifier, &clock, &entry(&notifier, &raised));
}

#[test]
fn where_nobody_acknowledges_the_next_is_told_until_somebody_does() {
    let receiver = Receiver::start([Reply::status(200)]);
    let directory = directory_with(hook(&receiver.url("/")), hook(&receiver.url("/")));
    escalating(&directory, |notifier, clock, entry| {
        let whom = || -> Vec<String> {
            let entry = notifier.status(entry.event.id.as_str()).unwrap();
            entry.deliveries.iter().map(|one| one.whom().to_owned()).collect()
        };
        for (seconds, expected) in [(299, 1), (1, 2), (599, 2), (1, 3), (299, 3), (1, 4)] {
            clock.advance(seconds);
            notifier.run(BUDGET).unwrap();
            assert_eq!(whom().len(), expected, "{:?}", whom());
        }
        assert_eq!(whom(), ["anna", "ben", "anna", "ben"]);
        clock.advance(100_000);
        notifier.run(BUDGET).unwrap();
        assert_eq!(whom().len(), 4);
    });
    escalating(&directory, |notifier, clock, entry| {
        assert!(!notifier.acknowledge_with(&entry.event.id, "guessed", None, "link").unwrap());
        assert!(notifier.acknowledge_with(&entry.event.id, &entry.token, Some("Anna"), "link").unwrap());
        clock.advance(100_000);
        notifier.run(BUDGET).unwrap();
        let entry = notifier.status(entry.event.id.as_str()).unwrap();
        assert_eq!((entry.deliveries.len(), entry.acknowledged[0].by.as_str()), (1, "Anna"));
    });
}

#[test]
fn where_nobody_can_be_reached_the_next_is_told_at_once() {
    let (down, up) = (Receiver::start([Reply::status(400)]), Receiver::start([Reply::status(200)]));
    let mut directory = directory_with(hook(&down.url("/")), hook(&up.url("/")));
    directory.contacts.get_mut("anna").unwrap().channels = vec!["hook".into()];
    escalating(&directory, |_, _, entry| {
        let told: BTreeMap<String, State> =
            entry.deliveries.iter().map(|one| (one.whom().to_owned(), one.state)).collect();
        assert_eq!(told["ben"], State::Delivered, "{told:?}");
    });
}

#[test]
fn an_end_also_ends_escalation() {
    let receiver = Receiver::start([Reply::status(200)]);
    let directory = directory_with(hook(&receiver.url("/")), hook(&receiver.url("/")));
    escalating(&directory, |notifier, clock, entry| {
        notifier.raise(event(clock, Outcome::Ok), &[]).unwrap();
        clock.advance(100_000);
        notifier.run(BUDGET).unwrap();
        assert_eq!(notifier.status(entry.event.id.as_str()).unwrap().deliveries.len(), 1);
        assert_eq!(receiver.asked().len(), 2);
    });
}

#[test]
fn what_is_sent_by_id_is_sent_once_and_to_nobody_unknown() {
    let (receiver, state, clock) =
        (Receiver::start([Reply::status(200)]), tempfile::tempdir().unwrap(), Stopped::new());
    let directory = directory_with(hook(&receiver.url("/")), hook(&receiver.url("/")));
    let notifier = notifier(state.path(), &directory, &clock);
    let step = event(&clock, Outcome::Notice);
    for _ in 0..2 {
        let id = notifier.send(step.clone(), Action::Trigger, &["anna".into()], Some("site")).unwrap();
        assert_eq!(id, step.id);
        notifier.run(BUDGET).unwrap();
    }
    assert_eq!(receiver.asked().len(), 1);
    let other = event(&clock, Outcome::Notice);
    let error = notifier.send(other, Action::Notice, &["zoe".into()], None).unwrap_err();
    assert_eq!(error.to_string(), "there is no contact, group or channel named zoe");
}

/// Raises, delivers, acknowledges and resolves, with a crash at the `count`th write; then goes on as the
/// next commands would. Answers whether there was a crash.
fn with_crash(
    count: u32,
    make: fn(&str) -> crate::notify::model::Channel,
) -> (bool, Vec<String>, Vec<State>) {
    let (receiver, state, clock) =
        (Receiver::start([Reply::status(200)]), tempfile::tempdir().unwrap(), Stopped::new());
    let directory = directory_with(make(&receiver.url("/")), make(&receiver.url("/")));
    let rule = rule(&["hook"]);
    let act = |outcome| {
        let notifier = notifier(state.path(), &directory, &clock);
        notifier.raise(event(&clock, outcome), &[&rule]).unwrap();
        // Not by the threads of `deliver`: a crash is one of this thread.
        notifier.deliver_here(BUDGET).unwrap();
        let entries = notifier.outbox.list().unwrap().entries;
        for entry in entries.iter().filter(|entry| entry.is_open()) {
            let ack = Acknowledgement {
                by: "x".into(),
                time: crate::base::time::Clock::now(&clock),
                via: "test".into(),
                note: None,
            };
            notifier.acknowledge(&entry.event.id, ack).unwrap();
        }
        notifier.deliver_here(BUDGET).unwrap();
    };
    crash::after(Some(count));
    let first = catch_unwind(AssertUnwindSafe(|| act(Outcome::Failed)));
    let crashed = first.is_err();
    if crashed {
        // The dead process's claim is one of a process that is not there.
        forget_process(state.path());
        act(Outcome::Failed);
    }
    let second = catch_unwind(AssertUnwindSafe(|| act(Outcome::Ok)));
    if second.is_err() {
        forget_process(state.path());
        act(Outcome::Ok);
    }
    crash::after(None);
    clock.advance(3600);
    let notifier = notifier(state.path(), &directory, &clock);
    notifier.deliver(BUDGET).unwrap();
    let entries = notifier.outbox.list().unwrap().entries;
    let states = entries.iter().flat_map(|entry| entry.deliveries.iter().map(|one| one.state)).collect();
    let bodies = receiver.asked().iter().map(|asked| asked.text()).collect();
    (crashed || second.is_err(), bodies, states)
}

fn forget_process(state: &std::path::Path) {
    for item in std::fs::read_dir(state.join("notify/outbox")).unwrap() {
        let path = item.unwrap().path();
        if let Ok(text) = std::fs::read_to_string(&path) {
            let pid = format!("\"pid\": {}", crate::sys::process::id());
            std::fs::write(&path, text.replace(&pid, "\"pid\": 4194999")).unwrap();
        }
    }
}

#[test]
fn killed_at_any_write_nothing_is_lost_and_nothing_is_sent_twice_that_cannot_be_recognised() {
    let mut crashes = 0;
    for make in [hook as fn(&str) -> _, chat] {
        for count in 0.. {
            let (crashed, bodies, states) = with_crash(count, make);
            if !crashed {
                break;
            }
            crashes += 1;
            let of = |word: &str| bodies.iter().filter(|body| body.contains(word)).count();
            let is_hook = bodies.iter().any(|body| body.contains("lifeboat.event/1"));
            let doubts = states.iter().filter(|state| **state == State::InDoubt).count();
            let (failed, ended) = (of("backup home on web1: failed"), of("Resolved"));
            assert!(
                !states.contains(&State::Pending) && !states.contains(&State::Failed),
                "{count} {states:?}"
            );
            if is_hook {
                // Repetitions have the same id, so that the other side counts one.
                let ids: std::collections::BTreeSet<String> = bodies
                    .iter()
                    .map(|body| serde_json::from_str::<serde_json::Value>(body).unwrap())
                    .map(|body| body["message_id"].to_string())
                    .collect();
                assert!(failed >= 1 && ended >= 1 && ids.len() == 2, "{count}: {bodies:?}");
            } else {
                assert!(failed <= 1 && ended <= 1, "{count}: {bodies:?}");
                assert!(failed + ended + doubts >= 2, "what was not sent is flagged: {count} {states:?}");
            }
        }
    }
    assert!(crashes >= 20, "{crashes}");
}
