#include "identity/names.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::identity {

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax || trim(text).size() != text.size() || !is_utf8(text)) return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

std::string person_name(std::string_view text) {
  return text.find('@') == std::string_view::npos ? std::string(text) : to_lower(text);
}

void sort_unique(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace reeve::identity
