//! A list that the source writes into a file first: started, asked about until it is done, then read.
//!
//! Owns the waiting and its limits. It must not know the file's contents. Nothing of it is kept: a pull that was killed
//! while it waited starts a new export, which does no harm. One that fails or never ends is an error that tells the
//! state seen last.

use super::super::json::{Envelope, JsonError, Path};
use super::ask::{self, Spot};
use super::plan::ExportPlan;
use super::walk::Refused;
use super::{ConnectorError, Shared, excerpt, finding};
use crate::domain::CitizenId;
use crate::error::{Disposition, Finding};
use crate::transport::{Accept, Content, Reply};
use std::time::Duration;
use tokio::time::Instant;

/// An export that is done.
pub(super) struct Done {
    pub(super) id: String,
    /// Where its file is, where the source says so.
    pub(super) address: Option<String>,
}

/// Starts an export and waits until it is done.
pub(super) async fn wait(shared: &Shared, plan: &ExportPlan, spot: &Spot<'_>) -> Result<Done, Refused> {
    let accept = Accept { status: vec![200, 201, 202], body: Content::Json, fault: None, refusal: None };
    let names = ask::names(shared, None, spot);
    let request = ask::draft(shared, &plan.start, &names)?.request(None, "application/json");
    let reply = shared.client.fetch(&request, &accept).await?;
    let id = scalar(shared, &reply, &plan.id)?
        .ok_or_else(|| fail(shared, &reply, finding::export_without("id"), Disposition::NeedsOperator))?;
    let names = ask::names(shared, None, &Spot { export: Some(&id), ..*spot });
    let section = &plan.section;
    let begun = Instant::now();
    let (least, most) =
        (Duration::from_secs(section.every_s.into()), Duration::from_secs(section.timeout_s.into()));
    loop {
        let request = ask::draft(shared, &plan.poll, &names)?.request(None, "application/json");
        let reply = shared.client.fetch(&request, &accept).await?;
        let state = scalar(shared, &reply, &plan.state)?.unwrap_or_default();
        if section.done.contains(&state) {
            let address = match &plan.address {
                None => None,
                Some(path) => {
                    let given = scalar(shared, &reply, path)?.ok_or_else(|| {
                        fail(shared, &reply, finding::export_without("address"), Disposition::NeedsOperator)
                    })?;
                    Some(shared.client.next_address(&reply, &given)?)
                }
            };
            return Ok(Done { id, address });
        }
        if section.failed.contains(&state) {
            let said = match &plan.error_text {
                Some(path) => scalar(shared, &reply, path)?.unwrap_or_default(),
                None => String::new(),
            };
            let finding = finding::export_failed(&words(&state), &words(&shared.client.hide(&said)));
            return Err(fail(shared, &reply, finding, Disposition::RetryLater).into());
        }
        let pause = reply.retry_after.unwrap_or(least).max(least);
        if begun.elapsed() + pause > most {
            let finding = finding::export_never_ended(section.timeout_s, &words(&state));
            return Err(fail(shared, &reply, finding, Disposition::RetryLater).into());
        }
        tokio::time::sleep(pause).await;
    }
}

/// Words of the source, without the numbers of people.
fn words(said: &str) -> String {
    excerpt(&CitizenId::mask_in(said))
}

fn fail(shared: &Shared, reply: &Reply, finding: Finding, disposition: Disposition) -> ConnectorError {
    let finding = Box::new(finding.at(shared.place(&reply.label)));
    ConnectorError { finding, disposition, retry_after: reply.retry_after }
}

fn scalar(shared: &Shared, reply: &Reply, path: &Path) -> Result<Option<String>, ConnectorError> {
    let broken = |error: JsonError| fail(shared, reply, finding::not_json(&error), Disposition::RetryLater);
    let text = std::str::from_utf8(&reply.body)
        .map_err(|_| fail(shared, reply, finding::not_text(), Disposition::NeedsOperator))?;
    let envelope = Envelope::read(text.trim_start_matches('\u{feff}')).map_err(broken)?;
    Ok(envelope.scalar(path).map_err(broken)?.map(|value| value.into_owned()))
}
