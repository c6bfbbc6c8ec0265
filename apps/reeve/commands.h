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

struct SpendReportArguments {
  std::string by = "person,model", since = "30d", until;
  bool csv = false;
};
int spend_report_command(const Common& common, const SpendReportArguments& arguments);

struct LedgerQueryArguments {
  std::string filter, since, until;
  std::uint64_t limit = 0;  // 0: no limit
  bool follow = false;
  std::uint64_t last = 20;  // tail only
};
int ledger_query_command(const Common& common, const LedgerQueryArguments& arguments);
int ledger_tail_command(const Common& common, const LedgerQueryArguments& arguments);
int ledger_verify_command(const Common& common, const std::string& offline_directory);
int ledger_key_command(const Common& common);
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
