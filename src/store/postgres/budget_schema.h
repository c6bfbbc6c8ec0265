#pragma once

// The tables behind PostgresBudgetRegister. Never edited once released: what changes is a further step.
//
// A change, what a ledger is to tell of it and the answer that is kept are one transaction. The number of a change is
// made by whoever makes it, so that one whose answer was lost is recognised when it comes again.

namespace reeve::store {

inline constexpr const char* kBudgetSchema = R"sql(
CREATE TABLE budget (
  name       text PRIMARY KEY,
  version    bigint NOT NULL CHECK (version > 0),
  document   text NOT NULL,   -- canonical JSON
  written_by text NOT NULL,
  written_at bigint NOT NULL  -- nanoseconds since 1970, UTC
);

CREATE TABLE change_counter (
  subject text PRIMARY KEY,
  value   bigint NOT NULL
);
INSERT INTO change_counter VALUES ('budget', 1);
-- A trigger, so that no writer can forget: also a person with a database shell.
CREATE FUNCTION budget_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE change_counter SET value = value + 1 WHERE subject = 'budget';
  RETURN NULL;
END;
$$;
CREATE TRIGGER budget_changed AFTER INSERT OR UPDATE OR DELETE ON budget
FOR EACH STATEMENT EXECUTE FUNCTION budget_changed();

-- What a ledger has to tell: of the node that made the change, or of one that took it over.
CREATE TABLE budget_note (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  change text NOT NULL UNIQUE,
  node   text NOT NULL,
  kind   text NOT NULL,
  detail text NOT NULL,        -- canonical JSON
  taken  timestamptz NOT NULL, -- since when it is that node's
  entry  bigint                -- of the node's ledger, once it is recorded there
);
CREATE INDEX budget_note_unrecorded ON budget_note (number) WHERE entry IS NULL;

CREATE TABLE kept_answer (
  who     text NOT NULL,
  key     text NOT NULL,
  request text NOT NULL,  -- digest
  status  bigint NOT NULL,
  body    text NOT NULL,
  etag    text NOT NULL,
  at      bigint NOT NULL, -- nanoseconds since 1970, UTC
  PRIMARY KEY (who, key)
);
CREATE INDEX kept_answer_by_time ON kept_answer (at);
)sql";

}  // namespace reeve::store
