//! Databases: dumped into a snapshot while they are in use, and loaded again from one.
//!
//! Each kind of database is a [`Contributor`](crate::repo::attachment::Contributor) that streams what the
//! database's own program prints: never a temporary file, and never compressed, so that dumps deduplicate.
//! What each guarantees stands at the top of its file. [`manifest`] is the description that goes along, with
//! what a restored database is compared with; [`restore`] turns an attachment into actions.
//!
//! Left out: where passwords come from (`cli`), when dumps are taken (`backup`), and carrying actions out.

pub mod base_backup;
pub mod client;
pub mod command;
pub mod manifest;
pub mod mysql;
pub mod postgres;
mod rdb;
pub mod redis;
pub mod restore;
pub mod spec;
pub mod sqlite;
pub mod throwaway;

use crate::base::monitor::Interrupt;
use crate::repo::attachment::Contributor;
use crate::system::database::spec::{DatabaseSpec, Engine};

/// Who dumps what `spec` says.
pub fn contributor(spec: &DatabaseSpec, interrupt: &Interrupt) -> Box<dyn Contributor> {
    let (spec, interrupt) = (spec.clone(), interrupt.clone());
    match spec.engine {
        Engine::Postgres => Box::new(postgres::Postgres::new(spec, interrupt)),
        Engine::PostgresBase => Box::new(base_backup::BaseBackup::new(spec, interrupt)),
        Engine::Mysql | Engine::Mariadb => Box::new(mysql::Mysql::new(spec, interrupt)),
        Engine::Sqlite => Box::new(sqlite::Sqlite::new(spec, interrupt)),
        Engine::Redis => Box::new(redis::Redis::new(spec, interrupt)),
        Engine::Command => Box::new(command::Program::new(spec, interrupt)),
    }
}
