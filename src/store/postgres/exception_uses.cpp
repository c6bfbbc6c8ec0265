#include "store/postgres/exception_uses.h"

namespace reeve::store {

namespace {

constexpr const char* kSubject = "uses of exceptions on all nodes";
constexpr std::string_view kMakeTurn =
    "INSERT INTO exception_use_turn (exception) VALUES ($1::text) ON CONFLICT DO NOTHING";
constexpr std::string_view kTakeTurn = "SELECT FROM exception_use_turn WHERE exception = $1::text FOR UPDATE";
// Nobody asks for the same decision after longer than a call waits for its answer.
constexpr std::string_view kForget =
    "DELETE FROM exception_use_taken WHERE exception = $1::text AND taken < clock_timestamp() - interval '10 minutes'";
constexpr std::string_view kMark =
    "INSERT INTO exception_use_taken (exception, once, taken) VALUES ($1::text, $2::text, clock_timestamp()) "
    "ON CONFLICT DO NOTHING";
constexpr std::string_view kSum = "SELECT coalesce(sum(uses), 0)::bigint FROM exception_use WHERE exception = $1::text";
constexpr std::string_view kCount =
    "INSERT INTO exception_use (exception, node, uses) VALUES ($1::text, $2::text, 1) "
    "ON CONFLICT (exception, node) DO UPDATE SET uses = exception_use.uses + 1";
constexpr std::string_view kRaise =
    "INSERT INTO exception_use (exception, node, uses) VALUES ($1::text, $2::text, $3::bigint) "
    "ON CONFLICT (exception, node) DO UPDATE SET uses = greatest(exception_use.uses, excluded.uses)";

Result<void> take_turn(PostgresConnection& connection, std::string_view exception) {
  const PostgresParameters name = PostgresParameters().bytes(exception);
  if (const auto made = connection.run(kMakeTurn, name); !made) return made.error();
  if (const auto turn = connection.run(kTakeTurn, name); !turn) return turn.error();
  return {};
}

}  // namespace

Result<bool> PostgresExceptionUses::take(std::string_view exception, std::uint64_t limit, std::string_view once) {
  bool taken = false;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    taken = false;
    auto transaction = PostgresTransaction::begin(connection);
    if (!transaction) return std::move(transaction).error();
    if (auto turn = take_turn(connection, exception); !turn) return turn;
    const PostgresParameters name = PostgresParameters().bytes(exception);
    if (const auto forgot = connection.run(kForget, name); !forgot) return forgot.error();
    const auto marked = connection.run(kMark, PostgresParameters().bytes(exception).bytes(once));
    if (!marked) return marked.error();
    if (marked->changed() == 0) {
      taken = true;  // the answer of the first time was lost
      return {};
    }
    const auto sum = connection.run(kSum, name);
    if (!sum) return sum.error();
    if (static_cast<std::uint64_t>(sum->integer(0, 0)) >= limit) return {};
    const auto counted = connection.run(kCount, PostgresParameters().bytes(exception).bytes(node_));
    if (!counted) return counted.error();
    if (auto committed = transaction->commit(); !committed) return committed;
    taken = true;
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return taken;
}

Result<void> PostgresExceptionUses::restore(const std::map<std::string, std::uint64_t>& uses) {
  if (uses.empty()) return {};
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    auto transaction = PostgresTransaction::begin(connection);
    if (!transaction) return std::move(transaction).error();
    // In the order of the names, as everybody who takes several turns.
    for (const auto& [exception, count] : uses) {
      if (auto turn = take_turn(connection, exception); !turn) return turn;
      PostgresParameters row;
      row.bytes(exception).bytes(node_).integer(static_cast<std::int64_t>(count));
      if (const auto raised = connection.run(kRaise, row); !raised) return raised.error();
    }
    return transaction->commit();
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return {};
}

}  // namespace reeve::store
