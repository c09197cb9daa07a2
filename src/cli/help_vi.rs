//! The command line's help in Vietnamese.
//!
//! Owns one text per command and argument, keyed by the command's path; an argument that means the same
//! everywhere is keyed by `*`. It must not know anything else. A test compares the keys with the tree.

const ABOUT: &[(&str, &str)] = &[
    ("", "Liên thông từ hệ thống quản lý văn bản, điều hành của tỉnh đến biên nhận của CSDL quốc gia"),
    ("run", "Chạy dịch vụ"),
    ("demo", "Trình diễn toàn bộ trên một tỉnh mô phỏng, không cần cấu hình"),
    ("check", "Thử toàn bộ cấu hình: kết nối mọi nguồn và đích, không thay đổi gì"),
    ("status", "Xem nguồn, các bước, thời hạn và việc cần người xử lý"),
    ("sync", "Lấy dữ liệu một nguồn ngay"),
    ("backfill", "Lấy lại một khoảng thời gian của một nguồn"),
    ("rejected", "Bản ghi không đọc được"),
    ("rejected list", "Liệt kê kèm lý do"),
    ("rejected replay", "Đọc lại bằng manifest hiện tại"),
    ("people", "Cán bộ, đơn vị và tài khoản"),
    ("people import", "Nhập cán bộ từ CSV hoặc XLSX; nhập tất cả hoặc không nhập gì"),
    ("people unknown", "Liệt kê tài khoản chưa biết của ai"),
    ("people link", "Cho biết tài khoản là của ai"),
    ("catalog", "Danh mục sản phẩm, công việc"),
    ("catalog import", "Nhập một phiên bản từ CSV hoặc XLSX; nhập tất cả hoặc không nhập gì"),
    ("catalog diff", "So sánh một tệp với phiên bản đã lưu"),
    ("catalog list", "Liệt kê sản phẩm của một phiên bản"),
    ("mapping", "Công việc nào ứng với sản phẩm nào"),
    ("mapping review", "Liệt kê công việc cần người chọn sản phẩm"),
    ("mapping decide", "Chọn sản phẩm cho một công việc"),
    ("mapping evaluate", "Đo chất lượng ánh xạ trên công việc đã gán nhãn"),
    ("criteria", "Tiêu chí chung, đ, e, lý do khách quan và các quyết định khác của con người"),
    ("criteria set", "Nhập một quyết định về một người"),
    ("criteria import", "Nhập tiêu chí chung, đ và e từ CSV hoặc XLSX; nhập tất cả hoặc không nhập gì"),
    ("score", "Điểm"),
    ("score show", "Liệt kê điểm của một kỳ"),
    (
        "score verify",
        "Kiểm tra câu trả lời đã lưu, dựng lại nhiệm vụ và tính lại mọi điểm, so sánh từng byte",
    ),
    ("score explain", "Xem đầy đủ cách tính một điểm"),
    ("score case", "Tính một trường hợp từ tệp JSON, không cần cơ sở dữ liệu hay cấu hình"),
    ("record", "Hồ sơ đánh giá"),
    ("record list", "Liệt kê"),
    ("record approve", "Phê duyệt hồ sơ quý, hoặc xếp loại năm"),
    ("record correct", "Đính chính hồ sơ đã duyệt hoặc đã khóa"),
    ("period", "Kỳ đánh giá"),
    ("period close", "Khóa một kỳ sau khi qua danh mục kiểm tra"),
    ("history", "Kết quả xếp loại các năm trước"),
    ("history import", "Nhập từ CSV hoặc XLSX, hoặc xác nhận là không có"),
    ("outbox", "Gửi kết quả"),
    ("outbox list", "Liệt kê, hạn gần nhất trước"),
    ("outbox retry", "Cho gửi lại ngay một mục"),
    ("outbox park", "Đưa một mục ra khỏi hàng đợi"),
    ("outbox allow", "Cho gửi một danh sách thiếu kết quả đã được xác nhận, ví dụ sau khi kết quả bị hủy"),
    ("report", "Báo cáo"),
    ("report tasks", "Công việc đã xong, chậm, còn lại và quá hạn"),
    ("db", "Cơ sở dữ liệu"),
    ("db migrate", "Nâng cấp lược đồ lên phiên bản mới nhất"),
    ("db check", "Kiểm tra toàn vẹn"),
    ("db backup", "Sao chép cơ sở dữ liệu"),
    ("config", "Cấu hình"),
    ("config check", "Kiểm tra tệp cấu hình, các tệp được nêu và các bí mật"),
    ("config schema", "In JSON Schema của tệp, cho trình soạn thảo"),
    ("config default", "In mọi khóa với giá trị mặc định"),
    ("config example", "In tệp mẫu có chú thích"),
    ("simulate", "Chỉ chạy tỉnh mô phỏng, để hệ thống khác kết nối vào"),
];

const ARGUMENTS: &[(&str, &str)] = &[
    (".config", "Tệp cấu hình; mặc định: lienthong.toml tại đây, rồi /etc/lienthong/lienthong.toml"),
    (".data_dir", "Thư mục dữ liệu, thay cho thư mục trong cấu hình"),
    (".lang", "Ngôn ngữ; mặc định: theo LANG"),
    (".json", "In JSON cho chương trình khác"),
    (".help", "In hướng dẫn"),
    (".version", "In phiên bản"),
    ("run.listen", "Địa chỉ của trang theo dõi, kiểm tra sức khỏe và số đo, thay cho cấu hình"),
    ("demo.once", "Tự kết thúc khi mọi việc đã ổn định và khóa kỳ"),
    (
        "demo.port",
        "Cổng của trang theo dõi; 0 là cổng trống bất kỳ. Mặc định: 8335, với --once là cổng trống bất kỳ",
    ),
    ("*.seed", "Số khởi tạo của đời sống mô phỏng"),
    ("*.people", "Số cán bộ mô phỏng"),
    ("*.tasks", "Số công việc mô phỏng"),
    ("simulate.listen", "Địa chỉ phục vụ"),
    ("simulate.today", "Ngày hôm nay trong mô phỏng"),
    ("simulate.auto_tick", "Để đời sống tự diễn ra, mỗi bước sau chừng ấy mili giây"),
    ("*.source", "Tên nguồn"),
    ("sync.full", "Đọc lại tất cả thay vì chỉ phần thay đổi"),
    ("backfill.from", "Ngày đầu, yyyy-mm-dd hoặc dd/mm/yyyy"),
    ("backfill.to", "Ngày cuối, tính cả ngày này"),
    ("rejected list.source", "Chỉ của nguồn này"),
    ("rejected replay.source", "Tên nguồn, hoặc một bản ghi viết NGUỒN:SỐ"),
    ("*.limit", "Số dòng tối đa"),
    ("*.author", "Người chịu trách nhiệm; mặc định: tên đăng nhập"),
    ("*.file", "Tệp cần đọc"),
    ("people import.units", "Tệp đơn vị"),
    ("*.dry_run", "Chỉ xem, không thay đổi"),
    ("people link.account", "Tài khoản như nguồn ghi"),
    ("people link.moves", "Chuyển tài khoản khỏi người đang giữ"),
    ("*.person", "Số hiệu cán bộ, hoặc mã trên trang theo dõi"),
    ("catalog import.name", "Tên phiên bản, ví dụ 2026-1"),
    ("catalog import.valid_from", "Công việc giao từ ngày này dùng phiên bản này"),
    ("catalog diff.name", "Phiên bản đã lưu; mặc định: mới nhất"),
    ("catalog list.text", "Từ có trong mã, tên hoặc lĩnh vực; không phân biệt dấu và chữ hoa"),
    ("catalog list.name", "Phiên bản đã lưu; mặc định: phiên bản có hiệu lực hôm nay"),
    ("mapping review.after", "Tiếp tục sau số này, như cột Số hiển thị"),
    ("*.task", "Công việc, viết NGUỒN:MÃ"),
    ("mapping decide.product", "Mã sản phẩm"),
    ("mapping decide.outside", "Công việc ngoài danh mục"),
    ("*.reason", "Lý do"),
    ("mapping evaluate.catalog", "Danh mục, CSV hoặc XLSX"),
    ("mapping evaluate.labels", "Công việc đã gán nhãn để đo, CSV hoặc XLSX"),
    ("mapping evaluate.train", "Công việc đã gán nhãn để học, CSV hoặc XLSX; không có thì chỉ dùng danh mục"),
    ("mapping evaluate.rules", "Quy tắc chính xác, TOML; mặc định: không có"),
    ("mapping evaluate.target_precision", "Tỷ lệ quyết định tự động phải đúng, 0.5 đến 0.999"),
    ("mapping evaluate.cross_validate", "Học từ chính các nhãn bằng kiểm định chéo với chừng ấy phần"),
    ("*.period", "Kỳ: 2026-Q3 hoặc 2026"),
    ("criteria set.item", "Điểm một tiêu chí chung, ví dụ I.1=5; lặp lại cho từng tiêu chí"),
    ("criteria set.own", "Đây là điểm tự đánh giá"),
    ("criteria set.component", "Thành phần của người lãnh đạo: đ hoặc e"),
    ("criteria set.percent", "Phần trăm của thành phần, 50 hoặc 100"),
    ("criteria set.excuse", "Nguyên nhân khách quan được công nhận cho công việc"),
    ("criteria set.failures", "Số lần không đạt chất lượng được tính của công việc"),
    ("*.document", "Văn bản làm căn cứ; cần có khi người quyết định là cơ quan, không phải số hiệu"),
    ("criteria set.quantity", "Khối lượng đã hoàn thành và nghiệm thu của công việc"),
    ("score show.period", "Kỳ; mặc định: quý hiện tại"),
    ("*.unit", "Chỉ của đơn vị này và cấp dưới"),
    ("*.view", "Việc đến hạn tới hôm nay, hoặc mọi việc của kỳ"),
    ("score case.file", "Tệp trường hợp; - là đầu vào chuẩn"),
    ("*.state", "Chỉ ở trạng thái này"),
    ("*.revision", "Bản đã xem; bị từ chối nếu đã có bản mới hơn"),
    ("*.level", "Mức xếp loại; chỉ cho năm"),
    ("*.decision_no", "Số quyết định"),
    ("*.opinion", "Văn bản ý kiến của Chủ tịch UBND tỉnh; cần có khi xếp loại cấp phó của sở, xã"),
    ("history import.empty", "Xác nhận không có kết quả xếp loại trước đây"),
    ("history import.person", "Chỉ những người này; mặc định: mọi người chưa rõ lịch sử"),
    ("history import.reason", "Căn cứ xác nhận"),
    ("outbox list.target", "Chỉ đến đích này"),
    ("outbox allow.document", "Văn bản hủy kết quả mà danh sách không còn"),
    ("*.id", "Số của mục"),
    ("report tasks.by", "Mỗi dòng một cán bộ hoặc một đơn vị"),
    ("report tasks.source", "Chỉ của nguồn này"),
    ("report tasks.as_of", "Ngày quyết định việc quá hạn; mặc định: hôm nay"),
    (
        "report tasks.key",
        "Gọi cán bộ theo số hiệu hoặc tài khoản của nguồn; NGUỒN:TÀI-KHOẢN khi đọc nhiều nguồn",
    ),
    ("report tasks.format", "Dạng kết quả"),
    ("db backup.to", "Tệp bản sao; chưa được tồn tại"),
];

/// What a command does; the path is its words, empty for the program itself.
pub fn about(path: &str) -> Option<&'static str> {
    find(ABOUT, path)
}

/// What an argument means: its own text, else the one it shares with others.
pub fn argument(path: &str, id: &str) -> Option<&'static str> {
    find(ARGUMENTS, &format!("{path}.{id}")).or_else(|| find(ARGUMENTS, &format!("*.{id}")))
}

fn find(table: &[(&str, &'static str)], key: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == key).map(|(_, text)| *text)
}

/// Every key, for the test that compares them with the tree.
#[cfg(test)]
pub fn keys() -> impl Iterator<Item = &'static str> {
    ABOUT.iter().chain(ARGUMENTS).map(|(key, _)| *key)
}
