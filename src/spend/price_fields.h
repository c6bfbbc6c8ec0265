#pragma once

// Members that price documents have in common, and the name of a document's content. Private to the spend room.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml.h"
#include "spend/spend.h"

namespace reeve::spend {

/// Reads members of one document and complains at their place about what is wrong with them.
class PriceFields {
 public:
  PriceFields(const YamlValue& document, std::vector<Diagnostic>& complaints)
      : document_(document), complaints_(complaints) {}

  /// A glob; `fallback` where it is not given, or a complaint when that is null. `wanted` is for the complaint.
  std::string pattern(std::string_view key, const char* wanted, const char* fallback = nullptr);
  /// A contract's or document's name: letters, digits, '.', '_' and '-'. Empty when it is not given and not needed.
  std::string name(std::string_view key, bool needed);
  std::optional<Instant> time(std::string_view key);
  /// Complains when `until` is not after `since`.
  void period(std::optional<Instant>& since, std::optional<Instant>& until);
  std::optional<ServiceTier> service_tier();
  /// "12.5%" or 12.5, as millionths of the whole: 125,000. More than 0 and at most `percent_max`.
  std::optional<std::int64_t> percent(std::string_view key, std::int64_t percent_max);
  /// A factor such as 0.5, in thousandths; at most 100.
  std::optional<std::int64_t> factor(std::string_view key);
  void complain(std::string_view key, std::string message);

 private:
  const YamlValue& document_;
  std::vector<Diagnostic>& complaints_;
};

/// "0123456789abcdef": of the document's content, whatever the order of its members and wherever it stands.
std::string content_digest(const YamlValue& document);
/// "kind contract:digest", "kind digest" without a contract.
std::string content_version(std::string_view kind, std::string_view contract, const YamlValue& document);

}  // namespace reeve::spend
