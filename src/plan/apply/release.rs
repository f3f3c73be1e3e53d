//! Taking back what does not outlive a run: mounts, arrays, loop devices.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::plan::apply::act::{Hands, lock};
use crate::plan::apply::commands::{self, Runner};
use crate::plan::apply::schedule::{Board, StepError, is_volatile};
use crate::plan::artefact::Work;
use crate::sys::disk;
use crate::system::action::CommandLine;

/// How long an image may stay attached after it was detached: something may be looking at it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often is looked whether it still is.
const PACE: Duration = Duration::from_millis(50);

/// Takes back what the run's volatile steps did, in reverse order, and detaches images. What cannot be taken
/// back is told.
pub fn release(hands: &Hands<'_>, board: &Board) -> Vec<String> {
    let mut warnings = Vec::new();
    let steps = &hands.ground.plan.content.steps;
    for step in steps.iter().rev().filter(|step| is_volatile(step)) {
        let touched = board.times.contains_key(&step.id);
        let Work::Action(action) = &step.work else { continue };
        for command in action.release.iter().filter(|_| touched) {
            let result = hands.release(step, command);
            warnings.extend(told(result.err(), &format!("releasing {}", step.id)));
        }
    }
    let attached = std::mem::take(&mut *lock(&hands.attached));
    for device in attached {
        warnings.extend(detach(hands, &device));
    }
    warnings
}

/// Detaches a loop device; what went wrong, if anything did.
///
/// The kernel only promises to detach a device that is in use, and is in use as long as a file system on it
/// is mounted in any namespace: whoever copies the image before may copy half of what was written.
fn detach(hands: &Hands<'_>, device: &str) -> Option<String> {
    let snapshot = hands.ground.plan.content.snapshots.first()?.id;
    let image = image_of(device);
    let command = CommandLine::new(["losetup", "--detach", device]);
    let runner = Runner { heeds_interrupt: false, ..hands.runner(None) };
    let result = commands::succeed(runner, &snapshot, &command);
    if let Some(warning) = told(result.err(), &format!("detaching {device}")) {
        return Some(warning);
    }
    let (image, begun) = (image?, Instant::now());
    while image_of(device).as_ref() == Some(&image) {
        if begun.elapsed() > PATIENCE {
            return Some(format!(
                "{device} goes on holding the image {}, since something else uses it (a mount in another \
                 namespace, perhaps): neither copy nor start it before `losetup` lists it no more",
                image.display()
            ));
        }
        sleep(PACE);
    }
    None
}

fn image_of(device: &str) -> Option<PathBuf> {
    disk::disk(device.strip_prefix("/dev/")?)?.backing_file
}

/// How a failure of `what` is told.
pub fn told(error: Option<StepError>, what: &str) -> Option<String> {
    match error? {
        StepError::Failed { why, .. } => Some(format!("{what}: {why}")),
        StepError::Interrupted => Some(format!("{what}: interrupted")),
    }
}
