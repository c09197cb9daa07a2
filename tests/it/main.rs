//! The one integration binary: an area per module.

mod architecture;
mod bad_input;
mod browser;
mod cli;
mod config;
mod conformance;
mod connector_http;
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
mod report;
mod scoring;
mod simulator;
mod store;
mod support;
mod transport;
mod web;
mod whole_way;
