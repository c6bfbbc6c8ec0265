#include "store/sqlite_budget_register.h"

#include "store/budget_changes.h"
#include "store/sqlite_kept_answers.h"
#include "store/sqlite_notes.h"

namespace reeve::store {

using spend::BudgetChange;
using spend::KeptAnswer;
using spend::RegisteredBudget;

namespace {

Result<void> put_row(Database& database, const RegisteredBudget& budget) {
  auto statement = database.prepare(
      budget.version == 1
          ? "INSERT INTO budget (document, version, written_by, written_at, name) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING"
          : "UPDATE budget SET document = ?, version = ?, written_by = ?, written_at = ? WHERE name = ? AND version = "
            "?");
  if (!statement) return std::move(statement).error();
  const auto version = static_cast<std::int64_t>(budget.version);
  statement->bind(1, std::string_view(budget.document)).bind(2, version).bind(3, std::string_view(budget.by));
  statement->bind(4, budget.at.nanoseconds).bind(5, std::string_view(budget.name));
  if (budget.version > 1) statement->bind(6, version - 1);
  return statement->run();
}

Result<void> remove_row(Database& database, const RegisteredBudget& budget) {
  auto statement = database.prepare("DELETE FROM budget WHERE name = ? AND version = ?");
  if (!statement) return std::move(statement).error();
  return statement->bind(1, std::string_view(budget.name)).bind(2, static_cast<std::int64_t>(budget.version) - 1).run();
}

}  // namespace

Result<void> SqliteBudgetRegister::change(const BudgetChange& change) {
  if (auto checked = check_change(change); !checked) return checked;
  {
    const std::lock_guard lock(writing_);
    auto transaction = Transaction::begin(writer_);
    if (!transaction) return std::move(transaction).error();
    auto put = change.removes ? remove_row(writer_, change.budget) : put_row(writer_, change.budget);
    if (!put) return put;
    if (writer_.changes() != 1) return changed_meanwhile(change);
    if (auto noted = add_note(writer_, change.kind, change.detail); !noted) return noted;
    if (change.answer) {
      if (auto kept = keep_answer(writer_, *change.answer); !kept) return kept;
    }
    if (auto committed = transaction->commit(); !committed) return committed;
  }
  changes_.announce();
  return {};
}

Result<std::vector<RegisteredBudget>> SqliteBudgetRegister::list() {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare("SELECT name, version, document, written_by, written_at FROM budget ORDER BY name");
  if (!rows) return std::move(rows).error();
  std::vector<RegisteredBudget> list;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return list;
    list.push_back({std::string(rows->bytes(0)),
                    static_cast<std::uint64_t>(rows->integer(1)),
                    std::string(rows->bytes(2)),
                    std::string(rows->bytes(3)),
                    {rows->integer(4)}});
  }
}

Result<std::optional<KeptAnswer>> SqliteBudgetRegister::answer_of(std::string_view who, std::string_view key,
                                                                  Instant now) {
  const std::lock_guard lock(reading_);
  return kept_answer_of(reader_, who, key, now);
}

}  // namespace reeve::store
