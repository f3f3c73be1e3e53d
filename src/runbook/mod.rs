//! Floor 7: runbooks: the ordered steps that people and machines take in a disaster, and runs of them.
//!
//! A file is read (`read`) into values (`model`) and held against what must be so (`lint`). A run is its
//! journal (`record`), which adds up to where it is (`state`); `engine` carries it out, writing down each act
//! before and after. Answers of people (`answer`) arrive as files, from wherever they come. What a run needs
//! of higher floors it asks of its `hands`. `evidence` brings the journal to the repository, and answers from
//! there; `claims` says there whose a runbook is.

pub mod answer;
pub mod claims;
pub mod engine;
pub mod error;
pub mod evidence;
pub mod expr;
pub mod finding;
pub mod hands;
pub mod library;
pub mod link;
pub mod lint;
pub mod model;
pub mod order;
pub mod read;
pub mod record;
pub mod report;
pub mod runs;
pub mod schema;
pub mod serve;
pub mod show;
pub mod state;
pub mod templates;
