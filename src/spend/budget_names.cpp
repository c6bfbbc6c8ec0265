#include <algorithm>

#include "spend/budgets.h"

namespace reeve::spend {

namespace {

constexpr std::array<std::string_view, kDimensions> kDimensionNames{"org",     "team",      "group",    "person",
                                                                    "agent",   "client",    "session",  "repo",
                                                                    "feature", "work_item", "provider", "model"};
constexpr std::array<std::string_view, kQuantities> kQuantityNames{
    "money", "tokens", "requests", "concurrent", "tokens_per_minute", "requests_per_minute"};
constexpr std::array<std::string_view, 7> kPeriodNames{"session", "hour", "day", "week", "month", "quarter", "rolling"};

}  // namespace

std::string_view dimension_name(Dimension dimension) { return kDimensionNames[static_cast<std::size_t>(dimension)]; }

std::optional<Dimension> dimension_from_name(std::string_view name) {
  const auto* const found = std::find(kDimensionNames.begin(), kDimensionNames.end(), name);
  if (found == kDimensionNames.end()) return std::nullopt;
  return static_cast<Dimension>(found - kDimensionNames.begin());
}

std::string_view quantity_name(Quantity quantity) { return kQuantityNames[static_cast<std::size_t>(quantity)]; }

std::string_view period_name(Period period) { return kPeriodNames[static_cast<std::size_t>(period)]; }

}  // namespace reeve::spend
