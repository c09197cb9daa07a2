//! From a package's bytes to its values.
//!
//! Owns the tolerance of the reader: both namespace forms, any order, junk before the XML, `null` as an agency,
//! missing elements, dates that are none. What is tolerated is a warning in the package; what leaves nothing to hold on
//! to is a [`Refusal`]. It must not know transports, tasks or the store. Pure: same bytes and directory, same package.

use super::attachment::{self, Budget, bare, cut, hex};
use super::finding::Refusal;
use super::key;
use super::package::{
    Attachment, Business, Changed, DocumentType, Hop, Organization, Other, Package, PackageKind, Receiver,
    Reference, Replaced, Report, ResponseFor, Signer, Staff,
};
use super::tree::{Document, Node};
use super::{Edxml, Kept};
use chrono::NaiveDateTime;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Most warnings of one package.
const MAX_WARNINGS: usize = 50;

/// First words of a package as we keep it, before its digest.
const KEPT: &str = "lienthong-edxml-1 ";

/// Elements of the standard, by local name.
const KNOWN: &str = " edXML edXMLEnvelope edXMLHeader MessageHeader From To DocumentId Code CodeNumber CodeNotation \
    PromulgationInfo Place PromulgationDate DocumentType Type TypeDetail TypeName Subject Content SignerInfo Competence \
    Position FullName DueDate OtherInfo Priority SphereOfPromulgation TyperNotation PromulgationAmount PageAmount \
    ReplyFors ReplyFor Direction ReferenceCodes ReferenceCode Appendixes Appendix ResponseFor OrganId SteeringType \
    ResponseForTask TaskCode ApplicationType ToPlaces TraceHeaderList TraceHeader Timestamp Bussiness BussinessDocType \
    BussinessDocReason Paper BussinessDocumentInfo DocumentInfo DocumentReceiver ReceiverList Receiver ReceiverType \
    ReplacementInfoList ReplacementInfo OrganIdList StaffInfo Department Staff Email Mobile Signature edXMLBody \
    edXMLManifest Reference ContentId ContentType Description AttachmentName AttachmentEncoded Attachment FieldName \
    MimeType ContentTransferEncoded OrganizationInCharge OrganName OrganAdd Telephone Fax Website StatusCode Agency \
    AgencyList OrganName DepartmentId DepartmentName ExecuteRole ";

impl Edxml {
    /// Reads a package as it came.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(&self, bytes: &[u8]) -> Result<Package, Refusal> {
        Ok(self.read_and_cut(bytes)?.0)
    }

    /// Reads a package as it came, and what is kept of it: everything but the contents of its attachments.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read_and_cut(&self, bytes: &[u8]) -> Result<(Package, Kept), Refusal> {
        if bytes.len() as u64 > self.limits.package {
            return Err(Refusal::Limit("package", self.limits.package));
        }
        let document = Document::parse(bytes, &self.limits)?;
        let sha256 = hex(&Sha256::digest(bytes));
        let package = self.package(&document, sha256, false)?;
        let kept = kept(&document, &package);
        Ok((package, kept))
    }

    /// Reads a package as it was kept: with the digests of what it held.
    ///
    /// # Errors
    /// Why it is none, also where it was kept by another program.
    pub fn read_kept(&self, kept: &[u8]) -> Result<Package, Refusal> {
        let end = kept.iter().position(|byte| *byte == b'\n').ok_or(Refusal::NotXml)?;
        let (head, rest) = (kept.get(..end).unwrap_or_default(), kept.get(end + 1..).unwrap_or_default());
        let head = std::str::from_utf8(head).ok().and_then(|head| head.strip_prefix(KEPT));
        let (sha256, junk) = head.and_then(|head| head.split_once(' ')).ok_or(Refusal::NotXml)?;
        let mut document = Document::parse(rest, &self.limits)?;
        document.junk = junk.parse().unwrap_or_default();
        self.package(&document, sha256.to_owned(), true)
    }

    fn package(&self, document: &Document<'_>, sha256: String, kept: bool) -> Result<Package, Refusal> {
        let root = &document.root;
        if root.name != "edXML" {
            return Err(Refusal::OtherRoot(root.name.to_owned()));
        }
        let mut warnings = Vec::new();
        if document.junk > 0 {
            warnings.push(format!("junk_before_xml: {}", document.junk));
        }
        match &document.namespace {
            Some(namespace) if self.namespaces.contains(namespace) => {}
            other => {
                let shown: String = other.as_deref().unwrap_or("none").chars().take(100).collect();
                warnings.push(format!("namespace: {shown}"));
            }
        }
        let nothing = Node::default();
        let envelope = root.child("edXMLEnvelope").unwrap_or(root);
        let header = envelope.child("edXMLHeader").unwrap_or(&nothing);
        let message = header.child("MessageHeader").unwrap_or(&nothing);
        let mut package = self.message(message, &mut warnings);
        package.sha256 = sha256;
        self.trace(header, &mut package, &mut warnings);
        package.agencies = agencies(root);
        if let Some(signature) = header.child("Signature").or_else(|| root.child("Signature")) {
            package.signed = true;
            package.signature = document.text.get(signature.span.clone()).map(str::to_owned);
        }
        let body = envelope.child("edXMLBody").or_else(|| root.child("edXMLBody")).unwrap_or(&nothing);
        package.references =
            body.child("edXMLManifest").unwrap_or(&nothing).all("Reference").map(reference).collect();
        let mut budget = Budget::of(&self.limits);
        for attachment in root
            .all("AttachmentEncoded")
            .chain(envelope.all("AttachmentEncoded"))
            .flat_map(|list| list.all("Attachment"))
        {
            if package.attachments.len() >= self.limits.attachments {
                return Err(Refusal::Limit("attachments", self.limits.attachments as u64));
            }
            let read = self.attachment(attachment, &package.references, (kept, &mut budget), &mut warnings);
            package.attachments.push(read);
        }
        self.identify(&mut package)?;
        unknown(root, &mut warnings);
        warnings.truncate(MAX_WARNINGS);
        package.warnings = warnings;
        Ok(package)
    }

    /// What `MessageHeader` says.
    fn message(&self, message: &Node<'_>, warnings: &mut Vec<String>) -> Package {
        let nothing = Node::default();
        let code = message.child("Code").unwrap_or(&nothing);
        let issue = message.child("PromulgationInfo").unwrap_or(&nothing);
        let mut package = Package {
            from: message.child("From").map(organization).unwrap_or_default(),
            to: message.all("To").map(organization).filter(|to| *to != Organization::default()).collect(),
            document_id: message.value("DocumentId"),
            code_number: code.value("CodeNumber"),
            code_notation: code.value("CodeNotation"),
            place: issue.value("Place"),
            promulgated: issue.value("PromulgationDate"),
            document_type: message.child("DocumentType").map(|node| DocumentType {
                group: node.value("Type"),
                detail: node.value("TypeDetail"),
                name: node.value("TypeName"),
            }),
            subject: message.value("Subject"),
            content: message.value("Content"),
            signer: message.child("SignerInfo").map(|node| Signer {
                competence: node.value("Competence"),
                position: node.value("Position"),
                name: node.value("FullName"),
            }),
            due: message.value("DueDate"),
            other: message.child("OtherInfo").map(other),
            steering: message.value("SteeringType"),
            application_type: message.value("ApplicationType"),
            ..Package::default()
        };
        package.task_codes = message
            .all("ResponseForTask")
            .flat_map(|list| list.all("TaskCode"))
            .filter_map(Node::own)
            .collect();
        package.to_places =
            message.all("ToPlaces").flat_map(|list| list.all("Place")).filter_map(Node::own).collect();
        for node in message.all("ResponseFor") {
            let mut answer = ResponseFor {
                organ_id: node.value("OrganId"),
                code: node.value("Code"),
                document_id: node.value("DocumentId"),
                promulgated: node.value("PromulgationDate"),
                key: None,
            };
            if answer == ResponseFor::default() {
                warnings.push("response_for_empty".to_owned());
                continue;
            }
            answer.key = self.key_of_answer(&answer);
            package.response_for.push(answer);
        }
        if package.from.name.is_none() {
            warnings.push("organ_name_missing".to_owned());
        }
        if let Some(code) = message.value("StatusCode") {
            if package.to.is_empty() {
                package.kind = PackageKind::Status;
            } else {
                warnings.push("status_code_in_document".to_owned());
            }
            package.report = Some(Report {
                code: Some(two_digits(&code)),
                description: message.value("Description"),
                at: message.value("Timestamp"),
                staff: message.child("StaffInfo").map(staff),
            });
        }
        package
    }

    fn key_of_answer(&self, answer: &ResponseFor) -> Option<String> {
        let code = answer.code.as_deref().and_then(key::number_and_notation);
        let (number, notation) = code.unzip();
        let (issuer, day) = (answer.organ_id.as_deref(), answer.promulgated.as_deref());
        let agencies = &*self.agencies;
        key::of_parts(issuer, day, number, notation, agencies)
            .or_else(|| key::of_composite(answer.document_id.as_deref()?, agencies))
            .or_else(|| key::of_alias(answer.document_id.as_deref()?))
    }

    /// What `TraceHeaderList` says: the hops, and what is done with the document.
    fn trace(&self, header: &Node<'_>, package: &mut Package, warnings: &mut Vec<String>) {
        let nothing = Node::default();
        let list = header.child("TraceHeaderList").unwrap_or(&nothing);
        for node in list.all("TraceHeader") {
            let organ_id = node.value("OrganId");
            if organ_id.as_deref() == Some("null") {
                warnings.push("organ_null_in_trace".to_owned());
            }
            let organ_id = organ_id.filter(|organ| organ != "null");
            package.trace.push(Hop { organ_id, at: node.value("Timestamp") });
        }
        let reported = package.report.as_ref().and_then(|report| report.at.as_deref());
        let hops = package.trace.iter().filter_map(|hop| hop.at.as_deref());
        // The sender's own time is the first one; a relay adds later ones.
        let first = hops.filter_map(|at| Some((moment(at)?, at))).min_by_key(|(moment, _)| *moment);
        package.sent_at = reported.or(first.map(|(_, at)| at)).map(str::to_owned);
        match list.child("Bussiness").or_else(|| header.child("Bussiness")) {
            Some(node) => package.business = Some(self.business(node)),
            None if package.kind == PackageKind::Document => warnings.push("business_missing".to_owned()),
            None => {}
        }
    }

    fn business(&self, node: &Node<'_>) -> Business {
        let replaced = node.all("ReplacementInfoList").flat_map(|list| list.all("ReplacementInfo"));
        Business {
            kind: node.value("BussinessDocType"),
            document_id: node.value("DocumentId"),
            reason: node.value("BussinessDocReason"),
            paper: node.value("Paper"),
            changed: node.all("BussinessDocumentInfo").map(changed).collect(),
            replaced: replaced
                .map(|node| {
                    let document_id = node.value("DocumentId");
                    let agencies = &*self.agencies;
                    let key = document_id.as_deref();
                    let key =
                        key.and_then(|id| key::of_composite(id, agencies).or_else(|| key::of_alias(id)));
                    let organs = node.all("OrganIdList").flat_map(|list| list.all("OrganId"));
                    Replaced { document_id, organs: organs.filter_map(Node::own).collect(), key }
                })
                .collect(),
            staff: node.all("StaffInfo").map(staff).collect(),
        }
    }

    fn attachment(
        &self,
        node: &Node<'_>,
        references: &[Reference],
        (kept, budget): (bool, &mut Budget),
        warnings: &mut Vec<String>,
    ) -> Attachment {
        let content_id = node.value("ContentId").map(|id| without_cid(&id));
        let listed =
            references.iter().find(|reference| content_id.is_some() && reference.content_id == content_id);
        let named = node.value("AttachmentName").or_else(|| listed?.name.clone());
        if named.as_deref().is_some_and(|name| bare(name) != name) {
            warnings.push("attachment_name_with_folder".to_owned());
        }
        let content_type = node.value("ContentType").or_else(|| node.value("MimeType"));
        let declared = listed.and_then(|reference| reference.content_type.as_ref());
        if let (Some(manifest), Some(payload)) = (declared, &content_type)
            && !manifest.eq_ignore_ascii_case(payload)
        {
            warnings.push(format!("types_differ: {manifest} {payload}"));
        }
        let mut attachment = Attachment {
            content_id,
            name: named.map(|name| bare(&name).to_owned()),
            description: node.value("Description"),
            field_name: node.value("FieldName"),
            content_type,
            ..Attachment::default()
        };
        let pieces = node.child("ContentTransferEncoded").map(|node| node.content.as_slice());
        let limits = (&self.limits, budget);
        attachment::measure(&mut attachment, pieces.unwrap_or_default(), kept, limits, warnings);
        attachment
    }

    /// Which document it is about, and by whom.
    fn identify(&self, package: &mut Package) -> Result<(), Refusal> {
        let agencies = &*self.agencies;
        let sender = package.from.organ_id.as_deref();
        if package.kind == PackageKind::Status {
            let about =
                package.response_for.iter().find_map(|answer| Some((answer.key.clone()?, answer.clone())));
            let Some((key, about)) = about else { return Err(Refusal::NoKey) };
            package.key = key;
            package.number = about.code;
            package.issuer = about.organ_id.as_deref().and_then(|code| key::canonical(code, agencies));
            return Ok(());
        }
        let (number, notation) = (package.code_number.as_deref(), package.code_notation.as_deref());
        package.number = number.zip(notation).map(|(number, notation)| format!("{number}/{notation}"));
        package.issuer = sender.and_then(|code| key::canonical(code, agencies));
        let known = sender.and_then(|code| agencies.find(&key::plain(code)));
        let known = known.map(|agency| agency.name.clone()).filter(|name| !name.is_empty());
        package.issuer_name = package.from.name.clone().or(known);
        let id = package.document_id.as_deref();
        let key = key::of_parts(sender, package.promulgated.as_deref(), number, notation, agencies)
            .or_else(|| key::of_composite(id?, agencies))
            .or_else(|| key::of_alias(id?));
        package.key = key.ok_or(Refusal::NoKey)?;
        Ok(())
    }
}

/// What is kept of a package: its text with a mark in place of each content, after a line with its digest.
fn kept(document: &Document<'_>, package: &Package) -> Kept {
    let mut kept = format!("{KEPT}{} {}\n", package.sha256, document.junk);
    let envelope = document.root.child("edXMLEnvelope");
    let lists = document.root.all("AttachmentEncoded");
    let lists = lists.chain(envelope.into_iter().flat_map(|envelope| envelope.all("AttachmentEncoded")));
    let contents = lists.flat_map(|list| list.all("Attachment"));
    let mut cuts: Vec<(usize, usize, String)> = Vec::new();
    for (node, attachment) in contents.zip(&package.attachments) {
        let Some(content) = node.child("ContentTransferEncoded") else { continue };
        let start = document.text.as_ptr() as usize;
        for (index, piece) in content.content.iter().enumerate() {
            let from = (piece.as_ptr() as usize).saturating_sub(start);
            let mark = if index == 0 { cut(attachment) } else { String::new() };
            cuts.push((from, from + piece.len(), mark));
        }
    }
    cuts.sort_unstable();
    let mut at = 0;
    for (from, to, mark) in cuts {
        kept.push_str(document.text.get(at..from).unwrap_or_default());
        kept.push_str(&mark);
        at = to;
    }
    kept.push_str(document.text.get(at..).unwrap_or_default());
    Kept(kept.into_bytes().into())
}

/// A local time as the standard writes times.
pub(super) fn moment(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text.trim(), "%Y/%m/%d %H:%M:%S").ok()
}

fn two_digits(code: &str) -> String {
    match code.trim() {
        digit if digit.len() == 1 && digit.bytes().all(|byte| byte.is_ascii_digit()) => format!("0{digit}"),
        code => code.to_owned(),
    }
}

fn without_cid(id: &str) -> String {
    id.strip_prefix("cid:").unwrap_or(id).to_owned()
}

fn organization(node: &Node<'_>) -> Organization {
    Organization {
        organ_id: node.value("OrganId"),
        in_charge: node.value("OrganizationInCharge"),
        name: node.value("OrganName"),
        address: node.value("OrganAdd"),
        email: node.value("Email"),
        telephone: node.value("Telephone"),
        fax: node.value("Fax"),
        website: node.value("Website"),
    }
}

fn other(node: &Node<'_>) -> Other {
    // Free text, or elements of their own.
    let free = |name: &str| {
        let list = node.child(name)?;
        let parts: Vec<String> = list.children.iter().filter_map(Node::own).collect();
        if parts.is_empty() { list.own() } else { Some(parts.join("; ")) }
    };
    Other {
        priority: node.value("Priority"),
        sphere: node.value("SphereOfPromulgation"),
        typer_notation: node.value("TyperNotation"),
        amount: node.value("PromulgationAmount"),
        pages: node.value("PageAmount"),
        reply_fors: free("ReplyFors"),
        direction: node.value("Direction"),
        reference_codes: free("ReferenceCodes"),
        appendixes: node
            .all("Appendixes")
            .flat_map(|list| list.all("Appendix"))
            .filter_map(Node::own)
            .collect(),
    }
}

fn staff(node: &Node<'_>) -> Staff {
    Staff {
        department: node.value("Department"),
        name: node.value("Staff"),
        email: node.value("Email"),
        mobile: node.value("Mobile"),
    }
}

fn changed(node: &Node<'_>) -> Changed {
    let receivers = node.all("ReceiverList").flat_map(|list| list.all("Receiver"));
    Changed {
        document_info: node.value("DocumentInfo"),
        document_receiver: node.value("DocumentReceiver"),
        receivers: receivers
            .map(|node| Receiver {
                organ_id: node.value("OrganId"),
                receiver_type: node.value("ReceiverType"),
            })
            .collect(),
    }
}

fn reference(node: &Node<'_>) -> Reference {
    Reference {
        content_id: node.value("ContentId").map(|id| without_cid(&id)),
        content_type: node.value("ContentType"),
        description: node.value("Description"),
        name: node.value("AttachmentName").map(|name| bare(&name).to_owned()),
    }
}

/// `Agency` elements wherever they stand, each as it is: what their role numbers mean is published nowhere.
fn agencies(root: &Node<'_>) -> Vec<BTreeMap<String, String>> {
    let (mut found, mut open) = (Vec::new(), vec![root]);
    while let Some(node) = open.pop() {
        if node.name == "Agency" {
            let members =
                node.children.iter().filter_map(|child| Some((child.name.to_owned(), child.own()?)));
            found.push(members.collect());
        }
        open.extend(node.children.iter().rev());
    }
    found
}

/// Warns of elements the standard does not know, each name once; what stands in a signature is its own affair.
fn unknown(root: &Node<'_>, warnings: &mut Vec<String>) {
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        if !KNOWN.contains(&format!(" {} ", node.name)) {
            let shown: String = node.name.chars().take(60).collect();
            let warning = format!("unknown_element: {shown}");
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
            if warnings.len() >= MAX_WARNINGS {
                return;
            }
        }
        if node.name != "Signature" {
            open.extend(node.children.iter().rev());
        }
    }
}
