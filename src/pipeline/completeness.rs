//! Whether everything a source has is held: the one judgement that orders and pages show.
//!
//! Owns its words, when it was last proved, what it rests on, and telling a folder whose files vanished or a source of
//! whose tasks the last full pull called many gone. It must not know
//! how a source is asked or what its records say. Of a folder all files that lie there can be read, and no more can be
//! known; of other sources a pull of everything proves it. An error of the store is the caller's.

use super::app::App;
use super::pull::{LOSS, accept_order};
use crate::connector::Abilities;
use crate::connector::drift::Shape;
use crate::domain::{SourceId, local_offset};
use crate::error::{Finding, Place, Text};
use crate::store::{FolderFiles, Proof, SourceState, StoreError};
use chrono::{DateTime, Utc};

/// Code of a folder with far fewer files than before; `source accept` takes it.
pub const FEWER_FILES: &str = "LT-PUL-027";

/// What is judged. Its words stand in `wording`, by [`Verdict::as_str`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Never pulled.
    Never,
    /// A pull of everything proved that all of it is held.
    Complete,
    /// The last pull of everything did not prove it.
    NotProven,
    /// Pulled, but never by a pull that can prove it.
    Unread,
    /// The source hands over parts: those that came are read.
    Parts,
    /// Every file of the folder is read.
    AllFiles,
    /// Some files of the folder are not read.
    SomeFiles,
    /// The folder holds no file.
    NoFiles,
    /// The folder holds far fewer files than before.
    FewerFiles,
}

impl Verdict {
    /// The token programs get.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never_pulled",
            Self::Complete => "complete",
            Self::NotProven => "not_proven",
            Self::Unread => "never_read_whole",
            Self::Parts => "parts_read",
            Self::AllFiles => "all_files_read",
            Self::SomeFiles => "files_unread",
            Self::NoFiles => "no_files",
            Self::FewerFiles => "fewer_files",
        }
    }

    /// Its light on a page.
    pub fn light(self) -> &'static str {
        match self {
            Self::Complete | Self::AllFiles => "ok",
            Self::Parts => "",
            _ => "warn",
        }
    }
}

/// The judgement about one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completeness {
    /// In a word.
    pub verdict: Verdict,
    /// When it was last proved; of a folder when it was looked at and all its files were read.
    pub proven_at: Option<DateTime<Utc>>,
    /// What it rests on, and whether only changes were read since.
    pub because: Text,
    /// What a person has to look at: a folder whose files vanished, many tasks called gone.
    pub finding: Option<Finding>,
}

impl App {
    /// How many fields of a source's records changed and wait for a person.
    ///
    /// # Errors
    /// The store's.
    pub async fn changed_fields(&self, source: &SourceId) -> Result<u64, StoreError> {
        Ok(self.store.shape::<Shape>(source).await?.map_or(0, |shape| shape.open()))
    }

    /// Judges one source by what is kept of it.
    ///
    /// # Errors
    /// The store's.
    pub async fn completeness(
        &self,
        source: &SourceId,
        state: &SourceState,
    ) -> Result<Completeness, StoreError> {
        let newest = self.store.proofs(source, 1).await?.pop();
        let proven_at = self.store.last_proven(source).await?;
        let abilities = self.sources.get(source).map(|source| source.connector.abilities());
        let mut judged = judge(abilities.unwrap_or_default(), state, newest.as_ref(), proven_at);
        judged.finding = state.unread.clone().or_else(|| state.files.and_then(|files| fewer(source, files)));
        if judged.finding.is_none() {
            // Told until another full pull agrees or a person accepts it.
            let told = self.store.told_by_full(source).await?;
            judged.finding = told.into_iter().find(|finding| finding.code == LOSS);
        }
        Ok(judged)
    }
}

fn judge(
    abilities: Abilities,
    state: &SourceState,
    newest: Option<&Proof>,
    proven_at: Option<DateTime<Utc>>,
) -> Completeness {
    let of = |verdict, proven_at, because| Completeness { verdict, proven_at, because, finding: None };
    let Some(last) = state.last_success_at else {
        return of(
            Verdict::Never,
            None,
            Text::new("chưa có lần lấy nào thành công", "no pull has ended well yet"),
        );
    };
    if let Some(files) = state.files {
        let verdict = verdict_of(files);
        let at = (verdict == Verdict::AllFiles).then_some(files.at);
        return of(verdict, at, of_files(files, verdict));
    }
    if !abilities.full_is_complete && !newest.is_some_and(|proof| proof.proven) {
        let because = Text::new(
            "nguồn đưa từng phần: phần nhận được thì đã đọc, phần chưa đọc được có phát hiện riêng; phần không được gửi thì không lần đọc nào thấy",
            "the source hands over parts: those that came are read, and those that cannot be are told; what was never sent no pull can see",
        );
        return of(Verdict::Parts, None, because);
    }
    let Some(proof) = newest else {
        let because = Text::new(
            "lần đầu đã đọc những gì nguồn đưa ra; chưa có lần đọc toàn bộ nào (sync --full) để chứng minh là đủ",
            "the first load read what the source showed; no pull of everything (sync --full) has proved yet that this is all",
        );
        return of(Verdict::Unread, None, because);
    };
    let verdict = if proof.proven { Verdict::Complete } else { Verdict::NotProven };
    let mut because = of_proof(proof);
    if last > proof.at && abilities.incremental {
        because.vi.push_str("; từ đó chỉ đọc phần thay đổi");
        because.en.push_str("; only changes were read since");
    }
    of(verdict, proven_at, because)
}

/// What one pull of everything proved; `proves`: whether the source can show everything at all.
pub fn verdict_of_proof(proof: &Proof, proves: bool) -> &'static str {
    let verdict = match (proof.proven, proves) {
        (true, _) => Verdict::Complete,
        (false, true) => Verdict::NotProven,
        (false, false) => Verdict::Parts,
    };
    verdict.as_str()
}

fn verdict_of(files: FolderFiles) -> Verdict {
    match files {
        FolderFiles { fewer_since: Some(_), .. } => Verdict::FewerFiles,
        FolderFiles { there: 0, .. } => Verdict::NoFiles,
        FolderFiles { there, read, .. } if read < there => Verdict::SomeFiles,
        _ => Verdict::AllFiles,
    }
}

fn of_files(files: FolderFiles, verdict: Verdict) -> Text {
    let FolderFiles { there, read, most, .. } = files;
    match verdict {
        Verdict::FewerFiles => Text::new(
            format!("thư mục nay có {there} tệp, trước có {most}"),
            format!("the folder holds {there} files, {most} before"),
        ),
        Verdict::NoFiles => Text::new("thư mục không có tệp nào", "the folder holds no file"),
        Verdict::SomeFiles => Text::new(
            format!("đã đọc {read} trong {there} tệp của thư mục"),
            format!("{read} of the {there} files of the folder are read"),
        ),
        _ => Text::new(
            format!("đã đọc hết {there} tệp của thư mục; tệp chưa được đưa vào thì không lần đọc nào thấy"),
            format!("all {there} files of the folder are read; what was never put there no pull can see"),
        ),
    }
}

fn of_proof(proof: &Proof) -> Text {
    let Proof { held, seen, rejected, .. } = proof;
    let mut because = match proof.source_total {
        Some(total) if proof.proven => Text::new(
            format!("nguồn nói có {total}, đang giữ {held}"),
            format!("the source says it has {total}, {held} are held"),
        ),
        None if proof.proven => Text::new(
            format!("danh sách đã được đọc đến hết, đang giữ {held}; nguồn không nói tổng số"),
            format!("its list was read to the end, {held} are held; the source tells no total"),
        ),
        Some(total) if total != *held => Text::new(
            format!("lần đọc gần nhất: nguồn nói có {total}, khi đó giữ {held}"),
            format!("at the last reading the source said it has {total}, {held} were held then"),
        ),
        _ if seen != held => Text::new(
            format!("lần đọc gần nhất thấy {seen}, khi đó giữ {held}"),
            format!("the last reading saw {seen}, {held} were held then"),
        ),
        _ => Text::new(
            format!("lần đọc gần nhất không chứng minh được là đã thấy hết, khi đó giữ {held}"),
            format!("the last reading did not prove that it saw everything, {held} were held then"),
        ),
    };
    if *rejected > 0 {
        because.vi.push_str(&format!(", {rejected} bản ghi bị loại khi đó"));
        because.en.push_str(&format!(", {rejected} records were rejected"));
    }
    because
}

/// Files vanished from a folder: told until they are back or a person says that it is right.
fn fewer(source: &SourceId, files: FolderFiles) -> Option<Finding> {
    let since = files.fewer_since?.with_timezone(&local_offset()).format("%d/%m/%Y %H:%M");
    let FolderFiles { there, most, .. } = files;
    let order = accept_order(source, FEWER_FILES);
    let what = Text::new(
        format!(
            "thư mục của nguồn nay có {there} tệp, trước có {most} (từ {since}); nhiệm vụ đã đọc được giữ nguyên"
        ),
        format!(
            "the folder of the source holds {there} files, {most} before (since {since}); tasks read from it stay as they are"
        ),
    );
    let remedy = Text::new(
        format!(
            "xem ai đã dời hay xóa tệp, và ổ đĩa chia sẻ còn được nối không; đặt lại các tệp, hoặc nếu như vậy là đúng: {order}"
        ),
        format!(
            "see who moved or deleted files, and whether the share is still mounted; put them back, or if so few are right: {order}"
        ),
    );
    Some(Finding::warning(FEWER_FILES, what, remedy).at(Place::of(format!("source {source}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hour.into())
    }

    fn state(last: u32, files: Option<FolderFiles>) -> SourceState {
        SourceState { last_success_at: Some(at(last)), files, ..SourceState::default() }
    }

    fn proof(held: u64, seen: u64, source_total: Option<u64>, proven: bool) -> Proof {
        Proof {
            run: 1,
            at: at(1),
            seen,
            held,
            source_total,
            rejected: held.abs_diff(source_total.unwrap_or(held)),
            missed: 0,
            gone: 0,
            proven,
            digest: String::new(),
            periods: Default::default(),
        }
    }

    const HTTP: Abilities =
        Abilities { incremental: true, full_is_complete: true, details: false, pages_forget: false };

    #[test]
    fn source_that_tells_totals_is_judged_by_its_last_pull_of_everything_and_says_what_followed() {
        let of = |state: &SourceState, newest: Option<&Proof>| {
            let judged =
                judge(HTTP, state, newest, newest.filter(|proof| proof.proven).map(|proof| proof.at));
            (judged.verdict, judged.proven_at.is_some(), judged.because.en)
        };
        let said = |verdict, proven, text: &str| (verdict, proven, text.to_owned());
        assert_eq!(of(&SourceState::default(), None).0, Verdict::Never);
        assert_eq!(of(&state(1, None), None).0, Verdict::Unread);
        assert_eq!(
            of(&state(1, None), Some(&proof(9, 9, Some(9), true))),
            said(Verdict::Complete, true, "the source says it has 9, 9 are held")
        );
        assert_eq!(
            of(&state(2, None), Some(&proof(9, 9, None, true))),
            said(
                Verdict::Complete,
                true,
                "its list was read to the end, 9 are held; the source tells no total; only changes were read since"
            )
        );
        assert_eq!(
            of(&state(1, None), Some(&proof(8, 8, Some(9), false))),
            said(
                Verdict::NotProven,
                false,
                "at the last reading the source said it has 9, 8 were held then, 1 records were rejected"
            )
        );
        assert!(of(&state(1, None), Some(&proof(9, 8, None, false))).2.contains("saw 8, 9 were held then"));
        assert!(of(&state(1, None), Some(&proof(9, 9, None, false))).2.contains("did not prove"));
    }

    #[test]
    fn folder_is_judged_by_its_files_whatever_its_full_pulls_left() {
        let look = |there, read, fewer| FolderFiles {
            at: at(3),
            there,
            read,
            most: 15,
            fewer_since: (fewer == 1).then(|| at(3)),
        };
        let of = |files| {
            let judged = judge(
                Abilities { full_is_complete: false, ..HTTP },
                &state(3, Some(files)),
                Some(&proof(15, 0, None, false)),
                None,
            );
            (judged.verdict, judged.proven_at, judged.because.vi)
        };
        let (verdict, proven, because) = of(look(15, 15, 0));
        assert_eq!((verdict, proven), (Verdict::AllFiles, Some(at(3))));
        assert!(because.starts_with("đã đọc hết 15 tệp"), "{because}");
        assert_eq!(of(look(15, 14, 0)).0, Verdict::SomeFiles);
        assert_eq!((of(look(0, 0, 0)).0, of(look(0, 0, 0)).1), (Verdict::NoFiles, None));
        let (verdict, proven, because) = of(look(0, 0, 1));
        assert_eq!(
            (verdict, proven, because.as_str()),
            (Verdict::FewerFiles, None, "thư mục nay có 0 tệp, trước có 15")
        );
        let source = SourceId::new("so").expect("id");
        assert_eq!(fewer(&source, look(15, 15, 0)), None);
        let told = fewer(&source, look(0, 0, 1)).expect("told");
        assert!(told.remedy.vi.contains("source accept so LT-PUL-027"), "{}", told.remedy.vi);
    }

    #[test]
    fn source_that_hands_over_parts_is_never_called_complete() {
        let parts = Abilities { full_is_complete: false, ..HTTP };
        let judged = judge(parts, &state(1, None), Some(&proof(13, 13, None, false)), None);
        assert_eq!((judged.verdict, judged.proven_at), (Verdict::Parts, None));
        let list = judge(parts, &state(1, None), Some(&proof(13, 13, None, true)), Some(at(1)));
        assert_eq!(list.verdict, Verdict::Complete, "a list whose newest file is all of it");
    }
}
