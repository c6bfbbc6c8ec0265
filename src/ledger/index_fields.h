#pragma once

// The members of an entry that the index keeps, found in one pass over its canonical JSON without a document.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace reeve::ledger {

enum class FieldType : std::uint8_t { kText, kNumber, kFlag, kTexts, kRaw };

/// In the order of their paths in canonical JSON, which the reader relies on.
enum class Field : std::uint8_t {
  kAgentId,
  kAgentParent,
  kAttempt,
  kBudgetDegradedBy,
  kBudgetName,
  kClient,
  kClientVersion,
  kContentFindings,
  kContentLabels,
  kCostEstimated,
  kCostModel,
  kCostNanos,
  kCostPriceKnown,
  kCostPriceVersion,
  kCostProvider,
  kCostServiceTier,
  kDecisionEffect,
  kDecisionEnforced,
  kDecisionMode,
  kDecisionReason,
  kDecisionRule,
  kDecisionRules,
  kDetail,
  kFeature,
  kKind,
  kModelAsked,
  kModelOperation,
  kModelProvider,
  kModelRegion,
  kModelServed,
  kModelTier,
  kOutcomeHttpStatus,
  kOutcomeReason,
  kOutcomeResponseBytes,
  kOutcomeStatus,
  kPrincipalGroups,
  kPrincipalId,
  kPrincipalTeam,
  kPrincipalType,
  kProducerName,
  kProducerNumber,
  kRepo,
  kRequestThinking,
  kRequestTools,
  kRequestId,
  kSeq,
  kSessionId,
  kTime,
  kTimingDecision,
  kTimingFirstByte,
  kTimingTotal,
  kUsageCacheRead,
  kUsageCacheWrite1h,
  kUsageCacheWrite5m,
  kUsageInput,
  kUsageInputAudio,
  kUsageOutput,
  kUsageOutputAudio,
  kUsageReasoning,
  kUsageWebSearches,
  kWorkItem,
};
inline constexpr std::size_t kFields = static_cast<std::size_t>(Field::kWorkItem) + 1;
static_assert(kFields <= 64);

/// Which entry of a call a member stands in. kEach: in both, where they need not be the same; the outcome's is kept.
enum class FieldSide : std::uint8_t { kShared, kIntent, kOutcome, kEach };

struct FieldInfo {
  std::string_view path;  // "principal.id"
  FieldType type;
  FieldSide side;
};
const FieldInfo& field_info(Field field);
const FieldInfo* find_field(std::string_view path);

/// Views into the entry's bytes.
struct EntryFields {
  std::uint64_t present = 0;
  /// False when something is not as Reeve writes it: another order, a value of another type. Then nothing of the entry
  /// may be concluded from its fields.
  bool regular = false;
  std::array<std::string_view, kFields> texts;  // kText: between the quotes; kTexts, kRaw: the JSON value
  std::array<std::int64_t, kFields> numbers;    // kNumber, kFlag
  EntryFields() {}                              // NOLINT: only what `present` names is read

  static constexpr std::uint64_t bit(Field field) { return std::uint64_t{1} << static_cast<unsigned>(field); }
  bool has(Field field) const { return (present & bit(field)) != 0; }
  std::string_view text(Field field) const {
    return has(field) ? texts[static_cast<std::size_t>(field)] : std::string_view();
  }
  std::int64_t number(Field field) const { return has(field) ? numbers[static_cast<std::size_t>(field)] : 0; }
};

/// `entry` must outlive the views.
void read_entry_fields(std::string_view entry, EntryFields& fields);

/// Whether an outcome tells all that its intent tells, so that one row stands for both without loss.
bool agree(const EntryFields& intent, const EntryFields& outcome);

/// A text as it stands in JSON, escapes resolved.
std::string unescaped(std::string_view raw);
/// The texts of a JSON list, joined by kListSeparator. Empty when there are none.
inline constexpr char kListSeparator = '\x1f';
std::string joined_list(std::string_view raw);
/// The types of a list of findings, each once, in order, joined likewise.
std::string joined_finding_types(std::string_view raw);

/// Microseconds since 1970 of the ledger's own form of time, `2026-11-21T10:55:03.123456Z`; false for any other.
bool read_ledger_time(std::string_view text, std::int64_t& microseconds);

/// The 128 bits of an id that make_id("req") made; false for any other text.
bool read_request_id(std::string_view text, std::uint64_t& high, std::uint64_t& low);
std::string request_id_text(std::uint64_t high, std::uint64_t low);

}  // namespace reeve::ledger
