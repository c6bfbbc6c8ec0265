#pragma once

// The command line, private to the program: what its parts share. main.cpp has most of the commands,
// command_line_money.cpp those about money, command_line_proofs.cpp those about proofs.

#include <functional>
#include <optional>
#include <string>

#include "reeve/kill_commands.h"
#include "reeve/ledger_commands.h"
#include "reeve/sign_in_commands.h"
#include "reeve/sign_in_listing.h"

// The library of the command line costs a second for each file that reads it: only the files that name options do.
namespace CLI {
class App;
}

namespace reeve::app {

/// Everything that options can set, and the command that was chosen.
struct Line {
  Common common;
  std::function<int()> chosen;
  std::optional<std::string> listen;
  std::string directory = ".";
  std::string id;
  bool no_tour = false;
  bool without_content = false;
  bool all = false;
  KeyCreateArguments key;
  SpendArguments spend;
  ChangeArguments change;
  LedgerQueryArguments query;
  LedgerSqlArguments sql;
  LedgerSessionsArguments sessions;
  LedgerExportArguments exported;
  CheckStateArguments check_state;
  PolicyTestArguments policy_test;
  PolicyEvalArguments eval;
  PolicyExplainArguments explain;
  PolicyDiffArguments diff;
  PolicyReplayArguments replay;
  PolicyShadowArguments shadow;
  std::string source, output, key_text;
  std::string good_for = "7d";
  bool schema = false;
  ScanArguments scan;
  DetectorsArguments detectors;
  AppealArguments appeal;
  std::string appeals_since = "30d";
  FingerprintAddArguments fingerprint;
  EdmAddArguments edm;
  ContentArguments content;
  ExceptionRequestArguments ask;
  ExceptionListArguments exceptions;
  DecisionArguments decision;
  NotificationsArguments notifications;
  std::int64_t number = 0;
  BudgetArguments budget;
  EraseArguments erase;
  HoldArguments hold;
  LedgerProveArguments prove;
  CheckProofArguments check_proof;
  ConsistencyArguments consistency;
  WitnessArguments witness;
  CompletenessArguments completeness;
  KeyRotateArguments key_rotate;
  std::string trusted_key;
  EvidenceArguments evidence;
  LoginArguments login;
  SignInListArguments sign_in_list;
  SignInEndArguments sign_in_end;
  bool list = false;
  KillArguments kill;
  SessionArguments session;
  bool with_proof = false;
};

/// A subcommand with the options that every command takes.
CLI::App& command(CLI::App& parent, Line& line, const char* name, const char* text, std::function<int()> run);
/// One that shows what the ledger says, and so is recorded in it.
CLI::App& reads_ledger(CLI::App& command, Line& line);
/// One that only has subcommands.
CLI::App& family(CLI::App& parent, const char* name, const char* text);

/// `reeve ledger export`, `reeve ledger exports`.
void add_exports(CLI::App& ledger, Line& line);
/// `reeve ledger prove`, `check-proof`, `consistency`, `witness`, `evidence`.
void add_ledger_proofs(CLI::App& ledger, Line& line);
/// `reeve spend`, `budget`, `exception`, `approve`, `notifications`.
void add_money(CLI::App& app, Line& line);
/// `reeve login`, `logout`, `whoami`, `token`, `sign-in`.
void add_sign_in(CLI::App& app, Line& line);
/// `reeve change`.
void add_changes(CLI::App& app, Line& line);
/// `reeve kill`, `reeve session`.
void add_kill(CLI::App& app, Line& line);
void add_sessions(CLI::App& app, Line& line);

}  // namespace reeve::app
