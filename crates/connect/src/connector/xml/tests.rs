//! Tests of the walk: the convention, what is refused, and a simple reference it must agree with.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn place(text: &str) -> Place {
    Place::parse(text, &BTreeMap::new()).expect("a place")
}

fn shape(record: &str, values: &[&str], lists: &[&str]) -> Shape {
    Shape {
        record: Some(place(record)),
        values: values.iter().map(|text| place(text)).collect(),
        lists: lists.iter().map(|text| Place::list(text).expect("a list")).collect(),
    }
}

type Found = (Walked, Vec<Result<Value, Fault>>);

fn walk(text: &str, shape: &Shape, limits: Limits) -> Result<Found, XmlError> {
    let mut records = Vec::new();
    let walked = split(text, shape, limits, &mut |element| {
        let read = |text: &str| serde_json::from_str(text).expect("what comes out is JSON");
        records.push(element.json.map(read));
    })?;
    Ok((walked, records))
}

fn records(text: &str, record: &str) -> Vec<Result<Value, Fault>> {
    walk(text, &shape(record, &[], &[]), Limits::default()).expect("XML").1
}

#[test]
fn record_becomes_an_object_by_the_convention() {
    let text = r#"<?xml version="1.0"?>
        <t:tasks xmlns:t="urn:t" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" total="2">
          <t:task id="7" xsi:type="t:Task">
            <t:title xsi:type="xsd:string">Rà soát &lt;A&amp;B&gt; &#272;</t:title>
            <t:note><![CDATA[<b>gấp</b>]]></t:note>
            <t:empty/><t:blank>
            </t:blank><t:nil xsi:nil="true">x</t:nil>
            <t:owner account="an.nv">Nguyễn Văn An</t:owner>
            <t:step n="1"/><t:other>1</t:other><t:step n="2">x</t:step>
            <t:mixed>Gửi <t:b>ngay</t:b> hôm nay</t:mixed>
          </t:task>
        </t:tasks>"#;
    let (walked, found) =
        walk(text, &shape("tasks/task", &["tasks/@total"], &["other"]), Limits::default()).expect("XML");
    assert_eq!(walked, Walked { records: 1, found: true, values: vec![Some("2".into())] });
    let expected = json!({
        "@id": "7", "title": "Rà soát <A&B> Đ", "note": "<b>gấp</b>", "empty": null, "blank": null, "nil": null,
        "owner": {"@account": "an.nv", "#text": "Nguyễn Văn An"},
        "step": [{"@n": "1"}, {"@n": "2", "#text": "x"}], "other": ["1"],
        "mixed": {"b": "ngay", "#text": "Gửi  hôm nay"},
    });
    assert_eq!(found, [Ok(expected)]);
}

#[test]
fn values_around_records_come_from_the_same_walk_and_only_from_their_place() {
    let text = "<r><head><token> k1 </token><token>k2</token></head><a><id>1</id><token>no</token></a><b/>\
                <total>3</total></r>";
    let values = ["r/head/token", "r/total", "r/a/token", "r/none", "r/b", "r/*/token"];
    let (walked, _) = walk(text, &shape("r/a", &values, &[]), Limits::default()).expect("XML");
    let found: Vec<Option<&str>> = walked.values.iter().map(Option::as_deref).collect();
    assert_eq!(found, [Some(" k1 "), Some("3"), None, None, None, Some(" k1 ")]);
}

#[test]
fn empty_list_differs_from_an_answer_of_another_shape() {
    for (text, found) in [
        ("<tasks/>", true),
        ("<tasks></tasks>", true),
        ("<error>no</error>", false),
        ("<a><tasks><task/></tasks></a>", false),
    ] {
        let (walked, records) = walk(text, &shape("tasks/task", &[], &[]), Limits::default()).expect("XML");
        assert_eq!((walked.found, records.len()), (found, 0), "{text}");
    }
    assert!(!walk("<html/>", &shape("task", &[], &[]), Limits::default()).expect("XML").0.found);
}

#[test]
fn namespace_is_matched_by_uri_and_never_by_prefix() {
    let prefixes = BTreeMap::from([("d".to_owned(), "DAV:".to_owned())]);
    let shape = Shape {
        record: Some(Place::parse("d:r/d:x", &prefixes).expect("place")),
        values: vec![],
        lists: vec![],
    };
    let count = |text: &str| walk(text, &shape, Limits::default()).expect("XML").1.len();
    assert_eq!(count(r#"<r xmlns="DAV:"><x/><x/></r>"#), 2);
    assert_eq!(count(r#"<q:r xmlns:q="DAV:"><q:x/><x/></q:r>"#), 1);
    assert_eq!(count(r#"<d:r xmlns:d="urn:other"><d:x/></d:r>"#), 0);
    assert_eq!(count("<d:r><d:x/></d:r>"), 0);
    assert!(Place::parse("e:r", &prefixes).is_err());
    for bad in ["", "a//b", "@", "a/@", "a/b c"] {
        assert!(Place::parse(bad, &prefixes).is_err(), "{bad:?}");
    }
}

/// Row F11: the bad record is alone.
#[test]
fn bad_record_is_rejected_alone_and_its_neighbours_are_not() {
    let deep = |levels: usize| format!("<t>{}{}</t>", "<d>".repeat(levels), "</d>".repeat(levels));
    let many: String = (0..70).map(|n| format!(" a{n}=\"1\"")).collect();
    let text = format!(
        "<r><t>1</t>{}{}<t a=\"1\" a=\"2\"/><t p:a=\"1\" xmlns:p=\"urn:p\" a=\"2\"/><t>&nbsp;</t><t a=\"&x;\"/>\
         <t>&#0;</t><t>&#7;</t><t{many}/><t><y>{}</y></t><t>2</t></r>",
        deep(64),
        deep(63),
        "x".repeat(3_000)
    );
    let limits = Limits { record_bytes: 2_000, ..Limits::default() };
    let found = walk(&text, &shape("r/t", &[], &[]), limits).expect("the walk goes on").1;
    let faults: Vec<Option<Fault>> = found.iter().map(|one| one.as_ref().err().cloned()).collect();
    let twice = || Some(Fault::DuplicateAttribute("a".into()));
    let entity = |name: &str| Some(Fault::Entity(name.into()));
    let expected = [
        None,
        Some(Fault::TooDeep),
        None,
        twice(),
        twice(),
        entity("nbsp"),
        entity("&x;"),
        entity("#0"),
        Some(Fault::Character),
        Some(Fault::ManyAttributes),
        Some(Fault::TooLarge(2_000)),
        None,
    ];
    assert_eq!(faults, expected);
    assert_eq!((&found[0], &found[11]), (&Ok(json!("1")), &Ok(json!("2"))));
}

#[test]
fn record_of_very_many_values_is_rejected_alone() {
    let many = "<v/>".repeat(super::super::json::MAX_VALUES as usize + 1);
    let found = records(&format!("<r><t>{many}</t><t>2</t></r>"), "r/t");
    assert_eq!(found, [Err(Fault::TooMany), Ok(json!("2"))]);
    let fits = records(&format!("<r><t>{}</t></r>", "<v/>".repeat(50_000)), "r/t");
    assert_eq!(fits[0].as_ref().expect("fits")["v"].as_array().map(Vec::len), Some(50_000));
}

/// Rows F3 and F4: depth, billion laughs, external entities, XInclude.
#[test]
fn attributes_without_end_outside_records_are_refused_before_they_are_kept() {
    let many: String = (0..65).map(|number| format!(" a{number}=\"\"")).collect();
    let text = format!("<r{many}><t/></r>");
    let error = walk(&text, &shape("r/t", &["r/v"], &[]), Limits::default()).expect_err("too many");
    assert!(error.to_string().contains("64 attributes"), "{error}");
}

#[test]
fn text_that_is_not_to_be_trusted_is_thrown_away_whole() {
    let error = |text: &str| walk(text, &shape("r/t", &["r/v"], &[]), Limits::default()).expect_err(text);
    for text in [
        "",
        "  ",
        "<r>",
        "<r><t></r>",
        "<r><t/></r><r/>",
        "<r/>x",
        "x<r/>",
        "<r><t/>",
        "<r><t a=1/></r>",
        "<r a=\"1/>",
        "<r><!-- </r>",
        "<r><t><![CDATA[x</t></r>",
        "<r>&x;</r>",
        "</r>",
        "{\"a\":1}",
        "<r><t>1</t",
    ] {
        assert!(matches!(error(text), XmlError::Broken { .. }), "{text}: {:?}", error(text));
    }
    let laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><r><t>&lol2;</t></r>";
    let external = "<?xml version=\"1.0\"?>\n<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><r/>";
    assert_eq!(error(laughs), XmlError::Doctype(1));
    assert_eq!(error(external), XmlError::Doctype(2));
    let deep = |name: &str| {
        format!("{}{}", format!("<{name}>").repeat(200_000), format!("</{name}>").repeat(200_000))
    };
    assert_eq!(error(&deep("a")), XmlError::TooDeep);
    assert_eq!(error(&format!("<r><t>{}</t></r>", deep("a"))), XmlError::TooDeep);
    assert_eq!(error(&format!("<r><v>{}</v></r>", "x".repeat(MAX_VALUE + 1))), XmlError::LongValue);
    let limits = Limits { records: 2, ..Limits::default() };
    let three = walk("<r><t/><t/><t/></r>", &shape("r/t", &[], &[]), limits);
    assert_eq!(three.expect_err("too many"), XmlError::TooManyRecords(2));
    let included =
        "<r><t><xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"/etc/passwd\"/></t></r>";
    assert_eq!(records(included, "r/t"), [Ok(json!({"include": {"@href": "/etc/passwd"}}))]);
}

/// A generated element: name, attributes, and text or children.
#[derive(Debug, Clone)]
struct Node {
    name: String,
    attributes: BTreeMap<String, String>,
    text: Option<String>,
    children: Vec<Node>,
}

fn node() -> impl Strategy<Value = Node> {
    let name = || "[a-d]";
    let attributes = || prop::collection::btree_map("[a-c]", "[ -~ếđ]{0,6}", 0..3);
    let leaf = (name(), attributes(), prop::option::of("[ -~ếĐ\n\t]{0,12}"));
    let leaf =
        leaf.prop_map(|(name, attributes, text)| Node { name, attributes, text, children: Vec::new() });
    leaf.prop_recursive(4, 40, 6, move |inner| {
        (name(), attributes(), prop::collection::vec(inner, 1..6))
            .prop_map(|(name, attributes, children)| Node { name, attributes, text: None, children })
    })
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '>' => out.push_str("&#62;"),
            c => out.push(c),
        }
    }
    out
}

/// Writes a node as XML, in one of several spellings.
fn written(node: &Node, style: usize, out: &mut String) {
    let name = if style.is_multiple_of(2) { node.name.clone() } else { format!("p:{}", node.name) };
    out.push_str(&format!("<{name}"));
    for (key, value) in &node.attributes {
        out.push_str(&format!(" {key}=\"{}\"", escaped(value)));
    }
    if node.text.is_none() && node.children.is_empty() && style.is_multiple_of(3) {
        return out.push_str("/>");
    }
    out.push('>');
    match &node.text {
        Some(text) if style % 5 == 1 && !text.contains("]]>") => out.push_str(&format!("<![CDATA[{text}]]>")),
        Some(text) => out.push_str(&escaped(text)),
        None => {}
    }
    for (index, child) in node.children.iter().enumerate() {
        out.push_str(if style % 7 == 2 { "\n  <!-- & -->" } else { "" });
        written(child, style + index + 1, out);
    }
    out.push_str(&format!("</{name}>"));
}

/// The convention once more, as simply as it can be said.
fn reference(node: &Node) -> Value {
    let text = node.text.as_deref().filter(|text| !text.trim().is_empty());
    if node.attributes.is_empty() && node.children.is_empty() {
        return text.map_or(Value::Null, Value::from);
    }
    let mut object = serde_json::Map::new();
    for (key, value) in &node.attributes {
        object.insert(format!("@{key}"), value.as_str().into());
    }
    for child in &node.children {
        let same: Vec<Value> =
            node.children.iter().filter(|other| other.name == child.name).map(reference).collect();
        let value = if same.len() == 1 { same[0].clone() } else { Value::from(same) };
        object.insert(child.name.clone(), value);
    }
    if let Some(text) = text {
        object.insert("#text".to_owned(), text.into());
    }
    object.into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Row F12: two readers of one text agree.
    #[test]
    fn walk_agrees_with_a_simple_reference(nodes in prop::collection::vec(node(), 0..5), style in 0usize..40) {
        let mut text = String::from("<q:list xmlns:q='urn:q' xmlns:p='urn:p'>");
        for (index, node) in nodes.iter().enumerate() {
            text.push_str("<item>");
            written(node, style + index, &mut text);
            text.push_str("</item>");
        }
        text.push_str("</q:list>");
        let found = records(&text, "list/item");
        let expected: Vec<_> =
            nodes.iter().map(|node| Ok(json!({ &node.name: reference(node) }))).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_text_makes_the_walk_panic(text in "[<>/a&;\"'=! \\[\\]CDAT?x#0-9-]{0,80}") {
        let _ = walk(&format!("<a>{text}</a>"), &shape("a/a", &["a/x"], &["a"]), Limits::default());
        let _ = walk(&text, &shape("a", &["a/@x"], &[]), Limits::default());
    }
}
