//! A record's members in whatever order they come.
//!
//! Owns the bytes by which two records are told to be the same whose members stand in another order, at any depth. It must
//! not know what members mean. What is no JSON is an error, and the record is then told by its text.

use super::json::{Json, JsonError, Member};
use std::borrow::Cow;

/// Members as bytes that are the same in whatever order the members of any object in them stand; some left out.
///
/// # Errors
/// When a value is no JSON, or too deep or large for a tree.
pub fn in_any_order(members: &[Member<'_, &str>], left_out: &[String]) -> Result<Vec<u8>, JsonError> {
    let kept = members.iter().filter(|(key, _)| !left_out.iter().any(|name| name == key));
    let mut parsed = Vec::with_capacity(members.len());
    for (key, value) in kept {
        parsed.push((Cow::Borrowed(key.as_ref()), Json::parse(value)?));
    }
    let mut out = Vec::new();
    write_in_order(&Json::Object(parsed), &mut out);
    Ok(out)
}

/// Every part begins with its kind and length, so that no two values are written alike.
fn write_in_order(value: &Json<'_>, out: &mut Vec<u8>) {
    let mut part = |kind: u8, length: usize, text: &str| {
        out.push(kind);
        out.extend_from_slice(&(length as u64).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    };
    match value {
        Json::Null => part(b'0', 0, ""),
        Json::Bool(flag) => part(b'b', usize::from(*flag), ""),
        Json::Number(number) => part(b'n', number.len(), number),
        Json::Text(text) => part(b't', text.len(), text),
        Json::List(items) => {
            part(b'l', items.len(), "");
            items.iter().for_each(|item| write_in_order(item, out));
        }
        Json::Object(members) => {
            part(b'o', members.len(), "");
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|one, other| one.0.cmp(&other.0));
            for (key, value) in sorted {
                write_in_order(&Json::Text(key.clone()), out);
                write_in_order(value, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::members;
    use super::*;

    #[test]
    fn members_in_another_order_are_told_alike_at_every_depth_and_nothing_else_is() {
        let told = |text: &str, left_out: &[&str]| {
            let left_out: Vec<String> = left_out.iter().map(|name| (*name).to_owned()).collect();
            in_any_order(&members(text).expect("members"), &left_out).expect("told")
        };
        let first =
            told(r#"{"id":1,"due":{"year":2026,"month":11},"who":[{"a":"x","b":null}],"n":1.50}"#, &[]);
        let again = r#"{"who":[{"b":null,"a":"x"}],"n":1.50,"due":{"month":11,"year":2026},"id":1}"#;
        assert_eq!(first, told(again, &[]));
        for other in [
            r#"{"id":"1","due":{"year":2026,"month":11},"who":[{"a":"x","b":null}],"n":1.50}"#,
            r#"{"id":1,"due":{"year":11,"month":2026},"who":[{"a":"x","b":null}],"n":1.50}"#,
            r#"{"id":1,"due":{"year":2026,"month":11},"who":[{"a":"x"}],"n":1.50}"#,
            r#"{"id":1,"due":{"year":2026,"month":11},"who":[{"a":"x","b":null}],"n":1.5}"#,
        ] {
            assert_ne!(first, told(other, &[]), "{other}");
        }
        assert_ne!(told(r#"{"l":[1,2]}"#, &[]), told(r#"{"l":[2,1]}"#, &[]), "a list has an order");
        assert_eq!(told(r#"{"id":1,"hits":7}"#, &["hits"]), told(r#"{"hits":8,"id":1}"#, &["hits"]));
    }
}
