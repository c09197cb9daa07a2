//! The figures of an evaluation as Markdown tables and a plot.
//!
//! Owns their form. It must not measure or write files. The same figures give the same bytes.

use super::evaluate::{Bin, Figures, Report};
use super::noise::Noise;
use std::fmt::Write as _;

/// What a report is made of.
pub struct Findings<'a> {
    /// What was measured on what, one sentence.
    pub about: &'a str,
    /// The main figures.
    pub report: &'a Report,
    /// Figures by number of decisions learned from.
    pub learning: &'a [(usize, Figures)],
    /// Figures under noise.
    pub noisy: &'a [(Noise, Figures)],
}

/// All tables.
pub fn markdown(findings: &Findings<'_>) -> String {
    let report = findings.report;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<!-- Written by `lienthong mapping evaluate --report`; do not edit. -->\n\n{}\n",
        findings.about
    );
    section(&mut out, "Figures", HEAD);
    row(&mut out, "all", &report.figures);
    if !findings.learning.is_empty() {
        section(&mut out, "Learning curve", HEAD);
        for (decisions, figures) in findings.learning {
            row(&mut out, &format!("{decisions} decisions"), figures);
        }
    }
    section(&mut out, "Typed by other hands", HEAD);
    for (noise, figures) in findings.noisy {
        row(&mut out, noise.name(), figures);
    }
    section(&mut out, "Precision over coverage", &["accepted", "precision", "least confidence"]);
    for point in &report.curve {
        let cells = [percent(point.coverage), percent(point.precision), format!("{:.3}", point.confidence)];
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    section(&mut out, "Calibration", &["confidence", "tasks", "shown", "right"]);
    for (at, bin) in report.bins.iter().enumerate() {
        let _ = writeln!(
            out,
            "| {}–{} % | {} | {} | {} |",
            at * 10,
            at * 10 + 10,
            bin.n,
            percent(bin.shown),
            percent(bin.right)
        );
    }
    let _ = writeln!(out, "\n![calibration](calibration.svg)");
    for by in ["noise", "difficulty", "unit", "source"] {
        let slices: Vec<_> = report.slices.iter().filter(|slice| slice.by == by).collect();
        if !slices.is_empty() {
            section(&mut out, &format!("By {by}"), HEAD);
            slices.iter().for_each(|slice| row(&mut out, &slice.part, &slice.figures));
        }
    }
    section(&mut out, "Most frequent confusions", &["right", "chosen", "times"]);
    for confusion in &report.confusions {
        let expected = confusion.expected.as_ref().map_or("outside", |code| code.as_str());
        let _ = writeln!(out, "| {expected} | {} | {} |", confusion.chosen, confusion.n);
    }
    let worst = ["task", "title", "right", "its place", "chosen", "confidence", "by the words"];
    section(&mut out, "The surest errors", &worst);
    for error in &report.worst {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {}{} | {} |",
            error.id,
            cell(&error.title),
            error.expected.as_ref().map_or("outside", |code| code.as_str()),
            error.place.map_or("-".to_owned(), |place| place.to_string()),
            error.chosen,
            percent(error.confidence),
            if error.accepted { ", decided" } else { "" },
            cell(&error.words.join(", "))
        );
    }
    out
}

const HEAD: &[&str] = &[
    "",
    "tasks",
    "top-1",
    "top-3",
    "precision of the surest half",
    "decided alone",
    "precision",
    "outside accepted",
    "calibration error",
];

fn section(out: &mut String, title: &str, head: &[&str]) {
    let _ = writeln!(out, "\n## {title}\n\n| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()));
}

fn row(out: &mut String, name: &str, figures: &Figures) {
    let cells = [
        name.to_owned(),
        figures.n.to_string(),
        percent(figures.top1),
        percent(figures.top3),
        percent(figures.half),
        percent(figures.decided.coverage),
        figures.decided.precision.map_or("-".to_owned(), percent),
        format!("{} of {}", figures.decided.outside_accepted, figures.outside),
        format!("{:.3}", figures.calibration_error),
    ];
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A text that stays in its cell.
fn cell(text: &str) -> String {
    text.chars().map(|c| if c == '|' || c.is_control() { ' ' } else { c }).collect()
}

/// Shown confidence against observed frequency; the size of a point is the number of tasks.
pub fn calibration_svg(bins: &[Bin]) -> String {
    let all: u64 = bins.iter().map(|bin| bin.n).sum();
    let (x, y) = (|share: f64| 60.0 + share * 400.0, |share: f64| 440.0 - share * 400.0);
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 500 500\" font-family=\"sans-serif\" font-size=\"12\">\n<title>Calibration: confidence shown and share right</title>\n<rect width=\"500\" height=\"500\" fill=\"#fff\"/>\n",
    );
    for tenth in (0..=10).step_by(2) {
        let share = f64::from(tenth) / 10.0;
        let _ = writeln!(
            out,
            "<path d=\"M{0} 40V440M60 {1}H460\" stroke=\"#ddd\"/><text x=\"{0}\" y=\"458\" text-anchor=\"middle\">{share:.1}</text><text x=\"52\" y=\"{2}\" text-anchor=\"end\">{share:.1}</text>",
            x(share),
            y(share),
            y(share) + 4.0
        );
    }
    out.push_str("<path d=\"M60 440L460 40\" stroke=\"#888\" stroke-dasharray=\"4\"/>\n<text x=\"260\" y=\"485\" text-anchor=\"middle\">confidence shown</text>\n<text transform=\"translate(18 240) rotate(-90)\" text-anchor=\"middle\">share right</text>\n");
    for bin in bins.iter().filter(|bin| bin.n > 0) {
        let radius = 3.0 + 22.0 * (bin.n as f64 / all.max(1) as f64).sqrt();
        let _ = writeln!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\" fill=\"#2563eb\" fill-opacity=\"0.6\"><title>{} tasks: shown {}, right {}</title></circle>",
            x(bin.shown),
            y(bin.right),
            bin.n,
            percent(bin.shown),
            percent(bin.right)
        );
    }
    out.push_str("</svg>\n");
    out
}
