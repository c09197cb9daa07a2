//! Lists: scores of a period, records, deliveries, one source, and everything that waits for a person.

use super::overview::waiting_for_people;
use super::page::{render, say, value};
use super::{Visit, Web, format};
use crate::domain::{Level, Period, RecordState};
use crate::error::{Finding, Lang};
use crate::store::{OutboxFilter, OutboxKind};
use minijinja::context;
use serde::Serialize;

/// Rows per page.
const ROWS: usize = 200;

#[derive(Serialize, Default)]
struct Cell {
    text: String,
    href: String,
    note: String,
    num: bool,
    tag: bool,
    light: &'static str,
}

impl Cell {
    fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    fn num(text: impl Into<String>) -> Self {
        Self { text: text.into(), num: true, ..Self::default() }
    }

    fn link(text: impl Into<String>, href: String) -> Self {
        Self { text: text.into(), href, ..Self::default() }
    }

    fn tag(text: impl Into<String>, light: &'static str) -> Self {
        Self { text: text.into(), tag: true, light, ..Self::default() }
    }

    fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

#[derive(Serialize)]
struct Head {
    title: &'static str,
    num: bool,
}

#[derive(Serialize)]
struct Section {
    title: String,
    note: String,
    columns: Vec<Head>,
    rows: Vec<Vec<Cell>>,
    empty: &'static str,
    next: String,
}

impl Section {
    /// A table; a column title that begins with `#` is a column of numbers.
    fn new(
        lang: Lang,
        title: &str,
        columns: &[(&'static str, &'static str)],
        empty: (&'static str, &'static str),
    ) -> Self {
        let head = |(vi, en): &(&'static str, &'static str)| {
            let title = say(lang, vi, en);
            Head { title: title.trim_start_matches('#'), num: title.starts_with('#') }
        };
        Self {
            title: title.to_owned(),
            note: String::new(),
            columns: columns.iter().map(head).collect(),
            rows: Vec::new(),
            empty: say(lang, empty.0, empty.1),
            next: String::new(),
        }
    }
}

#[derive(Serialize)]
struct Filter {
    name: &'static str,
    label: &'static str,
    value: String,
    options: Vec<FilterOption>,
}

#[derive(Serialize)]
struct FilterOption {
    value: String,
    label: String,
    chosen: bool,
}

fn options(values: &[(String, String)], chosen: &str) -> Vec<FilterOption> {
    values
        .iter()
        .map(|(value, label)| FilterOption {
            value: value.clone(),
            label: label.clone(),
            chosen: value == chosen,
        })
        .collect()
}

async fn show(
    web: &Web,
    visit: &Visit,
    heading: &str,
    intro: &str,
    filters: Vec<Filter>,
    sections: Vec<Section>,
) -> Result<String, Finding> {
    let overview = web.app.store.overview().await.map_err(|error| error.finding())?;
    let own = context! { heading, intro, filters => value(&filters), sections => value(&sections) };
    Ok(render(web, visit, "table.html", own, waiting_for_people(&overview)))
}

/// What a level is called, with its light.
pub(super) fn level_tag(level: Option<Level>, lang: Lang) -> (String, &'static str) {
    match level {
        None => ("–".to_owned(), ""),
        Some(level) => {
            let text = match lang {
                Lang::Vi => level.vietnamese().trim_end_matches(" nhiệm vụ"),
                Lang::En => match level {
                    Level::Excellent => "Excellent",
                    Level::Good => "Good",
                    Level::Completed => "Completed",
                    Level::NotCompleted => "Not completed",
                },
            };
            (text.to_owned(), if level == Level::NotCompleted { "bad" } else { "ok" })
        }
    }
}

/// What a record's state is called.
pub(super) fn state_words(state: RecordState, lang: Lang) -> &'static str {
    match state {
        RecordState::Computed => say(lang, "Đã tính, còn thiếu thành phần", "Computed, parts missing"),
        RecordState::Provisional => say(lang, "Tạm tính", "Provisional"),
        RecordState::Approved => say(lang, "Đã phê duyệt", "Approved"),
        RecordState::Delivered => say(lang, "Đã gửi, có biên nhận", "Delivered"),
        RecordState::Corrected => say(lang, "Đã đính chính", "Corrected"),
    }
}

fn periods(web: &Web) -> Vec<(String, String)> {
    let current = Period::quarter_of(web.app.clock.today());
    let mut periods = vec![current, current.previous(), current.previous().previous()];
    periods.push(Period::Year(current.year()));
    periods.into_iter().map(|period| (period.to_string(), period.to_string())).collect()
}

/// Scores of a period.
pub(super) async fn scores(web: &Web, visit: &Visit) -> Result<String, Finding> {
    let lang = visit.lang;
    let asked = visit.query.get("period").and_then(|text| text.parse::<Period>().ok());
    let period = asked.unwrap_or_else(|| Period::quarter_of(web.app.clock.today()));
    let closed = web.app.store.period_close(period).await.map_err(|error| error.finding())?;
    let view = if period.is_year() {
        "year"
    } else if closed.is_some() {
        "full_period"
    } else {
        "to_date"
    };
    let unit = visit.query.get("unit").map(String::as_str).unwrap_or("");
    let after = visit.query.get("after").map(String::as_str).unwrap_or("");
    let lines = web
        .app
        .store
        .score_lines(period, view, Some(unit), after, ROWS)
        .await
        .map_err(|error| error.finding())?;
    let directory = web.app.directory().await?;
    let mut section = Section::new(
        lang,
        "",
        &[
            ("Số hiệu", "Staff number"),
            ("Họ và tên", "Name"),
            ("Đơn vị", "Unit"),
            ("#Phần nhiệm vụ (0–70)", "#Task part (0–70)"),
            ("#Tổng điểm", "#Total"),
            ("Mức tương ứng", "Band"),
            ("Còn thiếu", "Missing"),
        ],
        ("Chưa có điểm nào trong kỳ này.", "No scores in this period yet."),
    );
    if lines.len() == ROWS
        && let Some(last) = lines.last()
    {
        section.next = format!("/scores?period={period}&unit={unit}&after={}", last.staff_number);
    }
    for line in lines {
        let level = line.summary.get("level").and_then(|level| level.as_str()).and_then(Level::parse);
        let (level, light) = level_tag(level, lang);
        let missing = line.summary.get("missing").and_then(|list| list.as_array());
        let missing: Vec<&str> = missing
            .into_iter()
            .flatten()
            .filter_map(|word| word.as_str())
            .map(|word| missing_words(word, lang))
            .collect();
        let unit =
            line.unit.parse().ok().and_then(|code| directory.unit(&code)).map(|unit| unit.name.clone());
        section.rows.push(vec![
            Cell::text(line.staff_number),
            Cell::link(line.full_name, format!("/scores/{}/{period}", line.person)),
            Cell::text(unit.unwrap_or(line.unit)),
            Cell::num(line.task_part.unwrap_or_else(|| "–".to_owned())),
            Cell::num(line.total.unwrap_or_else(|| "–".to_owned())),
            Cell::tag(level, light),
            Cell::text(missing.join(", ")),
        ]);
    }
    let mut units: Vec<(String, String)> = vec![(String::new(), say(lang, "Tất cả", "All").to_owned())];
    units.extend(directory.units().map(|unit| (unit.code.to_string(), unit.name.clone())));
    let filters = vec![
        Filter {
            name: "period",
            label: say(lang, "Kỳ", "Period"),
            value: String::new(),
            options: options(&periods(web), &period.to_string()),
        },
        Filter {
            name: "unit",
            label: say(lang, "Đơn vị", "Unit"),
            value: String::new(),
            options: options(&units, unit),
        },
    ];
    let heading = format!("{} {period}", say(lang, "Điểm kỳ", "Scores of"));
    let intro = match (&closed, period.is_year()) {
        (_, true) => {
            say(lang, "Trung bình các quý đã ghi nhận.", "Mean of the recorded quarters.").to_owned()
        }
        (Some(close), _) => format!(
            "{} {}, {}",
            say(lang, "Kỳ đã chốt lúc", "Closed at"),
            format::instant(close.at),
            close.author
        ),
        (None, _) => say(
            lang,
            "Điểm tạm tính đến hôm nay; chưa phải kết quả xếp loại.",
            "Provisional to date; not a classification.",
        )
        .to_owned(),
    };
    show(web, visit, &heading, &intro, filters, vec![section]).await
}

/// What a missing part is called.
pub(super) fn missing_words(part: &str, lang: Lang) -> &str {
    let (vi, en) = match part {
        "general_criteria" => ("tiêu chí chung", "general criteria"),
        "unit_result" => ("d (kết quả đơn vị)", "d (unit result)"),
        "implementation_ability" => ("đ (tổ chức triển khai)", "đ (implementation)"),
        "unity_ability" => ("e (tập hợp, đoàn kết)", "e (unity)"),
        "assigned_tasks" => ("nhiệm vụ được giao", "assigned tasks"),
        "recorded_quarters" => ("điểm quý đã ghi nhận", "recorded quarters"),
        other => (other, other),
    };
    say(lang, vi, en)
}

/// Evaluation records.
pub(super) async fn records(web: &Web, visit: &Visit) -> Result<String, Finding> {
    let lang = visit.lang;
    let asked = |name: &str| visit.query.get(name).map(String::as_str).unwrap_or("");
    let (period, state) = (asked("period").parse::<Period>().ok(), RecordState::parse(asked("state")));
    let lines = web
        .app
        .store
        .record_lines(period, state, asked("after"), ROWS)
        .await
        .map_err(|error| error.finding())?;
    let mut section = Section::new(
        lang,
        "",
        &[
            ("Số hiệu", "Staff number"),
            ("Họ và tên", "Name"),
            ("Kỳ", "Period"),
            ("#Phiên bản", "#Revision"),
            ("Trạng thái", "State"),
            ("#Tổng điểm", "#Total"),
            ("Mức", "Level"),
            ("Lúc", "At"),
        ],
        ("Chưa có hồ sơ nào.", "No records yet."),
    );
    if lines.len() == ROWS
        && let Some(last) = lines.last()
    {
        section.next = format!(
            "/records?period={}&state={}&after={}",
            asked("period"),
            asked("state"),
            last.staff_number
        );
    }
    for line in lines {
        let field =
            |path: &str| line.content.pointer(path).and_then(|value| value.as_str()).map(str::to_owned);
        let (level, light) = level_tag(field("/level").as_deref().and_then(Level::parse), lang);
        let done = matches!(line.state, RecordState::Approved | RecordState::Delivered);
        section.rows.push(vec![
            Cell::text(line.staff_number),
            Cell::link(line.full_name, format!("/scores/{}/{}", line.person, line.period)),
            Cell::text(line.period.to_string()),
            Cell::num(line.revision.to_string()),
            Cell::tag(state_words(line.state, lang), if done { "ok" } else { "" }),
            Cell::num(field("/parts/total/printed").unwrap_or_else(|| "–".to_owned())),
            Cell::tag(level, light),
            Cell::text(format::instant(line.at)),
        ]);
    }
    let mut all = vec![(String::new(), say(lang, "Tất cả", "All").to_owned())];
    all.extend(periods(web));
    let mut states = vec![(String::new(), say(lang, "Tất cả", "All").to_owned())];
    states.extend(
        [RecordState::Computed, RecordState::Provisional, RecordState::Approved, RecordState::Delivered]
            .map(|state| (state.as_str().to_owned(), state_words(state, lang).to_owned())),
    );
    let filters = vec![
        Filter {
            name: "period",
            label: say(lang, "Kỳ", "Period"),
            value: String::new(),
            options: options(&all, asked("period")),
        },
        Filter {
            name: "state",
            label: say(lang, "Trạng thái", "State"),
            value: String::new(),
            options: options(&states, asked("state")),
        },
    ];
    show(web, visit, say(lang, "Hồ sơ đánh giá", "Evaluation records"), "", filters, vec![section]).await
}

/// What a delivery's state is called, with its light.
fn delivery_state(state: &str, lang: Lang) -> (String, &'static str) {
    let (vi, en, light) = match state {
        "pending" => ("Chờ gửi", "Pending", ""),
        "leased" => ("Đang gửi", "Being sent", ""),
        "sent" => ("Đã gửi, chờ trả lời", "Sent", "warn"),
        "acknowledged" => ("Đã có biên nhận", "Acknowledged", "ok"),
        "verified" => ("Đã đọc lại, đúng", "Verified", "ok"),
        "rejected" => ("Bị từ chối", "Rejected", "bad"),
        "unknown" => ("Chưa rõ, sẽ đọc lại", "Unknown, will be read back", "warn"),
        "superseded" => ("Đã thay bằng bản mới", "Superseded", ""),
        "parked" => ("Chờ người xử lý", "Parked", "bad"),
        other => (other, other, ""),
    };
    (say(lang, vi, en).to_owned(), light)
}

/// Deliveries with receipts and deadline clocks.
pub(super) async fn deliveries(web: &Web, visit: &Visit) -> Result<String, Finding> {
    let lang = visit.lang;
    let now = web.app.clock.now();
    let asked = |name: &str| visit.query.get(name).filter(|value| !value.is_empty()).cloned();
    let kind = match visit.query.get("kind").map(String::as_str) {
        Some("score") => Some(OutboxKind::Score),
        Some("") => None,
        _ if asked("target").is_some() => None,
        _ => Some(OutboxKind::Result),
    };
    let filter = OutboxFilter { target: asked("target"), state: asked("state"), kind };
    let lines = web.app.store.outbox_lines(&filter, ROWS).await.map_err(|error| error.finding())?;
    let mut section = Section::new(
        lang,
        "",
        &[
            ("Đích", "Target"),
            ("Người", "Person"),
            ("Kỳ", "Period"),
            ("Trạng thái", "State"),
            ("Hạn phải tới", "Deadline"),
            ("Biên nhận", "Receipt"),
            ("Nhận lúc", "Received"),
            ("#Số lần gửi", "#Attempts"),
        ],
        ("Chưa có gì phải gửi.", "Nothing to send yet."),
    );
    for line in lines {
        let (state, light) = delivery_state(&line.state, lang);
        let settled = line.received_at.is_some();
        let deadline = match line.deadline_at {
            None => Cell::text("–"),
            Some(at) if settled => {
                let kept = line.received_at.is_some_and(|received| received <= at);
                Cell::text(format::instant(at)).note(if kept {
                    say(lang, "đúng hạn", "in time")
                } else {
                    say(lang, "trễ hạn", "too late")
                })
            }
            Some(at) => Cell::text(format::instant(at)).note(format::left(at, now, lang)),
        };
        let reason = if settled { None } else { line.finding.as_ref() };
        section.rows.push(vec![
            Cell::text(line.target),
            Cell::link(line.staff_number, format!("/scores/{}/{}", line.person, line.period)),
            Cell::text(format!("{} r{}", line.period, line.revision)),
            Cell::tag(state, light).note(
                reason
                    .map(|finding| format!("{} {}", finding.code, finding.what.get(lang)))
                    .unwrap_or_default(),
            ),
            deadline,
            Cell::text(line.transaction_id.unwrap_or_else(|| "–".to_owned())),
            Cell::text(format::instant_or_dash(line.received_at)),
            Cell::num(line.attempts.to_string()),
        ]);
    }
    let all = || (String::new(), say(lang, "Tất cả", "All").to_owned());
    let states: Vec<(String, String)> = std::iter::once(all())
        .chain(
            ["pending", "unknown", "acknowledged", "verified", "parked", "rejected", "superseded"]
                .map(|state| (state.to_owned(), delivery_state(state, lang).0)),
        )
        .collect();
    let kinds = vec![
        ("result".to_owned(), say(lang, "Kết quả (CSDL quốc gia)", "Results (national database)").to_owned()),
        (
            "score".to_owned(),
            say(lang, "Điểm (phần mềm đánh giá)", "Scores (evaluation software)").to_owned(),
        ),
        all(),
    ];
    let chosen = match kind {
        Some(OutboxKind::Score) => "score",
        Some(OutboxKind::Result) => "result",
        None => "",
    };
    let filters = vec![
        Filter {
            name: "kind",
            label: say(lang, "Nội dung", "Content"),
            value: String::new(),
            options: options(&kinds, chosen),
        },
        Filter {
            name: "state",
            label: say(lang, "Trạng thái", "State"),
            value: String::new(),
            options: options(&states, filter.state.as_deref().unwrap_or("")),
        },
    ];
    show(web, visit, say(lang, "Gửi đi và biên nhận", "Deliveries and receipts"), "", filters, vec![section])
        .await
}

/// One source: its runs and its rejected records.
pub(super) async fn source(web: &Web, visit: &Visit, id: &str) -> Result<String, Finding> {
    let lang = visit.lang;
    let known = web.app.sources.keys().find(|source| source.as_str() == id);
    let mut runs = Section::new(
        lang,
        say(lang, "Các lần lấy dữ liệu", "Runs"),
        &[
            ("Bắt đầu", "Started"),
            ("Loại", "Kind"),
            ("Kết quả", "Outcome"),
            ("#Bản ghi", "#Records"),
            ("#Mới", "#New"),
            ("#Thay đổi", "#Changed"),
            ("#Không đổi", "#Unchanged"),
            ("#Bị loại", "#Rejected"),
        ],
        ("Nguồn này chưa được lấy lần nào.", "This source was never pulled."),
    );
    let mut rejected = Section::new(
        lang,
        say(lang, "Bản ghi bị loại", "Rejected records"),
        &[("Khóa", "Key"), ("Ở đâu", "Where"), ("Lý do", "Reason"), ("Từ lúc", "Since")],
        ("Không có bản ghi nào bị loại.", "No rejected records."),
    );
    if let Some(source) = known {
        for run in web.app.store.runs(Some(source), 50).await.map_err(|error| error.finding())? {
            let (word, light) = match run.outcome.as_deref() {
                Some("succeeded") => (say(lang, "Thành công", "Succeeded"), "ok"),
                Some(_) => (say(lang, "Thất bại", "Failed"), "bad"),
                None => (say(lang, "Đang chạy hoặc bị ngắt", "Running or cut off"), ""),
            };
            let told: Vec<String> = run
                .findings
                .iter()
                .take(3)
                .map(|finding| format!("{} {}", finding.code, finding.what.get(lang)))
                .collect();
            let counters = run.counters;
            let mut row = vec![
                Cell::text(format::instant(run.started_at)),
                Cell::text(run.kind),
                Cell::tag(word, light).note(told.join(" · ")),
            ];
            row.extend(
                [counters.records, counters.new, counters.changed, counters.unchanged, counters.rejected]
                    .map(|n| Cell::num(format::count(n))),
            );
            runs.rows.push(row);
        }
        for row in web.app.store.rejected(Some(source), ROWS).await.map_err(|error| error.finding())? {
            rejected.rows.push(rejected_row(row, lang));
        }
    }
    show(web, visit, &format!("{} {id}", say(lang, "Nguồn", "Source")), "", Vec::new(), vec![runs, rejected])
        .await
}

fn rejected_row(row: crate::store::RejectedRow, lang: Lang) -> Vec<Cell> {
    let place = row.finding.place.as_ref().map(ToString::to_string);
    vec![
        Cell::text(row.external_id.unwrap_or_else(|| "–".to_owned())),
        Cell::text(place.unwrap_or_else(|| format!("{} #{}", row.request, row.index))),
        Cell::text(format!("{} {}", row.finding.code, row.finding.what.get(lang)))
            .note(row.finding.remedy.get(lang)),
        Cell::text(format::instant(row.first_seen_at)),
    ]
}

/// Everything that waits for a person.
pub(super) async fn waiting(web: &Web, visit: &Visit) -> Result<String, Finding> {
    let lang = visit.lang;
    let mut review = Section::new(
        lang,
        say(lang, "Nhiệm vụ chờ gán sản phẩm", "Tasks waiting for their product"),
        &[
            ("#Số", "#No."),
            ("Nhiệm vụ", "Task"),
            ("Sản phẩm gần nhất", "Nearest products"),
            ("Nguồn", "Source"),
        ],
        ("Không có nhiệm vụ nào chờ.", "No task waits."),
    );
    review.note = say(
        lang,
        "Quyết định: lienthong mapping decide SỐ --product MÃ --author TÊN",
        "Decide: lienthong mapping decide NO --product CODE --author NAME",
    )
    .to_owned();
    for item in web.app.store.review_queue(0, 100).await.map_err(|error| error.finding())? {
        let candidates = item.reason.get("candidates").and_then(|list| list.as_array());
        let near: Vec<&str> = candidates
            .into_iter()
            .flatten()
            .take(3)
            .filter_map(|c| c.get("product").and_then(|p| p.as_str()))
            .collect();
        review.rows.push(vec![
            Cell::num(item.task.to_string()),
            Cell::text(item.title),
            Cell::text(near.join(", ")),
            Cell::text(format!("{} {}", item.key.source, item.key.external_id)),
        ]);
    }
    let mut unknown = Section::new(
        lang,
        say(lang, "Tài khoản chưa biết của ai", "Accounts that belong to nobody known"),
        &[
            ("Nguồn", "Source"),
            ("Tài khoản", "Account"),
            ("Tên hiển thị", "Display name"),
            ("#Nhiệm vụ", "#Tasks"),
        ],
        ("Mọi tài khoản đều đã biết.", "Every account is known."),
    );
    unknown.note = say(
        lang,
        "Gán: lienthong people link NGUỒN TÀI_KHOẢN SỐ_HIỆU --author TÊN",
        "Link: lienthong people link SOURCE ACCOUNT STAFF_NUMBER --author NAME",
    )
    .to_owned();
    for account in web.app.store.unknown_accounts(100).await.map_err(|error| error.finding())? {
        unknown.rows.push(vec![
            Cell::text(account.source.to_string()),
            Cell::text(account.account),
            Cell::text(account.name_hint.unwrap_or_else(|| "–".to_owned())),
            Cell::num(account.tasks.to_string()),
        ]);
    }
    let mut rejected = Section::new(
        lang,
        say(lang, "Bản ghi bị loại", "Rejected records"),
        &[("Khóa", "Key"), ("Ở đâu", "Where"), ("Lý do", "Reason"), ("Từ lúc", "Since")],
        ("Không có bản ghi nào bị loại.", "No rejected records."),
    );
    for row in web.app.store.rejected(None, 100).await.map_err(|error| error.finding())? {
        rejected.rows.push(rejected_row(row, lang));
    }
    show(
        web,
        visit,
        say(lang, "Cần người xử lý", "Needs a person"),
        "",
        Vec::new(),
        vec![review, unknown, rejected],
    )
    .await
}
