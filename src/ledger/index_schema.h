#pragma once

// What the index keeps of an entry, column by column, and the views that people query. One row of `calls` stands for an
// attempt of a call, its intent and its outcome together: they share most of what they say. Everything else is a row of
// `events`.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ledger/duckdb_library.h"
#include "ledger/index_fields.h"

namespace reeve::ledger {

/// Raised with every change of tables or of what stands in them: an index of another version is made anew.
inline constexpr int kIndexVersion = 5;

/// Where a column of `calls` comes from.
enum class CallSource : std::uint8_t {
  kSeq,      // of the outcome, else of the intent
  kIntent,   // index of the intent; null for an outcome without
  kTime,     // of the entry that seq names, microseconds since 1970
  kStarted,  // of the intent
  kIdHigh,   // the request id, as numbers where Reeve made it
  kIdLow,
  kIdText,          // as text otherwise
  kField,           // a member; of side kShared from whichever entry there is
  kModelServed,     // of the outcome
  kPriceProvider,   // of the outcome; kSame where it is the provider
  kPriceModel,      // of the outcome; kSame where it is the model that served
  kFindings,        // types, of the request
  kAnswerFindings,  // types, of the answer
  kLabels,
};

/// In place of a text that another column has: mostly prices are found by the provider and the model themselves. A
/// text that begins with it has it twice.
inline constexpr std::string_view kSame = "=";

struct CallColumn {
  std::string_view name;
  duckdb::TypeId type;
  CallSource source;
  Field field = Field::kKind;  // for kField
};
std::span<const CallColumn> call_columns();
/// The column that has a member of the intents, or of the outcomes; null when none has exactly it. Of who made a
/// record, and of the request's shape, only the outcome's is kept.
const CallColumn* call_column_of(std::string_view path, FieldSide side);
/// What a column says, as SQL: its name, or what reads the text or number that it keeps in another form.
std::string column_sql(const CallColumn& column);

struct NamedType {
  std::string_view name;
  duckdb::TypeId type;
};
/// seq, time, kind, request, session, person, by, about, reason, producer, number.
std::span<const NamedType> event_columns();
/// Sums over the calls of an hour that have everything else in common: the hour, texts, numbers that are added, then
/// what is the least and the greatest of each.
std::span<const NamedType> spend_columns();
/// Every 256th entry's place in the segments.
std::span<const NamedType> place_columns();
inline constexpr std::uint64_t kPlaceEvery = 256;

std::string_view type_name(duckdb::TypeId type);
/// CREATE TABLE statements of calls, events, places and spend, with `catalog` and `prefix` before each name.
std::string create_tables(std::string_view catalog, std::string_view prefix);
/// The views over what is stored and what is newer: all_calls, all_events, all_spend, session_parts (what rows of spend
/// and calls under way tell of sessions), and those for people: calls, events, entries, sessions, spend. `with_stored`:
/// whether there is a file.
std::string create_views(bool with_stored);

}  // namespace reeve::ledger
