//! Causes that libraries and the system tell in English, in our words.
//!
//! Owns the lists of what is recognised: wrong JSON and TOML, files, disks, networks, certificates, databases,
//! schedules. The library's own text stays at the end, marked as a technical detail, unless our words say all of it.
//! It must not know who failed. What is not recognised is never guessed: a reader is told that the rest is the library's.

use super::Text;
use std::fmt::Display;
use std::io;

/// Most characters of a library's text that are shown.
const MOST: usize = 300;

/// A cause by what a library says of it.
pub fn cause(said: &(impl Display + ?Sized)) -> Text {
    recognised(&shown(said), &[SIGNS, WRITTEN])
}

/// A cause by what a library says of something that was written: a document, a schedule, a pattern, an expression.
pub fn written_cause(said: &(impl Display + ?Sized)) -> Text {
    recognised(&shown(said), &[WRITTEN])
}

fn recognised(said: &str, lists: &[&[(&[&str], Words)]]) -> Text {
    document(said).or_else(|| signs(said, lists).map(|words| with_detail(&words, said))).unwrap_or_else(
        || Text::new(format!("xem chi tiết kỹ thuật ({said})"), format!("see the technical detail ({said})")),
    )
}

/// A cause by what a database says of a statement. Names of tables and columns stand in such sentences, so what they
/// mean is looked for before any sign of networks.
pub fn sql_cause(said: &(impl Display + ?Sized)) -> Text {
    recognised(&shown(said), &[SQL, SIGNS])
}

/// A cause the system gives for a file, a disk or a connection.
pub fn io_cause(error: &io::Error) -> Text {
    let said = shown(error);
    match of_kind(error.kind(), error.raw_os_error()) {
        Some((vi, en)) => with_detail(&Text::new(vi, en), &said),
        None => cause(&said),
    }
}

fn shown(said: &(impl Display + ?Sized)) -> String {
    said.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST).collect()
}

fn with_detail(words: &Text, said: &str) -> Text {
    Text::new(
        format!("{} (chi tiết kỹ thuật: {said})", words.vi),
        format!("{} (technical detail: {said})", words.en),
    )
}

type Words = (&'static str, &'static str);

const NO_FILE: Words = ("không có tệp hoặc thư mục này", "there is no such file or folder");
const NO_RIGHT: Words = ("không có quyền", "permission is denied");
const NO_SPACE: Words = ("ổ đĩa đã đầy", "no space is left on the disk");
const REFUSED: Words =
    ("không có dịch vụ nào nghe ở địa chỉ và cổng này", "nobody listens at this address and port");
const BROKEN_OFF: Words = ("bên kia ngắt kết nối", "the far side closed the connection");
const TOO_SLOW: Words = ("quá thời gian chờ", "it timed out");
const NO_NAME: Words = ("không tìm thấy tên máy chủ trong DNS", "the host name is not found in DNS");
const NO_WAY: Words = ("mạng không có đường tới địa chỉ này", "the network has no way to this address");
const TAKEN: Words = ("cổng này đang được chương trình khác dùng", "another program uses this port");
const NOT_TEXT: Words = ("nội dung không phải văn bản UTF-8", "the content is no UTF-8 text");
const CUT_OFF: Words = ("nội dung kết thúc giữa chừng", "the content ends in the middle");

fn of_kind(kind: io::ErrorKind, number: Option<i32>) -> Option<Words> {
    use io::ErrorKind as K;
    Some(match kind {
        K::NotFound => NO_FILE,
        K::PermissionDenied => NO_RIGHT,
        K::StorageFull | K::QuotaExceeded => NO_SPACE,
        K::FileTooLarge => ("tệp vượt giới hạn kích thước", "the file is over the limit of sizes"),
        K::ReadOnlyFilesystem => ("ổ đĩa chỉ cho đọc", "the disk is read-only"),
        K::AlreadyExists => ("đã tồn tại", "it exists already"),
        K::IsADirectory => ("đây là thư mục, không phải tệp", "this is a folder, no file"),
        K::NotADirectory => ("một phần của đường dẫn không phải thư mục", "a part of the path is no folder"),
        K::AddrInUse => TAKEN,
        K::AddrNotAvailable => ("máy này không có địa chỉ đó", "this machine does not have that address"),
        K::ConnectionRefused => REFUSED,
        K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe => BROKEN_OFF,
        K::HostUnreachable | K::NetworkUnreachable => NO_WAY,
        K::TimedOut => TOO_SLOW,
        K::InvalidData => NOT_TEXT,
        K::UnexpectedEof => CUT_OFF,
        // EMFILE and ENFILE have no kind of their own.
        _ if matches!(number, Some(23 | 24)) => ("quá nhiều tệp đang mở", "too many files are open"),
        _ => return None,
    })
}

/// Signs by which a library's sentence is recognised, the more special first; in small letters. Each is a phrase of the
/// library: a single word may as well be part of the host name that stands in the sentence.
const SIGNS: &[(&[&str], Words)] = &[
    // Said of an archive that is whole.
    (
        &["two parts have the same name"],
        ("hai phần trong tệp nén có cùng tên", "two parts of the archive have the same name"),
    ),
    (
        &["invalidcontenttype", "wrong version number"],
        (
            "bên kia không nói TLS: có lẽ đây là cổng http",
            "the far side does not speak TLS: perhaps this is an http port",
        ),
    ),
    (
        &[
            "certificate expired",
            "certificate not valid yet",
            "expiredcontext",
            "notvalidyet",
            "certificate: expired",
        ],
        (
            "chứng thư của máy chủ hết hạn hoặc chưa có hiệu lực",
            "the server's certificate has expired or is not valid yet",
        ),
    ),
    (
        &["not valid for name", "notvalidforname"],
        ("chứng thư không cấp cho tên máy chủ này", "the certificate is not for this host name"),
    ),
    (
        &["unknownissuer", "unknown issuer", "unable to get local issuer"],
        (
            "chứng thư do cơ quan mà máy này không tin cấp",
            "the certificate comes from an authority this machine does not trust",
        ),
    ),
    (
        &["invalid peer certificate"],
        ("chứng thư của máy chủ không được chấp nhận", "the server's certificate is not accepted"),
    ),
    (&["connection refused"], REFUSED),
    (
        &["dns error", "failed to lookup address", "name or service not known", "no address associated"],
        NO_NAME,
    ),
    (&["timed out", "deadline has elapsed"], TOO_SLOW),
    (&["network is unreachable", "host is unreachable", "no route to host"], NO_WAY),
    (
        &[
            "incompletemessage",
            "end of file before message",
            "connection closed before",
            "connection reset",
            "broken pipe",
            "close_notify",
        ],
        BROKEN_OFF,
    ),
    (&["permission denied"], NO_RIGHT),
    (&["no such file"], NO_FILE),
    (&["no space left"], NO_SPACE),
    (&["address already in use", "address in use"], TAKEN),
    (&["password protected", "passwordprotected"], ("tệp có mật khẩu", "the file has a password")),
    (&["stream did not contain valid utf-8", "invalid utf-8", "not valid utf-8"], NOT_TEXT),
    (&["eof while parsing", "unexpected end of input", "unexpected eof", "invalid zip archive"], CUT_OFF),
];

/// The same for what SQLite and PostgreSQL say.
const SQL: &[(&[&str], Words)] = &[
    (
        &["no such column", "no such table"],
        ("không có bảng hoặc cột này", "there is no such table or column"),
    ),
    (&["\" does not exist"], ("cơ sở dữ liệu không có tên này", "the database has nothing of this name")),
    (&["permission denied for "], NO_RIGHT),
    (
        &["password authentication failed", "no password was provided"],
        ("tài khoản hoặc mật khẩu không đúng", "account or password is wrong"),
    ),
    (
        &["unable to open database file"],
        ("không mở được tệp cơ sở dữ liệu", "the database file cannot be opened"),
    ),
    (
        &["file is not a database"],
        ("tệp này không phải cơ sở dữ liệu SQLite", "the file is no SQLite database"),
    ),
    (&["database is locked"], ("cơ sở dữ liệu đang bị khóa", "the database is locked")),
    (&["due to statement timeout", "due to lock timeout"], TOO_SLOW),
    (&["syntax error"], ("câu SQL sai cú pháp", "the syntax of the SQL is wrong")),
];

/// The same for what people and programs write: documents, schedules, patterns, expressions. Their values stand in such
/// sentences, so no sign of files and networks is looked for there.
const WRITTEN: &[(&[&str], Words)] = &[
    // What the library says first is whose sentence it is; a pattern's own mistake comes after.
    (
        &["regex parse error"],
        ("biểu thức chính quy viết không đúng", "the regular expression is not written rightly"),
    ),
    (
        &["invalid filter directive", "error parsing level filter"],
        ("chỉ thị lọc viết không đúng", "a filter directive is not written rightly"),
    ),
    (&["eof while parsing", "unexpected end of input", "unexpected eof"], CUT_OFF),
    // JSON
    (&["trailing characters"], ("có thêm nội dung sau chỗ kết thúc", "there is more after its end")),
    (&["trailing comma"], ("thừa dấu phẩy ở cuối", "there is a comma too many")),
    (&["key must be a string"], ("tên trường phải nằm trong dấu ngoặc kép", "a key stands in double quotes")),
    (
        &["expected `,` or `}`", "expected `,` or `]`", "expected `:`"],
        ("thiếu dấu phẩy, dấu hai chấm hoặc dấu ngoặc đóng", "a comma, colon or closing bracket is missing"),
    ),
    (
        // Said of a value of another kind as well.
        &["expected value", "expected ident"],
        (
            "chỗ này thiếu giá trị, hoặc giá trị không đúng kiểu",
            "a value is missing here, or it is of another kind than needed",
        ),
    ),
    (&["invalid number", "number out of range"], ("số viết không đúng", "the number is not written rightly")),
    (
        &["control character", "invalid escape", "lone leading surrogate"],
        ("chuỗi có ký tự không được phép", "the text holds a character that is not allowed"),
    ),
    (&["a number is needed"], ("chỗ này cần một số", "a number is needed here")),
    // TOML
    (&["duplicate key"], ("khóa này đã có ở trên", "the key stands above already")),
    (
        &[
            "string values must be quoted",
            "expected literal string",
            "expected `inf`",
            "expected `nan`",
            "expected `true`",
            "expected `false`",
        ],
        ("chuỗi phải nằm trong dấu ngoặc kép", "a text stands in double quotes"),
    ),
    (
        &[
            "unclosed array",
            "unclosed inline table",
            "unclosed table",
            "missing comma",
            "expected `]`",
            "expected `}`",
        ],
        ("thiếu dấu phẩy hoặc dấu ngoặc đóng", "a comma or closing bracket is missing"),
    ),
    (
        &["invalid basic string", "invalid literal string", "unclosed", "expected `\"`"],
        ("chuỗi không được đóng bằng dấu ngoặc kép", "a text is not closed by its quote"),
    ),
    (
        &["key with no value", "missing value", "expected `=`"],
        ("khóa không có giá trị", "the key has no value"),
    ),
    (
        &["missing key", "invalid key", "unquoted key", "missing assignment"],
        ("tên khóa viết không đúng", "the key is not written rightly"),
    ),
    (
        &["expected newline", "unexpected key or value", "expected nothing"],
        (
            "có thêm nội dung sau giá trị; mỗi khóa một dòng",
            "there is more after the value; one key per line",
        ),
    ),
    (
        &[
            "invalid datetime",
            "invalid date",
            "invalid time",
            "premature end of input",
            "input contains invalid characters",
            "input is out of range",
            "trailing input",
        ],
        ("ngày hoặc giờ viết không đúng", "the day or time is not written rightly"),
    ),
    (
        &["invalid integer", "invalid float", "invalid digit"],
        ("số viết không đúng", "the number is not written rightly"),
    ),
    // Schedules, expressions
    (
        &["outside the range", "out of range", "must be greater than", "must be less than"],
        ("số nằm ngoài khoảng cho phép", "a number is outside its range"),
    ),
    (
        &["invalid cron", "invalid expression"],
        ("lịch viết không đúng", "the schedule is not written rightly"),
    ),
    (
        &["unknown filter", "undefined value", "unknown function", "unknown test"],
        ("tên này không có trong biểu thức", "the expression uses a name that does not exist"),
    ),
    (&["syntax error", "unexpected"], ("sai cú pháp", "the syntax is wrong")),
];

fn signs(said: &str, lists: &[&[(&[&str], Words)]]) -> Option<Text> {
    let small = said.to_lowercase();
    let found =
        lists.iter().copied().flatten().find(|(signs, _)| signs.iter().any(|sign| small.contains(sign)))?;
    Some(Text::new(found.1.0, found.1.1))
}

/// What is said of a document's keys and values. These sentences carry everything the library's do, so nothing of
/// it remains.
fn document(said: &str) -> Option<Text> {
    let (said, position) = positioned(said);
    let ticked = |rest: &str| Some(rest.strip_prefix('`')?.split_once('`')?.0.to_owned());
    let rest_of = |start: &str| said.strip_prefix(start);
    let told = if let Some(name) = rest_of("missing field ").and_then(ticked) {
        Text::new(format!("thiếu trường \"{name}\""), format!("the field \"{name}\" is missing"))
    } else if let Some(name) = rest_of("duplicate field ").and_then(ticked) {
        Text::new(format!("trường \"{name}\" đứng hai lần"), format!("the field \"{name}\" stands twice"))
    } else if let Some(rest) = rest_of("unknown field ") {
        let (name, known) = (ticked(rest)?, choices(rest));
        Text::new(
            format!("không có trường \"{name}\"{}", listed(&known, "; các trường: ")),
            format!("there is no field \"{name}\"{}", listed(&known, "; fields: ")),
        )
    } else if let Some(rest) = rest_of("unknown variant ") {
        let (name, known) = (ticked(rest)?, choices(rest));
        Text::new(
            format!("không có giá trị \"{name}\" ở đây{}", listed(&known, "; dùng một trong: ")),
            format!("there is no value \"{name}\" here{}", listed(&known, "; use one of: ")),
        )
    } else {
        let rest = rest_of("invalid type: ")
            .or_else(|| rest_of("invalid value: "))
            .or_else(|| rest_of("invalid length "))?;
        let (found, wanted) = rest.rsplit_once(", expected ")?;
        let wanted = expected(wanted)?;
        let value = found.split_once(' ').map_or("", |(_, value)| value.trim_matches('`'));
        let value = if value.is_empty() { found } else { value };
        let vi = match value {
            "null" => "giá trị rỗng (null)",
            "map" => "một đối tượng",
            "sequence" => "một danh sách",
            other => other,
        };
        let en = match value {
            "map" => "an object",
            "sequence" => "a list",
            other => other,
        };
        Text::new(
            format!("{vi} đứng ở chỗ cần {}", wanted.0),
            format!("{en} stands where {} is needed", wanted.1),
        )
    };
    Some(match position {
        None => told,
        Some((line, column)) => Text::new(
            format!("{} (dòng {line}, cột {column})", told.vi),
            format!("{} (line {line}, column {column})", told.en),
        ),
    })
}

/// Takes serde's own place off its sentence.
fn positioned(said: &str) -> (&str, Option<(&str, &str)>) {
    let place = said.rsplit_once(" at line ").and_then(|(before, place)| {
        let (line, column) = place.split_once(" column ")?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        (digits(line) && digits(column)).then_some((before, (line, column)))
    });
    place.map_or((said, None), |(before, place)| (before, Some(place)))
}

/// The names in backticks after `expected`.
fn choices(rest: &str) -> String {
    let Some((_, known)) = rest.split_once(", expected ") else { return String::new() };
    known.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(", ")
}

fn listed(known: &str, before: &str) -> String {
    if known.is_empty() { String::new() } else { format!("{before}{known}") }
}

fn expected(wanted: &str) -> Option<Words> {
    Some(match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" => ("số nguyên từ 0 trở lên", "a whole number of 0 or more"),
        "i8" | "i16" | "i32" | "i64" | "isize" => ("số nguyên", "a whole number"),
        "f32" | "f64" => ("số", "a number"),
        "a string" | "a borrowed string" | "str" | "string" => {
            ("chuỗi trong dấu ngoặc kép", "a text in double quotes")
        }
        "a boolean" => ("true hoặc false", "true or false"),
        "a sequence" => ("một danh sách", "a list"),
        "a map" => ("một đối tượng", "an object"),
        _ if wanted.starts_with("struct ") || wanted.starts_with("internally tagged enum ") => {
            ("một đối tượng", "an object")
        }
        _ if wanted.starts_with("a sequence") => ("một danh sách", "a list"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vi(said: &str) -> String {
        cause(said).vi
    }

    #[test]
    fn what_a_document_lacks_is_told_in_our_words_alone() {
        assert_eq!(
            vi("unknown variant `boss`, expected one of `head`, `deputy`"),
            "không có giá trị \"boss\" ở đây; dùng một trong: head, deputy"
        );
        assert_eq!(vi("missing field `lines` at line 3 column 1"), "thiếu trường \"lines\" (dòng 3, cột 1)");
        assert_eq!(vi("unknown field `x`, there are no fields"), "không có trường \"x\"");
        assert_eq!(
            vi("invalid type: string \"hai, expected u8\", expected u32"),
            "\"hai, expected u8\" đứng ở chỗ cần số nguyên từ 0 trở lên"
        );
        assert_eq!(
            cause("invalid type: null, expected a string").en,
            "null stands where a text in double quotes is needed"
        );
        assert_eq!(
            cause("invalid type: map, expected a sequence").en,
            "an object stands where a list is needed"
        );
    }

    #[test]
    fn what_the_system_says_stays_as_a_technical_detail() {
        let missing = io_cause(&io::Error::from_raw_os_error(2));
        assert_eq!(
            missing.vi,
            "không có tệp hoặc thư mục này (chi tiết kỹ thuật: No such file or directory (os error 2))"
        );
        for (number, words) in
            [(13, "không có quyền"), (28, "ổ đĩa đã đầy"), (98, "cổng này"), (111, "không có dịch vụ")]
        {
            let told = io_cause(&io::Error::from_raw_os_error(number)).vi;
            assert!(told.starts_with(words) && told.contains("chi tiết kỹ thuật: "), "{told}");
        }
    }

    #[test]
    fn networks_certificates_and_syntax_are_recognised_by_their_signs() {
        for (said, words) in [
            (
                "client error (Connect): tcp connect error: Connection refused (os error 111)",
                "không có dịch vụ",
            ),
            ("client error (Connect): dns error: failed to lookup address information", "không tìm thấy tên"),
            ("operation timed out", "quá thời gian"),
            ("invalid peer certificate: UnknownIssuer", "chứng thư do cơ quan"),
            (
                "invalid peer certificate: certificate expired: verification time 1",
                "chứng thư của máy chủ hết hạn",
            ),
            ("received corrupt message of type InvalidContentType", "bên kia không nói TLS"),
            ("key must be a string at line 1 column 2", "tên trường"),
        ] {
            let told = vi(said);
            assert!(
                told.starts_with(words) && told.ends_with(&format!("(chi tiết kỹ thuật: {said})")),
                "{told}"
            );
        }
    }

    #[test]
    fn values_in_what_people_wrote_are_no_sign_of_networks() {
        let said = "undefined value, in \"settings.timeout\"";
        assert!(written_cause(said).en.starts_with("the expression uses a name that does not exist"));
        assert!(cause("operation timed out").en.starts_with("it timed out"));
    }

    #[test]
    fn a_pattern_is_told_as_one_whatever_is_wrong_inside_it() {
        for pattern in ["(abc", "[a-", "a{2", "(?P<unclosed", "trailing comma("] {
            let Err(error) = regex::Regex::new(pattern) else { panic!("{pattern} is none") };
            let told = written_cause(&error).en;
            assert!(told.starts_with("the regular expression is not written rightly"), "{told}");
        }
    }

    #[test]
    fn names_of_columns_and_hosts_are_no_sign_of_certificates_and_time_outs() {
        for (said, words) in [
            ("no such column: certificate_no", "there is no such table or column"),
            ("no such table: timeout_days", "there is no such table or column"),
            ("column \"timed out\" does not exist", "the database has nothing of this name"),
            ("near \"certificate\": syntax error", "the syntax of the SQL is wrong"),
            ("canceling statement due to statement timeout", "it timed out"),
            ("error communicating with database: Connection refused (os error 111)", "nobody listens"),
        ] {
            assert!(sql_cause(said).en.starts_with(words), "{}", sql_cause(said).en);
        }
        for (said, words) in [
            ("dns error: failed to lookup address information of certificate.example", "the host name"),
            ("https://timeout.unreachable.example: connection reset by peer", "the far side closed"),
        ] {
            assert!(cause(said).en.starts_with(words), "{}", cause(said).en);
        }
    }

    #[test]
    fn a_value_of_another_kind_than_a_word_is_not_told_as_missing_alone() {
        #[derive(Debug, serde::Deserialize)]
        enum Choice {
            One,
        }
        let error = serde_json::from_str::<Choice>("5").expect_err("no choice");
        let told = written_cause(&error).en;
        assert!(told.starts_with("a value is missing here, or it is of another kind"), "{told}");
        assert!(matches!(serde_json::from_str("\"One\""), Ok(Choice::One)));
    }

    #[test]
    fn what_nobody_knows_is_told_as_the_librarys_and_loses_its_control_characters() {
        assert_eq!(vi("tachyon\nleak"), "xem chi tiết kỹ thuật (tachyon leak)");
        assert_eq!(cause("tachyon").en, "see the technical detail (tachyon)");
    }
}
