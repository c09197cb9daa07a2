//! iCalendar (RFC 5545) inside a value of a record, as members that rules read.
//!
//! Owns unfolding lines, parameters, escapes, components within components, moments as ISO texts, and telling apart the
//! tasks of a series that stand in one text. It must not know what a task's record is. A text that is no iCalendar, or is over a limit, is refused with the reason; it never panics.

use crate::error::Text;
use serde_json::{Map, Value};

/// Components within components.
const DEEPEST: usize = 8;
/// Properties of one text.
const MOST_LINES: usize = 10_000;

/// Properties whose value is a moment.
const MOMENTS: [&str; 8] =
    ["DUE", "DTSTART", "DTEND", "DTSTAMP", "COMPLETED", "CREATED", "LAST-MODIFIED", "RECURRENCE-ID"];

/// Zones whose clock is ours: seven hours ahead all year.
const OURS: [&str; 6] = [
    "Asia/Ho_Chi_Minh",
    "Asia/Saigon",
    "Asia/Bangkok",
    "Asia/Vientiane",
    "Asia/Phnom_Penh",
    "SE Asia Standard Time",
];

/// The whole text as an object: components and properties by their names in capitals, several of one name as a list;
/// a parameter of the first of them stands at `NAME@PARAMETER`. Moments are days (`2026-11-15`), of UTC with `Z`
/// (`2026-11-15T02:00:00Z`), else of our clock; a moment of another zone is left as it is written.
///
/// # Errors
/// Why it is no iCalendar.
pub fn to_json(text: &str) -> Result<Value, Text> {
    let mut open: Vec<(String, Map<String, Value>)> = Vec::new();
    let mut whole = Map::new();
    for (number, line) in unfolded(text).into_iter().enumerate() {
        let (name, parameters, value) = split(&line).ok_or_else(no_property)?;
        if number >= MOST_LINES {
            return Err(Text::new("quá nhiều dòng", "too many lines"));
        }
        match name.as_str() {
            "BEGIN" => {
                if open.len() >= DEEPEST {
                    return Err(Text::new("thành phần lồng quá sâu", "components too deep"));
                }
                open.push((value.trim().to_ascii_uppercase(), Map::new()));
            }
            "END" => {
                let ended = value.trim().to_ascii_uppercase();
                let (begun, component) =
                    open.pop().filter(|(begun, _)| *begun == ended).ok_or_else(unpaired)?;
                let above = open.last_mut().map_or(&mut whole, |(_, above)| above);
                add(above, begun, Value::from(component));
            }
            _ => {
                let (_, component) = open.last_mut().ok_or_else(unpaired)?;
                let parameter = |wanted: &str| {
                    parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
                };
                let value = if MOMENTS.contains(&name.as_str()) {
                    moment(value.trim(), parameter("TZID"))
                } else {
                    unescaped(value)
                };
                if !component.contains_key(&name) {
                    for (parameter, value) in parameters {
                        component.insert(format!("{name}@{parameter}"), Value::from(value));
                    }
                }
                add(component, name, Value::from(value));
            }
        }
    }
    if !open.is_empty() || !whole.contains_key("VCALENDAR") {
        return Err(unpaired());
    }
    Ok(Value::from(whole))
}

/// The tasks of a text, each as a calendar of its own: what is said of one occurrence of a series (`RECURRENCE-ID`) with
/// the moment that names it, and the rest, if there is any, without.
pub fn occurrences(calendar: Value) -> Vec<(Option<String>, Value)> {
    let all = match calendar.pointer("/VCALENDAR/VTODO") {
        Some(Value::Array(all)) => all.clone(),
        Some(one) => vec![one.clone()],
        None => return vec![(None, calendar)],
    };
    let named = |todo: &Value| todo.get("RECURRENCE-ID").and_then(Value::as_str).map(str::to_owned);
    let with = |todo: Value| {
        let mut calendar = calendar.clone();
        if let Some(place) = calendar.pointer_mut("/VCALENDAR/VTODO") {
            *place = todo;
        }
        calendar
    };
    let (of_series, mut rest): (Vec<Value>, Vec<Value>) =
        all.into_iter().partition(|todo| named(todo).is_some());
    let rest = match rest.len() {
        0 => None,
        1 => rest.pop(),
        // Nobody knows which of them is meant.
        _ => Some(Value::from(rest)),
    };
    let mut tasks: Vec<(Option<String>, Value)> = rest.into_iter().map(|todo| (None, with(todo))).collect();
    tasks.extend(of_series.into_iter().map(|todo| (named(&todo), with(todo))));
    tasks
}

/// Whether a calendar's task stands for several that it does not tell apart: a series as a whole, or one occurrence and
/// all that follow.
pub fn is_series(calendar: &Value) -> bool {
    let todo = calendar.pointer("/VCALENDAR/VTODO");
    let has = |name: &str| todo.is_some_and(|todo| todo.get(name).is_some());
    has("RECURRENCE-ID@RANGE") || (!has("RECURRENCE-ID") && (has("RRULE") || has("RDATE")))
}

fn no_property() -> Text {
    Text::new("có dòng không phải thuộc tính", "a line is no property")
}

fn unpaired() -> Text {
    Text::new("BEGIN và END không khớp", "BEGIN and END do not match")
}

fn add(to: &mut Map<String, Value>, name: String, value: Value) {
    match to.get_mut(&name) {
        None => {
            to.insert(name, value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(one) => {
            let first = one.take();
            *one = Value::from(vec![first, value]);
        }
    }
}

/// Lines that were folded, whole again; a line end may be lost to XML, and blank lines mean nothing.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest.trim_end_matches('\r')),
            _ if line.trim().is_empty() => {}
            _ => lines.push(line.trim_end_matches('\r').to_owned()),
        }
    }
    lines
}

type Property<'a> = (String, Vec<(String, String)>, &'a str);

/// `NAME;PARAMETER="value":value`.
fn split(line: &str) -> Option<Property<'_>> {
    let mut quoted = false;
    let colon = line.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ':' && !quoted
    })?;
    let (head, value) = (line.get(..colon.0)?, line.get(colon.0 + 1..)?);
    let mut parts = Vec::new();
    let (mut from, mut quoted) = (0, false);
    for (at, c) in head.char_indices() {
        quoted ^= c == '"';
        if c == ';' && !quoted {
            parts.push(head.get(from..at)?);
            from = at + 1;
        }
    }
    parts.push(head.get(from..)?);
    let mut parts = parts.into_iter();
    let name = parts.next()?.trim();
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let parameters = parts
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_ascii_uppercase(), value.trim().trim_matches('"').to_owned()))
        })
        .collect::<Option<Vec<_>>>()?;
    plain.then(|| (name.to_ascii_uppercase(), parameters, value))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' => match letters.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            other => out.push(other),
        }
    }
    out
}

/// A day or moment as ISO 8601 writes it; what is none stays as it is written.
fn moment(text: &str, zone: Option<&str>) -> String {
    iso(text, zone).unwrap_or_else(|| text.to_owned())
}

fn iso(text: &str, zone: Option<&str>) -> Option<String> {
    let digits =
        |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let (plain, utc) = text.strip_suffix('Z').map_or((text, false), |plain| (plain, true));
    let (day, time) = plain.split_once('T').map_or((plain, None), |(day, time)| (day, Some(time)));
    if !digits(day, 8) {
        return None;
    }
    let day = format!("{}-{}-{}", day.get(..4)?, day.get(4..6)?, day.get(6..)?);
    let Some(time) = time else { return (!utc).then_some(day) };
    let foreign = zone.is_some_and(|zone| !OURS.contains(&zone.trim_start_matches('/')));
    if !digits(time, 6) || (foreign && !utc) {
        return None;
    }
    let end = if utc { "Z" } else { "+07:00" };
    Some(format!("{day}T{}:{}:{}{end}", time.get(..2)?, time.get(2..4)?, time.get(4..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:a@b\r\nSUMMARY:Báo cáo \\; tuần\\, thá\r\n ng\\nmới\r\n\
        DUE;VALUE=DATE:20261115\r\nCOMPLETED:20261114T020304Z\r\nDTSTART;TZID=Asia/Ho_Chi_Minh:20261101T080000\r\n\
        DTEND;TZID=Europe/Paris:20261101T080000\r\nATTENDEE;CN=\"Nguyễn; Văn: An\":mailto:an@example.vn\r\n\
        ATTENDEE:mailto:binh@example.vn\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";

    #[test]
    fn task_is_read_with_its_folds_escapes_parameters_and_moments() {
        let read = to_json(TASK).expect("a calendar");
        let todo = &read["VCALENDAR"]["VTODO"];
        assert_eq!(todo["SUMMARY"], "Báo cáo ; tuần, tháng\nmới");
        assert_eq!((&todo["DUE"], &todo["DUE@VALUE"]), (&"2026-11-15".into(), &"DATE".into()));
        assert_eq!(todo["COMPLETED"], "2026-11-14T02:03:04Z");
        assert_eq!(todo["DTSTART"], "2026-11-01T08:00:00+07:00");
        assert_eq!(todo["DTEND"], "20261101T080000", "nobody here knows that clock");
        assert_eq!(todo["ATTENDEE"], serde_json::json!(["mailto:an@example.vn", "mailto:binh@example.vn"]));
        assert_eq!(todo["ATTENDEE@CN"], "Nguyễn; Văn: An");
        assert_eq!(to_json(&TASK.replace("\r\n", "\n")).expect("line ends of XML"), read);
    }

    #[test]
    fn occurrences_of_a_series_that_are_told_apart_are_tasks_of_their_own_and_the_series_is_none() {
        let todo = |more: &str| format!("BEGIN:VTODO\nUID:a\nSUMMARY:Báo cáo tuần\n{more}END:VTODO\n");
        let read = |todos: &[&str]| {
            let text: String = todos.iter().map(|more| todo(more)).collect();
            occurrences(to_json(&format!("BEGIN:VCALENDAR\n{text}END:VCALENDAR")).expect("a calendar"))
        };
        let alone = read(&["DUE;VALUE=DATE:20261106\n"]);
        assert_eq!((alone.len(), &alone[0].0, is_series(&alone[0].1)), (1, &None, false));
        let told = read(&[
            "RRULE:FREQ=WEEKLY\nDUE;VALUE=DATE:20261106\n",
            "RECURRENCE-ID;VALUE=DATE:20261106\nSTATUS:COMPLETED\n",
            "RECURRENCE-ID:20261113T010000Z\nDUE;VALUE=DATE:20261114\n",
        ]);
        let names: Vec<Option<&str>> = told.iter().map(|(name, _)| name.as_deref()).collect();
        assert_eq!(names, [None, Some("2026-11-06"), Some("2026-11-13T01:00:00Z")]);
        assert_eq!(told.iter().map(|(_, one)| is_series(one)).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(told[1].1["VCALENDAR"]["VTODO"]["STATUS"], "COMPLETED");
        assert!(told[2].1["VCALENDAR"]["VTODO"].get("RRULE").is_none());
        // A day that was added, a change of all that follow, and two tasks that are none of a series.
        assert!(is_series(&read(&["RDATE;VALUE=DATE:20261120\n"])[0].1));
        assert!(is_series(&read(&["RECURRENCE-ID;RANGE=THISANDFUTURE:20261113T010000Z\n"])[0].1));
        let two = read(&["", ""]);
        assert!(two.len() == 1 && two[0].1["VCALENDAR"]["VTODO"].is_array());
        let none = occurrences(to_json("BEGIN:VCALENDAR\nEND:VCALENDAR").expect("a calendar"));
        assert!(none.len() == 1 && !is_series(&none[0].1));
    }

    #[test]
    fn text_that_is_no_calendar_is_refused_with_the_reason() {
        let deep = "BEGIN:VCALENDAR\n".repeat(9);
        let long = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR", "A:1\n".repeat(10_001));
        for wrong in [
            "",
            "mai",
            "BEGIN:VCALENDAR",
            "BEGIN:VCALENDAR\nEND:VTODO",
            "END:VCALENDAR",
            "UID:1",
            "BEGIN:VTODO\nEND:VTODO",
            "BEGIN:VCALENDAR\nkhông phải\nEND:VCALENDAR",
            "BEGIN:VCALENDAR\nA;B:1\nEND:VCALENDAR",
            &deep,
            &long,
        ] {
            assert!(to_json(wrong).is_err(), "{}", wrong.chars().take(40).collect::<String>());
        }
    }

    #[test]
    fn moments_that_are_none_stay_as_they_are_written() {
        for text in ["20261115Z", "2026111", "20261115T0800", "mai", "éééééééé", "20261115TééééééZ"]
        {
            assert_eq!(moment(text, None), text);
        }
    }
}
