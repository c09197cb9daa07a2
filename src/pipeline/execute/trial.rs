//! What an order says that is only tried (`--dry-run`): what it would change, and that nothing is stored.
//!
//! Owns the form of that answer, one for every import, and that a trial leaves no trace in the journal either. It must not know
//! what an order checks: a trial checks what the order itself does, finds the same, and ends with the same exit code.

use super::{App, Refusal};
use crate::error::Text;
use crate::pipeline::command::{Document, Field};

/// How much of what an order brings is new, says something else than what stands, or says the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub new: usize,
    pub changed: usize,
    pub unchanged: usize,
}

impl Tally {
    fn fields(self) -> Vec<Field> {
        vec![
            Field::new("new", "Mới", "New", self.new),
            Field::new("changed", "Thay nội dung đã có", "Changed", self.changed),
            Field::new("unchanged", "Đã có, giữ nguyên", "Unchanged", self.unchanged),
        ]
    }
}

/// What a trial shows: counts, and where there is one the list of what they are about.
pub(super) fn tried(tally: Tally, more: Vec<Field>, listed: Option<(&str, Document)>) -> Document {
    let summary = preview(tally.fields().into_iter().chain(more).collect());
    match listed {
        None => summary,
        Some((key, table)) => {
            Document::Parts { parts: vec![("summary".to_owned(), summary), (key.to_owned(), table)] }
        }
    }
}

/// How many people it is about.
pub(super) fn people_in_it(people: usize) -> Field {
    Field::new("people", "Số người", "People", people)
}

/// How many scores would be computed again.
pub(super) fn scores_again(scores: usize) -> Field {
    Field::new("scores_due", "Điểm được tính lại", "Scores computed again", scores)
}

/// Values of a preview.
pub(super) fn preview(fields: Vec<Field>) -> Document {
    Document::Object {
        title: Text::new("Xem trước, chưa ghi gì", "Preview, nothing is written"), fields
    }
}

/// Tells the journal what somebody ordered who may not; of a trial nothing.
pub(super) async fn journal_refused(
    app: &App,
    dry_run: bool,
    who: &str,
    object: String,
    why: Option<&str>,
) -> Result<(), Refusal> {
    if !dry_run {
        app.store.note(app.clock.now(), who, "decision_refused", object, why).await?;
    }
    Ok(())
}
