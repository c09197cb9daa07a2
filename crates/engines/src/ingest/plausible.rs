//! What looks wrong in a record and is worth telling: dates that cannot all be true, quantities that no task has.
//!
//! Owns the checks and their codes. It never changes a record: the source's word stands, a person looks at it there.
//! Only a quantity beyond what one task can have is refused ([`beyond`]). It must not know scores.

use crate::domain::{CanonicalTask, OddDone, TaskDraft, TaskStatus, local_date};
use crate::error::{Finding, Text};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// What is told of a task whose day of completion cannot be true: code and words.
pub fn odd_done(odd: OddDone) -> (&'static str, Text) {
    match odd {
        OddDone::BeforeAssigned => {
            ("LT-ING-021", Text::new("hoàn thành trước ngày giao", "completed before it was assigned"))
        }
        OddDone::InFuture => {
            ("LT-ING-001", Text::new("ngày hoàn thành nằm ở tương lai", "completed in the future"))
        }
    }
}

/// Why a draft is not taken over whose quantity is above what one task can have (`most`; 0 = any): a slip in one cell would
/// make all other work of a person nothing beside it.
pub fn beyond(draft: &TaskDraft, most: u32) -> Option<Finding> {
    let quantity = draft.quantity.filter(|quantity| most > 0 && *quantity > Decimal::from(most))?;
    Some(Finding::error(
        "LT-ING-020",
        Text::new(
            format!("số lượng {quantity} lớn hơn mức một nhiệm vụ có thể có ({most})"),
            format!("the quantity {quantity} is more than one task can have ({most})"),
        ),
        Text::new(
            "sửa số lượng ở hệ thống nguồn hoặc trong tệp; nếu đúng là như vậy, nâng most_quantity trong [source.gates] của nguồn rồi chạy `rejected replay`",
            "correct the quantity in the source system or in the file; if it is true, raise most_quantity in [source.gates] of the source and give `rejected replay`",
        ),
    ))
}

/// Warnings about a draft that is applied: LT-ING-001 done in the future, LT-ING-021 done before it was assigned,
/// LT-ING-002 due before it was assigned, LT-ING-003 due date moved after completion, LT-ING-011 a quantity that became ten times as large or as small.
pub(super) fn check(
    held: Option<&CanonicalTask>,
    draft: &TaskDraft,
    observed_at: DateTime<Utc>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut tell = |code: &str, vi: &str, en: &str| {
        let remedy = Text::new(
            "kiểm tra bản ghi ở hệ thống nguồn; nếu sai, sửa tại đó",
            "look at the record in the source system; if it is wrong, correct it there",
        );
        findings.push(Finding::warning(code, Text::new(vi, en), remedy));
    };
    let done = draft.status == TaskStatus::Done;
    if let Some((code, what)) = draft.odd_done(observed_at).map(odd_done) {
        tell(code, &what.vi, &what.en);
    }
    if let (Some(due), Some(assigned)) = (draft.due, draft.assigned_at)
        && due.day < local_date(assigned)
    {
        tell("LT-ING-002", "hạn xử lý trước ngày giao", "due before it was assigned");
    }
    if done && held.is_some_and(|held| held.draft.status == TaskStatus::Done && held.draft.due != draft.due) {
        tell(
            "LT-ING-003",
            "hạn xử lý bị thay đổi sau khi đã hoàn thành",
            "the due date was moved after completion",
        );
    }
    let ten = Decimal::TEN;
    let quantities = held.and_then(|held| held.draft.quantity).zip(draft.quantity);
    let jumps =
        |from: Decimal, to: Decimal| from > Decimal::ZERO && from.checked_mul(ten).is_some_and(|at| to >= at);
    if quantities.is_some_and(|(before, now)| jumps(before, now) || jumps(now, before)) {
        tell(
            "LT-ING-011",
            "số lượng nhảy gấp mười lần: có thể nguồn đã đổi đơn vị tính",
            "a quantity jumped tenfold: the source may count in another unit now",
        );
    }
    findings
}
