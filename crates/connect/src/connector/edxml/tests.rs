//! Packages as they come and as they must not: forms, deviations, hostile attachments, and writing read back.
//!
//! Owns hand-written packages and generated ones. Nothing here reaches a network.

use super::package::*;
use super::write::{Enclosure, write};
use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use std::io::{Cursor, Write as _};

fn digest(bytes: &[u8]) -> String {
    attachment::hex(&Sha256::digest(bytes))
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("entry");
        zip.write_all(bytes).expect("bytes");
    }
    zip.finish().expect("zip").into_inner()
}

/// A document with one attachment whose payload says this.
fn with_attachment(name: &str, manifest: &str, payload: &str, bytes: &[u8]) -> String {
    format!(
        "<edXML xmlns=\"{NAMESPACE}\" xmlns:edXML=\"{NAMESPACE}\"><edXML:edXMLEnvelope><edXML:edXMLHeader><edXML:MessageHeader>\
         <edXML:From><edXML:OrganId>000.00.00.G22</edXML:OrganId><edXML:OrganName>VPCP</edXML:OrganName></edXML:From>\
         <edXML:To><edXML:OrganId>000.00.15.H21</edXML:OrganId></edXML:To>\
         <edXML:Code><edXML:CodeNumber>7816</edXML:CodeNumber><edXML:CodeNotation>VPCP-TTĐT</edXML:CodeNotation></edXML:Code>\
         <edXML:PromulgationInfo><edXML:PromulgationDate>2026/02/30</edXML:PromulgationDate></edXML:PromulgationInfo>\
         </edXML:MessageHeader></edXML:edXMLHeader><edXML:edXMLBody><edXML:edXMLManifest version=\"1.0\"><edXML:Reference>\
         <edXML:ContentId>cid:1</edXML:ContentId><edXML:ContentType>{manifest}</edXML:ContentType></edXML:Reference>\
         </edXML:edXMLManifest></edXML:edXMLBody></edXML:edXMLEnvelope><AttachmentEncoded><Attachment>\
         <ContentId>1</ContentId><AttachmentName>{name}</AttachmentName><ContentType>{payload}</ContentType>\
         <edXML:ContentTransferEncoded>\r\n{}\r\n</edXML:ContentTransferEncoded></Attachment></AttachmentEncoded></edXML>",
        STANDARD
            .encode(bytes)
            .as_bytes()
            .chunks(76)
            .map(|line| String::from_utf8_lossy(line) + "\r\n")
            .collect::<String>()
    )
}

fn attached(text: &str) -> (Attachment, Vec<String>) {
    let mut package = Edxml::default().read(text.as_bytes()).expect("a package");
    (package.attachments.remove(0), package.warnings)
}

#[test]
fn attachment_is_unwrapped_only_where_the_zip_is_its_wrapping() {
    let sheet = b"PK\x03\x04 not really a sheet";
    let office = zipped(&[("[Content_Types].xml", b"<a/>"), ("word/document.xml", b"<b/>")]);
    let packed = zipped(&[("so-theo-doi.xlsx", sheet)]);
    let (seen, warnings) =
        attached(&with_attachment("so-theo-doi.xlsx", "application/zip", "application/zip", &packed));
    assert_eq!(
        (seen.unwrapped, &seen.sha256),
        (true, &digest(sheet)),
        "the only entry carries the name: {warnings:?}"
    );
    let (seen, _) =
        attached(&with_attachment("bao-cao.docx", "application/docx", "application/zip", &office));
    assert_eq!((seen.unwrapped, seen.found, seen.sha256), (false, Some("docx"), digest(&office)));
    let text = zipped(&[("x.bin", b"ghi chu")]);
    let (seen, warnings) =
        attached(&with_attachment("ghi-chu.txt", "application/pdf", "application/zip", &text));
    assert_eq!((seen.unwrapped, seen.sha256), (true, digest(b"ghi chu")), "what the payload says counts");
    assert!(warnings.iter().any(|warning| warning.starts_with("types_differ")), "{warnings:?}");
    let (seen, _) =
        attached(&with_attachment("ghi-chu.txt", "text/plain", "application/octet-stream", &text));
    assert_eq!((seen.unwrapped, seen.found, seen.sha256), (false, Some("zip"), digest(&text)));
    let (seen, _) = attached(&with_attachment("a.pdf", "application/zip", "application/pdf", b"%PDF-1.7"));
    assert_eq!((seen.unwrapped, seen.found, seen.size), (false, Some("pdf"), 8));
}

/// F5: a bomb, a name that leads out, several files and broken base64 leave the document a document.
/// Each of a thousand attachments is small enough; together they would keep a reader busy for minutes.
#[test]
fn attachments_of_one_package_have_one_budget_together() {
    let mut reader = Edxml::default();
    reader.limits.unpacked = 250_000;
    let one = with_attachment(
        "a.txt",
        "application/zip",
        "application/zip",
        &zipped(&[("a.txt", &[b'a'; 100_000])]),
    );
    let (from, to) =
        (one.find("<Attachment>").expect("begins"), one.find("</Attachment>").expect("ends") + 13);
    let many = format!("{}{}{}", &one[..from], one[from..to].repeat(5), &one[to..]);
    let package = reader.read(many.as_bytes()).expect("a document all the same");
    let unwrapped = package.attachments.iter().filter(|seen| seen.unwrapped).count();
    assert_eq!((package.attachments.len(), unwrapped), (5, 2), "{:?}", package.warnings);
    let told = package.warnings.iter().filter(|warning| warning.starts_with("attachments_too_large"));
    assert!(told.count() >= 1, "{:?}", package.warnings);
}

#[test]
fn hostile_attachment_is_a_warning_and_never_unpacked() {
    let mut reader = Edxml::default();
    reader.limits.attachment = 100_000;
    let bomb = zipped(&[("a.txt", &[0; 1_000_000])]);
    assert!(bomb.len() < 100_000);
    let cases: [(&str, Vec<u8>); 4] = [
        ("zip_bomb", bomb),
        ("zip_name_leads_out", zipped(&[("../../etc/passwd", b"x")])),
        ("zip_with_several_files", zipped(&[("a", b"x"), ("b", b"y")])),
        ("zip_broken", b"PK\x03\x04 cut".to_vec()),
    ];
    for (expected, bytes) in cases {
        let text = with_attachment("a.txt", "application/zip", "application/zip", &bytes);
        let package = reader.read(text.as_bytes()).expect("a package");
        assert!(
            package.warnings.iter().any(|warning| warning.starts_with(expected)),
            "{:?}",
            package.warnings
        );
        let seen = package.attachments.first().expect("listed");
        assert_eq!((seen.unwrapped, &seen.sha256), (false, &digest(&bytes)), "{expected}");
    }
    let text = with_attachment("../../x.pdf", "", "", b"%PDF").replace("JVBERg", "J?BERg");
    let package = reader.read(text.as_bytes()).expect("a package");
    let has = |start: &str| package.warnings.iter().any(|warning| warning.starts_with(start));
    assert!(has("attachment_not_base64") && has("attachment_name_with_folder"), "{:?}", package.warnings);
    assert_eq!(package.attachments.first().and_then(|seen| seen.name.as_deref()), Some("x.pdf"));
    let text = with_attachment("a.pdf", "", "", &[7; 100_001]);
    let package = reader.read(text.as_bytes()).expect("a package");
    assert!(package.warnings.iter().any(|warning| warning.starts_with("attachment_too_large")));
}

/// F4: what XML must never do here.
#[test]
fn dtd_entities_and_endless_structures_refuse_the_package() {
    let reader = Edxml::default();
    let refused = |text: &str| reader.read(text.as_bytes()).expect_err("refused");
    assert_eq!(
        refused("<!DOCTYPE edXML [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><edXML>&a;</edXML>"),
        Refusal::Entity
    );
    assert_eq!(refused("<edXML>&nbsp;</edXML>"), Refusal::Entity);
    assert_eq!(refused(&format!("<edXML>{}", "<a>".repeat(40))), Refusal::Limit("depth", 32));
    assert_eq!(
        refused(&format!("<edXML>{}</edXML>", "<a/>".repeat(100_001))),
        Refusal::Limit("elements", 100_000)
    );
    assert_eq!(
        refused(&format!("<edXML>{}</edXML>", "a".repeat(9_000_000))),
        Refusal::Limit("text", 8 << 20)
    );
    assert_eq!(refused("hello"), Refusal::NotXml);
    assert_eq!(refused("<html/>"), Refusal::OtherRoot("html".to_owned()));
    assert!(matches!(refused("<edXML><a></b></edXML>"), Refusal::Syntax(_)));
    assert!(matches!(refused("<edXML><a>"), Refusal::Syntax(_)));
    assert_eq!(reader.read(b"<edXML>\xff</edXML>"), Err(Refusal::NotUtf8));
    assert_eq!(refused("<edXML/>"), Refusal::NoKey);
    let small = Edxml { limits: Limits { package: 10, ..Limits::default() }, ..Edxml::default() };
    assert_eq!(small.read(b"<edXML></edXML>"), Err(Refusal::Limit("package", 10)));
}

/// F3: everything on the list of 1.8 is read, warned of and never guessed.
#[test]
fn deviations_seen_in_the_field_are_tolerated_with_a_warning() {
    let usual = with_attachment("a.pdf", "application/pdf", "application/pdf", b"%PDF");
    let reader = Edxml::default();
    let plain = reader.read(usual.as_bytes()).expect("read");
    assert_eq!(
        plain.key, "000.00.00.G22/2026/7816/VPCP-TTĐT",
        "30 February is a day of issue as good as any"
    );
    let unprefixed =
        usual.replace("edXML:ContentId", "ContentId").replace("<edXML:", "<").replace("</edXML:", "</");
    let crlf = usual.replace("><", ">\r\n<");
    for form in [&unprefixed, &crlf] {
        let read = reader.read(form.as_bytes()).expect("read");
        assert_eq!(Package { sha256: plain.sha256.clone(), ..read }, plain, "{form}");
    }
    let junk = format!("2016{usual}");
    let junk = reader.read(junk.as_bytes()).expect("read");
    assert!(junk.warnings.contains(&"junk_before_xml: 4".to_owned()), "{:?}", junk.warnings);
    assert_eq!(junk.key, plain.key);
    let odd = usual
        .replace("</edXML:edXMLHeader>", "<edXML:TraceHeaderList><edXML:TraceHeader><edXML:OrganId>null</edXML:OrganId>\
            <edXML:Timestamp>2026/07/01 08:00:00</edXML:Timestamp></edXML:TraceHeader></edXML:TraceHeaderList></edXML:edXMLHeader>")
        .replace("</edXML:MessageHeader>", "<edXML:ResponseFor/><edXML:Moi>1</edXML:Moi></edXML:MessageHeader>")
        .replace("<edXML:OrganName>VPCP</edXML:OrganName>", "")
        .replace("QCVN_102_2016\" xmlns:", "QCVN_102_2030\" xmlns:");
    let odd = reader.read(odd.as_bytes()).expect("read");
    let expected = [
        "namespace: http://www.mic.gov.vn/TBT/QCVN_102_2030",
        "response_for_empty",
        "organ_name_missing",
        "organ_null_in_trace",
        "business_missing",
        "unknown_element: Moi",
    ];
    for warning in expected {
        assert!(odd.warnings.contains(&warning.to_owned()), "{warning} of {:?}", odd.warnings);
    }
    assert_eq!(odd.trace, [Hop { organ_id: None, at: Some("2026/07/01 08:00:00".into()) }]);
    let uuid = usual
        .replace(
            "<edXML:Code>",
            "<edXML:DocumentId>9f0c7d1e-0000-4000-8000-000000000001</edXML:DocumentId><edXML:Code>",
        )
        .replace("<edXML:CodeNumber>7816</edXML:CodeNumber>", "");
    assert_eq!(reader.read(uuid.as_bytes()).expect("read").key, "ID:9F0C7D1E-0000-4000-8000-000000000001");
}

#[test]
fn kept_package_says_the_same_without_its_contents() {
    let bytes = zipped(&[("x.bin", b"ghi chu")]);
    let text =
        format!("12\r\n{}", with_attachment("ghi-chu.txt", "application/pdf", "application/zip", &bytes));
    let reader = Edxml::default();
    let (package, Kept(kept)) = reader.read_and_cut(text.as_bytes()).expect("read");
    assert_eq!(package.sha256, digest(text.as_bytes()));
    assert_eq!(reader.read_kept(&kept), Ok(package));
    let kept = String::from_utf8(kept.to_vec()).expect("text");
    assert!(!kept.contains("UEsD"), "{kept}");
    // A mark that a sender writes is no mark.
    let text = with_attachment("a.pdf", "", "", b"%PDF").replace("JVBERg==", "cut:9:00:0:pdf");
    assert!(
        reader
            .read(text.as_bytes())
            .expect("read")
            .warnings
            .iter()
            .any(|w| w.starts_with("attachment_not_base64"))
    );
}

#[test]
fn written_package_has_the_form_of_the_samples() {
    let package = Package {
        key: "H21/2026/1/A".into(),
        code_number: Some("1".into()),
        code_notation: Some("A".into()),
        business: Some(Business { kind: Some("0".into()), paper: Some("0".into()), ..Business::default() }),
        ..Package::default()
    };
    let file = Enclosure {
        content_id: "7".into(),
        name: "a.xlsx".into(),
        bytes: b"PK".to_vec(),
        ..Enclosure::default()
    };
    let text = write(&package, &[file]).expect("written");
    for form in [
        "<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\" xmlns:edXML=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">",
        "<edXML:edXMLEnvelope><edXML:edXMLHeader><edXML:MessageHeader>",
        "<edXML:Bussiness><edXML:BussinessDocType>0</edXML:BussinessDocType>",
        "<edXML:edXMLManifest version=\"1.0\"><edXML:Reference><edXML:ContentId>cid:7</edXML:ContentId><edXML:ContentType>application/zip<",
        "<AttachmentEncoded><Attachment><ContentId>cid:7</ContentId>",
    ] {
        assert!(text.contains(form), "{form}\n{text}");
    }
}

fn text() -> impl Strategy<Value = Option<String>> {
    // No blanks at the ends: those are trimmed. The rest is what people write, and what XML has to escape.
    proptest::option::of("[a-zA-Z0-9ăđơư<>&\"'/\\]]([ a-zàếờ<>&;\\.]{0,12}[a-zđ>&])?")
}

fn organization() -> impl Strategy<Value = Organization> {
    (text(), text(), text(), text(), text()).prop_map(|(organ_id, in_charge, name, address, email)| {
        Organization { organ_id, in_charge, name, address, email, ..Organization::default() }
    })
}

fn staff() -> impl Strategy<Value = Staff> {
    (text(), text(), text(), text()).prop_map(|(department, name, email, mobile)| Staff {
        department,
        name,
        email,
        mobile,
    })
}

fn answers() -> impl Strategy<Value = Vec<ResponseFor>> {
    let answer = (text(), text(), "[a-z0-9]{1,9}", text());
    let answer = answer.prop_map(|(organ_id, code, id, promulgated)| ResponseFor {
        organ_id,
        code,
        document_id: Some(id),
        promulgated,
        key: None,
    });
    proptest::collection::vec(answer, 1..3)
}

fn business() -> impl Strategy<Value = Business> {
    let receiver =
        (text(), text()).prop_map(|(organ_id, receiver_type)| Receiver { organ_id, receiver_type });
    let changed = (text(), proptest::collection::vec(receiver, 0..3)).prop_map(|(info, receivers)| Changed {
        document_info: info,
        document_receiver: Some("1".into()),
        receivers,
    });
    let replaced = ("[a-z0-9]{1,9}", proptest::collection::vec("[A-Z0-9]{1,5}", 0..3))
        .prop_map(|(id, organs)| Replaced { document_id: Some(id), organs, key: None });
    let lists = (proptest::collection::vec(changed, 0..2), proptest::collection::vec(replaced, 0..3));
    ("[0-3]", text(), lists, proptest::collection::vec(staff(), 0..2)).prop_map(
        |(kind, reason, (changed, replaced), staff)| Business {
            kind: Some(kind),
            reason,
            paper: Some("0".into()),
            document_id: None,
            changed,
            replaced,
            staff,
        },
    )
}

fn document() -> impl Strategy<Value = Package> {
    let heads = (organization(), proptest::collection::vec(organization(), 1..3), text(), text());
    let facts = (text(), text(), text(), answers(), proptest::option::of(business()));
    (heads, facts, proptest::collection::vec("[a-z0-9]{1,9}", 0..3)).prop_map(
        |((from, to, place, subject), (content, due, position, response_for, business), task_codes)| {
            Package {
                from,
                to,
                code_number: Some("7816".into()),
                code_notation: Some("VPCP-TTĐT".into()),
                document_id: Some("a,2026/07/01,1/B".into()),
                promulgated: Some("2026/07/01".into()),
                place,
                subject,
                content,
                due,
                signer: position.map(|position| Signer { position: Some(position), ..Signer::default() }),
                other: Some(Other {
                    priority: Some("2".into()),
                    appendixes: task_codes.clone(),
                    ..Other::default()
                }),
                response_for,
                to_places: task_codes.clone(),
                task_codes,
                trace: vec![Hop {
                    organ_id: Some("vxp.saas.01".into()),
                    at: Some("2026/07/01 08:00:00".into()),
                }],
                business,
                ..Package::default()
            }
        },
    )
}

/// What follows from what was written.
fn without_derived(mut package: Package) -> Package {
    let derived = [&mut package.issuer, &mut package.issuer_name, &mut package.number, &mut package.sent_at];
    derived.into_iter().for_each(|field| *field = None);
    package.key.clear();
    package.sha256.clear();
    package.warnings.clear();
    package.references.clear();
    package.response_for.iter_mut().for_each(|answer| answer.key = None);
    package
        .business
        .iter_mut()
        .flat_map(|business| &mut business.replaced)
        .for_each(|replaced| replaced.key = None);
    // An element without anything in it is written and read as nothing.
    package.to.retain(|to| *to != Organization::default());
    package
}

proptest! {
    #[test]
    fn written_document_is_read_as_it_was(package in document(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let files: Vec<Enclosure> = ["a.pdf", "b.xlsx", "c.txt"].into_iter().map(|name| Enclosure {
            content_id: name.into(), name: name.into(), description: "d".into(), bytes: bytes.clone(),
        }).collect();
        let text = write(&package, &files).expect("written");
        let mut read = Edxml::default().read(text.as_bytes()).expect("read");
        for (seen, packed) in std::mem::take(&mut read.attachments).iter().zip([false, true, true]) {
            prop_assert_eq!((&seen.sha256, seen.unwrapped), (&digest(&bytes), packed));
        }
        prop_assert_eq!(without_derived(read), without_derived(package));
    }

    #[test]
    fn written_status_is_read_as_it_was(from in organization(), answers in answers(), staff in staff(), word in text()) {
        let report = Report {
            code: Some("06".into()), description: word, at: Some("2026/07/01 08:00:00".into()), staff: Some(staff),
        };
        let package = Package {
            kind: PackageKind::Status, from, response_for: answers, report: Some(report), ..Package::default()
        };
        let read = Edxml::default().read(write(&package, &[]).expect("written").as_bytes()).expect("read");
        prop_assert_eq!(without_derived(read), without_derived(package));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0..2000_usize) {
        let _ = Edxml::default().read(&bytes);
        let text = with_attachment("a.txt", "", "", &bytes);
        let _ = Edxml::default().read(text.as_bytes().get(..cut).unwrap_or(text.as_bytes()));
        let _ = Edxml::default().read_kept(&bytes);
    }
}
