#pragma once

// Settings of a client as a tree: read from YAML, merged, and written as the canonical JSON whose checksum clients
// compute themselves. Part of the room's face.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/yaml.h"

namespace reeve::harness {

class SettingsValue {
 public:
  enum class Kind : std::uint8_t { kNull, kFlag, kNumber, kText, kList, kMapping };

  /// Plain true, false and null, whole numbers up to 2^53 and decimals without an exponent are what YAML takes them
  /// for; what stands in quotes is a text. A number in another form, and a key of digits alone, is a complaint:
  /// programs write those in more than one way, and the checksum has to be the same everywhere.
  static SettingsValue read(const YamlValue& yaml, std::vector<Diagnostic>& complaints);

  Kind kind() const { return kind_; }
  const std::map<std::string, SettingsValue, std::less<>>& members() const { return members_; }
  const SettingsValue* find(std::string_view key) const;
  /// Of a text. Empty for other kinds.
  std::string_view text() const { return kind_ == Kind::kText ? std::string_view(scalar_) : std::string_view(); }

  /// Lays `over` on top of this: mappings key by key, lists joined, each item once and this one's first, everything
  /// else replaced. A list below one of the keys `whole`, at the top, is replaced as well.
  void lay_over(const SettingsValue& over, std::vector<std::string_view> whole = {});

  void write(JsonWriter& json) const;
  /// Keys sorted at every level, no white space, numbers and escapes as ECMAScript's JSON.stringify writes them.
  std::string to_json() const;
  bool operator==(const SettingsValue&) const = default;

 private:
  Kind kind_ = Kind::kNull;
  std::string scalar_;  // a text; or a number or flag as JSON has it
  std::vector<SettingsValue> items_;
  std::map<std::string, SettingsValue, std::less<>> members_;
};

}  // namespace reeve::harness
