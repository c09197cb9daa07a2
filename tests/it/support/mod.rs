//! What several areas of the tests need: private databases and built values.

pub mod browser;
pub mod calculator;
pub mod child_source;
pub mod dice;
pub mod environment;
pub mod http;
pub mod installation;
pub mod kinto;
pub mod mariadb;
pub mod memory;
pub mod office;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod project;
pub mod province;
pub mod radicale;
pub mod roundup;
pub mod site;
pub mod soap;
pub mod source;
pub mod stores;
pub mod task;
pub mod third_party;
pub mod vxp;

pub use http::install_tls;
