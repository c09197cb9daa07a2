//! Small edXML packages per second, on one core: from bytes to records and evidence.
//!
//! Owns a made-up document of about 4 kB with one small attachment. The bar is 2,000 packages a second for reading,
//! measuring the attachment, cutting its content and the record's JSON together; missing it ends the program with exit
//! code 1.

use lienthong_connect::connector::edxml::Edxml;
use lienthong_connect::connector::edxml::package::{Business, Hop, Organization, Package};
use lienthong_connect::connector::edxml::record::{TaskChoice, meaning};
use lienthong_connect::connector::edxml::write::{Enclosure, write};
use std::hint::black_box;
use std::time::Instant;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Packages per second that one core must reach.
const BAR: f64 = 2_000.0;
/// Packages per round, and rounds.
const PACKAGES: usize = 2_000;
const ROUNDS: usize = 9;

fn main() {
    let text = package();
    let reader = Edxml::default();
    let choice = TaskChoice::default();
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..PACKAGES {
                let (package, kept) = reader.read_and_cut(black_box(text.as_bytes())).expect("a package");
                let meaning = meaning(&package, &choice, &[7; 32]);
                assert_eq!((meaning.records.len(), meaning.evidence.len()), (1, 1));
                black_box((meaning, kept));
            }
            PACKAGES as f64 / started.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    let median = rates[ROUNDS / 2];
    println!("{} bytes: {median:.0} packages/s, bar {BAR:.0}", text.len());
    if median < BAR {
        std::process::exit(1);
    }
}

fn package() -> String {
    let some = |text: &str| Some(text.to_owned());
    let organ = |code: &str, name: &str| Organization {
        organ_id: some(code),
        name: some(name),
        address: some("Số 1, đường Trần Phú"),
        email: some("vanthu@example.vn"),
        ..Organization::default()
    };
    let package = Package {
        from: organ("000.00.00.G22", "Văn phòng Chính phủ"),
        to: (10..18).map(|unit| organ(&format!("000.00.{unit}.H21"), "Sở Nội vụ tỉnh Gia Lai")).collect(),
        code_number: some("7816"),
        code_notation: some("VPCP-TTĐT"),
        promulgated: some("2026/07/01"),
        subject: some("Về việc báo cáo kết quả rà soát, đơn giản hóa thủ tục hành chính & chế độ báo cáo"),
        due: some("2026/07/30"),
        steering: some("2"),
        trace: vec![Hop { organ_id: some("000.00.00.G22"), at: some("2026/07/01 08:00:00") }],
        business: Some(Business { kind: some("0"), paper: some("0"), ..Business::default() }),
        ..Package::default()
    };
    let file = Enclosure {
        content_id: "1".to_owned(),
        name: "7816.pdf".to_owned(),
        description: "Văn bản".to_owned(),
        bytes: [b"%PDF-1.7 ".as_slice(), &[7; 1_000]].concat(),
    };
    write(&package, &[file]).expect("written")
}
