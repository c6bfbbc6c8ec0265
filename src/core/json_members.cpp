#include "core/json_members.h"

#include <algorithm>
#include <charconv>

namespace reeve {

JsonMembers::JsonMembers(std::string_view object) : rest_(object) {
  good_ = rest_.size() >= 2 && rest_.front() == '{' && rest_.back() == '}';
  if (good_) rest_ = rest_.substr(1, rest_.size() - 2);
}

bool JsonMembers::next(std::string_view& name, std::string_view& value) {
  if (!good_ || rest_.empty()) return false;
  good_ = false;
  if (rest_.front() != '"') return false;
  const std::size_t name_end = string_end(0);
  if (name_end == std::string_view::npos || name_end >= rest_.size() || rest_[name_end] != ':') return false;
  name = rest_.substr(1, name_end - 2);
  rest_.remove_prefix(name_end + 1);
  const std::size_t value_end = this->value_end();
  if (value_end == std::string_view::npos) return false;
  value = rest_.substr(0, value_end);
  rest_.remove_prefix(value_end);
  if (!rest_.empty()) {
    if (rest_.size() < 2) return false;
    rest_.remove_prefix(1);  // the comma
  }
  good_ = true;
  return true;
}

/// The offset behind the string that begins at `at`.
std::size_t JsonMembers::string_end(std::size_t at) const {
  for (std::size_t quote = rest_.find('"', at + 1); quote != std::string_view::npos;
       quote = rest_.find('"', quote + 1)) {
    std::size_t backslashes = 0;
    while (rest_[quote - 1 - backslashes] == '\\') ++backslashes;  // ends at the opening quote at the latest
    if (backslashes % 2 == 0) return quote + 1;
  }
  return std::string_view::npos;
}

/// The offset of the comma behind the value at the start, or the end.
std::size_t JsonMembers::value_end() const {
  if (rest_.empty()) return std::string_view::npos;
  if (rest_.front() == '"') {
    const std::size_t end = string_end(0);
    const bool closed = end != std::string_view::npos && (end == rest_.size() || rest_[end] == ',');
    return closed ? end : std::string_view::npos;
  }
  if (rest_.front() == '{' || rest_.front() == '[') return nested_end();
  const std::size_t end = std::min(rest_.find(','), rest_.size());
  const bool plain = end > 0 && rest_.substr(0, end).find_first_of("\"{}[]:") == std::string_view::npos;
  return plain ? end : std::string_view::npos;
}

std::size_t JsonMembers::nested_end() const {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < rest_.size(); ++at) {
    switch (rest_[at]) {
      case '"':
        at = string_end(at);
        if (at == std::string_view::npos) return at;
        --at;
        break;
      case '{':
      case '[': ++depth; break;
      case '}':
      case ']':
        if (--depth > 0) break;
        return at + 1 == rest_.size() || rest_[at + 1] == ',' ? at + 1 : std::string_view::npos;
      default: break;
    }
  }
  return std::string_view::npos;
}

std::optional<std::string_view> plain_text(std::string_view value) {
  if (value.size() < 2 || value.front() != '"') return std::nullopt;
  return value.substr(1, value.size() - 2);
}

std::optional<std::int64_t> plain_number(std::string_view value) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return number;
}

}  // namespace reeve
