#include "reeve/repeatable_request.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"

namespace reeve::app {

namespace {

constexpr std::size_t kKeyBytesMax = 255;
/// Complaints that one answer names.
constexpr std::size_t kErrorsMax = 20;

std::string digest_of_request(const ApiRequest& request) {
  const std::string method = std::to_string(static_cast<int>(request.method));
  return "sha256:" + to_hex(as_bytes(sha256(method + "\n" + request.path + "\n" + request.body)));
}

}  // namespace

std::optional<ApiAnswer> repeated_answer(const ApiRequest& request, const KeptLookUp& look_up) {
  if (!request.idempotency_key) return std::nullopt;
  const std::string& key = *request.idempotency_key;
  const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (key.empty() || key.size() > kKeyBytesMax || !visible) {
    return problem(400, "Bad request", "Idempotency-Key is 1 to 255 visible characters, such as a UUID");
  }
  const auto kept = look_up(key);
  if (!kept) return problem_of(kept.error());
  if (!*kept) return std::nullopt;
  if ((*kept)->request != digest_of_request(request)) {
    return problem(422, "Unprocessable content",
                   "This Idempotency-Key was used for another request; take a new one for each");
  }
  return ApiAnswer{(*kept)->status, (*kept)->body, (*kept)->etag};
}

std::optional<spend::KeptAnswer> answer_to_keep(const ApiRequest& request, const ApiAnswer& answer, Instant at) {
  if (!request.idempotency_key) return std::nullopt;
  return spend::KeptAnswer{
      request.who, *request.idempotency_key, digest_of_request(request), answer.status, answer.body, answer.etag, at};
}

bool names_tag(std::string_view header, std::string_view etag) {
  const auto tags = split(header, ',');
  return trim(header) == "*" ||
         std::any_of(tags.begin(), tags.end(), [&](std::string_view tag) { return trim(tag) == etag; });
}

ApiAnswer invalid_body(const std::vector<Diagnostic>& complaints) {
  JsonWriter json;
  const Diagnostic& first = complaints.front();
  const std::string detail = first.file == kBodyPlace ? first.message : first.file.substr(2) + ": " + first.message;
  json.begin_object().member("detail", detail).key("errors").begin_array();
  for (std::size_t i = 0; i < std::min(complaints.size(), kErrorsMax); ++i) {
    json.begin_object().member("detail", complaints[i].message).member("pointer", complaints[i].file).end_object();
  }
  json.end_array().member("status", 400).member("title", "Bad request");
  return {400, json.member("type", "about:blank").end_object().take(), {}};
}

}  // namespace reeve::app
