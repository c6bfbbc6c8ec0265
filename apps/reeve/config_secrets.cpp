#include "reeve/config_secrets.h"

#include "core/bytes.h"
#include "core/sealing.h"

namespace reeve::app {

namespace {

constexpr std::string_view kVariable = "${";

/// postgresql://USER:PASSWORD@HOST/DATABASE
bool holds_password(std::string_view address) {
  const std::size_t user = address.find("://");
  const std::size_t at = address.rfind('@');
  if (user == std::string_view::npos || at == std::string_view::npos || at < user) {
    return address.find("password=") != std::string_view::npos;
  }
  return address.substr(user + 3, at - user - 3).find(':') != std::string_view::npos;
}

}  // namespace

void SecretReader::note_sealed(const YamlValue& value, const std::string& place, std::string_view text) {
  const bool in_file = value.text().find(kVariable) == std::string::npos;
  found_.push_back({place, in_file ? ConfigSecret::Form::kSealed : ConfigSecret::Form::kSealedElsewhere,
                    std::string(trim(text)), value.line()});
}

std::string SecretReader::open(const YamlValue& value, const std::string& place, const std::string& text) {
  note_sealed(value, place, text);
  auto secret = sealing().open(trim(text), place);
  if (secret) return *std::move(secret);
  complaints_.push_back(value.complain("the secret cannot be opened: " + secret.error().message));
  return {};
}

std::string SecretReader::read(const YamlValue& value, const std::string& place) {
  std::string text = expand_(value);
  if (is_sealed(text)) {
    if (opens_ == OpenSecrets::kYes) return open(value, place, text);
    note_sealed(value, place, text);
    return {};
  }
  if (value.text().find(kVariable) != std::string::npos) {
    found_.push_back({place, ConfigSecret::Form::kEnvironment, {}, value.line()});
  } else if (!text.empty()) {
    found_.push_back({place, ConfigSecret::Form::kClear, {}, value.line()});
    complaints_.push_back(value.complain("this secret stands in the file in clear; seal it with 'reeve secret seal " +
                                             place + "' and write here what that prints, or write ${NAME} and put " +
                                             "it into the environment",
                                         Diagnostic::Severity::kWarning));
  }
  return text;
}

std::string SecretReader::read_address(const YamlValue& value, const std::string& place) {
  std::string text = expand_(value);
  if (is_sealed(text)) return open(value, place, text);
  return holds_password(text) ? read(value, place) : text;
}

}  // namespace reeve::app
