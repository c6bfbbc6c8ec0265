// What becomes of single characters: those that do not show are removed, look-alikes of ASCII become ASCII.
//
// Sources of the facts: Unicode 15.1, the properties Default_Ignorable_Code_Point and Numeric_Value, the compatibility
// mappings of full-width, mathematical, enclosed, superscript and Roman-numeral forms; Unicode Technical Standard 39
// on confusable characters, of which the table keeps those that look the same in common fonts.

#include <array>
#include <vector>

#include "content/normalise.h"

namespace reeve::content {

namespace {

struct Range {
  std::uint32_t first, last;
};

constexpr Range kIgnorable[] = {
    {0x00AD, 0x00AD},
    {0x061C, 0x061C},
    {0x115F, 0x1160},
    {0x17B4, 0x17B5},
    {0x180B, 0x180F},
    {0x200B, 0x200F},
    {0x202A, 0x202E},
    {0x2060, 0x206F},
    {0x3164, 0x3164},
    {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB},
    {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A},
    // Not ignorable, but drawn over, through or around the letter before them: a letter in two parts is its first.
    {0x0300, 0x036F},
    {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF},
    {0x20D0, 0x20FF},
    {0xFE20, 0xFE2F},
    // Controls of terminals that a screen does not show.
    {0x0080, 0x0084},
    {0x0086, 0x009F},
};

/// A run of characters that look like consecutive ASCII characters.
struct Run {
  std::uint32_t first, last;
  char ascii;
};

constexpr Run kRuns[] = {
    {0xFF01, 0xFF5E, '!'},
    {0x2074, 0x2079, '4'},
    {0x2080, 0x2089, '0'},
    {0x2460, 0x2468, '1'},
    {0x2474, 0x247C, '1'},
    {0x24B6, 0x24CF, 'A'},
    {0x24D0, 0x24E9, 'a'},
    {0x2776, 0x277E, '1'},
    {0x1F130, 0x1F149, 'A'},
    {0x1F150, 0x1F169, 'A'},
    {0x1F170, 0x1F189, 'A'},
    {0x249C, 0x24B5, 'a'},
    // Digits of other scripts.
    {0x0660, 0x0669, '0'},
    {0x06F0, 0x06F9, '0'},
    {0x07C0, 0x07C9, '0'},
    {0x0966, 0x096F, '0'},
    {0x09E6, 0x09EF, '0'},
    {0x0A66, 0x0A6F, '0'},
    {0x0AE6, 0x0AEF, '0'},
    {0x0BE6, 0x0BEF, '0'},
    {0x0C66, 0x0C6F, '0'},
    {0x0CE6, 0x0CEF, '0'},
    {0x0D66, 0x0D6F, '0'},
    {0x0E50, 0x0E59, '0'},
    {0x0ED0, 0x0ED9, '0'},
    {0x0F20, 0x0F29, '0'},
    {0x1040, 0x1049, '0'},
    {0x17E0, 0x17E9, '0'},
    {0x1810, 0x1819, '0'},
    {0x1FBF0, 0x1FBF9, '0'},
};

struct LookAlikes {
  char ascii;
  std::u32string_view characters;
};

constexpr LookAlikes kLookAlikes[] = {
    {' ', U"\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u202F\u205F\u3000"},
    {'-', U"\u2010\u2011\u2012\u2013\u2043\u2212\u02D7\uFE58\uFE63"},
    {'.', U"\u2024\uFE52\u3002\uFF61"},
    {'/', U"\u2044\u2215\u29F8"},
    {':', U"\u2236\uA789\uFE55\u02D0"},
    {'=', U"\uA78A\uFE66\u30A0"},
    {'_', U"\uFE4D\uFE4E\uFE4F"},
    {'@', U"\uFE6B"},
    {'+', U"\uFE62\u02D6"},
    {'"', U"\u201C\u201D\u201E\u201F\u2033\u02BA"},
    {'\'', U"\u2018\u2019\u201A\u201B\u2032\u02B9\u02BC"},
    {'0', U"\u2070\u24EA\u24FF\U0001D7CE"},
    {'1', U"\u00B9"},
    {'2', U"\u00B2\u01A7"},
    {'3', U"\u00B3\u0417\u04E0\u01B7\u021C"},
    {'4', U"\u13CE"},
    {'6', U"\u0431"},
    {'A', U"\u0391\u0410\u13AA\uA4EE\u1D00"},
    {'B', U"\u0392\u0412\u13F4\u15F7\uA4D0\u212C"},
    {'C', U"\u03F9\u0421\u13DF\uA4DA\u2102\u212D\u216D"},
    {'D', U"\u13A0\u15DE\uA4D3\u2145\u216E"},
    {'E', U"\u0395\u0415\u13AC\uA4F0\u2130"},
    {'F', U"\u03DC\u15B4\uA4DD\u2131"},
    {'G', U"\u050C\u13C0\u13F3\uA4D6"},
    {'H', U"\u0397\u041D\u13BB\u157C\uA4E7\u210B\u210C\u210D"},
    {'I', U"\u0399\u0406\u04C0\uA4F2\u2110\u2111\u2160"},
    {'J', U"\u0408\u037F\u13AB\uA4D9"},
    {'K', U"\u039A\u041A\u13E6\uA4D7\u212A"},
    {'L', U"\u13DE\u14AA\uA4E1\u2112\u216C"},
    {'M', U"\u039C\u041C\u03FA\u13B7\uA4DF\u2133\u216F"},
    {'N', U"\u039D\uA4E0\u2115"},
    {'O', U"\u039F\u041E\u0555\uA4F3"},
    {'P', U"\u03A1\u0420\u13E2\uA4D1\u2119"},
    {'Q', U"\u051A\u211A"},
    {'R', U"\u13A1\u13D2\uA4E3\u211B\u211C\u211D"},
    {'S', U"\u0405\u054F\u13DA\u13D5\uA4E2"},
    {'T', U"\u03A4\u0422\u13A2\uA4D4"},
    {'U', U"\u054D\u1200\uA4F4"},
    {'V', U"\u0474\u13D9\uA4E6\u2164"},
    {'W', U"\u051C\u13B3\u13D4\uA4EA"},
    {'X', U"\u03A7\u0425\u2169\uA4EB"},
    {'Y', U"\u03A5\u03D2\u04AE\u13A9\uA4EC"},
    {'Z', U"\u0396\u13C3\uA4DC\u2124\u2128"},
    {'a', U"\u0251\u03B1\u0430\u1D43"},
    {'b', U"\u0184\u042C\u0299\u13CF\u1D47"},
    {'c', U"\u03F2\u0441\u1D04\u1D9C\u217D"},
    {'d', U"\u0501\u13E7\u1D05\u1D48\u2146\u217E"},
    {'e', U"\u0435\u04BD\u1D07\u1D49\u212F\u2147"},
    {'f', U"\u017F\uA799\uA730\u1DA0"},
    {'g', U"\u0261\u0581\u0262\u1D4D\u210A"},
    {'h', U"\u04BB\u0570\u13C2\u029C\u02B0\u210E"},
    {'i', U"\u0131\u0269\u026A\u03B9\u0456\u13A5\u2071\u2139\u2148\u2170"},
    {'j', U"\u03F3\u0458\u1D0A\u02B2\u2149"},
    {'k', U"\u03BA\u043A\u1D0B\u1D4F"},
    {'l', U"\u01C0\u029F\u02E1\u2113\u217C"},
    {'m', U"\u1D0D\u1D50\u217F"},
    {'n', U"\u0578\u057C\u0274\u207F"},
    {'o', U"\u03BF\u043E\u0585\u1D0F\u1D52\u2134\u0C02"},
    {'p', U"\u03C1\u0440\u1D18\u1D56"},
    {'q', U"\u051B\u0563\u0566"},
    {'r', U"\u0433\u0280\u02B3\u1D26"},
    {'s', U"\u0455\u01BD\uA731\u02E2"},
    {'t', U"\u1D1B\u1D57"},
    {'u', U"\u03C5\u057D\u1D1C\u1D58"},
    {'v', U"\u03BD\u0475\u1D20\u1D5B\u2174"},
    {'w', U"\u051D\u0461\u0561\u1D21\u02B7"},
    {'x', U"\u0445\u02E3\u2179\u04B3"},
    {'y', U"\u0443\u04AF\u03B3\u028F\u02B8\u1EFF"},
    {'z', U"\u1D22\u1DBB"},
};

/// Pages of 256 characters; page 0 is the one that keeps everything.
class FoldTable {
 public:
  FoldTable() : pages_(256, kKeep) {
    for (const Range& range : kIgnorable) {
      for (std::uint32_t c = range.first; c <= range.last; ++c) set(c, kStrip);
    }
    for (const Run& run : kRuns) {
      for (std::uint32_t c = run.first; c <= run.last; ++c) {
        set(c, static_cast<std::uint8_t>(static_cast<std::uint32_t>(run.ascii) + (c - run.first)));
      }
    }
    for (const LookAlikes& alike : kLookAlikes) {
      for (const char32_t c : alike.characters) set(c, static_cast<std::uint8_t>(alike.ascii));
    }
    // Mathematical alphabets: thirteen of capital and small letters, five of digits.
    for (std::uint32_t c = 0x1D400; c <= 0x1D6A3; ++c) {
      const std::uint32_t letter = (c - 0x1D400) % 52;
      set(c, static_cast<std::uint8_t>(letter < 26 ? 'A' + letter : 'a' + (letter - 26)));
    }
    for (std::uint32_t c = 0x1D7CE; c <= 0x1D7FF; ++c) set(c, static_cast<std::uint8_t>('0' + (c - 0x1D7CE) % 10));
  }

  std::uint8_t get(std::uint32_t c) const { return pages_[page_of_[c >> 8U] * 256U + (c & 0xFFU)]; }

 private:
  void set(std::uint32_t c, std::uint8_t to) {
    std::uint8_t& page = page_of_[c >> 8U];
    if (page == 0) {
      page = static_cast<std::uint8_t>(pages_.size() / 256);
      pages_.resize(pages_.size() + 256, kKeep);
    }
    pages_[page * 256U + (c & 0xFFU)] = to;
  }

  std::array<std::uint8_t, 0x200> page_of_{};
  std::vector<std::uint8_t> pages_;
};

const FoldTable& fold_table() {
  static const FoldTable kTable;
  return kTable;
}

}  // namespace

std::uint8_t fold_code_point(std::uint32_t code_point) {
  if (code_point < 0x20000) return fold_table().get(code_point);
  return code_point >= 0xE0000 && code_point <= 0xE0FFF ? kStrip : kKeep;
}

Utf8Character read_utf8(const char* at, const char* end) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])); };
  const auto left = static_cast<std::size_t>(end - at);
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xC2 || first > 0xF4) return {};
  if (first < 0xE0) {
    if (left < 2 || !follows(1)) return {};
    return {((first & 0x1FU) << 6U) | (byte(1) & 0x3FU), 2};
  }
  if (first < 0xF0) {
    if (left < 3 || !follows(1) || !follows(2)) return {};
    const std::uint32_t c = ((first & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
    if (c < 0x800 || (c >= 0xD800 && c <= 0xDFFF)) return {};
    return {c, 3};
  }
  if (left < 4 || !follows(1) || !follows(2) || !follows(3)) return {};
  const std::uint32_t c =
      ((first & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) | ((byte(2) & 0x3FU) << 6U) | (byte(3) & 0x3FU);
  if (c < 0x10000 || c > 0x10FFFF) return {};
  return {c, 4};
}

std::uint32_t write_utf8(std::uint32_t code_point, char* out) {
  const auto put = [&](std::size_t i, std::uint32_t byte) { out[i] = static_cast<char>(byte); };
  if ((code_point >= 0xD800 && code_point <= 0xDFFF) || code_point > 0x10FFFF) code_point = 0xFFFD;
  if (code_point < 0x80) {
    put(0, code_point);
    return 1;
  }
  if (code_point < 0x800) {
    put(0, 0xC0U | (code_point >> 6U));
    put(1, 0x80U | (code_point & 0x3FU));
    return 2;
  }
  if (code_point < 0x10000) {
    put(0, 0xE0U | (code_point >> 12U));
    put(1, 0x80U | ((code_point >> 6U) & 0x3FU));
    put(2, 0x80U | (code_point & 0x3FU));
    return 3;
  }
  put(0, 0xF0U | (code_point >> 18U));
  put(1, 0x80U | ((code_point >> 12U) & 0x3FU));
  put(2, 0x80U | ((code_point >> 6U) & 0x3FU));
  put(3, 0x80U | (code_point & 0x3FU));
  return 4;
}

}  // namespace reeve::content
