#pragma once

// The tables behind PostgresDirectoryStore. Never edited once released: what changes is a further step.
//
// Every writer holds the row of change_counter from its first touch to its commit, so changes become visible in the
// order of their numbers: whoever read up to a number has missed none below it. What a ledger is to tell of a change
// goes to budget_note, whose follower records whatever stands there.

namespace reeve::store {

inline constexpr const char* kDirectorySchema = R"sql(
CREATE TABLE directory_entry (
  number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id          text NOT NULL UNIQUE,
  kind        bigint NOT NULL CHECK (kind IN (0, 1)), -- person, group
  name        text NOT NULL,
  folded_name text NOT NULL,
  external_id text NOT NULL,
  active      boolean NOT NULL,
  logins      text NOT NULL,   -- joined by line feeds
  team        text NOT NULL,
  version     bigint NOT NULL CHECK (version > 0),
  created     bigint NOT NULL, -- nanoseconds since 1970, UTC
  modified    bigint NOT NULL,
  document    text NOT NULL,   -- JSON
  UNIQUE (kind, folded_name)
);
CREATE INDEX directory_entry_by_external_id ON directory_entry (kind, external_id);

CREATE TABLE directory_member (
  group_id  text NOT NULL,
  member_id text NOT NULL,
  PRIMARY KEY (group_id, member_id)
);
CREATE INDEX directory_member_by_member ON directory_member (member_id, group_id);

-- What was issued to a login before that time is void.
CREATE TABLE directory_cut_off (
  login text PRIMARY KEY,
  at    bigint NOT NULL -- nanoseconds since 1970, UTC
);

-- What was touched, for readers that know the rest.
CREATE TABLE directory_change (
  sequence bigint PRIMARY KEY, -- the change counter then
  what     bigint NOT NULL,    -- 0 an entry, 1 a membership, 2 a login that was cut off
  id       text NOT NULL,
  member   text NOT NULL
);
INSERT INTO change_counter VALUES ('directory', 1);

CREATE FUNCTION directory_touched(what_kind bigint, touched text, touched_member text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at bigint;
BEGIN
  UPDATE change_counter SET value = value + 1 WHERE subject = 'directory' RETURNING value INTO now_at;
  INSERT INTO directory_change VALUES (now_at, what_kind, touched, touched_member);
END;
$$;
-- Triggers, so that no writer can forget: also a person with a database shell.
CREATE FUNCTION directory_entry_touched() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM directory_touched(0, coalesce(NEW.id, OLD.id), '');
  RETURN NULL;
END;
$$;
CREATE TRIGGER directory_entry_touched AFTER INSERT OR UPDATE OR DELETE ON directory_entry
FOR EACH ROW EXECUTE FUNCTION directory_entry_touched();
CREATE FUNCTION directory_member_touched() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM directory_touched(1, coalesce(NEW.group_id, OLD.group_id), coalesce(NEW.member_id, OLD.member_id));
  RETURN NULL;
END;
$$;
CREATE TRIGGER directory_member_touched AFTER INSERT OR DELETE ON directory_member
FOR EACH ROW EXECUTE FUNCTION directory_member_touched();
CREATE FUNCTION directory_cut_off_touched() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM directory_touched(2, NEW.login, '');
  RETURN NULL;
END;
$$;
CREATE TRIGGER directory_cut_off_touched AFTER INSERT OR UPDATE ON directory_cut_off
FOR EACH ROW EXECUTE FUNCTION directory_cut_off_touched();
)sql";

}  // namespace reeve::store
