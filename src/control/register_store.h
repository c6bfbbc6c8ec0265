#pragma once

// The port of the registers with workflow: rows that are documents, each change with its history and with what the
// ledger tells of it, in one transaction. Part of the control room's face.

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "spend/spend.h"

namespace reeve::control {

inline constexpr std::string_view kInventoryRegister = "inventory", kIntakeRegister = "intake";

/// What the ledger and notifications tell of a change.
struct Step {
  std::string kind;    // "exception.requested", ".changed", …; "register.item_registered", …
  std::string detail;  // canonical JSON, at most 8 KiB
};

struct RegisterRow {
  std::string register_name, id;
  std::uint64_t version = 1;  // grows with every change
  std::string document;       // canonical JSON, at most 64 KiB
  std::int64_t number = 0;    // by which lists are in order: given by the store, grows with each new row
};

/// One row as it becomes. Its version is 1 for a new one, else one more than the stored one.
struct RowChange {
  RegisterRow row;
  Step step;
  Instant at;
  std::string by;            // empty: time or traffic did it
  std::string history = {};  // a JSON object with what changed, for people; at most 128 KiB
};

/// What stands together or not at all.
struct RegisterChange {
  std::vector<RowChange> rows;              // one at least, each of another row
  std::optional<spend::KeptAnswer> answer;  // for the repetition of the same request
};

struct RowHistory {
  std::uint64_t version = 0;
  Instant at;
  std::string by, step, text;  // text: RowChange::history
};

/// What a model, provider, client or tool had of calls. Of one node, or summed over several.
struct Traffic {
  /// "model:claude-opus-4", "provider:anthropic", "client:claude-code"; "tool:Bash" and "mcp_server:tickets", whose
  /// calls are answers that called it, and which cost nothing of their own.
  std::string what;
  Instant first, last;
  std::uint64_t calls = 0;
  Money cost;
  std::set<std::uint64_t> people = {};  // of their names a hash each, at most kPeopleCounted
};
inline constexpr std::size_t kPeopleCounted = 1'000;

/// Port: implemented by the store; thread-safe, blocks. Rows and their history are never deleted.
class RegisterStore {
 public:
  virtual ~RegisterStore() = default;
  /// kConflict when a row is there already, or was changed by somebody else meanwhile, or the key of the answer was
  /// used. Each step is a note for the ledger and, where event_kind_of_step() names one, an event for notifications.
  virtual Result<void> change(const RegisterChange& change) = 0;
  /// Newest first: rows with a number below `before` (0: all), at most `limit`.
  virtual Result<std::vector<RegisterRow>> list(std::string_view register_name, std::int64_t before,
                                                std::size_t limit) = 0;
  /// A number that grows with every change of one of its rows; 0 for none. Cheap enough to be asked each second.
  virtual Result<std::uint64_t> changes_of(std::string_view register_name) = 0;
  virtual Result<std::optional<RegisterRow>> find(std::string_view register_name, std::string_view id) = 0;
  /// Newest first, at most 500.
  virtual Result<std::vector<RowHistory>> history(std::string_view register_name, std::string_view id) = 0;
  /// What a request under that key was answered, in the last spend::kAnswersKept.
  virtual Result<std::optional<spend::KeptAnswer>> answer_of(std::string_view who, std::string_view key,
                                                             Instant now) = 0;

  /// What `node` saw: replaces what it told of the same things before. `next`: the entry of its ledger to go on with.
  virtual Result<void> put_traffic(std::string_view node, std::span<const Traffic> traffic, std::uint64_t next) = 0;
  /// What `node` told, and the entry to go on with; 0 when it told nothing.
  virtual Result<std::pair<std::vector<Traffic>, std::uint64_t>> traffic_of(std::string_view node) = 0;
  /// Of all nodes, by what.
  virtual Result<std::vector<Traffic>> traffic() = 0;
};

}  // namespace reeve::control
