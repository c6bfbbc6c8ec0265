#pragma once

// The tables behind SqliteDirectoryStore. Never edited once released: what changes is a further step.

namespace reeve::store {

inline constexpr const char* kDirectory = R"sql(
CREATE TABLE directory_entry (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  kind        INTEGER NOT NULL CHECK (kind IN (0, 1)), -- person, group
  name        TEXT NOT NULL,
  folded_name TEXT NOT NULL,
  external_id TEXT NOT NULL,
  active      INTEGER NOT NULL CHECK (active IN (0, 1)),
  logins      TEXT NOT NULL,    -- joined by line feeds
  team        TEXT NOT NULL,
  version     INTEGER NOT NULL CHECK (version > 0),
  created     INTEGER NOT NULL, -- nanoseconds since 1970, UTC
  modified    INTEGER NOT NULL,
  document    TEXT NOT NULL,    -- JSON
  UNIQUE (kind, folded_name)
) STRICT;
CREATE INDEX directory_entry_by_external_id ON directory_entry (kind, external_id);

CREATE TABLE directory_member (
  group_id  TEXT NOT NULL,
  member_id TEXT NOT NULL,
  PRIMARY KEY (group_id, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_member_by_member ON directory_member (member_id, group_id);

-- What was issued to a login before that time is void.
CREATE TABLE directory_cut_off (
  login TEXT PRIMARY KEY NOT NULL,
  at    INTEGER NOT NULL -- nanoseconds since 1970, UTC
) STRICT, WITHOUT ROWID;

-- What was touched, for readers that know the rest.
CREATE TABLE directory_change (
  sequence INTEGER PRIMARY KEY NOT NULL, -- the change counter then
  what     INTEGER NOT NULL,             -- 0 an entry, 1 a membership, 2 a login that was cut off
  id       TEXT NOT NULL,
  member   TEXT NOT NULL
) STRICT;
INSERT INTO change_counter VALUES ('directory', 1);

-- Triggers, so that no writer can forget: also a person with a database shell.
CREATE VIEW directory_touched AS SELECT 0 AS what, '' AS id, '' AS member WHERE 0;
CREATE TRIGGER directory_touched_told INSTEAD OF INSERT ON directory_touched
BEGIN
  UPDATE change_counter SET value = value + 1 WHERE subject = 'directory';
  INSERT INTO directory_change
    SELECT value, NEW.what, NEW.id, NEW.member FROM change_counter WHERE subject = 'directory';
END;
CREATE TRIGGER directory_entry_inserted AFTER INSERT ON directory_entry
BEGIN INSERT INTO directory_touched VALUES (0, NEW.id, ''); END;
CREATE TRIGGER directory_entry_updated AFTER UPDATE ON directory_entry
BEGIN INSERT INTO directory_touched VALUES (0, NEW.id, ''); END;
CREATE TRIGGER directory_entry_deleted AFTER DELETE ON directory_entry
BEGIN INSERT INTO directory_touched VALUES (0, OLD.id, ''); END;
CREATE TRIGGER directory_member_inserted AFTER INSERT ON directory_member
BEGIN INSERT INTO directory_touched VALUES (1, NEW.group_id, NEW.member_id); END;
CREATE TRIGGER directory_member_deleted AFTER DELETE ON directory_member
BEGIN INSERT INTO directory_touched VALUES (1, OLD.group_id, OLD.member_id); END;
CREATE TRIGGER directory_cut_off_inserted AFTER INSERT ON directory_cut_off
BEGIN INSERT INTO directory_touched VALUES (2, NEW.login, ''); END;
CREATE TRIGGER directory_cut_off_updated AFTER UPDATE ON directory_cut_off
BEGIN INSERT INTO directory_touched VALUES (2, NEW.login, ''); END;
)sql";

// One seal is in force at most; it opens once.
inline constexpr const char* kBreakGlass = R"sql(
CREATE TABLE break_glass (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  salt      BLOB NOT NULL,
  code_hash BLOB NOT NULL,
  sealed_by TEXT NOT NULL,
  sealed_at INTEGER NOT NULL, -- nanoseconds since 1970, UTC
  failures  INTEGER NOT NULL DEFAULT 0,
  opened_by TEXT,
  opened_at INTEGER,
  reason    TEXT,
  expires   INTEGER
) STRICT;
)sql";

}  // namespace reeve::store
