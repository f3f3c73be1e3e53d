//! Whatever a program prints: for databases that Lifeboat does not know.
//!
//! How consistent the dump is, is the program's affair; that it ended with success is looked after here.

use crate::base::monitor::Interrupt;
use crate::repo::attachment::{Attachment, ContributeError, Contributor, Necessity, Sink};
use crate::system::database::client::{file, stream};
use crate::system::database::manifest::{Database, Manifest};
use crate::system::database::spec::DatabaseSpec;

/// Its dump.
pub struct Program {
    spec: DatabaseSpec,
    interrupt: Interrupt,
}

impl Program {
    /// What `spec` says.
    pub fn new(spec: DatabaseSpec, interrupt: Interrupt) -> Self {
        Self { spec, interrupt }
    }
}

impl Contributor for Program {
    fn attachment(&self) -> Attachment {
        let mut attachment = self.spec.attachment();
        // Configuration is text, so this cannot fail.
        let words = serde_json::to_string(&self.spec.restore).unwrap_or_default();
        if !self.spec.restore.is_empty() {
            attachment.details.insert("restore".into(), words);
        }
        attachment
    }

    fn necessity(&self) -> Necessity {
        self.spec.necessity
    }

    fn contribute(&mut self, into: &mut Attachment, sink: &mut dyn Sink) -> Result<(), ContributeError> {
        let Some((program, arguments)) = self.spec.program.split_first() else {
            return Err(ContributeError("there is no program to run".into()));
        };
        let mut invocation = self.spec.server.invocation(program, arguments);
        invocation.time_limit = self.spec.time_limit;
        into.tool = Some(program.clone());
        let name = &self.spec.file;
        let bytes = stream(&invocation, file(name, "dump", &self.spec.name), sink, &self.interrupt)?;
        if bytes == 0 {
            sink.warn(&format!("database {}: {program} printed nothing", self.spec.name));
        }
        let mut manifest = Manifest::of(into);
        let how = self.spec.restore.join(" ");
        manifest.restore.push(match how.is_empty() {
            true => format!("{name} is what `{}` printed", self.spec.program.join(" ")),
            false => format!("{how} < {name}"),
        });
        manifest.databases.push(Database {
            name: self.spec.name.clone(),
            file: name.clone(),
            ..Database::default()
        });
        manifest.put(sink)
    }
}
