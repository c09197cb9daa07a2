//! The one integration binary: an area per module.

mod architecture;
mod cli;
mod config;
mod conformance;
mod connector_http;
mod directory;
mod errors;
mod evaluation;
mod ingest;
mod mapping;
mod scoring;
mod simulator;
mod store;
mod support;
mod transport;
mod whole_way;
