//! What is told of the axis.
//!
//! Owns the sentences, their codes and remedies. It must not know how a call is made; the place of a package is added
//! by whoever met it. What the axis says
//! comes without secrets and is shortened, and nothing of a package is ever in it.

use crate::error::{Finding, Text, written_cause};

/// Longest word of the axis that is shown.
const SHOWN: usize = 160;

pub(super) fn refused(call: &str, status: &str, code: &str, said: &str) -> Finding {
    let short = |text: &str| -> String {
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect()
    };
    let (said, told) = (short(said), short(format!("{status} {code}").trim()));
    Finding::error(
        "LT-EDX-006",
        Text::new(
            format!("trục trả lời \"{told}\" cho {call}: {said}"),
            format!("the axis answers \"{told}\" to {call}: {said}"),
        ),
        Text::new(
            "kiểm tra systemId, khóa bí mật, đồng hồ máy và quyền của trung tâm với đơn vị vận hành trục",
            "check systemId, secret, the machine's clock and the centre's rights with the operator of the axis",
        ),
    )
}

pub(super) fn no_answer(call: &str, why: &str) -> Finding {
    Finding::error(
        "LT-EDX-007",
        Text::new(
            format!("câu trả lời của trục cho {call} không đọc được"),
            format!("the answer of the axis to {call} cannot be read"),
        )
        .because(&written_cause(why)),
        Text::new(
            "thử lại sau; nếu còn, kiểm tra địa chỉ trục và máy chủ trung gian",
            "try again later; if it stays, check the address of the axis and proxies before it",
        ),
    )
}

pub(super) fn wrong_hash() -> Finding {
    Finding::warning(
        "LT-EDX-005",
        Text::new(
            "gói nhận được không khớp mã băm trục cho; không lưu, không báo nhận",
            "the package does not have the digest the axis gives; it is neither stored nor acknowledged",
        ),
        Text::new(
            "gói còn trên trục và được lấy lại ở lần sau; nếu lặp lại, báo đơn vị vận hành trục",
            "it stays on the axis and comes with the next pull; if that repeats, tell the operator of the axis",
        ),
    )
}

pub(super) fn not_acknowledged(why: &str) -> Finding {
    Finding::warning(
        "LT-EDX-008",
        Text::new(
            "gói đã lưu nhưng chưa báo nhận được cho trục",
            "packages are stored, but the axis could not be told so",
        )
        .because(&written_cause(why)),
        Text::new(
            "không cần làm gì: trục giao lại ở lần sau, gói đã có không đổi gì và được báo nhận lại",
            "nothing to do: the axis delivers them again, they change nothing and are acknowledged again",
        ),
    )
}

pub(super) fn not_fetched(why: &Finding) -> Finding {
    Finding::warning(
        "LT-EDX-010",
        Text::new(
            "không lấy được một gói; gói còn trên trục",
            "a package could not be fetched; it stays on the axis",
        )
        .because(&why.what),
        Text::new(
            format!("được thử lại ở lần sau; nếu còn: {}", why.remedy.vi),
            format!("it is tried again with the next pull; if it stays: {}", why.remedy.en),
        ),
    )
}

pub(super) fn unproven() -> Finding {
    Finding::warning(
        "LT-EDX-011",
        Text::new(
            "trục đưa một thứ không phải gói trọn vẹn; đã giữ lại để xem, không báo nhận",
            "the axis gave something that is no whole package; it is kept to be looked at and not acknowledged",
        ),
        Text::new(
            "được lấy lại ở lần sau; nếu còn, kiểm tra máy chủ trung gian và báo đơn vị vận hành trục",
            "it is asked for again with the next pull; if it stays, check proxies and tell the operator of the axis",
        ),
    )
}

/// Packages with deviations that were tolerated.
pub(super) fn tolerated(packages: u64, examples: &[String]) -> Finding {
    let shown = examples.join(", ");
    Finding::info(
        "LT-EDX-012",
        Text::new(
            format!("{packages} gói lệch chuẩn nhưng vẫn đọc được ({shown})"),
            format!("{packages} packages deviate from the standard and were read all the same ({shown})"),
        ),
        Text::new(
            "không cần làm gì; danh sách từng gói ở mục warnings của bản ghi",
            "nothing to do; each record lists its own under warnings",
        ),
    )
}
