//! The one integration binary: an area per module.

mod architecture;
mod bad_input;
mod browser;
mod cli;
mod config;
mod conformance;
mod connector_file;
mod connector_http;
mod connector_sql;
mod daemon;
mod delivery_evaluation;
mod delivery_faults;
mod delivery_national;
mod directory;
mod errors;
mod evaluation;
mod ingest;
mod kill;
mod mapping;
mod observed;
mod packing;
mod plan;
mod real_kinto;
mod record_moves;
mod report;
mod score_step;
mod scoring;
mod simulator;
mod store;
mod support;
mod test_script;

mod transport;
mod web;
mod whole_way;
