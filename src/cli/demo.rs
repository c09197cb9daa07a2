//! `demo` and `simulate`: the daemon on a simulated province, and that province alone.
//!
//! Owns what is printed and when each ends. The composition stands in `demonstration`. A build without the
//! feature `simulator` refuses both.

use super::args::{DemoArgs, Global, SimulateArgs};
use super::print::Printer;

#[cfg(not(feature = "simulator"))]
mod without {
    use super::{DemoArgs, Global, Printer, SimulateArgs};
    use crate::cli::run::not_available;
    use crate::pipeline::command::{EXIT_FAILED, Outcome};

    pub async fn run(_args: &DemoArgs, _global: &Global, printer: &Printer) -> u8 {
        printer.finish(&Outcome::failed(EXIT_FAILED, not_available()))
    }

    pub async fn simulate(_args: &SimulateArgs, _global: &Global, printer: &Printer) -> u8 {
        printer.finish(&Outcome::failed(EXIT_FAILED, not_available()))
    }
}

#[cfg(not(feature = "simulator"))]
pub use without::{run, simulate};

#[cfg(feature = "simulator")]
pub use with::{run, simulate};

#[cfg(feature = "simulator")]
mod with {
    use super::{DemoArgs, Global, Printer, SimulateArgs};
    use crate::cli::demonstration::{Demo, DemoOptions, must_be_ours, unusable};
    use crate::cli::lock::{self, DataFolder, Holder};
    use crate::cli::run::{metrics_text, no_runtime, serve_orders, stop_signal};
    use crate::daemon::taken;
    use crate::error::{Finding, Lang, Place, Text};
    use crate::pipeline::command::{Document, EXIT_FAILED, EXIT_OK, Outcome};
    use crate::simulator::{LEAST_PEOPLE, SimulatorConfig, start};
    use crate::telemetry;
    use crate::telemetry::LogForm;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    /// Folder of a demonstration nobody named one for.
    const FOLDER: &str = "data/demo";
    /// Port of the page of a demonstration nobody named one for.
    const PORT: u16 = 8335;
    /// Longest a stop may take.
    const STOP: Duration = Duration::from_secs(20);

    /// Runs the demonstration; returns the exit code.
    pub async fn run(args: &DemoArgs, global: &Global, printer: &Printer) -> u8 {
        // Its page tells what goes on; a line per order would wash the address away.
        let filter = "warn";
        if let Err(finding) = telemetry::start_logging(LogForm::Auto, filter) {
            return printer.finish(&Outcome::failed(EXIT_FAILED, finding));
        }
        let options = DemoOptions {
            folder: global.data_dir.clone().unwrap_or_else(|| PathBuf::from(FOLDER)),
            once: args.once,
            seed: args.seed,
            people: args.people as usize,
            tasks: args.tasks as usize,
            port: port(args),
        };
        if let Err(finding) = must_be_ours(&options.folder) {
            return printer.finish(&Outcome::failed(EXIT_FAILED, *finding));
        }
        // Its folder is the demonstration's to make; that of an installation is not.
        if let Err(error) = std::fs::create_dir_all(&options.folder) {
            return printer.finish(&Outcome::failed(EXIT_FAILED, unusable(&options.folder, &error)));
        }
        let held = match DataFolder::take(&options.folder.join("data"), Holder::Daemon) {
            Ok(held) => held,
            Err(finding) => {
                return printer.finish(&Outcome::failed(lock::exit_of(&finding), *finding));
            }
        };
        let demo = match Demo::start(&options, metrics_text()).await {
            Ok(demo) => demo,
            Err(findings) => {
                return printer.finish(&Outcome {
                    exit: EXIT_FAILED,
                    findings: findings.0,
                    document: Document::Nothing,
                });
            }
        };
        printer.note(&format!("http://{}/", demo.daemon.address));
        printer.note(&hint(&options.folder, printer.lang));
        if options.people < LEAST_PEOPLE {
            printer.note(&match printer.lang {
                Lang::Vi => {
                    format!("tỉnh mô phỏng nhỏ nhất có {LEAST_PEOPLE} người, không phải {}", args.people)
                }
                Lang::En => format!("the smallest province has {LEAST_PEOPLE} people, not {}", args.people),
            });
        }
        let stop = match stop_signal() {
            Ok(stop) => stop,
            Err(error) => return printer.finish(&Outcome::failed(EXIT_FAILED, no_runtime(&error))),
        };
        let orders = match serve_orders(&held, demo.daemon.app.clone(), stop.clone()) {
            Ok(orders) => orders,
            Err(finding) => return printer.finish(&Outcome::failed(EXIT_FAILED, finding)),
        };
        let code = if args.once {
            tokio::select! {
                () = stop.cancelled() => EXIT_FAILED,
                settled = demo.settle() => finish_once(settled, printer),
            }
        } else {
            stop.cancelled().await;
            EXIT_OK
        };
        stop.cancel();
        demo.stop(STOP).await;
        orders.abort();
        drop(held);
        code
    }

    /// The port that was asked for; else a run that ends by itself must not fail because a page is open elsewhere.
    fn port(args: &DemoArgs) -> u16 {
        args.port.unwrap_or(if args.once { 0 } else { PORT })
    }

    /// How to give orders to the demonstration.
    fn hint(folder: &Path, lang: Lang) -> String {
        // After `cargo run` the program is on nobody's path, and another terminal stands in another folder.
        let program = std::env::current_exe().unwrap_or_else(|_| "lienthong".into());
        let config = folder.join("lienthong.toml");
        let config = std::path::absolute(&config).unwrap_or(config);
        let order = format!("{} --config {} status", quoted(&program), quoted(&config));
        match lang {
            Lang::Vi => format!("ra lệnh từ cửa sổ khác: {order}"),
            Lang::En => format!("orders from another terminal: {order}"),
        }
    }

    /// A path as a shell takes it.
    fn quoted(path: &Path) -> String {
        let text = path.display().to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
        if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
    }

    fn finish_once(
        settled: Result<(serde_json::Value, bool, Vec<Finding>), crate::error::Findings>,
        printer: &Printer,
    ) -> u8 {
        match settled {
            Err(findings) => printer.finish(&Outcome {
                exit: EXIT_FAILED,
                findings: findings.0,
                document: Document::Nothing,
            }),
            Ok((account, adds_up, words)) => {
                let text = serde_json::to_string_pretty(&account).unwrap_or_default();
                let mut outcome =
                    Outcome::ok(Document::Json { value: account, text: Text::new(text.clone(), text) });
                outcome.findings.extend(words);
                if !adds_up {
                    outcome.exit = EXIT_FAILED;
                    outcome.findings.push(Finding::error(
                        "LT-RUN-031",
                        Text::new(
                            "bản trình diễn không khớp số liệu của bên nhận",
                            "the demonstration does not add up with what the receivers hold",
                        ),
                        Text::new(
                            "xem open và examples trong kết quả",
                            "look at open and examples in the result",
                        ),
                    ));
                }
                printer.finish(&outcome)
            }
        }
    }

    /// Serves the simulated province; returns the exit code.
    pub async fn simulate(args: &SimulateArgs, global: &Global, printer: &Printer) -> u8 {
        let folder = global.data_dir.clone().unwrap_or_else(|| PathBuf::from("data/province"));
        let config = SimulatorConfig {
            seed: args.seed,
            today: args.today,
            people: args.people as usize,
            tasks: args.tasks as usize,
            folder: folder.clone(),
            port: args.listen.port(),
            last_tick: None,
            auto_tick_ms: args.auto_tick,
        };
        let stop = match stop_signal() {
            Ok(stop) => stop,
            Err(error) => return printer.finish(&Outcome::failed(EXIT_FAILED, no_runtime(&error))),
        };
        match start(config).await {
            Err(error) => printer.finish(&Outcome::failed(EXIT_FAILED, closed(args, &folder, &error))),
            Ok(running) => {
                printer.note(&format!("http://{}", running.address));
                stop.cancelled().await;
                EXIT_OK
            }
        }
    }

    /// Why the province does not open: its address, else its folder.
    fn closed(args: &SimulateArgs, folder: &Path, error: &std::io::Error) -> Finding {
        use std::io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
        let port = args.listen.port();
        let of_port = match error.kind() {
            AddrInUse | AddrNotAvailable => true,
            PermissionDenied => (1..1024).contains(&port),
            _ => false,
        };
        if !of_port {
            return unusable(folder, error);
        }
        let by = "`simulate --listen 127.0.0.1:0`";
        let (vi, en) = (format!("{by} lấy cổng trống bất kỳ"), format!("{by} takes any free one"));
        taken(([127, 0, 0, 1], port).into(), error, &vi, &en).at(Place::of("--listen"))
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::cli::args::{Action, Cli};
        use clap::Parser as _;

        #[test]
        fn the_order_that_is_printed_can_be_given_from_any_folder() {
            let told = hint(Path::new("data/demo của tôi"), Lang::En);
            let config = std::path::absolute("data/demo của tôi/lienthong.toml").expect("absolute");
            assert!(told.ends_with(&format!(" --config '{}' status", config.display())), "{told}");
            assert_eq!(quoted(Path::new("/a/it's")), r"'/a/it'\''s'");
            assert_eq!(quoted(Path::new("/a/b-1.toml")), "/a/b-1.toml");
        }

        #[test]
        fn a_port_that_is_asked_for_is_taken_with_and_without_once() {
            let of = |line: &str| match Cli::try_parse_from(line.split(' ')).expect("parses").action {
                Action::Demo(args) => port(&args),
                other => panic!("{other:?}"),
            };
            assert_eq!(of("lienthong demo --once --port 8400"), 8400);
            assert_eq!(of("lienthong demo --port 8400"), 8400);
            assert_eq!((of("lienthong demo --once"), of("lienthong demo")), (0, PORT));
        }
    }
}
