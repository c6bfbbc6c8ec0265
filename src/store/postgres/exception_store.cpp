#include "store/postgres/exception_store.h"

#include "core/log.h"
#include "store/postgres/noted_change.h"
#include "store/postgres/notification_queue.h"
#include "store/register_checks.h"

namespace reeve::store {

using control::ExceptionRequest;
using control::Step;

namespace {

constexpr const char* kSubject = "exceptions of all nodes";
constexpr std::string_view kInsert =
    "INSERT INTO exception_request (document, version, id) VALUES ($1::text, $2::bigint, $3::text) ON CONFLICT DO "
    "NOTHING";
constexpr std::string_view kUpdate =
    "UPDATE exception_request SET document = $1::text, version = $2::bigint WHERE id = $3::text AND version = "
    "$2::bigint - 1";
constexpr std::string_view kList = "SELECT document FROM exception_request ORDER BY number";

Result<bool> put(PostgresConnection& connection, const ExceptionRequest& request, bool is_new) {
  const std::string document = control::request_to_json(request);
  PostgresParameters row;
  row.bytes(document).integer(static_cast<std::int64_t>(request.version)).bytes(request.id);
  const auto rows = connection.run(is_new ? kInsert : kUpdate, row);
  if (!rows) return rows.error();
  return rows->changed() == 1;
}

}  // namespace

Result<void> PostgresExceptionStore::write(const ExceptionRequest& request, const Step& step, bool is_new) {
  if (request.version == 0) return Error{ErrorCode::kInvalid, "an exception has a version from 1 on"};
  auto done = write_once(connection_, node_, [&](PostgresConnection& connection) -> Result<std::optional<EntryText>> {
    const auto written = put(connection, request, is_new);
    if (!written) return written.error();
    if (!*written) return changed_meanwhile(request, is_new);
    const std::string_view kind = control::event_kind_of_step(step.kind);
    if (!kind.empty()) {
      const std::string key = request.id + ":" + std::to_string(request.version);
      const auto announced = add_event(connection, {key, std::string(kind), system_clock().now(), step.detail});
      if (!announced) return announced.error();
    }
    return std::optional(EntryText{step.kind, step.detail});
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  // It stands, so a look that fails now is made good for by the next one.
  if (auto read_again = read(); !read_again) {
    log_warning("a change of exceptions takes effect a moment later", {{"why", read_again.error().message}});
  }
  return {};
}

Result<void> PostgresExceptionStore::insert(const ExceptionRequest& request, const Step& step) {
  return write(request, step, true);
}

Result<void> PostgresExceptionStore::update(const ExceptionRequest& request, const Step& step) {
  return write(request, step, false);
}

Result<std::vector<ExceptionRequest>> PostgresExceptionStore::list() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

Result<void> PostgresExceptionStore::read() {
  const std::lock_guard looking(looking_);
  auto requests = read_rows<ExceptionRequest>(connection_, kList, {}, [](const PostgresRows& rows, std::size_t row) {
    return control::request_from_json(rows.bytes(row, 0));
  });
  if (!requests) return with_context(std::move(requests).error(), kSubject);
  const std::lock_guard lock(mutex_);
  requests_ = *std::move(requests);
  ++generation_;
  return {};
}

Result<void> PostgresExceptionStore::look(std::int64_t value) {
  if (seen_ == value) return {};
  auto done = read();
  if (done) seen_ = value;
  return done;
}

Result<std::size_t> PostgresExceptionStore::take_over(const std::vector<ExceptionRequest>& requests) {
  std::size_t taken = 0;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    taken = 0;
    auto transaction = PostgresTransaction::begin(connection);
    if (!transaction) return std::move(transaction).error();
    for (const ExceptionRequest& request : requests) {
      const auto is_new = put(connection, request, true);
      if (!is_new) return is_new.error();
      taken += *is_new ? 1U : 0U;
    }
    return transaction->commit();
  });
  if (done) done = read();
  if (!done) return with_context(std::move(done).error(), kSubject);
  return taken;
}

}  // namespace reeve::store
