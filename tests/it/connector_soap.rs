//! SOAP sources on real servers: what is sent, and the faults that come back.

use crate::support::http::{Scripted, status};
use crate::support::source::{PASSWORD, connect, full, pull};
use lienthong::connector::manifest;
use lienthong::connector::{Connector, Detailed, PullMode};
use lienthong::error::Disposition;

const CALL: &str = r#"
[stream]
path = "/soap"
format = "xml"
records = "Envelope/Body/GetTasksResponse/Task"
key = "Id"
total = "Envelope/Body/GetTasksResponse/Total"
[paging]
kind = "page"
size = 2
[incremental]
param = "since"
format = "rfc3339"
[soap]
action = "urn:t/GetTasks"
namespaces = { t = "urn:t" }
header = "<t:unit>{{ settings.user }}</t:unit>"
body = """
<t:GetTasks><t:z>{{ settings.user }}</t:z><t:page>{{ page }}</t:page><t:a>{{ size }}</t:a>
{% if since %}<t:since>{{ since }}</t:since>{% endif %}</t:GetTasks>"""
"#;

fn security(digest: bool) -> String {
    format!(
        "[soap.security]\nusername = \"{{{{ settings.user }}}}\"\npassword = \"{{{{ secrets.password }}}}\"\ndigest = {digest}\n"
    )
}

fn answer(content: &str) -> String {
    format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>{content}</e:Body></e:Envelope>"
    )
}

fn tasks(from: usize, to: usize) -> String {
    let task = |id: usize| format!("<r:Task><r:Id>{id}</r:Id><r:name>n</r:name></r:Task>");
    let tasks: String = (from..=to).map(task).collect();
    answer(&format!("<r:GetTasksResponse xmlns:r=\"urn:t\"><r:Total>3</r:Total>{tasks}</r:GetTasksResponse>"))
}

#[tokio::test]
async fn call_carries_its_parameters_in_the_order_of_the_manifest_and_no_value_leaves_its_element() {
    let server = Scripted::start(|asked| {
        let page = if asked.body.contains("<t:page>1</t:page>") { tasks(1, 2) } else { tasks(3, 3) };
        status(200, &[("content-type", "text/xml")], &page)
    })
    .await;
    let sections =
        CALL.replace("{{ settings.user }}</t:z>", "{{ settings.user ~ '</t:z><t:evil/>&' }}</t:z>");
    let connector = connect(&server.base, &sections);
    let pulled = pull(&connector, PullMode::Full, None).await.expect("pages");
    assert_eq!((pulled.distinct(), pulled.end.complete), (vec![1, 2, 3], true));
    let asked = &server.asked()[0];
    assert_eq!((asked.method.as_str(), asked.query.len()), ("POST", 0));
    assert_eq!(asked.headers["content-type"], "text/xml; charset=utf-8");
    assert_eq!(asked.headers["soapaction"], "\"urn:t/GetTasks\"");
    let sent = "<t:GetTasks><t:z>reader&lt;/t:z&gt;&lt;t:evil/&gt;&amp;</t:z><t:page>1</t:page><t:a>2</t:a>\n</t:GetTasks>";
    assert!(asked.body.contains(sent), "{}", asked.body);
    assert!(asked.body.contains("<soap:Header><t:unit>reader</t:unit></soap:Header>"), "{}", asked.body);
    let since = r#"{"v":1,"since":"2026-11-24T07:00:00Z"}"#;
    pull(&connector, PullMode::Incremental, Some(since)).await.expect("changes");
    assert!(server.asked()[2].body.contains("<t:since>2026-11-24T13:50:00+07:00</t:since>"));
    let page = &pulled.pages[0];
    assert_eq!(connector.list_again(page.body.clone(), None).expect("all").expect("reads"), page.records);
}

/// Row E13: a fault as the answer about one record is no empty detail.
#[tokio::test]
async fn fault_as_answer_of_a_detail_is_taken_as_one() {
    let detail = "[[detail]]\nname = \"log\"\npath = \"/log/{{ key }}\"\nselect = \"Envelope/Body/Log\"\n";
    for (said, number) in [("Client", 200), ("Client", 500), ("Server", 500), ("Client.Authentication", 500)]
    {
        let server = Scripted::start(move |asked| {
            let fault = format!(
                "<e:Fault><faultcode>e:{said}</faultcode><faultstring>099123456789</faultstring></e:Fault>"
            );
            match asked.path.as_str() {
                "/log/2" => status(number, &[("content-type", "text/xml")], &answer(&fault)),
                "/soap" => status(200, &[("content-type", "text/xml")], &tasks(1, 3)),
                _ => status(200, &[("content-type", "text/xml")], &answer("<Log>x</Log>")),
            }
        })
        .await;
        let connector = connect(&server.base, &format!("{CALL}{detail}"));
        let pulled = pull(&connector, PullMode::Full, None).await.expect("list");
        let told = match connector.detail(pulled.pages[0].records.clone()).await {
            Err(error) if said != "Client" => error.finding,
            Ok(detailed) if said == "Client" => {
                let complete = |detailed: &Detailed| matches!(detailed, Detailed::Complete(_));
                assert!(complete(&detailed[0]) && complete(&detailed[2]), "its neighbours go on");
                let Detailed::Rejected(rejection) = &detailed[1] else { panic!("{:?}", detailed[1]) };
                Box::new(rejection.finding.clone())
            }
            other => panic!("{said}: {other:?}"),
        };
        assert!(told.code.starts_with("LT-XML-01"), "{told:?}");
        assert!(!told.what.en.contains("099123456789"), "{told:?}");
    }
}

#[tokio::test]
async fn record_that_may_not_be_seen_is_rejected_alone_and_pauses_nothing() {
    let detail = "[[detail]]\nname = \"log\"\npath = \"/log/{{ key }}\"\nselect = \"Envelope/Body/Log\"\n";
    let server = Scripted::start(|asked| {
        let fault = |code: &str, text: &str| {
            let fault = format!(
                "<e:Fault><faultcode>e:{code}</faultcode><faultstring>{text}</faultstring></e:Fault>"
            );
            status(500, &[("content-type", "text/xml")], &answer(&fault))
        };
        match asked.path.as_str() {
            "/log/1" => fault("Server", "Bạn không có quyền xem văn bản này"),
            "/log/2" => fault("Client", "Hồ sơ đang nhập liệu, đăng nhập lại sau"),
            "/soap" => status(200, &[("content-type", "text/xml")], &tasks(1, 3)),
            _ => status(200, &[("content-type", "text/xml")], &answer("<Log>x</Log>")),
        }
    })
    .await;
    let connector = connect(&server.base, &format!("{CALL}{detail}"));
    let pulled = pull(&connector, PullMode::Full, None).await.expect("list");
    let detailed = connector.detail(pulled.pages[0].records.clone()).await.expect("the others go on");
    let rejected = |detailed: &Detailed| match detailed {
        Detailed::Rejected(rejection) => Some(rejection.finding.code.clone()),
        _ => None,
    };
    let told: Vec<Option<String>> = detailed.iter().map(rejected).collect();
    assert_eq!(told, [Some("LT-XML-010".to_owned()), Some("LT-XML-010".to_owned()), None]);
    pull(&connector, PullMode::Full, None).await.expect("no pause");
}

#[tokio::test]
async fn version_two_says_its_action_in_the_content_type_and_a_digest_is_new_each_time() {
    let server = Scripted::start(|asked| match asked.index {
        0 => status(503, &[], "busy"),
        _ => status(200, &[("content-type", "application/soap+xml")], &tasks(1, 3)),
    })
    .await;
    let sections = format!("{}{}", CALL.replace("[soap]", "[soap]\nversion = \"1.2\""), security(true));
    full(&server, &sections).await.expect("the second attempt");
    let asked = server.asked();
    let kind = "application/soap+xml; charset=utf-8; action=\"urn:t/GetTasks\"";
    assert_eq!(asked[0].headers["content-type"], kind);
    assert!(!asked[0].headers.contains_key("soapaction"));
    let nonce = |at: usize| {
        let (_, after) = asked[at].body.split_once("#Base64Binary\">").expect("a nonce");
        after.split('<').next().expect("its end").to_owned()
    };
    assert_ne!(nonce(0), nonce(1), "a repeated nonce is a replayed message");
    assert!(asked.iter().all(|asked| !asked.body.contains(PASSWORD)), "a digest hides the password");
    let server = Scripted::start(|_| status(200, &[("content-type", "text/xml")], &tasks(1, 3))).await;
    let connector = connect(&server.base, &format!("{CALL}{}", security(false)));
    pull(&connector, PullMode::Full, None).await.expect("pull");
    assert!(server.asked()[0].body.contains(&format!("#PasswordText\">{PASSWORD}<")));
    assert!(!format!("{connector:?}").contains(PASSWORD));
}

/// Row E13: a fault is an error, whatever the status says.
#[tokio::test]
async fn fault_of_either_version_is_an_error_with_any_status_and_never_an_empty_system() {
    let old = "<e:Fault><faultcode>e:Server</faultcode><faultstring>quá tải</faultstring></e:Fault>";
    let new = "<e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text>sai tham số</e:Text></e:Reason></e:Fault>";
    let refused =
        "<e:Fault><faultcode>w:FailedAuthentication</faultcode><faultstring>no</faultstring></e:Fault>";
    let header = "<e:Fault><faultcode>e:MustUnderstand</faultcode><faultstring>unit</faultstring></e:Fault>";
    for (fault, code, disposition) in [
        (old, "LT-XML-010", Disposition::RetryLater),
        (new, "LT-XML-010", Disposition::NeedsOperator),
        (refused, "LT-XML-011", Disposition::NeedsOperator),
        (header, "LT-XML-012", Disposition::NeedsOperator),
    ] {
        for number in [200, 400, 500] {
            let server =
                Scripted::start(move |_| status(number, &[("content-type", "text/xml")], &answer(fault)))
                    .await;
            let error = full(&server, CALL).await.expect_err("a fault");
            assert_eq!((error.finding.code.as_str(), error.disposition), (code, disposition), "{number}");
            assert_eq!(server.asked().len(), 1, "a fault is not asked for again at once");
        }
    }
    for (number, body, code) in [
        (500, "<html><body>Fault of the Envelope</body></html>", "LT-NET-014"),
        (500, "busy", "LT-NET-012"),
        (200, "<html/>", "LT-NET-014"),
        (200, "<e:Envelope xmlns:e=\"x\"><e:Body/></e:Envelope>", "LT-SRC-001"),
    ] {
        let server = Scripted::start(move |_| status(number, &[("content-type", "text/xml")], body)).await;
        let error = full(&server, CALL).await.expect_err(body);
        assert_eq!(error.finding.code, code, "{body}");
    }
}

#[test]
fn call_that_cannot_be_written_is_told_when_the_manifest_is_loaded() {
    let head = crate::support::source::HEAD;
    let fields = "[fields]\ntitle = \"name\"\nstatus = { const = \"open\" }\n";
    let told = |sections: &str| match manifest::parse("m.toml", &format!("{head}{sections}{fields}")) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.0.iter().map(|finding| finding.code.clone()).collect(),
    };
    assert_eq!(told(CALL), Vec::<String>::new());
    for (from, to, code) in [
        ("{{ page }}", "{{ pgae }}", "LT-MAN-006"),
        ("{{ page }}", "{{ page", "LT-MAN-006"),
        ("{{ page }}", "{{ secrets.password }}", "LT-MAN-006"),
        ("format = \"xml\"\n", "", "LT-MAN-011"),
        ("t = \"urn:t\"", "soap = \"urn:t\"", "LT-MAN-011"),
        ("urn:t/GetTasks", "a\\\"b", "LT-MAN-011"),
    ] {
        assert!(told(&CALL.replace(from, to)).iter().any(|found| found == code), "{to}");
    }
}

/// A list by one call, and what it does not tell by another one for each new or changed record.
#[tokio::test]
async fn detail_is_asked_for_by_a_call_of_its_own_with_the_same_security() {
    let server = Scripted::start(|asked| {
        let body = if asked.headers.get("soapaction").map(String::as_str) == Some("\"urn:t/GetLog\"") {
            let (_, after) = asked.body.split_once("<t:id>").expect("the key");
            let id = after.split('<').next().expect("its end");
            answer(&format!(
                "<r:GetLogResponse xmlns:r=\"urn:t\"><r:Step by=\"an\">{id}</r:Step></r:GetLogResponse>"
            ))
        } else {
            tasks(1, 3)
        };
        status(200, &[("content-type", "text/xml")], &body)
    })
    .await;
    let detail = "[[detail]]\nname = \"log\"\npath = \"/log\"\nselect = \"Envelope/Body/GetLogResponse/Step\"\n\
        [detail.soap]\naction = \"urn:t/GetLog\"\nheader = \"<t:who>{{ settings.user }}</t:who>\"\n\
        body = \"<t:GetLog><t:id>{{ key }}</t:id><t:name>{{ record.name }}&amp;</t:name></t:GetLog>\"\n";
    let connector = connect(&server.base, &format!("{CALL}{}{detail}", security(false)));
    let pulled = pull(&connector, PullMode::Full, None).await.expect("list");
    let detailed = connector.detail(pulled.pages[0].records.clone()).await.expect("details");
    let bodies: Vec<String> = detailed
        .iter()
        .map(|detailed| match detailed {
            Detailed::Complete(record) => String::from_utf8_lossy(&record.body).into_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    for (number, body) in (1..).zip(&bodies) {
        assert!(body.contains(&format!("\"$log\":{{\"@by\":\"an\",\"#text\":\"{number}\"}}")), "{body}");
    }
    let asked = server.asked();
    let call = asked.iter().find(|asked| asked.path == "/log").expect("a call");
    assert_eq!(call.method, "POST");
    for sent in ["<t:who>reader</t:who>", "<t:name>n&amp;</t:name>", PASSWORD] {
        assert!(call.body.contains(sent), "{sent}: {}", call.body);
    }
    let alone = format!("{}{STREAM_ALONE}{detail}", crate::support::source::HEAD);
    let told = manifest::parse("m.toml", &alone).expect_err("there is no [soap]");
    assert!(told.0.iter().any(|finding| finding.code == "LT-MAN-011"), "{told}");
}

const STREAM_ALONE: &str = "[stream]\npath = \"/x\"\nformat = \"xml\"\nrecords = \"a/b\"\nkey = \"id\"\n\
    [fields]\ntitle = \"name\"\nstatus = { const = \"open\" }\n";
