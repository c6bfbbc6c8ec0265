#include "reeve/api_request.h"

#include "core/json.h"

namespace reeve::app {

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

}  // namespace reeve::app
