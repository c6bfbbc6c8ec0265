// Names of the directory: how they are compared, and which are refused.

#include <array>
#include <cstdint>

#include "core/bytes.h"
#include "identity/break_glass.h"
#include "identity/directory.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

/// The character at `at`, which goes on behind it. The text is well-formed UTF-8.
char32_t next_character(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) return first;
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  char32_t character = first & (0x3FU >> static_cast<unsigned>(more));
  for (int i = 0; i < more && at < text.size(); ++i) {
    character = (character << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  }
  return character;
}

void append(std::string& out, char32_t c) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((c >> shift) & 0x3FU)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0U | (c >> 6U));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0U | (c >> 12U));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0U | (c >> 18U));
    tail(12), tail(6), tail(0);
  }
}

bool is_between(char32_t c, char32_t first, char32_t last) { return first <= c && c <= last; }

/// Ranges in which an even letter is the capital of the odd one behind it, and those where it is the other way round.
bool is_paired_even(char32_t c) {
  return is_between(c, 0x100, 0x137) || is_between(c, 0x14A, 0x177) || is_between(c, 0x1DE, 0x1EF) ||
         is_between(c, 0x1F8, 0x21F) || is_between(c, 0x222, 0x233) || is_between(c, 0x460, 0x481) ||
         is_between(c, 0x48A, 0x4BF) || is_between(c, 0x4D0, 0x52F) || is_between(c, 0x1E00, 0x1E95) ||
         is_between(c, 0x1EA0, 0x1EFF);
}
bool is_paired_odd(char32_t c) {
  return is_between(c, 0x139, 0x148) || is_between(c, 0x179, 0x17E) || is_between(c, 0x4C1, 0x4CE);
}

/// Letters that are another one's form, and look like it.
char32_t without_disguise(char32_t c) {
  switch (c) {
    case 0x130:
    case 0x131: return 'i';
    case 0x17F: return 's';
    case 0x212A: return 'k';
    default: return c;
  }
}

char32_t fold(char32_t c) {
  if (c < 0x80) return is_between(c, 'A', 'Z') ? c + 32 : c;
  if (without_disguise(c) != c) return c;
  switch (c) {
    case 0x212B: return 0xE5;
    case 0x178: return 0xFF;
    case 0x1E9E: return 0xDF;
    case 0x3C2: return 0x3C3;  // the sigma at the end of a word
    case 0x386: return 0x3AC;
    case 0x38C: return 0x3CC;
    case 0x38E: return 0x3CD;
    case 0x38F: return 0x3CE;
    default: break;
  }
  if (is_between(c, 0xC0, 0xDE) && c != 0xD7) return c + 32;
  if (is_between(c, 0x388, 0x38A)) return c + 37;
  if (is_between(c, 0x391, 0x3AB) && c != 0x3A2) return c + 32;
  if (is_between(c, 0x410, 0x42F)) return c + 32;
  if (is_between(c, 0x400, 0x40F)) return c + 80;
  if (is_paired_even(c)) return c | 1U;
  if (is_paired_odd(c)) return c % 2 == 1 ? c + 1 : c;
  return c;
}

/// Nobody sees them, or they turn the direction of what stands around.
bool is_invisible(char32_t c) {
  return is_between(c, 0x80, 0x9F) || c == 0xAD || c == 0x34F || c == 0x61C || is_between(c, 0x115F, 0x1160) ||
         is_between(c, 0x17B4, 0x17B5) || is_between(c, 0x180B, 0x180F) || is_between(c, 0x2000, 0x200F) ||
         is_between(c, 0x2028, 0x202F) || is_between(c, 0x205F, 0x206F) || c == 0x3000 || c == 0x3164 || c == 0xA0 ||
         is_between(c, 0xFE00, 0xFE0F) || c == 0xFEFF || c == 0xFFA0 || is_between(c, 0xFFF0, 0xFFFD) ||
         is_between(c, 0xE000, 0xF8FF) || is_between(c, 0x1D173, 0x1D17A) || c >= 0xE0000;
}

/// Another form of plain letters: full width, mathematical alphabets, letters in circles, letter-like signs.
bool is_disguise(char32_t c) {
  return is_between(c, 0xFF01, 0xFFEE) || is_between(c, 0x1D400, 0x1D7FF) || is_between(c, 0x2460, 0x24FF) ||
         is_between(c, 0x2100, 0x214F) || is_between(c, 0x1F100, 0x1F1FF) || is_between(c, 0xFB00, 0xFB06) ||
         is_between(c, 0x2160, 0x2188);
}

bool is_combining(char32_t c) {
  return is_between(c, 0x300, 0x36F) || is_between(c, 0x1AB0, 0x1AFF) || is_between(c, 0x1DC0, 0x1DFF) ||
         is_between(c, 0x20D0, 0x20FF) || is_between(c, 0xFE20, 0xFE2F);
}

/// The alphabets whose letters look like each other's; none for everything else.
enum class Alphabet : std::uint8_t { kNone, kLatin, kGreek, kCyrillic, kArmenian, kCherokee, kLisu };
Alphabet alphabet_of(char32_t c) {
  if (is_between(c, 'A', 'Z') || is_between(c, 'a', 'z')) return Alphabet::kLatin;
  if (is_between(c, 0xC0, 0x2AF) && c != 0xD7 && c != 0xF7) return Alphabet::kLatin;
  if (is_between(c, 0x1E00, 0x1EFF) || is_between(c, 0x2C60, 0x2C7F)) return Alphabet::kLatin;
  if (is_between(c, 0x370, 0x3FF) || is_between(c, 0x1F00, 0x1FFF)) return Alphabet::kGreek;
  if (is_between(c, 0x400, 0x52F) || is_between(c, 0x1C80, 0x1C8F) || is_between(c, 0x2DE0, 0x2DFF) ||
      is_between(c, 0xA640, 0xA69F)) {
    return Alphabet::kCyrillic;
  }
  if (is_between(c, 0x530, 0x58F)) return Alphabet::kArmenian;
  if (is_between(c, 0x13A0, 0x13FF) || is_between(c, 0xAB70, 0xABBF)) return Alphabet::kCherokee;
  return is_between(c, 0xA4D0, 0xA4FF) ? Alphabet::kLisu : Alphabet::kNone;
}

Error refused(std::string_view name, std::string_view why) {
  return {ErrorCode::kInvalid, "'" + printable(name, 80) + "' cannot be a name here: " + std::string(why)};
}

}  // namespace

std::string fold_case(std::string_view text) {
  if (!is_utf8(text)) return std::string(text);
  std::string folded;
  folded.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) append(folded, fold(next_character(text, at)));
  return folded;
}

std::string fold_name(std::string_view text) {
  if (!is_utf8(text)) return std::string(text);
  std::string folded;
  folded.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) append(folded, fold(without_disguise(next_character(text, at))));
  return folded;
}

bool is_reserved_name(std::string_view text) { return fold_name(trim(text)) == kBreakGlassOwner; }

Result<void> check_directory_name(std::string_view text) {
  if (!is_name(text)) {
    return refused(text, "a name is 1 to 256 bytes of readable text in one line, without blanks around it");
  }
  if (is_reserved_name(text)) return refused(text, "it is kept for the key that a break-glass code opens");
  Alphabet alphabet = Alphabet::kNone;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_character(text, at);
    if (is_invisible(c)) return refused(text, "it holds a character that cannot be seen");
    if (is_disguise(c)) return refused(text, "it holds letters in another form; write plain letters");
    if (is_combining(c)) return refused(text, "it holds a mark that combines with a letter; write one character");
    const Alphabet own = alphabet_of(c);
    if (c == ' ' || c == '@') alphabet = Alphabet::kNone;
    if (own == Alphabet::kNone) continue;
    if (alphabet != Alphabet::kNone && own != alphabet) {
      return refused(text, "it mixes letters of two alphabets, and so may look like another name");
    }
    alphabet = own;
  }
  return {};
}

}  // namespace reeve::identity
