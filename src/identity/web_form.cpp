#include "identity/web_form.h"

#include "core/bytes.h"

namespace reeve::identity {

namespace {

Result<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const auto byte = from_hex(to_lower(text.substr(i + 1, 2)));
      if (!byte || byte->size() != 1) return Error{ErrorCode::kInvalid, "a percent sign is not followed by a byte"};
      out += byte->front();
      i += 2;
    }
  }
  return out;
}

}  // namespace

std::string form_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += "%" + to_hex(std::string_view(&c, 1));
    }
  }
  return out;
}

std::string web_form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += (out.empty() ? "" : "&") + form_encoded(name) + "=" + form_encoded(value);
  }
  return out;
}

std::vector<std::string_view> cookies_of(std::string_view field, std::string_view name) {
  std::vector<std::string_view> values;
  for (const std::string_view part : split(field, ';')) {
    const std::string_view cookie = trim(part);
    const std::size_t equals = cookie.find('=');
    if (equals != std::string_view::npos && cookie.substr(0, equals) == name)
      values.push_back(cookie.substr(equals + 1));
  }
  return values;
}

Result<std::map<std::string, std::string, std::less<>>> parse_web_form(std::string_view text) {
  std::map<std::string, std::string, std::less<>> fields;
  for (const std::string_view part : split(text, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    auto name = decoded(part.substr(0, equals));
    auto value = decoded(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
    if (!name) return std::move(name).error();
    if (!value) return std::move(value).error();
    if (!fields.emplace(*std::move(name), *std::move(value)).second) {
      return Error{ErrorCode::kInvalid, "a field stands twice"};
    }
  }
  return fields;
}

}  // namespace reeve::identity
