#pragma once

// Reading governance documents: what rules, exceptions and tests have in common. Private to the policy room.

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml.h"
#include "policy/facts.h"
#include "policy/policy.h"

namespace reeve::policy {

inline constexpr std::size_t kMessageBytesMax = 1000;
inline constexpr std::size_t kPatternsMax = 10'000;

/// The texts that one key of `match` or `not` lists. Sorted, without duplicates.
struct FactPatterns {
  Fact fact = Fact::kNow;
  std::vector<std::string> patterns;
};

/// For whom and what a document holds: the same for rules and exceptions.
struct Selector {
  std::vector<FactPatterns> match;   // every one must fit
  std::vector<FactPatterns> except;  // `not:`, none may fit
  std::string when;                  // CEL; empty for none
  YamlValue when_source;
  YamlValue match_source, except_source;  // for messages; null kind when absent
};

/// Collects the complaints about one document.
class DocumentReader {
 public:
  DocumentReader(const YamlValue& document, std::vector<Diagnostic>& complaints)
      : document_(document), complaints_(complaints), complaints_before_(complaints.size()) {}

  bool failed() const;
  void complain(const YamlValue& at, std::string message) { complaints_.push_back(at.complain(std::move(message))); }
  /// At the key's value, or at the document where the key is missing.
  void complain_of(std::string_view key, std::string message);

  std::string text(const YamlValue& mapping, std::string_view key);
  /// A text that must be there.
  std::string needed_text(std::string_view key, std::string_view example);
  /// A list of texts, or one text alone.
  std::vector<std::string> texts(const YamlValue& value);
  std::string name(std::string_view what, std::string_view example);
  std::optional<bool> flag(std::string_view key);
  std::optional<Instant> time(std::string_view key);
  std::optional<Duration> duration(const YamlValue& mapping, std::string_view key);
  Selector selector();
  const YamlValue* find(std::string_view key) const { return document_.find(key); }
  const YamlValue& document() const { return document_; }
  std::vector<Diagnostic>& complaints() { return complaints_; }

 private:
  std::vector<FactPatterns> patterns(const YamlValue& mapping, std::string_view key);

  const YamlValue& document_;
  std::vector<Diagnostic>& complaints_;
  std::size_t complaints_before_;
};

std::string in_quotes(std::string_view text);
/// Where a text of DocumentReader::texts() stands, for messages: the item of the list, or the value itself.
const YamlValue& item_of(const YamlValue& value, std::string_view text);
/// "; did you mean 'NAME'?" with the nearest of the names, or nothing when none is near.
std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& names);
bool is_kind(const YamlValue& document, std::string_view kind);

}  // namespace reeve::policy
