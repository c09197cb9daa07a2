//! Checks that concern more than one key: names that must agree, files that must exist, modes that exclude
//! each other.
//!
//! Owns these rules and their messages. Nothing here opens a connection or reads a secret's value; that is
//! `check`'s business. Every finding is returned, with the place of the key that should change.

use super::examine::Doubt;
use super::file::no_such_file;
use super::manifest;
use super::sections::{Config, StoreKind, TargetEntry, TargetKind};
use super::tree::Node;
use crate::domain::UnitCode;
use crate::error::{Finding, Text};
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that is wrong or worth knowing about a configuration whose keys are all valid.
/// Nothing is told that may only follow from a doubtful key.
pub fn validate(config: &Config, tree: &Node, own_file: &str, doubt: &Doubt) -> Vec<Finding> {
    let mut rules = Rules { config, tree, own_file, doubt, findings: Vec::new() };
    rules.unique_names();
    rules.units();
    rules.store();
    rules.sources();
    rules.targets();
    rules.files();
    rules.daemon();
    rules.findings
}

struct Rules<'a> {
    config: &'a Config,
    tree: &'a Node,
    own_file: &'a str,
    doubt: &'a Doubt,
    findings: Vec<Finding>,
}

impl Rules<'_> {
    /// Tells a finding at its key, when neither that nor any key it depends on is doubtful.
    fn say(&mut self, finding: Finding, key: &str, depends_on: &[&str]) {
        if self.doubt.about(key) || depends_on.iter().any(|key| self.doubt.about(key)) {
            return;
        }
        let place = super::places::place(self.tree, self.own_file, key);
        self.findings.push(finding.at(place));
    }

    fn unique_names(&mut self) {
        let config = self.config;
        let lists: [(&str, &str, Vec<&str>); 3] = [
            ("unit", "code", config.unit.iter().map(|unit| unit.code.as_str()).collect()),
            ("source", "id", config.source.iter().map(|source| source.id.as_str()).collect()),
            ("target", "id", config.target.iter().map(|target| target.id.as_str()).collect()),
        ];
        for (list, key, names) in lists {
            let mut seen = BTreeMap::new();
            for (index, name) in names.into_iter().enumerate() {
                if let Some(first) = seen.insert(name, index) {
                    let finding = Finding::error(
                        "LT-CFG-020",
                        Text::new(
                            format!(
                                "{list} \"{name}\" được khai báo hai lần (mục {} và {})",
                                first + 1,
                                index + 1
                            ),
                            format!(
                                "{list} \"{name}\" stands twice (entries {} and {})",
                                first + 1,
                                index + 1
                            ),
                        ),
                        Text::new("đổi tên hoặc xóa một mục", "rename or remove one of them"),
                    );
                    self.say(finding, &format!("{list}[{index}].{key}"), &[]);
                }
            }
        }
    }

    fn units(&mut self) {
        let config = self.config;
        let from_file = config.people.units_file.is_some();
        let known = |code: &str| from_file || config.unit.iter().any(|unit| unit.code.as_str() == code);
        let mut unknown = Vec::new();
        for (index, unit) in config.unit.iter().enumerate() {
            if let Some(parent) = unit.parent.as_ref().filter(|parent| !known(parent.as_str())) {
                unknown.push((format!("unit[{index}].parent"), parent.clone()));
            }
        }
        // Without any unit in the file, units are those of the database.
        if !config.unit.is_empty() {
            for (index, source) in config.source.iter().enumerate().filter(|(_, s)| !known(s.unit.as_str())) {
                unknown.push((format!("source[{index}].unit"), source.unit.clone()));
            }
        }
        for (key, code) in unknown {
            let finding = no_such_unit(&code);
            self.say(finding, &key, &["people.units_file", "unit"]);
        }
        for (index, unit) in config.unit.iter().enumerate() {
            let mut above = unit.parent.as_ref();
            let mut steps = 0;
            while let Some(code) = above {
                steps += 1;
                if steps > config.unit.len() {
                    let code = &unit.code;
                    let finding = Finding::error(
                        "LT-CFG-029",
                        Text::new(
                            format!("đơn vị \"{code}\" nằm trong một vòng khép kín"),
                            format!("unit \"{code}\" is above itself"),
                        ),
                        Text::new(
                            "sửa parent của các đơn vị trong vòng",
                            "correct the parents within the circle",
                        ),
                    );
                    self.say(finding, &format!("unit[{index}].parent"), &[]);
                    break;
                }
                above = config
                    .unit
                    .iter()
                    .find(|other| other.code == *code)
                    .and_then(|other| other.parent.as_ref());
            }
        }
    }

    fn store(&mut self) {
        let store = &self.config.store;
        let (missing, key) = match store.kind {
            StoreKind::Postgres if store.url.is_none() => ("store.url", "store.kind"),
            StoreKind::Postgres if self.config.keys.field_key.is_none() => ("keys.field_key", "store.kind"),
            _ => return,
        };
        let finding = Finding::error(
            "LT-CFG-022",
            Text::new(
                format!("kind = \"postgres\" cần {missing}"),
                format!("kind = \"postgres\" needs {missing}"),
            ),
            Text::new(
                format!("thêm {missing} = {{ file = \"…\" }}"),
                format!("add {missing} = {{ file = \"…\" }}"),
            ),
        );
        self.say(finding, key, &[missing]);
    }

    fn sources(&mut self) {
        for (index, source) in self.config.source.iter().enumerate() {
            let key = format!("source[{index}].manifest");
            let folder = self.tree.nearest(&key).origin.folder.clone();
            if let Err(finding) = manifest::find(&source.manifest, &folder) {
                self.say(finding, &key, &[]);
            }
        }
        let catalog = &self.config.catalog;
        let given = [catalog.file.is_some(), catalog.version.is_some(), catalog.valid_from.is_some()];
        if given.contains(&true) && given.contains(&false) {
            let finding = Finding::error(
                "LT-CFG-022",
                Text::new(
                    "[catalog] cần đủ file, version và valid_from",
                    "[catalog] needs file, version and valid_from together",
                ),
                Text::new("thêm khóa còn thiếu", "add the missing key"),
            );
            self.say(finding, "catalog", &[]);
        }
    }

    fn targets(&mut self) {
        let targets = &self.config.target;
        for (index, target) in targets.iter().enumerate() {
            let at = |key: &str| format!("target[{index}].{key}");
            if targets.iter().take(index).any(|other| other.kind == target.kind) {
                self.say(second_of_kind(), &at("kind"), &[]);
            }
            if target.base_url.starts_with("http://") && !target.allow_http {
                self.say(plain_http(), &at("base_url"), &[&at("allow_http")]);
            }
            if target.kind == TargetKind::National {
                for key in missing_national_keys(target) {
                    let finding = Finding::error(
                        "LT-CFG-005",
                        Text::new(format!("thiếu khóa \"{key}\""), format!("key \"{key}\" is missing")),
                        Text::new(format!("thêm dòng {key} = …"), format!("add a line {key} = …")),
                    );
                    self.say(finding, &at(key), &[]);
                }
                if !target.is_released() {
                    let lists = [at("code_list"), at("field_map"), at("simulated")];
                    self.say(
                        unconfirmed(target.id.as_str()),
                        &at("id"),
                        &lists.each_ref().map(String::as_str),
                    );
                }
            }
            if self.config.simulation.clock_start.is_some() && !target.simulated {
                let id = &target.id;
                let finding = Finding::error(
                    "LT-CFG-023",
                    Text::new(
                        format!("đồng hồ mô phỏng không được dùng với đích thật \"{id}\""),
                        format!("a simulated clock must not be used with the real target \"{id}\""),
                    ),
                    Text::new(
                        "xóa simulation.clock_start, hoặc đánh dấu mọi đích simulated = true",
                        "remove simulation.clock_start, or mark every target simulated = true",
                    ),
                );
                self.say(finding, "simulation.clock_start", &[&at("simulated")]);
            }
        }
    }

    fn files(&mut self) {
        let mut missing = Vec::new();
        let mut config = self.config.clone();
        config.for_each_input_file(&mut |key, path| {
            if !Path::new(path).is_file() {
                missing.push((key.to_owned(), no_such_file(path)));
            }
        });
        for (key, finding) in missing {
            self.say(finding, &key, &[]);
        }
    }

    fn daemon(&mut self) {
        let config = self.config;
        if !config.daemon.listen.ip().is_loopback() && !config.page.allow_remote {
            let finding = Finding::error(
                "LT-CFG-024",
                Text::new(
                    format!(
                        "trang theo dõi không có đăng nhập nhưng {} cho máy khác truy cập",
                        config.daemon.listen
                    ),
                    format!(
                        "the page has no login but {} can be reached from other computers",
                        config.daemon.listen
                    ),
                ),
                Text::new(
                    "dùng 127.0.0.1 sau một máy chủ proxy có đăng nhập, hoặc đặt page.allow_remote = true",
                    "use 127.0.0.1 behind a proxy with a login, or set page.allow_remote = true",
                ),
            );
            self.say(finding, "daemon.listen", &["page.allow_remote"]);
        }
    }
}

fn missing_national_keys(target: &TargetEntry) -> Vec<&'static str> {
    let given = [
        ("org_code", target.org_code.is_some()),
        ("sender_code", target.sender_code.is_some()),
        ("path", target.path.is_some()),
    ];
    given.into_iter().filter(|(_, there)| !there).map(|(key, _)| key).collect()
}

fn second_of_kind() -> Finding {
    Finding::error(
        "LT-CFG-027",
        Text::new("mỗi loại đích chỉ được có một", "there can be only one target of each kind"),
        Text::new("xóa hoặc gộp các đích cùng loại", "remove or join the targets of this kind"),
    )
}

/// A unit is named that is declared nowhere.
pub fn no_such_unit(code: &UnitCode) -> Finding {
    Finding::error(
        "LT-CFG-021",
        Text::new(format!("không có đơn vị \"{code}\""), format!("there is no unit \"{code}\"")),
        Text::new(
            "khai báo [[unit]] với mã này hoặc sửa mã",
            "declare a [[unit]] with this code or correct it",
        ),
    )
}

/// An address over which a password would travel unencrypted.
pub fn plain_http() -> Finding {
    Finding::error(
        "LT-CFG-025",
        Text::new("http:// gửi mật khẩu không mã hóa", "http:// sends the password unencrypted"),
        Text::new(
            "dùng https://; chỉ trong mạng nội bộ tin cậy mới đặt allow_http = true cho nguồn hoặc đích này",
            "use https://; only inside a trusted network set allow_http = true for this source or target",
        ),
    )
}

fn unconfirmed(id: &str) -> Finding {
    Finding::warning(
        "LT-CFG-026",
        Text::new(
            format!("đích \"{id}\" chưa được dùng: code_list và field_map chưa xác nhận"),
            format!("target \"{id}\" is not used: code_list and field_map are not confirmed"),
        ),
        Text::new(
            "đối chiếu mã và tên trường với tài liệu của CSDL quốc gia, rồi đặt confirmed = true ở cả hai",
            "compare codes and field names with the receiver's own documents, then set confirmed = true in both",
        ),
    )
}
