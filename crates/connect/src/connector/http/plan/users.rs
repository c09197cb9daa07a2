//! The users of a source that shows each only what is theirs, compiled.
//!
//! Owns where they are listed, how each is let in, and the checks which sections fit beside them. It must not know
//! users; those come when a source is pulled. Whatever is wrong is a `Problem` with its key.

use super::super::super::expression::{Expression, Template};
use super::super::super::json::Path;
use super::super::super::manifest::http::{OnError, ParentSection};
use super::super::super::manifest::users::UsersSection;
use super::super::super::manifest::{AuthSection, Content, Manifest};
use super::auth::AuthPlan;
use super::compile::Compiler;
use super::list::ListPlan;
use chrono::FixedOffset;

/// Most users of one source.
const MOST: u32 = 2_000;

/// Where users are listed.
#[derive(Debug)]
pub(in super::super) enum UsersFrom {
    /// A table that is a secret.
    Table(Template),
    /// A list of the source.
    Stream(Box<ListPlan>),
}

/// The users of a source.
#[derive(Debug)]
pub(in super::super) struct UsersPlan {
    pub(in super::super) from: UsersFrom,
    /// Which users are wanted.
    pub(in super::super) when: Option<Expression>,
    /// Column or member that names a user.
    pub(in super::super) name: String,
    /// What requests and records get of a user: the name, and what is kept beside it, with its place.
    pub(in super::super) open: Vec<(String, Path)>,
    pub(in super::super) max: u32,
    pub(in super::super) auth: AuthPlan,
    /// Whether the rules of records read `$user`.
    pub(in super::super) read: bool,
}

impl Compiler<'_> {
    pub(super) fn users(&mut self, manifest: &Manifest, zone: FixedOffset) -> Option<UsersPlan> {
        let section = manifest.users.as_ref()?;
        self.beside_users(manifest);
        if !(1..=MOST).contains(&section.max) {
            self.incoherent("users.max", "max từ 1 đến 2000", "max is 1–2000");
        }
        let from = match (&section.list, &section.path) {
            (Some(list), None) => {
                if manifest.auth != AuthSection::None {
                    self.incoherent(
                        "auth",
                        "với users.list không ai khác được hỏi: viết cách đăng nhập vào [users.auth]",
                        "with users.list nobody else is asked: write how users are let in into [users.auth]",
                    );
                }
                UsersFrom::Table(self.template("users.list", list, &["settings", "secrets"])?)
            }
            (None, Some(path)) => {
                let key = section.name.clone();
                let list = self.parents_at("users", &parent(section, path, key), &["settings"])?;
                UsersFrom::Stream(Box::new(list))
            }
            _ => {
                self.incoherent(
                    "users.list",
                    "cần đúng một trong hai: list (bảng bí mật) hoặc path (danh sách của nguồn)",
                    "exactly one of both is needed: list (a secret table) or path (a list of the source)",
                );
                return None;
            }
        };
        let when = match &section.when {
            Some(source) => Some(self.expression("users.when", source, &["record"])?),
            None => None,
        };
        let mut open = Vec::new();
        for name in [&section.name].into_iter().chain(&section.keep) {
            open.push((name.clone(), self.path("users.keep", name)?));
        }
        let rules = serde_json::to_string(&(&manifest.fields, &manifest.events, &manifest.event));
        Some(UsersPlan {
            from,
            when,
            name: section.name.clone(),
            open,
            max: section.max,
            auth: self.auth_at("users.auth", &section.auth, zone)?,
            read: rules.is_ok_and(|rules| rules.contains("$user")),
        })
    }

    /// Refuses what says something of one user's list that would be taken for the whole.
    fn beside_users(&mut self, manifest: &Manifest) {
        let Some(stream) = &manifest.stream else { return };
        if stream.deleted.is_some() {
            self.incoherent(
                "stream.deleted",
                "deleted không dùng cùng [users]: bản ghi xóa trong danh sách của một người chỉ nói người đó không còn được thấy",
                "deleted does not go with [users]: a tombstone in one user's list only says that this user is not shown it any more",
            );
        }
        if stream.conditional {
            self.incoherent(
                "stream.conditional",
                "conditional không dùng cùng [users]",
                "conditional does not go with [users]",
            );
        }
        if manifest.content != Content::Tasks {
            self.incoherent(
                "content",
                "[users] chỉ dùng cho nhiệm vụ; danh sách người, đơn vị cần một tài khoản thấy tất cả",
                "[users] is for tasks; lists of people and units need one account that sees all of them",
            );
        }
    }
}

/// The list of users as a list of parents.
fn parent(section: &UsersSection, path: &str, key: String) -> ParentSection {
    ParentSection {
        name: "users".to_owned(),
        path: path.to_owned(),
        method: section.method,
        query: section.query.clone(),
        body: section.body.clone(),
        records: section.records.clone(),
        key,
        total: section.total.clone(),
        paging: section.paging.clone(),
        when: None,
        keep: Vec::new(),
        max: section.max,
        on_error: OnError::Fail,
    }
}
