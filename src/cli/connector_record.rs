//! `connector record`: samples of a system that runs.
//!
//! Owns the folder that is written: a copy of the manifest, the samples, and what they give. It must not know what is
//! replaced in them. A folder that has samples is left alone; where anything fails nothing is written.

use super::connector::{Tried, connect, entry, secrets};
use crate::clock::Clock;
use crate::config::{Config, Loaded, manifest};
use crate::connector::conformance;
use crate::connector::manifest as language;
use crate::connector::record::{self, Given, Recorded};
use crate::error::{Finding, Findings, Place, Text, io_cause};
use crate::pipeline::command::{Document, Field, Outcome};
use std::path::Path;

/// Records a source into a folder.
pub(super) async fn record(
    folder: &Path,
    tried: &Tried,
    configuration: impl Fn() -> Result<Loaded, Findings>,
) -> Result<Outcome, Findings> {
    let samples = folder.join("samples");
    if std::fs::read_dir(&samples).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(has_samples(&samples).into());
    }
    let connector = connect(tried, &configuration)?;
    let (found, settings, secrets) = match (&tried.source, &tried.manifest) {
        (Some(id), _) => {
            let loaded = configuration()?;
            let (_, entry) = entry(id, &loaded)?;
            let credentials = Config::credentials_folder();
            let mut secrets = std::collections::BTreeMap::new();
            for (name, reference) in &entry.secrets {
                secrets.insert(name.clone(), reference.read(credentials.as_deref())?);
            }
            (manifest::find(&entry.manifest, &loaded.folder)?, entry.settings.clone(), secrets)
        }
        (None, named) => {
            let here = std::env::current_dir().unwrap_or_default();
            let found = manifest::find(named.as_deref().unwrap_or_default(), &here)?;
            (found, tried.settings.iter().cloned().collect(), secrets(tried)?)
        }
    };
    let loaded = language::parse(&found.name, &found.text)?;
    let given = Given { settings: &settings, secrets: &secrets };
    let recorded = record::record(&*connector, &loaded, &given, Clock::system().now()).await?;
    let Recorded { samples: exchanges, records, replaced } = recorded;
    let written = |error: std::io::Error| Findings::from(unwritable(folder, &error));
    std::fs::create_dir_all(&samples).map_err(written)?;
    let copy = folder.join("manifest.toml");
    if !copy.exists() {
        std::fs::write(&copy, &found.text).map_err(written)?;
    }
    for (number, exchange) in (1..).zip(&exchanges) {
        let text = serde_json::to_string_pretty(exchange).unwrap_or_default() + "\n";
        std::fs::write(samples.join(format!("{number:03}.json")), text).map_err(written)?;
    }
    // What was written has to be read whether it conforms or not.
    let report = conformance::expect(folder).await.map_err(|mut told| {
        told.0.push(to_be_read(&samples));
        told
    })?;
    let fields = vec![
        Field::new("folder", "Thư mục", "Folder", folder.display().to_string()),
        Field::new("samples", "Mẫu", "Samples", exchanges.len()),
        Field::new("records", "Bản ghi", "Records", records),
        Field::new("replaced", "Giá trị được thay", "Values replaced", replaced),
        Field::new("drafts", "Nhiệm vụ đọc được", "Tasks read", report.drafts.len() + report.rows.len()),
    ];
    let title = Text::new("Đã ghi mẫu", "Recorded");
    Ok(Outcome::with_findings(Document::Object { title, fields }, vec![to_be_read(&samples)]))
}

fn has_samples(folder: &Path) -> Finding {
    let finding = Finding::error(
        "LT-SRC-082",
        Text::new("thư mục đã có mẫu", "the folder has samples already"),
        Text::new(
            "chọn thư mục khác, hoặc xóa samples/ cũ",
            "choose another folder, or remove the old samples/",
        ),
    );
    finding.at(Place::of(folder.display().to_string()))
}

fn unwritable(folder: &Path, error: &std::io::Error) -> Finding {
    let finding = Finding::error(
        "LT-SRC-083",
        Text::new("không ghi được mẫu", "the samples cannot be written").because(&io_cause(error)),
        Text::new("kiểm tra quyền ghi và chỗ trống", "check permissions and free space"),
    );
    finding.at(Place::of(folder.display().to_string()))
}

fn to_be_read(folder: &Path) -> Finding {
    let finding = Finding::info(
        "LT-SRC-084",
        Text::new(
            "mẫu đã được thay tên, số định danh, điện thoại, thư điện tử và bí mật theo quy tắc",
            "names, numbers of citizens, phones, mails and secrets were replaced in the samples by rule",
        ),
        Text::new(
            "đọc lại từng mẫu trước khi gửi cho ai: câu chữ tự do có thể nói về một người mà không nêu tên",
            "read each sample before it goes to anybody: free words may speak of somebody without a name",
        ),
    );
    finding.at(Place::of(folder.display().to_string()))
}
