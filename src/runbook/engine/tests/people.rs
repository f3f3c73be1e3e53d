//! What people are asked and say: approvals, acknowledgements, choices.

use super::*;

const APPROVAL: &str = "[[step]]\nid = \"leave\"\nkind = \"approval\"\nquestion = \"go?\"\nquorum = 2\n\
                        who = [\"ann\", \"bob\", \"eve\"]\ntimeout = \"1h\"\nnotify = [\"team\"]\n";

#[test]
fn an_approval_takes_its_quorum_of_different_people_who_are_asked() {
    let world = World::new();
    let (reached, _) = world.run(&(APPROVAL.to_owned() + &mark("next", "")));
    assert_eq!(reached, Reached::People);
    assert_eq!(world.hands.told.lock().unwrap()[0].to, ["team"]);
    for by in ["ann", "ann", "mallory"] {
        world.say("leave", Deed::Approve, by, |_| {});
    }
    let (reached, state) = world.again();
    assert_eq!((reached, world.effects().len()), (Reached::People, 0));
    assert_eq!(state.steps["leave"].asked.as_ref().unwrap().answers.len(), 1);
    world.say("leave", Deed::Approve, "bob", |_| {});
    assert_eq!(world.again().0, Reached::End(RunEnd::Done));
    assert_eq!(world.effects(), ["next"]);
    let ignored = |entry: &Entry| matches!(entry.record, Record::Ignored { .. });
    assert_eq!(world.runs.read("r-1").unwrap().entries.iter().filter(|entry| ignored(entry)).count(), 2);
}

#[test]
fn one_refusal_refuses() {
    let world = World::new();
    world.run(&(APPROVAL.to_owned() + &mark("next", "")));
    world.say("leave", Deed::Approve, "ann", |_| {});
    world.say("leave", Deed::Refuse, "bob", |answer| answer.note = Some("not now".into()));
    let (reached, state) = world.again();
    assert_eq!((reached, world.effects().len()), (Reached::Halt, 0));
    assert!(state.halted.unwrap().1.contains("bob refused: not now"));
}

#[test]
fn a_refused_approval_is_not_taken_for_done_and_is_asked_for_again() {
    let world = World::new();
    world.run(&(APPROVAL.to_owned() + &mark("next", "")));
    world.say("leave", Deed::Approve, "ann", |_| {});
    world.say("leave", Deed::Refuse, "bob", |_| {});
    assert_eq!(world.again().0, Reached::Halt);
    world.say("leave", Deed::Done, "mallory", |_| {});
    let (reached, state) = world.again();
    assert_eq!((reached, world.effects().len()), (Reached::People, 0));
    assert!(state.steps["leave"].asked.as_ref().unwrap().answers.is_empty());
    for by in ["ann", "bob"] {
        world.say("leave", Deed::Approve, by, |_| {});
    }
    assert_eq!(world.again().0, Reached::End(RunEnd::Done));
    assert_eq!(world.effects(), ["next"]);
    let told = world.hands.told.lock().unwrap();
    let ids: std::collections::BTreeSet<&str> = told.iter().map(|message| message.id.as_str()).collect();
    assert_eq!(ids.len(), 2, "each question has a message of its own: {ids:?}");
}

#[test]
fn what_a_backup_host_says_counts_for_nothing() {
    let world = World::new();
    let body = "[[step]]\nid = \"pick\"\nkind = \"choice\"\nquestion = \"?\"\ntimeout = \"1h\"\n\
                options = { all = \"x\" }\n"
        .to_owned()
        + "[[step]]\nid = \"bad\"\nkind = \"command\"\nrun = [\"false\"]\n";
    world.run(&body);
    let by = |role: Role| {
        move |answer: &mut Answer| {
            (answer.slot, answer.value) = (Some(("web1".into(), role)), Some("all".into()));
        }
    };
    world.say("pick", Deed::Choose, "web1", by(Role::Writer));
    world.say("", Deed::Abort, "web1", by(Role::Writer));
    assert_eq!(world.again().0, Reached::People);
    world.say("pick", Deed::Choose, "ann", by(Role::Maintainer));
    assert_eq!(world.again().0, Reached::Halt);
    world.say("bad", Deed::Done, "web1", by(Role::Writer));
    assert_eq!(world.again().0, Reached::Halt);
    world.say("bad", Deed::Done, "ann", by(Role::Maintainer));
    assert_eq!(world.again().0, Reached::End(RunEnd::Done));
}

#[test]
fn an_answer_is_taken_once_however_often_it_arrives() {
    let world = World::new();
    world.run(&APPROVAL.replace("quorum = 2", "quorum = 3"));
    for _ in 0..3 {
        world.say("leave", Deed::Approve, "ann", |answer| answer.id = "same".into());
        assert_eq!(world.again().0, Reached::People);
    }
    let read = world.runs.read("r-1").unwrap();
    let about = |entry: &&Entry| matches!(entry.record, Record::Answered { .. } | Record::Ignored { .. });
    assert_eq!(read.entries.iter().filter(about).count(), 1);
}

#[test]
fn where_nobody_acknowledges_somebody_else_is_told_and_then_it_goes_on_as_it_says() {
    let world = World::new();
    let body = "[[step]]\nid = \"alarm\"\nkind = \"notify\"\nto = [\"oncall\"]\nmessage = \"come\"\n\
        acknowledge = true\n\
                timeout = \"1s\"\nescalate = \"boss\"\non_timeout = \"proceed\"\n\
                [[step]]\nid = \"boss\"\nkind = \"notify\"\nto = [\"boss\"]\nmessage = \"nobody came\"\n"
        .to_owned()
        + &mark("next", "");
    let run = world.begin(&body, Mode::Live, &[]);
    let (reached, state) = world.go_on(&run, &crate::runbook::hands::Blind, true);
    assert_eq!(reached, Reached::End(RunEnd::Done));
    let told: Vec<String> =
        world.hands.told.lock().unwrap().iter().flat_map(|message| message.to.clone()).collect();
    assert_eq!(told, ["oncall", "boss"]);
    assert!(state.steps["alarm"].asked.as_ref().unwrap().escalated);
    assert!(state.steps["alarm"].people.as_secs_f64() >= 2.0);
}

#[test]
fn a_choice_and_what_people_saw_are_seen_by_later_steps() {
    let world = World::new();
    let body = "[[step]]\nid = \"pick\"\nkind = \"choice\"\nquestion = \"?\"\ntimeout = \"1h\"\n\
        options = { all = \"x\", none = \"y\" }\n\
                [[step]]\nid = \"look\"\nkind = \"manual\"\ninstruction = \"look\"\n\
                evidence = \"text\"\ntimeout = \"1h\"\n\
                [[step]]\nid = \"say\"\nkind = \"command\"\n\
                run = [\"echo\", \"{{ steps.pick.output }} {{ steps.look.output }} {{ steps.look.by }}\"]\n";
    world.run(body);
    world.say("pick", Deed::Choose, "ann", |answer| answer.value = Some("some".into()));
    world.say("pick", Deed::Choose, "ann", |answer| answer.value = Some("all".into()));
    assert_eq!(world.again().0, Reached::People);
    world.say("look", Deed::Ack, "ann", |_| {});
    assert_eq!(
        world.again().0,
        Reached::People,
        "an answer without the text that is asked for does not count"
    );
    world.say("look", Deed::Ack, "ann", |answer| answer.note = Some("42".into()));
    let (_, state) = world.again();
    assert_eq!(state.steps["say"].output, "all 42 ann");
}
