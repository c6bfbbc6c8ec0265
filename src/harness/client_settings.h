#pragma once

// Settings of a client as policy-as-code: `kind: ClientSettings` documents say who gets what, and a person gets all
// that match, merged. Part of the room's face.
//
// Merging: the documents that match a person are laid over each other, the lowest priority first and, where that is the
// same, in the order of their names. Mappings are merged key by key; lists are joined, each item once; of everything
// else the upper one holds. Lists of what is allowed (client_catalogue.cpp) are not joined: the upper one holds whole.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml.h"
#include "harness/settings_value.h"

namespace reeve::harness {

/// A document.
struct ClientSettings {
  std::string name, client, owner;
  std::vector<std::string> groups;  // patterns (glob_match) of the groups that get it
  std::vector<std::string> people;  // patterns of names, lower case; both empty: everybody
  std::int64_t priority = 0;
  SettingsValue settings;
  std::string file;
  std::size_t line = 0;

  bool is_for(std::string_view person, std::span<const std::string> of_groups) const;
};

/// What a person gets.
struct EffectiveSettings {
  std::string json;                         // canonical, see SettingsValue::to_json
  std::string checksum;                     // "sha256:" and the hash of `json` in hexadecimal
  std::string uuid;                         // made of the checksum
  std::vector<const ClientSettings*> from;  // lowest first; live as long as the set
  /// The client is told to say with each call which settings it runs with.
  bool asks_for_checksum = false;
};

/// All documents. Immutable, shared by all threads.
class ClientSettingsSet {
 public:
  static constexpr std::size_t kDocumentsMax = 1'000;
  static constexpr std::size_t kBytesMax = 512UL << 10U;  // of one client's settings altogether

  /// Reads the ClientSettings documents; others are left alone. Null when there is an error among what it adds to the
  /// complaints.
  static std::shared_ptr<const ClientSettingsSet> build(const std::vector<YamlValue>& documents,
                                                        std::vector<Diagnostic>& complaints);

  std::span<const ClientSettings> list() const { return list_; }  // in the order in which they are laid over each other
  /// Nothing when no document of that client matches: the person has no policy, which is not an empty one.
  std::optional<EffectiveSettings> settings_for(std::string_view client, std::string_view person,
                                                std::span<const std::string> groups) const;

 private:
  std::vector<ClientSettings> list_;
};

}  // namespace reeve::harness
