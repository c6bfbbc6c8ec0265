#pragma once

// The tables behind PostgresKillSwitch. Never edited once released: what changes is a further step.
//
// A switch is told to listening nodes by its commit. What the ledger tells of it waits in budget_note, where the notes
// of all nodes wait: with its node, or with one that took it over.

namespace reeve::store {

inline constexpr const char* kKillSwitchSchema = R"sql(
CREATE TABLE cutoff (
  number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id       text NOT NULL UNIQUE,
  until    bigint,          -- nanoseconds since 1970, UTC
  ended    bigint,
  document text NOT NULL    -- canonical JSON
);
CREATE INDEX cutoff_on ON cutoff (number) WHERE ended IS NULL;

CREATE TABLE kill_drill (
  id       text PRIMARY KEY,
  at       bigint NOT NULL, -- nanoseconds since 1970, UTC
  document text NOT NULL    -- canonical JSON
);
CREATE TABLE kill_drill_report (
  drill  text NOT NULL,
  node   text NOT NULL,
  done   boolean NOT NULL,
  detail text NOT NULL,     -- canonical JSON
  PRIMARY KEY (drill, node)
);

INSERT INTO change_counter VALUES ('cutoff', 1);
CREATE FUNCTION cutoff_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE reeve.change_counter SET value = value + 1 WHERE subject = 'cutoff';
  NOTIFY reeve_cutoff;
  RETURN NULL;
END;
$$;
CREATE TRIGGER cutoff_changed AFTER INSERT OR UPDATE OR DELETE ON cutoff
FOR EACH STATEMENT EXECUTE FUNCTION cutoff_changed();
CREATE TRIGGER kill_drill_changed AFTER INSERT ON kill_drill
FOR EACH STATEMENT EXECUTE FUNCTION cutoff_changed();
)sql";

}  // namespace reeve::store
