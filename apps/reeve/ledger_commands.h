#pragma once

// Commands of `reeve ledger` that ask the index.

#include <string>

#include "reeve/commands.h"

namespace reeve::app {

/// `reeve ledger query`, with each entry the proof that it is in the log.
int ledger_proven_query_command(const Common& common, const LedgerQueryArguments& arguments);

struct LedgerSqlArguments {
  std::string statement;
  std::uint64_t rows_max = 1'000;
  std::uint64_t seconds_max = 30;
};
/// One SELECT over the index's tables.
int ledger_sql_command(const Common& common, const LedgerSqlArguments& arguments);

struct LedgerSessionsArguments {
  std::string session;  // trace: which
  std::string since = "30d";
  std::uint64_t limit = 50;
};
int ledger_sessions_command(const Common& common, const LedgerSessionsArguments& arguments);
/// A session's calls in the order of time. 1 when there is no such session.
int ledger_trace_command(const Common& common, const LedgerSessionsArguments& arguments);

}  // namespace reeve::app
