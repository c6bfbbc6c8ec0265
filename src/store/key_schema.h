#pragma once

// How readers of SqliteKeyStore learn what changed, and what of it no ledger has. Never edited once released: what
// changes is a further step.

namespace reeve::store {

inline constexpr const char* kKeyChanges = R"sql(
-- What was touched, for readers that know the rest.
CREATE TABLE virtual_key_change (
  sequence INTEGER PRIMARY KEY NOT NULL, -- the change counter then
  id       TEXT NOT NULL                 -- of the key; empty: everything has to be read again
) STRICT;

-- Found by what was touched: a million keys are not looked through for one that is new.
CREATE TABLE key_unrecorded (
  key_id  TEXT NOT NULL,
  revoked INTEGER NOT NULL, -- as in key_entry
  PRIMARY KEY (key_id, revoked)
) STRICT, WITHOUT ROWID;
INSERT INTO key_unrecorded
  SELECT id, 0 FROM virtual_key WHERE NOT EXISTS (SELECT 1 FROM key_entry WHERE key_id = id AND key_entry.revoked = 0);
INSERT INTO key_unrecorded
  SELECT id, 1 FROM virtual_key k WHERE k.revoked IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM key_entry e WHERE e.key_id = k.id AND e.revoked = 1);
CREATE INDEX key_entry_by_entry ON key_entry (entry);
CREATE TRIGGER key_entry_inserted AFTER INSERT ON key_entry
BEGIN DELETE FROM key_unrecorded WHERE key_id = NEW.key_id AND revoked = NEW.revoked; END;
CREATE TRIGGER key_entry_deleted AFTER DELETE ON key_entry
BEGIN INSERT OR IGNORE INTO key_unrecorded VALUES (OLD.key_id, OLD.revoked); END;

-- Triggers, so that no writer can forget: also a person with a database shell.
CREATE VIEW virtual_key_touched AS SELECT '' AS id WHERE 0;
CREATE TRIGGER virtual_key_touched_told INSTEAD OF INSERT ON virtual_key_touched
BEGIN
  UPDATE change_counter SET value = value + 1 WHERE subject = 'virtual_key';
  INSERT INTO virtual_key_change SELECT value, NEW.id FROM change_counter WHERE subject = 'virtual_key';
  DELETE FROM virtual_key_change
    WHERE sequence <= (SELECT value FROM change_counter WHERE subject = 'virtual_key') - 10000;
END;
DROP TRIGGER virtual_key_inserted;
DROP TRIGGER virtual_key_updated;
DROP TRIGGER virtual_key_deleted;
CREATE TRIGGER virtual_key_inserted AFTER INSERT ON virtual_key
BEGIN
  INSERT INTO virtual_key_touched VALUES (NEW.id);
  INSERT OR IGNORE INTO key_unrecorded VALUES (NEW.id, 0);
  INSERT OR IGNORE INTO key_unrecorded SELECT NEW.id, 1 WHERE NEW.revoked IS NOT NULL;
END;
CREATE TRIGGER virtual_key_updated AFTER UPDATE ON virtual_key
WHEN OLD.id = NEW.id AND OLD.secret_hash = NEW.secret_hash
BEGIN
  INSERT INTO virtual_key_touched VALUES (NEW.id);
  INSERT OR IGNORE INTO key_unrecorded SELECT NEW.id, 1 WHERE OLD.revoked IS NULL AND NEW.revoked IS NOT NULL;
END;
-- Readers know a key by its hash, so what had another one is found by reading everything.
CREATE TRIGGER virtual_key_replaced AFTER UPDATE ON virtual_key
WHEN OLD.id <> NEW.id OR OLD.secret_hash <> NEW.secret_hash
BEGIN INSERT INTO virtual_key_touched VALUES (''); END;
CREATE TRIGGER virtual_key_deleted AFTER DELETE ON virtual_key
BEGIN INSERT INTO virtual_key_touched VALUES (''); END;
)sql";

}  // namespace reeve::store
