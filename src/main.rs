//! Entry point: hands over to the library.

fn main() -> std::process::ExitCode {
    lienthong::cli::main()
}
