#include "store/sqlite_kept_answers.h"

#include "store/budget_changes.h"

namespace reeve::store {

using spend::KeptAnswer;

Result<void> keep_answer(Database& database, const KeptAnswer& answer) {
  auto old = database.prepare("DELETE FROM kept_answer WHERE at <= ?");
  if (!old) return std::move(old).error();
  if (auto gone = old->bind(1, (answer.at - spend::kAnswersKept).nanoseconds).run(); !gone) return gone;
  auto statement = database.prepare("INSERT INTO kept_answer VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
  if (!statement) return std::move(statement).error();
  statement->bind(1, std::string_view(answer.who)).bind(2, std::string_view(answer.key));
  statement->bind(3, std::string_view(answer.request)).bind(4, static_cast<std::int64_t>(answer.status));
  statement->bind(5, std::string_view(answer.body)).bind(6, std::string_view(answer.etag));
  if (auto kept = statement->bind(7, answer.at.nanoseconds).run(); !kept) return kept;
  return database.changes() == 1 ? Result<void>() : key_is_taken();
}

Result<std::optional<KeptAnswer>> kept_answer_of(Database& database, std::string_view who, std::string_view key,
                                                 Instant now) {
  auto rows =
      database.prepare("SELECT request, status, body, etag, at FROM kept_answer WHERE who = ? AND key = ? AND at > ?");
  if (!rows) return std::move(rows).error();
  const auto row = rows->bind(1, who).bind(2, key).bind(3, (now - spend::kAnswersKept).nanoseconds).step();
  if (!row) return row.error();
  if (!*row) return std::optional<KeptAnswer>();
  KeptAnswer answer{std::string(who),
                    std::string(key),
                    std::string(rows->bytes(0)),
                    static_cast<int>(rows->integer(1)),
                    std::string(rows->bytes(2)),
                    std::string(rows->bytes(3)),
                    {rows->integer(4)}};
  return std::optional<KeptAnswer>(std::move(answer));
}

}  // namespace reeve::store
