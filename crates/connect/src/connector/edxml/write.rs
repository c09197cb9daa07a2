//! From values to a package in the exact form of the standard's samples.
//!
//! Owns the spelling: the default namespace on the root, the prefix `edXML:` bound to the same one for the envelope's
//! elements, none for signature and attachments; and the packing of attachments as the official SDK does it, whose
//! list of endings is misspelt. What is not known is left out. It must not know transports. Text is escaped; nothing
//! here fails but the packing of a file.

use super::attachment::ending;
use super::package::{Organization, Other, Package, PackageKind, ResponseFor, Staff};
use super::{NAMESPACE, attachment};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{Cursor, Write as _};

/// Endings the SDK embeds as they are, its spelling kept: real `xls` and `xlsx` are packed.
const PLAIN: [&str; 6] = ["pdf", "doc", "docx", "xsl", "xslx", "zip"];

/// A file to be sent with a package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enclosure {
    /// Id without `cid:`.
    pub content_id: String,
    /// File name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Enclosure {
    /// Declared type and bytes as they are embedded.
    fn packed(&self) -> std::io::Result<(String, Vec<u8>)> {
        let ending = ending(&self.name).filter(|ending| PLAIN.contains(&ending.as_str()));
        if let Some(ending) = ending {
            return Ok((format!("application/{ending}"), self.bytes.clone()));
        }
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(attachment::bare(&self.name), zip::write::SimpleFileOptions::default())?;
        zip.write_all(&self.bytes)?;
        Ok(("application/zip".to_owned(), zip.finish()?.into_inner()))
    }
}

/// Where the writer is: elements of the envelope carry the prefix, those beside it do not.
struct Out {
    text: String,
    prefix: &'static str,
}

impl Out {
    fn open(&mut self, name: &str) {
        self.text.extend(["<", self.prefix, name, ">"]);
    }

    fn close(&mut self, name: &str) {
        self.text.extend(["</", self.prefix, name, ">"]);
    }

    fn within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.open(name);
        inside(self);
        self.close(name);
    }

    fn value(&mut self, name: &str, value: &str) {
        self.open(name);
        escape(&mut self.text, value);
        self.close(name);
    }

    fn optional(&mut self, name: &str, value: &Option<String>) {
        if let Some(value) = value {
            self.value(name, value);
        }
    }
}

/// Text as XML text; control characters XML cannot hold are left out.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\t' | '\n' => out.push(c),
            '\r' => out.push_str("&#13;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
}

/// Writes a package with its files. Attachments' facts and keys in it are not written: they follow from the files.
///
/// # Errors
/// A file that cannot be packed.
pub fn write(package: &Package, files: &[Enclosure]) -> std::io::Result<String> {
    let packed = files.iter().map(Enclosure::packed).collect::<std::io::Result<Vec<_>>>()?;
    let mut out = Out { text: String::with_capacity(4096), prefix: "edXML:" };
    out.text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.text.extend(["<edXML xmlns=\"", NAMESPACE, "\" xmlns:edXML=\"", NAMESPACE, "\">"]);
    out.within("edXMLEnvelope", |out| {
        out.within("edXMLHeader", |out| {
            out.within("MessageHeader", |out| match package.kind {
                PackageKind::Document => document(out, package),
                PackageKind::Status => status(out, package),
            });
            trace(out, package);
            if let Some(signature) = &package.signature {
                out.text.push_str(signature);
            }
        });
        if package.kind == PackageKind::Document {
            body(out, package, files, &packed);
        }
    });
    if package.kind == PackageKind::Document {
        out.prefix = "";
        attachments(&mut out, files, &packed);
    }
    out.text.push_str("</edXML>");
    Ok(out.text)
}

fn document(out: &mut Out, package: &Package) {
    out.within("From", |out| organization(out, &package.from));
    for to in &package.to {
        out.within("To", |out| organization(out, to));
    }
    out.optional("DocumentId", &package.document_id);
    out.within("Code", |out| {
        out.optional("CodeNumber", &package.code_number);
        out.optional("CodeNotation", &package.code_notation);
    });
    out.within("PromulgationInfo", |out| {
        out.optional("Place", &package.place);
        out.optional("PromulgationDate", &package.promulgated);
    });
    if let Some(kind) = &package.document_type {
        out.within("DocumentType", |out| {
            out.optional("Type", &kind.group);
            out.optional("TypeDetail", &kind.detail);
            out.optional("TypeName", &kind.name);
        });
    }
    out.optional("Subject", &package.subject);
    out.optional("Content", &package.content);
    if let Some(signer) = &package.signer {
        out.within("SignerInfo", |out| {
            out.optional("Competence", &signer.competence);
            out.optional("Position", &signer.position);
            out.optional("FullName", &signer.name);
        });
    }
    out.optional("DueDate", &package.due);
    if let Some(other) = &package.other {
        out.within("OtherInfo", |out| other_info(out, other));
    }
    for answer in &package.response_for {
        out.within("ResponseFor", |out| response_for(out, answer));
    }
    out.optional("SteeringType", &package.steering);
    if !package.task_codes.is_empty() {
        out.within("ResponseForTask", |out| {
            package.task_codes.iter().for_each(|code| out.value("TaskCode", code))
        });
    }
    out.optional("ApplicationType", &package.application_type);
    if !package.to_places.is_empty() {
        out.within("ToPlaces", |out| package.to_places.iter().for_each(|place| out.value("Place", place)));
    }
}

fn status(out: &mut Out, package: &Package) {
    out.within("From", |out| organization(out, &package.from));
    for answer in &package.response_for {
        out.within("ResponseFor", |out| response_for(out, answer));
    }
    let Some(report) = &package.report else { return };
    if let Some(staff) = &report.staff {
        out.within("StaffInfo", |out| staff_info(out, staff));
    }
    out.optional("StatusCode", &report.code);
    out.optional("Description", &report.description);
    out.optional("Timestamp", &report.at);
}

fn organization(out: &mut Out, organ: &Organization) {
    out.optional("OrganId", &organ.organ_id);
    out.optional("OrganizationInCharge", &organ.in_charge);
    out.optional("OrganName", &organ.name);
    out.optional("OrganAdd", &organ.address);
    out.optional("Email", &organ.email);
    out.optional("Telephone", &organ.telephone);
    out.optional("Fax", &organ.fax);
    out.optional("Website", &organ.website);
}

fn other_info(out: &mut Out, other: &Other) {
    out.optional("Priority", &other.priority);
    out.optional("SphereOfPromulgation", &other.sphere);
    out.optional("TyperNotation", &other.typer_notation);
    out.optional("PromulgationAmount", &other.amount);
    out.optional("PageAmount", &other.pages);
    out.optional("ReplyFors", &other.reply_fors);
    out.optional("Direction", &other.direction);
    out.optional("ReferenceCodes", &other.reference_codes);
    if !other.appendixes.is_empty() {
        out.within("Appendixes", |out| other.appendixes.iter().for_each(|name| out.value("Appendix", name)));
    }
}

fn response_for(out: &mut Out, answer: &ResponseFor) {
    out.optional("OrganId", &answer.organ_id);
    out.optional("Code", &answer.code);
    out.optional("DocumentId", &answer.document_id);
    out.optional("PromulgationDate", &answer.promulgated);
}

fn staff_info(out: &mut Out, staff: &Staff) {
    out.optional("Department", &staff.department);
    out.optional("Staff", &staff.name);
    out.optional("Email", &staff.email);
    out.optional("Mobile", &staff.mobile);
}

fn trace(out: &mut Out, package: &Package) {
    if package.trace.is_empty() && package.business.is_none() {
        return;
    }
    out.within("TraceHeaderList", |out| {
        for hop in &package.trace {
            out.within("TraceHeader", |out| {
                out.optional("OrganId", &hop.organ_id);
                out.optional("Timestamp", &hop.at);
            });
        }
        let Some(business) = &package.business else { return };
        out.within("Bussiness", |out| {
            out.optional("DocumentId", &business.document_id);
            out.optional("BussinessDocType", &business.kind);
            out.optional("BussinessDocReason", &business.reason);
            out.optional("Paper", &business.paper);
            for changed in &business.changed {
                out.within("BussinessDocumentInfo", |out| {
                    out.optional("DocumentInfo", &changed.document_info);
                    out.optional("DocumentReceiver", &changed.document_receiver);
                    out.within("ReceiverList", |out| {
                        for receiver in &changed.receivers {
                            out.within("Receiver", |out| {
                                out.optional("OrganId", &receiver.organ_id);
                                out.optional("ReceiverType", &receiver.receiver_type);
                            });
                        }
                    });
                });
            }
            if !business.replaced.is_empty() {
                out.within("ReplacementInfoList", |out| {
                    for replaced in &business.replaced {
                        out.within("ReplacementInfo", |out| {
                            out.optional("DocumentId", &replaced.document_id);
                            out.within("OrganIdList", |out| {
                                replaced.organs.iter().for_each(|organ| out.value("OrganId", organ));
                            });
                        });
                    }
                });
            }
            for staff in &business.staff {
                out.within("StaffInfo", |out| staff_info(out, staff));
            }
        });
    });
}

fn body<'a>(out: &mut Out, package: &'a Package, files: &'a [Enclosure], packed: &'a [(String, Vec<u8>)]) {
    let listed: Vec<(&'a str, &'a str, &'a str, &'a str)> = match files.is_empty() {
        false => files
            .iter()
            .zip(packed)
            .map(|(file, (kind, _))| (&*file.content_id, kind.as_str(), &*file.description, &*file.name))
            .collect(),
        true => package
            .references
            .iter()
            .map(|listed| {
                let text = |value: &'a Option<String>| value.as_deref().unwrap_or_default();
                (
                    text(&listed.content_id),
                    text(&listed.content_type),
                    text(&listed.description),
                    text(&listed.name),
                )
            })
            .collect(),
    };
    out.within("edXMLBody", |out| {
        out.text.push_str("<edXML:edXMLManifest version=\"1.0\">");
        for (id, kind, description, name) in listed {
            out.within("Reference", |out| {
                out.value("ContentId", &format!("cid:{id}"));
                out.value("ContentType", kind);
                out.value("Description", description);
                out.value("AttachmentName", name);
            });
        }
        out.text.push_str("</edXML:edXMLManifest>");
    });
}

fn attachments(out: &mut Out, files: &[Enclosure], packed: &[(String, Vec<u8>)]) {
    out.within("AttachmentEncoded", |out| {
        for (file, (kind, bytes)) in files.iter().zip(packed) {
            out.within("Attachment", |out| {
                out.value("ContentId", &format!("cid:{}", file.content_id));
                out.value("AttachmentName", &file.name);
                out.value("Description", &file.description);
                out.value("ContentType", kind);
                out.open("ContentTransferEncoded");
                STANDARD.encode_string(bytes, &mut out.text);
                out.close("ContentTransferEncoded");
            });
        }
    });
}
