//! The captured state as what a snapshot carries: `/.lifeboat/system`.

use crate::base::monitor::{Interrupt, Silent};
use crate::repo::attachment::{
    AttachedFile, Attachment, ContributeError, Contributor, KIND_SYSTEM, Necessity, Sink,
};
use crate::system::capture::{Options, capture};
use crate::system::model::{DIRECTORY, FILE_NAME, SCHEMA};

/// Captures the system when its turn comes, and puts document and files into the snapshot.
pub struct SystemContributor {
    options: Options,
    interrupt: Interrupt,
}

impl SystemContributor {
    /// Will capture as `options` say.
    pub fn new(options: Options, interrupt: Interrupt) -> Self {
        Self { options, interrupt }
    }
}

impl Contributor for SystemContributor {
    fn attachment(&self) -> Attachment {
        Attachment {
            kind: KIND_SYSTEM.to_owned(),
            name: KIND_SYSTEM.to_owned(),
            path: DIRECTORY.to_owned(),
            version: Some(SCHEMA.to_owned()),
            time: Some(self.options.now),
            ..Attachment::default()
        }
    }

    fn necessity(&self) -> Necessity {
        Necessity::Optional
    }

    fn contribute(
        &mut self,
        attachment: &mut Attachment,
        sink: &mut dyn Sink,
    ) -> Result<(), ContributeError> {
        let failed = |what: String| ContributeError(what);
        let captured = capture(&self.options, &self.interrupt, &Silent).map_err(|error| {
            failed(format!("the system's state was not captured: {error}: {}", error.source))
        })?;
        let state = &captured.state;
        for report in &state.collectors {
            for warning in &report.warnings {
                sink.warn(&format!("system state, {}: {warning}", report.name));
            }
        }
        let document = state.to_json().map_err(|error| failed(error.to_string()))?;
        attachment.details.insert("os".to_owned(), state.host.os.title.clone());
        attachment.details.insert("host".to_owned(), state.host.name.clone());
        let mut put = |path: &str, role: &str, mut bytes: &[u8]| {
            let file =
                AttachedFile { path: path.to_owned(), role: role.to_owned(), ..AttachedFile::default() };
            let result = sink.put(file, &mut bytes);
            result.map_err(|error| failed(format!("{path} cannot be attached: {error}")))
        };
        put(FILE_NAME, "state", &document)?;
        for kept in &captured.files {
            put(&kept.file.path, "raw", &kept.bytes)?;
        }
        Ok(())
    }
}
