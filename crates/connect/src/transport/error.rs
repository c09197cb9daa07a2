//! What can go wrong on the way, in both languages.
//!
//! Owns the transport's error type and its findings. Nothing here prints a query, a header or a body, except
//! the first words of an error text the far side meant to be read.

use super::unpack::Refusal;
use crate::error::{Disposition, Finding, Place, Text, cause};
use std::time::Duration;

/// Whether a request that failed may have had an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It certainly did not reach the far side.
    No,
    /// It may have been received and carried out.
    Perhaps,
}

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
#[error("{finding}")]
pub struct TransportError {
    /// What happened, where, what to do.
    pub finding: Box<Finding>,
    /// What the caller should do.
    pub disposition: Disposition,
    /// How long the far side asked us to wait, at most six hours.
    pub retry_after: Option<Duration>,
    /// Whether the request may have had an effect.
    pub reached: Reached,
    /// The status, where there was an answer.
    pub status: Option<u16>,
}

impl TransportError {
    /// An error without an answer.
    pub(super) fn new(finding: Finding, disposition: Disposition, reached: Reached) -> Self {
        Self { finding: Box::new(finding), disposition, retry_after: None, reached, status: None }
    }

    /// The same error at its place.
    pub(super) fn at(mut self, place: Place) -> Self {
        if place.what.starts_with("target ")
            && let Some(remedy) = of_target(&self.finding.code)
        {
            self.finding.remedy = remedy;
        }
        self.finding.place.get_or_insert(place);
        self
    }
}

/// What to do about a target, where that differs from a source: it has no manifest, but its entry of the configuration.
fn of_target(code: &str) -> Option<Text> {
    let (vi, en) = match code {
        "LT-NET-006" => (
            "đặt base_url trong [[target]] là địa chỉ cuối; trang đăng nhập chung (SSO) không dùng được cho kết nối máy với máy",
            "set base_url of the [[target]] to the final address; a single sign-on page is no way in for a machine",
        ),
        "LT-NET-007" => (
            "kiểm tra base_url trong [[target]], hoặc tăng transport.max_answer_mib nếu đích đúng là trả lời lớn như vậy",
            "check base_url of the [[target]], or raise transport.max_answer_mib if the target really answers that much",
        ),
        "LT-NET-010" => (
            "xin cấp quyền cho tài khoản này ở hệ thống đích",
            "ask the target's owner to give this account its rights",
        ),
        "LT-NET-013" => (
            "kiểm tra base_url và đường dẫn trong mục [[target]] của tệp cấu hình, và phiên bản giao diện của đích (docs/targets/)",
            "check base_url and the paths of its [[target]] in the configuration, and the version of the target's interface (docs/targets/)",
        ),
        "LT-NET-017" => (
            "kiểm tra base_url và tài khoản trong mục [[target]] của tệp cấu hình, và cách đăng nhập của đích (docs/targets/)",
            "check base_url and account of its [[target]] in the configuration, and how the target logs in (docs/targets/)",
        ),
        "LT-NET-018" => (
            "kiểm tra base_url trong [[target]]; nếu kéo dài, báo đơn vị quản lý hệ thống đích",
            "check base_url of the [[target]]; if it lasts, tell the target's owner",
        ),
        _ => return None,
    };
    Some(Text::new(vi, en))
}

fn error(code: &str, what: (String, String), remedy: (&str, &str)) -> Finding {
    Finding::error(code, Text::new(what.0, what.1), Text::new(remedy.0, remedy.1))
}

pub(super) fn options(vi: &str, en: &str) -> Finding {
    error(
        "LT-NET-016",
        (vi.to_owned(), en.to_owned()),
        ("sửa cấu hình của nguồn hoặc đích này", "correct the configuration of this source or target"),
    )
}

pub(super) fn clock_differs(ahead: i64) -> Finding {
    let seconds = ahead.unsigned_abs();
    let (vi, en) = if ahead > 0 { ("chậm", "behind") } else { ("nhanh", "ahead of") };
    Finding::warning(
        "LT-NET-019",
        Text::new(
            format!("đồng hồ của máy này {vi} {seconds} giây so với bên kia"),
            format!("this machine's clock is {seconds} s {en} the far side's"),
        ),
        Text::new(
            "kiểm tra đồng bộ thời gian (timedatectl, chronyc tracking); thời hạn và thời điểm lấy dữ liệu tính theo đồng hồ này",
            "check the time synchronisation (timedatectl, chronyc tracking); deadlines and pulls go by this clock",
        ),
    )
}

pub(super) fn refused_address(why: &str) -> TransportError {
    let finding = error(
        "LT-NET-005",
        (format!("địa chỉ không được phép: {why}"), format!("the address is not allowed: {why}")),
        (
            "yêu cầu chỉ được gửi tới đúng máy chủ và cổng của base_url; sửa base_url hoặc báo đơn vị quản lý nguồn",
            "requests go to the scheme, host and port of base_url only; correct base_url or tell the source's owner",
        ),
    );
    TransportError::new(finding, Disposition::NeedsOperator, Reached::No)
}

pub(super) fn redirect(status: u16) -> TransportError {
    let finding = error(
        "LT-NET-006",
        (
            format!("máy chủ chuyển hướng (HTTP {status}) và chuyển hướng không được theo"),
            format!("the server redirects (HTTP {status}) and redirects are not followed"),
        ),
        (
            "đặt base_url là địa chỉ cuối; trang đăng nhập chung (SSO) không dùng được cho kết nối máy với máy",
            "set base_url to the final address; a single sign-on page is no way in for a machine",
        ),
    );
    let error = TransportError::new(finding, Disposition::NeedsOperator, Reached::Perhaps);
    TransportError { status: Some(status), ..error }
}

pub(super) fn too_large(limit: u64) -> TransportError {
    let finding = error(
        "LT-NET-007",
        (
            format!("câu trả lời lớn hơn giới hạn {limit} byte (sau giải nén)"),
            format!("the answer is larger than the limit of {limit} bytes (after decompression)"),
        ),
        (
            "giảm paging.size, hoặc tăng transport.max_answer_mib nếu nguồn đúng là lớn như vậy",
            "lower paging.size, or raise transport.max_answer_mib if the source really is that large",
        ),
    );
    TransportError::new(finding, Disposition::NeedsOperator, Reached::Perhaps)
}

/// A body that was refused while it was unpacked.
pub(super) fn refused_body(refusal: Refusal, limit: u64) -> TransportError {
    match refusal {
        Refusal::TooLarge => too_large(limit),
        Refusal::Bomb(ratio) => {
            let finding = error(
                "LT-NET-031",
                (
                    format!("câu trả lời nén bung ra hơn {ratio} lần, bị bỏ"),
                    format!("the packed answer grows more than {ratio} times, it is thrown away"),
                ),
                (
                    "báo đơn vị quản lý hệ thống bên kia; nếu dữ liệu đúng là như vậy, đặt transport.headers.Accept-Encoding = \"identity\"",
                    "tell the far side's owner; if the data really is like that, set transport.headers.Accept-Encoding = \"identity\"",
                ),
            );
            TransportError::new(finding, Disposition::NeedsOperator, Reached::Perhaps)
        }
        Refusal::Broken((vi, en)) => {
            let finding = error(
                "LT-NET-030",
                (
                    format!("câu trả lời nén không đọc được, bị bỏ: {vi}"),
                    format!("the packed answer cannot be unpacked, it is thrown away: {en}"),
                ),
                (
                    "dịch vụ đang chạy thì tự thử lại; nếu kéo dài, đặt transport.headers.Accept-Encoding = \"identity\" và báo đơn vị quản lý bên kia",
                    "a running daemon tries again by itself; if it lasts, set transport.headers.Accept-Encoding = \"identity\" and tell the far side's owner",
                ),
            );
            TransportError::new(finding, Disposition::RetryNow, Reached::Perhaps)
        }
    }
}

/// No token against forged requests where the manifest says.
pub(super) fn no_csrf(name: &str) -> TransportError {
    let finding = error(
        "LT-NET-032",
        (
            format!("trang đăng nhập không có mã chống giả mạo \"{name}\""),
            format!("the login page holds no token \"{name}\" against forged requests"),
        ),
        (
            "kiểm tra auth.page và auth.csrf trong manifest; trang đăng nhập có thể đã đổi",
            "check auth.page and auth.csrf of the manifest; the login page may have changed",
        ),
    );
    TransportError::new(finding, Disposition::NeedsOperator, Reached::No)
}

/// A refresh token that was replaced and could not be kept.
pub(super) fn unkept(why: &Text) -> Finding {
    Finding::warning(
        "LT-NET-033",
        Text::new(
            "bên kia đã đổi refresh token nhưng không lưu được token mới",
            "the far side replaced the refresh token and the new one could not be kept",
        )
        .because(why),
        Text::new(
            "khai báo auth.keep là đường dẫn tuyệt đối tới tệp ghi được; nếu không, sau khi khởi động lại phải xin token mới",
            "set auth.keep to the absolute path of a file that can be written; without it a new token is needed after a restart",
        ),
    )
}

/// The login page again, right after a login.
pub(super) fn signed_out(status: u16) -> TransportError {
    let finding = error(
        "LT-NET-034",
        (
            format!("đã đăng nhập lại nhưng máy chủ vẫn đưa trang đăng nhập (HTTP {status})"),
            format!("the server shows its login page again right after a new login (HTTP {status})"),
        ),
        (
            "kiểm tra quyền của tài khoản, auth.path và auth.cookie trong manifest; việc thử tạm dừng để tài khoản không bị khóa",
            "check the account's rights, auth.path and auth.cookie of the manifest; trying is paused so that the account is not locked",
        ),
    );
    let error = TransportError::new(finding, Disposition::NeedsOperator, Reached::No);
    TransportError { status: Some(status), ..error }
}

/// A request that could not be signed.
pub(super) fn unsigned(why: &Text) -> TransportError {
    let what = Text::new("không ký được yêu cầu", "the request cannot be signed").because(why);
    let finding = error(
        "LT-NET-035",
        (what.vi, what.en),
        (
            "kiểm tra auth.sign, auth.params và auth.headers trong manifest",
            "check auth.sign, auth.params and auth.headers of the manifest",
        ),
    );
    TransportError::new(finding, Disposition::NeedsOperator, Reached::No)
}

/// Nothing may leave for a while, by our limits or by the far side's word.
pub(super) fn limited(wait: Duration) -> TransportError {
    let minutes = wait.as_secs().div_ceil(60);
    let finding = error(
        "LT-NET-036",
        (
            format!("đã hết số yêu cầu được phép, phải chờ {minutes} phút"),
            format!("the requests allowed are used up, {minutes} min to wait"),
        ),
        (
            "lượt sau đọc tiếp; nếu xảy ra mỗi ngày, đọc thưa hơn (schedule) hoặc tăng [limits] nếu bên kia cho phép",
            "a later run goes on; if it happens every day, pull less often (schedule) or raise [limits] if the far side allows it",
        ),
    );
    let error = TransportError::new(finding, Disposition::RetryLater, Reached::No);
    TransportError { retry_after: Some(wait.min(Duration::from_secs(6 * 3600))), ..error }
}

/// The breaker is open.
pub(super) fn broken(left: Duration, why: Option<Box<Finding>>) -> TransportError {
    // When it is asked again its schedule says, not this pause: one time is shown, where the schedule is.
    let what = Text::new(
        "nguồn lỗi liên tiếp nên đang được để yên, chưa gửi gì",
        "the source only fails and is left alone, nothing was sent",
    );
    let what = match why {
        Some(why) => what.because(&why.what),
        None => what,
    };
    let finding = error(
        "LT-NET-037",
        (what.vi, what.en),
        (
            "dịch vụ đang chạy thì tự thử lại; nếu kéo dài, báo đơn vị quản lý máy chủ",
            "a running daemon tries again by itself; if it lasts, tell the server's owner",
        ),
    );
    let error = TransportError::new(finding, Disposition::RetryLater, Reached::No);
    TransportError { retry_after: Some(left), ..error }
}

/// A token of a kind nobody here can carry.
pub(super) fn token_type(kind: &str) -> TransportError {
    let finding = error(
        "LT-NET-039",
        (
            format!("máy chủ cấp token loại \"{kind}\", không phải bearer"),
            format!("the server gives a token of type \"{kind}\", not bearer"),
        ),
        (
            "nếu token vẫn dùng được, ghi rõ auth.prefix trong manifest (ví dụ \"Bearer \")",
            "if the token works all the same, set auth.prefix in the manifest (for example \"Bearer \")",
        ),
    );
    TransportError::new(finding, Disposition::NeedsOperator, Reached::No)
}

/// An error of the HTTP library as ours.
pub(super) fn failed(error: reqwest::Error, place: Place) -> TransportError {
    let error = error.without_url();
    let reasons = reasons(&error);
    let why = reasons.text;
    if let Some(refused) = reasons.refused {
        return refused_address(&refused).at(place);
    }
    // Later than that the request is out, and what went wrong is the answer.
    let connecting = error.is_connect();
    if reasons.is_plain && connecting {
        let finding = self::error(
            "LT-NET-001",
            (
                format!(
                    "địa chỉ là https nhưng cổng này không nói TLS, có lẽ là cổng http (chi tiết kỹ thuật: {why})"
                ),
                format!(
                    "the address says https but this port does not speak TLS, perhaps it is an http port (technical detail: {why})"
                ),
            ),
            (
                "sửa cổng trong base_url; nếu hệ thống kia chỉ có http, viết http:// và thêm allow_http = true vào mục của nó trong tệp cấu hình",
                "correct the port of base_url; if the far side has http only, write http:// and add allow_http = true to its entry of the configuration",
            ),
        );
        return TransportError::new(finding, Disposition::NeedsOperator, Reached::No).at(place);
    }
    // A far side that does not accept our certificate may say so only after the connection stands.
    if let Some(tls) = reasons.tls.filter(|_| connecting || reasons.is_alert) {
        let tls = cause(&tls);
        let finding = self::error(
            "LT-NET-004",
            (
                format!("kết nối TLS bị từ chối: {}", tls.vi),
                format!("the TLS connection is refused: {}", tls.en),
            ),
            (
                "kiểm tra hạn và tên miền của chứng thư máy chủ; với CA riêng, khai báo ca_file của nguồn",
                "check the server certificate's dates and name; for a private CA set ca_file of the source",
            ),
        );
        return TransportError::new(finding, Disposition::NeedsOperator, Reached::No).at(place);
    }
    let told = cause(&why);
    if connecting || error.is_builder() {
        let finding = self::error(
            "LT-NET-001",
            (format!("không kết nối được: {}", told.vi), format!("cannot connect: {}", told.en)),
            (
                "kiểm tra địa chỉ, mạng và tường lửa; dịch vụ đang chạy thì tự thử lại",
                "check address, network and firewall; a running daemon tries again by itself",
            ),
        );
        return TransportError::new(finding, Disposition::RetryNow, Reached::No).at(place);
    }
    if error.is_timeout() {
        let finding = self::error(
            "LT-NET-002",
            ("máy chủ không trả lời kịp".to_owned(), "the server did not answer in time".to_owned()),
            (
                "dịch vụ đang chạy thì tự thử lại; nếu kéo dài, giảm paging.size (ở nguồn) hoặc tăng thời gian chờ trong [transport]",
                "a running daemon tries again by itself; if it lasts, lower paging.size (of a source) or raise the time-outs in [transport]",
            ),
        );
        return TransportError::new(finding, Disposition::RetryNow, Reached::Perhaps).at(place);
    }
    let finding = self::error(
        "LT-NET-003",
        (
            format!("kết nối đứt giữa chừng, câu trả lời bị bỏ: {}", told.vi),
            format!("the connection broke, the answer is thrown away: {}", told.en),
        ),
        ("dịch vụ đang chạy thì tự thử lại", "a running daemon tries again by itself"),
    );
    TransportError::new(finding, Disposition::RetryNow, Reached::Perhaps).at(place)
}

/// What an I/O error wraps, however often: it hides that from `source`.
fn unwrapped<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    let mut inner = error;
    while let Some(wrapped) = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        inner = wrapped;
    }
    inner
}

struct Reasons {
    text: String,
    refused: Option<String>,
    tls: Option<String>,
    /// Whether what was to be TLS is none.
    is_plain: bool,
    /// Whether the far side ended the connection with a TLS alert.
    is_alert: bool,
}

fn reasons(error: &reqwest::Error) -> Reasons {
    let mut found =
        Reasons { text: String::new(), refused: None, tls: None, is_plain: false, is_alert: false };
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        let wrapped = unwrapped(cause);
        if let Some(tls) = wrapped.downcast_ref::<rustls::Error>() {
            found.tls = Some(tls.to_string());
            found.is_plain |= matches!(tls, rustls::Error::InvalidMessage(_));
            found.is_alert |= matches!(tls, rustls::Error::AlertReceived(_));
        }
        if let Some(refused) = wrapped.downcast_ref::<super::guard::Refused>() {
            found.refused = Some(refused.0.clone());
        }
        if found.text.len() < 300 {
            if !found.text.is_empty() {
                found.text.push_str(": ");
            }
            found.text.push_str(&cause.to_string());
        }
        next = cause.source();
    }
    found.text.retain(|c| !c.is_control());
    found
}

/// A status that is no success, as an error.
pub(super) fn status(status: u16, retry_after: Option<Duration>, said: &str) -> TransportError {
    let quoted = if said.is_empty() { String::new() } else { format!(": {said}") };
    let what = |vi: &str, en: &str| {
        (format!("{vi} (HTTP {status}){quoted}"), format!("{en} (HTTP {status}){quoted}"))
    };
    let (finding, disposition) = match status {
        401 => (
            error(
                "LT-NET-009",
                what(
                    "máy chủ không chấp nhận thông tin đăng nhập",
                    "the server does not accept our credentials",
                ),
                (
                    "kiểm tra tài khoản, mật khẩu hoặc khóa; sau khi sửa, nạp lại hệ thống đang chạy: systemctl reload lienthong (SIGHUP); việc thử tạm dừng để tài khoản không bị khóa",
                    "check account, password or key; after a change reload the running daemon: systemctl reload lienthong (SIGHUP); trying is paused so that the account is not locked",
                ),
            ),
            Disposition::NeedsOperator,
        ),
        403 => (
            error(
                "LT-NET-010",
                what("tài khoản không có quyền", "the account has no right to this"),
                (
                    "xin cấp quyền đọc cho tài khoản này ở hệ thống nguồn",
                    "ask the source's owner to let this account read",
                ),
            ),
            Disposition::NeedsOperator,
        ),
        408 | 425 | 429 => (
            error(
                "LT-NET-011",
                what("máy chủ yêu cầu chậm lại", "the server asks us to slow down"),
                (
                    "dịch vụ đang chạy thì tự chờ và thử lại",
                    "a running daemon waits and tries again by itself",
                ),
            ),
            Disposition::RetryNow,
        ),
        500..=599 => (
            error(
                "LT-NET-012",
                what("máy chủ gặp lỗi", "the server has an error"),
                (
                    "dịch vụ đang chạy thì tự thử lại; nếu kéo dài, báo đơn vị quản lý máy chủ",
                    "a running daemon tries again by itself; if it lasts, tell the server's owner",
                ),
            ),
            Disposition::RetryNow,
        ),
        400..=499 => (
            error(
                "LT-NET-013",
                what("máy chủ từ chối yêu cầu", "the server refuses the request"),
                (
                    "kiểm tra base_url, đường dẫn và tham số trong manifest",
                    "check base_url, paths and parameters of the manifest",
                ),
            ),
            Disposition::NeedsOperator,
        ),
        _ => (
            error(
                "LT-NET-018",
                what("câu trả lời không phải kết quả đầy đủ", "the answer is no complete result"),
                (
                    "nếu mã này là bình thường ở nguồn, thêm vào success.status",
                    "if this code is normal there, add it to success.status",
                ),
            ),
            Disposition::RetryLater,
        ),
    };
    let error = TransportError::new(finding, disposition, Reached::Perhaps);
    TransportError { retry_after, status: Some(status), ..error }
}

/// A 401 right after a login that was accepted: the password is right, and something else is wrong.
pub(super) fn refused_after_login(said: &str) -> TransportError {
    let quoted = if said.is_empty() { String::new() } else { format!(": {said}") };
    let finding = error(
        "LT-NET-009",
        (
            format!("đăng nhập được chấp nhận nhưng yêu cầu ngay sau đó bị từ chối (HTTP 401){quoted}"),
            format!("the login was accepted, and the request right after it was refused (HTTP 401){quoted}"),
        ),
        (
            "tài khoản và mật khẩu đúng: kiểm tra quyền của tài khoản với địa chỉ này, và token được gửi thế nào (auth.token, auth.header, auth.prefix trong manifest); việc thử tạm dừng để tài khoản không bị khóa",
            "account and password are right: check whether the account may read this address, and how the token is sent (auth.token, auth.header, auth.prefix of the manifest); trying is paused so that the account is not locked",
        ),
    );
    let error = TransportError::new(finding, Disposition::NeedsOperator, Reached::Perhaps);
    TransportError { status: Some(401), ..error }
}

/// A page for people in place of data, whose format is `wanted`.
pub(super) fn not_data(status: u16, wanted: &str, is_login: bool) -> TransportError {
    let finding = error(
        "LT-NET-014",
        (
            format!(
                "máy chủ trả trang HTML thay vì {wanted} (HTTP {status}){}",
                if is_login { ", có vẻ là trang đăng nhập" } else { "" }
            ),
            format!(
                "the server answers an HTML page instead of {wanted} (HTTP {status}){}",
                if is_login { ", it looks like a login page" } else { "" }
            ),
        ),
        (
            "kiểm tra tài khoản và base_url; nếu máy chủ đang bảo trì, dịch vụ đang chạy tự thử lại",
            "check account and base_url; if the server is under maintenance, a running daemon tries again by itself",
        ),
    );
    let disposition = if is_login { Disposition::NeedsOperator } else { Disposition::RetryLater };
    let error = TransportError::new(finding, disposition, Reached::Perhaps);
    TransportError { status: Some(status), ..error }
}

pub(super) fn empty(status: u16) -> TransportError {
    let finding = error(
        "LT-NET-018",
        (format!("câu trả lời rỗng (HTTP {status})"), format!("the answer is empty (HTTP {status})")),
        (
            "dịch vụ đang chạy thì tự thử lại; nếu kéo dài, báo đơn vị quản lý máy chủ",
            "a running daemon tries again by itself; if it lasts, tell the server's owner",
        ),
    );
    let error = TransportError::new(finding, Disposition::RetryNow, Reached::Perhaps);
    TransportError { status: Some(status), ..error }
}

/// A login that was refused, or that answered without a token.
pub(super) fn login_refused(status: u16, said: &str) -> TransportError {
    let quoted = if said.is_empty() { String::new() } else { format!(": {said}") };
    let finding = error(
        "LT-NET-008",
        (
            format!("đăng nhập bị từ chối (HTTP {status}){quoted}"),
            format!("the login is refused (HTTP {status}){quoted}"),
        ),
        (
            "sửa tài khoản hoặc tệp mật khẩu, rồi nạp lại hệ thống đang chạy: systemctl reload lienthong (SIGHUP); đến lúc đó mật khẩu cũ vẫn được dùng và đăng nhập tạm dừng để tài khoản không bị khóa",
            "correct the account or the password's file, then reload the running daemon: systemctl reload lienthong (SIGHUP); until then it uses the old one, and logging in is paused so that the account is not locked",
        ),
    );
    let error = TransportError::new(finding, Disposition::NeedsOperator, Reached::No);
    TransportError { status: Some(status), ..error }
}

pub(super) fn no_token(status: u16, said: &str) -> TransportError {
    let quoted = if said.is_empty() { String::new() } else { format!(": {said}") };
    let finding = error(
        "LT-NET-017",
        (
            format!("câu trả lời đăng nhập không có token (HTTP {status}){quoted}"),
            format!("the answer to the login holds no token (HTTP {status}){quoted}"),
        ),
        (
            "kiểm tra auth.token hoặc auth.value, và auth.success trong manifest",
            "check auth.token or auth.value, and auth.success of the manifest",
        ),
    );
    let error = TransportError::new(finding, Disposition::NeedsOperator, Reached::No);
    TransportError { status: Some(status), ..error }
}
