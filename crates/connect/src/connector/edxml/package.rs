//! A package as values: what a document or a status says, by the names of the standard.
//!
//! Owns the shape that the reader fills, the writer writes and manifest rules see as JSON. It must not know XML.
//! Everything is text as it was written, trimmed: what a date or a number is, the rules of a manifest decide.
//! Missing elements are missing members, never invented ones.

use serde::Serialize;
use std::collections::BTreeMap;

/// What a package is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageKind {
    /// A document with its attachments.
    #[default]
    Document,
    /// A report on what became of a document.
    Status,
}

macro_rules! values {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(skip_serializing_if = "absent")]
                pub $field: $kind,
            )*
        }
    )*};
}

/// Whether there is nothing to show.
trait Absent {
    fn is_absent(&self) -> bool;
}
impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}
impl<T> Absent for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}
fn absent<T: Absent>(value: &T) -> bool {
    value.is_absent()
}

values! {
    /// `From`, `To`: an agency.
    Organization {
        /// Its code as written.
        organ_id: Option<String>,
        /// The agency above it.
        in_charge: Option<String>,
        /// Its name.
        name: Option<String>,
        /// Address.
        address: Option<String>,
        /// E-mail.
        email: Option<String>,
        /// Telephone.
        telephone: Option<String>,
        /// Fax.
        fax: Option<String>,
        /// Website.
        website: Option<String>,
    }
    /// `DocumentType`.
    DocumentType {
        /// Number of the group.
        group: Option<String>,
        /// Number within the group.
        detail: Option<String>,
        /// Name, the reliable one.
        name: Option<String>,
    }
    /// `SignerInfo`.
    Signer {
        /// Authority in which it was signed.
        competence: Option<String>,
        /// Position.
        position: Option<String>,
        /// Name.
        name: Option<String>,
    }
    /// `OtherInfo`.
    Other {
        /// Urgency, 0–4.
        priority: Option<String>,
        /// Sphere of promulgation.
        sphere: Option<String>,
        /// Notation of the typist.
        typer_notation: Option<String>,
        /// Copies made.
        amount: Option<String>,
        /// Pages.
        pages: Option<String>,
        /// What it answers, as free text.
        reply_fors: Option<String>,
        /// Direction.
        direction: Option<String>,
        /// References, as free text.
        reference_codes: Option<String>,
        /// Names of appendixes.
        appendixes: Vec<String>,
    }
    /// `ResponseFor`: the document that is answered or reported on.
    ResponseFor {
        /// Its issuer's code as written.
        organ_id: Option<String>,
        /// Number and notation.
        code: Option<String>,
        /// Its `DocumentId`.
        document_id: Option<String>,
        /// Day of issue.
        promulgated: Option<String>,
        /// Its natural key, where that can be told.
        key: Option<String>,
    }
    /// `TraceHeader`: one hop.
    Hop {
        /// Who passed it on.
        organ_id: Option<String>,
        /// When, local time.
        at: Option<String>,
    }
    /// `Receiver` of a document that changed.
    Receiver {
        /// Agency.
        organ_id: Option<String>,
        /// 0 removed, 1 added.
        receiver_type: Option<String>,
    }
    /// `BussinessDocumentInfo`: what an update changes.
    Changed {
        /// 1 = the content changed.
        document_info: Option<String>,
        /// 1 = the receivers changed.
        document_receiver: Option<String>,
        /// Receivers removed and added.
        receivers: Vec<Receiver>,
    }
    /// `ReplacementInfo`: a document that this one replaces.
    Replaced {
        /// Its `DocumentId`.
        document_id: Option<String>,
        /// Agencies for which it is replaced.
        organs: Vec<String>,
        /// Its natural key, where that can be told.
        key: Option<String>,
    }
    /// `StaffInfo`: whom to call. Contact data, never an assignee's key.
    Staff {
        /// Department.
        department: Option<String>,
        /// Name.
        name: Option<String>,
        /// E-mail.
        email: Option<String>,
        /// Telephone.
        mobile: Option<String>,
    }
    /// `Bussiness`: what is done with the document.
    Business {
        /// 0 new, 1 recalled, 2 updated, 3 replaces another one.
        kind: Option<String>,
        /// Its own `DocumentId`.
        document_id: Option<String>,
        /// Why.
        reason: Option<String>,
        /// Whether paper follows.
        paper: Option<String>,
        /// What an update changes.
        changed: Vec<Changed>,
        /// What it replaces.
        replaced: Vec<Replaced>,
        /// Contacts.
        staff: Vec<Staff>,
    }
    /// `Reference` of the manifest inside the package.
    Reference {
        /// Id without `cid:`.
        content_id: Option<String>,
        /// Declared type.
        content_type: Option<String>,
        /// Description.
        description: Option<String>,
        /// File name.
        name: Option<String>,
    }
    /// What a status package reports.
    Report {
        /// Two digits, `01`.
        code: Option<String>,
        /// In words.
        description: Option<String>,
        /// When, local time.
        at: Option<String>,
        /// Who reports.
        staff: Option<Staff>,
    }
}

/// An attachment: what it is, never what it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// Id without `cid:`.
    #[serde(skip_serializing_if = "absent")]
    pub content_id: Option<String>,
    /// File name, without any folder.
    #[serde(skip_serializing_if = "absent")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "absent")]
    pub description: Option<String>,
    /// Name of the form field.
    #[serde(skip_serializing_if = "absent")]
    pub field_name: Option<String>,
    /// Type as the payload declares it.
    #[serde(skip_serializing_if = "absent")]
    pub content_type: Option<String>,
    /// Type as its first bytes show it.
    #[serde(rename = "type", skip_serializing_if = "absent")]
    pub found: Option<&'static str>,
    /// Whether it came inside a zip of its own.
    pub unwrapped: bool,
    /// Bytes.
    pub size: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// One package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Package {
    /// Document or status.
    pub kind: PackageKind,
    /// Natural key of the document: issuer, year, number, notation.
    pub key: String,
    /// SHA-256 of the package as it came, lower-case hexadecimal.
    pub sha256: String,
    /// Sender.
    pub from: Organization,
    /// Receivers.
    #[serde(skip_serializing_if = "absent")]
    pub to: Vec<Organization>,
    /// `DocumentId`, an alias.
    #[serde(skip_serializing_if = "absent")]
    pub document_id: Option<String>,
    /// Code of the issuer, as the directory spells it.
    #[serde(skip_serializing_if = "absent")]
    pub issuer: Option<String>,
    /// Name of the issuer, of the package or of the directory.
    #[serde(skip_serializing_if = "absent")]
    pub issuer_name: Option<String>,
    /// Number and notation as people write them.
    #[serde(skip_serializing_if = "absent")]
    pub number: Option<String>,
    /// Number.
    #[serde(skip_serializing_if = "absent")]
    pub code_number: Option<String>,
    /// Notation.
    #[serde(skip_serializing_if = "absent")]
    pub code_notation: Option<String>,
    /// Place of issue.
    #[serde(skip_serializing_if = "absent")]
    pub place: Option<String>,
    /// Day of issue, `yyyy/MM/dd`.
    #[serde(skip_serializing_if = "absent")]
    pub promulgated: Option<String>,
    /// Type.
    #[serde(skip_serializing_if = "absent")]
    pub document_type: Option<DocumentType>,
    /// Trích yếu.
    #[serde(skip_serializing_if = "absent")]
    pub subject: Option<String>,
    /// Content in words.
    #[serde(skip_serializing_if = "absent")]
    pub content: Option<String>,
    /// Who signed.
    #[serde(skip_serializing_if = "absent")]
    pub signer: Option<Signer>,
    /// Deadline the sender set.
    #[serde(skip_serializing_if = "absent")]
    pub due: Option<String>,
    /// Further facts.
    #[serde(skip_serializing_if = "absent")]
    pub other: Option<Other>,
    /// Documents it answers, or reports on.
    #[serde(skip_serializing_if = "absent")]
    pub response_for: Vec<ResponseFor>,
    /// 1 not steering, 2 steering, 3 report on steering.
    #[serde(skip_serializing_if = "absent")]
    pub steering: Option<String>,
    /// Codes of tasks it answers.
    #[serde(skip_serializing_if = "absent")]
    pub task_codes: Vec<String>,
    /// Kind of application, as of one-stop dossiers.
    #[serde(skip_serializing_if = "absent")]
    pub application_type: Option<String>,
    /// Nơi nhận, as free text.
    #[serde(skip_serializing_if = "absent")]
    pub to_places: Vec<String>,
    /// Hops, in order.
    #[serde(skip_serializing_if = "absent")]
    pub trace: Vec<Hop>,
    /// Last readable time of the hops, or of the report.
    #[serde(skip_serializing_if = "absent")]
    pub sent_at: Option<String>,
    /// What is done with the document.
    #[serde(skip_serializing_if = "absent")]
    pub business: Option<Business>,
    /// Agencies with a role, each as its elements.
    #[serde(skip_serializing_if = "absent")]
    pub agencies: Vec<BTreeMap<String, String>>,
    /// What the manifest inside the package lists.
    #[serde(skip_serializing_if = "absent")]
    pub references: Vec<Reference>,
    /// What came with it.
    #[serde(skip_serializing_if = "absent")]
    pub attachments: Vec<Attachment>,
    /// Whether there is a signature block. It cannot be verified and is not.
    pub signed: bool,
    /// The signature block as it was written.
    #[serde(skip)]
    pub signature: Option<String>,
    /// What a status package reports.
    #[serde(skip_serializing_if = "absent")]
    pub report: Option<Report>,
    /// What was tolerated.
    #[serde(skip_serializing_if = "absent")]
    pub warnings: Vec<String>,
}

impl Package {
    /// 0 new, 1 recalled, 2 updated, 3 replaces another one; new where nothing is said.
    pub fn business_kind(&self) -> &str {
        self.business.as_ref().and_then(|business| business.kind.as_deref()).unwrap_or("0")
    }
}
