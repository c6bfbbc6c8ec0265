#include "store/postgres/budget_register.h"

#include "store/budget_changes.h"
#include "store/postgres/kept_answers.h"
#include "store/postgres/migrations.h"
#include "store/postgres/noted_change.h"

namespace reeve::store {

using spend::BudgetChange;
using spend::KeptAnswer;
using spend::RegisteredBudget;

namespace {

constexpr const char* kSubject = "budgets of all nodes";
constexpr std::string_view kList =
    "SELECT name, version, document, written_by, written_at FROM budget ORDER BY name COLLATE \"C\"";
constexpr std::string_view kInsert =
    "INSERT INTO budget (document, version, written_by, written_at, name) "
    "VALUES ($1::text, $2::bigint, $3::text, $4::bigint, $5::text) ON CONFLICT DO NOTHING";
constexpr std::string_view kUpdate =
    "UPDATE budget SET document = $1::text, version = $2::bigint, written_by = $3::text, written_at = $4::bigint "
    "WHERE name = $5::text AND version = $2::bigint - 1";
constexpr std::string_view kDelete = "DELETE FROM budget WHERE name = $1::text AND version = $2::bigint - 1";
// What its node does not record, because it is gone, another one takes; taken anew, nobody else takes it meanwhile.
constexpr std::string_view kTakeOver =
    "UPDATE budget_note SET node = $1::text, taken = clock_timestamp() WHERE entry IS NULL AND node <> $1::text "
    "AND taken < clock_timestamp() - interval '1 minute'";
constexpr std::string_view kNotes =
    "SELECT number, kind, detail FROM budget_note WHERE entry IS NULL AND node = $1::text ORDER BY number LIMIT "
    "$2::bigint";
constexpr std::string_view kRecorded =
    "UPDATE budget_note SET entry = given.entry "
    "FROM unnest($1::text::bigint[], $2::text::bigint[]) AS given (number, entry) "
    "WHERE budget_note.number = given.number AND budget_note.node = $3::text";
constexpr std::string_view kForgetEntries =
    "UPDATE budget_note SET entry = NULL WHERE node = $1::text AND entry >= $2::bigint";

Result<std::size_t> put_row(PostgresConnection& connection, const BudgetChange& change) {
  const RegisteredBudget& budget = change.budget;
  const auto version = static_cast<std::int64_t>(budget.version);
  PostgresParameters parameters;
  if (change.removes) {
    parameters.bytes(budget.name).integer(version);
  } else {
    parameters.bytes(budget.document).integer(version).bytes(budget.by);
    parameters.integer(budget.at.nanoseconds).bytes(budget.name);
  }
  const auto rows = connection.run(change.removes ? kDelete : version == 1 ? kInsert : kUpdate, parameters);
  if (!rows) return rows.error();
  return rows->changed();
}

}  // namespace

Result<void> PostgresBudgetRegister::change(const BudgetChange& change) {
  if (auto checked = check_change(change); !checked) return checked;
  auto done = write_once(connection_, node_, [&](PostgresConnection& connection) -> Result<std::optional<EntryText>> {
    const auto put = put_row(connection, change);
    if (!put) return put.error();
    if (*put != 1) return changed_meanwhile(change);
    if (change.answer) {
      if (auto kept = keep_answer(connection, *change.answer); !kept) return std::move(kept).error();
    }
    return std::optional(EntryText{change.kind, change.detail});
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  ++generation_;
  return {};
}

Result<std::vector<RegisteredBudget>> PostgresBudgetRegister::list() {
  std::vector<RegisteredBudget> list;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto rows = connection.run(kList);
    if (!rows) return rows.error();
    list.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      list.push_back({std::string(rows->bytes(row, 0)),
                      static_cast<std::uint64_t>(rows->integer(row, 1)),
                      std::string(rows->bytes(row, 2)),
                      std::string(rows->bytes(row, 3)),
                      {rows->integer(row, 4)}});
    }
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return list;
}

Result<std::optional<KeptAnswer>> PostgresBudgetRegister::answer_of(std::string_view who, std::string_view key,
                                                                    Instant now) {
  auto answer = kept_answer_of(connection_, who, key, now);
  if (!answer) return with_context(std::move(answer).error(), kSubject);
  return answer;
}

Result<void> PostgresBudgetRegister::catch_up() {
  const auto value = read_counter(connection_, "budget");
  if (!value) return with_context(value.error(), kSubject);
  if (seen_.exchange(*value) != *value) ++generation_;
  return {};
}

Result<std::vector<Note>> PostgresBudgetRegister::unrecorded_notes() {
  std::vector<Note> notes;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    if (const auto taken = connection.run(kTakeOver, PostgresParameters().bytes(node_)); !taken) return taken.error();
    const auto rows = connection.run(kNotes, PostgresParameters().bytes(node_).integer(kNotesAtOnce));
    if (!rows) return rows.error();
    notes.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      notes.push_back({rows->integer(row, 0), std::string(rows->bytes(row, 1)), std::string(rows->bytes(row, 2)), 0});
    }
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return notes;
}

Result<void> PostgresBudgetRegister::notes_recorded(std::span<const Note> notes) {
  std::string numbers = "{";
  std::string entries = "{";
  for (const Note& note : notes) {
    if (numbers.size() > 1) numbers += ",", entries += ",";
    numbers += std::to_string(note.number);
    entries += std::to_string(note.entry);
  }
  numbers += "}";
  entries += "}";
  return connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto marked = connection.run(kRecorded, PostgresParameters().bytes(numbers).bytes(entries).bytes(node_));
    return marked ? Result<void>() : Result<void>(marked.error());
  });
}

Result<void> PostgresBudgetRegister::ledger_ends_at(std::uint64_t entries) {
  return connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto forgot =
        connection.run(kForgetEntries, PostgresParameters().bytes(node_).integer(static_cast<std::int64_t>(entries)));
    return forgot ? Result<void>() : Result<void>(forgot.error());
  });
}

Result<std::unique_ptr<SharedBudgets>> open_shared_budgets(const PostgresOptions& options, std::string node) {
  if (auto migrated = migrate_shared_schema(options); !migrated) return std::move(migrated).error();
  return std::unique_ptr<SharedBudgets>(std::make_unique<PostgresBudgetRegister>(options, std::move(node)));
}

}  // namespace reeve::store
