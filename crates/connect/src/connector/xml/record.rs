//! One record element on its way to JSON text.
//!
//! Owns the convention of the module and the limits of a record. Values are written straight into the text; only where
//! children repeat or are a list by declaration are they put in order once more, when their parent ends. After a
//! [`Fault`] nothing more is written. It must not know where the record stands.

use super::super::json::MAX_VALUES;
use super::{Fault, MAX_ATTRIBUTES, MAX_DEPTH};
use std::collections::HashMap;
use std::ops::Range;

/// Members from which on they are looked up instead of compared.
const FEW: usize = 24;

/// A record being written.
pub(super) struct Builder<'s> {
    lists: &'s [Vec<String>],
    limit: usize,
    out: String,
    frames: Vec<Frame>,
    values: u32,
    fault: Option<Fault>,
    /// Bytes of text of open elements.
    waiting: usize,
    /// Whether a character was written that XML forbids.
    illegal: bool,
}

/// An open element.
struct Frame {
    /// Its key in `out`; empty for the record.
    key: Range<usize>,
    /// Where its value begins.
    start: usize,
    nil: bool,
    text: String,
    members: Vec<(Range<usize>, Range<usize>)>,
}

impl<'s> Builder<'s> {
    pub(super) fn new(lists: &'s [Vec<String>], limit: usize) -> Self {
        Self {
            lists,
            limit,
            out: String::new(),
            frames: Vec::new(),
            values: 0,
            fault: None,
            waiting: 0,
            illegal: false,
        }
    }

    /// Keeps the first fault; what was written is of no use any more.
    pub(super) fn fail(&mut self, fault: Fault) {
        if self.fault.is_none() {
            self.fault = Some(fault);
            self.out.clear();
            self.frames.clear();
        }
    }

    pub(super) fn is_faulty(&self) -> bool {
        self.fault.is_some()
    }

    fn count(&mut self) {
        self.values += 1;
        if self.values > MAX_VALUES {
            self.fail(Fault::TooMany);
        }
    }

    fn weigh(&mut self) {
        if self.illegal {
            self.fail(Fault::Character);
        }
        if self.out.len() + self.waiting > self.limit {
            self.fail(Fault::TooLarge(self.limit));
        }
    }

    /// Writes text as the inside of a JSON string.
    fn written(&mut self, text: &str) {
        self.illegal |= !escape(&mut self.out, text);
    }

    /// Writes `"key":` as the next member of the open element.
    fn key(&mut self, sign: &str, name: &str) -> Range<usize> {
        if let Some(parent) = self.frames.last() {
            self.out.push(if parent.members.is_empty() { '{' } else { ',' });
        }
        let from = self.out.len();
        self.out.push('"');
        self.out.push_str(sign);
        self.written(name);
        self.out.push('"');
        let key = from..self.out.len();
        self.out.push(':');
        key
    }

    /// An element begins; `nil` says that it is null whatever it holds.
    pub(super) fn begin(&mut self, name: &str, nil: bool) {
        self.count();
        if self.frames.len() >= MAX_DEPTH {
            self.fail(Fault::TooDeep);
        }
        if self.is_faulty() {
            return;
        }
        let key = if self.frames.is_empty() { 0..0 } else { self.key("", name) };
        let start = self.out.len();
        self.frames.push(Frame { key, start, nil, text: String::new(), members: Vec::new() });
    }

    /// An attribute of the element that just began.
    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        self.count();
        if self.frames.last().is_some_and(|frame| frame.members.len() >= MAX_ATTRIBUTES) {
            self.fail(Fault::ManyAttributes);
        }
        if self.is_faulty() {
            return;
        }
        self.member("@", name, value);
        let Some((key, _)) = self.frames.last().and_then(|frame| frame.members.last()) else { return };
        let text = |range: &Range<usize>| self.out.get(range.clone());
        let same = |(other, _): &(Range<usize>, Range<usize>)| text(other) == text(key);
        if self.frames.last().is_some_and(|frame| frame.members.iter().filter(|one| same(one)).count() > 1) {
            return self.fail(Fault::DuplicateAttribute(name.to_owned()));
        }
        self.weigh();
    }

    fn member(&mut self, sign: &str, name: &str, value: &str) {
        let key = self.key(sign, name);
        let from = self.out.len();
        self.out.push('"');
        self.written(value);
        self.out.push('"');
        let to = self.out.len();
        if let Some(frame) = self.frames.last_mut() {
            frame.members.push((key, from..to));
        }
    }

    /// Text of the open element.
    pub(super) fn text(&mut self, text: &str) {
        if let Some(frame) = self.frames.last_mut() {
            frame.text.push_str(text);
            self.waiting += text.len();
            self.weigh();
        }
    }

    /// The open element ends.
    pub(super) fn end(&mut self) {
        let Some(last) = self.frames.last_mut() else { return };
        let text = std::mem::take(&mut last.text);
        self.waiting = self.waiting.saturating_sub(text.len());
        let is_blank = text.trim().is_empty();
        if last.nil {
            let start = last.start;
            self.out.truncate(start);
            self.out.push_str("null");
        } else if !last.members.is_empty() {
            if !is_blank {
                // Blanks around children are the writer's indentation.
                let only_attributes = last
                    .members
                    .iter()
                    .all(|(key, _)| self.out.get(key.clone()).is_some_and(|key| key.starts_with("\"@")));
                self.member("#", "text", if only_attributes { &text } else { text.trim() });
            }
            self.order();
            self.out.push('}');
        } else if is_blank {
            self.out.push_str("null");
        } else {
            self.out.push('"');
            self.written(&text);
            self.out.push('"');
        }
        self.weigh();
        let Some(ended) = self.frames.pop() else { return };
        let to = self.out.len();
        if let Some(parent) = self.frames.last_mut() {
            parent.members.push((ended.key, ended.start..to));
        }
    }

    /// Gathers children of one name into lists.
    fn order(&mut self) {
        let Some(frame) = self.frames.last() else { return };
        let key = |at: usize| {
            let key = frame.members.get(at).map(|(key, _)| key.clone()).unwrap_or_default();
            self.out.get(key).unwrap_or_default()
        };
        let forced: Vec<&str> = self.forced();
        let is_forced =
            |key: &str| key.get(1..key.len().saturating_sub(1)).is_some_and(|name| forced.contains(&name));
        let count = frame.members.len();
        let repeats = if count <= FEW {
            (1..count).any(|at| (0..at).any(|before| key(before) == key(at)))
        } else {
            let mut seen = std::collections::HashSet::with_capacity(count);
            (0..count).any(|at| !seen.insert(key(at)))
        };
        if !repeats && !(0..count).any(|at| is_forced(key(at))) {
            return;
        }
        let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::with_capacity(count.min(1_024));
        for at in 0..count {
            let group = *known.entry(key(at)).or_insert_with(|| {
                groups.push((key(at), Vec::new()));
                groups.len() - 1
            });
            if let Some((_, values)) = groups.get_mut(group) {
                values.push(at);
            }
        }
        let value = |at: &usize| {
            let value = frame.members.get(*at).map(|(_, value)| value.clone()).unwrap_or_default();
            self.out.get(value).unwrap_or_default()
        };
        let mut ordered = String::with_capacity(self.out.len().saturating_sub(frame.start) + 16);
        for (name, values) in &groups {
            ordered.push(if ordered.is_empty() { '{' } else { ',' });
            ordered.push_str(name);
            ordered.push(':');
            let list = values.len() > 1 || is_forced(name);
            if list {
                ordered.push('[');
            }
            for (number, at) in values.iter().enumerate() {
                if number > 0 {
                    ordered.push(',');
                }
                ordered.push_str(value(at));
            }
            if list {
                ordered.push(']');
            }
        }
        let start = frame.start;
        self.out.truncate(start);
        self.out.push_str(&ordered);
    }

    /// Names of the open element's children that are lists by declaration.
    fn forced(&self) -> Vec<&'s str> {
        let depth = self.frames.len().saturating_sub(1);
        let name = |frame: &Frame| {
            let inner = frame.key.start + 1..frame.key.end.saturating_sub(1);
            self.out.get(inner).unwrap_or_default()
        };
        let here = |list: &&Vec<String>| {
            list.len() == depth + 1
                && list.iter().zip(self.frames.iter().skip(1)).all(|(wanted, frame)| wanted == name(frame))
        };
        self.lists.iter().filter(here).filter_map(|list| list.last().map(String::as_str)).collect()
    }

    /// The record, or its fault.
    pub(super) fn finish(&self) -> Result<&str, Fault> {
        match &self.fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(&self.out),
        }
    }
}

/// Writes text as the inside of a JSON string.
/// False where it holds a control character, which XML forbids.
fn escape(out: &mut String, text: &str) -> bool {
    use std::fmt::Write as _;
    let (mut from, mut legal) = (0, true);
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(from..at).unwrap_or_default());
        from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            _ => {
                legal = false;
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    legal
}
