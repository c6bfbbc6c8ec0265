#include "control/secret.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/bytes.h"

namespace reeve::control {

Result<std::string> read_secret(std::string_view from) {
  const std::string name(from.substr(from.find(':') + 1));
  if (from.starts_with("env:")) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr && *value != '\0') return std::string(value);
    return Error{ErrorCode::kInvalid, "the environment has no " + name};
  }
  std::ifstream file(name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  std::string secret(trim(text.view()));
  if (file && !secret.empty()) return secret;
  return Error{ErrorCode::kInvalid, "the secret cannot be read from " + name};
}

}  // namespace reeve::control
