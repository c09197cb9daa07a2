//! `mapping evaluate`: measures the mapping on labelled tasks.
//!
//! Owns the reading of the three files and the printed form of the figures. It must not know how mapping works.
//! Any problem of a file comes back as findings; nothing is changed anywhere.

use crate::error::{Finding, Findings, Lang, Place, Text, io_cause};
use crate::mapping::{Options, Report, RuleBook, cross_validate, evaluate, labels};
use std::path::{Path, PathBuf};

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Catalog, CSV or XLSX.
    #[arg(long)]
    pub catalog: PathBuf,
    /// Labelled tasks to measure on, CSV or XLSX.
    #[arg(long)]
    pub labels: PathBuf,
    /// Labelled tasks to learn from, CSV or XLSX; without it the catalog alone speaks.
    #[arg(long)]
    pub train: Option<PathBuf>,
    /// Exact rules, TOML; none by default.
    #[arg(long)]
    pub rules: Option<PathBuf>,
    /// Share of decisions without a person that shall be right, 0.5 to 0.999.
    #[arg(long, default_value_t = 0.97)]
    pub target_precision: f64,
    /// Learn from the labels themselves by cross-validation with this many folds.
    #[arg(long, conflicts_with = "train", value_parser = clap::value_parser!(u16).range(2..=50))]
    pub cross_validate: Option<u16>,
}

/// Measures.
///
/// # Errors
/// LT-MAP-012 file cannot be opened, -013 target precision out of range, and the findings of catalog, rules and
/// labels.
pub fn run(args: &Args) -> Result<Report, Findings> {
    if !(0.5..=0.999).contains(&args.target_precision) {
        return Err(Finding::error(
            "LT-MAP-013",
            Text::new(
                "--target-precision phải trong khoảng 0,5 đến 0,999",
                "--target-precision must lie between 0.5 and 0.999",
            ),
            Text::new("ví dụ 0.97", "for example 0.97"),
        )
        .into());
    }
    let catalog = crate::catalog::read(&bytes(&args.catalog)?, &name(&args.catalog))?;
    let rules = match &args.rules {
        None => RuleBook::default(),
        Some(path) => {
            let text = String::from_utf8_lossy(&bytes(path)?).into_owned();
            let rules = RuleBook::parse(&text, &name(path))?;
            let findings = rules.check(&catalog);
            if !findings.is_empty() {
                return Err(Findings(findings));
            }
            rules
        }
    };
    let read = |path: &Path| labels::read(&bytes(path)?, &name(path), &catalog);
    let tasks = read(&args.labels)?;
    let options = Options { target_precision: args.target_precision };
    if let Some(folds) = args.cross_validate {
        return Ok(cross_validate(&catalog, &rules, &tasks, usize::from(folds), options));
    }
    let train = args.train.as_deref().map(read).transpose()?.unwrap_or_default();
    Ok(evaluate(&catalog, &rules, &train, &tasks, options))
}

/// The figures as lines for a person.
pub fn render(report: &Report, lang: Lang) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let precision = report.decided.precision.map_or("-".to_owned(), percent);
    let line = Text::new(
        format!(
            "{} việc ({} ngoài danh mục)\nđúng ngay: {}\nđúng trong ba: {}\ntự quyết: chính xác {precision}, bao phủ {}, nhận nhầm việc ngoài danh mục {}",
            report.n,
            report.outside,
            percent(report.top1),
            percent(report.top3),
            percent(report.decided.coverage),
            report.decided.outside_accepted
        ),
        format!(
            "{} tasks ({} outside the catalog)\nfirst candidate right: {}\nright among three: {}\ndecided alone: precision {precision}, coverage {}, outside tasks accepted {}",
            report.n,
            report.outside,
            percent(report.top1),
            percent(report.top3),
            percent(report.decided.coverage),
            report.decided.outside_accepted
        ),
    );
    line.get(lang).to_owned()
}

fn bytes(path: &Path) -> Result<Vec<u8>, Findings> {
    std::fs::read(path).map_err(|error| {
        Finding::error(
            "LT-MAP-012",
            Text::new("không mở được tệp", "the file cannot be opened").because(&io_cause(&error)),
            Text::new("kiểm tra đường dẫn và quyền đọc", "check the path and the right to read it"),
        )
        .at(Place::of(name(path)))
        .into()
    })
}

fn name(path: &Path) -> String {
    path.display().to_string()
}
