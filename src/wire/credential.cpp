#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "wire/wire.h"

namespace reeve::wire {

namespace {

constexpr std::size_t kCredentialBytesMax = 16UL << 10U;  // an OIDC token with many groups has some kilobytes

std::string percent_decoded(std::string_view text) {
  if (text.find('%') == std::string_view::npos) return std::string(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Result<std::string> byte = text[i] == '%' ? from_hex(to_lower(text.substr(i + 1, 2))) : std::string();
    const bool escape = byte && byte->size() == 1;
    out += escape ? byte->front() : text[i];
    i += escape ? 2 : 0;
  }
  return out;
}

/// Calls `see` with each part between the ampersands.
template <typename See>
void each_parameter(std::string_view query, See see) {
  while (true) {
    const std::size_t end = query.find('&');
    see(query.substr(0, end));
    if (end == std::string_view::npos) return;
    query.remove_prefix(end + 1);
  }
}

// The parameter's name as Google's servers read it: they take their own with a dollar sign before it, too.
std::string parameter_name(std::string_view parameter) {
  std::string name = percent_decoded(parameter.substr(0, parameter.find('=')));
  if (name.starts_with('$')) name.erase(0, 1);
  return name;
}

// What Google's servers take for a credential in a query, however it is spelled.
bool is_credential_parameter(std::string_view parameter) {
  const std::string name = parameter_name(parameter);
  return name == "key" || name == "access_token" || name == "oauth_token";
}

// Gemini's ?key=; empty when it is not there.
Result<std::string> query_key(std::string_view query) {
  std::string key;
  int keys = 0;
  each_parameter(query, [&](std::string_view part) {
    if (parameter_name(part) != "key") return;
    ++keys;
    const std::size_t equals = part.find('=');
    key = equals == std::string_view::npos ? "" : percent_decoded(part.substr(equals + 1));
  });
  // Somebody before us may have looked at the other one.
  if (keys > 1) return Error{ErrorCode::kInvalid, "The query carries a key twice; send only one credential."};
  return key;
}

}  // namespace

Result<std::string> read_credential(const HeaderLookup& header, std::string_view query) {
  constexpr std::string_view kScheme = "bearer";
  const std::string_view authorization = trim(header("authorization"));
  std::string_view bearer;
  if (!authorization.empty()) {
    const std::size_t end = std::min(authorization.find(' '), authorization.size());
    if (!equal_ignoring_case(authorization.substr(0, end), kScheme)) {
      return Error{ErrorCode::kInvalid, "The Authorization header must be \"Bearer\" and a key or token."};
    }
    bearer = trim(authorization.substr(end));
  }
  const Result<std::string> key = query_key(query);
  if (!key) return key.error();
  std::string found;
  for (const std::string_view candidate :
       {bearer, trim(header("x-api-key")), trim(header("x-goog-api-key")), std::string_view(*key)}) {
    if (candidate.empty()) continue;
    if (candidate.size() > kCredentialBytesMax) {
      return Error{ErrorCode::kInvalid, "The credential is too long to be a key or token."};
    }
    if (!found.empty() && found != candidate) {
      return Error{ErrorCode::kInvalid, "The request carries two different credentials; send only one."};
    }
    found = candidate;
  }
  return found;
}

bool is_private_request_header(std::string_view lower_case_name) {
  constexpr std::array<std::string_view, 8> kPrivate = {
      "authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie", "proxy-authorization",
      // A plain hash of settings, in which a short secret could be guessed.
      "x-claude-code-managed-settings-checksum",
      // Google's servers leave out of an answer what it does not name, usage with it.
      "x-goog-fieldmask"};
  return lower_case_name.starts_with("x-reeve-") ||
         std::find(kPrivate.begin(), kPrivate.end(), lower_case_name) != kPrivate.end();
}

namespace {

template <typename Drop>
std::string query_without(std::string_view query, Drop drop) {
  std::string rest;
  each_parameter(query, [&](std::string_view part) {
    if (drop(part)) return;
    if (!rest.empty()) rest += '&';
    rest += part;
  });
  return rest;
}

}  // namespace

std::string query_without_credential(std::string_view query) { return query_without(query, is_credential_parameter); }

std::string query_for_provider(Dialect dialect, std::string_view query) {
  return query_without(query, [dialect](std::string_view part) {
    return is_credential_parameter(part) || (dialect == Dialect::kGemini && parameter_name(part) == "fields");
  });
}

}  // namespace reeve::wire
