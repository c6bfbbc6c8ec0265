#include "store/postgres/slice_store.h"

#include <limits>
#include <set>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/log.h"
#include "store/postgres/migrations.h"

namespace reeve::store {

namespace {

constexpr std::size_t kNodeBytesMax = 255;
constexpr std::size_t kCounterBytesMax = 65'536;
constexpr std::int64_t kIdleDays = 90;
constexpr Duration kFirstSweep = std::chrono::minutes(1);
constexpr Duration kSweepInterval = std::chrono::hours(1);
constexpr Duration kKeepEnded = std::chrono::hours(24 * 7);

constexpr std::string_view kClaim =
    "SELECT epoch FROM slice_claim($1::text, $2::text, $3::boolean) AS epoch WHERE epoch IS NOT NULL";
constexpr std::string_view kExchange =
    "SELECT granted, spent_all, granted_all FROM slice_exchange($1::text, $2::bigint, $3::bytea[], $4::bigint[], "
    "$5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])";
constexpr std::string_view kHeld =
    "SELECT slice_counter.counter, window_begin, window_end, limit_amount, spent, reserved, granted "
    "FROM slice JOIN slice_counter ON slice_counter.id = slice.counter "
    "WHERE slice.node = $1::text AND (granted > 0 OR spent > 0 OR reserved > 0) "
    "ORDER BY slice_counter.counter, window_begin";
constexpr std::string_view kSweep = "SELECT slice_sweep($1::bigint, $2::bigint::integer)";

std::int64_t steady_now() {
  return std::chrono::duration_cast<Duration>(system_clock().steady().time_since_epoch()).count();
}

Result<void> check_node(std::string_view node) {
  if (!node.empty() && node.size() <= kNodeBytesMax && is_utf8(node) && node.find('\0') == std::string_view::npos) {
    return {};
  }
  return Error{ErrorCode::kInvalid, "'" + printable(node, 60) + "' is no name for a node; use 1 to 255 bytes of text"};
}

Result<void> check_requests(std::span<const spend::SliceRequest> requests) {
  std::set<std::pair<std::string_view, std::int64_t>> rows;
  for (const spend::SliceRequest& request : requests) {
    const auto wrong = [&](const char* what) {
      return Error{ErrorCode::kInvalid, "the slice of " + printable(request.counter) + " " + what};
    };
    if (request.counter.size() > kCounterBytesMax) return wrong("has too long a name");
    if (request.limit < 0 || request.spent < 0 || request.reserved < 0 || request.wanted < 0) {
      return wrong("has a negative amount");
    }
    if (request.spent > std::numeric_limits<std::int64_t>::max() - request.reserved) {
      return wrong("has amounts too large to add");
    }
    if (!rows.emplace(request.counter, request.window_begin.nanoseconds).second) return wrong("is asked for twice");
  }
  return {};
}

PostgresParameters exchange_parameters(std::string_view node, std::int64_t epoch,
                                       std::span<const spend::SliceRequest> requests) {
  std::vector<std::string_view> counters;
  std::vector<std::int64_t> begins, ends, limits, spents, reserveds, wanteds;
  for (const spend::SliceRequest& request : requests) {
    counters.push_back(request.counter);
    begins.push_back(request.window_begin.nanoseconds);
    ends.push_back(request.window_end.nanoseconds);
    limits.push_back(request.limit);
    spents.push_back(request.spent);
    reserveds.push_back(request.reserved);
    wanteds.push_back(request.wanted);
  }
  PostgresParameters parameters;
  parameters.bytes(node).integer(epoch).byte_strings(counters).integers(begins).integers(ends);
  parameters.integers(limits).integers(spents).integers(reserveds).integers(wanteds);
  return parameters;
}

}  // namespace

PostgresSliceStore::PostgresSliceStore(PostgresOptions options)
    : instance_(to_hex(random_bytes(16))),
      connection_(std::move(options)),
      next_sweep_(steady_now() + kFirstSweep.count()) {}

/// The epoch of `node` on this connection: claimed at its first use there.
Result<std::int64_t> PostgresSliceStore::claimed(PostgresConnection& connection, std::string_view node) {
  const auto known = claims_.find(node);
  if (known != claims_.end() && known->second.connection == connection.number()) return known->second.epoch;
  return claim(connection, node);
}

/// A new epoch: whatever was sent under the one before has happened by now, or never will.
Result<std::int64_t> PostgresSliceStore::claim(PostgresConnection& connection, std::string_view node) {
  const bool is_first = claims_.find(node) == claims_.end();
  const auto rows = connection.run(kClaim, PostgresParameters().bytes(node).bytes(instance_).truth(is_first));
  if (!rows) return rows.error();
  if (rows->size() == 0) {
    return Error{ErrorCode::kConflict, "another process has taken the name \"" + std::string(node) +
                                           "\" of this node and what it holds; give every node a name of its own "
                                           "(ledger.node) and restart this one"};
  }
  const std::int64_t epoch = rows->integer(0, 0);
  claims_.insert_or_assign(std::string(node), Claim{connection.number(), epoch});
  return epoch;
}

Result<std::vector<spend::Slice>> PostgresSliceStore::exchange(std::string_view node,
                                                               std::span<const spend::SliceRequest> requests) {
  if (auto checked = check_node(node); !checked) return std::move(checked).error();
  if (auto checked = check_requests(requests); !checked) return std::move(checked).error();
  std::vector<spend::Slice> slices;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto epoch = claimed(connection, node);
    if (!epoch) return epoch.error();
    const auto rows = connection.run(kExchange, exchange_parameters(node, *epoch, requests));
    if (!rows) return rows.error();
    slices.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      slices.push_back({rows->integer(row, 0), rows->integer(row, 1), rows->integer(row, 2)});
    }
    return {};
  });
  if (!done) return with_context(std::move(done).error(), "slices of budgets");
  CHECK(slices.size() == requests.size());
  sweep_when_due();
  return slices;
}

Result<std::vector<spend::SliceRequest>> PostgresSliceStore::held_by(std::string_view node) {
  if (auto checked = check_node(node); !checked) return std::move(checked).error();
  std::vector<spend::SliceRequest> held;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    // From here on nothing that an earlier process of this name had sent can change the answer.
    const auto epoch = claim(connection, node);
    if (!epoch) return epoch.error();
    const auto rows = connection.run(kHeld, PostgresParameters().bytes(node));
    if (!rows) return rows.error();
    held.clear();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      held.push_back({.counter = std::string(rows->bytes(row, 0)),
                      .window_begin = {rows->integer(row, 1)},
                      .window_end = {rows->integer(row, 2)},
                      .limit = rows->integer(row, 3),
                      .spent = rows->integer(row, 4),
                      .reserved = rows->integer(row, 5),
                      .wanted = rows->integer(row, 6)});
    }
    return {};
  });
  if (!done) return with_context(std::move(done).error(), "slices of budgets");
  return held;
}

Result<std::int64_t> PostgresSliceStore::sweep(Duration ended) {
  std::int64_t swept = 0;
  const Instant before = system_clock().now() - ended;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto rows = connection.run(kSweep, PostgresParameters().integer(before.nanoseconds).integer(kIdleDays));
    if (!rows) return rows.error();
    swept = rows->integer(0, 0);
    return {};
  });
  if (!done) return std::move(done).error();
  return swept;
}

void PostgresSliceStore::sweep_when_due() {
  std::int64_t due = next_sweep_.load();
  const std::int64_t now = steady_now();
  if (now < due || !next_sweep_.compare_exchange_strong(due, now + kSweepInterval.count())) return;
  if (const auto swept = sweep(kKeepEnded); !swept) {
    log_warning("ended windows of budgets were not swept", {{"why", swept.error().message}});
  }
}

Result<std::unique_ptr<spend::SliceStore>> open_slices(const PostgresOptions& options) {
  if (auto migrated = migrate_shared_schema(options); !migrated) return std::move(migrated).error();
  return std::unique_ptr<spend::SliceStore>(std::make_unique<PostgresSliceStore>(options));
}

}  // namespace reeve::store
