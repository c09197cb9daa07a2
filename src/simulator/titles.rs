//! The titles of simulated tasks, as clerks of departments and communes write them.
//!
//! Owns the templates with the catalog product each one truly belongs to (none = outside the catalog or too
//! vague to say), which bodies write it, and the noise of real keyboards: no accents, capitals, abbreviations.
//! All of it is made up. It must not know how the daemon maps a title.

use unicode_normalization::UnicodeNormalization as _;

/// Who writes a title: everybody, departments, communes, or the one body with this code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    All,
    Departments,
    Communes,
    Only(&'static str),
}

use Who::{All, Communes, Departments, Only};

/// A way of writing a task: title with slots `{topic}`, `{place}`, `{month}`, `{number}`, document type, the
/// source's category, true product.
type Template = (&'static str, &'static str, &'static str, Option<&'static str>, Who);

const IN: &str = "VB đến - xử lý chính";
const OUT: &str = "VB đi";
const INNER: &str = "VB nội bộ";
const REGULAR: &str = "NV thường xuyên";
const SUDDEN: &str = "NV đột xuất";
const PROVINCE: &str = "NV UBND tỉnh giao";
const PLANNED: &str = "NV theo kế hoạch năm";

#[rustfmt::skip]
const TEMPLATES: &[Template] = &[
    ("Công văn phúc đáp đề nghị của UBND {place} về {topic}", "Công văn", OUT, Some("SP-DC-001"), All),
    ("Công văn cử người tham gia họp bàn về {topic}", "Công văn", OUT, Some("SP-DC-001"), All),
    ("Công văn phối hợp thực hiện {topic} tại {place}", "Công văn", OUT, Some("SP-DC-001"), All),
    ("Xin gia hạn thời gian thực hiện nhiệm vụ về {topic}", "Công văn", OUT, Some("SP-DC-001"), All),
    ("V/v lấy ý kiến dự thảo Nghị quyết về {topic}", "Công văn", IN, Some("SP-DC-002"), All),
    ("Tham gia ý kiến đối với dự thảo Quyết định về {topic}", "Công văn", IN, Some("SP-DC-002"), All),
    ("Góp ý dự thảo Kế hoạch {topic} do sở khác chủ trì", "Công văn", IN, Some("SP-DC-002"), All),
    ("Gửi dự thảo xin ý kiến các cơ quan về {topic}", "Công văn", OUT, Some("SP-DC-003"), Departments),
    ("V/v đề nghị tham gia ý kiến dự thảo Đề án {topic}", "Công văn", OUT, Some("SP-DC-003"), Departments),
    ("Bảng tổng hợp ý kiến, tiếp thu giải trình dự thảo về {topic}", "Báo cáo", INNER, Some("SP-DC-004"), Departments),
    ("Hoàn thiện dự thảo theo ý kiến góp ý về {topic}", "Báo cáo", INNER, Some("SP-DC-004"), Departments),
    ("V/v đôn đốc báo cáo kết quả {topic}", "Công văn", OUT, Some("SP-DC-005"), All),
    ("Nhắc nhiệm vụ quá hạn về {topic}", "Công văn", OUT, Some("SP-DC-005"), All),
    ("Sao gửi, triển khai thực hiện văn bản của UBND tỉnh về {topic}", "Công văn", IN, Some("SP-DC-006"), All),
    ("Phổ biến văn bản chỉ đạo về {topic} đến các đơn vị", "Công văn", IN, Some("SP-DC-006"), All),
    ("Tham mưu Kế hoạch triển khai {topic} năm 2026", "Kế hoạch", REGULAR, Some("SP-DC-007"), All),
    ("Ban hành Kế hoạch thực hiện {topic} trên địa bàn {place}", "Kế hoạch", OUT, Some("SP-DC-007"), All),
    ("Dự thảo Kế hoạch {topic} quý IV", "Kế hoạch", INNER, Some("SP-DC-007"), All),
    ("Xây dựng Chương trình công tác năm của cơ quan", "Kế hoạch", PLANNED, Some("SP-DC-008"), All),
    ("Lịch công tác tuần của lãnh đạo, tuần thứ {number}", "Khác", INNER, Some("SP-DC-009"), All),
    ("Kế hoạch công tác tháng {month} của phòng", "Kế hoạch", INNER, Some("SP-DC-009"), All),
    ("Báo cáo tháng {month} về {topic}", "Báo cáo", REGULAR, Some("SP-DC-010"), All),
    ("Báo cáo giao ban tuần thứ {number}", "Báo cáo", REGULAR, Some("SP-DC-010"), All),
    ("BC công tác tháng {month} của phòng", "Báo cáo", INNER, Some("SP-DC-010"), All),
    ("Báo cáo quý III về {topic}", "Báo cáo", REGULAR, Some("SP-DC-011"), All),
    ("Báo cáo 9 tháng đầu năm về {topic}", "Báo cáo", REGULAR, Some("SP-DC-011"), All),
    ("Báo cáo kết quả công tác năm: {topic}", "Báo cáo", PLANNED, Some("SP-DC-011"), All),
    ("Báo cáo nhanh tình hình {topic} tại {place}", "Báo cáo", SUDDEN, Some("SP-DC-012"), All),
    ("Hỏa tốc: báo cáo đột xuất về {topic}", "Báo cáo", SUDDEN, Some("SP-DC-012"), All),
    ("Tổng kết 05 năm thực hiện Nghị quyết về {topic}", "Báo cáo", PLANNED, Some("SP-DC-013"), All),
    ("Sơ kết giữa nhiệm kỳ Chương trình {topic}", "Báo cáo", PLANNED, Some("SP-DC-013"), All),
    ("Báo cáo chuyên đề {topic}", "Báo cáo", PROVINCE, Some("SP-DC-013"), All),
    ("Báo cáo tiến độ thực hiện Kế hoạch {topic}", "Báo cáo", PROVINCE, Some("SP-DC-014"), All),
    ("Báo cáo thực hiện thông báo kết luận của Chủ tịch UBND tỉnh về {topic}", "Báo cáo", PROVINCE, Some("SP-DC-014"), All),
    ("Báo cáo kết quả thực hiện nhiệm vụ giao về {topic}", "Báo cáo", PROVINCE, Some("SP-DC-014"), All),
    ("Tờ trình UBND tỉnh xin chủ trương về {topic}", "Tờ trình", OUT, Some("SP-DC-015"), Departments),
    ("TTr đề nghị phê duyệt Kế hoạch {topic}", "Tờ trình", OUT, Some("SP-DC-015"), All),
    ("Quyết định kiện toàn Ban Chỉ đạo {topic}", "Quyết định", OUT, Some("SP-DC-016"), All),
    ("Thành lập Tổ công tác về {topic}", "Quyết định", OUT, Some("SP-DC-016"), All),
    ("Xây dựng Nghị quyết HĐND tỉnh quy định về {topic}", "Nghị quyết", PROVINCE, Some("SP-DC-017"), Departments),
    ("Dự thảo Quyết định sửa đổi, bổ sung quy định về {topic} (VBQPPL)", "Quyết định", PROVINCE, Some("SP-DC-017"), Departments),
    ("Xây dựng Đề án {topic} giai đoạn 2026-2030", "Đề án", PROVINCE, Some("SP-DC-018"), Departments),
    ("Chương trình hành động về {topic}", "Đề án", PROVINCE, Some("SP-DC-018"), All),
    ("Quy chế phối hợp trong {topic}", "Quy chế", INNER, Some("SP-DC-019"), All),
    ("Sửa đổi Quy chế chi tiêu nội bộ", "Quy chế", INNER, Some("SP-DC-019"), All),
    ("Hướng dẫn nghiệp vụ {topic} cho cấp xã", "Hướng dẫn", OUT, Some("SP-DC-020"), Departments),
    ("Trả lời vướng mắc nghiệp vụ về {topic}", "Công văn", OUT, Some("SP-DC-020"), Departments),
    ("Thông báo kết luận cuộc họp về {topic}", "Thông báo", OUT, Some("SP-DC-021"), All),
    ("TBKL giao ban tháng {month}", "Thông báo", OUT, Some("SP-DC-021"), All),
    ("Ghi biên bản họp về {topic}", "Biên bản", INNER, Some("SP-DC-022"), All),
    ("Giấy mời họp triển khai {topic}", "Giấy mời", OUT, Some("SP-DC-023"), All),
    ("Thư mời dự hội nghị về {topic}", "Giấy mời", OUT, Some("SP-DC-023"), All),
    ("Bài phát biểu của lãnh đạo tại hội nghị {topic}", "Khác", INNER, Some("SP-DC-024"), All),
    ("Chuẩn bị hội nghị trực tuyến về {topic}: hậu cần, tài liệu", "Khác", REGULAR, Some("SP-DC-025"), All),
    ("Tổ chức lớp tập huấn {topic} cho công chức xã", "Kế hoạch", PLANNED, Some("SP-DC-026"), All),
    ("Viết tin bài về {topic} đăng cổng thông tin điện tử", "Khác", REGULAR, Some("SP-DC-027"), All),
    ("Cung cấp số liệu {topic} theo đề nghị của Thống kê tỉnh", "Công văn", IN, Some("SP-DC-028"), All),
    ("Cung cấp hồ sơ, tài liệu về {topic} phục vụ đoàn giám sát", "Công văn", IN, Some("SP-DC-028"), All),
    ("Trả lời kiến nghị cử tri {place} về {topic}", "Công văn", IN, Some("SP-DC-029"), All),
    ("Trả lời phản ánh của người dân {place} về {topic}", "Công văn", "Kiến nghị, phản ánh", Some("SP-DC-030"), All),
    ("Tham gia đoàn kiểm tra liên ngành về {topic}", "Khác", "NV phối hợp", Some("SP-DC-031"), All),
    ("Lập hồ sơ xử phạt vi phạm hành chính về {topic}", "Quyết định", REGULAR, Some("SP-DC-032"), Communes),
    ("Tiếp nhận, đăng ký văn bản đến tuần thứ {number}", "Khác", REGULAR, Some("SP-VT-001"), All),
    ("Đăng ký, phát hành văn bản đi tháng {month}", "Khác", REGULAR, Some("SP-VT-002"), All),
    ("Lập hồ sơ công việc, giao nộp vào lưu trữ cơ quan tháng {month}", "Khác", REGULAR, Some("SP-VT-003"), All),
    ("Số hóa tài liệu lưu trữ đợt {number}", "Khác", PLANNED, Some("SP-VT-004"), All),
    ("Đề nghị cấp, gia hạn chứng thư số cho công chức", "Công văn", OUT, Some("SP-VT-005"), All),
    ("Mua sắm văn phòng phẩm tháng {month}", "Khác", REGULAR, Some("SP-VT-006"), All),
    ("Tổ chức tuyển dụng công chức năm 2026, đợt {number}", "Kế hoạch", PLANNED, Some("SP-NV-001"), Only("SNV")),
    ("Hồ sơ bổ nhiệm lại lãnh đạo phòng thuộc {place}", "Tờ trình", REGULAR, Some("SP-NV-002"), Only("SNV")),
    ("Quyết định nâng bậc lương thường xuyên tháng {month}", "Quyết định", REGULAR, Some("SP-NV-003"), Only("SNV")),
    ("Hồ sơ nghỉ hưu đúng tuổi của viên chức {place}", "Quyết định", REGULAR, Some("SP-NV-004"), Only("SNV")),
    ("Thẩm định Đề án vị trí việc làm của UBND {place}", "Báo cáo", IN, Some("SP-NV-006"), Only("SNV")),
    ("Thẩm định, giao biên chế cho UBND {place}", "Tờ trình", PROVINCE, Some("SP-NV-007"), Only("SNV")),
    ("Cử công chức tham gia lớp bồi dưỡng ngạch chuyên viên chính", "Quyết định", OUT, Some("SP-NV-010"), Only("SNV")),
    ("Hồ sơ đề nghị khen thưởng tập thể, cá nhân {place}", "Tờ trình", IN, Some("SP-NV-011"), Only("SNV")),
    ("Tự chấm điểm Chỉ số cải cách hành chính (PAR INDEX)", "Báo cáo", PLANNED, Some("SP-NV-012"), Only("SNV")),
    ("Kiểm tra cải cách hành chính, kiểm tra công vụ tại {place}", "Kế hoạch", PLANNED, Some("SP-NV-013"), Only("SNV")),
    ("Cập nhật dữ liệu cán bộ, công chức trên CSDL quốc gia tháng {month}", "Khác", REGULAR, Some("SP-NV-016"), Only("SNV")),
    ("Thẩm định đề nghị bổ sung kinh phí ngoài dự toán của {place}", "Báo cáo", IN, Some("SP-TC-001"), Only("STC")),
    ("Lập dự toán thu, chi ngân sách năm 2027", "Báo cáo", PLANNED, Some("SP-TC-002"), Only("STC")),
    ("Báo cáo quyết toán ngân sách năm của {place}", "Báo cáo", PLANNED, Some("SP-TC-003"), Only("STC")),
    ("Thẩm tra quyết toán dự án hoàn thành tại {place}", "Báo cáo", REGULAR, Some("SP-TC-004"), Only("STC")),
    ("Điều chỉnh kế hoạch vốn đầu tư công của {place}", "Tờ trình", PROVINCE, Some("SP-TC-005"), Only("STC")),
    ("Báo cáo tình hình giải ngân vốn đầu tư công tháng {month}", "Báo cáo", REGULAR, Some("SP-TC-006"), Only("STC")),
    ("Thẩm định chủ trương đầu tư dự án đường giao thông {place}", "Báo cáo", PROVINCE, Some("SP-TC-007"), Only("STC")),
    ("Giải quyết hồ sơ đăng ký doanh nghiệp, đợt {number}", "Hồ sơ TTHC", "Đăng ký doanh nghiệp", Some("SP-TC-008"), Only("STC")),
    ("Thanh lý, điều chuyển tài sản công tại {place}", "Quyết định", REGULAR, Some("SP-TC-010"), Only("STC")),
    ("Lập chứng từ chi trả lương qua Kho bạc tháng {month}", "Khác", REGULAR, Some("SP-TC-011"), All),
    ("Thẩm định kế hoạch lựa chọn nhà thầu công trình tại {place}", "Báo cáo", IN, Some("SP-TC-012"), Only("STC")),
    ("Hồ sơ giao đất, cho thuê đất tại {place}", "Hồ sơ TTHC", "Đất đai", Some("SP-NM-004"), Only("SNNMT")),
    ("Thẩm định báo cáo đánh giá tác động môi trường trang trại tại {place}", "Hồ sơ TTHC", "Môi trường", Some("SP-NM-007"), Only("SNNMT")),
    ("Cấp giấy phép môi trường cho cơ sở chế biến tại {place}", "Hồ sơ TTHC", "Môi trường", Some("SP-NM-008"), Only("SNNMT")),
    ("Cấp phép khai thác khoáng sản làm vật liệu tại {place}", "Hồ sơ TTHC", "Môi trường", Some("SP-NM-009"), Only("SNNMT")),
    ("Cấp phép khai thác, sử dụng tài nguyên nước tại {place}", "Hồ sơ TTHC", "Tài nguyên nước", Some("SP-NM-010"), Only("SNNMT")),
    ("Phòng, chống dịch tả lợn châu Phi, tổ chức tiêm phòng tại {place}", "Công văn", SUDDEN, Some("SP-NM-011"), Only("SNNMT")),
    ("Thống kê thiệt hại do bão số {number} tại {place}", "Báo cáo", SUDDEN, Some("SP-NM-012"), Only("SNNMT")),
    ("Tuần tra bảo vệ rừng, phòng cháy, chữa cháy rừng tại {place}", "Khác", REGULAR, Some("SP-NM-013"), Only("SNNMT")),
    ("Đánh giá, phân hạng sản phẩm OCOP của {place}", "Báo cáo", PLANNED, Some("SP-NM-014"), Only("SNNMT")),
    ("Thẩm định hồ sơ xét công nhận xã đạt chuẩn nông thôn mới: {place}", "Báo cáo", PROVINCE, Some("SP-NM-015"), Only("SNNMT")),
    ("Cấp giấy phép hoạt động phòng khám đa khoa tại {place}", "Hồ sơ TTHC", "Khám chữa bệnh", Some("SP-YT-001"), Only("SYT")),
    ("Cấp giấy phép hành nghề khám bệnh, chữa bệnh, đợt {number}", "Hồ sơ TTHC", "Khám chữa bệnh", Some("SP-YT-002"), Only("SYT")),
    ("Cấp giấy chứng nhận đủ điều kiện kinh doanh dược tại {place}", "Hồ sơ TTHC", "Dược", Some("SP-YT-003"), Only("SYT")),
    ("Kiểm tra an toàn thực phẩm bếp ăn tập thể tại {place}", "Biên bản", PLANNED, Some("SP-YT-004"), Only("SYT")),
    ("Giám sát, xử lý ổ dịch sốt xuất huyết tại {place}", "Báo cáo", SUDDEN, Some("SP-YT-005"), Only("SYT")),
    ("Hồ sơ trợ giúp trẻ em có hoàn cảnh đặc biệt tại {place}", "Hồ sơ TTHC", "Bảo trợ xã hội", Some("SP-YT-010"), Only("SYT")),
    ("Cấp giấy chứng nhận đăng ký hộ kinh doanh, hồ sơ số {number}", "Hồ sơ TTHC", "Đăng ký kinh doanh", Some("SP-TC-009"), Communes),
    ("Cấp giấy phép xây dựng nhà ở riêng lẻ, hồ sơ số {number}", "Hồ sơ TTHC", "HĐ xây dựng", Some("SP-XD-001"), Communes),
    ("Kiểm tra trật tự xây dựng tổ dân phố {number}", "Biên bản", REGULAR, Some("SP-XD-006"), Communes),
    ("Cấp giấy chứng nhận quyền sử dụng đất lần đầu, hồ sơ số {number}", "Hồ sơ TTHC", "Đất đai", Some("SP-NM-001"), Communes),
    ("Chuyển mục đích sử dụng đất hộ gia đình, hồ sơ số {number}", "Hồ sơ TTHC", "Đất đai", Some("SP-NM-003"), Communes),
    ("Hòa giải tranh chấp đất đai tổ dân phố {number}", "Biên bản", "Tranh chấp", Some("SP-NM-006"), Communes),
    ("Rà soát hộ nghèo, hộ cận nghèo thôn {number}", "Báo cáo", PLANNED, Some("SP-NM-016"), Communes),
    ("Giải quyết hồ sơ trợ cấp xã hội hằng tháng, đợt {number}", "Hồ sơ TTHC", "Bảo trợ xã hội", Some("SP-YT-006"), Communes),
    ("Xác định mức độ khuyết tật, hồ sơ số {number}", "Hồ sơ TTHC", "Bảo trợ xã hội", Some("SP-YT-007"), Communes),
    ("Lập danh sách đề nghị cấp thẻ BHYT tháng {month}", "Công văn", REGULAR, Some("SP-YT-008"), Communes),
    ("Giải quyết hỗ trợ chi phí mai táng, hồ sơ số {number}", "Hồ sơ TTHC", "Bảo trợ xã hội", Some("SP-YT-009"), Communes),
    ("Đăng ký khai sinh, hồ sơ số {number}", "Hồ sơ TTHC", "Hộ tịch", Some("SP-TP-001"), Communes),
    ("Đăng ký khai tử, hồ sơ số {number}", "Hồ sơ TTHC", "Hộ tịch", Some("SP-TP-002"), Communes),
    ("Đăng ký kết hôn, hồ sơ số {number}", "Hồ sơ TTHC", "Hộ tịch", Some("SP-TP-003"), Communes),
    ("Cấp giấy xác nhận tình trạng hôn nhân, hồ sơ số {number}", "Hồ sơ TTHC", "Hộ tịch", Some("SP-TP-004"), Communes),
    ("Cấp bản sao trích lục hộ tịch, hồ sơ số {number}", "Hồ sơ TTHC", "Hộ tịch", Some("SP-TP-006"), Communes),
    ("Chứng thực bản sao từ bản chính, đợt {number}", "Hồ sơ TTHC", "Chứng thực", Some("SP-TP-008"), Communes),
    ("Chứng thực hợp đồng chuyển nhượng, hồ sơ số {number}", "Hồ sơ TTHC", "Chứng thực", Some("SP-TP-010"), Communes),
    ("Hòa giải ở cơ sở: mâu thuẫn gia đình tại thôn {number}", "Biên bản", REGULAR, Some("SP-TP-014"), Communes),
    ("Tổ chức tuyên truyền, phổ biến pháp luật về {topic}", "Kế hoạch", PLANNED, Some("SP-TP-013"), All),
    ("Tiếp công dân định kỳ tháng {month}", "Khác", REGULAR, Some("SP-TT-001"), All),
    ("Tiếp nhận, phân loại, xử lý đơn thư tuần thứ {number}", "Đơn thư", "Đơn thư", Some("SP-TT-002"), All),
    ("Xác minh, giải quyết khiếu nại lần đầu của công dân {place}", "Đơn thư", "Khiếu nại", Some("SP-TT-003"), All),
    ("Theo dõi việc thực hiện kết luận thanh tra tại {place}", "Công văn", REGULAR, Some("SP-TT-006"), All),
    ("Phiếu trình lãnh đạo UBND về {topic}", "Phiếu trình", INNER, Some("SP-VP-001"), All),
    ("Rà soát thủ tục hành chính lĩnh vực {topic}", "Báo cáo", PLANNED, Some("SP-VP-002"), Departments),
    ("Trực tiếp nhận hồ sơ tại bộ phận một cửa, tuần thứ {number}", "Khác", "Một cửa", Some("SP-VP-003"), Communes),
    ("Tổ chức tiếp xúc cử tri tại {place}", "Kế hoạch", PLANNED, Some("SP-VP-006"), Communes),
    ("Hỗ trợ kỹ thuật, xử lý sự cố máy tính cho phòng {number}", "Khác", REGULAR, Some("SP-CN-005"), All),
    ("Hướng dẫn người dân nộp hồ sơ dịch vụ công trực tuyến, tuần thứ {number}", "Khác", REGULAR, Some("SP-CN-008"), Communes),
    ("Tuyển chọn, gọi công dân nhập ngũ năm 2027, đợt {number}", "Kế hoạch", PLANNED, Some("SP-QS-001"), Communes),
    ("Đăng ký nghĩa vụ quân sự lần đầu, đợt {number}", "Hồ sơ TTHC", "Quân sự", Some("SP-QS-002"), Communes),
    ("Thực hiện chính sách dân tộc, người có uy tín tại làng {number}", "Báo cáo", REGULAR, Some("SP-DT-002"), Communes),
    // Outside the catalog: party and union life, errands, private matters.
    ("Đại hội công đoàn cơ sở nhiệm kỳ 2026-2031", "Khác", INNER, None, All),
    ("Sinh hoạt chi bộ tháng {month}", "Nghị quyết", INNER, None, All),
    ("Lái xe đưa lãnh đạo đi công tác {place}", "Khác", REGULAR, None, All),
    ("Trực cơ quan, bảo vệ đêm tuần thứ {number}", "Khác", REGULAR, None, All),
    ("Giao lưu bóng chuyền chào mừng ngày truyền thống", "Khác", INNER, None, All),
    // Too vague to belong anywhere.
    ("Việc khác theo phân công", "", "", None, All),
    ("Xử lý tiếp", "", "", None, All),
    ("Theo dõi, nắm tình hình", "Khác", REGULAR, None, All),
    ("Làm theo ý kiến lãnh đạo", "", "", None, All),
];

const TOPICS: [&str; 24] = [
    "chuyển đổi số",
    "cải cách hành chính",
    "phòng, chống thiên tai",
    "xây dựng nông thôn mới",
    "an sinh xã hội",
    "phát triển kinh tế tập thể",
    "quản lý đất đai",
    "công tác dân vận chính quyền",
    "thu ngân sách nhà nước",
    "đầu tư công trung hạn",
    "bảo vệ môi trường",
    "an toàn thực phẩm",
    "giảm nghèo bền vững",
    "chăm sóc sức khỏe ban đầu",
    "công tác tuyển quân",
    "phổ biến, giáo dục pháp luật",
    "quản lý tài sản công",
    "đào tạo, bồi dưỡng công chức",
    "văn hóa cơ sở",
    "dịch vụ công trực tuyến",
    "phòng cháy, chữa cháy rừng",
    "bình đẳng giới",
    "công tác thanh niên",
    "thi đua, khen thưởng",
];

const PLACES: [&str; 14] = [
    "phường Pleiku",
    "phường Quy Nhơn",
    "phường An Khê",
    "phường Bồng Sơn",
    "phường Hoài Nhơn",
    "xã Chư Sê",
    "xã Đak Đoa",
    "xã Ia Grai",
    "xã Mang Yang",
    "xã Krong",
    "xã Chư Prông",
    "xã Tuy Phước",
    "xã Phù Mỹ",
    "xã Hoài Ân",
];

/// Long forms and how hurried people write them.
const ABBREVIATIONS: [(&str, &str); 8] = [
    ("UBND tỉnh", "UB tỉnh"),
    ("Kế hoạch", "KH"),
    ("Báo cáo", "BC"),
    ("Quyết định", "QĐ"),
    ("Thông báo kết luận", "TBKL"),
    ("công chức", "CC"),
    ("Nghị quyết", "NQ"),
    ("triển khai", "tkhai"),
];

/// Whether a category is the one of tasks that came up outside every plan.
pub(super) fn is_unplanned(category: &str) -> bool {
    category == SUDDEN
}

/// A title with what is true of it.
#[derive(Debug, Clone)]
pub struct Title {
    /// Text, noise included.
    pub text: String,
    /// Document type the source recorded; may be empty.
    pub doc_type: &'static str,
    /// The source's category; may be empty.
    pub category: &'static str,
    /// True product; none outside the catalog or when nobody could say.
    pub product: Option<&'static str>,
}

/// A title as somebody of a body (its code, and whether it is a commune) would write it.
pub fn make(rng: &mut fastrand::Rng, body: &str, commune: bool) -> Title {
    let template = loop {
        let at = TEMPLATES[rng.usize(..TEMPLATES.len())];
        let writes = match at.4 {
            All => true,
            Departments => !commune,
            Communes => commune,
            Only(code) => code == body,
        };
        // What nobody can map is common enough as it is.
        if writes && (at.3.is_some() || rng.u32(..3) == 0) {
            break at;
        }
    };
    let text = template
        .0
        .replace("{topic}", TOPICS[rng.usize(..TOPICS.len())])
        .replace("{place}", PLACES[rng.usize(..PLACES.len())])
        .replace("{month}", &rng.u32(1..=12).to_string())
        .replace("{number}", &rng.u32(1..=52).to_string());
    Title { text: noisy(rng, text), doc_type: template.1, category: template.2, product: template.3 }
}

/// About one title in ten is typed without accents, in capitals or shortened.
fn noisy(rng: &mut fastrand::Rng, text: String) -> String {
    match rng.u32(..100) {
        0..=3 => without_accents(&text),
        4 => text.to_uppercase(),
        5..=9 => ABBREVIATIONS.iter().fold(text, |text, (long, short)| text.replace(long, short)),
        _ => text,
    }
}

fn without_accents(text: &str) -> String {
    let stripped: String = text.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).collect();
    stripped.replace('đ', "d").replace('Đ', "D")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_true_product_stands_in_the_example_catalog() {
        let mut reader =
            csv::Reader::from_reader(include_bytes!("../../config/catalog-example.csv").as_slice());
        let codes: HashSet<String> =
            reader.records().map(|record| record.expect("a catalog row")[0].to_owned()).collect();
        assert!(TEMPLATES.len() >= 120, "{} templates", TEMPLATES.len());
        for (text, .., product, _) in TEMPLATES {
            assert!(product.is_none_or(|code| codes.contains(code)), "{text}: {product:?}");
        }
    }

    #[test]
    fn departments_write_no_titles_of_communes() {
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..2_000 {
            let title = make(&mut rng, "SYT", false);
            assert!(title.product.is_none_or(|code| !code.starts_with("SP-TP-00")), "{title:?}");
            assert!(!title.text.contains('{'), "{title:?}");
        }
    }

    #[test]
    fn typing_without_accents_leaves_ascii_letters() {
        assert_eq!(without_accents("Đăng ký khai sinh, hồ sơ số 7"), "Dang ky khai sinh, ho so so 7");
    }
}
