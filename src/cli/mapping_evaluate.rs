//! `mapping evaluate` and `mapping model`: measures the mapping on labelled tasks, and writes what it learned as a file.
//!
//! Owns the reading and writing of their files and the printed form of the figures. It must not know how mapping works,
//! nor where the stored catalog comes from that holds where no file is named. Any problem of a file comes back as
//! findings; nothing is written unless all was read.

use crate::domain::CatalogProduct;
use crate::error::{Finding, Findings, Lang, Place, Text, io_cause};
use crate::mapping::report::{self, calibration_svg, markdown};
use crate::mapping::{Example, Figures, Folds, Mapper, Options, Report, RuleBook, evaluate, labels, model};
use crate::pipeline::whole_file;
use std::path::{Path, PathBuf};

/// Decisions learned from at each point of the learning curve.
const CURVE: [usize; 5] = [0, 50, 100, 250, 500];

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Catalog, CSV or XLSX; default: that of the model file, else the stored version in force today.
    #[arg(long)]
    pub catalog: Option<PathBuf>,
    /// Labelled tasks to measure on, CSV or XLSX.
    #[arg(long)]
    pub labels: PathBuf,
    /// Labelled tasks to learn from, CSV or XLSX; without it the catalog alone speaks.
    #[arg(long)]
    pub train: Option<PathBuf>,
    /// A model file to measure instead of learning.
    #[arg(long, conflicts_with = "train")]
    pub model: Option<PathBuf>,
    /// Exact rules, TOML; none by default.
    #[arg(long)]
    pub rules: Option<PathBuf>,
    /// Share of decisions without a person that shall be right, 0.5 to 0.999.
    #[arg(long, default_value_t = 0.97)]
    pub target_precision: f64,
    /// Learn from the labels themselves by cross-validation with this many folds.
    #[arg(long, conflicts_with_all = ["train", "model"], value_parser = clap::value_parser!(u16).range(2..=50))]
    pub cross_validate: Option<u16>,
    /// Folder to write tables (tables.md) and calibration plot (calibration.svg) to.
    #[arg(long)]
    pub report: Option<PathBuf>,
}

/// What a model is made of.
#[derive(Debug, Clone, clap::Args)]
pub struct ModelArgs {
    /// Catalog, CSV or XLSX; default: the stored version in force today.
    #[arg(long)]
    pub catalog: Option<PathBuf>,
    /// Labelled tasks to learn from, CSV or XLSX; without it the catalog alone speaks.
    #[arg(long)]
    pub train: Option<PathBuf>,
    /// Share of decisions without a person that shall be right, 0.5 to 0.999.
    #[arg(long, default_value_t = 0.97)]
    pub target_precision: f64,
    /// File to write; must not exist.
    #[arg(long)]
    pub out: PathBuf,
}

impl Args {
    /// Whether the catalog is the stored one: neither a file of it nor a model is named.
    pub fn asks_the_store(&self) -> bool {
        self.catalog.is_none() && self.model.is_none()
    }
}

impl ModelArgs {
    /// Whether the catalog is the stored one.
    pub fn asks_the_store(&self) -> bool {
        self.catalog.is_none()
    }
}

/// Measures, and writes the report where one is asked for; `stored` is the catalog where no other is named.
///
/// # Errors
/// LT-MAP-012 file cannot be opened, -013 target precision out of range, -020 to -022 a model that cannot be used, -023 report
/// cannot be written, -024 the model is of another catalog, and the findings of catalog, rules and labels.
pub fn run(args: &Args, stored: &[CatalogProduct]) -> Result<Report, Findings> {
    let options = options(args.target_precision)?;
    let named = args.catalog.as_deref().map(read_catalog).transpose()?;
    let rules = match &args.rules {
        None => RuleBook::default(),
        Some(path) => {
            let text = String::from_utf8_lossy(&bytes(path)?).into_owned();
            RuleBook::parse(&text, &name(path))?
        }
    };
    let made = match &args.model {
        Some(path) => {
            let (mapper, own) = model::read(&bytes(path)?, &name(path), rules.clone())?;
            if named.as_ref().is_some_and(|named| *named != own) {
                return Err(of_another_catalog(path));
            }
            Some((mapper, own))
        }
        None => None,
    };
    let catalog = match (&named, &made) {
        (Some(named), _) => named.as_slice(),
        (None, Some((_, own))) => own.as_slice(),
        (None, None) => stored,
    };
    // One catalog is measured with, whatever bodies the rules are for.
    let wrong = rules.check(|_, code| catalog.iter().any(|product| product.code == *code));
    if !wrong.is_empty() {
        return Err(Findings(wrong));
    }
    let tasks = labels::read_all(&bytes(&args.labels)?, &name(&args.labels), catalog)?;
    if let Some(folds) = args.cross_validate {
        let folds = usize::from(folds);
        let trained = Folds::train(catalog, &rules, &tasks, folds, usize::MAX, options.clone());
        let report = trained.report();
        if let Some(folder) = &args.report {
            let point = |most| evaluate::learned(catalog, &rules, &tasks, (folds, most), &options);
            let learning: Vec<(usize, Figures)> = CURVE.into_iter().map(point).collect();
            let about = format!(
                "{folds}-fold cross-validation, {} tasks, catalog of {}.",
                tasks.len(),
                catalog.len()
            );
            let noisy = trained.noisy();
            write_report(
                folder,
                &report::Findings { about: &about, report: &report, learning: &learning, noisy: &noisy },
            )?;
        }
        return Ok(report);
    }
    let mapper = match &made {
        Some((mapper, _)) => mapper.clone(),
        None => Mapper::build(catalog, rules, &train(args.train.as_deref(), catalog)?, options),
    };
    let report = evaluate::measure(&mapper, &tasks);
    if let Some(folder) = &args.report {
        let learned = args
            .train
            .as_ref()
            .or(args.model.as_ref())
            .map_or("the catalog alone".to_owned(), |path| file_name(path));
        let about =
            format!("{}, learned from {learned}, catalog of {}.", file_name(&args.labels), catalog.len());
        let noisy = evaluate::measure_noisy(&mapper, &tasks);
        write_report(
            folder,
            &report::Findings { about: &about, report: &report, learning: &[], noisy: &noisy },
        )?;
    }
    Ok(report)
}

/// Trains and writes the model file; gives its size in bytes. `stored` is the catalog where no file is named.
///
/// # Errors
/// LT-MAP-012, -013, -023 as [`run`], and the findings of catalog and labels.
pub fn make_model(args: &ModelArgs, stored: &[CatalogProduct]) -> Result<usize, Findings> {
    let options = options(args.target_precision)?;
    // Told before the training: what stands there is never overwritten.
    if args.out.exists() {
        return Err(unwritten(&args.out, &std::io::ErrorKind::AlreadyExists.into()));
    }
    let named = args.catalog.as_deref().map(read_catalog).transpose()?;
    let catalog = named.as_deref().unwrap_or(stored);
    let model = model::write(catalog, &train(args.train.as_deref(), catalog)?, options);
    whole_file::put(&args.out, &model).map_err(|error| unwritten(&args.out, &error))?;
    Ok(model.len())
}

fn options(target_precision: f64) -> Result<Options, Findings> {
    if (0.5..=0.999).contains(&target_precision) {
        return Ok(Options { target_precision, ..Options::default() });
    }
    let what = Text::new(
        "--target-precision phải trong khoảng 0,5 đến 0,999",
        "--target-precision must lie between 0.5 and 0.999",
    );
    Err(Finding::error("LT-MAP-013", what, Text::new("ví dụ 0.97", "for example 0.97")).into())
}

fn train(path: Option<&Path>, catalog: &[CatalogProduct]) -> Result<Vec<Example>, Findings> {
    path.map_or(Ok(Vec::new()), |path| labels::read(&bytes(path)?, &name(path), catalog))
}

fn read_catalog(path: &Path) -> Result<Vec<CatalogProduct>, Findings> {
    crate::catalog::read(&bytes(path)?, &name(path))
}

fn of_another_catalog(path: &Path) -> Findings {
    let what = Text::new("mô hình được tạo từ danh mục khác", "the model was made from another catalog");
    let remedy = Text::new(
        "dùng đúng danh mục, bỏ --catalog để dùng danh mục trong mô hình, hoặc tạo lại bằng lienthong mapping model",
        "use that catalog, leave --catalog out to use the model's own, or make the model again with lienthong mapping model",
    );
    Finding::error("LT-MAP-024", what, remedy).at(Place::of(name(path))).into()
}

fn write_report(folder: &Path, findings: &report::Findings<'_>) -> Result<(), Findings> {
    std::fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
    write(&folder.join("tables.md"), markdown(findings).as_bytes())?;
    write(&folder.join("calibration.svg"), calibration_svg(&findings.report.bins).as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Findings> {
    std::fs::write(path, bytes).map_err(|error| unwritten(path, &error))
}

fn unwritten(path: &Path, error: &std::io::Error) -> Findings {
    let what = Text::new("không ghi được", "cannot be written").because(&io_cause(error));
    let remedy = match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Text::new("chọn tên tệp khác với --out", "give another file with --out")
        }
        _ => Text::new("kiểm tra đường dẫn và quyền ghi", "check the path and the right to write there"),
    };
    Finding::error("LT-MAP-023", what, remedy).at(Place::of(name(path))).into()
}

/// The figures as lines for a person.
pub fn render(report: &Report, lang: Lang) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let figures = &report.figures;
    let precision = figures.decided.precision.map_or("-".to_owned(), percent);
    let (top1, top3, coverage) =
        (percent(figures.top1), percent(figures.top3), percent(figures.decided.coverage));
    let (n, outside, accepted) = (figures.n, figures.outside, figures.decided.outside_accepted);
    let error = percent(figures.calibration_error);
    let line = Text::new(
        format!(
            "{n} việc ({outside} ngoài danh mục)\nđúng ngay: {top1}\nđúng trong ba: {top3}\ntự quyết: chính xác {precision}, bao phủ {coverage}, nhận nhầm việc ngoài danh mục {accepted}\nđộ tin cậy lệch trung bình: {error}"
        ),
        format!(
            "{n} tasks ({outside} outside the catalog)\nfirst candidate right: {top1}\nright among three: {top3}\ndecided alone: precision {precision}, coverage {coverage}, outside tasks accepted {accepted}\nmean calibration error: {error}"
        ),
    );
    line.get(lang).to_owned()
}

/// What `mapping model` says.
pub fn model_made(path: &Path, size: usize) -> Text {
    Text::new(
        format!("đã ghi mô hình {} ({size} byte)", name(path)),
        format!("model written to {} ({size} bytes)", name(path)),
    )
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

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| name(path), |name| name.to_string_lossy().into_owned())
}
