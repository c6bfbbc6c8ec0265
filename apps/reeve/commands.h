#pragma once

// The commands of `reeve`, one function each. They print for people, or JSON with --json, and return the exit code:
// 0 done, 1 the answer is no, 2 wrong use, 3 failed.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/content.h"
#include "core/result.h"
#include "ledger/ledger.h"
#include "store/store.h"

namespace reeve::app {

inline constexpr int kDone = 0;
inline constexpr int kAnswerIsNo = 1;
inline constexpr int kWrongUse = 2;
inline constexpr int kFailed = 3;

/// What every command takes.
struct Common {
  std::string config;                   // --config; empty: see config_file()
  std::optional<std::string> data_dir;  // --data
  bool json = false;
  bool unrecorded = false;  // --unrecorded: show what the ledger says even where that cannot be recorded
  std::string through;      // the command, "reeve spend report"; empty: whoever calls records what it reads
  std::string asked;        // what else stood on its line, "--since 7d"
};

int serve_command(const Common& common, const std::optional<std::string>& listen);
/// `reeve run`: what ./run calls. Serves with ./reeve.yaml or the starter set-up, and plays the tour.
int run_command(const Common& common, const std::optional<std::string>& listen, bool tour);
int init_command(const Common& common, const std::string& directory);
int check_command(const Common& common);

struct KeyCreateArguments {
  std::string owner, team, type = "person", note, time_to_live;
  std::vector<std::string> groups, scopes;
};
int key_create_command(const Common& common, const KeyCreateArguments& arguments);
int key_list_command(const Common& common, bool all);
int key_revoke_command(const Common& common, const std::string& id);

struct SpendArguments {
  std::string by = "person,model", since = "30d", until;
  std::string prices;           // a governance directory; empty: the configuration's
  std::string html;             // report: a file to write instead
  std::string month, split_by;  // explain: "2026-11", empty: the current one; a dimension or none; units: "change"
  std::string format = "focus", account = "default", output;  // export
  std::vector<std::string> keys;                              // rows: DIMENSION=VALUE
  bool csv = false, trace = false;                            // report, units by change
};
/// `reeve spend`: what recorded calls cost, and what that tells.
int spend_report_command(const Common& common, const SpendArguments& arguments);
/// The ledger rows of a group of the report, which add up to it.
int spend_rows_command(const Common& common, const SpendArguments& arguments);
/// Prices every recorded call again. 1 when a cost comes out differently.
int spend_rerate_command(const Common& common, const SpendArguments& arguments);
int spend_explain_command(const Common& common, const SpendArguments& arguments);
/// 1 when there is too little to rest a forecast on.
int spend_forecast_command(const Common& common, const SpendArguments& arguments);
/// 1 when there are anomalies.
int spend_anomalies_command(const Common& common, const SpendArguments& arguments);
int spend_units_command(const Common& common, const SpendArguments& arguments);
int spend_changes_command(const Common& common, const SpendArguments& arguments);
int spend_advice_command(const Common& common, const SpendArguments& arguments);
int spend_commitments_command(const Common& common, const SpendArguments& arguments);
int spend_export_command(const Common& common, const SpendArguments& arguments);
/// How full budgets are; `budget` empty for all of them.
int spend_budgets_command(const Common& common, const std::string& budget);
int spend_reservations_command(const Common& common);

struct ChangeArguments {
  std::string repo, id, work_item, commit, author, at, branch;
  std::optional<std::int64_t> lines;
  std::string by;                                 // empty: the user that runs the command
  std::string file, git, since = "30d", pattern;  // import: one of the first two
  bool merges_only = false;
};
/// `reeve change`: tells of merged changes, each once.
int change_merged_command(const Common& common, const ChangeArguments& arguments);
int change_import_command(const Common& common, const ChangeArguments& arguments);
struct BudgetArguments {
  std::string file;  // set: a YAML file, or "-" for standard input
  std::string name;  // remove
  std::string by;    // empty: the user that runs the command
};
/// `reeve budget`: budgets that hold without a file in the governance directory; as the control API writes them. 1: a
/// file declares it, or there is none.
int budget_set_command(const Common& common, const BudgetArguments& arguments);
int budget_remove_command(const Common& common, const BudgetArguments& arguments);
int budget_list_command(const Common& common);

struct LedgerQueryArguments {
  std::string filter, since, until;
  std::uint64_t limit = 0;  // 0: no limit
  bool follow = false;
  std::uint64_t last = 20;           // tail only
  bool scan = false, index = false;  // query only; neither: whichever is quicker
};
int ledger_query_command(const Common& common, const LedgerQueryArguments& arguments);
int ledger_tail_command(const Common& common, const LedgerQueryArguments& arguments);
/// `trusted_key`: a verifier key that the auditor was given once; empty: the folder's own.
int ledger_verify_command(const Common& common, const std::string& offline_directory, const std::string& trusted_key);
struct CompletenessArguments {
  std::string since, until;
  bool strict = false;  // ends without a stop count as unexplained
};
/// What is missing in the ledger, and why. 1 when something is unexplained.
int ledger_completeness_command(const Common& common, const CompletenessArguments& arguments);
/// The same in a line, for `verify`.
std::string completeness_line(const ledger::CompletenessReport& report);
int ledger_key_command(const Common& common);
struct LedgerExportArguments {
  std::string format, filter, since, until, output = "-";
  std::string mappings;  // a governance directory; empty: the configuration's, if there is one
  std::uint64_t from = 0;
};
/// Writes entries in the form of another system.
int ledger_export_command(const Common& common, const LedgerExportArguments& arguments);
/// How far the exports of the configuration came. 1 when one is held up.
int ledger_exports_command(const Common& common);
struct KeyRotateArguments {
  std::string reason, both_for = "7d";
  std::string by;  // empty: the user that runs the command
};
/// Another key signs the ledger from now on; with a server running or without.
int ledger_key_rotate_command(const Common& common, const KeyRotateArguments& arguments);

struct LedgerProveArguments {
  std::uint64_t index = 0;
  std::optional<std::uint64_t> size;          // in the tree of so many entries
  std::string checkpoint, output, directory;  // files; a copied ledger's folder
  bool without_entry = false;
};
/// Writes a c2sp.org/tlog-proof of an entry. 1 when no checkpoint covers it.
int ledger_prove_command(const Common& common, const LedgerProveArguments& arguments);
struct CheckProofArguments {
  std::string file, key, entry;  // entry: a file
  std::vector<std::string> witnesses;
  std::size_t quorum = 0;  // 0: all witnesses
};
int ledger_check_proof_command(const Common& common, const CheckProofArguments& arguments);
struct ConsistencyArguments {
  std::string checkpoint, key, output, directory;
};
/// Whether the ledger goes on from an older checkpoint of it.
int ledger_consistency_command(const Common& common, const ConsistencyArguments& arguments);
struct WitnessArguments {
  std::string name, listen = "127.0.0.1:8485", certificate, key_file;
  std::vector<std::string> logs;
};
int witness_serve_command(const Common& common, const WitnessArguments& arguments);
int witness_key_command(const Common& common, const WitnessArguments& arguments);

struct EvidenceArguments {
  std::string framework, from, to, output;  // output: a folder that is not there yet
  std::string by;                           // empty: the user that runs the command
  std::uint64_t entries_max = 100'000;
};
/// Writes an evidence pack for a framework, or all of them, over a period; the ledger tells who did.
int ledger_evidence_command(const Common& common, const EvidenceArguments& arguments);
int ledger_evidence_list_command(const Common& common);

struct ContentArguments {
  std::string request_id, reason;
  std::string by;  // empty: the user that runs the command
};
/// Prints the kept content of a call; the ledger tells who read it.
int ledger_content_command(const Common& common, const ContentArguments& arguments);
struct EraseArguments {
  std::string subject, reason;
  std::string by;  // empty: the user that runs the command
};
/// Makes the kept content of a person unreadable, here and for ever.
int ledger_erase_command(const Common& common, const EraseArguments& arguments);

struct HoldArguments {
  std::string subject, reason;
  bool everybody = false;
  std::string by;  // empty: the user that runs the command
};
/// Legal holds: content of these people is neither erased nor dropped for its age.
int hold_place_command(const Common& common, const HoldArguments& arguments);
int hold_release_command(const Common& common, const HoldArguments& arguments);
int hold_list_command(const Common& common);

/// A copy of all that a server keeps, made beside it, verified before this says so.
int backup_command(const Common& common, const std::string& directory, bool without_content);

int policy_check_command(const Common& common, const std::string& directory);
struct PolicyTestArguments {
  std::string directory, junit;
  bool coverage = false, strict = false;
};
int policy_test_command(const Common& common, const PolicyTestArguments& arguments);
struct PolicyEvalArguments {
  std::string expression, input, point;
  bool lines = false;  // read {"expr","input"} a line from standard input
};
int policy_eval_command(const Common& common, const PolicyEvalArguments& arguments);
int policy_facts_command(const Common& common, bool schema);
struct PolicyExplainArguments {
  std::string request_id, input, point = "model.call", bundle;
  bool all = false;
};
int policy_explain_command(const Common& common, const PolicyExplainArguments& arguments);
int policy_bundle_command(const Common& common, const std::string& source, const std::string& output,
                          const std::string& good_for);
int policy_verify_command(const Common& common, const std::string& file, const std::string& key);
struct PolicyDiffArguments {
  std::string before, after;
  std::string since, until;  // empty `since`: recorded calls are not asked
};
int policy_diff_command(const Common& common, const PolicyDiffArguments& arguments);
struct PolicyReplayArguments {
  std::string bundle, since = "30d", until;
  bool recorded = false;  // by the rules of the time
};
int policy_replay_command(const Common& common, const PolicyReplayArguments& arguments);
struct PolicyShadowArguments {
  std::string since = "14d", until, max_share = "1%";
};
int policy_shadow_command(const Common& common, const PolicyShadowArguments& arguments);
struct CheckStateArguments {
  std::string name, state, reason, good_for = "24h";
  std::string by;  // empty: the user that runs the command
};
/// `reeve policy check-state`: reports how a named check stands, and lists what was reported.
int check_state_set_command(const Common& common, const CheckStateArguments& arguments);
int check_state_list_command(const Common& common);

struct ExceptionRequestArguments {
  std::string id;  // of change and renew
  std::string budget, approval, add, from, until, reason, work_item, when, check;
  std::string person;  // whom it is for; empty: who asks
  std::string by;      // empty: the user that runs the command
  std::vector<std::string> rules, scope;
  std::optional<std::int64_t> tokens, requests;
  std::optional<std::uint64_t> uses;
};
/// `reeve exception`: more of a budget, to be let off a rule, or an approval; and deciding about it. 1: the answer is
/// no, nobody may approve it or not this person.
int exception_request_command(const Common& common, const ExceptionRequestArguments& arguments);
int exception_change_command(const Common& common, const ExceptionRequestArguments& arguments);
int exception_renew_command(const Common& common, const ExceptionRequestArguments& arguments);
struct ExceptionListArguments {
  std::string by;  // whose `mine` is about
  bool mine = false, open = false;
};
int exception_list_command(const Common& common, const ExceptionListArguments& arguments);
int exception_show_command(const Common& common, const std::string& id);
struct DecisionArguments {
  std::string id, digest, until, reason;
  std::string by;  // empty: the user that runs the command
  std::vector<std::string> conditions;
};
int exception_approve_command(const Common& common, const DecisionArguments& arguments);
int exception_deny_command(const Common& common, const DecisionArguments& arguments);
int exception_withdraw_command(const Common& common, const DecisionArguments& arguments);

struct NotificationsArguments {
  bool waiting = false, all = false;  // neither: what was given up
  std::size_t limit = 100;
};
/// `reeve notifications`: the queue of what is told to people.
int notifications_list_command(const Common& common, const NotificationsArguments& arguments);
int notifications_retry_command(const Common& common, std::int64_t number);

struct ScanArguments {
  std::vector<std::string> files;  // empty, or "-": standard input
  std::string detectors;           // a governance directory; empty: the configuration's, else those that ship
  std::string session = "scan";    // whose placeholders
  content::RedactWith with = content::RedactWith::kToken;
  float confidence_min = 0.5F;
  bool lines = false, redact = false, restore = false, explain = false, staged = false;
};
struct DetectorsArguments {
  std::string directory;   // a governance directory; empty: the configuration's, else those that ship
  std::string class_name;  // list: only this one
  bool cost = false;       // test: also measure
  std::size_t rows = 30;   // test: the dearest that are shown
};
/// `reeve detectors`: what is looked for; whether examples are found and counter-examples are not, and what it costs.
int detectors_list_command(const Common& common, const DetectorsArguments& arguments);
int detectors_test_command(const Common& common, const DetectorsArguments& arguments);

struct AppealArguments {
  std::string request_id, type, reason;
  std::string by;  // empty: the user that runs the command
};
/// Says that a finding in a call was wrong: a note in the ledger. 1 when nothing of the type was found there.
int appeal_command(const Common& common, const AppealArguments& arguments);
/// Findings and appeals by detector.
int appeals_command(const Common& common, const std::string& since);

/// `reeve scan`: what the detectors find; also the redaction path for pipes. 1 when something was found.
int scan_command(const Common& common, const ScanArguments& arguments);

struct FingerprintAddArguments {
  std::string path, label;
  std::vector<std::string> subtract;
};
/// `reeve fingerprint`: code that is this house's own.
int fingerprint_add_command(const Common& common, const FingerprintAddArguments& arguments);
int fingerprint_list_command(const Common& common);
int fingerprint_remove_command(const Common& common, const std::string& label);
struct EdmAddArguments {
  std::string csv, name, label;
  std::vector<std::string> primary;
  std::uint32_t confirm = 1, window = 300;
};
/// `reeve edm`: exact data match, tables whose values must not leave.
int edm_add_command(const Common& common, const EdmAddArguments& arguments);
int edm_list_command(const Common& common);
int edm_remove_command(const Common& common, const std::string& name);

/// The configuration file to read: --config, else ./reeve.yaml, else the package's /etc/reeve/reeve.yaml; empty when
/// there is none. A directory with ./data or ./governance is a set-up of its own, as `reeve run` makes it: there the
/// package's is not looked for.
std::string config_file(const Common& common);
/// The same, without --config, seen from the directory `here`.
std::string default_config_file(const std::filesystem::path& here, const std::filesystem::path& package_file);
/// An entry for the ledger, by way of the store. Durable when this returns: nothing is done that the ledger will not
/// tell.
Result<void> leave_note(const Common& common, std::string_view kind, const std::string& detail);
/// Where the data lies, for commands that need nothing else of the configuration.
Result<std::filesystem::path> data_directory(const Common& common);
/// The store there. `make`: when there is none yet, it is made; otherwise that is an error.
Result<std::unique_ptr<store::Store>> open_store(const Common& common, bool make);
Result<std::unique_ptr<ledger::LogReader>> open_ledger(const Common& common);
/// Of the user that runs this; the number where the system knows no name.
std::string system_user_name();
/// 2 for what is wrong with the input, 3 for everything else.
int exit_code_of(const Error& error);
/// Prints to standard error, or as {"error":{"exit_code","message"}} to standard output with --json. Returns `code`.
int fail(const Common& common, int code, const std::string& message);

}  // namespace reeve::app
