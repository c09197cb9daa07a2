//! The life of an evaluation record: what each decision does to it, and what stands against it.
//!
//! Owns the checks that belong to each move of the table ([`super::moves`]). It must not know where
//! revisions are kept or how they are sent. Every function takes the newest revision and gives the content of
//! the next one; an illegal move is refused with a coded finding and changes nothing. The same decision told
//! twice is recognised and gives nothing new.

use super::content::{Content, Ruling};
use super::difference::{Difference, difference};
use super::moves::{Mover, is_allowed, is_legal};
use crate::domain::{Crossing, Level, Period, RecordState, StaffNumber, local_date};
use crate::error::{Finding, Place, Text};
use crate::text::mention::mentions;
use chrono::{DateTime, NaiveDate, Utc};

/// What stands around a record when somebody wants to move it.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Whether its period is closed.
    pub closed: bool,
    /// The first day on which its result may be decided.
    pub opens: NaiveDate,
    /// Whether the rule set leaves the steps before the approval optional (`record_steps`).
    pub optional: bool,
    /// Whether the rule set asks for the party committee's opinion (`party_opinion`) and none is kept.
    pub lacks_opinion: bool,
    /// Why it is held back while a complaint is verified (plan III.4.b, IV.4.2.d); none when it is not.
    pub hold: Option<&'a str>,
}

impl Default for Situation<'_> {
    fn default() -> Self {
        Self { closed: false, opens: NaiveDate::MIN, optional: true, lacks_opinion: false, hold: None }
    }
}

/// The newest revision of a record.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// Its number, from 1.
    pub revision: u32,
    /// Its state, deliveries considered.
    pub state: RecordState,
    /// What it says.
    pub content: &'a Content,
    /// Hash of its content as it was stored and told.
    pub content_hash: &'a str,
    /// What stands around it.
    pub situation: Situation<'a>,
}

/// The person a record is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Staff number.
    pub staff_number: &'a StaffNumber,
    /// Full name.
    pub full_name: &'a str,
}

/// What a newly computed content does to a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It says what the record says already.
    Nothing,
    /// A new revision follows.
    Revision {
        /// Its state: computed while parts are missing, else self-assessed where the person put their word to it,
        /// else provisional.
        state: RecordState,
        /// What it says: the computed content with the words that stay.
        content: Box<Content>,
        /// What changed.
        summary: Vec<Difference>,
    },
    /// The record is approved or its period closed: only a correction may take this up (LT-REC-006).
    NeedsCorrection {
        /// What would change.
        summary: Vec<Difference>,
        /// The warning to be shown until a person corrects or confirms.
        finding: Box<Finding>,
    },
}

/// What follows from a newly computed content. `closed`: whether the period is closed.
pub fn next_revision(previous: Option<Held<'_>>, computed: &Content, closed: bool) -> Change {
    let content = carried(previous, computed);
    let own_word = |held: &Held<'_>| {
        held.state == RecordState::Provisional
            && held.content.remarks.own.is_none()
            && content.remarks.own.is_some()
    };
    if previous.is_some_and(|held| held.content.says_the_same(computed) && !own_word(&held)) {
        return Change::Nothing;
    }
    let summary = difference(previous.map(|held| held.content), &with_ruling_of(previous, &content));
    let state = match (content.is_complete(), content.remarks.own.is_some()) {
        (false, _) => RecordState::Computed,
        (true, true) => RecordState::SelfAssessed,
        (true, false) => RecordState::Provisional,
    };
    let from = previous.map(|held| held.state);
    if is_allowed(from, state, Mover::Daemon, closed, true) {
        return Change::Revision { state, content: Box::new(content), summary };
    }
    let period = computed.period;
    let told: Vec<&str> = summary.iter().map(|change| change.text.vi.as_str()).collect();
    let told_en: Vec<&str> = summary.iter().map(|change| change.text.en.as_str()).collect();
    let finding = Finding::warning(
        "LT-REC-006",
        Text::new(
            format!(
                "kết quả kỳ {period} đã phê duyệt hoặc đã khóa nhưng số liệu sau đó thay đổi: {}",
                told.join("; ")
            ),
            format!(
                "the result of {period} is approved or closed, but its figures changed since: {}",
                told_en.join("; ")
            ),
        ),
        Text::new(
            "xem `score explain`; nếu đúng, người có thẩm quyền dùng `record correct` kèm lý do",
            "look at `score explain`; if it is right, the competent person uses `record correct` with a reason",
        ),
    );
    Change::NeedsCorrection { summary, finding: Box::new(finding) }
}

/// A computed content with the words of the revision before that stay (see [`super::Remarks::carried`]).
pub fn carried(previous: Option<Held<'_>>, computed: &Content) -> Content {
    let remarks = previous
        .map_or_else(|| computed.remarks.clone(), |held| held.content.remarks.carried(&computed.remarks));
    Content { remarks, ..computed.clone() }
}

/// A newly computed content never carries a ruling; comparing must not report its absence as a change, nor a year's
/// decided level as one: its proposal is compared with the one of then.
fn with_ruling_of(previous: Option<Held<'_>>, computed: &Content) -> Content {
    let Some(held) = previous.map(|held| held.content) else { return computed.clone() };
    let with_ruling = Content { ruling: held.ruling.clone(), ..computed.clone() };
    if held.is_ruled_year() {
        let proposed = held.proposed.and(computed.level);
        return Content { level: held.level, proposed, ..with_ruling };
    }
    with_ruling
}

/// Code of a decision that looked at another revision than the newest.
pub const OTHER_REVISION: &str = "LT-REC-002";

/// Code of an approval whose revision does not exist (yet): it waits for that revision.
pub const AWAITS_REVISION: &str = "LT-REC-011";

/// An approval by the person who scores (art. 10.1, 17.2).
#[derive(Debug, Clone, Copy)]
pub struct Approval<'a> {
    /// The revision that was looked at; none = whatever is newest.
    pub revision: Option<u32>,
    /// Hash of what was looked at, where it is known.
    pub content_hash: Option<&'a str>,
    /// Who approves, as the origin names them.
    pub author: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// Decision number, where there is one.
    pub decision_no: Option<&'a str>,
}

/// A yearly classification by the competent authority (art. 10.2, 20).
#[derive(Debug, Clone, Copy)]
pub struct Classification<'a> {
    /// The revision that was looked at; none = whatever is newest.
    pub revision: Option<u32>,
    /// The level decided. The score is an input, not the result.
    pub level: Level,
    /// Who decides, as the origin names them.
    pub author: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// Decision number, where there is one.
    pub decision_no: Option<&'a str>,
    /// Document with the provincial chair's prior opinion, where it is asked for (plan IV.4.2.c).
    pub opinion: Option<&'a str>,
}

/// A correction of an approved or closed record (art. 21.3).
#[derive(Debug, Clone, Copy)]
pub struct Correction<'a> {
    /// The revision that was looked at; none = whatever is newest.
    pub revision: Option<u32>,
    /// Who corrects.
    pub author: &'a str,
    /// Why; never empty.
    pub reason: &'a str,
}

/// What an approval or classification gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Approved {
    /// The record says so already: the same decision came twice.
    Already,
    /// The content of the next revision, state approved.
    Revision {
        /// What it says, ruling included.
        content: Box<Content>,
        /// What changed.
        summary: Vec<Difference>,
        /// Things that are allowed and still worth showing.
        warnings: Vec<Finding>,
    },
}

/// Approves the newest revision of a period below a year.
///
/// # Errors
/// LT-REC-001 incomplete, LT-REC-002 another revision than the newest, LT-REC-003 illegal move, LT-REC-004 own
/// record, LT-REC-005 no author, LT-REC-007 a year is classified, not approved, LT-REC-010 that revision says
/// something else than what was looked at, LT-REC-011 there is no such revision yet, LT-REC-012 the period is not
/// assessed yet.
pub fn approve(
    held: Held<'_>,
    subject: Subject<'_>,
    approval: Approval<'_>,
) -> Result<Approved, Box<Finding>> {
    let ruling = ruling(approval.author, approval.at, approval.decision_no);
    if is_ruled_by(held, &ruling) {
        return Ok(Approved::Already);
    }
    if held.content.period.is_year() {
        return Err(refuse(
            "LT-REC-007",
            subject,
            held.content.period,
            (
                "kết quả năm được xếp loại bằng quyết định, không phê duyệt như kỳ quý",
                "a year is classified by a decision, not approved like a quarter",
            ),
            (
                "ghi quyết định xếp loại với mức và số quyết định",
                "enter the classification with its level and decision number",
            ),
        ));
    }
    check_author(subject, held.content.period, approval.author)?;
    if let (Some(seen), Some(_)) = (approval.revision, approval.content_hash)
        && seen > held.revision
    {
        return Err(Box::new(no_such_revision(subject, held.content.period, seen)));
    }
    check_newest(held, subject, approval.revision)?;
    if approval.content_hash.is_some_and(|seen| seen != held.content_hash) {
        return Err(other_content(held, subject));
    }
    check_decidable(held, subject, approval.at)?;
    let content = Content { ruling: Some(ruling), ..held.content.clone() };
    Ok(Approved::Revision {
        summary: difference(Some(held.content), &content),
        content: Box::new(content),
        warnings: Vec::new(),
    })
}

/// Classifies the newest revision of a year.
///
/// # Errors
/// LT-REC-001 to LT-REC-005 as [`approve`]; LT-REC-007 the period is no year. LT-REC-080 a level
/// above the proposed one: bands, disqualifiers and caps of art. 20 bind whoever classifies, and so do the local rules of
/// the rule set. LT-REC-081 none is proposed (art. 11.1). A level below it is allowed (art. 20.5) and told as LT-REC-008.
pub fn classify(
    held: Held<'_>,
    subject: Subject<'_>,
    decision: Classification<'_>,
) -> Result<Approved, Box<Finding>> {
    let opinion = given(decision.opinion);
    let ruling = Ruling { opinion, ..ruling(decision.author, decision.at, decision.decision_no) };
    if is_ruled_by(held, &ruling) && held.content.level == Some(decision.level) {
        return Ok(Approved::Already);
    }
    let period = held.content.period;
    if !period.is_year() {
        return Err(refuse(
            "LT-REC-007",
            subject,
            period,
            (
                "chỉ kết quả năm được xếp loại (Điều 19.1); kỳ quý chỉ được phê duyệt",
                "only a year is classified (art. 19.1); a quarter is approved",
            ),
            ("dùng `record approve` cho kỳ quý", "use `record approve` for a quarter"),
        ));
    }
    check_author(subject, period, decision.author)?;
    check_newest(held, subject, decision.revision)?;
    check_decidable(held, subject, decision.at)?;
    let level = decision.level;
    let warnings = match held.content.proposal() {
        None => return Err(not_classified(subject, period)),
        Some(proposed) if proposed < level => {
            return Err(above_proposed(subject, held.content, proposed, level));
        }
        Some(proposed) if proposed != level => vec![other_level(subject, period, proposed, level)],
        Some(_) => Vec::new(),
    };
    let proposed = held.content.proposal();
    let content = Content { ruling: Some(ruling), level: Some(level), proposed, ..held.content.clone() };
    Ok(Approved::Revision {
        summary: difference(Some(held.content), &content),
        content: Box::new(content),
        warnings,
    })
}

/// Replaces an approved or closed record by what is computed now; the new revision has state corrected and
/// waits for its own approval or classification. `held` is none for a person whose record came after the close.
///
/// # Errors
/// LT-REC-002 another revision than the newest, LT-REC-003 illegal move (an open, unapproved record follows its
/// figures by itself), LT-REC-004 own record, LT-REC-005 no author, LT-REC-009 no reason or one above 2,000
/// characters.
pub fn correct(
    held: Option<Held<'_>>,
    subject: Subject<'_>,
    computed: &Content,
    closed: bool,
    correction: Correction<'_>,
) -> Result<Vec<Difference>, Box<Finding>> {
    let period = computed.period;
    check_author(subject, period, correction.author)?;
    let reason = correction.reason.trim().chars().count();
    if reason == 0 || reason > 2_000 {
        return Err(refuse(
            "LT-REC-009",
            subject,
            period,
            (
                "điều chỉnh cần lý do từ 1 đến 2.000 ký tự",
                "a correction needs a reason of 1 to 2,000 characters",
            ),
            ("ghi lý do bằng --reason", "give the reason with --reason"),
        ));
    }
    if let Some(held) = held {
        check_newest(held, subject, correction.revision)?;
    }
    let state = held.map(|held| held.state);
    if !is_allowed(state, RecordState::Corrected, Mover::Decider, closed, true) {
        return Err(illegal(state, period, subject, RecordState::Corrected));
    }
    Ok(difference(held.map(|held| held.content), computed))
}

/// Whether a revision in this state is what the national database is to hold.
pub fn is_deliverable(state: RecordState) -> bool {
    matches!(state, RecordState::Approved | RecordState::Delivered)
}

/// Whether an author is the person evaluated: by their staff number wherever it stands in the text, or, where no number
/// is given at all, by their full name, accents or not. (A namesake gives their own number; whose that is the
/// directory knows.)
pub fn is_own(subject: Subject<'_>, author: &str) -> bool {
    let has_number = author.contains(char::is_numeric);
    mentions(author, subject.staff_number.as_str()) || (!has_number && mentions(author, subject.full_name))
}

fn ruling(author: &str, at: DateTime<Utc>, decision_no: Option<&str>) -> Ruling {
    Ruling { by: author.trim().to_owned(), decision_no: given(decision_no), opinion: None, at }
}

pub(super) fn given(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn is_ruled_by(held: Held<'_>, ruling: &Ruling) -> bool {
    is_deliverable(held.state) && held.content.ruling.as_ref() == Some(ruling)
}

pub(super) fn check_author(subject: Subject<'_>, period: Period, author: &str) -> Result<(), Box<Finding>> {
    let length = author.trim().chars().count();
    if length == 0 || length > 200 {
        return Err(refuse(
            "LT-REC-005",
            subject,
            period,
            (
                "thiếu tên người quyết định (1 đến 200 ký tự)",
                "the deciding person's name is missing (1 to 200 characters)",
            ),
            ("ghi tên hoặc số hiệu bằng --author", "give a name or staff number with --author"),
        ));
    }
    if is_own(subject, author) {
        return Err(refuse(
            "LT-REC-004",
            subject,
            period,
            (
                "không ai được quyết định kết quả của chính mình (Điều 10)",
                "nobody decides on their own record (art. 10)",
            ),
            (
                "người có thẩm quyền phải quyết định; nếu chỉ trùng họ tên, ghi số hiệu của người quyết định",
                "the competent person has to decide; if only the names are the same, give the deciding person's staff number",
            ),
        ));
    }
    Ok(())
}

pub(super) fn check_newest(
    held: Held<'_>,
    subject: Subject<'_>,
    seen: Option<u32>,
) -> Result<(), Box<Finding>> {
    match seen {
        Some(seen) if seen != held.revision => {
            let newest = held.revision;
            Err(refuse(
                OTHER_REVISION,
                subject,
                held.content.period,
                (
                    &format!("quyết định dựa trên bản {seen} nhưng bản mới nhất là {newest}"),
                    &format!("the decision looked at revision {seen}, the newest is {newest}"),
                ),
                ("xem lại bản mới nhất rồi quyết định lại", "look at the newest revision and decide again"),
            ))
        }
        _ => Ok(()),
    }
}

/// Whether the newest revision waits for nothing but the word of whoever decides: what is asked of every approval and classification,
/// whoever makes it.
///
/// # Errors
/// LT-REC-001 incomplete, LT-REC-003 and LT-REC-041 an illegal move, LT-REC-012 not assessed yet, LT-REC-040 held, LT-REC-081 a
/// year that is not classified.
pub fn check_ready(held: Held<'_>, subject: Subject<'_>, at: DateTime<Utc>) -> Result<(), Box<Finding>> {
    check_decidable(held, subject, at)?;
    if held.content.period.is_year() && held.content.proposal().is_none() {
        return Err(not_classified(subject, held.content.period));
    }
    Ok(())
}

fn check_decidable(held: Held<'_>, subject: Subject<'_>, at: DateTime<Utc>) -> Result<(), Box<Finding>> {
    check_move(held, subject, RecordState::Approved, Mover::Decider)?;
    check_open(held, subject, at)?;
    check_complete(held, subject)?;
    check_hold(held, subject)?;
    check_party_opinion(held, subject)
}

/// The year of a head or deputy waits for the party committee's opinion where the rule set asks for it (art. 21).
fn check_party_opinion(held: Held<'_>, subject: Subject<'_>) -> Result<(), Box<Finding>> {
    if !held.situation.lacks_opinion || held.content.remarks.party_opinion.is_some() {
        return Ok(());
    }
    Err(refuse(
        "LT-REC-091",
        subject,
        held.content.period,
        (
            "chưa có ý kiến của cấp ủy; bộ quy tắc yêu cầu trước khi xếp loại người đứng đầu, cấp phó (Điều 21)",
            "the party committee's opinion is missing, which the rule set asks for before a head or deputy is classified (art. 21)",
        ),
        (
            "ghi bằng `record opinion --of party_committee`, hoặc đặt party_opinion = \"optional\"; lệnh ở đây thì chạy lại, quyết định của phần mềm đánh giá tự được xem xét lại khi đó",
            "write it down with `record opinion --of party_committee`, or set party_opinion = \"optional\"; give an order again, a decision of the evaluation software is judged again by itself then",
        ),
    ))
}

fn other_content(held: Held<'_>, subject: Subject<'_>) -> Box<Finding> {
    let revision = held.revision;
    refuse(
        "LT-REC-010",
        subject,
        held.content.period,
        (
            &format!(
                "bản {revision} ở đây có nội dung khác với bản {revision} mà người phê duyệt đã xem (thường sau khi khôi phục từ bản sao lưu); chưa phê duyệt"
            ),
            &format!(
                "revision {revision} says something else here than the revision {revision} that was approved (as after a restore from a backup); nothing was approved"
            ),
        ),
        (
            "đối chiếu bằng `score explain`, rồi phê duyệt lại trong phần mềm đánh giá hoặc dùng `record approve`",
            "compare with `score explain`, then approve again in the evaluation software or use `record approve`",
        ),
    )
}

/// An approval of a revision that does not exist (yet), with the hash that will tell whether it is the one.
pub fn no_such_revision(subject: Subject<'_>, period: Period, seen: u32) -> Finding {
    Finding::warning(
        AWAITS_REVISION,
        Text::new(
            format!("bản {seen} được phê duyệt nhưng ở đây chưa có bản đó; quyết định được giữ lại"),
            format!("revision {seen} was approved, which does not exist here yet; the decision is kept"),
        ),
        Text::new(
            "quyết định tự áp dụng khi có bản đó với đúng nội dung; nếu không, phê duyệt lại trong phần mềm đánh giá hoặc dùng `record approve`",
            "it is taken up by itself once that revision says the same; if not, approve again in the evaluation software or use `record approve`",
        ),
    )
    .at(place(subject, period))
}

pub(super) fn check_complete(held: Held<'_>, subject: Subject<'_>) -> Result<(), Box<Finding>> {
    if held.content.is_complete() {
        return Ok(());
    }
    let missing =
        if held.content.missing.is_empty() { "total".to_owned() } else { held.content.missing.join(", ") };
    Err(refuse(
        "LT-REC-001",
        subject,
        held.content.period,
        (
            &format!("kết quả chưa đủ, còn thiếu: {missing}"),
            &format!("the result is incomplete, missing: {missing}"),
        ),
        (
            "bổ sung phần còn thiếu (tiêu chí chung, d/đ/e) rồi quyết định lại",
            "enter what is missing (general criteria, d/đ/e) and decide again",
        ),
    ))
}

pub(super) fn check_move(
    held: Held<'_>,
    subject: Subject<'_>,
    to: RecordState,
    by: Mover,
) -> Result<(), Box<Finding>> {
    let Situation { closed, optional, .. } = held.situation;
    // An incomplete record is refused for what it lacks, not for its state.
    let from = Some(held.state)
        .map(|state| if state == RecordState::Computed { RecordState::Provisional } else { state });
    if is_allowed(from, to, by, closed, optional) {
        return Ok(());
    }
    let period = held.content.period;
    if !optional && is_legal(from, to, by) {
        return Err(refuse(
            "LT-REC-041",
            subject,
            period,
            (
                "bộ quy tắc yêu cầu đủ các bước: tự đánh giá, nhận xét của người chấm, rồi mới phê duyệt",
                "the rule set asks for every step: self-assessment, the scorer's review, then the approval",
            ),
            (
                "thực hiện bước còn thiếu bằng `record self-assess` hoặc `record review`, hoặc đặt record_steps = \"optional\"",
                "make the missing step with `record self-assess` or `record review`, or set record_steps = \"optional\"",
            ),
        ));
    }
    Err(illegal(from, period, subject, to))
}

/// Nothing is decided before the period can be assessed: its figures are not those of the whole period yet, which are the
/// official ones (plan V.3; scoring rules 2.2.o).
fn check_open(held: Held<'_>, subject: Subject<'_>, at: DateTime<Utc>) -> Result<(), Box<Finding>> {
    let (opens, on) = (held.situation.opens, local_date(at));
    if opens <= on {
        return Ok(());
    }
    let period = held.content.period;
    Err(refuse(
        "LT-REC-012",
        subject,
        period,
        (
            &format!("kỳ {period} chưa đến thời gian đánh giá (từ ngày {opens}); quyết định ngày {on}"),
            &format!("{period} is not assessed before {opens}; the decision is of {on}"),
        ),
        (
            "phê duyệt từ ngày đó, khi số liệu gần đủ cả kỳ; người nghỉ hoặc chuyển đi trong kỳ được duyệt từ ngày sau khi rời chức vụ",
            "approve from that day on; whoever left within the period may be approved the day after",
        ),
    ))
}

/// Nothing is decided while a complaint is verified (plan III.4.b, IV.4.2.d).
pub(super) fn check_hold(held: Held<'_>, subject: Subject<'_>) -> Result<(), Box<Finding>> {
    let Some(why) = held.situation.hold else { return Ok(()) };
    Err(refuse(
        "LT-REC-040",
        subject,
        held.content.period,
        (
            &format!("hồ sơ đang tạm dừng để kiểm tra, xác minh: {why}"),
            &format!("the record is held while a complaint is verified: {why}"),
        ),
        (
            "khi có kết luận, người có thẩm quyền dùng `record release` rồi quyết định lại",
            "once that is settled the competent person uses `record release` and decides again",
        ),
    ))
}

fn illegal(from: Option<RecordState>, period: Period, subject: Subject<'_>, to: RecordState) -> Box<Finding> {
    let from_vi = from.map_or("Chưa có hồ sơ", RecordState::vietnamese);
    let from = from.map_or("none", RecordState::as_str);
    let (to_vi, to) = (to.vietnamese(), to.as_str());
    refuse(
        "LT-REC-003",
        subject,
        period,
        (
            &format!("không thể chuyển kết quả từ trạng thái \"{from_vi}\" sang \"{to_vi}\""),
            &format!("a record cannot move from {from} to {to}"),
        ),
        (
            "kết quả đã phê duyệt chỉ thay đổi bằng `record correct` kèm lý do; kết quả chưa phê duyệt tự theo số liệu",
            "an approved record changes only by `record correct` with a reason; an unapproved one follows its figures by itself",
        ),
    )
}

fn not_classified(subject: Subject<'_>, period: Period) -> Box<Finding> {
    refuse(
        "LT-REC-081",
        subject,
        period,
        (
            "năm này không xếp loại: thời gian công tác chưa đủ 6 tháng và không thuộc trường hợp nghỉ ốm, thai sản (Điều 11)",
            "the year is not classified: fewer than six months worked, and no sick or maternity leave (art. 11)",
        ),
        (
            "xem `score explain`; nếu thời gian giữ chức vụ hoặc nghỉ chưa đúng, sửa bằng `people import`, `fact add` rồi quyết định lại",
            "look at `score explain`; if posts or leave are wrong, correct them with `people import` or `fact add` and decide again",
        ),
    )
}

fn above_proposed(subject: Subject<'_>, content: &Content, proposed: Level, decided: Level) -> Box<Finding> {
    let rounded = content.total().and_then(|total| Crossing::of(&total.exact, &total.printed));
    let (rounded_vi, rounded_en) = rounded.map_or_else(Default::default, |crossed| {
        let Crossing { threshold, exact } = crossed;
        (
            format!("mức xếp theo điểm chưa làm tròn ({}, dưới {threshold}); ", exact.replace('.', ",")),
            format!("the level rests on the score before rounding ({exact}, below {threshold}); "),
        )
    });
    let (vi, en) = (
        format!(
            "mức quyết định \"{}\" cao hơn mức \"{}\" theo điểm và các điều kiện (Điều 20)",
            decided.vietnamese(),
            proposed.vietnamese()
        ),
        format!(
            "the level decided ({}) is above the one that score and conditions allow ({}, art. 20)",
            decided.as_str(),
            proposed.as_str()
        ),
    );
    refuse(
        "LT-REC-080",
        subject,
        content.period,
        (&vi, &en),
        (
            &format!(
                "{rounded_vi}xem `score explain`: điểm, kỷ luật, kết luận, mức của đơn vị; nếu dữ kiện sai, sửa dữ kiện (`fact revoke`, `record correct` của quý) rồi quyết định lại"
            ),
            &format!(
                "{rounded_en}look at `score explain`: score, discipline, conclusions, the organisation's level; if a fact is wrong, correct it (`fact revoke`, `record correct` of the quarter) and decide again"
            ),
        ),
    )
}

fn other_level(subject: Subject<'_>, period: Period, proposed: Level, decided: Level) -> Finding {
    Finding::warning(
        "LT-REC-008",
        Text::new(
            format!(
                "mức quyết định \"{}\" thấp hơn mức đề xuất \"{}\"",
                decided.vietnamese(),
                proposed.vietnamese()
            ),
            format!(
                "the level decided ({}) is below the proposed one ({})",
                decided.as_str(),
                proposed.as_str()
            ),
        ),
        Text::new(
            "kiểm tra căn cứ của quyết định (Điều 20); nếu sai, thay bằng quyết định mới",
            "check the decision's grounds (art. 20); if it is wrong, replace it by a new decision",
        ),
    )
    .at(place(subject, period))
}

pub(super) fn refuse(
    code: &str,
    subject: Subject<'_>,
    period: Period,
    what: (&str, &str),
    remedy: (&str, &str),
) -> Box<Finding> {
    let finding = Finding::error(code, Text::new(what.0, what.1), Text::new(remedy.0, remedy.1));
    Box::new(finding.at(place(subject, period)))
}

fn place(subject: Subject<'_>, period: Period) -> Place {
    Place::of(format!("record {} {period}", subject.staff_number))
}

#[cfg(test)]
mod tests;
