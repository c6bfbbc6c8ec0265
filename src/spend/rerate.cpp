#include <algorithm>

#include "core/json.h"
#include "spend/report_text.h"
#include "spend/spend.h"

namespace reeve::spend {

namespace {

__extension__ using Wide = __int128;

/// A version in its parts: "genai-prices 0.1.8 rules 1 + price acme:…" is a base, a price and no adjustments.
struct VersionParts {
  std::string base, own, adjustments;
};

VersionParts parts_of(std::string_view version) {
  VersionParts parts;
  constexpr std::string_view kBetween = " + ";
  bool first = true;
  while (true) {
    const std::size_t end = version.find(kBetween);
    const std::string_view part = version.substr(0, end);
    if (first) {
      parts.base = part;
    } else if (part.starts_with("price ") || part.starts_with("unknown ")) {
      parts.own = part;
    } else {
      parts.adjustments.append(part).append(";");
    }
    first = false;
    if (end == std::string_view::npos) return parts;
    version.remove_prefix(end + kBetween.size());
  }
}

}  // namespace

std::string_view rerate_cause_name(RerateCause cause) {
  switch (cause) {
    case RerateCause::kListVersion: return "list version";
    case RerateCause::kOwnPrice: return "own price";
    case RerateCause::kAdjustment: return "discount";
    case RerateCause::kServiceTier: return "service tier";
    case RerateCause::kRounding: return "rounding";
    case RerateCause::kUnexplained: return "unexplained";
  }
  return "unexplained";
}

std::optional<PriceMatch> price_of(const Catalogue& catalogue, const SpendRow& row, std::optional<Instant> when) {
  if (!row.priced) return std::nullopt;
  const std::string& provider = row.price_provider.empty() ? row.provider : row.price_provider;
  const Instant at = when.value_or(row.price_time.value_or(row.time));
  PriceMatch match = catalogue.find(provider, row.price_model.empty() ? row.model : row.price_model, at, row.region);
  // What the gateway does where the name that answered has no price. It recorded which of the two it took; prices that
  // were added since may know the other.
  if (!match.known && !row.asked.empty() && row.asked != row.price_model) {
    PriceMatch asked = catalogue.find(provider, row.asked, at, row.region);
    if (asked.known) return asked;
  }
  if (!match.known && row.price_model != row.model) {
    PriceMatch served = catalogue.find(provider, row.model, at, row.region);
    if (served.known) return served;
  }
  return match;
}

void Rerate::note(const SpendRow& row, RerateCause cause, std::int64_t difference) {
  if (difference == 0) return;
  Part& part = parts[{row.model, cause}];
  if (part.calls == 0 || row.index < part.first_row) part.first_row = row.index;
  ++part.calls;
  part.difference = saturated_sum(part.difference, difference);
}

void Rerate::add(const SpendRow& row) {
  const auto match = price_of(*catalogue_, row);
  if (!match) return;
  ++rated;
  const Cost cost = cost_of(*match, row.usage, row.service_tier.value_or(ServiceTier::kStandard));
  recorded.nanos = saturated_sum(recorded.nanos, row.cost.nanos);
  now.nanos = saturated_sum(now.nanos, cost.total.nanos);
  const std::int64_t difference = cost.total.nanos - row.cost.nanos;
  const bool same_version = cost.price_version == row.price_version;
  if (difference == 0) {
    ++reproduced;
    renamed += same_version ? 0 : 1;
    return;
  }
  if (!row.service_tier) {
    for (const ServiceTier tier : {ServiceTier::kBatch, ServiceTier::kPriority, ServiceTier::kFlex}) {
      if (cost_of(*match, row.usage, tier).total == row.cost) return note(row, RerateCause::kServiceTier, difference);
    }
  }
  if (same_version) {
    const bool one = difference == 1 || difference == -1;
    return note(row, one ? RerateCause::kRounding : RerateCause::kUnexplained, difference);
  }
  const VersionParts before = parts_of(row.price_version);
  const VersionParts after = parts_of(cost.price_version);
  if (before.own != after.own) return note(row, RerateCause::kOwnPrice, difference);
  if (before.adjustments == after.adjustments) return note(row, RerateCause::kListVersion, difference);
  // Both the list and what is taken off it may have changed: the list's part is what it makes of the old share of it.
  std::int64_t list = 0;
  if (before.base != after.base && row.list_cost.nanos != 0) {
    const Wide part = Wide{row.cost.nanos} * (cost.list.nanos - row.list_cost.nanos) / row.list_cost.nanos;
    list = static_cast<std::int64_t>(std::clamp<Wide>(part, -Wide{row.cost.nanos}, Wide{1} << 62U));
  }
  note(row, RerateCause::kListVersion, list);
  note(row, RerateCause::kAdjustment, difference - list);
}

void Rerate::merge(const Rerate& other) {
  rated += other.rated;
  reproduced += other.reproduced;
  renamed += other.renamed;
  recorded.nanos = saturated_sum(recorded.nanos, other.recorded.nanos);
  now.nanos = saturated_sum(now.nanos, other.now.nanos);
  for (const auto& [key, part] : other.parts) {
    Part& mine = parts[key];
    mine.first_row = mine.calls == 0 ? part.first_row : std::min(mine.first_row, part.first_row);
    mine.calls += part.calls;
    mine.difference = saturated_sum(mine.difference, part.difference);
  }
}

std::string Rerate::to_table() const {
  std::string text;
  if (!parts.empty()) {
    std::vector<Cells> lines{{"model", "cause", "calls", "difference", "first row"}};
    for (const auto& [key, part] : parts) {
      lines.push_back({shown(key.first), std::string(rerate_cause_name(key.second)),
                       with_separators(static_cast<std::int64_t>(part.calls)), signed_money(part.difference),
                       std::to_string(part.first_row)});
    }
    text = align(lines, 2) + "\n";
  }
  text += "Rated again: " + counted(rated, "call", "calls") + ", " + format_money_exact(recorded) + " recorded, " +
          format_money_exact(now) + " now.\n";
  if (renamed > 0) {
    text += counted(renamed, "call comes", "calls come") + " out the same under prices of another version.\n";
  }
  text += same() ? "Every cost comes out to the nano-dollar.\n"
                 : counted(rated - reproduced, "call differs", "calls differ") + ", " +
                       signed_money(now.nanos - recorded.nanos) + " in all.\n";
  return text;
}

std::string Rerate::to_json() const {
  JsonWriter json;
  json.begin_object().member("rated", rated).member("reproduced", reproduced).member("other_version", renamed);
  json.member("recorded_nanos", recorded.nanos).member("now_nanos", now.nanos);
  json.member("difference_nanos", now.nanos - recorded.nanos).key("differences").begin_array();
  for (const auto& [key, part] : parts) {
    json.begin_object().member("model", key.first).member("cause", rerate_cause_name(key.second));
    json.member("calls", part.calls).member("difference_nanos", part.difference);
    json.member("first_row", part.first_row).end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace reeve::spend
