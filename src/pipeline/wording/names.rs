//! The names of every kind of word, as lists of token, Vietnamese and English.
//!
//! Owns the lists, nothing else: how one is looked up, and what is shown of a word that is in none, is `wording`'s. Legal
//! terms follow Decree 335/2025/NĐ-CP.

use super::Words;

/// Token, Vietnamese, English.
pub(super) type Names = &'static [(&'static str, &'static str, &'static str)];

impl Words {
    /// The names of a kind of word: token, Vietnamese, English.
    pub(super) fn names(self) -> Names {
        match self {
            Self::Step => STEPS,
            Self::Action => ACTIONS,
            Self::TaskStatus => TASK_STATES,
            Self::Event => EVENTS,
            Self::DecidedBy => DECIDED_BY,
            Self::RunKind => RUN_KINDS,
            Self::Decision => DECISIONS,
            Self::Missing => MISSING,
            Self::Opinion => OPINIONS,
            Self::Excluded => EXCLUDED,
            Self::Likeness => LIKENESS,
            Self::Pair => PAIRS,
            Self::Mapping => MAPPING_STATES,
            Self::Proposal => PROPOSALS,
            Self::MappingOrder => MAPPING_ORDERS,
            Self::Direction => DIRECTIONS,
            Self::ScorePart => SCORE_PARTS,
            Self::Delivery => DELIVERY_STATES,
            Self::Message => MESSAGES,
            Self::RecordState => RECORD_STATES,
            Self::Level => LEVELS,
            Self::Role => ROLES,
            Self::Account => ACCOUNTS,
            Self::SourceState => SOURCE_STATES,
            Self::Completeness => COMPLETENESS,
            Self::FieldState => FIELD_STATES,
            Self::TargetState => TARGET_STATES,
            Self::Rejected => REJECTED,
            Self::Kind => KINDS,
            Self::Result => RESULTS,
            Self::Organisation => ORGANISATION_STATES,
            Self::Condition => CONDITIONS,
            Self::Met => MET,
            Self::OrganisationItem => ORGANISATION_ITEMS,
            Self::Gap => GAPS,
            Self::Difference => DIFFERENCES,
            Self::Petition => PETITIONS,
            Self::Written => WRITTEN,
            Self::Check => CHECKS,
            Self::CheckState => CHECK_STATES,
            Self::Change => CHANGES,
            Self::Standing => STANDING,
            Self::View => VIEWS,
            Self::Evidence => EVIDENCE,
            Self::Contradiction => CONTRADICTIONS,
            Self::Fact => FACTS,
            Self::Candidate => CANDIDATES,
            Self::Retention => RETENTION,
            Self::RetentionReason => RETENTION_REASONS,
            Self::Scope => SCOPES,
            Self::Rule => RULES,
            Self::Number | Self::Place | Self::Deadline | Self::Title => &[],
        }
    }
}

const RULES: Names = &[
    (
        "below_100_not_completed",
        "Quy định riêng: còn nhiệm vụ được giao chưa hoàn thành",
        "Local rule: assigned tasks are not completed",
    ),
    (
        "unit_below_70_head_not_completed",
        "Quy định riêng: đơn vị hoàn thành dưới 70 %, người đứng đầu",
        "Local rule: unit below 70 %, its head",
    ),
    (
        "unit_below_70_deputy_not_excellent",
        "Quy định riêng: lĩnh vực hoàn thành dưới 70 %, cấp phó",
        "Local rule: field below 70 %, its deputy",
    ),
    (
        "quarter_not_completed_no_excellent_year",
        "Quy định riêng: có quý không hoàn thành thì năm không xuất sắc",
        "Local rule: a quarter not completed, no excellent year",
    ),
    (
        "two_quarters_not_completed_consider_replacement",
        "Quy định riêng: hai quý liền nhau không hoàn thành",
        "Local rule: two quarters not completed in a row",
    ),
    (
        "year_from_quarter_levels",
        "Quy định riêng: mức của năm theo mức của các quý",
        "Local rule: the year's level follows its quarters' levels",
    ),
];

const REJECTED: Names = &[
    ("open", "Chờ xử lý", "Waits"),
    ("read", "Nguồn đã đưa ra bản đọc được", "Its source gave it corrected"),
    ("replayed", "Đã đọc lại được", "Read by a replay"),
    ("gone", "Nguồn không còn đưa ra như vậy", "Listed like that no more"),
];

const STEPS: Names = &[
    ("identify", "Xác định người thực hiện", "Identify people"),
    ("map", "Gán sản phẩm", "Map to products"),
    ("score", "Tính điểm", "Compute scores"),
    ("record", "Lập hồ sơ đánh giá", "Make records"),
    ("decide", "Áp dụng quyết định", "Apply decisions"),
    ("retain", "Xóa dữ liệu hết hạn giữ", "Let go what is kept long enough"),
];

const RETENTION: Names = &[
    ("answers", "Câu trả lời của nguồn", "Answers of sources"),
    ("rejected", "Bản ghi bị từ chối đã xử lý", "Rejected records that are settled"),
    ("deliveries", "Nội dung các lần gửi", "Payloads of deliveries"),
    ("left_people", "Số định danh của người đã nghỉ", "Citizen ids of people who left"),
    ("replaced_history", "Kết quả kỳ trước đã bị thay", "Earlier results that were replaced"),
    ("events", "Sự kiện của nhiệm vụ", "Events of tasks"),
    ("records", "Hồ sơ đánh giá, quyết định", "Records and decisions"),
    ("journal", "Nhật ký", "The journal"),
    ("people", "Họ tên, chức vụ, chỉ mục số định danh", "Names, posts, the index of citizen ids"),
];

const RETENTION_REASONS: Names = &[
    ("not_configured", "Không cấu hình thời hạn: giữ tất cả", "No time is configured: everything is kept"),
    ("no_closed_year", "Chưa có năm nào được chốt", "No year is closed yet"),
    (
        "read_last",
        "Nhiệm vụ được đọc từ đó lần cuối, `score verify` đọc lại",
        "A task was read from it last, `score verify` reads it again",
    ),
    ("waits", "Còn chờ người xử lý", "It still waits for somebody"),
    (
        "acknowledged_last",
        "Lần gửi cuối được xác nhận: danh sách sau được so với nó",
        "Acknowledged last: the next list is compared with it",
    ),
    ("still_open", "Còn kiến nghị hoặc còn mục chờ gửi", "A petition or a delivery is open"),
    ("events", "Điểm đã chốt phải dựng lại được từ đó", "Closed scores must be derivable from them"),
    (
        "records",
        "Phải lưu giữ (Điều 24); không phiên bản nào bị ghi đè",
        "To be kept (art. 24); no revision is overwritten",
    ),
    (
        "journal",
        "Mỗi mục buộc vào mục trước; xóa một mục là đứt chuỗi",
        "Each entry is bound to the one before",
    ),
    (
        "people",
        "Hồ sơ và nhiệm vụ đã chốt phải biết là của ai",
        "Closed records and tasks must be somebody's",
    ),
];

const EVIDENCE: Names = &[
    ("document", "Văn bản đến", "Document"),
    ("recall", "Thu hồi", "Recall"),
    ("replaced", "Bị thay thế", "Replaced"),
    ("answer", "Văn bản trả lời", "Answer"),
    ("task_answer", "Trả lời nhiệm vụ", "Answer to the task"),
    ("status", "Trạng thái trên trục", "State on the axis"),
];

const CONTRADICTIONS: Names = &[
    ("done_but_refused", "Đã xong nhưng trục báo từ chối", "Done, but refused on the axis"),
    ("done_but_withdrawn", "Đã xong nhưng văn bản bị thu hồi", "Done, but taken back"),
    ("done_without_word", "Đã xong nhưng trục không có trả lời", "Done, but nobody answered on the axis"),
    ("open_but_finished", "Chưa xong nhưng trục báo hoàn thành", "Open, but finished on the axis"),
    ("open_but_answered", "Chưa xong nhưng đã có văn bản trả lời", "Open, but answered"),
    ("open_but_withdrawn", "Chưa xong nhưng văn bản bị thu hồi", "Open, but taken back"),
];

const ACTIONS: Names = &[
    ("people_imported", "Nhập danh sách cán bộ, công chức", "People imported"),
    ("catalog_imported", "Nhập danh mục sản phẩm", "Catalog imported"),
    ("account_linked", "Gán tài khoản cho người", "Account linked"),
    ("account_moved", "Chuyển tài khoản sang người khác", "Account moved"),
    ("field_key_rotation_begun", "Bắt đầu đổi khóa mã hóa", "Rotation of the field key begun"),
    ("field_key_retired", "Bỏ khóa mã hóa cũ", "Old field key retired"),
    ("retention_applied", "Xóa dữ liệu hết hạn giữ", "Let go what was kept long enough"),
    ("gate_accepted", "Cho nguồn đang dừng đi tiếp", "Stopped source let through"),
    ("fewer_files_accepted", "Xác nhận thư mục ít tệp hơn là đúng", "Fewer files accepted"),
    ("drift_accepted", "Coi thay đổi của bản ghi là đã biết", "Change of records accepted"),
    ("product_proposed", "Đề nghị sản phẩm mới", "New product proposed"),
    ("examples_imported", "Nhập ví dụ từ nơi khác", "Examples of others imported"),
    ("mapping_asked", "Đề nghị quyết định sản phẩm, chờ xác nhận", "Product decision asked for"),
    ("mapping_confirmed", "Xác nhận quyết định sản phẩm", "Product decision confirmed"),
    ("mapping_withdrawn", "Rút quyết định sản phẩm", "Product decision withdrawn"),
    ("duplicate_confirmed", "Gộp nhiệm vụ trùng", "Tasks made one"),
    ("duplicate_rejected", "Bác bỏ nhiệm vụ trùng", "Tasks kept two"),
    ("duplicate_undone", "Thu hồi việc gộp, tách nhiệm vụ", "Word about two tasks taken back"),
    ("mapping_decided", "Quyết định sản phẩm của nhiệm vụ", "Product decided"),
    ("record_revised", "Hồ sơ có phiên bản mới", "Record revised"),
    ("record_approved", "Phê duyệt hồ sơ", "Record approved"),
    ("record_corrected", "Đính chính hồ sơ", "Record corrected"),
    ("record_self_assessed", "Công chức tự đánh giá", "Self-assessment"),
    ("record_reviewed", "Người chấm nhận xét hồ sơ", "Record reviewed"),
    ("record_revoked", "Hủy kết quả", "Result revoked"),
    ("record_held", "Tạm dừng hồ sơ để xác minh", "Record held"),
    ("record_released", "Kết thúc tạm dừng hồ sơ", "Record released"),
    ("record_notified", "Thông báo kết quả", "Result told"),
    ("opinion_kept", "Ghi ý kiến về kết quả", "Opinion written down"),
    ("move_refused", "Bước của hồ sơ không được phép", "Move of a record refused"),
    ("decision_entered", "Ghi quyết định về kết quả", "Decision entered"),
    ("decisions_imported", "Nhập tệp quyết định", "File of decisions imported"),
    ("decision_refused", "Quyết định không được chấp nhận", "Decision refused"),
    ("decision_replaced", "Quyết định đã được thay bằng quyết định sau", "Decision replaced by a later one"),
    ("fact_entered", "Ghi dữ kiện công tác", "Fact of service entered"),
    ("fact_revoked", "Thu hồi dữ kiện công tác", "Fact of service taken back"),
    ("period_closed", "Chốt kỳ", "Period closed"),
    ("unit_closed", "Chốt kỳ của một đơn vị", "A unit's part closed"),
    ("organisation_self_assessed", "Tổ chức tự đánh giá", "Organisation self-assessed"),
    ("organisation_appraised", "Thẩm định tổ chức", "Organisation appraised"),
    ("organisation_recognised", "Công nhận xếp loại tổ chức", "Organisation recognised"),
    ("organisation_revoked", "Hủy công nhận tổ chức", "Recognition revoked"),
    ("organisation_notified", "Thông báo kết quả của tổ chức", "Organisation's result told"),
    ("organisation_fact", "Xác nhận về tổ chức", "Fact about an organisation"),
    ("task_above", "Nhiệm vụ vượt mức yêu cầu", "Task above requirement"),
    ("task_above_taken_back", "Thu hồi ghi nhận vượt mức", "Task above requirement taken back"),
    ("person_data_given", "Cung cấp dữ liệu của một người", "A person's data handed out"),
    ("petition_opened", "Nhận kiến nghị", "Petition received"),
    ("petition_answered", "Trả lời kiến nghị", "Petition answered"),
    ("history_imported", "Nhập kết quả các kỳ trước", "Earlier results imported"),
    ("history_signed_empty", "Xác nhận không có kết quả trước", "Signed off: no earlier results"),
    ("result_delivered", "CSDL quốc gia đã nhận", "National database acknowledged"),
    ("outbox_retried", "Gửi lại theo yêu cầu", "Delivery retried"),
    ("outbox_parked", "Tạm gác mục gửi", "Delivery parked"),
    ("outbox_allowed", "Cho gửi danh sách ngắn hơn", "Shorter list let through"),
];

const TASK_STATES: Names = &[
    ("open", "Mới giao", "Open"),
    ("in_progress", "Đang thực hiện", "In progress"),
    ("submitted", "Đã trình", "Submitted"),
    ("done", "Hoàn thành", "Done"),
    ("returned", "Bị trả lại", "Returned"),
    ("refused", "Không được duyệt", "Refused"),
    ("paused", "Tạm dừng", "Paused"),
    ("cancelled", "Đã hủy", "Cancelled"),
    ("recalled", "Đã thu hồi", "Recalled"),
    ("gone", "Nguồn không còn hiển thị", "Gone from its source"),
];

const EVENTS: Names = &[
    ("assigned", "Giao việc", "Assigned"),
    ("due_changed", "Đổi hạn", "Due date changed"),
    ("progressed", "Cập nhật tiến độ", "Progressed"),
    ("submitted", "Trình kết quả", "Submitted"),
    ("returned", "Trả lại", "Returned"),
    ("approved", "Duyệt, hoàn thành", "Approved"),
    ("refused", "Không duyệt", "Refused"),
    ("reopened", "Mở lại", "Reopened"),
    ("handed_over", "Chuyển người thực hiện", "Handed over"),
    ("recalled", "Thu hồi", "Recalled"),
    ("cancelled", "Hủy", "Cancelled"),
    ("gone", "Nguồn không còn hiển thị", "Gone from its source"),
    ("edited", "Sửa nội dung", "Edited"),
    ("outdated", "Phiên bản cũ đến sau, không áp dụng", "Older version, kept but not applied"),
];

const DECIDED_BY: Names = &[
    ("operator", "người quyết định", "a person"),
    ("rule", "quy tắc", "a rule"),
    ("text", "nội dung", "its words"),
    ("source", "nguồn cung cấp mã", "its source"),
];

const RUN_KINDS: Names = &[
    ("incremental", "Phần thay đổi", "Changes"),
    ("new_files", "Tệp mới và tệp đã sửa", "New and changed files"),
    ("unchanged", "Nguồn báo không có gì đổi", "Nothing changed, says the source"),
    ("whole", "Cả danh sách", "Whole list"),
    ("full", "Toàn bộ", "Everything"),
    ("backfill", "Bổ sung khoảng thời gian", "Backfill"),
];

const DECISIONS: Names = &[
    ("self_assessment", "Tự chấm tiêu chí chung", "Self-assessment"),
    ("general_criteria", "Chấm tiêu chí chung", "General criteria"),
    ("leader_component", "Thành phần của người đứng đầu", "Leader's component"),
    ("quality_failures", "Xác nhận lỗi chất lượng", "Quality failures confirmed"),
    ("excuse", "Nguyên nhân khách quan", "Objective cause"),
    ("remarks", "Nhận xét, biên bản", "Remarks"),
    ("lateness", "Xác nhận hoặc bác lần chậm", "Lateness confirmed or rejected"),
    ("support_percents", "Ba tỷ lệ của người hợp đồng", "Support worker's percents"),
    ("completed_quantity", "Xác nhận khối lượng hoàn thành", "Completed quantity"),
    ("approval", "Phê duyệt điểm", "Approval"),
    ("classification", "Xếp loại năm", "Classification"),
];

const OPINIONS: Names = &[
    ("chair", "Chủ tịch UBND tỉnh", "Chair of the province"),
    ("party_committee", "Cấp ủy", "Party committee"),
    ("related_body", "Cơ quan liên quan", "Related body"),
];

const MISSING: Names = &[
    ("general_criteria", "điểm tiêu chí chung", "general criteria"),
    ("unit_result", "d (kết quả đơn vị)", "d (unit result)"),
    ("implementation_ability", "đ (tổ chức triển khai)", "đ (implementation)"),
    ("unity_ability", "e (tập hợp, đoàn kết)", "e (unity)"),
    ("assigned_tasks", "nhiệm vụ được giao", "assigned tasks"),
    (
        "worked_share",
        "thời gian công tác (không đủ để đánh giá kỳ này)",
        "time worked (too little to be evaluated)",
    ),
    ("population", "không thuộc diện đánh giá kỳ này", "not among those evaluated in the period"),
    ("support_percents", "ba tỷ lệ của người hợp đồng", "a support worker's three percents"),
    ("recorded_quarters", "điểm quý đã ghi nhận", "recorded quarters"),
];

const EXCLUDED: Names = &[
    ("unmapped", "chưa gán sản phẩm", "waits for its product"),
    ("pending_coefficient", "chờ bổ sung danh mục", "waits for the catalog"),
    ("outside_catalog", "ngoài danh mục sản phẩm", "outside the catalog"),
    ("cancelled", "đã hủy hoặc thu hồi", "cancelled or recalled"),
    ("gone", "nguồn không còn hiển thị", "no longer shown by its source"),
    ("shared_by_others", "người khác được chia phần", "shared by others"),
    ("support_without_share", "hỗ trợ, không có phần", "supporting, without a share"),
    ("no_share_in_period", "không có phần trong kỳ", "no share in the period"),
    ("leadership_product", "sản phẩm lãnh đạo, quản lý", "product of leadership work"),
    ("not_due_yet", "chưa đến hạn", "not due yet"),
    ("duplicate", "trùng với nhiệm vụ của nguồn khác", "one with a task of another source"),
];

const LIKENESS: Names = &[
    ("doc_number", "cùng số văn bản", "same document number"),
    ("title", "nội dung như nhau", "alike titles"),
    ("due", "cùng hạn", "due on one day"),
    ("assigned", "giao cùng ngày", "assigned on one day"),
    ("one_source", "cùng một hệ thống", "both in one system"),
];

const PAIRS: Names = &[
    ("proposed", "Chờ xem xét", "Waits for a person"),
    ("confirmed", "Là một nhiệm vụ", "One task"),
    ("rejected", "Là hai nhiệm vụ", "Two tasks"),
];

const MAPPING_STATES: Names = &[
    ("mapped", "Đã gán", "Mapped"),
    ("review", "Chờ xem xét", "Waits for review"),
    ("outside", "Ngoài danh mục", "Outside the catalog"),
    ("proposed", "Chờ bổ sung danh mục", "Waits for the catalog"),
    ("whole", "Không chia", "Not shared"),
    ("support_share", "Hỗ trợ", "Supports"),
];

const MAPPING_ORDERS: Names = &[
    ("decide", "Quyết định", "Decision"),
    ("undo", "Thu hồi", "Undo"),
    ("propose", "Đề nghị sản phẩm mới", "Proposal"),
    ("accept", "Chấp nhận sản phẩm mới", "Acceptance"),
    ("import", "Nhập từ tệp", "Import"),
    ("preview", "Xem trước", "Preview"),
    ("examples", "Nhập ví dụ để học", "Examples to learn from"),
    ("share", "Chia sản phẩm", "Shares"),
    ("waiting", "Chờ xác nhận", "Waits for confirmation"),
    ("counted", "Có hiệu lực", "Counts"),
    ("undone", "Đã thu hồi", "Taken back"),
    ("withdrawn", "Đã rút", "Withdrawn"),
];

const PROPOSALS: Names = &[
    ("open", "Chờ bổ sung danh mục", "Waits for the catalog"),
    ("withdrawn", "Đã rút", "Withdrawn"),
    ("accepted", "Đã bổ sung", "Accepted"),
];

const DIRECTIONS: Names = &[
    ("in", "Đến", "Incoming"),
    ("out", "Đi", "Outgoing"),
    ("internal", "Nội bộ", "Internal"),
    ("other", "Khác", "Other"),
];

const SCORE_PARTS: Names = &[
    ("total", "Tổng điểm", "Total"),
    ("task_part", "Điểm nhiệm vụ (R·70)", "Task part (R·70)"),
    ("support_quality", "Chất lượng công việc", "Work quality"),
    ("support_compliance", "Chấp hành quy định", "Compliance"),
    ("support_efficiency", "Hiệu quả công việc", "Efficiency"),
];

const DELIVERY_STATES: Names = &[
    ("pending", "Chờ gửi", "Pending"),
    ("leased", "Đang gửi", "Being sent"),
    ("sent", "Đã gửi, chờ trả lời", "Sent, no answer yet"),
    ("acknowledged", "Đã có biên nhận", "Receipt received"),
    ("verified", "Đã đọc lại, khớp", "Read back, matches"),
    ("rejected", "Bị từ chối", "Rejected"),
    ("unknown", "Chưa rõ, sẽ đọc lại", "Unclear, will be read back"),
    ("superseded", "Đã thay bằng bản mới", "Replaced by a newer one"),
    ("parked", "Chờ người xử lý", "Waits for a person"),
];

const MESSAGES: Names = &[("score", "Điểm", "Score"), ("result", "Danh sách kết quả", "List of results")];

const RECORD_STATES: Names = &[
    ("imported", "Kết quả đã nhập", "Imported results"),
    ("computed", "Còn thiếu thành phần", "Parts missing"),
    ("provisional", "Tạm tính, chờ phê duyệt", "Provisional"),
    ("self_assessed", "Đã tự đánh giá", "Self-assessed"),
    ("reviewed", "Đã có nhận xét, chờ phê duyệt", "Reviewed, to be approved"),
    ("approved", "Đã phê duyệt", "Approved"),
    ("delivered", "Đã vào CSDL quốc gia", "In the national database"),
    ("corrected", "Đính chính, chờ phê duyệt", "Corrected, to be approved"),
    ("revoked", "Đã hủy kết quả", "Revoked"),
];

const LEVELS: Names = &[
    ("not_completed", "Không hoàn thành nhiệm vụ", "Not completed"),
    ("completed", "Hoàn thành nhiệm vụ", "Completed"),
    ("good", "Hoàn thành tốt nhiệm vụ", "Good"),
    ("excellent", "Hoàn thành xuất sắc nhiệm vụ", "Excellent"),
];

const ROLES: Names = &[
    ("head", "Người đứng đầu", "Head"),
    ("deputy", "Cấp phó", "Deputy"),
    ("staff", "Công chức", "Staff"),
    ("contract", "Hợp đồng", "Contract"),
    ("administrator", "Quản trị", "Administrator"),
];

const ACCOUNTS: Names = &[
    ("account", "Tài khoản", "Account"),
    ("staff_number", "Số hiệu", "Staff number"),
    ("citizen_id", "Số định danh (đã che)", "Citizen id (masked)"),
];

const SOURCE_STATES: Names = &[
    ("ok", "Tốt", "Fine"),
    ("stopped", "Đang dừng, chờ người xác nhận", "Stopped, waits for a person"),
    ("failing", "Đang lỗi", "Failing"),
    ("partly", "Được một phần", "Partly"),
    ("late", "Chậm lịch", "Late"),
    ("never_pulled", "Chưa lấy lần nào", "Never pulled"),
];

const COMPLETENESS: Names = &[
    ("never_pulled", "Chưa lấy lần nào", "Never pulled"),
    ("complete", "Đủ", "Complete"),
    ("not_proven", "Chưa chứng minh được", "Not proven"),
    ("never_read_whole", "Chưa có lần đọc toàn bộ chứng minh", "Not proven by a full pull yet"),
    ("parts_read", "Đã đọc phần nhận được", "What came is read"),
    ("all_files_read", "Đã đọc hết tệp", "All files are read"),
    ("files_unread", "Còn tệp chưa đọc", "Files are not read"),
    ("no_files", "Không có tệp", "No files"),
    ("fewer_files", "Tệp biến mất", "Files vanished"),
];

const FIELD_STATES: Names = &[
    ("known", "Đã biết", "Known"),
    ("new", "Mới", "New"),
    ("missing", "Không còn", "Missing"),
    ("empty", "Không còn giá trị", "No value any more"),
    ("type_changed", "Đổi kiểu", "Type changed"),
    ("new_value", "Giá trị mới", "New value"),
];

const TARGET_STATES: Names = &[
    ("in_use", "Đang dùng", "In use"),
    ("failing", "Đang lỗi, tự gửi lại", "Failing, tried again"),
    ("withheld", "Tạm giữ, chưa gửi", "Withheld"),
    ("not_configured", "Không còn khai báo", "Not configured"),
];

const KINDS: Names = &[("source", "Nguồn", "Source"), ("target", "Đích", "Target")];

const RESULTS: Names =
    &[("ok", "Tốt", "Fine"), ("warning", "Cảnh báo", "Warning"), ("error", "Lỗi", "Error")];

const ORGANISATION_STATES: Names = &[
    ("none", "Chưa tự đánh giá", "Not assessed"),
    ("self_assessed", "Đã tự đánh giá", "Self-assessed"),
    ("appraised", "Đã thẩm định", "Appraised"),
    ("recognised", "Đã công nhận", "Recognised"),
    ("revoked", "Đã hủy công nhận", "Revoked"),
];

const CONDITIONS: Names = &[
    (
        "all_in_order",
        "100 % nhiệm vụ hoàn thành, đúng hạn, bảo đảm chất lượng",
        "Every task done, on time, with quality",
    ),
    ("thirty_percent_above", "Ít nhất 30 % nhiệm vụ vượt mức yêu cầu", "30 % of the tasks above requirement"),
    (
        "no_subordinate_failed",
        "Không đơn vị cấp dưới trực tiếp nào không hoàn thành",
        "No direct subordinate not completed",
    ),
    ("defects_fixed", "Đã khắc phục hạn chế được chỉ ra", "Defects pointed out are fixed"),
    ("all_done", "100 % nhiệm vụ hoàn thành", "Every task done"),
    ("few_late", "Chậm tiến độ không quá 20 %", "At most 20 % not on time"),
    ("no_wrongdoing", "Không có sai phạm, mất đoàn kết bị kết luận", "No concluded wrongdoing or disunity"),
    (
        "seventy_percent_done",
        "Hoàn thành từ 70 % chương trình, kế hoạch năm",
        "70 % of the yearly programme done",
    ),
];

const MET: Names =
    &[("met", "Đạt", "Met"), ("not_met", "Không đạt", "Not met"), ("unknown", "Chưa rõ", "Unknown")];

// In words where the decree's are short enough, and always as `--item` takes them.
const ORGANISATION_ITEMS: Names = &[
    (
        "general.1",
        "tiêu chí chung 1: thực hiện chủ trương, kế hoạch (general.1)",
        "general 1: lines and planning (general.1)",
    ),
    (
        "general.2",
        "tiêu chí chung 2: sử dụng cán bộ, đoàn kết (general.2)",
        "general 2: use of people, unity (general.2)",
    ),
    (
        "general.3",
        "tiêu chí chung 3: cải cách hành chính (general.3)",
        "general 3: administrative reform (general.3)",
    ),
    ("a", "kết quả điểm a", "result a"),
    ("b", "kết quả điểm b", "result b"),
    ("c", "kết quả điểm c", "result c"),
    ("d", "kết quả điểm d", "result d"),
    ("dd", "kết quả điểm đ", "result đ (dd)"),
    ("e", "kết quả điểm e", "result e"),
    ("g", "kết quả điểm g", "result g"),
    ("h", "kết quả điểm h", "result h"),
];

const GAPS: Names = &[
    ("no_score", "chưa có điểm", "no score"),
    ("unknown", "có điều kiện chưa rõ", "a condition is not known"),
    (
        "points_without_conditions",
        "đủ điểm của mức nhưng chưa đạt điều kiện (Nghị định không quy định)",
        "points of a level without its conditions (the decree is silent)",
    ),
    ("force_majeure", "bất khả kháng: cấp có thẩm quyền xem xét", "force majeure: the authority weighs it"),
];

const DIFFERENCES: Names = &[
    ("cut_decimals", "cắt bớt số lẻ (khớp)", "decimals cut (matches)"),
    ("missing_person", "bảng thiếu người", "not in the table"),
    ("surplus_person", "bảng thừa người", "not of the period here"),
    ("changed_since", "điểm đã đổi sau khi lập bảng", "the score changed since"),
    ("score_differs", "điểm khác", "the score differs"),
    ("level_differs", "mức khác", "the level differs"),
    ("sum_wrong", "tổng trong bảng sai", "the table's sum is wrong"),
    ("incomplete", "kết quả còn thiếu phần", "our result lacks a part"),
];

const PETITIONS: Names = &[
    ("open", "Chờ trả lời", "Open"),
    ("upheld", "Chấp nhận", "Upheld"),
    ("partly", "Chấp nhận một phần", "Upheld in part"),
    ("rejected", "Không chấp nhận", "Rejected"),
];

const SCOPES: Names = &[
    ("all", "tất cả", "all"),
    ("province", "tỉnh", "the province"),
    ("department", "sở/ngành", "departments"),
    ("commune", "xã/phường", "communes"),
];

const WRITTEN: Names = &[
    ("self_assessment", "Tự đánh giá", "Self-assessment"),
    ("review", "Nhận xét, đề xuất của người đánh giá", "Review"),
    ("strengths", "Ưu điểm", "Strengths"),
    ("weaknesses", "Hạn chế, khuyết điểm", "Weaknesses"),
    ("comment", "Nhận xét của người đánh giá", "Comments of the scorer"),
    ("minutes", "Biên bản họp", "Minutes of the meeting"),
    ("party_opinion", "Ý kiến của cấp ủy", "Opinion of the party committee"),
    ("handling", "Đề xuất sử dụng kết quả (Điều 23)", "Proposed use of the result (art. 23)"),
];

const CHECKS: Names = &[
    ("period_over", "Kỳ đã kết thúc", "Period over"),
    ("not_closed", "Kỳ chưa khóa", "Not closed yet"),
    ("scores_computed", "Điểm đã tính xong", "Scores computed"),
    ("tasks_mapped", "Nhiệm vụ đã có sản phẩm", "Tasks mapped"),
    ("accounts_identified", "Tài khoản đã biết của ai", "Accounts identified"),
    ("sources_fresh", "Nguồn đã đọc sau kỳ", "Sources read since"),
    ("records_exist", "Mọi người có phiếu", "Everybody has a record"),
    ("results_complete", "Kết quả đủ thành phần", "Results complete"),
    ("results_approved", "Kết quả đã phê duyệt", "Results approved"),
    ("figures_stand", "Số liệu đã duyệt không đổi", "Approved figures stand"),
    ("self_assessed", "Mọi người đã tự đánh giá", "Everyone assessed themselves"),
    ("nothing_held", "Không hồ sơ nào đang tạm dừng", "No record held"),
    ("petitions_answered", "Kiến nghị đã trả lời", "Petitions answered"),
    ("lower_closed", "Đơn vị cấp dưới đã khóa", "Lower units closed"),
    ("classified_in_time", "Xếp loại trong thời hạn (năm)", "Classified in time (year)"),
    ("organisations_recognised", "Tổ chức đã được công nhận (năm)", "Organisations recognised (year)"),
    ("quota_kept", "Tỷ lệ xuất sắc (năm)", "Quota of Excellent (year)"),
];

const CHECK_STATES: Names =
    &[("ok", "Đạt", "In order"), ("open", "Còn mở", "Open"), ("blocks", "Cản trở", "Blocks")];

const FACTS: Names = &[
    ("unpaid_leave", "Nghỉ không lương", "Unpaid leave"),
    ("sick_leave", "Nghỉ ốm", "Sick leave"),
    ("maternity_leave", "Nghỉ thai sản", "Maternity leave"),
    ("discipline", "Kỷ luật (Đ20.4.c)", "Discipline (art. 20.4.c)"),
    ("discipline_unrelated", "Kỷ luật không liên quan nhiệm vụ", "Discipline unrelated to duties"),
    ("degradation", "Kết luận suy thoái, vi phạm (Đ20.4.b)", "Conclusion of degradation (art. 20.4.b)"),
    (
        "corruption_below",
        "Đơn vị phụ trách tham nhũng, lãng phí (Đ20.4.d)",
        "Corruption in a body led (art. 20.4.d)",
    ),
    ("task_group", "Nhóm nhiệm vụ tương đồng", "Group of similar tasks"),
];

const CANDIDATES: Names = &[
    ("returned", "Bị trả lại", "Returned"),
    ("late", "Chậm", "Late"),
    ("open", "Chờ xác nhận, chưa tính", "Open, not counted"),
    ("counted", "Tính tự động", "Counted by itself"),
    ("unfinished", "Chưa xong: chưa tính", "Not finished, not counted"),
    ("confirmed", "Đã xác nhận", "Confirmed"),
    ("rejected", "Đã bác", "Rejected"),
    ("excused", "Có nguyên nhân khách quan", "Excused"),
];

const CHANGES: Names =
    &[("added", "Thêm", "Added"), ("removed", "Bỏ", "Removed"), ("changed", "Sửa", "Changed")];

const STANDING: Names = &[
    ("stands", "giữ nguyên, chỉ đổi bằng `record correct`", "stands, changes by `record correct` alone"),
    ("follows", "tính lại", "computed again"),
];

const VIEWS: Names = &[
    ("to_date", "việc đến hạn tới nay", "due up to today"),
    ("full_period", "cả kỳ", "whole period"),
    ("half_year", "6 tháng", "half-year"),
    ("year", "cả năm", "year"),
];
