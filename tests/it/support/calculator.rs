//! The independent calculator (`tests/calculator/calculate.py`) in one process.

use super::project;
use serde_json::Value;
use std::io::{BufRead as _, Write as _};
use std::process::{Command, Stdio};

/// Its answers to some cases, in order.
pub fn answers(cases: &[Value]) -> Vec<Value> {
    let script = project::root().join("tests/calculator/calculate.py");
    let mut child = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed for the independent calculator: install python3");
    let mut stdin = child.stdin.take().expect("stdin");
    let text: Vec<String> = cases.iter().map(Value::to_string).collect();
    let writer = std::thread::spawn(move || {
        for line in text {
            writeln!(stdin, "{line}").expect("written");
        }
    });
    let answers = std::io::BufReader::new(child.stdout.take().expect("stdout")).lines();
    let answers: Vec<Value> =
        answers.map(|line| serde_json::from_str(&line.expect("a line")).expect("an answer")).collect();
    writer.join().expect("writer");
    assert!(child.wait().expect("ended").success());
    assert_eq!(answers.len(), cases.len());
    answers
}
