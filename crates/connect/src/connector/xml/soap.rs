//! SOAP 1.1 and 1.2: the envelope that is sent and the faults that come back.
//!
//! Owns the wire of both versions and the UsernameToken of WS-Security. It must not know templates or HTTP: what stands
//! in header and body comes as XML text, whose element order is kept as it is. A fault is recognised in the shape of
//! either version, whatever the envelope's own; what cannot be recognised is no fault and stays the answer of another
//! shape.

use super::{Limits, Place, Shape, Walked};
use crate::domain::CitizenId;
use crate::error::{Disposition, Finding, Text};
use crate::text::{clean, fold, lower_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const TOKEN: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0";
const BASE64: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

/// Where faults stand: code, text, and of 1.2 code, inner code and text.
const FAULT: [&str; 5] = ["faultcode", "faultstring", "Code/Value", "Code/Subcode/Value", "Reason/Text"];

/// A version of SOAP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Version {
    /// SOAP 1.1: `text/xml` and the header SOAPAction.
    #[default]
    #[serde(rename = "1.1")]
    V11,
    /// SOAP 1.2: `application/soap+xml` with the action in it.
    #[serde(rename = "1.2")]
    V12,
}

impl Version {
    fn namespace(self) -> &'static str {
        match self {
            Self::V11 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::V12 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    /// The Content-Type of a request.
    pub fn content_type(self, action: &str) -> String {
        match self {
            Self::V11 => "text/xml; charset=utf-8".to_owned(),
            Self::V12 if action.is_empty() => "application/soap+xml; charset=utf-8".to_owned(),
            Self::V12 => format!("application/soap+xml; charset=utf-8; action=\"{action}\""),
        }
    }

    /// The value of the header SOAPAction, where the version has one.
    pub fn action_header(self, action: &str) -> Option<String> {
        (self == Self::V11).then(|| format!("\"{action}\""))
    }
}

/// A user name and password of WS-Security.
#[derive(Debug, Clone)]
pub struct UsernameToken {
    /// User name.
    pub username: String,
    /// Password.
    pub password: SecretString,
    /// Sends a digest of the password, a nonce and the moment instead of the password itself.
    pub digest: bool,
    /// Seconds after which a timestamp expires; none is sent where this is none.
    pub timestamp_s: Option<u32>,
}

impl UsernameToken {
    /// The header block, for one request: `nonce` must be new each time.
    fn write(&self, now: DateTime<Utc>, nonce: [u8; 16], out: &mut String) {
        let stamp = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let created = stamp(now);
        let password = self.password.expose_secret();
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            out,
            "<wsse:Security xmlns:wsse=\"{WSSE}\" xmlns:wsu=\"{WSU}\" soap:mustUnderstand=\"1\">"
        );
        if let Some(seconds) = self.timestamp_s {
            let expires = stamp(now + TimeDelta::seconds(seconds.into()));
            let _ = write!(
                out,
                "<wsu:Timestamp><wsu:Created>{created}</wsu:Created><wsu:Expires>{expires}</wsu:Expires></wsu:Timestamp>"
            );
        }
        let _ = write!(out, "<wsse:UsernameToken><wsse:Username>{}</wsse:Username>", escape(&self.username));
        if self.digest {
            // The standard knows no other digest.
            let secret = [&nonce[..], created.as_bytes(), password.as_bytes()].concat();
            let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, &secret);
            let _ = write!(
                out,
                "<wsse:Password Type=\"{TOKEN}#PasswordDigest\">{}</wsse:Password>\
                 <wsse:Nonce EncodingType=\"{BASE64}\">{}</wsse:Nonce><wsu:Created>{created}</wsu:Created>",
                STANDARD.encode(digest),
                STANDARD.encode(nonce),
            );
        } else {
            let _ = write!(
                out,
                "<wsse:Password Type=\"{TOKEN}#PasswordText\">{}</wsse:Password>",
                escape(password)
            );
        }
        out.push_str("</wsse:UsernameToken></wsse:Security>");
    }
}

/// What is put into an envelope.
#[derive(Debug)]
pub struct Message<'a> {
    /// Version.
    pub version: Version,
    /// Prefixes declared at the envelope, beside `soap`.
    pub namespaces: &'a BTreeMap<String, String>,
    /// Blocks of the header, as XML.
    pub header: &'a str,
    /// Content of the body, as XML.
    pub body: &'a str,
}

impl Message<'_> {
    /// The whole envelope; `nonce` has to be new for each one.
    pub fn envelope(&self, token: Option<&UsernameToken>, now: DateTime<Utc>, nonce: [u8; 16]) -> String {
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"{}\"",
            self.version.namespace()
        );
        for (prefix, uri) in self.namespaces {
            let _ = write!(out, " xmlns:{prefix}=\"{}\"", escape(uri));
        }
        out.push('>');
        if token.is_some() || !self.header.trim().is_empty() {
            out.push_str("<soap:Header>");
            if let Some(token) = token {
                token.write(now, nonce, &mut out);
            }
            out.push_str(self.header.trim());
            out.push_str("</soap:Header>");
        }
        let _ = write!(out, "<soap:Body>{}</soap:Body></soap:Envelope>", self.body.trim());
        out
    }
}

/// Text as it may stand in an element or attribute of XML.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\r' => out.push_str("&#13;"),
            // XML has no way to write them.
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => out.push(c),
        }
    }
    out
}

/// Whether bytes may be an envelope with a fault: worth looking into whatever the status says.
pub fn may_be_fault(body: &[u8]) -> bool {
    const LOOKED_AT: usize = 64 * 1024;
    let head = body.get(..LOOKED_AT).unwrap_or(body);
    let text = super::decode(head).map(|text| text.contains("Envelope") && text.contains("Fault"));
    // A head cut inside a letter is no text, but its names are.
    text.unwrap_or_else(|_| head.windows(5).any(|word| word == b"Fault"))
}

/// The places of a fault, to be looked for beside others.
pub fn fault_places() -> Vec<Place> {
    let place = |name: &&str| Place::parse(&format!("Envelope/Body/Fault/{name}"), &BTreeMap::new()).ok();
    FAULT.iter().filter_map(place).collect()
}

/// The fault an answer consists of, where it is one.
pub fn fault_in(body: &[u8]) -> Option<SoapFault> {
    if !may_be_fault(body) {
        return None;
    }
    let shape = Shape { record: None, values: fault_places(), lists: Vec::new() };
    let text = super::decode(body).ok()?;
    SoapFault::take(&mut super::split(&text, &shape, Limits::default(), &mut |_| {}).ok()?)
}

/// What an answer was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// A list: what it refuses is the account.
    List,
    /// One record: what it says may be about that record alone.
    Record,
}

/// What a text says of a refused login, with its accents.
const REFUSALS: [&str; 5] =
    ["mật khẩu", "đăng nhập", "sai tài khoản", "xác thực thất bại", "xác thực không thành công"];
/// The same where nothing has accents: many words are other ones then.
const BARE_REFUSALS: [&str; 7] = [
    "sai mat khau",
    "mat khau khong",
    "sai tai khoan",
    "dang nhap that bai",
    "dang nhap khong thanh cong",
    "xac thuc that bai",
    "xac thuc khong thanh cong",
];
/// What a text says of somebody who may not see something.
const DENIALS: [&str; 3] = ["không có quyền", "không được phép", "không được quyền"];

/// A fault the far side answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoapFault {
    /// Codes, the inner one last, without prefix: `Client`, `Sender FailedAuthentication`.
    pub code: String,
    /// Its text, as it came.
    pub text: String,
}

impl SoapFault {
    /// The fault among the last values of a walk that looked for [`fault_places`].
    pub fn take(walked: &mut Walked) -> Option<Self> {
        let values = walked.values.split_off(walked.values.len().saturating_sub(FAULT.len()));
        let [code, text, outer, inner, reason] = <[Option<String>; 5]>::try_from(values).ok()?;
        let local = |code: String| {
            let code = code.trim();
            code.rsplit_once(':').map_or(code, |(_, local)| local).to_owned()
        };
        let codes: Vec<String> = [code, outer, inner].into_iter().flatten().map(local).collect();
        let text = text.or(reason);
        if codes.is_empty() && text.is_none() {
            return None;
        }
        Some(Self { code: codes.join(" "), text: text.unwrap_or_default() })
    }

    /// The same without what may not be shown.
    pub fn without(self, hide: impl Fn(&str) -> String) -> Self {
        Self { code: hide(&self.code), text: hide(&self.text) }
    }

    /// Whether it says that we were not let in: by its code, by `words` in code or text, and where it answers a list in
    /// Vietnamese.
    pub fn is_refusal(&self, words: &[String], answers: Answers) -> bool {
        let code = self.code.to_lowercase();
        let signs = ["authent", "authori", "credential", "invalidsecurity", "failedcheck", "securitytoken"];
        let said = |word: &String| {
            let word = word.to_lowercase();
            code.contains(&word) || self.text.to_lowercase().contains(&word)
        };
        signs.iter().any(|sign| code.contains(sign))
            || words.iter().any(said)
            || (answers == Answers::List && self.speaks_of_login())
    }

    /// Whether its text speaks of a refused login. Services written here put a wrong password into a plain Client or Server
    /// fault: one that is tried at every schedule locks the account. A pause in vain keeps the source back for hours, up to a
    /// day, so accents count ("đang nhập liệu" is not "đăng nhập"), and of what was typed without any whole phrases alone.
    fn speaks_of_login(&self) -> bool {
        let bare = fold(&self.text);
        if bare == clean(&self.text).to_lowercase() {
            return BARE_REFUSALS.iter().any(|sign| bare.contains(sign));
        }
        let text = lower_key(&self.text);
        REFUSALS.iter().any(|sign| text.contains(&lower_key(sign)))
    }

    /// Whether its text says that the account may not see what was asked for: of one record that is no matter of the login.
    pub fn denies_a_record(&self) -> bool {
        let text = lower_key(&self.text);
        DENIALS.iter().any(|sign| text.contains(&lower_key(sign)))
            || DENIALS.iter().any(|sign| clean(&self.text).to_lowercase().contains(&fold(sign)))
    }

    /// The fault as an operator is told, and what the caller should do.
    pub fn finding(&self, words: &[String], answers: Answers) -> (Finding, Disposition) {
        let (code, text) = (shown(&self.code), shown(&self.text));
        let said = if text.is_empty() { code.clone() } else { format!("{code}: {text}") };
        let finding = |number: &str, vi: &str, en: &str, remedy: (&str, &str)| {
            let what = Text::new(format!("{vi} ({said})"), format!("{en} ({said})"));
            Finding::error(number, what, Text::new(remedy.0, remedy.1))
        };
        if self.is_refusal(words, answers) {
            let remedy = (
                "kiểm tra tài khoản, mật khẩu trong secrets của nguồn và quyền của tài khoản; nếu đúng, kiểm tra đồng hồ máy này",
                "check user name and password in the source's secrets and what the account may do; if they are right, check this machine's clock",
            );
            let (vi, en) = ("dịch vụ SOAP từ chối tài khoản", "the SOAP service refuses the account");
            return (finding("LT-XML-011", vi, en, remedy), Disposition::NeedsOperator);
        }
        if code.contains("MustUnderstand") {
            let remedy = (
                "dịch vụ không hiểu một khối trong header; sửa soap.header hoặc soap.security trong manifest",
                "the service does not understand a block of the header; correct soap.header or soap.security of the manifest",
            );
            let (vi, en) =
                ("dịch vụ SOAP không hiểu header", "the SOAP service does not understand the header");
            return (finding("LT-XML-012", vi, en, remedy), Disposition::NeedsOperator);
        }
        let ours = ["Client", "Sender", "VersionMismatch"].iter().any(|sign| code.starts_with(sign));
        let remedy = (
            "xem lời của dịch vụ; nếu nói về tài khoản: kiểm tra secrets của nguồn và thêm từ đó vào soap.auth_faults để tài khoản không bị thử đến khóa; lỗi Client/Sender khác: sửa soap.body, soap.action hoặc soap.version trong manifest; còn lại: tự thử lại",
            "see what the service says; where it is about the account: check the source's secrets and add those words to soap.auth_faults, so that it is not tried until it is locked; other Client or Sender faults: correct soap.body, soap.action or soap.version of the manifest; the rest is tried again",
        );
        let disposition = if ours { Disposition::NeedsOperator } else { Disposition::RetryLater };
        (
            finding("LT-XML-010", "dịch vụ SOAP báo lỗi", "the SOAP service answers with a fault", remedy),
            disposition,
        )
    }
}

/// The beginning of a text, in one line, without the numbers of people.
fn shown(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(1_000).collect();
    CitizenId::mask_in(&line).trim().chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::super::split;
    use super::*;

    fn fault(text: &str) -> Option<SoapFault> {
        assert_eq!(may_be_fault(text.as_bytes()), text.contains("Fault"), "{text}");
        fault_in(text.as_bytes())
    }

    fn envelope(version: Version, fault: &str) -> String {
        let namespace = version.namespace();
        format!(
            "<e:Envelope xmlns:e=\"{namespace}\"><e:Body><e:Fault>{fault}</e:Fault></e:Body></e:Envelope>"
        )
    }

    #[test]
    fn faults_of_both_shapes_are_found_in_either_envelope() {
        let old = "<faultcode>e:Server</faultcode><faultstring>quá tải</faultstring>";
        let new = "<e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>w:FailedAuthentication</e:Value></e:Subcode>\
                   </e:Code><e:Reason><e:Text xml:lang=\"vi\">sai mật khẩu</e:Text></e:Reason>";
        for version in [Version::V11, Version::V12] {
            let found = fault(&envelope(version, old)).expect("a fault");
            assert_eq!((found.code.as_str(), found.text.as_str()), ("Server", "quá tải"));
            let (finding, disposition) = found.finding(&[], Answers::List);
            assert_eq!((finding.code.as_str(), disposition), ("LT-XML-010", Disposition::RetryLater));
            let found = fault(&envelope(version, new)).expect("a fault");
            assert_eq!(
                (found.code.as_str(), found.text.as_str()),
                ("Sender FailedAuthentication", "sai mật khẩu")
            );
            let (finding, disposition) = found.finding(&[], Answers::List);
            assert_eq!((finding.code.as_str(), disposition), ("LT-XML-011", Disposition::NeedsOperator));
        }
        assert_eq!(fault("<Envelope><Body><r/></Body></Envelope>"), None);
        let code = |text: &str, words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            fault(&envelope(Version::V11, text)).expect("a fault").finding(&words, Answers::List).0.code
        };
        assert_eq!(code("<faultcode>e:MustUnderstand</faultcode>", &[]), "LT-XML-012");
        assert_eq!(code("<faultcode>Client.AuthenticationError</faultcode>", &[]), "LT-XML-011");
        let named = "<faultcode>Server</faultcode><faultstring>không có 099123456789</faultstring>";
        let told = fault(&envelope(Version::V11, named)).expect("a fault").finding(&[], Answers::List).0.what;
        assert!(!told.vi.contains("099123456789") && told.vi.contains("0991••••••89"), "{told:?}");
        let own = "<faultcode>Client</faultcode><faultstring>Sai mã truy cập</faultstring>";
        assert_eq!(code(own, &[]), "LT-XML-010");
        assert_eq!(code(own, &["sai mã"]), "LT-XML-011");
    }

    #[test]
    fn account_that_is_refused_in_vietnamese_is_told_from_what_only_sounds_like_it() {
        let fault = |text: &str| {
            let text = format!("<faultcode>Client</faultcode><faultstring>{text}</faultstring>");
            fault(&envelope(Version::V11, &text)).expect("a fault")
        };
        for text in [
            "Sai mật khẩu",
            "ĐĂNG NHẬP không thành công",
            "Phiên đăng nhập đã hết hạn",
            "Xác thực thất bại",
            "Sai tài khoản",
            "Sai mat khau",
            "Ten dang nhap hoac mat khau khong dung",
            "DANG NHAP THAT BAI",
        ] {
            let fault = fault(text);
            assert!(fault.is_refusal(&[], Answers::List), "{text}");
            assert_eq!(fault.finding(&[], Answers::List).0.code, "LT-XML-011", "{text}");
            // Of one record the words say nothing about the login.
            assert!(!fault.is_refusal(&[], Answers::Record), "{text}");
            assert_eq!(fault.finding(&[], Answers::Record).0.code, "LT-XML-010", "{text}");
        }
        for text in [
            "Thiếu tham số tuNgay",
            "Bạn không có quyền xem văn bản này",
            "Hồ sơ đang nhập liệu",
            "Ho so dang nhap lieu",
            "Chữ ký số chưa được xác thực",
            "Chu ky so chua duoc xac thuc",
        ] {
            for answers in [Answers::List, Answers::Record] {
                let fault = fault(text);
                assert!(!fault.is_refusal(&[], answers), "{text}");
                let finding = fault.finding(&[], answers).0;
                assert_eq!(finding.code, "LT-XML-010", "{text}");
                assert!(finding.remedy.vi.contains("soap.auth_faults"), "{}", finding.remedy.vi);
            }
        }
        // Words the manifest names and codes count of a record as well.
        assert!(fault("Hết phiên").is_refusal(&["hết phiên".to_owned()], Answers::Record));
        for (text, denies) in [
            ("Bạn KHÔNG CÓ QUYỀN xem văn bản này", true),
            ("Ban khong co quyen xem van ban nay", true),
            ("Quá tải", false),
        ] {
            assert_eq!(fault(text).denies_a_record(), denies, "{text}");
        }
    }

    #[test]
    fn digest_is_that_of_the_standard_and_no_value_leaves_its_element() {
        let mut token = UsernameToken {
            username: "an</x>&".into(),
            password: SecretString::from("userpassword"),
            digest: true,
            timestamp_s: Some(300),
        };
        let now = DateTime::parse_from_rfc3339("2010-09-16T07:50:45Z").expect("a moment").to_utc();
        let nonce: [u8; 16] =
            STANDARD.decode("LKqI6G/AikKCQrN0zqZFlg==").expect("base64").try_into().expect("16 bytes");
        let namespaces = BTreeMap::from([("t".to_owned(), "urn:t&u".to_owned())]);
        let message =
            Message { version: Version::V11, namespaces: &namespaces, header: "<t:h/>", body: "<t:b/>" };
        let text = message.envelope(Some(&token), now, nonce);
        assert!(text.contains(">tuOSpGlFlIXsozq4HFNeeGeFLEI=<"), "{text}");
        assert!(text.contains("<wsu:Expires>2010-09-16T07:55:45Z<"), "{text}");
        assert!(!text.contains("userpassword"), "{text}");
        assert!(text.contains(">an&lt;/x&gt;&amp;<") && text.contains("\"urn:t&amp;u\""), "{text}");
        let shape = Shape { record: None, values: Vec::new(), lists: Vec::new() };
        assert!(split(&text, &shape, Limits::default(), &mut |_| {}).is_ok(), "{text}");
        token.digest = false;
        token.password = SecretString::from("a<b");
        assert!(message.envelope(Some(&token), now, nonce).contains("#PasswordText\">a&lt;b<"));
        let plain = message.envelope(None, now, nonce);
        assert!(
            plain.ends_with("<soap:Header><t:h/></soap:Header><soap:Body><t:b/></soap:Body></soap:Envelope>")
        );
    }
}
