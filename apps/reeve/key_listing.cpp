#include "reeve/key_listing.h"

namespace reeve::app {

namespace {

void write_list(JsonWriter& json, std::string_view name, const std::vector<std::string>& values) {
  json.key(name).begin_array();
  for (const std::string& value : values) json.value(value);
  json.end_array();
}

}  // namespace

void write_key(JsonWriter& json, const identity::VirtualKey& key) {
  json.member("id", key.id).member("owner", key.owner).member("type", key.type).member_if("team", key.team);
  write_list(json, "groups", key.groups);
  write_list(json, "scopes", key.scopes);
  json.member("hint", key.hint).member("created", format_time(key.created)).key("expires");
  key.expires ? json.value(format_time(*key.expires)) : json.null();
  if (key.revoked) json.member("revoked", format_time(*key.revoked));
  json.member_if("note", key.note);
}

std::string_view state_of(const identity::VirtualKey& key, Instant now) {
  if (key.revoked) return "revoked";
  if (key.expires && *key.expires <= now) return "expired";
  return "active";
}

}  // namespace reeve::app
