// What finders share: masks of the text, the table of all. Context words: context_words.cpp.

#include "content/finders.h"

namespace reeve::content {

void TextMasks::compute(std::string_view text) {
  const std::size_t words = (text.size() + 63) / 64 + 1;
  for (auto* mask : {&digit, &letter, &at, &assign, &upper}) mask->assign(words, 0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::uint64_t bit = 1ULL << (i % 64);
    const auto lower = static_cast<unsigned char>(byte | 0x20U);
    if (byte >= '0' && byte <= '9') digit[i / 64] |= bit;
    if (lower >= 'a' && lower <= 'z') letter[i / 64] |= bit;
    if (byte == '@') at[i / 64] |= bit;
    if (byte == '=' || byte == ':') assign[i / 64] |= bit;
    if (byte >= 0x80) upper[i / 64] |= bit;
  }
}

std::vector<NamedFinder> all_finders() {
  std::vector<NamedFinder> all = secret_finders();
  for (const auto& part : {identifier_finders(), document_finders(), own_data_finders()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace reeve::content
