//! A package's XML as a bounded tree of local names.
//!
//! Owns what of XML is let in: elements, text, character references and the five entities of XML; no DTD and no
//! other entity, so nothing can grow and nothing is fetched. Names lose their prefix, because the axis mixes both
//! forms of one namespace. The contents of attachments are not copied: the tree points into the bytes. It must not
//! know what an element means. Whatever breaks a limit refuses the whole package.

use super::Limits;
use super::finding::Refusal;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;
use std::ops::Range;

/// Bytes before the first `<` that are passed over: one official sample starts with four digits.
const MAX_JUNK: usize = 1024;

/// The element whose text is the content of an attachment.
const CONTENT: &str = "ContentTransferEncoded";

/// One element.
#[derive(Debug, Default)]
pub(super) struct Node<'a> {
    /// Name without prefix.
    pub name: &'a str,
    /// Its own text, references resolved; of an attachment's content nothing.
    pub text: Cow<'a, str>,
    /// Pieces of an attachment's content, as written.
    pub content: Vec<&'a str>,
    /// Its elements, in order.
    pub children: Vec<Node<'a>>,
    /// Where it stands in the text, from `<` to `>`.
    pub span: Range<usize>,
}

/// A whole document.
#[derive(Debug)]
pub(super) struct Document<'a> {
    /// Its text, from the first `<` on.
    pub text: &'a str,
    /// Its root element.
    pub root: Node<'a>,
    /// Namespace of the root, where it has one.
    pub namespace: Option<String>,
    /// Bytes that stood before the first `<`, a byte order mark aside.
    pub junk: usize,
}

impl<'a> Node<'a> {
    /// The first element of that name.
    pub fn child(&self, name: &str) -> Option<&Node<'a>> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All elements of that name.
    pub fn all<'n>(&'n self, name: &'static str) -> impl Iterator<Item = &'n Node<'a>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Trimmed text of an element; none where it is missing or empty.
    pub fn value(&self, name: &str) -> Option<String> {
        self.child(name).and_then(Node::own)
    }

    /// Its own trimmed text; none where it is empty.
    pub fn own(&self) -> Option<String> {
        let text = self.text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl<'a> Document<'a> {
    /// Reads a document.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, Refusal> {
        let (text, junk) = text_of(bytes)?;
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut open: Vec<Node<'a>> = Vec::new();
        let mut root: Option<Node<'a>> = None;
        let mut namespace = None;
        let (mut elements, mut kept) = (0_usize, 0_usize);
        loop {
            let before = position(&reader);
            let event = reader.read_event().map_err(|error| Refusal::Syntax(error.to_string()))?;
            match event {
                Event::Start(start) => {
                    elements += 1;
                    if elements > limits.elements {
                        return Err(Refusal::Limit("elements", limits.elements as u64));
                    }
                    if open.len() >= limits.depth {
                        return Err(Refusal::Limit("depth", limits.depth as u64));
                    }
                    if root.is_some() {
                        return Err(Refusal::Syntax("more than one root element".to_owned()));
                    }
                    if open.is_empty() {
                        namespace = namespace_of(&start);
                    }
                    let name = local(text, before, &start)?;
                    open.push(Node { name, span: before..before, ..Node::default() });
                }
                Event::End(_) => {
                    let Some(mut node) = open.pop() else {
                        return Err(Refusal::Syntax("an end without a start".to_owned()));
                    };
                    node.span.end = position(&reader);
                    match open.last_mut() {
                        Some(parent) => parent.children.push(node),
                        None => root = Some(node),
                    }
                }
                Event::Text(piece) => add(&mut open, piece.into_inner(), limits, &mut kept)?,
                Event::CData(piece) => add(&mut open, piece.into_inner(), limits, &mut kept)?,
                Event::GeneralRef(reference) => {
                    let name: &str = &reference;
                    let resolved = match name {
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "amp" => Some('&'),
                        "apos" => Some('\''),
                        "quot" => Some('"'),
                        _ => reference.resolve_char_ref().ok().flatten(),
                    };
                    // What it would stand for is declared in a DTD, and that is never read.
                    let Some(resolved) = resolved else { return Err(Refusal::Entity) };
                    add(&mut open, Cow::Owned(resolved.to_string()), limits, &mut kept)?;
                }
                Event::DocType(_) => return Err(Refusal::Entity),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        match root {
            Some(root) if open.is_empty() => Ok(Self { text, root, namespace, junk }),
            _ => Err(Refusal::Syntax("the document ends before its root element does".to_owned())),
        }
    }
}

/// Positions count bytes of a text in memory.
fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// The text from the first `<` on, and how many bytes stood before it.
fn text_of(bytes: &[u8]) -> Result<(&str, usize), Refusal> {
    let whole = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = whole.get(..MAX_JUNK).unwrap_or(whole);
    let Some(junk) = head.iter().position(|byte| *byte == b'<') else { return Err(Refusal::NotXml) };
    let rest = whole.get(junk..).unwrap_or_default();
    simdutf8::basic::from_utf8(rest).map(|text| (text, junk)).map_err(|_| Refusal::NotUtf8)
}

/// The name of a start tag without its prefix, out of the text itself: the event does not live as long.
fn local<'a>(text: &'a str, before: usize, start: &BytesStart<'_>) -> Result<&'a str, Refusal> {
    let length = start.name().as_ref().len();
    let written = text.get(before + 1..before + 1 + length);
    let written = written.ok_or_else(|| Refusal::Syntax("a name that is cut off".to_owned()))?;
    Ok(written.rsplit(':').next().unwrap_or(written))
}

/// The namespace of the root: that of its own prefix, else the default one.
fn namespace_of(start: &BytesStart<'_>) -> Option<String> {
    let name = start.name();
    let name = String::from_utf8_lossy(name.as_ref().as_ref()).into_owned();
    let wanted = match name.split_once(':') {
        Some((prefix, _)) => format!("xmlns:{prefix}"),
        None => "xmlns".to_owned(),
    };
    start.attributes().flatten().find_map(|attribute| {
        let key: &[u8] = attribute.key.as_ref().as_ref();
        (key == wanted.as_bytes())
            .then(|| String::from_utf8_lossy(attribute.value.as_ref().as_ref()).into_owned())
    })
}

fn add<'a>(
    open: &mut [Node<'a>],
    piece: Cow<'a, str>,
    limits: &Limits,
    kept: &mut usize,
) -> Result<(), Refusal> {
    let Some(node) = open.last_mut() else {
        return match piece.trim().is_empty() {
            true => Ok(()),
            false => Err(Refusal::Syntax("text outside the root element".to_owned())),
        };
    };
    if let (CONTENT, Cow::Borrowed(piece)) = (node.name, &piece) {
        node.content.push(piece);
        return Ok(());
    }
    *kept += piece.len();
    if *kept > limits.text {
        return Err(Refusal::Limit("text", limits.text as u64));
    }
    if node.text.is_empty() {
        node.text = piece;
    } else if !piece.is_empty() {
        node.text.to_mut().push_str(&piece);
    }
    Ok(())
}
