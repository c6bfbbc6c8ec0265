#include "spend/price_table.h"

#include <algorithm>
#include <chrono>

#include "core/bytes.h"
#include "spend/billing_rules.h"
#include "spend/override.h"

namespace reeve::spend {

namespace {

std::optional<TieredRate> to_rate(const data::TokenRate& from) {
  if (from.nanos_per_million < 0) return std::nullopt;
  TieredRate rate{{from.nanos_per_million}, {}};
  for (const data::Tier& tier : data::tiers.subspan(from.tiers_begin, from.tiers_count)) {
    rate.tiers.push_back({tier.above_input_tokens, {tier.nanos_per_million}});
  }
  return rate;
}

std::optional<std::int64_t> to_amount(std::int64_t nanos) {
  return nanos < 0 ? std::nullopt : std::optional<std::int64_t>(nanos);
}

Price to_price(const data::Price& from, const data::Provider& provider, const data::Model& model) {
  Price price;
  price.provider = provider.id;
  price.model = model.id;
  price.version = base_version();
  price.input = to_rate(from.rates[data::kInput]);
  price.output = to_rate(from.rates[data::kOutput]);
  price.cache_read = to_rate(from.rates[data::kCacheRead]);
  price.cache_write_5m = to_rate(from.rates[data::kCacheWrite5m]);
  price.cache_write_1h = to_rate(from.rates[data::kCacheWrite1h]);
  price.reasoning = to_rate(from.rates[data::kReasoning]);
  price.input_audio = to_rate(from.rates[data::kInputAudio]);
  price.output_audio = to_rate(from.rates[data::kOutputAudio]);
  price.nanos_per_request = to_amount(from.nanos_per_request);
  price.nanos_per_web_search = to_amount(from.nanos_per_web_search);
  price.context_window = model.context_window;
  apply_billing_rules(provider.id, model.id, price);
  return price;
}

bool holds(const data::Price& price, Instant when) {
  if (price.from_unix_seconds >= 0) return when >= from_unix_seconds(price.from_unix_seconds);
  if (price.from_second_of_day < 0) return true;
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t second = ((unix_seconds(when) % kDay) + kDay) % kDay;
  const bool after_start = second >= price.from_second_of_day;
  const bool before_end = second < price.to_second_of_day;
  return price.to_second_of_day < price.from_second_of_day ? after_start || before_end : after_start && before_end;
}

bool is_calendar_date(std::string_view digits) {
  using namespace std::chrono;
  const auto number = [&](std::size_t at, std::size_t count) {
    return static_cast<int>(parse_int(digits.substr(at, count)).value_or(0));
  };
  const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(4, 2))),
                            day(static_cast<unsigned>(number(6, 2)))};
  return date.ok() && digits.starts_with("20");
}

/// "-20251101" as "-2025-11-01" wherever it ends a part of the name: vendors write the dates of releases both ways.
std::string with_dashed_dates(std::string_view name) {
  std::string result;
  for (std::size_t i = 0; i < name.size(); ++i) {
    result += name[i];
    const std::string_view digits = name.substr(i + 1, 8);
    const bool ends = i + 9 == name.size() || (i + 9 < name.size() && (name[i + 9] == '-' || name[i + 9] == ':'));
    const bool numeric = digits.size() == 8 && digits.find_first_not_of("0123456789") == std::string_view::npos;
    if (name[i] != '-' || !ends || !numeric || !is_calendar_date(digits)) continue;
    result.append(digits.substr(0, 4)).append("-").append(digits.substr(4, 2)).append("-").append(digits.substr(6));
    i += 8;
  }
  return result;
}

/// Order of names in which a run of digits counts as a number: "gpt-5" before "gpt-10".
bool natural_less(std::string_view left, std::string_view right) {
  const auto digits = [](std::string_view text) {
    const std::size_t end = text.find_first_not_of("0123456789");
    return text.substr(0, end == std::string_view::npos ? text.size() : end);
  };
  while (!left.empty() && !right.empty()) {
    const std::string_view left_number = digits(left);
    const std::string_view right_number = digits(right);
    if (!left_number.empty() && !right_number.empty()) {
      if (left_number.size() != right_number.size()) return left_number.size() < right_number.size();
      if (left_number != right_number) return left_number < right_number;
      left.remove_prefix(left_number.size());
      right.remove_prefix(right_number.size());
      continue;
    }
    if (left.front() != right.front()) return left.front() < right.front();
    left.remove_prefix(1);
    right.remove_prefix(1);
  }
  return left.size() < right.size();
}

}  // namespace

PriceTable::PriceTable() {
  prices_.resize(data::prices.size());
  for (const data::Provider& provider : data::providers) {
    for (const data::Model& model : data::models.subspan(provider.models_begin, provider.models_count)) {
      for (std::size_t i = model.prices_begin; i < model.prices_begin + model.prices_count; ++i) {
        prices_[i] = to_price(data::prices[i], provider, model);
      }
    }
  }
  for (std::size_t i = 0; i < data::match_nodes.size(); ++i) {
    if (data::match_nodes[i].kind != data::MatchKind::kRegex) continue;
    regexes_.emplace(i, std::regex(std::string(data::match_nodes[i].text), std::regex::nosubs));
  }
}

std::shared_ptr<const PriceTable> PriceTable::built_in() {
  static const std::shared_ptr<const PriceTable> table(new PriceTable);
  return table;
}

bool PriceTable::matches(std::size_t at, std::string_view name) const {
  const data::MatchNode& node = data::match_nodes[at];
  const std::size_t end = at + node.size;
  switch (node.kind) {
    case data::MatchKind::kEquals: return name == node.text;
    case data::MatchKind::kStartsWith: return name.starts_with(node.text);
    case data::MatchKind::kEndsWith: return name.ends_with(node.text);
    case data::MatchKind::kContains: return name.find(node.text) != std::string_view::npos;
    case data::MatchKind::kRegex: return std::regex_search(name.begin(), name.end(), regexes_.at(at));
    case data::MatchKind::kAnyOf:
      for (std::size_t part = at + 1; part < end; part += data::match_nodes[part].size) {
        if (matches(part, name)) return true;
      }
      return false;
    case data::MatchKind::kAllOf:
      for (std::size_t part = at + 1; part < end; part += data::match_nodes[part].size) {
        if (!matches(part, name)) return false;
      }
      return true;
  }
  return false;
}

const data::Provider* PriceTable::find_provider(std::string_view id) const {
  for (const data::Provider& provider : data::providers) {
    if (provider.id == id) return &provider;
  }
  for (const data::Provider& provider : data::providers) {
    if (provider.provider_match >= 0 && matches(static_cast<std::size_t>(provider.provider_match), id)) {
      return &provider;
    }
  }
  return nullptr;
}

const data::Model* PriceTable::find_among(const data::Provider& provider, std::string_view name,
                                          bool with_fallbacks) const {
  for (const data::Model& model : data::models.subspan(provider.models_begin, provider.models_count)) {
    if (matches(model.match, name)) return &model;
  }
  if (!with_fallbacks || provider.fallbacks.empty()) return nullptr;
  for (const std::string_view id : split(provider.fallbacks, ' ')) {
    const auto other = std::find_if(data::providers.begin(), data::providers.end(),
                                    [&](const data::Provider& candidate) { return candidate.id == id; });
    if (other == data::providers.end()) continue;
    if (const data::Model* model = find_among(*other, name, false)) return model;
  }
  return nullptr;
}

const data::Model* PriceTable::find_in(const data::Provider& provider, std::string_view name) const {
  if (const data::Model* model = find_among(provider, name, true)) return model;
  const std::string dashed = with_dashed_dates(name);
  return dashed == name ? nullptr : find_among(provider, dashed, true);
}

const data::Model* PriceTable::find_by_prefix(const data::Provider* provider, std::string_view name) const {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return nullptr;
  const std::string_view rest = name.substr(slash + 1);
  const std::string_view last = name.substr(name.rfind('/') + 1);
  if (const data::Provider* vendor = find_provider(name.substr(0, slash))) {
    if (const data::Model* model = find_in(*vendor, rest)) return model;
  }
  if (provider == nullptr) return nullptr;
  if (const data::Model* model = find_in(*provider, rest)) return model;
  return find_in(*provider, last);
}

const data::Model* PriceTable::find_by_look(std::string_view name) const {
  for (const std::string_view form : {name, name.substr(name.rfind('/') + 1)}) {
    for (const data::Provider& provider : data::providers) {
      if (provider.model_match < 0 || !matches(static_cast<std::size_t>(provider.model_match), form)) continue;
      if (const data::Model* model = find_in(provider, form)) return model;
    }
  }
  return nullptr;
}

const data::Model* PriceTable::find(std::string_view provider_id, std::string_view name) const {
  const std::string model_name = to_lower(trim(name));
  const bool plain = std::all_of(model_name.begin(), model_name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (model_name.empty() || model_name.size() > kModelNameBytesMax || !plain) return nullptr;
  const data::Provider* provider = find_provider(to_lower(trim(provider_id)));
  if (provider != nullptr) {
    if (const data::Model* model = find_in(*provider, model_name)) return model;
  }
  if (const data::Model* model = find_by_prefix(provider, model_name)) return model;
  return find_by_look(model_name);
}

std::vector<std::string> PriceTable::model_ids(std::string_view provider_id) const {
  std::vector<std::string> ids;
  const data::Provider* provider = find_provider(to_lower(trim(provider_id)));
  if (provider == nullptr) return ids;
  for (const data::Model& model : data::models.subspan(provider->models_begin, provider->models_count)) {
    // Some ids only name a family, such as the fine-tuned ones, and are not names to call.
    if (prices_[model.prices_begin].input && find_among(*provider, model.id, false) == &model) {
      ids.emplace_back(model.id);
    }
  }
  std::sort(ids.begin(), ids.end(), [](const auto& left, const auto& right) { return natural_less(right, left); });
  return ids;
}

const Price* PriceTable::price_at(const data::Model& model, Instant when) const {
  for (std::size_t i = model.prices_begin + model.prices_count; i-- > model.prices_begin;) {
    if (holds(data::prices[i], when) || i == model.prices_begin) return prices_[i].input ? &prices_[i] : nullptr;
  }
  return nullptr;
}

}  // namespace reeve::spend
