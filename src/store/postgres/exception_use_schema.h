#pragma once

// The tables behind policy::SharedUses. Never edited once released: what changes is a further step.
//
// Whoever takes a use holds the row of the exception from before the count to its commit, so no two nodes count the
// same last one. What each node used is a row of its own: a node that finds more in its ledger than is counted for it
// raises that alone.

namespace reeve::store {

inline constexpr const char* kExceptionUseSchema = R"sql(
CREATE TABLE exception_use_turn (
  exception text COLLATE "C" PRIMARY KEY
);
CREATE TABLE exception_use (
  exception text COLLATE "C" NOT NULL,
  node      text COLLATE "C" NOT NULL,
  uses      bigint NOT NULL CHECK (uses >= 0),
  PRIMARY KEY (exception, node)
);
-- The decisions of late, so that one that is asked for again is not counted again.
CREATE TABLE exception_use_taken (
  exception text COLLATE "C" NOT NULL,
  once      text COLLATE "C" NOT NULL,
  taken     timestamptz NOT NULL,
  PRIMARY KEY (exception, once)
);
CREATE INDEX exception_use_taken_by_time ON exception_use_taken (exception, taken);
)sql";

}  // namespace reeve::store
