//! Tasks: the list, and one task from its source record to its product.

use super::table::{Cell, Filter, ROWS, SearchBox, Section, Sheet, one_page};
use super::{Page, Visit, Web, format, words};
use crate::directory::Directory;
use crate::domain::{AccountKind, AccountRef, CanonicalTask, Due, Period, ProductCode, SourceId, TaskKey};
use crate::error::Finding;
use crate::pipeline::nearest::ProductNames;
use crate::pipeline::record_place::{self, Happened};
use crate::pipeline::search::Sought;
use crate::pipeline::wording::{Words, shell_quoted, word};
use crate::store::{MapItem, MappingRow, StoreError, StoredTask, TaskLine, TaskList};

/// Events shown of one task.
const EVENTS: usize = 300;

fn told(error: StoreError) -> Finding {
    error.finding()
}

/// The list, narrowed to a source or a state of mapping.
pub(super) async fn list(web: &Web, visit: &Visit) -> Page {
    let lang = visit.lang;
    let (source, state) = (visit.asked("source"), visit.asked("state"));
    let account = visit.asked("account").parse::<i64>().ok();
    let narrowed = match (source, state) {
        ("", "") => account.map_or(TaskList::All, TaskList::OfUnknown),
        ("", state) => TaskList::Mapped(state),
        (source, "") => TaskList::OfSource(source),
        (source, state) => TaskList::OfSourceMapped(source, state),
    };
    let lines = web.app.store.task_lines(narrowed, visit.asked("after"), ROWS + 1).await.map_err(told)?;
    let of_source = !source.is_empty();
    let (lines, last) =
        one_page(lines, |line| if of_source { line.external_id.clone() } else { line.id.to_string() });
    let mut section = table(visit);
    section.pages(visit, "after", last);
    if account.is_some() && source.is_empty() && state.is_empty() {
        section = section.note(visit.say(
            "Nhiệm vụ của một tài khoản chưa biết của ai; xem tài khoản ở trang Cần người xử lý.",
            "Tasks of an account that is nobody's; the account stands on the page of what needs a person.",
        ));
    }
    fill(web, visit, &mut section, lines).await?;
    let mut sources = vec![(String::new(), visit.say("Tất cả các nguồn", "All sources").to_owned())];
    sources.extend(web.app.sources.keys().map(|id| (id.to_string(), id.to_string())));
    let mut states = vec![(String::new(), visit.say("Tất cả", "All").to_owned())];
    states.extend(
        ["mapped", "review", "outside"].map(|state| (state.to_owned(), words::mapping(Some(state), lang).0)),
    );
    let sheet = Sheet {
        heading: visit.say("Nhiệm vụ", "Tasks").to_owned(),
        intro: visit
            .say(
                "Mọi nhiệm vụ đã lấy về; có thể chọn cả nguồn và tình trạng gán sản phẩm.",
                "Every task that was pulled; source and state of the mapping can be chosen together.",
            )
            .to_owned(),
        filters: vec![
            Filter::new("source", visit.say("Nguồn", "Source"), sources, source),
            Filter::new("state", visit.say("Sản phẩm", "Mapping"), states, state),
        ],
        sections: vec![section],
        search: Some(search(visit, "")),
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}

fn table(visit: &Visit) -> Section {
    Section::table(
        visit,
        "tasks",
        "",
        &[
            ("Nhiệm vụ", "Task"),
            ("Trạng thái", "State"),
            ("Hạn", "Due"),
            ("Sản phẩm", "Product"),
            ("Nguồn", "Source"),
            ("Mã tại nguồn", "Key at the source"),
        ],
        ("Không có nhiệm vụ nào khớp với lựa chọn.", "No tasks match."),
    )
}

async fn fill(web: &Web, visit: &Visit, section: &mut Section, lines: Vec<TaskLine>) -> Result<(), Finding> {
    let lang = visit.lang;
    let products =
        lines.iter().filter_map(|line| Some((line.catalog_version.as_ref()?, line.product.as_deref()?)));
    let products: Vec<_> = products.collect();
    let names = ProductNames::named(&web.app, &products).await.map_err(told)?;
    for line in lines {
        let mapping = words::mapping(line.mapping.as_deref(), lang);
        let product = match line.product {
            Some(product) => {
                let name =
                    line.catalog_version.as_ref().map(|version| names.name(version, &product).to_owned());
                Cell::text(product).note(name.unwrap_or_default())
            }
            None => Cell::tag(mapping),
        };
        section.push(
            line.id.to_string(),
            vec![
                Cell::link(word(Words::Title, &line.title, lang), format!("/tasks/{}", line.id)),
                Cell::text(word(Words::TaskStatus, &line.status, lang)),
                Cell::text(line.due.map_or_else(|| "–".to_owned(), |due| format::day_text(&due))),
                product,
                Cell::link(line.source.clone(), format!("/sources/{}", line.source)),
                Cell::mono(line.external_id),
            ],
        );
    }
    Ok(())
}

fn search(visit: &Visit, value: &str) -> SearchBox {
    let label = visit.say("Từ trong nội dung hoặc số văn bản", "Words of the title, or a number");
    SearchBox { action: "/tasks".to_owned(), label, value: value.to_owned() }
}

/// The newest tasks whose titles have all words of a text.
pub(super) async fn found(web: &Web, visit: &Visit, text: &str) -> Page {
    let sought = Sought::of(text, &web.app.policy.abbreviations);
    let mut lines = web.app.store.find_tasks(&sought.words, i64::MAX, ROWS + 1).await.map_err(told)?;
    let mut section = table(visit);
    if lines.len() > ROWS {
        lines.truncate(ROWS);
        section = section.note(visit.say(
            "Chỉ hiện 100 nhiệm vụ mới nhất; hãy gõ thêm.",
            "Only the newest 100 are shown; type more.",
        ));
    }
    fill(web, visit, &mut section, lines).await?;
    let sheet = Sheet {
        heading: visit.say("Tìm nhiệm vụ", "Find a task").to_owned(),
        intro: visit
            .say(
                "Gõ các từ theo thứ tự bất kỳ, có dấu hay không dấu, viết tắt hay đầy đủ đều được.",
                "Type words in any order, with or without accents, in short or in full.",
            )
            .to_owned(),
        parent: Some((visit.say("Nhiệm vụ", "Tasks"), "/tasks".to_owned())),
        sections: vec![section],
        search: Some(search(visit, text)),
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}

/// One task; none when there is no such number.
pub(super) async fn page(web: &Web, visit: &Visit, id: i64) -> Page {
    let Some(item) = web.app.store.map_item(id).await.map_err(told)? else { return Ok(None) };
    let directory = web.app.directory().await?;
    let key = item.task.key.clone();
    let sheet = Sheet {
        heading: word(Words::Title, &item.task.task.draft.title, visit.lang).into_owned(),
        intro: format!("{} {id}", visit.say("Nhiệm vụ số", "Task number")),
        parent: Some((visit.say("Nhiệm vụ", "Tasks"), format!("/tasks?source={}", key.source))),
        sections: vec![
            facts(visit, &item.task.task, &key),
            people(web, visit, &directory, &item),
            product(web, visit, &item).await?,
            super::twins::of_task(web, visit, id).await?,
            events(web, visit, &directory, &item.task).await?,
            evidence(web, visit, id).await?,
            record(web, visit, &key, id).await?,
        ],
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}

fn due_text(due: Option<Due>) -> String {
    due.map_or_else(
        || "–".to_owned(),
        |due| match due.time {
            Some(time) => format!("{} {}", time.format("%H:%M"), format::day(due.day)),
            None => format::day(due.day),
        },
    )
}

fn facts(visit: &Visit, task: &CanonicalTask, key: &TaskKey) -> Section {
    let draft = &task.draft;
    let mut facts = Section::facts("facts", visit.say("Nội dung", "What it says"));
    let mut fact = |vi, en, cell: Cell| facts.fact(visit.say(vi, en), cell);
    fact(
        "Trạng thái",
        "State",
        Cell::text(word(Words::TaskStatus, draft.status.as_str(), visit.lang)).note(draft.raw_status.clone()),
    );
    fact("Giao lúc", "Assigned", Cell::text(format::instant_or_dash(draft.assigned_at)));
    fact("Hạn", "Due", Cell::text(due_text(draft.due)));
    fact("Hoàn thành", "Completed", Cell::text(format::instant_or_dash(task.completion_at())));
    fact("Số lần bị trả lại", "Returned", Cell::text(task.returned_count.to_string()));
    fact("Số lần mở lại", "Reopened", Cell::text(task.reopened_count.to_string()));
    for (vi, en, value) in [
        ("Số, ký hiệu văn bản", "Document number", &draft.doc_number),
        ("Loại văn bản", "Document type", &draft.doc_type),
        ("Phân loại tại nguồn", "Category at the source", &draft.category),
        ("Đơn vị tại nguồn", "Unit at the source", &draft.unit),
    ] {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            fact(vi, en, Cell::text(value));
        }
    }
    fact("Nguồn", "Source", Cell::link(key.source.to_string(), format!("/sources/{}", key.source)));
    fact("Mã tại nguồn", "Key at the source", Cell::mono(key.external_id.clone()));
    facts
}

/// A task as a shell takes it.
fn quoted(key: &TaskKey) -> String {
    shell_quoted(&format!("{}:{}", key.source, key.external_id))
}

/// How an account is shown: the person it belongs to, else the account itself, never a citizen id.
fn account(visit: &Visit, directory: &Directory, source: &SourceId, account: &AccountRef) -> String {
    match directory.identify(source, account).and_then(|id| directory.person(id)) {
        Some(person) => format!("{} {}", person.staff_number, person.full_name),
        None if account.kind == AccountKind::CitizenId => {
            visit.say("số định danh chưa biết của ai (đã che)", "unknown citizen id (masked)").to_owned()
        }
        None => format!("{} ({})", account.value, visit.say("chưa biết của ai", "nobody known")),
    }
}

fn people(web: &Web, visit: &Visit, directory: &Directory, item: &MapItem) -> Section {
    let mut section = Section::table(
        visit,
        "people",
        visit.say("Người thực hiện", "Who does it"),
        &[("Người", "Person"), ("Từ lúc", "Since"), ("Điểm của kỳ", "Score of the period")],
        ("Nguồn không ghi người thực hiện.", "The source names nobody."),
    );
    let task = &item.task.task;
    let day = task.draft.due.map_or_else(|| web.app.clock.today(), |due| due.day);
    let period = Period::quarter_of(day);
    for (index, (reference, since)) in task.assignees.iter().enumerate() {
        let person = directory.identify(&item.task.key.source, reference);
        let shown = account(visit, directory, &item.task.key.source, reference);
        let score = person.map_or_else(
            || Cell::text("–"),
            |person| Cell::link(format::period(period, visit.lang), format!("/scores/{person}/{period}")),
        );
        section.push(
            index.to_string(),
            vec![
                match person {
                    Some(person) => Cell::link(shown, format!("/scores/{person}/{period}")),
                    None => Cell::text(shown),
                },
                Cell::text(format::instant_or_dash(since.or(task.draft.assigned_at))),
                score,
            ],
        );
    }
    section
}

/// Codes of the products nearest to a task when its product was looked for.
fn nearest(row: &MappingRow) -> impl Iterator<Item = &str> {
    let candidates = row.reason.get("candidates").and_then(|list| list.as_array());
    candidates.into_iter().flatten().take(3).filter_map(|candidate| candidate.get("product")?.as_str())
}

async fn product(web: &Web, visit: &Visit, item: &MapItem) -> Result<Section, Finding> {
    let lang = visit.lang;
    let earlier = web.app.store.mapping_history(item.task.id, ROWS).await.map_err(told)?;
    let mut section = Section::table(
        visit,
        "product",
        visit.say("Sản phẩm quy đổi (Điều 13)", "Product (Art. 13)"),
        &[
            ("Sản phẩm", "Product"),
            ("#Hệ số k", "#Coefficient k"),
            ("Danh mục", "Catalog"),
            ("Quyết định bởi", "Decided by"),
            ("Vì sao", "Why"),
            ("Lúc", "At"),
        ],
        ("Chưa được xét.", "Not looked at yet."),
    );
    // The history repeats the decision in force as its newest entry.
    let rows: Vec<&MappingRow> = match &item.mapping {
        Some(present) => std::iter::once(present)
            .chain(earlier.iter().filter(|row| row.decided_at != present.decided_at))
            .collect(),
        None => earlier.iter().collect(),
    };
    let products = rows.iter().flat_map(|row| {
        let known = row.product.as_ref().map(ProductCode::as_str);
        known.into_iter().chain(nearest(row)).map(move |code| (&row.catalog_version, code))
    });
    let products: Vec<_> = products.collect();
    let names = ProductNames::named(&web.app, &products).await.map_err(told)?;
    for (index, row) in rows.iter().enumerate() {
        let why = if lang == crate::error::Lang::Vi { "/reason/vi" } else { "/reason/en" };
        let why =
            row.reason.pointer(why).or(row.reason.get("reason")).and_then(|why| why.as_str()).unwrap_or("");
        let near: Vec<&str> = nearest(row).collect();
        let near = if near.is_empty() || row.product.is_some() {
            String::new()
        } else {
            let named =
                |code| format!("{code} {}", names.name(&row.catalog_version, code)).trim_end().to_owned();
            let told: Vec<String> = near.into_iter().map(named).collect();
            format!("{}: {}", visit.say("gần nhất", "nearest"), told.join("; "))
        };
        let name = match &row.product {
            Some(product) => {
                Cell::text(product.to_string()).note(names.name(&row.catalog_version, product.as_str()))
            }
            None => Cell::tag(words::mapping(Some(row.state.as_str()), lang)),
        };
        let author = row.author.as_ref().map(|author| format!(" · {author}")).unwrap_or_default();
        section.push(
            index.to_string(),
            vec![
                name,
                Cell::num(
                    row.coefficient.map_or_else(
                        || "–".to_owned(),
                        |k| format::decimal(&k.normalize().to_string(), lang),
                    ),
                ),
                Cell::text(row.catalog_version.to_string()),
                Cell::text(format!("{}{author}", word(Words::DecidedBy, &row.decided_by, lang))),
                Cell::text(why).note(near),
                Cell::text(format::instant(row.decided_at)),
            ],
        );
    }
    if item.mapping.as_ref().is_some_and(|row| row.product.is_none()) {
        let task = quoted(&item.task.key);
        section = section.command(format!(
            "lienthong mapping decide {task} --product {} --author {}",
            visit.say("MÃ", "CODE"),
            visit.say("TÊN", "NAME")
        ));
    }
    Ok(section)
}

async fn events(
    web: &Web,
    visit: &Visit,
    directory: &Directory,
    task: &StoredTask,
) -> Result<Section, Finding> {
    let source = &task.key.source;
    let mut section = Section::table(
        visit,
        "events",
        visit.say("Diễn biến", "What happened"),
        &[
            ("Sự kiện", "Event"),
            ("Nguồn ghi lúc", "When, by the source"),
            ("Thấy lúc", "Seen at"),
            ("Chi tiết", "Detail"),
        ],
        ("Chưa có sự kiện nào.", "No events yet."),
    );
    let history = web.app.history_of(task).await.map_err(told)?;
    for (index, Happened { event, seen_at, of_record, .. }) in history.iter().enumerate().take(EVENTS) {
        let mut detail = Vec::new();
        if *of_record {
            detail.push(
                visit
                    .say("theo bản ghi nguồn, khi thấy lần đầu", "by the source record, when first seen")
                    .to_owned(),
            );
        }
        if let Some(to) = &event.to {
            detail.push(account(visit, directory, source, to));
        }
        if let Some(due) = event.due {
            detail.push(format!("{} {}", visit.say("hạn", "due"), due_text(due)));
        }
        if let Some(actor) = &event.actor {
            detail.push(format!("{} {}", visit.say("bởi", "by"), account(visit, directory, source, actor)));
        }
        section.push(
            index.to_string(),
            vec![
                Cell::text(word(Words::Event, event.kind.as_str(), visit.lang)),
                Cell::text(format::instant_or_dash(event.at)),
                Cell::text(format::instant(*seen_at)),
                Cell::text(detail.join(" · ")).note(event.note.clone().unwrap_or_default()),
            ],
        );
    }
    Ok(section)
}

/// What others say of it. It stands beside the task and decides nothing.
async fn evidence(web: &Web, visit: &Visit, id: i64) -> Result<Section, Finding> {
    let mut section = Section::table(
        visit,
        "evidence",
        visit.say("Chứng cứ từ nơi khác", "What others say"),
        &[("Loại", "Kind"), ("Mã", "Code"), ("Cơ quan", "Agency"), ("Lúc", "At"), ("Thấy lúc", "Seen at")],
        ("Chưa có chứng cứ nào.", "No evidence yet."),
    );
    let words = web.app.store.evidence_of(id, ROWS).await.map_err(told)?;
    for (index, said) in words.into_iter().enumerate() {
        section.push(
            index.to_string(),
            vec![
                Cell::text(word(Words::Evidence, said.kind.as_str(), visit.lang)).note(said.source),
                Cell::text(said.code.unwrap_or_else(|| "–".to_owned())),
                Cell::text(said.who.unwrap_or_else(|| "–".to_owned())),
                Cell::text(format::instant_or_dash(said.at)),
                Cell::text(format::instant(said.seen_at)),
            ],
        );
    }
    Ok(section)
}

async fn record(web: &Web, visit: &Visit, key: &TaskKey, id: i64) -> Result<Section, Finding> {
    let mut facts =
        Section::facts("record", visit.say("Bản gốc từ nguồn", "The source record")).note(visit.say(
            "Nội dung bản gốc được nén và niêm phong; mã băm chứng minh bản lưu giữ chưa bị thay đổi.",
            "The answer is kept compressed and sealed; the hash proves that it was not changed.",
        ));
    match web.app.store.raw_of_task(id).await.map_err(told)? {
        Some(head) => {
            let task = quoted(key);
            let show = format!("lienthong task show {task} --raw");
            facts.fact(visit.say("Xem cả bản ghi", "See the whole record"), Cell::mono(show));
            let hash: String = head.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
            let places = web.app.store.record_places(&key.source, &[key.external_id.as_str()]).await;
            if let Some((_, place)) = places.map_err(told)?.pop() {
                let place = record_place::told(&place);
                facts.fact(visit.say("Vị trí bản ghi", "Where it stands"), Cell::text(place.get(visit.lang)));
            }
            facts.fact(
                visit.say("Yêu cầu", "Request"),
                Cell::mono(record_place::asked(&head.request).get(visit.lang)),
            );
            facts.fact(visit.say("Nhận lúc", "Received"), Cell::text(format::instant(head.fetched_at)));
            facts.fact(visit.say("Độ dài (byte)", "Length (bytes)"), Cell::text(format::count(head.size)));
            facts.fact("SHA-256", Cell::mono(hash));
        }
        None => facts.fact(
            visit.say("Bản gốc", "Original"),
            Cell::text(visit.say("không còn lưu", "not kept any more")),
        ),
    }
    Ok(facts)
}
