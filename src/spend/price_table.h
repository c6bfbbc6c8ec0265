#pragma once

// The built-in prices in the form the room hands out, and the search for a model among them. Private to the spend
// room. Immutable once built; one table is shared by all catalogues.

#include <map>
#include <memory>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "spend/catalogue_data.h"
#include "spend/spend.h"

namespace reeve::spend {

/// Longer names fit no model.
inline constexpr std::size_t kModelNameBytesMax = 256;

class PriceTable {
 public:
  static std::shared_ptr<const PriceTable> built_in();

  /// The model that `name` means when `provider` sells it, or nullptr. Any case, dates written either way, a vendor's
  /// prefix ("anthropic/...", "models/...") and, last, any vendor whose names look like this one.
  const data::Model* find(std::string_view provider, std::string_view name) const;
  /// The model's price at `when`, or nullptr when it is not priced by tokens.
  const Price* price_at(const data::Model& model, Instant when) const;

  /// As Catalogue::model_ids.
  std::vector<std::string> model_ids(std::string_view provider) const;
  std::size_t model_count() const { return data::models.size(); }

 private:
  PriceTable();
  const data::Provider* find_provider(std::string_view id) const;
  const data::Model* find_in(const data::Provider& provider, std::string_view name) const;
  const data::Model* find_among(const data::Provider& provider, std::string_view name, bool with_fallbacks) const;
  const data::Model* find_by_prefix(const data::Provider* provider, std::string_view name) const;
  const data::Model* find_by_look(std::string_view name) const;
  bool matches(std::size_t node, std::string_view name) const;

  std::vector<Price> prices_;  // one per row of data::prices
  std::map<std::size_t, std::regex> regexes_;
};

}  // namespace reeve::spend
