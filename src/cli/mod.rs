//! The command line: one file per concern, a thin translation between people and `pipeline::command`.
//!
//! Owns arguments, languages, printing, exit codes, the lock of the data folder and the socket over which
//! orders reach a running daemon. It must not know SQL or the insides of engines. Every failure is printed
//! as a finding on standard error and becomes a documented exit code; standard output carries results only.

pub mod args;
#[cfg(feature = "simulator")]
mod changed;
mod config_command;
mod confine;
mod connector;
mod connector_new;
mod connector_record;
mod connector_test;
mod demo;
#[cfg(feature = "simulator")]
pub mod demonstration;
mod dispatch;
mod help_vi;
pub mod lang;
mod layout;
mod life_order;
pub mod lock;
pub mod mapping_evaluate;
#[cfg(feature = "simulator")]
mod office;
mod order;
mod out_file;
mod pdf;
pub mod print;
pub mod run;
pub mod score_case;
pub mod socket;
mod source_action;
mod usage;
mod watch;

pub use dispatch::main;
