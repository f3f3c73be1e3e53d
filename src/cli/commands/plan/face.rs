//! People, as a run of a plan meets them: told on standard error, asked on the terminal.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::secret::SecretText;
use crate::cli::output::Output;
use crate::cli::secrets::read_file;
use crate::plan::apply::Face;
use crate::plan::apply::disks::Candidate;
use crate::plan::apply::log::How;
use crate::plan::apply::schedule::Ending;
use crate::plan::artefact::Step;
use crate::sys::terminal;
use crate::ui::{escape, format};

/// How often somebody may mistype a disk's name.
const TRIES: usize = 3;

/// People at a terminal, or nobody.
pub struct People {
    output: Output,
    secrets: Vec<(String, PathBuf)>,
    /// One question at a time.
    asking: Mutex<()>,
}

impl People {
    /// People who see `output`, and gave these files of secrets.
    pub fn new(output: Output, secrets: Vec<(String, PathBuf)>) -> Self {
        Self { output, secrets, asking: Mutex::new(()) }
    }
}

impl Face for People {
    fn begun(&self, step: &Step, attempt: u32) {
        let again = if attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
        if self.output.verbose > 0 || attempt > 1 {
            self.output.note(&format!(
                "begin  {}: {}{again}",
                escape::text(&step.id),
                escape::text(&step.title)
            ));
        }
    }

    fn ended(&self, step: &Step, ending: &Ending, seconds: f64) {
        let id = escape::text(&step.id);
        let took = format::duration(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
        match ending {
            Ending::Done(How::Now) => self.output.note(&format!("done   {id}  {took}")),
            Ending::Done(_) => self.output.note(&format!("there  {id}  it was done before")),
            Ending::Failed(why) => self.output.warn(&format!("{id} failed: {}", escape::text(why))),
            Ending::Waiting(why) => self.output.warn(&format!("{id} needs a person: {}", escape::text(why))),
            Ending::Skipped(why) => self.output.note(&format!("left   {id}  {}", escape::text(why))),
        }
    }

    fn note(&self, text: &str) {
        self.output.note(&escape::text(text));
    }

    fn confirm(&self, disk: &Candidate) -> bool {
        let _one = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = match disk.holds.is_empty() {
            true => "nothing that was found".to_owned(),
            false => disk.holds.join(", "),
        };
        let prompt = format!(
            "\n{}, {}\n  holds {}\nEverything on it will be overwritten. Type its name ({}) to confirm: ",
            escape::text(&disk.describe()),
            format::size(disk.size_bytes),
            escape::text(&holds),
            escape::text(&disk.device),
        );
        for _ in 0..TRIES {
            match terminal::read_answer(&prompt) {
                Ok(typed) if disk.is_named(&typed) => return true,
                Ok(_) => self.output.warn("that is not its name; nothing was written"),
                Err(_) => return false,
            }
        }
        false
    }

    fn secret(&self, name: &str) -> Option<SecretText> {
        if let Some((_, path)) = self.secrets.iter().find(|(own, _)| own == name) {
            let read = read_file(path);
            if let Err(failure) = &read {
                self.output.warn(&escape::text(failure.message()));
            }
            return read.ok();
        }
        let _one = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        terminal::read_passphrase(&format!("The secret {}: ", escape::text(name))).ok()
    }
}
