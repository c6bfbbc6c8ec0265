#pragma once

// The tables behind SqliteRegisterStore. Never edited once released: what changes is a further step.

namespace reeve::store {

inline constexpr const char* kGovernedRegisters = R"sql(
CREATE TABLE register_row (
  number   INTEGER PRIMARY KEY AUTOINCREMENT, -- so that lists keep their order
  register TEXT NOT NULL,                     -- 'inventory', 'intake'
  id       TEXT NOT NULL,
  version  INTEGER NOT NULL CHECK (version > 0),
  document TEXT NOT NULL,                     -- canonical JSON
  UNIQUE (register, id)
) STRICT;
CREATE INDEX register_row_in_order ON register_row (register, number);

CREATE TABLE register_history (
  register TEXT NOT NULL,
  id       TEXT NOT NULL,
  version  INTEGER NOT NULL,
  at       INTEGER NOT NULL, -- nanoseconds since 1970, UTC
  by_whom  TEXT NOT NULL,    -- empty: time or traffic did it
  step     TEXT NOT NULL,
  text     TEXT NOT NULL,    -- JSON
  PRIMARY KEY (register, id, version)
) STRICT, WITHOUT ROWID;

-- What calls really had; figures that grow, so no history and no entry of the ledger, which has the calls themselves.
CREATE TABLE register_traffic (
  node       TEXT NOT NULL,
  what       TEXT NOT NULL,
  first      INTEGER NOT NULL, -- nanoseconds since 1970, UTC
  last       INTEGER NOT NULL,
  calls      INTEGER NOT NULL,
  cost_nanos INTEGER NOT NULL,
  people     TEXT NOT NULL,    -- hashes of 16 hex digits each
  PRIMARY KEY (node, what)
) STRICT, WITHOUT ROWID;
CREATE TABLE register_traffic_next (
  node  TEXT PRIMARY KEY NOT NULL,
  entry INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace reeve::store
