#pragma once

// The tables behind SharedRegisters: keys, exceptions, notifications, reports of checks, the sealed code. Never edited
// once released: what changes is a further step.
//
// Every writer of keys holds the row of change_counter from its first touch to its commit, so changes become visible in
// the order of their numbers. Nodes are told of each by its commit. What a ledger is to tell goes to budget_note.

namespace reeve::store {

inline constexpr const char* kRegisterSchema = R"sql(
CREATE TABLE virtual_key (
  id          text COLLATE "C" PRIMARY KEY,
  secret_hash bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
  hint        text NOT NULL,
  owner       text NOT NULL,
  team        text NOT NULL,
  type        text NOT NULL,
  group_names text NOT NULL,   -- JSON array
  scopes      text NOT NULL,   -- JSON array
  created     bigint NOT NULL, -- nanoseconds since 1970, UTC
  expires     bigint,
  revoked     bigint,
  note        text NOT NULL
);
-- What was touched, for readers that know the rest.
CREATE TABLE virtual_key_change (
  sequence bigint PRIMARY KEY, -- the change counter then
  id       text NOT NULL       -- of the key; empty: everything has to be read again
);
INSERT INTO change_counter VALUES ('virtual_key', 1);
CREATE FUNCTION virtual_key_touched() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  now_at bigint;
  touched text := '';
BEGIN
  -- Readers know a key by its hash, so what had another one is found by reading everything.
  IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND OLD.id = NEW.id AND OLD.secret_hash = NEW.secret_hash) THEN
    touched := NEW.id;
  END IF;
  UPDATE reeve.change_counter SET value = value + 1 WHERE subject = 'virtual_key' RETURNING value INTO now_at;
  INSERT INTO reeve.virtual_key_change VALUES (now_at, touched);
  DELETE FROM reeve.virtual_key_change WHERE sequence <= now_at - 10000;
  RETURN NULL;
END;
$$;
CREATE TRIGGER virtual_key_touched AFTER INSERT OR UPDATE OR DELETE ON virtual_key
FOR EACH ROW EXECUTE FUNCTION virtual_key_touched();

CREATE FUNCTION register_told() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NOTIFY reeve_register;
  RETURN NULL;
END;
$$;
CREATE TRIGGER virtual_key_told AFTER INSERT OR UPDATE OR DELETE ON virtual_key
FOR EACH STATEMENT EXECUTE FUNCTION register_told();

-- For registers that are read whole: TG_ARGV has the counter's subject.
CREATE FUNCTION register_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE reeve.change_counter SET value = value + 1 WHERE subject = TG_ARGV[0];
  NOTIFY reeve_register;
  RETURN NULL;
END;
$$;

CREATE TABLE exception_request (
  number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id       text NOT NULL UNIQUE,
  version  bigint NOT NULL CHECK (version > 0),
  document text NOT NULL -- canonical JSON
);
INSERT INTO change_counter VALUES ('exception_request', 1);
CREATE TRIGGER exception_request_changed AFTER INSERT OR UPDATE OR DELETE ON exception_request
FOR EACH STATEMENT EXECUTE FUNCTION register_changed('exception_request');

CREATE TABLE check_state (
  name        text COLLATE "C" PRIMARY KEY,
  green       boolean NOT NULL,
  reason      text NOT NULL,
  reported_by text NOT NULL,
  reported_at bigint NOT NULL, -- nanoseconds since 1970, UTC
  until       bigint NOT NULL
);
INSERT INTO change_counter VALUES ('check_state', 1);
CREATE TRIGGER check_state_changed AFTER INSERT OR UPDATE OR DELETE ON check_state
FOR EACH STATEMENT EXECUTE FUNCTION register_changed('check_state');

CREATE TABLE notification_event (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key    text NOT NULL UNIQUE,
  kind   text NOT NULL,
  time   bigint NOT NULL, -- nanoseconds since 1970, UTC
  detail text NOT NULL,   -- JSON
  routed boolean NOT NULL DEFAULT false
);
CREATE INDEX notification_event_unrouted ON notification_event (number) WHERE NOT routed;

-- Numbers grow, so the lowest that waits is a destination's next.
CREATE TABLE notification_delivery (
  number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event       bigint NOT NULL,
  destination text NOT NULL,
  state       bigint NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)), -- waiting, delivered, dead
  attempts    bigint NOT NULL DEFAULT 0,
  next        bigint NOT NULL, -- when it is tried; when it ended
  last_error  text NOT NULL DEFAULT '',
  UNIQUE (event, destination)
);
CREATE INDEX notification_delivery_waiting ON notification_delivery (destination, number) WHERE state = 0;

-- One seal is in force at most; it opens once.
CREATE TABLE break_glass (
  number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  salt      bytea NOT NULL,
  code_hash bytea NOT NULL,
  sealed_by text NOT NULL,
  sealed_at bigint NOT NULL, -- nanoseconds since 1970, UTC
  failures  bigint NOT NULL DEFAULT 0,
  opened_by text,
  opened_at bigint,
  reason    text,
  expires   bigint
);
)sql";

}  // namespace reeve::store
