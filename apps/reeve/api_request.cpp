#include "reeve/api_request.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"

namespace reeve::app {

Result<std::map<std::string, std::string>> read_texts(const ApiRequest& request,
                                                      std::initializer_list<std::string_view> known) {
  std::map<std::string, std::string> texts;
  if (trim(request.body).empty()) return texts;
  const auto document = JsonDocument::parse(request.body);
  if (!document || !document->root().is_object()) return Error{ErrorCode::kInvalid, "the body is a JSON object"};
  for (const auto& [name, value] : document->root().members()) {
    const auto text = value.as_string();
    if (std::find(known.begin(), known.end(), name) == known.end() || !text) {
      return Error{ErrorCode::kInvalid, "the body has no text '" + printable(name, 40) + "'"};
    }
    texts[std::string(name)] = *text;
  }
  return texts;
}

ApiAnswer problem(int status, std::string_view title, std::string_view detail) {
  JsonWriter json;
  json.begin_object().member("detail", detail).member("status", status).member("title", title);
  return {status, json.member("type", "about:blank").end_object().take(), {}};
}

ApiAnswer problem_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid: return problem(400, "Bad request", error.message);
    case ErrorCode::kNotFound: return problem(404, "Not found", error.message);
    case ErrorCode::kConflict: return problem(409, "Conflict", error.message);
    default: return problem(503, "Unavailable", error.message);
  }
}

ApiAnswer refusal_of(const Error& error) {
  return error.code == ErrorCode::kDenied ? problem(403, "Forbidden", error.message) : problem_of(error);
}

Error not_of_the_request(Error error) {
  error.code = ErrorCode::kUnavailable;
  return error;
}

}  // namespace reeve::app
