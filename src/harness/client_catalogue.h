#pragma once

// The clients that take settings from their organisation, and what is known of the keys of each.

#include <span>
#include <string_view>
#include <vector>

#include "harness/settings_value.h"

namespace reeve::harness {

struct SettingsClient {
  std::string_view name;
  std::string_view release;                 // whose keys these are
  std::span<const std::string_view> keys;   // at the top
  std::span<const std::string_view> whole;  // lists of what is allowed: they are not joined, the upper one holds
  std::span<const std::string_view> texts;  // keys whose value is a text, though it may look like a number
};

/// Null when there is none of that name.
const SettingsClient* find_settings_client(std::string_view name);
/// "claude-code, …".
std::string settings_client_names();

/// What the client would pass over or misunderstand, each complaint at its place. A key that is not known to it is a
/// warning: clients learn keys faster than this list.
void check_settings(const SettingsClient& client, const YamlValue& settings, std::vector<Diagnostic>& complaints);

}  // namespace reeve::harness
