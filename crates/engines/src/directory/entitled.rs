//! Who may score and who may classify whom on a day (Decree 335/2025 art. 10; plan IV.1).
//!
//! Owns the table of authority read from posts and units, and the judgement of a decision's author by it. It
//! must not know where decisions come from or are kept. An author is identified by a staff number alone, never
//! by name; one who is nobody's number is an office, and an office has to cite a document. Nobody decides about
//! themselves under their bare name. What is not allowed comes back as a finding, and the caller keeps the decision
//! as refused.

use super::Directory;
use crate::domain::{
    Decision, DecisionKind, Membership, Period, PersonId, Role, StaffNumber, UnitCode, UnitKind, local_date,
};
use crate::error::{Finding, Place, Text};
use crate::text::mention;
use chrono::{DateTime, NaiveDate, Utc};

/// Deepest chain of units walked upwards.
const MAX_DEPTH: usize = 20;

/// What a person needs authority for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Self-assessment: the person and nobody else (art. 18.2).
    Own,
    /// Monitoring and scoring (art. 10.1; plan IV.1.1).
    Score,
    /// Classifying the year (art. 10.2; plan IV.1.2).
    Classify,
}

impl Duty {
    /// The duty a decision is made under.
    pub fn of(kind: &DecisionKind) -> Self {
        match kind {
            DecisionKind::SelfAssessment { .. } | DecisionKind::SupportPercents { own: true, .. } => {
                Self::Own
            }
            DecisionKind::Classification { .. } => Self::Classify,
            _ => Self::Score,
        }
    }
}

/// A decision as far as authority is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// Whose evaluation.
    pub subject: PersonId,
    /// Which period.
    pub period: Period,
    /// What for.
    pub duty: Duty,
    /// Author as the origin gives it: a text with a staff number in it, or the name of an office.
    pub author: &'a str,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// The document it cites, where it does.
    pub document: Option<&'a str>,
}

impl Directory {
    /// The person an author's text names: by the first staff number in it, in whatever case and with whatever marks it
    /// is typed. A number of fewer than five digits and no letters has to begin the text: rooms and boards have such
    /// numbers as well.
    pub fn named(&self, author: &str) -> Option<PersonId> {
        let whole = StaffNumber::parse(author).and_then(|number| self.by_staff_number(&number));
        let first = || author.split([' ', '\u{a0}', ',', ';', '(', ':']).find(|word| !word.is_empty());
        let beginning = || self.by_staff_number(&StaffNumber::parse(first()?)?);
        whole.or_else(beginning).or_else(|| {
            let clear = |at: usize, key: &str| at == 0 || key.len() > 4 || key.contains(char::is_alphabetic);
            let keys = mention::keys(author).into_iter().filter(|(at, key)| clear(*at, key));
            keys.filter_map(|(_, key)| self.by_letters.get(&key).copied().flatten()).next()
        })
    }

    /// Whether an author who is nobody's number is the person all the same: the text has their number or full name.
    pub fn is_written_out(&self, subject: PersonId, author: &str) -> bool {
        self.person(subject).is_some_and(|known| {
            mention::mentions(author, known.staff_number.as_str())
                || mention::mentions(author, &known.full_name)
        })
    }

    /// Who is entitled on a day: the head of the person's unit scores, the head of the using agency (department,
    /// commune) classifies; a head is scored by the head one level up, an agency's by the chair of the province.
    /// Where a post of head is vacant, the next head above stands in. Empty when the directory knows nobody.
    pub fn entitled(&self, subject: PersonId, period: Period, on: NaiveDate, duty: Duty) -> Vec<PersonId> {
        if duty == Duty::Own {
            return vec![subject];
        }
        // The post at the time; after the period the one held at its end (art. 19.1).
        let day = on.clamp(period.first_day(), period.last_day());
        let on_day = self.posts(subject, period).into_iter().rfind(|post| covers(post, day));
        let Some(post) = on_day.or_else(|| self.last_post(subject, period)) else { return Vec::new() };
        let own = (post.role == Role::Head).then_some(&post.unit);
        let mut next = Some(&post.unit);
        for _ in 0..MAX_DEPTH {
            let Some(code) = next else { break };
            let unit = self.unit(code);
            let agency = unit.is_none_or(|unit| unit.kind != UnitKind::Division);
            if own != Some(code) && (duty == Duty::Score || agency) {
                let heads = self.heads(code, on, subject);
                if !heads.is_empty() {
                    return heads;
                }
            }
            next = unit.and_then(|unit| unit.parent.as_ref());
        }
        Vec::new()
    }

    /// Who heads a unit on a day.
    pub fn heads_on(&self, unit: &UnitCode, on: NaiveDate) -> Vec<PersonId> {
        self.heads(unit, on, PersonId(uuid::Uuid::nil()))
    }

    fn heads(&self, unit: &UnitCode, on: NaiveDate, but: PersonId) -> Vec<PersonId> {
        let held = |person: &PersonId| {
            let posts = self.memberships.get(person).into_iter().flatten();
            posts.into_iter().any(|post| post.unit == *unit && post.role == Role::Head && covers(post, on))
        };
        let members = self.members.get(unit).into_iter().flatten().copied();
        members.filter(|person| *person != but && held(person)).collect()
    }

    /// Whether a classification cites the provincial chair's opinion where the plan says it must come first: the
    /// year of a deputy director or deputy commune chair (plan IV.4.2.c).
    ///
    /// # Errors
    /// LT-AUT-003 no document of the opinion is cited.
    pub fn check_opinion(
        &self,
        subject: PersonId,
        period: Period,
        opinion: Option<&str>,
    ) -> Result<(), Box<Finding>> {
        let deputy = self.last_post(subject, period).filter(|post| post.role == Role::Deputy);
        let unit = deputy.and_then(|post| self.unit(&post.unit)).map(|unit| unit.kind);
        let asked = period.is_year() && matches!(unit, Some(UnitKind::Department | UnitKind::Commune));
        if !asked || opinion.is_some_and(|document| !document.trim().is_empty()) {
            return Ok(());
        }
        let number = self.person(subject).map(|known| known.staff_number.to_string()).unwrap_or_default();
        let finding = Finding::error(
            "LT-AUT-003",
            Text::new(
                format!(
                    "{number}: cấp phó của sở, xã chỉ được xếp loại sau khi có ý kiến của Chủ tịch UBND tỉnh (IV.4.2.c); quyết định không nêu văn bản ý kiến"
                ),
                format!(
                    "{number}: a deputy of a department or commune is classified after the provincial chair's opinion (plan IV.4.2.c); the decision cites no document of it"
                ),
            ),
            Text::new(
                "ghi ý kiến bằng `record opinion --of chair` (quyết định của phần mềm đánh giá tự được xem xét lại khi đó), hoặc quyết định lại có nêu số văn bản (--opinion, \"opinion\" của phần mềm đánh giá)",
                "write it down with `record opinion --of chair` (a decision of the evaluation software is judged again by itself then), or decide again and cite the document (--opinion, \"opinion\" of the evaluation software)",
            ),
        );
        Err(Box::new(finding.at(Place::of(format!("record {number} {period}")))))
    }

    /// Whether a decision's author may make it.
    ///
    /// # Errors
    /// LT-AUT-001 an identified author who is not entitled, the person themselves among them, also by their full name;
    /// LT-AUT-002 an office that cites no document.
    pub fn check_author(&self, judged: Judged<'_>) -> Result<(), Box<Finding>> {
        let entitled = self.entitled(judged.subject, judged.period, local_date(judged.at), judged.duty);
        let told = match self.named(judged.author) {
            Some(author) if entitled.contains(&author) => return Ok(()),
            Some(_) => self.not_entitled(judged, &entitled),
            // An office is not the person it decides about, whatever number stands before their name.
            None if judged.duty != Duty::Own && self.is_written_out(judged.subject, judged.author) => {
                self.not_entitled(judged, &entitled)
            }
            None if judged.document.is_some_and(|document| !document.trim().is_empty()) => return Ok(()),
            None => no_document(judged.author),
        };
        let subject = self.person(judged.subject).map(|known| known.staff_number.to_string());
        let place = format!("record {} {}", subject.unwrap_or_default(), judged.period);
        Err(Box::new(told.at(Place::of(place))))
    }

    /// Whether somebody may bring in a file with this decision: its author does, whoever assesses themselves does, anybody else
    /// cites the document it stands in. A superior's word about oneself is brought in by somebody else, document or not. Whether
    /// its author may decide is another question.
    ///
    /// # Errors
    /// LT-AUT-001 a superior's word about whoever brings it in; LT-AUT-002 nobody's staff number and no document; LT-AUT-008 a
    /// word of somebody else without a document.
    pub fn check_importer(&self, importer: &str, decision: &Decision) -> Result<(), Box<Finding>> {
        let Decision { person: subject, period, kind, author, at, document, .. } = decision;
        let (subject, period, duty, document) = (*subject, *period, Duty::of(kind), document.as_deref());
        let named = self.named(importer);
        let own = named == Some(subject) || named.is_none() && self.is_written_out(subject, importer);
        let cites = document.is_some_and(|document| !document.trim().is_empty());
        let told = match named {
            _ if own && duty != Duty::Own => {
                let judged = Judged { subject, period, duty, author: importer, at: *at, document };
                self.not_entitled(judged, &self.entitled(subject, period, local_date(*at), duty))
            }
            Some(_) if cites || own || named == self.named(author) => return Ok(()),
            Some(_) => somebody_elses(importer, author),
            None if cites => return Ok(()),
            None => return Err(Box::new(no_document(importer).at(Place::of("--author")))),
        };
        let number = self.person(subject).map(|known| known.staff_number.to_string()).unwrap_or_default();
        Err(Box::new(told.at(Place::of(format!("record {number} {period}")))))
    }

    /// Whether somebody may close a period for a unit, or for everybody (none): the head of the unit or of one above it,
    /// for everybody the province's, or an office by a document. Without a province the topmost unit stands for it.
    ///
    /// # Errors
    /// LT-AUT-007 somebody else; LT-AUT-002 an office that cites no document.
    pub fn check_closer(
        &self,
        unit: Option<&UnitCode>,
        author: &str,
        on: NaiveDate,
        document: Option<&str>,
    ) -> Result<(), Box<Finding>> {
        let cites = document.is_some_and(|document| !document.trim().is_empty());
        let told = match self.named(author) {
            Some(named) if self.heads_upwards(unit, on).contains(&named) => return Ok(()),
            Some(_) => not_closer(author, unit),
            None if cites => return Ok(()),
            None => no_document(author),
        };
        Err(Box::new(told.at(Place::of("--author"))))
    }

    /// Whether somebody heads the province, or the topmost unit where there is none.
    pub fn leads_all(&self, person: PersonId, on: NaiveDate) -> bool {
        self.heads_upwards(None, on).contains(&person)
    }

    /// Heads of a unit and of every unit above it; of the topmost unit when none is named.
    fn heads_upwards(&self, unit: Option<&UnitCode>, on: NaiveDate) -> Vec<PersonId> {
        let top = || {
            let mut tops = self.units().filter(|unit| unit.kind == UnitKind::Province);
            let mut roots = self
                .units()
                .filter(|unit| unit.parent.as_ref().is_none_or(|above| self.unit(above).is_none()));
            tops.next().or_else(|| roots.next().filter(|_| roots.next().is_none())).map(|unit| &unit.code)
        };
        let mut next = unit.or_else(top);
        let mut heads = Vec::new();
        for _ in 0..MAX_DEPTH {
            let Some(code) = next else { break };
            heads.extend(self.heads_on(code, on));
            next = self.unit(code).and_then(|unit| unit.parent.as_ref());
        }
        heads
    }

    fn not_entitled(&self, judged: Judged<'_>, entitled: &[PersonId]) -> Finding {
        let names: Vec<&str> = entitled
            .iter()
            .filter_map(|id| self.person(*id))
            .map(|known| known.staff_number.as_str())
            .collect();
        let (vi, en) = match judged.duty {
            Duty::Own => ("tự đánh giá", "assess themselves for"),
            Duty::Score => ("theo dõi, đánh giá", "score"),
            Duty::Classify => ("xếp loại", "classify"),
        };
        let (who_vi, who_en) = if names.is_empty() {
            ("chưa có trong danh sách công chức".to_owned(), "nobody in the people list".to_owned())
        } else {
            (names.join(", "), names.join(", "))
        };
        let author = judged.author;
        Finding::error(
            "LT-AUT-001",
            Text::new(
                format!(
                    "{author} không có thẩm quyền {vi} người này (Điều 10; mục IV.1); người có thẩm quyền: {who_vi}"
                ),
                format!(
                    "{author} is not entitled to {en} this person (art. 10; plan IV.1); entitled: {who_en}"
                ),
            ),
            Text::new(
                "người có thẩm quyền quyết định lại; nếu chức vụ đã đổi, cập nhật danh sách công chức trước",
                "have the entitled person decide; if posts changed, import the people list first",
            ),
        )
    }
}

fn covers(post: &Membership, day: NaiveDate) -> bool {
    post.from <= day && post.to.is_none_or(|to| day <= to)
}

fn not_closer(author: &str, unit: Option<&UnitCode>) -> Finding {
    let (of_vi, of_en) = match unit {
        Some(unit) => (format!("phần của đơn vị {unit}"), format!("the part of unit {unit}")),
        None => ("cả kỳ".to_owned(), "the whole period".to_owned()),
    };
    Finding::error(
        "LT-AUT-007",
        Text::new(
            format!("{author} không có thẩm quyền khóa {of_vi}"),
            format!("{author} may not close {of_en}"),
        ),
        Text::new(
            "người đứng đầu đơn vị (cả kỳ: Chủ tịch UBND tỉnh) khóa; cơ quan nhập thay ghi tên cơ quan và văn bản (--document)",
            "the unit's head (of the whole: the province's chair) closes; an office gives its name and a document (--document)",
        ),
    )
}

fn somebody_elses(importer: &str, author: &str) -> Finding {
    Finding::error(
        "LT-AUT-008",
        Text::new(
            format!("{importer} nhập quyết định của {author} mà không nêu văn bản"),
            format!("{importer} brings in a decision of {author} and cites no document"),
        ),
        Text::new(
            "để chính người chấm nhập (--author), hoặc nêu văn bản có chữ ký của người chấm bằng --document",
            "have the scorer bring it in (--author), or cite the document the scorer signed with --document",
        ),
    )
}

fn no_document(author: &str) -> Finding {
    Finding::error(
        "LT-AUT-002",
        Text::new(
            format!("\"{author}\" không phải số hiệu của ai và không nêu văn bản quyết định"),
            format!("\"{author}\" is nobody's staff number and cites no document"),
        ),
        Text::new(
            "ghi số hiệu người quyết định bằng --author, hoặc nêu văn bản (--document, --decision-no)",
            "give the deciding person's staff number with --author, or cite the document (--document, --decision-no)",
        ),
    )
}
