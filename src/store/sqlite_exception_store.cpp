#include "store/sqlite_exception_store.h"

#include "core/bytes.h"
#include "store/sqlite_notes.h"
#include "store/sqlite_notification_queue.h"

namespace reeve::store {

using control::ExceptionRequest;
using control::Step;

namespace {

Result<void> put_row(Database& database, const ExceptionRequest& request, bool is_new) {
  auto statement = database.prepare(
      is_new ? "INSERT INTO exception_request (document, version, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
             : "UPDATE exception_request SET document = ?, version = ? WHERE id = ? AND version = ?");
  if (!statement) return std::move(statement).error();
  const std::string document = control::request_to_json(request);
  const auto version = static_cast<std::int64_t>(request.version);
  statement->bind(1, std::string_view(document)).bind(2, version).bind(3, std::string_view(request.id));
  if (!is_new) statement->bind(4, version - 1);
  if (auto done = statement->run(); !done) return done;
  return database.changes() == 1 ? Result<void>() : changed_meanwhile(request, is_new);
}

}  // namespace

Result<void> SqliteExceptionStore::write(const ExceptionRequest& request, const Step& step, bool is_new) {
  if (request.version == 0) return Error{ErrorCode::kInvalid, "an exception has a version from 1 on"};
  {
    const std::lock_guard lock(writing_);
    auto transaction = Transaction::begin(writer_);
    if (!transaction) return std::move(transaction).error();
    if (auto put = put_row(writer_, request, is_new); !put) return put;
    if (auto noted = add_note(writer_, step.kind, step.detail); !noted) return noted;
    const std::string_view kind = control::event_kind_of_step(step.kind);
    if (!kind.empty()) {
      const std::string key = request.id + ":" + std::to_string(request.version);
      const auto time = system_clock().now();
      auto announced = add_event(writer_, {key, std::string(kind), time, step.detail});
      if (!announced) return announced;
    }
    if (auto committed = transaction->commit(); !committed) return committed;
  }
  changes_.announce();
  return {};
}

Result<void> SqliteExceptionStore::insert(const ExceptionRequest& request, const Step& step) {
  return write(request, step, true);
}

Result<void> SqliteExceptionStore::update(const ExceptionRequest& request, const Step& step) {
  return write(request, step, false);
}

Result<std::vector<ExceptionRequest>> SqliteExceptionStore::list() {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare("SELECT document FROM exception_request ORDER BY number");
  if (!rows) return std::move(rows).error();
  std::vector<ExceptionRequest> requests;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return requests;
    auto request = control::request_from_json(rows->bytes(0));
    if (!request) return std::move(request).error();
    requests.push_back(*std::move(request));
  }
}

}  // namespace reeve::store
