//! The walk over an XML text.
//!
//! Owns the one pass: which elements are records, which hold values, and when the text is no XML to be trusted. It
//! must not know what records mean. Nothing recurses; what is open lies in lists that are bounded by
//! [`MAX_NESTING`].

use super::record::Builder;
use super::{Element, Fault, Limits, MAX_NESTING, MAX_VALUE, Place, Shape, Walked, XmlError};
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::{NsReader, XmlVersion};

const XSI: Namespace<'static> = Namespace("http://www.w3.org/2001/XMLSchema-instance");

/// Walks over a whole text and gives out its records one after the other.
///
/// # Errors
/// Whatever makes the text untrustworthy: records given out before must then be thrown away.
pub fn split(
    text: &str,
    shape: &Shape,
    limits: Limits,
    take: &mut dyn FnMut(Element<'_>),
) -> Result<Walked, XmlError> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut walk = Walk {
        text,
        shape,
        limits,
        take,
        depth: 0,
        is_over: false,
        record: shape.record.as_ref().map(Track::new),
        values: shape.values.iter().map(Track::new).collect(),
        captures: Vec::new(),
        building: None,
        walked: Walked { records: 0, found: false, values: vec![None; shape.values.len()] },
    };
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|error| broken(text, reader.error_position(), &error))?;
        match event {
            Event::Start(start) => walk.begin(&start, &reader, at)?,
            Event::End(_) => walk.end(usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)),
            // Cannot come: empty elements are expanded.
            Event::Empty(_) => {}
            Event::Text(content) => walk.text(&content.xml10_content(), at)?,
            Event::CData(content) => walk.text(&content.xml10_content(), at)?,
            Event::GeneralRef(reference) => walk.reference(&reference, at)?,
            Event::DocType(_) => return Err(XmlError::Doctype(line(text, at))),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => break,
        }
    }
    if !walk.is_over {
        let why = if walk.depth > 0 { "it ends before its elements do" } else { "it holds no element" };
        return Err(XmlError::Broken { line: line(text, text.len()), why: why.to_owned() });
    }
    Ok(walk.walked)
}

fn line(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().get(..at.min(text.len())).unwrap_or_default();
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}

fn broken(text: &str, at: u64, error: &dyn std::fmt::Display) -> XmlError {
    let why: String = error.to_string().chars().filter(|c| !c.is_control()).take(200).collect();
    XmlError::Broken { line: line(text, usize::try_from(at).unwrap_or(usize::MAX)), why }
}

/// How far the open elements fit a place.
struct Track<'s> {
    place: &'s Place,
    /// Open elements that fit its first steps.
    fits: usize,
}

impl<'s> Track<'s> {
    fn new(place: &'s Place) -> Self {
        Self { place, fits: 0 }
    }

    /// An element begins below `depth` open ones; true where it is the place's element.
    fn begin(&mut self, depth: usize, start: &BytesStart<'_>, namespace: &ResolveResult<'_>) -> bool {
        let step = (self.fits == depth).then(|| self.place.steps.get(depth)).flatten();
        let fits = step.is_some_and(|step| step.fits(start.name(), namespace));
        self.fits += usize::from(fits);
        fits && self.fits == self.place.steps.len()
    }

    /// An element below `depth` open ones ended.
    fn end(&mut self, depth: usize) {
        self.fits = self.fits.min(depth);
    }
}

/// A value being read.
struct Capture {
    slot: usize,
    depth: usize,
    text: String,
}

struct Walk<'t, 's, 'k> {
    text: &'t str,
    shape: &'s Shape,
    limits: Limits,
    take: &'k mut dyn FnMut(Element<'_>),
    /// Open elements.
    depth: usize,
    /// Whether the root has ended.
    is_over: bool,
    record: Option<Track<'s>>,
    values: Vec<Track<'s>>,
    captures: Vec<Capture>,
    building: Option<Building<'s>>,
    walked: Walked,
}

/// The record at hand.
struct Building<'s> {
    builder: Builder<'s>,
    /// Where it begins in the text.
    from: usize,
    /// Elements open around it.
    depth: usize,
}

impl Walk<'_, '_, '_> {
    fn outside(&self, at: usize) -> XmlError {
        XmlError::Broken {
            line: line(self.text, at),
            why: "something stands outside the root element".to_owned(),
        }
    }

    fn begin(&mut self, start: &BytesStart<'_>, reader: &NsReader<&[u8]>, at: usize) -> Result<(), XmlError> {
        if self.is_over {
            return Err(self.outside(at));
        }
        if self.depth >= MAX_NESTING {
            return Err(XmlError::TooDeep);
        }
        let (namespace, _) = reader.resolver().resolve_element(start.name());
        if self.building.is_none() {
            self.find(start, &namespace, at)?;
        }
        self.depth += 1;
        let broken = |error: &dyn std::fmt::Display| broken(self.text, at as u64, error);
        let Some(Building { builder, .. }) = &mut self.building else {
            return self.values_of(start, reader, at);
        };
        let is_nil = |name, value: &str| {
            let (space, local) = reader.resolver().resolve_attribute(name);
            let ours = space == ResolveResult::Bound(XSI);
            (ours, ours && local.into_inner() == "nil" && matches!(value.trim(), "true" | "1"))
        };
        let (mut nil, mut kept) = (false, Vec::new());
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| broken(&error))?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let (schema, says_nil) = is_nil(attribute.key, &attribute.value);
            nil |= says_nil;
            if !schema {
                kept.push(attribute);
            }
            if kept.len() > super::MAX_ATTRIBUTES {
                builder.fail(Fault::ManyAttributes);
                return Ok(());
            }
        }
        builder.begin(start.local_name().into_inner(), nil);
        for attribute in kept {
            match attribute.normalized_value(XmlVersion::Implicit1_0) {
                Ok(value) => builder.attribute(attribute.key.local_name().into_inner(), &value),
                Err(_) => builder.fail(Fault::Entity(shown(&attribute.value))),
            }
        }
        Ok(())
    }

    /// Looks whether an element outside records is one, or leads to one.
    fn find(
        &mut self,
        start: &BytesStart<'_>,
        namespace: &ResolveResult<'_>,
        at: usize,
    ) -> Result<(), XmlError> {
        let Some(record) = &mut self.record else { return Ok(()) };
        let is_record = record.begin(self.depth, start, namespace);
        let steps = record.place.steps.len();
        self.walked.found |= is_record || (steps > 1 && record.fits == steps - 1);
        if !is_record {
            return Ok(());
        }
        if self.walked.records >= self.limits.records {
            return Err(XmlError::TooManyRecords(self.limits.records));
        }
        let builder = Builder::new(&self.shape.lists, self.limits.record_bytes);
        self.building = Some(Building { builder, from: at, depth: self.depth });
        Ok(())
    }

    /// Looks for values at an element outside records.
    fn values_of(
        &mut self,
        start: &BytesStart<'_>,
        reader: &NsReader<&[u8]>,
        at: usize,
    ) -> Result<(), XmlError> {
        let (namespace, _) = reader.resolver().resolve_element(start.name());
        let broken = |error: &dyn std::fmt::Display| broken(self.text, at as u64, error);
        let mut attributes = start.attributes();
        let attributes = attributes.with_checks(false).take(super::MAX_ATTRIBUTES + 1);
        let attributes = attributes.collect::<Result<Vec<_>, _>>().map_err(|error| broken(&error))?;
        if attributes.len() > super::MAX_ATTRIBUTES {
            return Err(broken(&format_args!("more than {} attributes", super::MAX_ATTRIBUTES)));
        }
        let mut found = Vec::new();
        for (slot, track) in self.values.iter_mut().enumerate() {
            let reached = track.begin(self.depth - 1, start, &namespace);
            if !reached || self.walked.values.get(slot).is_none_or(Option::is_some) {
                continue;
            }
            let Some(name) = &track.place.attribute else {
                self.captures.push(Capture { slot, depth: self.depth, text: String::new() });
                continue;
            };
            let is_named = |one: &&Attribute<'_>| {
                one.key.as_namespace_binding().is_none() && one.key.local_name().into_inner() == &**name
            };
            if let Some(attribute) = attributes.iter().find(is_named) {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                found.push((slot, value.map_err(|error| broken(&error))?.into_owned()));
            }
        }
        found.into_iter().try_for_each(|(slot, value)| self.keep(slot, value))
    }

    fn keep(&mut self, slot: usize, value: String) -> Result<(), XmlError> {
        if value.len() > MAX_VALUE {
            return Err(XmlError::LongValue);
        }
        if let Some(kept) = self.walked.values.get_mut(slot).filter(|_| !value.trim().is_empty()) {
            *kept = Some(value);
        }
        Ok(())
    }

    fn text(&mut self, text: &str, at: usize) -> Result<(), XmlError> {
        if let Some(building) = &mut self.building {
            building.builder.text(text);
            return Ok(());
        }
        if self.depth == 0 {
            return if text.trim().is_empty() { Ok(()) } else { Err(self.outside(at)) };
        }
        for capture in self.captures.iter_mut().filter(|capture| capture.depth == self.depth) {
            if capture.text.len() + text.len() > MAX_VALUE {
                return Err(XmlError::LongValue);
            }
            capture.text.push_str(text);
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>, at: usize) -> Result<(), XmlError> {
        let known = match reference.resolve_char_ref() {
            Ok(Some(character)) => Some(character),
            Ok(None) => match &**reference {
                "lt" => Some('<'),
                "gt" => Some('>'),
                "amp" => Some('&'),
                "apos" => Some('\''),
                "quot" => Some('"'),
                _ => None,
            },
            Err(_) => None,
        };
        match (known, &mut self.building) {
            (Some(character), _) => self.text(character.encode_utf8(&mut [0; 4]), at),
            (None, Some(building)) => {
                building.builder.fail(Fault::Entity(shown(reference)));
                Ok(())
            }
            (None, None) => Err(XmlError::Broken {
                line: line(self.text, at),
                why: Fault::Entity(shown(reference)).to_string(),
            }),
        }
    }

    fn end(&mut self, to: usize) {
        self.depth = self.depth.saturating_sub(1);
        self.is_over = self.depth == 0;
        let ends_record = self.building.as_ref().is_some_and(|building| building.depth == self.depth);
        if let Some(building) = &mut self.building {
            building.builder.end();
        }
        if ends_record && let Some(building) = self.building.take() {
            let source = self.text.get(building.from..to).unwrap_or_default();
            let index = self.walked.records;
            self.walked.records += 1;
            (self.take)(Element { index, json: building.builder.finish(), source });
        }
        if self.building.is_none() {
            if let Some(record) = &mut self.record {
                record.end(self.depth);
            }
            self.values.iter_mut().for_each(|track| track.end(self.depth));
            while let Some(capture) = self.captures.pop_if(|capture| capture.depth > self.depth) {
                let value = (!capture.text.trim().is_empty()).then_some(capture.text);
                if let Some(kept) = self.walked.values.get_mut(capture.slot).filter(|kept| kept.is_none()) {
                    *kept = value;
                }
            }
        }
    }
}

/// The beginning of a name, for messages.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
