//! The order `score what-if`: a quarter under another rule set or another catalog, nothing of it stored.

use super::effect::moved_table;
use super::{Answer, App};
use crate::catalog;
use crate::config::rule_set::read_rule_set;
use crate::domain::{Level, Period, PersonId, UnitCode};
use crate::error::{Finding, Place, Text};
use crate::pipeline::command::{
    CatalogRef, Column, Document, Field, InputFile, Outcome, Progress, ScoreView,
};
use crate::pipeline::what_if::{Assumed, Compared, Question, Totals};
use crate::pipeline::wording::Words;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// What is asked.
pub(super) struct Asked {
    /// Which quarter.
    pub period: Period,
    /// Another rule set.
    pub rule_set: Option<InputFile>,
    /// Another catalog.
    pub catalog: Option<CatalogRef>,
    /// Of this unit and those below it only.
    pub unit: Option<UnitCode>,
    /// Which view; the one that is shown when none.
    pub view: Option<ScoreView>,
    /// Most rows.
    pub limit: u32,
}

pub(super) async fn compare(app: &App, asked: Asked, progress: UnboundedSender<Progress>) -> Answer {
    let period = asked.period;
    if period.quarter_number().is_none() {
        return Err(no_quarter(period).into());
    }
    let rules = match &asked.rule_set {
        Some(file) => Some(read_rule_set(&file.name, &String::from_utf8_lossy(&file.bytes))?),
        None => None,
    };
    let assumed = Arc::new(match &asked.catalog {
        None => Assumed::default(),
        Some(CatalogRef::File(file)) => {
            let products = catalog::read(&file.bytes, &file.name)?;
            Assumed::catalog(products.into_iter().map(|product| (product.code, product.coefficient)))
        }
        Some(CatalogRef::Stored(version)) => {
            let heads = app.store.catalogs().await?;
            if !heads.iter().any(|head| head.version == *version) {
                return Err(super::catalog::no_such_version(version, &heads).into());
            }
            let products = app.store.catalog_products(version).await?;
            Assumed::catalog(products.into_iter().map(|product| (product.code, product.coefficient)))
        }
    });
    let directory = app.directory().await?;
    let units = asked.unit.as_ref().map(|unit| directory.subtree(unit));
    let people: BTreeSet<PersonId> = directory
        .people()
        .map(|known| known.id)
        .filter(|person| {
            let post = directory.last_post(*person, period);
            post.is_some_and(|post| units.as_ref().is_none_or(|units| units.contains(&post.unit)))
        })
        .collect();
    let total = people.len() as u64;
    let view = app.view_of(period, asked.view.map(ScoreView::as_str));
    let question = Question { period, view, assumed: assumed.clone(), rules: rules.as_ref() };
    // Only those shown are kept: a province may move as a whole.
    let (mut moved, mut done) = (Vec::new(), 0);
    let take = |compared: Compared| {
        done += 1;
        if done % 50 == 0 {
            let note = Text::new("cán bộ đã so sánh", "people compared");
            let _nobody = progress.send(Progress { done, total: Some(total), note });
        }
        if compared.moved() && moved.len() < asked.limit as usize {
            moved.push(compared);
        }
    };
    let totals = app.compare_scores(&directory, &question, people, take).await?;
    let missing: Vec<String> = assumed.missing().iter().map(ToString::to_string).collect();
    Ok(Outcome::ok(Document::Parts {
        parts: vec![
            ("summary".to_owned(), summary(period, view, &totals, &missing)),
            ("bands".to_owned(), bands(&totals)),
            ("moved".to_owned(), moved_table(&directory, moved.iter())),
        ],
    }))
}

fn summary(period: Period, view: &str, totals: &Totals, missing: &[String]) -> Document {
    Document::Object {
        title: Text::new("Nếu khác đi, không lưu gì", "What if, nothing is stored"),
        fields: vec![
            Field::new("period", "Kỳ", "Period", period.to_string()),
            Field::new("view", "Cách xem", "View", view),
            Field::new("people", "Cán bộ", "People", totals.people),
            Field::new("moved", "Điểm thay đổi", "Scores that move", totals.moved),
            Field::new("up", "Tăng", "Up", totals.up),
            Field::new("down", "Giảm", "Down", totals.down),
            Field::new("bands_changed", "Đổi mức", "Bands changed", totals.bands_changed()),
            Field::new(
                "missing_products",
                "Mã đang dùng mà danh mục kia không có",
                "Codes in use that the other catalog lacks",
                missing.to_vec(),
            ),
        ],
    }
}

fn bands(totals: &Totals) -> Document {
    let word = |level: &Option<Level>| json!(level.map(Level::as_str));
    let rows = totals
        .bands
        .iter()
        .map(|((before, after), people)| vec![word(before), word(after), json!(people)])
        .collect();
    Document::Table {
        title: Text::new("Mức thay đổi", "Bands that change"),
        columns: vec![
            Column::words("before", "Trước", "Before", Words::Level),
            Column::words("after", "Sau", "After", Words::Level),
            Column::right("people", "Cán bộ", "People"),
        ],
        rows,
    }
}

fn no_quarter(period: Period) -> Finding {
    Finding::error(
        "LT-MAP-042",
        Text::new(
            format!("chỉ so sánh được một quý; {period} được suy ra từ các quý đã ghi nhận"),
            format!("only a quarter is compared; {period} follows from quarters as recorded"),
        ),
        Text::new("ghi --period 2026-Q3", "give --period 2026-Q3"),
    )
    .at(Place::of("--period"))
}
