#include "control/secret.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/bytes.h"
#include "core/sealing.h"

namespace reeve::control {

namespace {

Result<std::string> open_at(std::string text, const std::string& place, const std::string& where) {
  auto secret = sealing().from_file(std::move(text), place);
  return secret ? std::move(secret) : with_context(std::move(secret).error(), "the secret in " + where);
}

}  // namespace

Result<std::string> read_secret(std::string_view from) {
  const std::string name(from.substr(from.find(':') + 1));
  if (from.starts_with("env:")) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr && *value != '\0') return open_at(value, place_of_secret(from), name);
    return Error{ErrorCode::kInvalid, "the environment has no " + name};
  }
  std::ifstream file(name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  std::string secret(trim(text.view()));
  if (file && !secret.empty()) return open_at(std::move(secret), place_of_secret(from), name);
  return Error{ErrorCode::kInvalid, "the secret cannot be read from " + name};
}

}  // namespace reeve::control
