#include "harness/settings_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/bytes.h"
#include "core/yaml_scalar.h"

namespace reeve::harness {

namespace {

constexpr std::int64_t kExactMax = 1LL << 53U;  // what every JSON parser reads exactly
constexpr double kSmallestFixed = 1e-6;

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "-12", "0.25"; not "007", "+1", "1e5", ".5".
bool is_simple_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  if (!is_digits(whole) || (whole.size() > 1 && whole.front() == '0')) return false;
  return point == text.size() || is_digits(text.substr(point + 1));
}

/// Whether some program would take it for a number.
bool looks_like_number(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return !text.empty() && end == text.c_str() + text.size();
}

/// As ECMAScript writes it; empty for what it would write with an exponent.
std::string decimal_text(const std::string& text) {
  const double number = std::strtod(text.c_str(), nullptr);
  if (number == 0) return "0";
  if (std::abs(number) < kSmallestFixed || std::abs(number) > static_cast<double>(kExactMax)) return {};
  std::array<char, 64> buffer{};
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
  return error == std::errc{} ? std::string(buffer.data(), end) : std::string();
}

}  // namespace

SettingsValue SettingsValue::read(const YamlValue& yaml, std::vector<Diagnostic>& complaints) {
  SettingsValue value;
  if (yaml.is_mapping()) {
    value.kind_ = Kind::kMapping;
    for (const auto& [key, member] : yaml.members()) {
      if (is_digits(key.text())) {
        complaints.push_back(
            key.complain("a key of digits alone is sorted differently by different programs; "
                         "clients know none"));
      }
      value.members_.emplace(key.text(), read(member, complaints));
    }
  } else if (yaml.is_sequence()) {
    value.kind_ = Kind::kList;
    for (const YamlValue& item : yaml.items()) value.items_.push_back(read(item, complaints));
  } else if (yaml.is_scalar()) {
    value.kind_ = Kind::kText;
    value.scalar_ = yaml.text();
    if (!is_plain_scalar(yaml)) return value;
    const auto whole = yaml.as_int();
    if (yaml.as_bool()) {
      value.kind_ = Kind::kFlag;
    } else if (is_simple_number(yaml.text())) {
      value.kind_ = Kind::kNumber;
      if (whole) value.scalar_ = *whole == 0 ? "0" : std::to_string(*whole);
      const bool is_exact =
          whole ? *whole <= kExactMax && *whole >= -kExactMax : yaml.text().find('.') != std::string::npos;
      if (!whole) value.scalar_ = decimal_text(yaml.text());
      if (!is_exact || value.scalar_.empty()) {
        complaints.push_back(
            yaml.complain("not every program reads this number exactly; write it in quotes if it is a "
                          "text"));
      }
    } else if (looks_like_number(yaml.text())) {
      complaints.push_back(
          yaml.complain("write the number in digits, such as 12 or 0.5, or in quotes if it is a text"));
    }
  }
  return value;
}

const SettingsValue* SettingsValue::find(std::string_view key) const {
  const auto found = members_.find(key);
  return found == members_.end() ? nullptr : &found->second;
}

void SettingsValue::lay_over(const SettingsValue& over, std::vector<std::string_view> whole) {
  if (kind_ == Kind::kMapping && over.kind_ == Kind::kMapping) {
    for (const auto& [key, member] : over.members_) {
      const auto [mine, is_new] = members_.try_emplace(key, member);
      const bool replaced = std::find(whole.begin(), whole.end(), key) != whole.end();
      if (is_new) continue;
      if (replaced) {
        mine->second = member;
      } else {
        mine->second.lay_over(member);
      }
    }
  } else if (kind_ == Kind::kList && over.kind_ == Kind::kList) {
    for (const SettingsValue& item : over.items_) {
      if (std::find(items_.begin(), items_.end(), item) == items_.end()) items_.push_back(item);
    }
  } else {
    *this = over;
  }
}

void SettingsValue::write(JsonWriter& json) const {
  switch (kind_) {
    case Kind::kNull: json.null(); break;
    case Kind::kFlag:
    case Kind::kNumber: json.raw(scalar_); break;
    case Kind::kText: json.value(scalar_); break;
    case Kind::kList:
      json.begin_array();
      for (const SettingsValue& item : items_) item.write(json);
      json.end_array();
      break;
    case Kind::kMapping:
      json.begin_object();
      for (const auto& [key, member] : members_) member.write(json.key(key));
      json.end_object();
      break;
  }
}

std::string SettingsValue::to_json() const {
  JsonWriter json;
  write(json);
  return json.take();
}

}  // namespace reeve::harness
