#include "harness/client_settings.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/bytes.h"
#include "core/crypto.h"
#include "harness/client_catalogue.h"

namespace reeve::harness {

namespace {

constexpr std::int64_t kPriorityMax = 1'000'000;
constexpr std::size_t kNameBytesMax = 100;
constexpr const char* kHintVariable = "CLAUDE_CODE_GATEWAY_HINT_HEADERS";

std::vector<std::string> read_patterns(const YamlValue& match, std::string_view key,
                                       std::vector<Diagnostic>& complaints) {
  std::vector<std::string> patterns;
  const YamlValue* list = match.find(key);
  if (list == nullptr) return patterns;
  if (!list->is_sequence() || list->items().empty()) {
    complaints.push_back(list->complain("'" + std::string(key) + "' is a list of names or patterns"));
    return patterns;
  }
  for (const YamlValue& item : list->items()) {
    if (!item.is_scalar() || item.text().empty()) {
      complaints.push_back(item.complain("a name or a pattern such as payments-* is expected"));
    } else {
      patterns.push_back(item.text());
    }
  }
  return patterns;
}

void read_match(const YamlValue& document, ClientSettings& settings, std::vector<Diagnostic>& complaints) {
  const YamlValue* match = document.find("match");
  if (match == nullptr) return;
  if (!match->is_mapping()) {
    complaints.push_back(match->complain("'match' is a mapping with groups, people or both"));
    return;
  }
  match->refuse_unknown_keys({"groups", "people"}, complaints);
  settings.groups = read_patterns(*match, "groups", complaints);
  settings.people = read_patterns(*match, "people", complaints);
  for (std::string& person : settings.people) person = to_lower(person);
  // Everybody is said by leaving it out, never by a slip.
  if (settings.groups.empty() && settings.people.empty()) {
    complaints.push_back(
        match->complain("this matches nobody; name groups or people, or leave 'match' out: everybody"));
  }
}

std::string text_at(const YamlValue& document, std::string_view key) {
  const YamlValue* value = document.find(key);
  return value == nullptr ? std::string() : value->text();
}

std::optional<ClientSettings> read_document(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  document.refuse_unknown_keys({"kind", "name", "owner", "description", "client", "match", "priority", "settings"},
                               complaints);
  ClientSettings settings{text_at(document, "name"), text_at(document, "client"), text_at(document, "owner")};
  settings.file = document.file();
  settings.line = document.line();
  const YamlValue* values = document.find("settings");
  if (settings.name.empty() || settings.name.size() > kNameBytesMax || settings.client.empty() || values == nullptr) {
    complaints.push_back(document.complain("a ClientSettings needs a name, a client and settings"));
    return std::nullopt;
  }
  const SettingsClient* const client = find_settings_client(settings.client);
  if (client == nullptr) {
    complaints.push_back(document.find("client")->complain(
        "'" + printable(settings.client, 40) + "' takes no settings from here; there is " + settings_client_names()));
    return std::nullopt;
  }
  if (const YamlValue* priority = document.find("priority")) {
    const auto number = priority->as_int();
    if (!number || *number < -kPriorityMax || *number > kPriorityMax) {
      complaints.push_back(priority->complain("'priority' is a whole number; the higher one holds"));
    }
    settings.priority = number.value_or(0);
  }
  read_match(document, settings, complaints);
  if (!values->is_mapping()) {
    complaints.push_back(values->complain("'settings' is a mapping, as the client's own file of settings has it"));
    return std::nullopt;
  }
  check_settings(*client, *values, complaints);
  settings.settings = SettingsValue::read(*values, complaints);
  return settings;
}

/// RFC 9562, version 8: the same settings have the same one.
std::string uuid_of(const Sha256& hash) {
  std::string hex = to_hex(as_bytes(hash)).substr(0, 32);
  hex[12] = '8';
  hex[16] = "89ab"[hash[8] % 4U];
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

}  // namespace

bool ClientSettings::is_for(std::string_view person, std::span<const std::string> of_groups) const {
  if (groups.empty() && people.empty()) return true;
  const std::string name = to_lower(person);
  const auto is_person = [&](const std::string& pattern) { return glob_match(pattern, name); };
  const auto is_group = [&](const std::string& pattern) {
    return std::any_of(of_groups.begin(), of_groups.end(),
                       [&](const auto& group) { return glob_match(pattern, group); });
  };
  return std::any_of(people.begin(), people.end(), is_person) || std::any_of(groups.begin(), groups.end(), is_group);
}

std::shared_ptr<const ClientSettingsSet> ClientSettingsSet::build(const std::vector<YamlValue>& documents,
                                                                  std::vector<Diagnostic>& complaints) {
  auto set = std::make_shared<ClientSettingsSet>();
  std::vector<Diagnostic> found;
  std::set<std::string> names;
  std::map<std::string, std::size_t> bytes;
  for (const YamlValue& document : documents) {
    const YamlValue* kind = document.find("kind");
    if (kind == nullptr || kind->text() != "ClientSettings") continue;
    auto settings = read_document(document, found);
    if (!settings) continue;
    if (!names.insert(settings->name).second) {
      found.push_back(document.complain("there is another ClientSettings '" + printable(settings->name, 60) + "'"));
    }
    std::size_t& size = bytes[settings->client];
    size += settings->settings.to_json().size();
    if (size > kBytesMax || set->list_.size() == kDocumentsMax) {
      found.push_back(document.complain("with this the settings of " + settings->client +
                                        " are more than a client is given: 512 KB in 1,000 documents"));
    }
    set->list_.push_back(*std::move(settings));
  }
  std::sort(set->list_.begin(), set->list_.end(), [](const ClientSettings& one, const ClientSettings& other) {
    return one.priority != other.priority ? one.priority < other.priority : one.name < other.name;
  });
  complaints.insert(complaints.end(), found.begin(), found.end());
  return has_errors(found) ? nullptr : set;
}

std::optional<EffectiveSettings> ClientSettingsSet::settings_for(std::string_view client, std::string_view person,
                                                                 std::span<const std::string> groups) const {
  const SettingsClient* const known = find_settings_client(client);
  if (known == nullptr) return std::nullopt;
  EffectiveSettings effective;
  std::optional<SettingsValue> merged;
  for (const ClientSettings& settings : list_) {
    if (settings.client != client || !settings.is_for(person, groups)) continue;
    effective.from.push_back(&settings);
    if (merged) {
      merged->lay_over(settings.settings, {known->whole.begin(), known->whole.end()});
    } else {
      merged = settings.settings;
    }
  }
  if (!merged) return std::nullopt;
  effective.json = merged->to_json();
  const Sha256 hash = sha256(effective.json);
  effective.checksum = "sha256:" + to_hex(as_bytes(hash));
  effective.uuid = uuid_of(hash);
  const SettingsValue* environment = merged->find("env");
  const SettingsValue* hint = environment == nullptr ? nullptr : environment->find(kHintVariable);
  effective.asks_for_checksum = hint != nullptr && (hint->text() == "1" || hint->text() == "true");
  return effective;
}

}  // namespace reeve::harness
