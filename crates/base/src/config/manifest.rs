//! Where the manifest of a source is found: a file, a folder that holds one, a folder of `connectors/`, or compiled in.
//!
//! Owns the order of looking, so that one installed binary works without any other file and a folder beside
//! the configuration still overrides what is compiled in. It must not know what a manifest says.

use super::check::nearest;
use super::file::read_text;
use crate::error::{Finding, Place, Text};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Largest manifest, bytes.
const MAX_BYTES: usize = 1 << 20;

/// Name and text of every manifest in `connectors/`, compiled in; a test keeps the table complete.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("airbyte-declarative", include_str!("../../../../connectors/airbyte-declarative/manifest.toml")),
    ("date-window", include_str!("../../../../connectors/date-window/manifest.toml")),
    ("edxml-folder", include_str!("../../../../connectors/edxml-folder/manifest.toml")),
    ("eoffice-open", include_str!("../../../../connectors/eoffice-open/manifest.toml")),
    ("ioffice-export", include_str!("../../../../connectors/ioffice-export/manifest.toml")),
    ("ioffice-results", include_str!("../../../../connectors/ioffice-results/manifest.toml")),
    ("json-rpc", include_str!("../../../../connectors/json-rpc/manifest.toml")),
    ("kinto", include_str!("../../../../connectors/kinto/manifest.toml")),
    ("lgsp-documents", include_str!("../../../../connectors/lgsp-documents/manifest.toml")),
    ("personal-desk", include_str!("../../../../connectors/personal-desk/manifest.toml")),
    ("personnel-folder", include_str!("../../../../connectors/personnel-folder/manifest.toml")),
    ("personnel-http", include_str!("../../../../connectors/personnel-http/manifest.toml")),
    ("personnel-leave", include_str!("../../../../connectors/personnel-leave/manifest.toml")),
    ("project-board", include_str!("../../../../connectors/project-board/manifest.toml")),
    ("radicale", include_str!("../../../../connectors/radicale/manifest.toml")),
    ("redmine-json", include_str!("../../../../connectors/redmine-json/manifest.toml")),
    ("redmine-xml", include_str!("../../../../connectors/redmine-xml/manifest.toml")),
    ("report-export", include_str!("../../../../connectors/report-export/manifest.toml")),
    ("report-tracker", include_str!("../../../../connectors/report-tracker/manifest.toml")),
    ("roundup", include_str!("../../../../connectors/roundup/manifest.toml")),
    ("singer-file", include_str!("../../../../connectors/singer-file/manifest.toml")),
    ("singer-rest", include_str!("../../../../connectors/singer-rest/manifest.toml")),
    ("soap-tasks", include_str!("../../../../connectors/soap-tasks/manifest.toml")),
    ("sql-view", include_str!("../../../../connectors/sql-view/manifest.toml")),
    ("task-sheet", include_str!("../../../../connectors/task-sheet/manifest.toml")),
    ("task-tracker", include_str!("../../../../connectors/task-tracker/manifest.toml")),
    ("tracking-sheet", include_str!("../../../../connectors/tracking-sheet/manifest.toml")),
    ("vxp-axis", include_str!("../../../../connectors/vxp-axis/manifest.toml")),
    ("ward-desk", include_str!("../../../../connectors/ward-desk/manifest.toml")),
    ("xroad-rest", include_str!("../../../../connectors/xroad-rest/manifest.toml")),
];

/// A manifest that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestText {
    /// What messages call it: its path, or `connectors/<name>/manifest.toml (built in)`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Finds a manifest. `named` is a path, relative to `folder` (of a file that ends in `.toml`, or of a folder with a
/// `manifest.toml`), or the name of a folder of `connectors/`, looked for beside the configuration, in the working
/// folder, and among the built-in ones.
///
/// # Errors
/// LT-CFG-028 found nowhere, LT-CFG-003 unreadable.
pub fn find(named: &str, folder: &Path) -> Result<ManifestText, Finding> {
    let places = places(named, folder);
    if named.ends_with(".toml") {
        return load(&folder.join(named));
    }
    if let Some(path) = places.iter().find(|path| path.is_file()) {
        return load(path);
    }
    let built_in = BUILT_IN.iter().find(|(name, _)| *name == named);
    built_in
        .map(|(name, text)| ManifestText {
            name: format!("connectors/{name}/manifest.toml (built in)"),
            text: (*text).to_owned(),
        })
        .ok_or_else(|| missing(named, folder))
}

/// Names of the folders of `connectors/` beside the configuration and in the working folder that hold a manifest, sorted.
pub fn own(folder: &Path) -> Vec<String> {
    let below = |folder: &Path| std::fs::read_dir(folder.join("connectors")).into_iter().flatten().flatten();
    let names: BTreeSet<String> = below(folder)
        .chain(below(Path::new(".")))
        .filter(|entry| entry.path().join("manifest.toml").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.into_iter().collect()
}

/// The files in which it is looked for, the first one that is there counts.
pub fn places(named: &str, folder: &Path) -> Vec<PathBuf> {
    let below = |folder: &Path| folder.join("connectors").join(named).join("manifest.toml");
    match named {
        path if path.ends_with(".toml") => vec![folder.join(path)],
        path if path.contains(['/', '\\']) || path == ".." => vec![folder.join(path).join("manifest.toml")],
        _ => vec![below(folder), below(Path::new("."))],
    }
}

fn load(path: &Path) -> Result<ManifestText, Finding> {
    Ok(ManifestText { name: path.display().to_string(), text: read_text(path, MAX_BYTES)? })
}

fn missing(named: &str, folder: &Path) -> Finding {
    let named: String = named.chars().take(120).collect();
    let own = own(folder);
    let built_in: Vec<&str> =
        BUILT_IN.iter().map(|(name, _)| *name).filter(|name| !own.iter().any(|own| own == name)).collect();
    let all = || own.iter().map(String::as_str).chain(built_in.iter().copied());
    let known = all().collect::<Vec<_>>().join(", ");
    let name = named.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    let (vi, en) = match nearest(name, all()) {
        Some(near) => (format!("có phải \"{near}\"? "), format!("did you mean \"{near}\"? ")),
        None => (String::new(), String::new()),
    };
    Finding::error(
        "LT-CFG-028",
        Text::new(
            format!("không tìm thấy manifest \"{named}\""),
            format!("manifest \"{named}\" is found nowhere"),
        ),
        Text::new(
            format!("{vi}viết đường dẫn đến tệp .toml hay thư mục có manifest.toml, hoặc một trong các tên: {known}"),
            format!("{en}write the path of a .toml file or of a folder with a manifest.toml, or one of the names: {known}"),
        ),
    )
    .at(Place::of("manifest"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_connectors_is_compiled_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors");
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()).filter(|path| path.join("manifest.toml").is_file()) {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            let text = std::fs::read_to_string(path.join("manifest.toml")).expect("readable");
            let compiled = BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
            assert_eq!(compiled, Some(text.as_str()), "add connectors/{name} to config::manifest::BUILT_IN");
        }
    }

    #[test]
    fn a_folder_beside_the_configuration_is_found_by_name_and_a_file_by_path() {
        let folder = tempfile::tempdir().expect("folder");
        let ours = folder.path().join("connectors/ours");
        std::fs::create_dir_all(&ours).expect("made");
        std::fs::write(ours.join("manifest.toml"), "a = 1").expect("written");
        assert_eq!(find("ours", folder.path()).expect("by name").text, "a = 1");
        assert_eq!(find("connectors/ours/manifest.toml", folder.path()).expect("by path").text, "a = 1");
        assert_eq!(find("connectors/ours", folder.path()).expect("by its folder").text, "a = 1");
        assert_eq!(own(folder.path()).iter().filter(|name| *name == "ours").count(), 1);
        let told = find("connectors/uors", folder.path()).expect_err("a slip");
        assert!(told.remedy.en.starts_with("did you mean \"ours\"?"), "{told:?}");
        assert_eq!(find("theirs", folder.path()).expect_err("nowhere").code, "LT-CFG-028");
        assert_eq!(find("../x", folder.path()).expect_err("not a name").code, "LT-CFG-028");
    }
}
