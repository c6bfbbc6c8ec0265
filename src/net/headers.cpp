#include "net/http_characters.h"
#include "net/net.h"

namespace reeve::net {

namespace {

bool equal_names(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] != right[i] && lower(left[i]) != lower(right[i])) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Header& field : fields_) {
    if (equal_names(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  std::size_t count = 0;
  for (const Header& field : fields_) count += equal_names(field.name, name) ? 1 : 0;
  return count;
}

bool is_connection_header(std::string_view name) {
  switch (name.size()) {
    case 2: return same_name(name, "te");
    case 7: return same_name(name, "upgrade") || same_name(name, "trailer");
    case 10: return same_name(name, "connection") || same_name(name, "keep-alive");
    case 14: return same_name(name, "content-length");
    case 17: return same_name(name, "transfer-encoding");
    default: return name.size() >= 6 && lower(name[0]) == 'p' && same_name(name.substr(0, 6), "proxy-");
  }
}

}  // namespace reeve::net
