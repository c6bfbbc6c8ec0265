#include "spend/price_fields.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"

namespace reeve::spend {

namespace {

constexpr std::size_t kNameBytesMax = 40;
constexpr std::size_t kDigestBytes = 8;

bool is_name(std::string_view text) {
  constexpr std::string_view kMarks = "._-";
  return !text.empty() && text.size() <= kNameBytesMax && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

void append_content(std::string& out, const YamlValue& value) {
  if (value.is_mapping()) {
    std::vector<const std::pair<YamlValue, YamlValue>*> members;
    for (const auto& member : value.members()) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const auto* left, const auto* right) { return left->first.text() < right->first.text(); });
    out += '{';
    for (const auto* member : members) {
      append_json_string(out, member->first.text());
      out += ':';
      append_content(out, member->second);
    }
    out += '}';
  } else if (value.is_sequence()) {
    out += '[';
    for (const YamlValue& item : value.items()) append_content(out, item);
    out += ']';
  } else {
    append_json_string(out, value.text());
  }
}

}  // namespace

std::string PriceFields::pattern(std::string_view key, const char* wanted, const char* fallback) {
  const YamlValue* value = document_.find(key);
  if (value == nullptr && fallback != nullptr) return fallback;
  if (value != nullptr && value->is_scalar() && !value->text().empty() && value->text().size() <= 256) {
    return value->text();
  }
  complain(key, std::string("a price needs ") + wanted);
  return {};
}

std::string PriceFields::name(std::string_view key, bool needed) {
  const YamlValue* value = document_.find(key);
  if (value == nullptr && !needed) return {};
  if (value != nullptr && value->is_scalar() && is_name(value->text())) return value->text();
  complain(key, "'" + std::string(key) + "' must be a name of at most " + std::to_string(kNameBytesMax) +
                    " letters, digits, '.', '_' and '-'");
  return {};
}

std::optional<Instant> PriceFields::time(std::string_view key) {
  const YamlValue* value = document_.find(key);
  if (value == nullptr) return std::nullopt;
  const auto time = parse_time(value->text());
  if (time) return *time;
  complaints_.push_back(value->complain(time.error().message));
  return std::nullopt;
}

void PriceFields::period(std::optional<Instant>& since, std::optional<Instant>& until) {
  since = time("since");
  until = time("until");
  if (since && until && *until <= *since) complain("until", "'until' must be after 'since'");
}

std::optional<ServiceTier> PriceFields::service_tier() {
  const YamlValue* value = document_.find("service_tier");
  if (value == nullptr) return std::nullopt;
  const auto tier = service_tier_of(value->text());
  if (!tier) complain("service_tier", "'service_tier' must be standard, batch, priority or flex");
  return tier;
}

std::optional<std::int64_t> PriceFields::percent(std::string_view key, std::int64_t percent_max) {
  const YamlValue* value = document_.find(key);
  if (value == nullptr) return std::nullopt;
  std::string_view text = value->text();
  if (text.ends_with('%')) text = trim(text.substr(0, text.size() - 1));
  // An amount of money has the form that is wanted here: a decimal number, kept as billionths.
  const auto number = text.starts_with('$') ? Result<Money>(Error{ErrorCode::kInvalid, ""}) : parse_money(text);
  constexpr std::int64_t kBillionthsInStep = 100'000;  // a ten-thousandth of a percent is a millionth of the whole
  if (number && number->nanos > 0 && number->nanos <= percent_max * 1'000'000'000 &&
      number->nanos % kBillionthsInStep == 0) {
    return number->nanos / kBillionthsInStep;
  }
  complain(key, "'" + std::string(key) + "' must be a percentage such as 12.5%, more than 0 and at most " +
                    std::to_string(percent_max) + "%, with at most four decimals");
  return std::nullopt;
}

std::optional<std::int64_t> PriceFields::factor(std::string_view key) {
  const YamlValue* value = document_.find(key);
  if (value == nullptr) return std::nullopt;
  const std::string& text = value->text();
  const auto number = text.starts_with('$') ? Result<Money>(Error{ErrorCode::kInvalid, ""}) : parse_money(text);
  constexpr std::int64_t kBillionthsInStep = 1'000'000;
  if (number && number->nanos <= 100'000'000'000 && number->nanos % kBillionthsInStep == 0) {
    return number->nanos / kBillionthsInStep;
  }
  complain(key, "'" + std::string(key) + "' must be a factor such as 0.5, at most 100, with at most three decimals");
  return std::nullopt;
}

void PriceFields::complain(std::string_view key, std::string message) {
  const YamlValue* value = document_.find(key);
  complaints_.push_back((value == nullptr ? document_ : *value).complain(std::move(message)));
}

std::string content_digest(const YamlValue& document) {
  std::string content;
  append_content(content, document);
  return to_hex(as_bytes(sha256(content)).substr(0, kDigestBytes));
}

std::string content_version(std::string_view kind, std::string_view contract, const YamlValue& document) {
  std::string version(kind);
  version += ' ';
  if (!contract.empty()) version.append(contract).append(":");
  return version + content_digest(document);
}

}  // namespace reeve::spend
