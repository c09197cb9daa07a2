//! Waiting tasks that are the same work, so that one decision of a person settles all of them.
//!
//! Owns what makes two tasks alike: the same catalog, the same document type, the same direction, the same words of action (a plan, a
//! report on a plan and comments on a draft plan are three things), and nearly the same other words; a name of a place counts for
//! nothing, nor whether a commune, a ward or a special zone has it. It must not know products. The same queue gives the same groups, whoever asks; memory grows with the number of different
//! titles, never with a title's length. Total on any input: where so many titles share their words that more would be
//! compared than is allowed, what is left is grouped with tasks of the very same words alone, and that is told.

use super::features::direction;
use crate::text::{fold, tokens};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

/// Words in common, in percent of all words of both, from which on two tasks are alike.
const ALIKE_PERCENT: usize = 80;
/// Words of a title that are compared: beyond them titles repeat themselves.
const MAX_WORDS: usize = 40;
/// Titles one title is compared with at most: those of its rarest words first.
const MAX_CANDIDATES: usize = 256;
/// Titles looked at as candidates for all titles together; beyond it only the very same words make a group.
const MAX_LOOKED_AT: usize = 5_000_000;
/// Titles shown of a group, and characters of each.
const SHOWN: usize = 3;
const SHOWN_CHARS: usize = 160;

/// Words that say what is to come out of a task. Two tasks with different ones are never alike.
const ACTIONS: &[&str] = &[
    "bao cao",
    "ke hoach",
    "du thao",
    "gop y",
    "y kien",
    "tham dinh",
    "tham muu",
    "to trinh",
    "quyet dinh",
    "nghi quyet",
    "chi thi",
    "thong bao",
    "huong dan",
    "giay moi",
    "cuoc hop",
    "hop",
    "hoi nghi",
    "kiem tra",
    "thanh tra",
    "giam sat",
    "giai quyet",
    "tra loi",
    "tong hop",
    "xay dung",
    "ban hanh",
    "phe duyet",
    "thu hoi",
    "dieu chinh",
    "sua doi",
    "bo sung",
    "dang ky",
    "tiep nhan",
    "tiep cong dan",
    "khieu nai",
    "to cao",
    "phan anh",
    "kien nghi",
    "tap huan",
    "dao tao",
    "boi duong",
    "ra soat",
    "danh gia",
    "xep loai",
    "so ket",
    "tong ket",
    "de an",
    "chuong trinh",
    "quy che",
    "quy dinh",
    "hop dong",
    "bien ban",
    "thong ke",
    "cong bo",
    "chuyen",
    "cap lai",
    "cap doi",
    "cap moi",
    "cap",
    "tuyen dung",
    "bo nhiem",
    "khen thuong",
    "ky luat",
    "quyet toan",
    "du toan",
    "mua sam",
    "nghiem thu",
];

/// The actions by their words.
static ACTION: LazyLock<HashMap<&str, u16>> = LazyLock::new(|| ACTIONS.iter().copied().zip(0u16..).collect());

/// Most words of an action.
const ACTION_WORDS: usize = 3;

/// Words after which a name of a place stands.
const PLACES: &str = " xa phuong thon lang buon huyen tinh tran ";

/// What stands for every word for a commune with its name: commune, ward, township and special zone are one level.
const COMMUNE: &str = "xã";

/// Words that tell no two tasks apart.
const IDLE: &str = " ve viec cua tren dia ban nam quy thang ngay tinh cac va theo cho tai trong so den tu den voi duoc \
la co mot nhung de nghi thuc hien trien khai cong tac noi dung lien quan # ";

/// A waiting task as far as its group depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// Its number; tasks come in order of it.
    pub task: i64,
    /// Title as it came.
    pub title: &'a str,
    /// Document type of the source; empty when unknown.
    pub doc_type: &'a str,
    /// The source's own category; empty when unknown.
    pub category: &'a str,
    /// The catalog its product is looked for in: the same code may be another product in another one.
    pub catalog: &'a str,
    /// Code of the product the text speaks for most.
    pub best: Option<&'a str>,
}

/// Tasks that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskGroup {
    /// Name of exactly these tasks among those with numbers up to the last one looked at. Any change gives another, also
    /// of a title, document type or category.
    pub id: String,
    /// Their numbers, in order.
    pub tasks: Vec<i64>,
    /// Some of their titles, different ones first.
    pub titles: Vec<String>,
    /// Document type of the first.
    pub doc_type: String,
    /// `in`, `out`, `internal` or `other`.
    pub direction: &'static str,
    /// The catalog their product is looked for in.
    pub catalog: String,
    /// How many of them speak most for which product, most first.
    pub best: Vec<(String, u64)>,
}

/// The groups of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// Largest first, then by their first task.
    pub groups: Vec<TaskGroup>,
    /// How many titles were looked at as candidates of others.
    pub looked_at: usize,
    /// Alike tasks may stand in several groups: so many titles shared their words that not all were compared.
    pub cut: bool,
}

/// Everything that must be equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Class {
    catalog: String,
    doc_type: String,
    direction: &'static str,
    actions: Vec<u16>,
}

/// Tasks of one class with the same words.
#[derive(Debug)]
struct Same {
    class: u32,
    words: Vec<u32>,
    /// Their numbers, and a mark of what is seen of each.
    tasks: Vec<(i64, u64)>,
    title: String,
    doc_type: String,
    best: BTreeMap<String, u64>,
}

/// The words that tell what a title is about, each once, without accents.
pub fn words_of(title: &str) -> BTreeSet<String> {
    let words = tokens(&without_places(title)).into_iter().map(|token| token.folded);
    words.filter(|word| !IDLE.contains(&format!(" {word} "))).collect()
}

/// Takes tasks one after the other and groups them.
#[derive(Debug, Default)]
pub struct Grouping {
    classes: BTreeMap<Class, u32>,
    /// Catalog and direction of each class.
    kinds: Vec<(String, &'static str)>,
    words: HashMap<String, u32>,
    holding: Vec<u32>,
    known: HashMap<(u32, Vec<u32>), usize>,
    same: Vec<Same>,
    last: i64,
}

impl Grouping {
    /// Takes a task in.
    pub fn add(&mut self, task: &Waiting<'_>) {
        self.last = self.last.max(task.task);
        let folded: Vec<String> =
            tokens(&without_places(task.title)).into_iter().map(|token| token.folded).collect();
        let actions = actions(&folded);
        let direction = direction(&fold(task.category));
        let class =
            Class { catalog: task.catalog.to_owned(), doc_type: fold(task.doc_type), direction, actions };
        let next = u32::try_from(self.classes.len()).unwrap_or(u32::MAX);
        let class = *self.classes.entry(class).or_insert_with(|| {
            self.kinds.push((task.catalog.to_owned(), direction));
            next
        });
        let mut words: Vec<u32> = Vec::new();
        let told = folded.iter().filter(|word| !IDLE.contains(&format!(" {word} ")));
        for word in told.collect::<BTreeSet<_>>().into_iter().take(MAX_WORDS) {
            let next = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
            words.push(*self.words.entry(word.clone()).or_insert(next));
        }
        words.sort_unstable();
        let place = match self.known.get(&(class, words.clone())) {
            Some(place) => *place,
            None => {
                self.holding.resize(self.words.len(), 0);
                for word in &words {
                    if let Some(holding) = self.holding.get_mut(*word as usize) {
                        *holding += 1;
                    }
                }
                self.known.insert((class, words.clone()), self.same.len());
                self.same.push(Same {
                    class,
                    words,
                    tasks: Vec::new(),
                    title: task.title.chars().take(SHOWN_CHARS).collect(),
                    doc_type: task.doc_type.to_owned(),
                    best: BTreeMap::new(),
                });
                self.same.len() - 1
            }
        };
        if let Some(same) = self.same.get_mut(place) {
            same.tasks.push((task.task, mark_of(task)));
            if let Some(best) = task.best {
                *same.best.entry(best.to_owned()).or_default() += 1;
            }
        }
    }

    /// The groups, largest first, then by their first task.
    pub fn groups(self) -> Groups {
        let Self { kinds, holding, same, last, .. } = self;
        // Rare words first: two texts that are alike share one of their rarest.
        let rarity = |word: &u32| (holding.get(*word as usize).copied().unwrap_or(0), *word);
        let mut leaders: Vec<Vec<Same>> = Vec::new();
        let mut index: HashMap<(u32, u32), Vec<usize>> = HashMap::new();
        let (mut looked_at, mut cut, mut ended) = (0, false, false);
        for one in same {
            ended = ended || looked_at > MAX_LOOKED_AT;
            let mut missed = ended;
            let heads = one.words.len() - (one.words.len() * ALIKE_PERCENT).div_ceil(100) + 1;
            let mut prefix = one.words.clone();
            prefix.sort_unstable_by_key(rarity);
            prefix.truncate(heads);
            let mut candidates: BTreeSet<usize> = BTreeSet::new();
            for word in prefix.iter().filter(|_| !ended) {
                for place in index.get(&(one.class, *word)).into_iter().flatten() {
                    if candidates.len() == MAX_CANDIDATES {
                        missed = true;
                        break;
                    }
                    looked_at += 1;
                    candidates.insert(*place);
                }
            }
            let alike_to = |place: &usize| {
                leaders.get(*place).and_then(|group| group.first()).is_some_and(|led| alike(led, &one))
            };
            match candidates.into_iter().find(alike_to) {
                Some(place) => {
                    if let Some(group) = leaders.get_mut(place) {
                        group.push(one);
                    }
                }
                None => {
                    // Among those it was not compared with one may be alike.
                    cut = cut || missed;
                    for word in prefix {
                        index.entry((one.class, word)).or_default().push(leaders.len());
                    }
                    leaders.push(vec![one]);
                }
            }
        }
        let mut groups: Vec<TaskGroup> = leaders.into_iter().map(|group| told(group, &kinds, last)).collect();
        groups.sort_by(|a, b| b.tasks.len().cmp(&a.tasks.len()).then(a.tasks.cmp(&b.tasks)));
        Groups { groups, looked_at, cut }
    }
}

/// A mark of what whoever decides about a task sees of it.
fn mark_of(task: &Waiting<'_>) -> u64 {
    let mut digest = Sha256::new();
    for part in [task.title, task.doc_type, task.category, task.catalog] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
}

/// Up to which number of a task the group of a name was looked for; none = that is no name of a group.
pub fn upto(id: &str) -> Option<i64> {
    let (digest, upto) = id.split_once('-')?;
    let hex = digest.len() == 12 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    upto.parse().ok().filter(|upto| hex && *upto > 0)
}

/// The numbers of the actions that stand in a text, each once.
fn actions(words: &[String]) -> Vec<u16> {
    let mut line = String::new();
    let mut starts = Vec::with_capacity(words.len() + 1);
    for word in words {
        starts.push(line.len());
        line.push_str(word);
        line.push(' ');
    }
    starts.push(line.len());
    let mut found: BTreeSet<u16> = BTreeSet::new();
    for (index, start) in starts.iter().enumerate() {
        for end in starts.iter().skip(index + 1).take(ACTION_WORDS) {
            let action = line.get(*start..end.saturating_sub(1)).and_then(|text| ACTION.get(text));
            found.extend(action);
        }
    }
    found.into_iter().collect()
}

/// A title without the names of places: words with a capital after a word for a place, where the title has both cases. Of a commune
/// the same word is left whatever it is.
fn without_places(title: &str) -> String {
    let cut: String = title.chars().take(crate::text::tokens::MAX_CHARS).collect();
    let both = cut.chars().any(char::is_lowercase) && cut.chars().any(char::is_uppercase);
    if !both {
        return cut;
    }
    let mut out: Vec<&str> = Vec::new();
    let (mut names_may_follow, mut in_name) = (false, false);
    for word in cut.split_whitespace() {
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        if names_may_follow && capital {
            if !in_name {
                as_commune(&mut out);
            }
            // What ends a clause ends the name.
            in_name = word.ends_with(char::is_alphanumeric);
            names_may_follow = in_name;
            continue;
        }
        let folded = fold(word);
        names_may_follow = PLACES.contains(&format!(" {folded} "))
            || (folded == "khu" && out.last().is_some_and(|before| fold(before) == "dac"));
        in_name = false;
        out.push(word);
    }
    out.join(" ")
}

/// Writes the words for a commune before its name as one: "phường", "thị trấn" and "đặc khu" as "xã". Written with other accents
/// they are other words: "địa phương".
fn as_commune(out: &mut Vec<&str>) {
    let last =
        |back: usize| out.len().checked_sub(back).and_then(|at| out.get(at)).map(|word| word.to_lowercase());
    let (Some(word), before) = (last(1), last(2)) else { return };
    let is = |word: &str, written: &str| word == written || word == fold(written);
    let words = match before {
        _ if is(&word, "xã") || is(&word, "phường") => 1,
        Some(before) if is(&before, "thị") && is(&word, "trấn") => 2,
        Some(before) if is(&before, "đặc") && is(&word, "khu") => 2,
        _ => return,
    };
    out.truncate(out.len() - words);
    out.push(COMMUNE);
}

/// Whether two texts share enough words; both lists are sorted and without repetitions.
fn alike(a: &Same, b: &Same) -> bool {
    let (few, many) = if a.words.len() < b.words.len() { (a, b) } else { (b, a) };
    if few.words.len() * 100 < many.words.len() * ALIKE_PERCENT {
        return false;
    }
    let (mut both, mut rest) = (0, many.words.iter().peekable());
    for word in &few.words {
        while rest.next_if(|other| *other < word).is_some() {}
        both += usize::from(rest.next_if_eq(&word).is_some());
    }
    let all = a.words.len() + b.words.len() - both;
    both * 100 >= all * ALIKE_PERCENT && both > 0
}

fn told(group: Vec<Same>, kinds: &[(String, &'static str)], last: i64) -> TaskGroup {
    let (mut tasks, mut titles, mut best) =
        (Vec::<(i64, u64)>::new(), Vec::new(), BTreeMap::<String, u64>::new());
    let doc_type = group.first().map(|first| first.doc_type.clone()).unwrap_or_default();
    let class = group.first().map_or(0, |first| first.class as usize);
    let (catalog, direction) = kinds.get(class).cloned().unwrap_or((String::new(), "other"));
    for same in group {
        tasks.extend(same.tasks);
        if titles.len() < SHOWN {
            titles.push(same.title);
        }
        for (code, count) in same.best {
            *best.entry(code).or_default() += count;
        }
    }
    tasks.sort_unstable();
    let mut digest = Sha256::new();
    for (task, mark) in &tasks {
        digest.update(task.to_be_bytes());
        digest.update(mark.to_be_bytes());
    }
    let digest: String = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let mut best: Vec<(String, u64)> = best.into_iter().collect();
    best.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    TaskGroup {
        id: format!("{digest}-{last}"),
        tasks: tasks.into_iter().map(|(task, _)| task).collect(),
        titles,
        doc_type,
        direction,
        catalog,
        best,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped(titles: &[&str]) -> Vec<Vec<i64>> {
        let mut grouping = Grouping::default();
        for (task, title) in (1..).zip(titles) {
            grouping.add(&Waiting {
                task,
                title,
                doc_type: "Công văn",
                category: "VB đến",
                catalog: "2026",
                best: None,
            });
        }
        grouping.groups().groups.into_iter().map(|group| group.tasks).collect()
    }

    #[test]
    fn same_work_in_other_places_spellings_and_years_is_one_group() {
        let titles = [
            "Báo cáo tình hình giải ngân vốn đầu tư công chương trình nông thôn mới xã Ia Grai năm 2026",
            "BÁO CÁO TÌNH HÌNH GIẢI NGÂN VỐN ĐẦU TƯ CÔNG CHƯƠNG TRÌNH NÔNG THÔN MỚI XÃ IA GRAI NĂM 2025",
            "bao cao tinh hinh giai ngan von dau tu cong chuong trinh nong thon moi xa",
            "BC tình hình giải ngân vốn đầu tư công chương trình nông thôn mới xã Chư Sê, tháng 6 (123/BC-UBND)",
        ];
        assert_eq!(grouped(&titles), [vec![1, 2, 3, 4]]);
        // Two words of another field are other work, however long the title.
        let fields = ["đất đai", "y tế"]
            .map(|field| format!("Báo cáo kết quả kiểm tra lĩnh vực {field} tại cơ sở quý I"));
        assert_eq!(grouped(&fields.each_ref().map(String::as_str)).len(), 2);
    }

    #[test]
    fn work_that_differs_in_its_commune_ward_or_special_zone_alone_is_one_group() {
        let of = |place: &str| format!("Kiểm tra an toàn thực phẩm tại {place}, đợt 2");
        let places = [
            "xã Ia Grai",
            "Phường Hội Phú",
            "thị trấn Chư Sê",
            "đặc khu Phú Quý",
            "phuong Dien Hong",
            "xã Hợp Tiến",
        ];
        let titles = places.map(of);
        assert_eq!(grouped(&titles.each_ref().map(String::as_str)), [vec![1, 2, 3, 4, 5, 6]]);
        // Several of them, and one named in the middle.
        let several = ["xã Ia Grai và xã Chư Sê", "phường Hội Phú và phường Diên Hồng"]
            .map(|places| format!("Giao đất cho {places} để làm trường học"));
        assert_eq!(grouped(&several.each_ref().map(String::as_str)), [vec![1, 2]]);
        // Other levels are other work, and so are words that only look like it.
        let levels = ["xã Ia Grai", "huyện Ia Grai", "địa phương Gia Lai", "khu Trung tâm"];
        assert_eq!(grouped(&levels.map(of).each_ref().map(String::as_str)).len(), levels.len());
        // Where a title has one case alone nothing tells a name from other words.
        let cases = ["XÃ IA GRAI", "PHƯỜNG HỘI PHÚ"].map(|place| of(place).to_uppercase());
        assert_eq!(grouped(&cases.each_ref().map(String::as_str)).len(), 2);
    }

    #[test]
    fn plan_report_on_it_and_comments_on_its_draft_are_three_groups() {
        let titles = [
            "Kế hoạch phòng chống dịch bệnh gia súc gia cầm trên địa bàn xã",
            "Báo cáo kế hoạch phòng chống dịch bệnh gia súc gia cầm trên địa bàn xã",
            "Góp ý dự thảo kế hoạch phòng chống dịch bệnh gia súc gia cầm trên địa bàn xã",
        ];
        assert_eq!(grouped(&titles).len(), 3);
        // Short titles that differ in a word are no group either.
        assert_eq!(grouped(&["Báo cáo thu ngân sách", "Báo cáo chi ngân sách"]).len(), 2);
    }

    #[test]
    fn name_of_a_group_changes_with_its_tasks_and_says_how_far_was_looked() {
        let name = |tasks: &[i64]| {
            let mut grouping = Grouping::default();
            for task in tasks {
                let title = "Tiếp công dân định kỳ";
                grouping.add(&Waiting {
                    task: *task,
                    title,
                    doc_type: "",
                    category: "",
                    catalog: "2026",
                    best: Some("A-1"),
                });
            }
            grouping.groups().groups.remove(0)
        };
        let (one, other) = (name(&[1, 2, 9]), name(&[1, 9]));
        assert_ne!(one.id, other.id);
        assert_eq!((upto(&one.id), upto(&other.id)), (Some(9), Some(9)));
        assert_eq!(one.best, [("A-1".to_owned(), 3)]);
        assert_eq!((upto("x-9"), upto("0123456789ab"), upto("0123456789ab--3")), (None, None, None));
    }

    #[test]
    fn name_of_a_group_changes_with_what_is_seen_of_its_tasks_though_they_are_as_alike_as_before() {
        let name = |title: &str, doc_type: &str, category: &str, catalog: &str| {
            let mut grouping = Grouping::default();
            grouping.add(&Waiting { task: 1, title, doc_type, category, catalog, best: None });
            grouping.groups().groups.remove(0).id
        };
        let shown = name("Báo cáo quý I", "Công văn", "VB đến", "2026");
        assert_eq!(shown, name("Báo cáo quý I", "Công văn", "VB đến", "2026"));
        for other in [
            name("Báo cáo quý II", "Công văn", "VB đến", "2026"),
            name("Báo cáo quý I", "CÔNG VĂN", "VB đến", "2026"),
            name("Báo cáo quý I", "Công văn", "VB đến (giấy)", "2026"),
            name("Báo cáo quý I", "Công văn", "VB đến", "2027"),
        ] {
            assert_ne!(shown, other);
        }
    }

    #[test]
    fn tasks_of_two_catalogs_are_never_one_group() {
        let mut grouping = Grouping::default();
        let (title, doc_type, category) = ("Báo cáo công tác dân tộc", "Công văn", "VB đến");
        for (task, catalog) in [(1, "xa-2026"), (2, "so-2026"), (3, "xa-2026")] {
            grouping.add(&Waiting { task, title, doc_type, category, catalog, best: None });
        }
        let groups: Vec<Vec<i64>> = grouping.groups().groups.into_iter().map(|group| group.tasks).collect();
        assert_eq!(groups, [vec![1, 3], vec![2]]);
    }

    /// Titles of twelve of eighty words, by a fixed seed: many share their rarest words, next to none are alike.
    fn titles_of_few_words(count: usize) -> Vec<String> {
        let ends = ["an", "eng", "in", "ong", "un", "ai", "uoi", "anh"];
        let words: Vec<String> =
            "bcdghklmnp".chars().flat_map(|start| ends.map(|end| format!("{start}{end}"))).collect();
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or(0)
        };
        (0..count)
            .map(|_| (0..12).map(|_| words[next() % 80].as_str()).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn hundred_thousand_titles_of_few_words_end_and_what_was_left_out_is_told() {
        let titles = titles_of_few_words(100_000);
        let mut grouping = Grouping::default();
        for (task, title) in (1..).zip(titles.iter().chain(&titles[..50])) {
            grouping.add(&Waiting { task, title, doc_type: "", category: "", catalog: "", best: None });
        }
        let groups = grouping.groups();
        assert!(groups.cut, "{} looked at", groups.looked_at);
        let most_for_one = MAX_CANDIDATES * MAX_WORDS;
        assert!(groups.looked_at <= MAX_LOOKED_AT + most_for_one, "{} looked at", groups.looked_at);
        let mut tasks: Vec<i64> = groups.groups.iter().flat_map(|group| group.tasks.clone()).collect();
        tasks.sort_unstable();
        assert_eq!(tasks, (1..=100_050).collect::<Vec<i64>>(), "each task is in one group");
        let of = |task: i64| groups.groups.iter().position(|group| group.tasks.contains(&task));
        assert!(
            (1..=50).all(|task| of(task) == of(task + 100_000)),
            "the same words are one group all the same"
        );
    }

    #[test]
    fn few_titles_of_few_words_are_compared_whole() {
        let mut grouping = Grouping::default();
        let titles = [
            "rừng mới cây giống đất phân nước lúa ngô sắn",
            "khoai ngô lúa nước phân đất giống cây mới rừng",
        ];
        for (task, title) in (1..).zip(titles) {
            grouping.add(&Waiting { task, title, doc_type: "", category: "", catalog: "", best: None });
        }
        let groups = grouping.groups();
        assert_eq!((groups.groups.len(), groups.cut), (1, false));
        assert!(groups.looked_at > 0);
    }

    #[test]
    fn title_compared_with_some_alone_of_those_that_share_its_words_is_told() {
        let groups = |count: usize| {
            let mut grouping = Grouping::default();
            for (task, title) in (1..).zip(&titles_of_few_words(count)) {
                grouping.add(&Waiting { task, title, doc_type: "", category: "", catalog: "", best: None });
            }
            grouping.groups()
        };
        assert!(!groups(300).cut);
        let many = groups(5_000);
        assert!(many.cut && many.looked_at < MAX_LOOKED_AT, "comparing never ended: {}", many.looked_at);
    }

    #[test]
    fn title_without_a_word_stands_with_its_like_and_nothing_else() {
        assert_eq!(grouped(&["", "😀", "Kế hoạch"]), [vec![1, 2], vec![3]]);
    }
}
