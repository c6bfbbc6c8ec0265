#include "store/postgres/kept_answers.h"

#include "store/budget_changes.h"

namespace reeve::store {

using spend::KeptAnswer;

namespace {

constexpr std::string_view kForgetAnswers = "DELETE FROM kept_answer WHERE at <= $1::bigint";
constexpr std::string_view kKeepAnswer =
    "INSERT INTO kept_answer VALUES ($1::text, $2::text, $3::text, $4::bigint, $5::text, $6::text, $7::bigint) "
    "ON CONFLICT DO NOTHING";
constexpr std::string_view kAnswer =
    "SELECT request, status, body, etag, at FROM kept_answer WHERE who = $1::text AND key = $2::text AND at > "
    "$3::bigint";

}  // namespace

Result<void> keep_answer(PostgresConnection& connection, const KeptAnswer& answer) {
  const Instant old = answer.at - spend::kAnswersKept;
  const auto gone = connection.run(kForgetAnswers, PostgresParameters().integer(old.nanoseconds));
  if (!gone) return gone.error();
  PostgresParameters parameters;
  parameters.bytes(answer.who).bytes(answer.key).bytes(answer.request).integer(answer.status);
  parameters.bytes(answer.body).bytes(answer.etag).integer(answer.at.nanoseconds);
  const auto kept = connection.run(kKeepAnswer, parameters);
  if (!kept) return kept.error();
  return kept->changed() == 1 ? Result<void>() : key_is_taken();
}

Result<std::optional<KeptAnswer>> kept_answer_of(SharedConnection& connection, std::string_view who,
                                                 std::string_view key, Instant now) {
  std::optional<KeptAnswer> answer;
  const Instant after = now - spend::kAnswersKept;
  auto done = connection.use([&](PostgresConnection& session) -> Result<void> {
    const auto rows = session.run(kAnswer, PostgresParameters().bytes(who).bytes(key).integer(after.nanoseconds));
    if (!rows) return rows.error();
    answer.reset();
    if (rows->size() == 0) return {};
    answer = KeptAnswer{std::string(who),
                        std::string(key),
                        std::string(rows->bytes(0, 0)),
                        static_cast<int>(rows->integer(0, 1)),
                        std::string(rows->bytes(0, 2)),
                        std::string(rows->bytes(0, 3)),
                        {rows->integer(0, 4)}};
    return {};
  });
  if (!done) return std::move(done).error();
  return answer;
}

}  // namespace reeve::store
