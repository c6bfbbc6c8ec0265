#include "identity/grant_documents.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/json.h"

namespace reeve::identity {

namespace {

constexpr std::string_view kLetters = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t kUserCodeLetters = 8;
constexpr std::array<std::string_view, 4> kStates = {"waiting", "approved", "denied", "used"};

Error damaged() { return {ErrorCode::kCorrupt, "a stored sign-in is damaged; sign in again"}; }

std::vector<std::string> read_names(const JsonValue& list) {
  std::vector<std::string> names;
  for (const JsonValue& item : list.items()) names.emplace_back(item.string_or(""));
  return names;
}

Result<Principal> read_principal(const JsonValue& json) {
  if (json["id"].string_or("").empty()) return damaged();
  Principal principal;
  principal.id = json["id"].string_or("");
  principal.type = json["type"].string_or("person");
  principal.team = json["team"].string_or("");
  principal.issuer = json["issuer"].string_or("");
  principal.groups = read_names(json["groups"]);
  principal.scopes = read_names(json["scopes"]);
  return principal;
}

}  // namespace

std::string principal_to_json(const Principal& principal) {
  JsonWriter json;
  json.begin_object().key("groups").begin_array();
  for (const std::string& group : principal.groups) json.value(group);
  json.end_array().member("id", principal.id).member_if("issuer", principal.issuer).member_if("team", principal.team);
  if (!principal.scopes.empty()) {
    json.key("scopes").begin_array();
    for (const std::string& scope : principal.scopes) json.value(scope);
    json.end_array();
  }
  return json.member("type", principal.type).end_object().take();
}

Result<Principal> principal_from_json(std::string_view json) {
  const auto document = JsonDocument::parse(json, /*depth_max=*/4);
  return document ? read_principal(document->root()) : Result<Principal>(damaged());
}

std::string to_json(const GrantDocument& document) {
  const Purpose& purpose = document.purpose;
  JsonWriter json;
  json.begin_object().member_if("address", purpose.asking.address).member_if("browser", document.browser);
  json.member_if("challenge", purpose.challenge).member_if("client", purpose.asking.client);
  json.member_if("device", purpose.asking.device).member_if("device_hash", purpose.device_hash);
  json.member_if("issuer", document.issuer).member_if("mark", document.mark);
  if (document.person) json.key("person").raw(principal_to_json(*document.person));
  json.member_if("redirect_uri", purpose.redirect_uri).member_if("session", document.session);
  json.member("state", kStates[static_cast<std::size_t>(document.state)]);
  json.member_if("their_state", purpose.state).member_if("user_code", document.user_code);
  return json.end_object().take();
}

Result<GrantDocument> grant_document_from_json(std::string_view text) {
  const auto json = JsonDocument::parse(text, /*depth_max=*/8);
  if (!json) return damaged();
  const JsonValue root = json->root();
  const auto word = [&](std::string_view name) { return std::string(root[name].string_or("")); };
  GrantDocument document;
  const auto state = std::find(kStates.begin(), kStates.end(), root["state"].string_or(""));
  if (state == kStates.end()) return damaged();
  document.state = static_cast<GrantState>(state - kStates.begin());
  document.purpose = {{word("client"), word("device"), word("address")},
                      word("device_hash"),
                      word("redirect_uri"),
                      word("challenge"),
                      word("their_state")};
  document.browser = word("browser");
  document.issuer = word("issuer");
  document.session = word("session");
  document.user_code = word("user_code");
  document.mark = word("mark");
  if (root["person"].present()) {
    auto person = read_principal(root["person"]);
    if (!person) return std::move(person).error();
    document.person = *std::move(person);
  }
  return document;
}

std::string make_user_code() {
  std::string code;
  while (code.size() < kUserCodeLetters) {
    for (const char c : random_bytes(2 * kUserCodeLetters)) {
      const auto byte = static_cast<unsigned char>(c);
      // Above the last multiple of their number, some letters would come more often than others.
      if (byte < 256 / kLetters.size() * kLetters.size() && code.size() < kUserCodeLetters) {
        code += kLetters[byte % kLetters.size()];
      }
    }
  }
  return code;
}

std::string normal_user_code(std::string_view text) {
  std::string code;
  for (char c : text) {
    if (c == ' ' || c == '-') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (kLetters.find(c) == std::string_view::npos || code.size() == kUserCodeLetters) return {};
    code += c;
  }
  return code.size() == kUserCodeLetters ? code : std::string();
}

}  // namespace reeve::identity
