CREATE TABLE nhiem_vu (task_id INTEGER, title TEXT, officer_code TEXT, unit_code TEXT, assigned_on TEXT, due_on TEXT,
  status TEXT, finished_at TEXT, updated_at TEXT, doc_type TEXT, category TEXT);
INSERT INTO nhiem_vu VALUES
  (900001, 'Báo cáo công tác dân tộc', 'GL-00031', 'DAKDOA', '2026-09-01', '2026-09-20', 'DONE', '2026-09-19 16:30:00', '2026-09-19 16:30:05', 'Báo cáo', 'NV đột xuất'),
  (900002, 'Tiếp công dân định kỳ', 'GL-00032', 'DAKDOA', '2026-09-02', NULL, 'DOING', NULL, '2026-09-10 08:00:00', 'Khác', NULL),
  (900003, 'Trạng thái lạ', 'GL-00032', 'DAKDOA', '2026-09-02', NULL, 'ARCHIVED', NULL, '2026-09-11 08:00:00', NULL, NULL),
  (900005, 'Giây lẻ như TIMESTAMP(6)', 'GL-00032', 'DAKDOA', '2026-09-02', NULL, 'DONE', '2026-09-12 05:47:30.5', '2026-09-12 05:47:31.756012', NULL, NULL),
  (900006, 'Có múi giờ như timestamptz', 'GL-00032', 'DAKDOA', '2026-09-02', NULL, 'DONE', '2026-09-13 05:47:30+07', '2026-09-13 05:47:31.756012+07', NULL, NULL),
  (900004, 'Không có thời điểm thay đổi', 'GL-00032', 'DAKDOA', '2026-09-02', NULL, 'DOING', NULL, NULL, NULL, NULL);
CREATE VIEW v_nhiem_vu AS SELECT * FROM nhiem_vu;
