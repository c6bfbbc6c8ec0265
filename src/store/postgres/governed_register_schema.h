#pragma once

// The tables behind PostgresRegisterStore. Never edited once released: what changes is a further step. What the ledger
// tells of a change waits in budget_note, where the notes of all nodes wait.

namespace reeve::store {

inline constexpr const char* kGovernedRegisterSchema = R"sql(
CREATE TABLE register_row (
  number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- so that lists keep their order
  register text COLLATE "C" NOT NULL,                       -- 'inventory', 'intake'
  id       text COLLATE "C" NOT NULL,
  version  bigint NOT NULL CHECK (version > 0),
  document text NOT NULL,                                   -- canonical JSON
  UNIQUE (register, id)
);
CREATE INDEX register_row_in_order ON register_row (register, number);

CREATE TABLE register_history (
  register text COLLATE "C" NOT NULL,
  id       text COLLATE "C" NOT NULL,
  version  bigint NOT NULL,
  at       bigint NOT NULL, -- nanoseconds since 1970, UTC
  by_whom  text NOT NULL,   -- empty: time or traffic did it
  step     text NOT NULL,
  text     text NOT NULL,   -- JSON
  PRIMARY KEY (register, id, version)
);

-- What calls really had; figures that grow, so no history and no entry of the ledger, which has the calls themselves.
CREATE TABLE register_traffic (
  node       text COLLATE "C" NOT NULL,
  what       text COLLATE "C" NOT NULL,
  first      bigint NOT NULL, -- nanoseconds since 1970, UTC
  last       bigint NOT NULL,
  calls      bigint NOT NULL,
  cost_nanos bigint NOT NULL,
  people     text NOT NULL,   -- hashes of 16 hex digits each
  PRIMARY KEY (node, what)
);
CREATE TABLE register_traffic_next (
  node  text COLLATE "C" PRIMARY KEY,
  entry bigint NOT NULL
);
)sql";

}  // namespace reeve::store
