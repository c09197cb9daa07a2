//! A sheet as an Office Open XML text (DOCX).
//!
//! Owns the parts of the package and the marks of WordprocessingML, as far as our sheets need them: one section, one
//! footer, styles for headings that readers for the blind follow, head rows that repeat. It must not know forms. The
//! package has no instant but the one of printing; texts are cleaned and escaped where they are written.

use super::Failed;
use super::layout::{Align, Block, Cell, Paper, Run, Signature, Table};
use super::plain::clean;
use super::words::decimal;
use chrono::SecondsFormat;
use quick_xml::escape::escape;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;

/// Text width in twentieths of a point: A4 less margins of 30 and 15 mm.
const PORTRAIT: u32 = 9_354;
/// The same across.
const LANDSCAPE: u32 = 14_286;
/// Rows with longer texts may break over pages; others are kept whole.
const WHOLE_ROW: usize = 1_200;

const MAIN: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/><Override PartName="/word/settings.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml"/><Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>"#;

const PACKAGE_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>"#;

const DOCUMENT_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/settings" Target="settings.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" Target="footer1.xml"/></Relationships>"#;

const SETTINGS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:defaultTabStop w:val="720"/><w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat><w:themeFontLang w:val="vi-VN"/></w:settings>"#;

/// Times New Roman 13 throughout (Decree 30/2020 annex I).
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="Times New Roman" w:cs="Times New Roman"/><w:sz w:val="26"/><w:szCs w:val="26"/><w:lang w:val="vi-VN" w:eastAsia="vi-VN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:before="0" w:after="0"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style><w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:qFormat/><w:pPr><w:keepNext/><w:spacing w:before="240" w:after="60"/><w:jc w:val="center"/></w:pPr><w:rPr><w:b/><w:bCs/><w:sz w:val="28"/><w:szCs w:val="28"/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:qFormat/><w:pPr><w:keepNext/><w:spacing w:before="180" w:after="80"/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/><w:bCs/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="Footer"><w:name w:val="footer"/><w:basedOn w:val="Normal"/><w:rPr><w:sz w:val="18"/><w:szCs w:val="18"/></w:rPr></w:style><w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="85" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style><w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:basedOn w:val="TableNormal"/><w:tblPr><w:tblBorders><w:top w:val="single" w:sz="4" w:space="0" w:color="auto"/><w:left w:val="single" w:sz="4" w:space="0" w:color="auto"/><w:bottom w:val="single" w:sz="4" w:space="0" w:color="auto"/><w:right w:val="single" w:sz="4" w:space="0" w:color="auto"/><w:insideH w:val="single" w:sz="4" w:space="0" w:color="auto"/><w:insideV w:val="single" w:sz="4" w:space="0" w:color="auto"/></w:tblBorders></w:tblPr></w:style></w:styles>"#;

/// The package.
pub(super) fn write(paper: &Paper) -> Result<Vec<u8>, Failed> {
    let mut package = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stamp = SimpleFileOptions::default()
        .last_modified_time(zip::DateTime::default())
        .compression_method(zip::CompressionMethod::Deflated);
    let (core, document, footer) = (core(paper), Body::of(paper), footer(paper));
    let parts = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", PACKAGE_RELATIONS),
        ("docProps/core.xml", &core),
        ("word/document.xml", &document),
        ("word/_rels/document.xml.rels", DOCUMENT_RELATIONS),
        ("word/styles.xml", STYLES),
        ("word/settings.xml", SETTINGS),
        ("word/footer1.xml", &footer),
    ];
    for (name, content) in parts {
        package.start_file(name, stamp)?;
        package.write_all(content.as_bytes())?;
    }
    Ok(package.finish()?.into_inner())
}

fn core(paper: &Paper) -> String {
    let at = paper.printed_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
         <cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title>{}</dc:title><dc:creator>Liên Thông</dc:creator>\
         <dc:language>vi-VN</dc:language><dcterms:created xsi:type=\"dcterms:W3CDTF\">{at}</dcterms:created>\
         <dcterms:modified xsi:type=\"dcterms:W3CDTF\">{at}</dcterms:modified></cp:coreProperties>",
        safe(&paper.title)
    )
}

fn footer(paper: &Paper) -> String {
    let right = width(paper);
    let field = |name: &str| {
        format!(
            "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText xml:space=\"preserve\"> {name} </w:instrText></w:r>\
             <w:r><w:fldChar w:fldCharType=\"separate\"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType=\"end\"/></w:r>"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:ftr xmlns:w=\"{MAIN}\"><w:p><w:pPr><w:pStyle w:val=\"Footer\"/>\
         <w:pBdr><w:top w:val=\"single\" w:sz=\"4\" w:space=\"4\" w:color=\"auto\"/></w:pBdr>\
         <w:tabs><w:tab w:val=\"right\" w:pos=\"{right}\"/></w:tabs></w:pPr><w:r><w:t xml:space=\"preserve\">{}</w:t></w:r>\
         <w:r><w:tab/></w:r><w:r><w:t xml:space=\"preserve\">Trang </w:t></w:r>{}<w:r><w:t>/</w:t></w:r>{}</w:p></w:ftr>",
        safe(&paper.footer),
        field("PAGE"),
        field("NUMPAGES")
    )
}

fn width(paper: &Paper) -> u32 {
    if paper.landscape { LANDSCAPE } else { PORTRAIT }
}

/// A text as it may stand between marks.
fn safe(text: &str) -> String {
    escape(clean(text)).into_owned()
}

/// How letters look.
#[derive(Clone, Copy, Default)]
struct Look {
    bold: bool,
    italic: bool,
    /// Size in half points; 0 = the paragraph's own.
    half_points: u32,
}

/// Properties of a row's paragraphs, what of a signature stands in it, and how it looks.
type SignatureRow = (&'static str, fn(&Signature) -> &str, Look);

/// The text under construction. Writing into it cannot fail.
struct Body {
    xml: String,
    width: u32,
}

impl Body {
    fn of(paper: &Paper) -> String {
        let mut body = Self { xml: String::with_capacity(16 << 10), width: width(paper) };
        body.put(format_args!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:document xmlns:w=\"{MAIN}\" xmlns:r=\"{RELATIONS}\"><w:body>"
        ));
        for block in &paper.blocks {
            body.block(block);
        }
        let (across, down, turned) =
            if paper.landscape { (16_838, 11_906, " w:orient=\"landscape\"") } else { (11_906, 16_838, "") };
        body.put(format_args!(
            "<w:sectPr><w:footerReference w:type=\"default\" r:id=\"rId3\"/><w:pgSz w:w=\"{across}\" w:h=\"{down}\"{turned}/>\
             <w:pgMar w:top=\"1134\" w:right=\"851\" w:bottom=\"1134\" w:left=\"1701\" w:header=\"567\" w:footer=\"567\" w:gutter=\"0\"/></w:sectPr></w:body></w:document>"
        ));
        body.xml
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        let _infallible = self.xml.write_fmt(text);
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Letterhead { superior, agency, form, year } => {
                self.letterhead(superior.as_deref(), agency, form.as_deref(), *year)
            }
            Block::Title { text, sub, mark } => {
                self.paragraph("<w:pStyle w:val=\"Title\"/>", &[(text, Look::default())]);
                let italic = Look { italic: true, ..Look::default() };
                self.paragraph("<w:spacing w:after=\"120\"/><w:jc w:val=\"center\"/>", &[(sub, italic)]);
                if let Some(mark) = mark {
                    self.mark(mark);
                }
            }
            Block::Heading(text) => {
                self.paragraph("<w:pStyle w:val=\"Heading1\"/>", &[(text, Look::default())])
            }
            Block::Line(runs) => self.line(runs),
            Block::Entry { label, text, dots } => self.entry(label, text.as_deref(), *dots),
            Block::Table(table) => self.table(table),
            Block::Choice(options) => self.choice(options),
            Block::Signatures(signatures) => self.signatures(signatures),
        }
    }

    /// A paragraph: its properties in the order of the schema, then stretches of text.
    fn paragraph(&mut self, properties: &str, runs: &[(&str, Look)]) {
        self.put(format_args!("<w:p><w:pPr>{properties}</w:pPr>"));
        for (text, look) in runs {
            self.run(text, *look);
        }
        self.xml.push_str("</w:p>");
    }

    fn run(&mut self, text: &str, look: Look) {
        self.xml.push_str("<w:r><w:rPr>");
        if look.bold {
            self.xml.push_str("<w:b/><w:bCs/>");
        }
        if look.italic {
            self.xml.push_str("<w:i/><w:iCs/>");
        }
        if look.half_points > 0 {
            let size = look.half_points;
            self.put(format_args!("<w:sz w:val=\"{size}\"/><w:szCs w:val=\"{size}\"/>"));
        }
        self.put(format_args!("</w:rPr><w:t xml:space=\"preserve\">{}</w:t></w:r>", safe(text)));
    }

    fn line(&mut self, runs: &[Run]) {
        let runs: Vec<(&str, Look)> = runs
            .iter()
            .map(|run| (run.text.as_str(), Look { bold: run.bold, italic: run.italic, half_points: 0 }))
            .collect();
        self.paragraph("<w:spacing w:before=\"40\" w:after=\"40\"/><w:jc w:val=\"both\"/>", &runs);
    }

    fn mark(&mut self, mark: &str) {
        let side =
            |name: &str| format!("<w:{name} w:val=\"single\" w:sz=\"8\" w:space=\"3\" w:color=\"auto\"/>");
        let frame: String = ["top", "left", "bottom", "right"].map(side).concat();
        let bold = Look { bold: true, half_points: 24, ..Look::default() };
        let inset = self.width / 8;
        self.paragraph(
            &format!(
                "<w:pBdr>{frame}</w:pBdr><w:spacing w:before=\"60\" w:after=\"160\"/><w:ind w:left=\"{inset}\" w:right=\"{inset}\"/><w:jc w:val=\"center\"/>"
            ),
            &[(mark, bold)],
        );
    }

    fn entry(&mut self, label: &str, text: Option<&str>, dots: usize) {
        let text = text.filter(|text| !text.trim().is_empty());
        let normal = Look::default();
        if let Some(text) = text {
            let spaced = format!("{label} ");
            self.paragraph(
                "<w:spacing w:before=\"40\" w:after=\"40\"/><w:jc w:val=\"both\"/>",
                &[(&spaced, normal), (text, normal)],
            );
            return;
        }
        let right = self.width;
        let tabs = format!(
            "<w:tabs><w:tab w:val=\"right\" w:leader=\"dot\" w:pos=\"{right}\"/></w:tabs><w:spacing w:before=\"40\" w:after=\"40\"/>"
        );
        for line in 0..dots.max(1) {
            self.put(format_args!("<w:p><w:pPr>{tabs}</w:pPr>"));
            if line == 0 {
                self.run(&format!("{label} "), normal);
            }
            self.xml.push_str("<w:r><w:tab/></w:r></w:p>");
        }
    }

    /// A thin line in the middle of a cell, this far from its edges.
    fn rule(&mut self, inset: u32) {
        self.put(format_args!(
            "<w:p><w:pPr><w:pBdr><w:top w:val=\"single\" w:sz=\"6\" w:space=\"0\" w:color=\"auto\"/></w:pBdr>\
             <w:spacing w:before=\"40\" w:line=\"120\" w:lineRule=\"exact\"/><w:ind w:left=\"{inset}\" w:right=\"{inset}\"/></w:pPr></w:p>"
        ));
    }

    fn letterhead(&mut self, superior: Option<&str>, agency: &str, form: Option<&str>, year: i32) {
        let (bold, plain) = (Look { bold: true, ..Look::default() }, Look::default());
        if let Some(form) = form {
            self.paragraph("<w:jc w:val=\"right\"/>", &[(form, Look { italic: true, ..bold })]);
        }
        let centre = "<w:jc w:val=\"center\"/>";
        // Motto and name of the state need 9 cm in one line each; the agency has the rest.
        let right = 5_500;
        let left = self.width - right;
        self.open_table(&[left, right], "", false);
        self.xml.push_str("<w:tr>");
        self.open_cell(left, 0, "top");
        let twelve = |look: Look| Look { half_points: 24, ..look };
        if let Some(superior) = superior {
            self.paragraph(centre, &[(&superior.to_uppercase(), twelve(plain))]);
        }
        self.paragraph(centre, &[(&agency.to_uppercase(), twelve(bold))]);
        self.rule(left / 3);
        self.xml.push_str("</w:tc>");
        self.open_cell(right, 0, "top");
        self.paragraph(centre, &[("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", twelve(bold))]);
        self.paragraph(centre, &[("Độc lập - Tự do - Hạnh phúc", bold)]);
        self.rule((right - 3_300) / 2);
        let dated = format!("……………, ngày …… tháng …… năm {year}");
        self.paragraph(
            "<w:spacing w:before=\"60\"/><w:jc w:val=\"center\"/>",
            &[(&dated, Look { italic: true, ..plain })],
        );
        self.xml.push_str("</w:tc></w:tr></w:tbl>");
    }

    fn open_table(&mut self, widths: &[u32], caption: &str, lines: bool) {
        let total: u32 = widths.iter().sum();
        let style = if lines { "<w:tblStyle w:val=\"TableGrid\"/>" } else { "" };
        self.put(format_args!(
            "<w:tbl><w:tblPr>{style}<w:tblW w:w=\"{total}\" w:type=\"dxa\"/><w:tblLayout w:type=\"fixed\"/>"
        ));
        if !caption.is_empty() {
            // Head rows are told by their mark, and readers for the blind by this.
            self.put(format_args!(
                "<w:tblLook w:val=\"0020\" w:firstRow=\"1\" w:lastRow=\"0\" w:firstColumn=\"0\" w:lastColumn=\"0\" w:noHBand=\"1\" w:noVBand=\"1\"/>\
                 <w:tblCaption w:val=\"{}\"/>",
                safe(caption)
            ));
        }
        self.xml.push_str("</w:tblPr><w:tblGrid>");
        for width in widths {
            self.put(format_args!("<w:gridCol w:w=\"{width}\"/>"));
        }
        self.xml.push_str("</w:tblGrid>");
    }

    fn open_cell(&mut self, width: u32, more_columns: usize, place: &str) {
        self.put(format_args!("<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/>"));
        if more_columns > 0 {
            self.put(format_args!("<w:gridSpan w:val=\"{}\"/>", more_columns + 1));
        }
        self.put(format_args!("<w:vAlign w:val=\"{place}\"/></w:tcPr>"));
    }

    fn table(&mut self, table: &Table) {
        let widths = spread(&table.widths, self.width);
        self.open_table(&widths, &table.caption, true);
        for (rows, head) in [(&table.head, true), (&table.rows, false)] {
            for row in rows {
                self.row(row, &widths, table.half_points, head);
            }
        }
        self.xml.push_str("</w:tbl>");
        // Two tables without anything between them would become one.
        self.paragraph("<w:spacing w:line=\"120\" w:lineRule=\"exact\"/>", &[]);
    }

    fn row(&mut self, row: &[Cell], widths: &[u32], half_points: u32, head: bool) {
        let whole = row.iter().all(|cell| cell.text.len() + cell.note.len() < WHOLE_ROW);
        let (keep, repeat) =
            (if whole { "<w:cantSplit/>" } else { "" }, if head { "<w:tblHeader/>" } else { "" });
        self.put(format_args!("<w:tr><w:trPr>{keep}{repeat}</w:trPr>"));
        let mut next = 0;
        for cell in row {
            let covered =
                widths.get(next..(next + cell.more_columns + 1).min(widths.len())).unwrap_or_default();
            next += cell.more_columns + 1;
            self.open_cell(covered.iter().sum(), cell.more_columns, "center");
            self.cell(cell, half_points);
            self.xml.push_str("</w:tc>");
        }
        self.xml.push_str("</w:tr>");
    }

    fn cell(&mut self, cell: &Cell, half_points: u32) {
        let place = match cell.align {
            Align::Left => "left",
            Align::Centre => "center",
            Align::Right => "right",
        };
        let placed = format!("<w:spacing w:before=\"30\" w:after=\"30\"/><w:jc w:val=\"{place}\"/>");
        let text = if cell.number { decimal(&cell.text) } else { cell.text.clone() };
        let look = Look { bold: cell.bold, italic: false, half_points };
        self.paragraph(&placed, &[(&text, look)]);
        if !cell.note.is_empty() {
            let small =
                Look { italic: true, bold: false, half_points: half_points.saturating_sub(3).max(14) };
            self.paragraph(&placed, &[(&cell.note, small)]);
        }
    }

    fn choice(&mut self, options: &[(String, bool)]) {
        let widths = spread(&vec![1; options.len()], self.width);
        let cells = |text: &dyn Fn(&(String, bool)) -> Cell| options.iter().map(text).collect::<Vec<_>>();
        let table = Table {
            caption: "Chọn một ô".to_owned(),
            widths,
            head: vec![cells(&|(name, _)| Cell::head(name))],
            rows: vec![cells(&|(_, chosen)| Cell::centre(if *chosen { "X" } else { "" }).bold())],
            half_points: 24,
        };
        self.table(&table);
    }

    fn signatures(&mut self, signatures: &[Signature]) {
        let widths = spread(&vec![1; signatures.len()], self.width);
        let (bold, italic) =
            (Look { bold: true, ..Look::default() }, Look { italic: true, ..Look::default() });
        self.paragraph("<w:keepNext/><w:spacing w:line=\"160\" w:lineRule=\"exact\"/>", &[]);
        self.open_table(&widths, "", false);
        // Rows of their own keep hints and names level where one title needs two lines; kept with the next, they stay
        // on one page. The third is room for a signature and a seal.
        let rows: [SignatureRow; 4] = [
            ("<w:keepNext/><w:jc w:val=\"center\"/>", |signature| &signature.title, bold),
            ("<w:keepNext/><w:jc w:val=\"center\"/>", |signature| &signature.hint, italic),
            ("<w:keepNext/><w:spacing w:line=\"1300\" w:lineRule=\"exact\"/>", |_| "", bold),
            ("<w:jc w:val=\"center\"/>", |signature| signature.name.as_deref().unwrap_or(""), bold),
        ];
        for (properties, text, look) in rows {
            self.xml.push_str("<w:tr><w:trPr><w:cantSplit/></w:trPr>");
            for (signature, width) in signatures.iter().zip(&widths) {
                self.open_cell(*width, 0, "top");
                self.paragraph(properties, &[(text(signature), look)]);
                self.xml.push_str("</w:tc>");
            }
            self.xml.push_str("</w:tr>");
        }
        self.xml.push_str("</w:tbl>");
        self.paragraph("<w:spacing w:line=\"20\" w:lineRule=\"exact\"/>", &[]);
    }
}

/// Widths in relation to each other as widths that fill a line exactly.
fn spread(parts: &[u32], width: u32) -> Vec<u32> {
    let whole = parts.iter().sum::<u32>().max(1);
    let mut widths: Vec<u32> = parts.iter().map(|part| width * part / whole).collect();
    let given: u32 = widths.iter().sum();
    if let Some(last) = widths.last_mut() {
        *last += width - given.min(width);
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_fill_the_line_to_the_last_twentieth() {
        for parts in [vec![1, 1, 1], vec![5, 62, 14, 19], vec![7; 14]] {
            assert_eq!(spread(&parts, PORTRAIT).iter().sum::<u32>(), PORTRAIT, "{parts:?}");
        }
        assert!(spread(&[], 10).is_empty());
    }
}
