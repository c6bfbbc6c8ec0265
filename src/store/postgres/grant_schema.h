#pragma once

// The tables behind PostgresGrantStore. Never edited once released: what changes is a further step.
//
// `change` is made by whoever changes a row, so that a change whose answer was lost is recognised when it comes again.

namespace reeve::store {

inline constexpr const char* kGrantSchema = R"sql(
CREATE TABLE grant_secret (
  kind     bigint NOT NULL,
  hash     bytea NOT NULL CHECK (length(hash) = 32),
  document text NOT NULL,   -- JSON
  version  bigint NOT NULL CHECK (version > 0),
  expires  bigint NOT NULL, -- nanoseconds since 1970, UTC
  change   text NOT NULL,
  PRIMARY KEY (kind, hash)
);
CREATE INDEX grant_secret_by_expiry ON grant_secret (expires);

CREATE TABLE sign_in_session (
  id       text PRIMARY KEY,
  person   text NOT NULL,
  client   text NOT NULL,
  document text NOT NULL,   -- JSON: the principal
  created  bigint NOT NULL,
  expires  bigint NOT NULL,
  ended    bigint,
  why      text NOT NULL DEFAULT '',
  change   text NOT NULL
);
CREATE INDEX sign_in_session_by_person ON sign_in_session (person);
CREATE INDEX sign_in_session_by_expiry ON sign_in_session (expires);
CREATE INDEX sign_in_session_ended ON sign_in_session (ended) WHERE ended IS NOT NULL;

CREATE TABLE token_key (
  id         text PRIMARY KEY,
  public_key bytea NOT NULL CHECK (length(public_key) = 32),
  created    bigint NOT NULL,
  retired    bigint NOT NULL
);

INSERT INTO change_counter VALUES ('sign_in', 1);
CREATE FUNCTION sign_in_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE change_counter SET value = value + 1 WHERE subject = 'sign_in';
  RETURN NULL;
END;
$$;
CREATE TRIGGER sign_in_ended AFTER UPDATE OF ended ON sign_in_session
FOR EACH STATEMENT EXECUTE FUNCTION sign_in_changed();
CREATE TRIGGER token_key_changed AFTER INSERT OR UPDATE OR DELETE ON token_key
FOR EACH STATEMENT EXECUTE FUNCTION sign_in_changed();
)sql";

}  // namespace reeve::store
