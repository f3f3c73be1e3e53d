//! What people say to a run, and which of it counts.
//!
//! An answer arrives as a file in the run's inbox, whichever way it came: from the command line, by a link,
//! at the terminal, or through the repository. Writing the file is all that a sender does; the run that takes
//! it writes it into its journal. So nobody has to be running when somebody answers.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use crate::base::hex;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::crypto::derive::random_bytes;
use crate::runbook::model::EvidenceForm;
use crate::runbook::record::{Answer, Ask, AskKind, Deed, StepEnd};
use crate::runbook::state::{Progress, RunState};
use crate::sys::error::SysError;
use crate::sys::file::{atomic_write, create_private_dir, read_bounded};

/// Longest answer, in bytes.
const ANSWER_MAX_BYTES: u64 = 256 << 10;
/// Longest note, in characters.
pub const NOTE_MAX_CHARS: usize = 16_384;

impl Answer {
    /// An answer with an id of its own.
    pub fn new(step: &str, deed: Deed, by: &str, via: &str, time: Timestamp) -> Self {
        Self {
            id: hex::encode(&random_bytes::<8>()),
            step: step.to_owned(),
            deed,
            by: by.to_owned(),
            via: via.to_owned(),
            time,
            value: None,
            note: None,
            file: None,
            slot: None,
        }
    }
}

/// Whether `id` can be an answer's id: it becomes a file's and an object's name.
pub fn is_answer_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=128).contains(&id.len()) && id.bytes().all(is_plain)
}

/// Leaves an answer for the run whose inbox this is.
pub fn leave(inbox: &Path, answer: &Answer) -> Result<(), SysError> {
    if !is_answer_id(&answer.id) {
        let why = "the answer's id is not made of letters, digits, - and _";
        return Err(SysError::at("leave an answer in", inbox, Error::new(ErrorKind::InvalidInput, why)));
    }
    create_private_dir(inbox)?;
    // Text, numbers and lists of them have a JSON form.
    let bytes = serde_json::to_vec(answer).unwrap_or_default();
    atomic_write(&inbox.join(format!("{}.json", answer.id)), &bytes)
}

/// What has arrived, oldest first. What is no answer is left where it is.
pub fn read_inbox(inbox: &Path) -> Vec<(PathBuf, Answer)> {
    let files = std::fs::read_dir(inbox).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_whole = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let read = |path: PathBuf| {
        let answer = serde_json::from_slice(&read_bounded(&path, ANSWER_MAX_BYTES).ok()?).ok()?;
        Some((path, answer))
    };
    let mut answers: Vec<(PathBuf, Answer)> = files.filter(is_whole).filter_map(read).collect();
    answers.sort_by(|(_, left), (_, right)| (left.time, &left.id).cmp(&(right.time, &right.id)));
    answers
}

/// The path of the step that `name` means: that of a waiting step whose path or id it is.
pub fn find_step(state: &RunState, name: &str) -> Option<String> {
    if state.steps.contains_key(name) {
        return Some(name.to_owned());
    }
    let is_meant = |path: &&String| {
        let last = path.rsplit('/').next().unwrap_or_default();
        last == name || last.split('@').next() == Some(name)
    };
    let is_open = |path: &&String| {
        state.steps.get(*path).is_some_and(|step| {
            matches!(step.progress, Progress::Waiting | Progress::InDoubt | Progress::Ended(_))
        })
    };
    let mut meant = state.order.iter().filter(is_meant).filter(is_open);
    match (meant.next(), meant.next()) {
        (Some(path), None) => Some(path.clone()),
        _ => None,
    }
}

/// Whether an answer counts, and if not, why not.
pub fn judge(state: &RunState, answer: &Answer) -> Result<(), String> {
    if let Some((end, _, _)) = &state.end {
        return Err(format!("run {} has ended: {}", state.header.run, end.as_str()));
    }
    if answer.by.trim().is_empty() || answer.by.chars().any(char::is_control) {
        return Err("an answer needs a name: who gives it?".into());
    }
    if answer.note.as_ref().is_some_and(|note| note.chars().count() > NOTE_MAX_CHARS) {
        return Err(format!("a note has at most {NOTE_MAX_CHARS} characters"));
    }
    if let Some((label, role)) = answer.slot.as_ref().filter(|(_, role)| *role < Role::Maintainer) {
        return Err(format!("{label} is a {role}'s key slot: answers take a maintainer's or restorer's"));
    }
    if answer.deed == Deed::Abort {
        return Ok(());
    }
    let path = &answer.step;
    let Some(step) = state.steps.get(path) else { return Err(format!("step {path} has not begun")) };
    if answer.deed == Deed::Done
        && let Some(approval) = approval_left(state, path)
    {
        return Err(format!(
            "step {approval} is an approval, which nobody gives by saying that it is done: resume the run, \
             and it is asked for again"
        ));
    }
    if matches!(answer.deed, Deed::Done | Deed::Repeat) {
        let is_open = matches!(step.progress, Progress::InDoubt | Progress::Ended(_))
            && state.ended(path).is_none_or(|end| end == StepEnd::Failed);
        return match is_open {
            true => Ok(()),
            false => Err(format!("step {path} is {}: there is nothing to decide", step.progress.as_str())),
        };
    }
    let asked = step.asked.as_ref().filter(|_| step.progress == Progress::Waiting);
    let Some(asked) = asked else {
        return Err(format!("step {path} is {} and waits for nobody", step.progress.as_str()));
    };
    fits(&asked.ask, answer, path)?;
    if !asked.ask.who.is_empty() && !asked.ask.who.contains(&answer.by) {
        return Err(format!("{} is not among those who are asked: {}", answer.by, asked.ask.who.join(", ")));
    }
    let same = |other: &&Answer| {
        other.by == answer.by || (answer.slot.is_some() && other.slot.as_ref() == answer.slot.as_ref())
    };
    if answer.deed == Deed::Approve && asked.answers.iter().any(|other| same(&other)) {
        return Err(format!("{} has answered already", answer.by));
    }
    Ok(())
}

/// An approval that has not been given, and that the step at `path` is or holds.
fn approval_left<'a>(state: &'a RunState, path: &str) -> Option<&'a str> {
    let is_part =
        |at: &str| at.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_left = |at: &str| state.ended(at) != Some(StepEnd::Done);
    let mut approvals = state.steps.iter().filter(|(_, step)| step.kind == "approval");
    approvals.find(|(at, _)| is_part(at) && is_left(at)).map(|(at, _)| at.as_str())
}

/// Whether the answer is one to this question.
fn fits(ask: &Ask, answer: &Answer, path: &str) -> Result<(), String> {
    let deeds: &[Deed] = match ask.kind {
        AskKind::Approval => &[Deed::Approve, Deed::Refuse],
        AskKind::Acknowledgement => &[Deed::Ack],
        AskKind::Manual => &[Deed::Ack, Deed::Fail],
        AskKind::Choice => &[Deed::Choose],
    };
    if !deeds.contains(&answer.deed) {
        let how = match ask.kind {
            AskKind::Approval => "is to be approved or refused",
            AskKind::Acknowledgement => "is to be acknowledged",
            AskKind::Manual => "is to be acknowledged when it is done, or reported as failed",
            AskKind::Choice => "is to be answered by a choice",
        };
        return Err(format!("step {path} {how}"));
    }
    if ask.kind == AskKind::Choice {
        let values: Vec<&str> = ask.options.iter().map(|(value, _)| value.as_str()).collect();
        let chosen = answer.value.as_deref().unwrap_or_default();
        if !values.contains(&chosen) {
            return Err(format!("\"{chosen}\" is none of the options of step {path}: {}", values.join(", ")));
        }
    }
    if answer.deed == Deed::Ack {
        let has_note = answer.note.as_ref().is_some_and(|note| !note.trim().is_empty());
        match ask.evidence {
            EvidenceForm::Text if !has_note && answer.file.is_none() => {
                return Err(format!("step {path} asks for a text: what was seen?"));
            }
            EvidenceForm::File if answer.file.is_none() => {
                return Err(format!("step {path} asks for a file to show for it"));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::leave;
    use crate::base::time::Timestamp;
    use crate::runbook::record::{Answer, Deed};

    #[test]
    fn an_answer_whose_id_is_no_plain_name_is_left_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = dir.path().join("inbox");
        let mut answer = Answer::new("a", Deed::Ack, "ann", "command", Timestamp::default());
        leave(&inbox, &answer).unwrap();
        for id in ["../evil", "/tmp/evil", "a/b", "..", "", &"x".repeat(129), "a\0b"] {
            answer.id = id.to_owned();
            assert!(leave(&inbox, &answer).is_err(), "{id:?}");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read_dir(&inbox).unwrap().count(), 1);
    }
}
