#include "reeve/key_rotation.h"

#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

std::string rotation_request(const ledger::KeyRotation& request, Instant at) {
  JsonWriter json;
  json.begin_object()
      .member("at", format_time(at))
      .member("both_for_s", unix_seconds(Instant{request.both_for.count()}));
  return json.member("by", request.by)
      .member("old", request.old_key)
      .member("reason", request.reason)
      .end_object()
      .take();
}

Result<ledger::KeyRotation> read_rotation_request(std::string_view detail) {
  const auto document = JsonDocument::parse(detail);
  if (!document) return document.error();
  const JsonValue root = document->root();
  const auto seconds = root["both_for_s"].as_int();
  if (!seconds || *seconds < 0 || root["old"].string_or("").empty()) {
    return Error{ErrorCode::kInvalid, "not a request to rotate the ledger's key"};
  }
  return ledger::KeyRotation{.reason = std::string(root["reason"].string_or("")),
                             .by = std::string(root["by"].string_or("")),
                             .both_for = std::chrono::seconds(*seconds),
                             .old_key = std::string(root["old"].string_or(""))};
}

void rotate_as_requested(ledger::Log& log, std::string_view detail) {
  const auto request = read_rotation_request(detail);
  const auto rotated = request ? log.rotate_key(*request) : Result<ledger::RotatedKey>(request.error());
  if (!rotated) return log_error("the ledger's key was not rotated", {{"why", rotated.error().message}});
  log_info("another key signs the ledger", {{"key", rotated->new_key}, {"entry", rotated->entry}});
}

}  // namespace reeve::app
