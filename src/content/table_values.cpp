#include "content/table_values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>

#include "core/bytes.h"

namespace reeve::content {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_email(std::string_view cell) {
  const std::size_t at = cell.find('@');
  if (at == 0 || at == std::string_view::npos || cell.size() > 254) return false;
  const std::string_view domain = cell.substr(at + 1);
  const bool plain = std::all_of(cell.begin(), cell.end(), [](char c) {
    return is_digit(c) || is_letter(c) || std::string_view("@._%+-").find(c) != std::string_view::npos;
  });
  const std::size_t dot = domain.rfind('.');
  return plain && domain.find('@') == std::string_view::npos && dot != std::string_view::npos && dot > 0 &&
         domain.size() - dot > 2;
}

/// Numbers between separators: "2024-01-31" has 2024, 1, 31. Nothing else may stand there.
struct NumberParts {
  std::array<int, 8> values{}, digits{};
  std::array<char, 8> separators{};
  std::size_t count = 0;
};

NumberParts number_parts(std::string_view cell) {
  NumberParts parts;
  for (std::size_t i = 0; i < cell.size() && parts.count < 8;) {
    if (!is_digit(cell[i])) return {};
    int value = 0, digits = 0;
    for (; i < cell.size() && is_digit(cell[i]); ++i, ++digits)
      value = digits < 8 ? value * 10 + (cell[i] - '0') : value;
    parts.values[parts.count] = value;
    parts.digits[parts.count] = digits;
    if (i < cell.size()) parts.separators[parts.count] = cell[i++];
    ++parts.count;
  }
  return parts;
}

bool is_date(std::string_view cell) {
  const NumberParts parts = number_parts(cell);
  const auto day_and_month = [](int a, int b) {
    return a >= 1 && b >= 1 && std::min(a, b) <= 12 && std::max(a, b) <= 31;
  };
  const auto year = [](int value, int digits) { return digits == 4 && value >= 1850 && value <= 2150; };
  if (parts.count == 1 && parts.digits[0] == 8) {  // 20240131
    const int v = parts.values[0];
    return year(v / 10000, 4) && day_and_month(v / 100 % 100, v % 100);
  }
  if (parts.count < 3 || parts.separators[0] != parts.separators[1]) return false;
  if (std::string_view("-/.").find(parts.separators[0]) == std::string_view::npos) return false;
  return (year(parts.values[0], parts.digits[0]) && day_and_month(parts.values[1], parts.values[2])) ||
         (year(parts.values[2], parts.digits[2]) && day_and_month(parts.values[0], parts.values[1]));
}

/// "1234567.89" and "1.234.567,89": digits that end in a decimal part.
bool is_amount(std::string_view cell) {
  const std::size_t mark = cell.find_last_of(".,");
  if (mark == std::string_view::npos || cell.size() - mark > 3) return false;
  return std::all_of(cell.begin(), cell.end(), [](char c) { return is_digit(c) || c == '.' || c == ','; });
}

/// Base letters of U+00C0 to U+017F; two characters an entry, a space where there is only one.
constexpr std::string_view kLatin =
    "a a a a a a aec e e e e i i i i d n o o o o o   o u u u u y thss"   // U+00C0
    "a a a a a a aec e e e e i i i i d n o o o o o   o u u u u y thy "   // U+00E0
    "a a a a a a c c c c c c c c d d d d e e e e e e e e e e g g g g "   // U+0100
    "g g g g h h h h i i i i i i i i i i ijijj j k k k l l l l l l l "   // U+0120
    "l l l n n n n n n n n n o o o o o o oeoer r r r r r s s s s s s "   // U+0140
    "s s t t t t t t u u u u u u u u u u u u w w y y y z z z z z z s ";  // U+0160
static_assert(kLatin.size() == 2 * (0x180 - 0xC0));

void append_folded(std::string& out, std::uint32_t point, std::string_view bytes) {
  if (point >= 0xC0 && point < 0x180) {
    for (const char c : kLatin.substr((point - 0xC0) * 2, 2)) {
      if (c != ' ') out += c;
    }
    return;
  }
  if (point < 0xC0 || (point >= 0x300 && point < 0x370) || (point >= 0x2000 && point < 0x2070)) return;  // marks
  std::uint32_t small = point;
  if ((point >= 0x410 && point < 0x430) || (point >= 0x391 && point < 0x3AA)) small = point + 0x20;
  if (small == point) {
    out += bytes;
  } else {
    out += static_cast<char>(0xC0U | (small >> 6U));
    out += static_cast<char>(0x80U | (small & 0x3FU));
  }
}

struct SipState {
  std::uint64_t a, b, c, d;
  void round() {
    a += b;
    c += d;
    b = std::rotl(b, 13) ^ a;
    d = std::rotl(d, 16) ^ c;
    a = std::rotl(a, 32);
    c += b;
    a += d;
    b = std::rotl(b, 17) ^ c;
    d = std::rotl(d, 21) ^ a;
    c = std::rotl(c, 32);
  }
  void take(std::uint64_t word) {
    d ^= word;
    round();
    round();
    a ^= word;
  }
};

}  // namespace

CellShape cell_shape_of(std::string_view cell) {
  cell = trim(cell);
  if (is_email(cell)) return CellShape::kEmail;
  if (is_date(cell) || is_amount(cell)) return CellShape::kLoose;
  std::size_t digits = 0, letters = 0, words = 0, word_letters = 0, word_digits = 0;
  bool before = false;
  for (const char c : cell) {
    const bool counts = is_digit(c) || is_letter(c);
    if (!counts && std::string_view(" -./_:()+").find(c) == std::string_view::npos) return CellShape::kLoose;
    if (counts && !before) {
      ++words;
      word_letters = word_digits = 0;
    }
    before = counts;
    word_letters += is_letter(c) ? 1 : 0;
    word_digits += is_digit(c) ? 1 : 0;
    if (word_letters > 4 && word_digits == 0 && words > 2) return CellShape::kLoose;  // a sentence, an address
    digits += is_digit(c) ? 1 : 0;
    letters += is_letter(c) ? 1 : 0;
  }
  const std::size_t length = digits + letters;
  if (length < kPrimaryMin || length > kPrimaryMax || words > kPrimaryWords) return CellShape::kLoose;
  if (letters == 0) return CellShape::kDigits;
  return digits >= 3 ? CellShape::kMixed : CellShape::kLoose;
}

std::string primary_form(std::string_view cell, CellShape shape) {
  std::string out;
  for (const char c : trim(cell)) {
    if (shape == CellShape::kEmail || is_digit(c) || is_letter(c)) out += lower(c);
  }
  return out;
}

void append_plain_form(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      if (is_digit(text[i]) || is_letter(text[i])) out += lower(text[i]);
      ++i;
      continue;
    }
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    if (i + length > text.size()) return;
    std::uint32_t point = byte & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) point = point << 6U | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    append_folded(out, point, text.substr(i, length));
    i += length;
  }
}

std::string plain_form(std::string_view text) {
  std::string out;
  append_plain_form(out, text);
  return out;
}

std::uint64_t siphash(std::string_view key, std::string_view bytes) {
  const auto word_at = [](const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    return word;
  };
  const std::uint64_t k0 = word_at(key.data()), k1 = word_at(key.data() + 8);
  SipState state{k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL, k0 ^ 0x6c7967656e657261ULL,
                 k1 ^ 0x7465646279746573ULL};
  const std::size_t whole = bytes.size() / 8 * 8, rest = bytes.size() % 8;
  for (std::size_t i = 0; i < whole; i += 8) state.take(word_at(bytes.data() + i));
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56U;
  if (rest != 0 && whole != 0) {
    last |= word_at(bytes.data() + bytes.size() - 8) >> (8 * (8 - rest));
  } else {
    for (std::size_t i = 0; i < rest; ++i) last |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  state.take(last);
  state.c ^= 0xFF;
  for (int i = 0; i < 4; ++i) state.round();
  return state.a ^ state.b ^ state.c ^ state.d;
}

namespace {
constexpr std::size_t kHashedMax = 320;  // of a longer value only its beginning counts
}

std::uint64_t table_hash(std::string_view key, HashUse use, std::string_view value) {
  std::array<char, kHashedMax> buffer;
  const std::size_t length = std::min(value.size(), buffer.size() - 1);
  buffer[0] = static_cast<char>(use);
  std::memcpy(buffer.data() + 1, value.data(), length);
  return siphash(key, {buffer.data(), length + 1});
}

std::uint64_t table_hash_of(std::string_view key, std::string_view use_and_value) {
  return siphash(key, use_and_value.substr(0, kHashedMax));
}

}  // namespace reeve::content
