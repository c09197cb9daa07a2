//! How a workbook that people fill in is printed: A4 across, one page wide, its head on every page, pages counted.
//!
//! Owns the page alone. It must not know what stands on a sheet. What the writer of workbooks cannot do is its own error.

use rust_xlsxwriter::{Worksheet, XlsxError};

/// A4.
const PAPER: u8 = 9;
/// Height of the columns' names, in points: three lines.
const HEAD: f64 = 46.0;

/// Sets the page of a sheet whose head is these rows, counted from 0.
///
/// # Errors
/// Rows beyond what a sheet has.
pub fn set_page(sheet: &mut Worksheet, head: (u32, u32)) -> Result<(), XlsxError> {
    sheet.set_paper_size(PAPER).set_landscape().set_print_fit_to_pages(1, 0);
    // Inches: left, right, above, below, and those of head and foot.
    sheet.set_margins(0.6, 0.4, 0.6, 0.6, 0.3, 0.3);
    sheet.set_footer("&L&A&RTrang &P/&N");
    sheet.set_repeat_rows(head.0, head.1)?;
    // Not every program makes a row as high as its wrapped text: the last one is that of the columns' names.
    sheet.set_row_height(head.1, HEAD)?;
    Ok(())
}
