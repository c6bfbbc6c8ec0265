#pragma once

// Budgets that are written while servers run, by the control API or by a command: the register that keeps them beside
// those of the governance directory. The part of the spend room's face on writing budgets.
//
// A file is stronger: what it declares can't be changed here, and where both have a name, the file's budget holds.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "core/yaml.h"
#include "spend/budgets.h"

namespace reeve::spend {

struct RegisteredBudget {
  std::string name;
  std::uint64_t version = 1;  // grows with every change of it; one that was removed begins again
  std::string document;       // canonical JSON of the members of a `kind: Budget` document, without `kind`
  std::string by;             // who wrote it last
  Instant at;
};

/// As the register keeps it: "sha256:…".
std::string digest_of_document(std::string_view document);
/// The entity tag of a budget, with its quotes. Another for every change; `version` is 0 for a budget of a file.
std::string budget_etag(std::uint64_t version, std::string_view document);
inline std::string etag_of(const RegisteredBudget& budget) { return budget_etag(budget.version, budget.document); }
/// What complaints call it, in place of a file: the name and origin_of().
std::string place_of(const RegisteredBudget& budget);
/// What the register keeps of a `kind: Budget` document, from whatever it was read.
std::string document_to_keep(const YamlValue& document);
/// The way back, to be read as documents of files are. kCorrupt for what is no document.
Result<YamlValue> document_of(const RegisteredBudget& budget);

/// The Budget and Ladder documents among `files`, then those of the register, for BudgetSet::build. What the register
/// has under a name that a file declares is left out with a warning; what cannot be read is an error: a limit must not
/// fall away.
std::vector<YamlValue> merged_budget_documents(const std::vector<YamlValue>& files,
                                               std::span<const RegisteredBudget> registered,
                                               std::vector<Diagnostic>& complaints);
/// The Budget document of that name, or null.
const YamlValue* find_budget_document(const std::vector<YamlValue>& documents, std::string_view name);

/// "governance/budgets.yaml:3", or "API, by lead@example.com, 2026-11-22T21:04:05Z".
std::string origin_of(const Budget& budget);
bool is_registered(const Budget& budget);

// ---- Changing it ----

/// What a request under an idempotency key was answered, so that its repetition gets the same.
struct KeptAnswer {
  std::string who, key;
  std::string request;  // digest of what was asked
  int status = 0;
  std::string body, etag;
  Instant at;
};
/// After that time a key may be used again.
inline constexpr Duration kAnswersKept = std::chrono::hours(24);

/// One change, all of it or nothing.
struct BudgetChange {
  RegisteredBudget budget;  // as it is to be; of a removal: as it was, with the next version
  bool removes = false;
  std::string kind, detail;  // the ledger's entry: "budget.changed", "budget.removed"; canonical JSON, at most 8 KiB
  std::optional<KeptAnswer> answer;
};

/// The change from `before` (null: it is new) to `document`, by whom and when.
BudgetChange change_budget(const RegisteredBudget* before, std::string_view name, std::string document,
                           std::string_view by, Instant now);
BudgetChange remove_budget(const RegisteredBudget& before, std::string_view by, Instant now);

/// Port: where they are kept. Implemented by the store; thread-safe. Calls may block.
class BudgetRegister {
 public:
  virtual ~BudgetRegister() = default;
  virtual Result<std::vector<RegisteredBudget>> list() = 0;  // by name
  /// Durable, and seen by every process and node that shares the register, soon after this returns. kConflict when the
  /// stored version is not the one before the change's (none, for version 1), or the answer's key is taken: then
  /// nothing happened. The entry for the ledger is kept in the same transaction.
  virtual Result<void> change(const BudgetChange& change) = 0;
  /// The answer that was kept within the last kAnswersKept.
  virtual Result<std::optional<KeptAnswer>> answer_of(std::string_view who, std::string_view key, Instant now) = 0;
  /// Moves with every change of a budget, whoever makes it; cheap, no system call. Compare, and list() anew.
  virtual std::uint64_t generation() const = 0;
};

}  // namespace reeve::spend
