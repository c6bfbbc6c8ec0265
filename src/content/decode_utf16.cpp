// UTF-16 in either byte order, where a text holds zero bytes: files that Windows wrote, what base64 gave.

#include "content/decode.h"

namespace reeve::content {

namespace {

constexpr std::size_t kUnitsLeast = 8;

/// The unit at `at`, little endian or big.
std::uint32_t unit_at(std::string_view text, std::size_t at, bool little) {
  const auto first = static_cast<unsigned char>(text[at]), second = static_cast<unsigned char>(text[at + 1]);
  return little ? first | static_cast<std::uint32_t>(second) << 8U : second | static_cast<std::uint32_t>(first) << 8U;
}

bool is_shown_ascii(std::uint32_t unit) {
  return (unit >= 0x20 && unit < 0x7F) || unit == '\n' || unit == '\r' || unit == '\t';
}

/// Bytes from `at` that are ASCII in UTF-16, mostly; what is not ASCII may stand between.
std::size_t run_of(std::string_view text, std::size_t at, bool little) {
  constexpr std::size_t kForeignMax = 4;
  std::size_t to = at, end = at, foreign = 0;
  while (to + 2 <= text.size()) {
    const std::uint32_t unit = unit_at(text, to, little);
    to += 2;
    if (is_shown_ascii(unit)) {
      foreign = 0;
      end = to;
    } else if (unit == 0 || ++foreign > kForeignMax) {
      break;
    }
  }
  return end - at;
}

}  // namespace

void decode_utf16(DecodeTask& task) {
  const std::string_view text = task.text;
  std::size_t from = 0;
  while (true) {
    const std::size_t zero = text.find('\0', from);
    if (zero == std::string_view::npos) return;
    // A zero after a shown character is its upper half in little endian; before one, in big endian.
    const bool little = zero > from && is_shown_ascii(static_cast<unsigned char>(text[zero - 1])) &&
                        (zero + 2 >= text.size() || text[zero + 2] == '\0');
    const std::size_t start = little ? zero - 1 : zero;
    const std::size_t bytes = run_of(text, start, little);
    if (bytes < 2 * kUnitsLeast) {
      from = zero + 1;
      continue;
    }
    task.begin_mapped(start);
    for (std::size_t at = start; at < start + bytes; at += 2) {
      if (!task.put_character(unit_at(text, at, little), at, at + 2)) break;
    }
    task.finish_mapped(start + bytes);
    if (task.budget.exhausted) return;
    from = start + bytes;
  }
}

}  // namespace reeve::content
