//! The switches of a rule set as people read them: what each decides and what its value means, in both languages.
//!
//! Owns the words; the key of a switch stands beside them, because rule sets and the reference are written with keys. It
//! must not know which value a result was made with. A switch or value without words is shown by its key, never left out.

use super::words::decimal;
use crate::error::Lang;
use serde_json::{Map, Value};

/// One switch of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Its key, as rule sets are written.
    pub key: String,
    /// What it decides.
    pub label: String,
    /// What was decided.
    pub value: String,
}

/// Value of a switch: key, Vietnamese, English.
type Said = (&'static str, &'static str, &'static str);

struct Words {
    key: &'static str,
    vi: &'static str,
    en: &'static str,
    values: &'static [Said],
}

const fn words(key: &'static str, vi: &'static str, en: &'static str, values: &'static [Said]) -> Words {
    Words { key, vi, en, values }
}

const COUNTED: &[Said] = &[
    ("automatic", "tự động", "by itself"),
    ("confirmed_only", "chỉ khi cấp có thẩm quyền xác nhận", "only once confirmed"),
];
const OVERLAYS: &[Said] = &[
    (
        "below_100_not_completed",
        "dưới 100 % số lượng: không hoàn thành",
        "below 100 % of quantity: not completed",
    ),
    (
        "unit_below_70_head_not_completed",
        "đơn vị dưới 70 %: người đứng đầu không hoàn thành",
        "unit below 70 %: head not completed",
    ),
    (
        "unit_below_70_deputy_not_excellent",
        "đơn vị dưới 70 %: cấp phó không xuất sắc",
        "unit below 70 %: deputy not excellent",
    ),
    (
        "quarter_not_completed_no_excellent_year",
        "có quý không hoàn thành: năm không xuất sắc",
        "a quarter not completed: year not excellent",
    ),
    (
        "two_quarters_not_completed_consider_replacement",
        "hai quý không hoàn thành: xem xét bố trí lại",
        "two quarters not completed: replacement is considered",
    ),
    ("year_from_quarter_levels", "mức năm theo mức các quý", "the year's level follows the quarters'"),
];

/// Every switch, in the order of its key.
const SWITCHES: &[Words] = &[
    words(
        "cancelled_in_denominator",
        "Nhiệm vụ bị hủy vẫn tính vào số giao",
        "Cancelled tasks stay assigned",
        &[],
    ),
    words(
        "cap_level",
        "Giới hạn 100 % áp dụng cho",
        "What is capped",
        &[
            ("each_ratio", "từng tỷ lệ a, b, c", "each of a, b, c"),
            ("criterion", "trung bình các tỷ lệ (R)", "their mean (R)"),
            ("part_70", "cả phần 70 điểm (Đ12.3)", "the part of 70 points (art. 12.3)"),
        ],
    ),
    words(
        "carry_over",
        "Việc xong sau kỳ",
        "What is finished after its period",
        &[
            ("none", "không tính vào kỳ khác", "counts nowhere else"),
            ("completed_as_extra", "tính là phát sinh ở kỳ hoàn thành", "is extra where it is finished"),
        ],
    ),
    words(
        "coefficient_freeze",
        "Hệ số lấy theo danh mục",
        "Coefficients are those",
        &[
            ("at_assignment", "khi giao việc", "of the assignment"),
            ("at_period_start", "ngày đầu kỳ", "of the period's first day"),
        ],
    ),
    words(
        "completion_event",
        "Hoàn thành tính từ",
        "Completion is",
        &[("submitted", "lúc trình", "the submission"), ("accepted", "lúc được chấp nhận", "the acceptance")],
    ),
    words(
        "d_population",
        "Kết quả đơn vị (d) xét",
        "The result of the unit (d) looks at",
        &[
            ("direct", "cấp dưới trực tiếp", "direct subordinates"),
            ("whole_subtree", "mọi người thuộc quyền", "everyone below"),
        ],
    ),
    words(
        "d_unscored",
        "Cấp dưới chưa có điểm",
        "Subordinates without a score",
        &[
            ("exclude_and_list", "không tính, có liệt kê", "are left out and listed"),
            ("block", "d chưa xác định", "leave d open"),
        ],
    ),
    words(
        "deduction_scope",
        "Trừ 25 % mỗi lần cho",
        "25 % each is deducted from",
        &[
            ("line", "cả dòng nhiệm vụ", "the whole line"),
            ("unit", "một sản phẩm của dòng", "one product of the line"),
        ],
    ),
    words(
        "due_date_rule",
        "Hạn được tính",
        "The due day is",
        &[
            ("in_force_when_due", "hạn có hiệu lực khi đến hạn", "the one in force when it came"),
            ("latest", "hạn mới nhất", "the latest one"),
        ],
    ),
    words(
        "due_precision",
        "Hạn tính đến",
        "Lateness looks at",
        &[("day", "ngày", "the day"), ("minute", "phút", "the minute")],
    ),
    words("extra_components", "Việc phát sinh được cộng vào", "Extra tasks add to", &[]),
    words(
        "extra_in_denominator",
        "Việc phát sinh tính vào số giao (Đ18.1.d)",
        "Extra tasks count as assigned",
        &[],
    ),
    words(
        "gen_assumption",
        "Tiêu chí chung chưa nhập",
        "General criteria not entered",
        &[("none", "để trống", "stay open"), ("full", "tạm coi là đủ 30 điểm", "are taken as 30 points")],
    ),
    words(
        "gen_score_source",
        "Điểm tiêu chí chung do",
        "General criteria are scored by",
        &[
            ("self", "cá nhân tự chấm", "the person"),
            ("superior", "cấp trên chấm", "the superior"),
            ("superior_else_self", "cấp trên chấm, chưa có thì tự chấm", "the superior, else the person"),
        ],
    ),
    words("gen_step", "Bước điểm tiêu chí chung", "Step of general criteria", &[]),
    words(
        "gone_policy",
        "Nhiệm vụ biến mất ở nguồn",
        "Tasks gone from their source",
        &[
            ("exclude_and_list", "không tính, có liệt kê", "are left out and listed"),
            ("keep", "giữ nguyên", "stay"),
        ],
    ),
    words("late_counted", "Chậm tiến độ được tính", "Lateness counts", COUNTED),
    words(
        "late_unit",
        "Chậm tiến độ tính theo (Đ14.2.c)",
        "Lateness is counted in",
        &[
            ("occurrence", "lần", "occurrences"),
            ("calendar_day", "ngày", "calendar days"),
            ("working_day", "ngày làm việc", "working days"),
        ],
    ),
    words(
        "leader_levels",
        "Mức d, đ, e của lãnh đạo (Đ15.3)",
        "Values of d, đ, e",
        &[
            ("50_100", "50 % hoặc 100 %", "50 % or 100 %"),
            ("any_50_to_100", "từ 50 % đến 100 %", "anything from 50 % to 100 %"),
        ],
    ),
    words(
        "leader_scope",
        "a, b, c của lãnh đạo lấy từ (Đ15.1)",
        "A leader's a, b, c are of",
        &[
            (
                "own_and_leadership_products",
                "việc của mình và sản phẩm lãnh đạo",
                "own work and leadership products",
            ),
            (
                "pooled_subordinates",
                "việc của mình và của người thuộc quyền",
                "own work and that of those in charge",
            ),
            (
                "position_multiplier",
                "việc của mình nhân hệ số chức vụ",
                "own work times the post's multiplier",
            ),
        ],
    ),
    words(
        "leave_exemption",
        "Không xếp loại vì nghỉ",
        "Not classified because of leave",
        &[
            ("any_leave", "mọi loại nghỉ", "any leave"),
            ("makes_up_six_months", "nghỉ cộng thành đủ sáu tháng", "leaves that make up six months"),
        ],
    ),
    words("local_overlays", "Quy tắc riêng của địa phương về mức", "Local rules on levels", OVERLAYS),
    words("min_worked_share", "Phần kỳ phải làm việc tối thiểu", "Least share of a period worked", &[]),
    words("organisation_points", "Bảng điểm của tổ chức", "Points of organisations", &[]),
    words(
        "partial_completion",
        "Hoàn thành một phần",
        "Partly done",
        &[
            ("done_only", "không tính", "does not count"),
            ("confirmed_fraction", "tính phần được xác nhận", "counts as confirmed"),
        ],
    ),
    words(
        "party_opinion",
        "Ý kiến cấp ủy trước khi xếp loại năm",
        "Party committee's opinion before the year is classified",
        &[("optional", "không bắt buộc", "optional"), ("required", "bắt buộc", "required")],
    ),
    words(
        "pending_coefficient_policy",
        "Nhiệm vụ chưa có hệ số",
        "Tasks without a coefficient",
        &[
            ("park", "chờ, chưa tính", "wait"),
            ("provisional", "dùng hệ số tạm", "use a provisional one"),
            ("catch_all", "dùng sản phẩm chung", "use the catch-all product"),
        ],
    ),
    words(
        "period_membership",
        "Nhiệm vụ thuộc kỳ",
        "A task belongs to the period",
        &[
            ("due_in_period", "có hạn trong kỳ", "it is due in"),
            ("assigned_in_period", "được giao trong kỳ", "it was assigned in"),
            ("share_allocated", "theo phần chia cho từng kỳ", "its shares name"),
        ],
    ),
    words(
        "points_and_k",
        "Điểm và hệ số",
        "Points and coefficients",
        &[("approved_catalog", "theo danh mục đã phê duyệt", "are the approved catalog's")],
    ),
    words("population_filter", "Ai được tính điểm", "Who is scored", &[]),
    words("position_multipliers", "Hệ số chức vụ", "Multipliers of posts", &[]),
    words(
        "provisional_view",
        "Khi kỳ đang chạy",
        "While a period runs",
        &[
            ("to_date", "tính đến hôm nay", "what is due until today"),
            ("full_period", "tính cả kỳ", "the whole period"),
        ],
    ),
    words("quality_counted", "Lỗi chất lượng được tính", "Quality failures count", COUNTED),
    words(
        "quarter_method",
        "Điểm quý (Đ17.3)",
        "A quarter is",
        &[
            ("direct", "tính từ nhiệm vụ", "made of its tasks"),
            ("mean_of_months", "trung bình các tháng", "the mean of its months"),
        ],
    ),
    words(
        "quota_base",
        "Tỷ lệ xuất sắc tính trên (Đ20.5)",
        "The quota is of those who are",
        &[
            ("good", "số hoàn thành tốt", "Good"),
            ("good_or_better", "số hoàn thành tốt trở lên", "Good or better"),
        ],
    ),
    words("quota_on_quarters", "Xét tỷ lệ cả tháng và quý", "Quota of months and quarters, too", &[]),
    words("quota_percent", "Tỷ lệ xuất sắc tối đa (%)", "Most Excellent people (%)", &[]),
    words(
        "quota_small_group",
        "Nhóm quá nhỏ",
        "Groups that are too small",
        &[("none", "không có suất", "have no place"), ("at_least_one", "có ít nhất một suất", "have one")],
    ),
    words(
        "record_steps",
        "Tự đánh giá và nhận xét trước khi duyệt",
        "Self-assessment and review before approval",
        &[("optional", "không bắt buộc", "optional"), ("required", "bắt buộc", "required")],
    ),
    words(
        "rejected_counts_as_completed",
        "Việc bị trả lại vẫn tính hoàn thành",
        "What was returned counts as done",
        &[],
    ),
    words(
        "rounding",
        "Làm tròn",
        "Rounding",
        &[
            ("half_up", "nửa lên", "half up"),
            ("half_even", "nửa về số chẵn", "half to even"),
            ("exact", "theo điểm chưa làm tròn", "by the exact score"),
            ("printed", "theo điểm đã làm tròn", "by the printed score"),
        ],
    ),
    words(
        "support_model",
        "Người lao động hợp đồng",
        "Contract workers",
        &[
            ("as_staff", "chấm như công chức", "scored as staff"),
            ("three_percents", "chấm bằng ba tỷ lệ", "scored by three percents"),
        ],
    ),
    words("support_share", "Phần của người phối hợp", "Share of supporting people", &[]),
    words("sync_deadline", "Hạn gửi về CSDL quốc gia", "Deadlines of the national database", SYNC),
    words(
        "transfer_policy",
        "Điều động trong kỳ",
        "Transfers within a period",
        &[
            ("unit_at_end", "tính ở đơn vị cuối kỳ", "count for the last unit"),
            ("split_by_effective_date", "chia theo ngày hiệu lực", "are split by their day"),
        ],
    ),
    words(
        "year_mean_of",
        "Điểm năm là trung bình của",
        "A year is the mean of",
        &[
            ("recorded", "điểm các quý đã ghi", "recorded results"),
            ("exact", "điểm chưa làm tròn", "exact results"),
        ],
    ),
    words(
        "zero_den_policy",
        "Không được giao việc nào",
        "Nothing was assigned",
        &[
            ("not_computable", "chưa tính được", "no score"),
            ("zero", "0 điểm", "0 points"),
            ("full", "đủ điểm", "full points"),
        ],
    ),
];

const SYNC: &[Said] = &[
    ("calendar", "ngày", "calendar days"),
    ("working", "ngày làm việc", "working days"),
    ("deadline", "bắt buộc", "binding"),
    ("warning", "cảnh báo", "warning"),
    ("approval", "từ phê duyệt", "from the approval"),
];

/// Keys inside tables of a rule set.
const PARTS: &[Said] = &[
    ("digits", "số chữ số", "digits"),
    ("mode", "cách làm tròn", "mode"),
    ("classify_on", "xếp mức", "levels"),
    ("commune_leaders", "lãnh đạo cấp xã", "commune leaders"),
    ("contract_workers", "lao động hợp đồng", "contract workers"),
    ("administrators", "quản trị", "administrators"),
    ("province_leaders", "lãnh đạo UBND tỉnh", "leaders of the province"),
];

fn pick((vi, en): (&'static str, &'static str), lang: Lang) -> &'static str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}

fn among(said: &[Said], key: &str, lang: Lang) -> Option<&'static str> {
    said.iter().find(|(known, ..)| *known == key).map(|(_, vi, en)| pick((vi, en), lang))
}

/// The switches of a rule set; its name and dates are not among them.
pub fn switches<'a>(rule_set: impl IntoIterator<Item = (&'a String, &'a Value)>, lang: Lang) -> Vec<Switch> {
    let named = |key: &str| matches!(key, "id" | "valid_from" | "valid_to");
    rule_set
        .into_iter()
        .filter(|(key, _)| !named(key))
        .map(|(key, value)| {
            let known = SWITCHES.iter().find(|words| words.key == key);
            let label = known.map_or(key.as_str(), |words| pick((words.vi, words.en), lang));
            let values = known.map_or(&[][..], |words| words.values);
            Switch { key: key.clone(), label: label.to_owned(), value: text_of(value, values, lang) }
        })
        .collect()
}

fn text_of(value: &Value, values: &[Said], lang: Lang) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => pick(("có", "yes"), lang).to_owned(),
        Value::Bool(false) => pick(("không", "no"), lang).to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => match among(values, text, lang) {
            Some(said) => said.to_owned(),
            None if lang == Lang::Vi && is_decimal(text) => decimal(text),
            None => text.clone(),
        },
        Value::Array(list) if list.is_empty() => "–".to_owned(),
        Value::Array(list) => {
            list.iter().map(|one| text_of(one, values, lang)).collect::<Vec<_>>().join("; ")
        }
        Value::Object(parts) if parts.is_empty() => "–".to_owned(),
        Value::Object(parts) => parts_of(parts, values, lang),
    }
}

/// A deadline reads as a sentence, every other table as its parts.
fn parts_of(parts: &Map<String, Value>, values: &[Said], lang: Lang) -> String {
    let part = |key: &str| parts.get(key).map(|value| text_of(value, values, lang));
    if let (Some(name), Some(days), Some(count)) = (part("name"), part("days"), part("count")) {
        let rest = [part("from"), part("weight")].into_iter().flatten().collect::<Vec<_>>().join(", ");
        return format!("{name} ({days} {count}, {rest})");
    }
    let one = |(key, value): (&String, &Value)| {
        let label = among(PARTS, key, lang).unwrap_or(key);
        format!("{label}: {}", text_of(value, values, lang))
    };
    parts.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Whether a text is a number with a point; names of laws have points, too.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').is_some_and(|(whole, part)| digits(whole) && digits(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RuleSet;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn every_switch_and_every_value_of_the_schema_has_words_and_no_other() {
        let schema = serde_json::to_value(schemars::schema_for!(RuleSet)).expect("schema");
        let properties = schema["properties"].as_object().expect("properties");
        let keys: BTreeSet<&str> = properties
            .keys()
            .map(String::as_str)
            .filter(|key| !["id", "valid_from", "valid_to"].contains(key))
            .collect();
        let said: BTreeSet<&str> = SWITCHES.iter().map(|words| words.key).collect();
        assert_eq!(said, keys);
        for words in SWITCHES {
            let mut named = BTreeSet::new();
            values_of(&properties[words.key], &schema["$defs"], &mut named);
            let told: BTreeSet<String> = words.values.iter().map(|(key, ..)| (*key).to_owned()).collect();
            assert_eq!(told, named, "{}", words.key);
        }
    }

    /// The constants a schema allows, through references, lists and tables.
    fn values_of(schema: &Value, defs: &Value, into: &mut BTreeSet<String>) {
        match schema {
            Value::Object(parts) => {
                if let Some(name) = parts.get("$ref").and_then(Value::as_str) {
                    values_of(&defs[name.rsplit('/').next().unwrap_or_default()], defs, into);
                }
                into.extend(parts.get("const").and_then(Value::as_str).map(str::to_owned));
                for list in parts.get("enum").and_then(Value::as_array).into_iter().flatten() {
                    into.extend(list.as_str().map(str::to_owned));
                }
                for (key, part) in parts {
                    if !["default", "description", "enum", "const"].contains(&key.as_str()) {
                        values_of(part, defs, into);
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|part| values_of(part, defs, into)),
            _ => {}
        }
    }

    #[test]
    fn values_read_as_words_lists_and_tables_and_what_has_no_words_by_its_key() {
        let set = json!({
            "id": "x", "late_unit": "occurrence", "extra_in_denominator": false, "gen_step": "0.5",
            "rounding": {"digits": 2, "mode": "half_up", "classify_on": "exact"},
            "sync_deadline": [{"name": "NĐ 335", "days": 5, "count": "calendar", "weight": "deadline", "from": "approval"}],
            "organisation_points": {}, "not_known": "so",
        });
        let told = |lang| -> Vec<String> {
            let set = set.as_object().expect("an object");
            switches(set, lang)
                .iter()
                .map(|one| format!("{} [{}] = {}", one.label, one.key, one.value))
                .collect()
        };
        let vi = told(Lang::Vi);
        for expected in [
            "Chậm tiến độ tính theo (Đ14.2.c) [late_unit] = lần",
            "Việc phát sinh tính vào số giao (Đ18.1.d) [extra_in_denominator] = không",
            "Bước điểm tiêu chí chung [gen_step] = 0,5",
            "Làm tròn [rounding] = xếp mức: theo điểm chưa làm tròn; số chữ số: 2; cách làm tròn: nửa lên",
            "Hạn gửi về CSDL quốc gia [sync_deadline] = NĐ 335 (5 ngày, từ phê duyệt, bắt buộc)",
            "Bảng điểm của tổ chức [organisation_points] = –",
            "not_known [not_known] = so",
        ] {
            assert!(vi.iter().any(|line| line == expected), "{expected}: {vi:#?}");
        }
        assert_eq!(vi.len(), 7, "its name is not a switch: {vi:?}");
        assert!(told(Lang::En).contains(&"Lateness is counted in [late_unit] = occurrences".to_owned()));
    }
}
