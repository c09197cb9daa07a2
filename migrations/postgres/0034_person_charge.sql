-- Charges of leaders over people by name, beside those over units (Decree 335/2025 art. 15.4).
CREATE TABLE person_charge (
  leader_id UUID NOT NULL REFERENCES person (id),
  person_id UUID NOT NULL REFERENCES person (id),
  from_day DATE NOT NULL,
  to_day DATE
);
CREATE INDEX person_charge_by_leader ON person_charge (leader_id);
