//! Where evidence contradicts what sources say of tasks.
//!
//! Owns the order's table. It must not decide anything: what does not fit is shown to a person.

use super::{Answer, App};
use crate::error::Text;
use crate::ingest::evidence::{Word, axis_state, contradictions};
use crate::pipeline::command::{Column, Document, Outcome};
use crate::pipeline::wording::Words;
use serde_json::json;

/// Words of one task that are compared; the axis says a few dozen.
const WORDS: usize = 1_000;

/// Tasks looked at in one go.
const BATCH: u32 = 500;

/// Lists tasks that do not fit what is said of them, at most `limit`.
pub(super) async fn check(app: &App, limit: u32) -> Answer {
    let (mut after, mut rows) = (0, Vec::new());
    'tasks: loop {
        let ids = app.store.tasks_spoken_of(after, BATCH).await?;
        let Some(last) = ids.last() else { break };
        after = *last;
        for stored in app.store.load_tasks(&ids).await? {
            let kept = app.store.evidence_of(stored.id, WORDS).await?;
            let words: Vec<Word<'_>> = kept
                .iter()
                .map(|word| Word { kind: word.kind, code: word.code.as_deref(), at: word.at })
                .collect();
            let status = stored.task.draft.status;
            for found in contradictions(status, &words) {
                if rows.len() >= limit as usize {
                    break 'tasks;
                }
                rows.push(vec![
                    json!(format!("{}:{}", stored.key.source, stored.key.external_id)),
                    json!(stored.task.draft.title),
                    json!(status.as_str()),
                    json!(found.as_str()),
                    json!(axis_state(&words)),
                    json!(kept.last().map(|word| word.seen_at)),
                ]);
            }
        }
    }
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Nhiệm vụ không khớp chứng cứ", "Tasks that evidence contradicts"),
        columns: vec![
            Column::left("task", "Nhiệm vụ", "Task"),
            Column::words("title", "Trích yếu", "Title", Words::Title),
            Column::words("status", "Trạng thái", "State", Words::TaskStatus),
            Column::words("contradiction", "Không khớp", "Contradiction", Words::Contradiction),
            Column::left("axis_state", "Trạng thái trên trục", "State on the axis"),
            Column::left("last_word_at", "Chứng cứ cuối", "Last word"),
        ],
        rows,
    }))
}
