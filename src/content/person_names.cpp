#include "content/person_names.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "content/check_digits.h"
#include "content/common_names.h"

namespace reeve::content {

namespace {

unsigned char byte(char c) { return static_cast<unsigned char>(c); }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// Words of a list that blanks divide. Asked for each word of each value that may be a name, several times.
class WordSet {
 public:
  explicit WordSet(std::string_view list) {
    std::size_t count = 1;
    for (const char c : list) count += c == ' ' ? 1U : 0U;
    slots_.resize(std::bit_ceil(2 * count));
    for (std::size_t at = 0; at < list.size();) {
      const std::size_t end = std::min(list.find(' ', at), list.size());
      const std::string_view word = list.substr(at, end - at);
      at = end + 1;
      if (!word.empty() && !contains(word)) slots_[slot_of(word)] = word;
    }
  }
  bool contains(std::string_view word) const { return !word.empty() && slots_[slot_of(word)] == word; }

 private:
  /// Where the word stands, or would.
  std::size_t slot_of(std::string_view word) const {
    std::uint64_t first = 0, last = 0;
    const std::size_t part = std::min<std::size_t>(word.size(), 8);
    std::memcpy(&first, word.data(), part);
    std::memcpy(&last, word.data() + word.size() - part, part);
    std::uint64_t hash = (first ^ (last + word.size()) * 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL;
    hash ^= hash >> 32U;
    for (std::size_t at = hash;; ++at) {
      at &= slots_.size() - 1;
      if (slots_[at].empty() || slots_[at] == word) return at;
    }
  }
  std::vector<std::string_view> slots_;  // more than half of them are empty
};

bool is_given(std::string_view word) {
  static const WordSet kGiven(kGivenNames);
  return kGiven.contains(word);
}

bool is_common(std::string_view word) {
  static const WordSet kFamily(kSurnames);
  return is_given(word) || kFamily.contains(word);
}

/// Words that stand where a name will be, or that begin in capitals for other reasons.
bool is_stop_word(std::string_view lower) {
  static const WordSet kStops(
      "null none nil undefined true false string str text varchar char int integer number object any unknown optional "
      "required default value name names first last full given family middle surname username user users admin "
      "administrator root system guest anonymous test testing tester example sample demo foo bar baz qux todo tbd na "
      "n/a "
      "empty field fields input label title type enter your my the a an and or not new old this self props state const "
      "let "
      "var function return class public private static void export import from select insert update delete where "
      "column "
      "columns row rows table schema index key keys id ids json yaml xml html http https get set put post api app data "
      "file "
      "files path url uri email phone address street city zip country account customer customers client clients "
      "patient "
      "company organization organisation team group department product service project package module library "
      "component "
      "button form page view model controller server database config settings option options error warning info debug "
      "version build release main master branch node react vue angular java python ruby rust go docker linux windows "
      "macos ubuntu debian google amazon microsoft github gitlab apple facebook run deploy install setup check lint "
      "publish "
      "checkout upload download create read write open close start stop job jobs step steps workflow pipeline action "
      "actions script task tasks unit integration end with for in on at by to of is are was be "
      "corp corporation inc ltd llc gmbh ag co bank group record records list manager portal request response success "
      "failed "
      "failure active inactive pending approved rejected support sales billing premium basic standard hiring sir madam "
      "report reports studio widget widgets plugin plugins cluster visual editor player viewer reader browser engine "
      "framework toolkit dashboard online platform solution solutions software hardware device devices store shop "
      "hub lab labs suite home screen panel dialog layer theme template default event events network cloud storage "
      "world everyone everybody team there colleague colleagues friend friends");
  return kStops.contains(lower);
}

/// Letters of Vietnamese above U+0180: o and u with a horn, and U+1EA0 to U+1EF9.
bool is_vietnamese(std::string_view word, std::size_t at) {
  if (at + 1 >= word.size()) return false;
  const unsigned char lead = byte(word[at]), second = byte(word[at + 1]);
  if (lead == 0xc6) return second == 0xa0 || second == 0xa1 || second == 0xaf || second == 0xb0;
  return lead == 0xe1 && at + 2 < word.size() && (second == 0xba || second == 0xbb) &&
         (second == 0xbb || byte(word[at + 2]) >= 0xa0);
}

char vietnamese_base(std::string_view word, std::size_t at) {
  if (byte(word[at]) == 0xc6) return byte(word[at + 1]) <= 0xa1 ? 'o' : 'u';
  const unsigned letter = (byte(word[at + 1]) & 0x3fU) << 6U | (byte(word[at + 2]) & 0x3fU);  // above U+1000
  return letter < 0xeb8   ? 'a'
         : letter < 0xec8 ? 'e'
         : letter < 0xecc ? 'i'
         : letter < 0xee4 ? 'o'
         : letter < 0xef2 ? 'u'
                          : 'y';
}

/// Even ones are capitals, but for the horned u, of which the capital is odd.
bool is_vietnamese_capital(std::string_view word, std::size_t at) {
  if (byte(word[at]) == 0xc6) return byte(word[at + 1]) == 0xa0 || byte(word[at + 1]) == 0xaf;
  return byte(word[at + 2]) % 2 == 0;
}

/// Lower case without marks: Latin letters only, everything else as it is.
std::string plain(std::string_view word) {
  // What the two-byte letters from U+00C0 to U+017F come down to.
  constexpr std::string_view kBase =
      "aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo/ouuuuytyaaaaaaccccccccddddeeeeeeeeeegggg"
      "gggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const unsigned lead = byte(word[i]);
    if (lead >= 0xc3 && lead <= 0xc5 && i + 1 < word.size()) {
      const std::size_t at = ((lead & 0x1fU) << 6U | (byte(word[i + 1]) & 0x3fU)) - 0xc0U;
      out += at < kBase.size() ? kBase[at] : '?';
      ++i;
    } else if (is_vietnamese(word, i)) {
      out += vietnamese_base(word, i);
      i += lead == 0xc6 ? 1 : 2;
    } else {
      out += lower_case(word[i]);
    }
  }
  return out;
}

bool is_particle(std::string_view word) {
  constexpr std::array<std::string_view, 28> kParticles = {
      "de",  "da",  "do", "dos", "das",  "del", "della", "di", "la", "le", "van", "von", "der", "den",
      "ten", "ter", "zu", "bin", "bint", "ibn", "al",    "el", "af", "av", "y",   "e",   "of",  "und"};
  if (word.size() > 4 || word.empty() || word[0] < 'a') return false;
  return std::ranges::find(kParticles, word) != kParticles.end();
}

/// Endings that surnames have and ordinary words of English rarely do.
bool has_surname_ending(std::string_view word) {
  constexpr std::array<std::string_view, 48> kEndings = {
      "sson",  "dson", "nson",    "lson", "kson",  "sen",  "ova",  "eva",   "enko",    "chuk",  "czyk",  "wicz",
      "icz",   "ski",  "ska",     "sky",  "skaya", "dez",  "guez", "nez",   "pez",     "rez",   "lez",   "quez",
      "yan",   "oglu", "opoulos", "akis", "idis",  "inen", "onen", "qvist", "quist",   "strom", "stedt", "gaard",
      "stein", "mann", "sdottir", "ovic", "evic",  "etti", "elli", "ucci",  "ashvili", "adze",  "zadeh", "escu"};
  return word.size() >= 6 && std::ranges::any_of(kEndings, [&](std::string_view end) { return word.ends_with(end); });
}

/// What a word of a name may be.
enum class Word { kNo, kCapital, kInitial, kParticle, kOtherScript, kSmall };

Word kind_of(std::string_view word) {
  if (is_particle(word)) return Word::kParticle;
  std::size_t letters = 0, capitals = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (byte(c) >= 0xc3 && byte(c) <= 0xc5 && i + 1 < word.size()) {
      ++letters;
      if (i == 0 && (byte(c) != 0xc3 || byte(word[1]) < 0x9f)) ++capitals;
      ++i;
    } else if (is_vietnamese(word, i)) {
      ++letters;
      if (i == 0 && is_vietnamese_capital(word, i)) ++capitals;
      i += byte(c) == 0xc6 ? 1 : 2;
    } else if (byte(c) >= 0x80) {
      return word.size() <= 60 ? Word::kOtherScript : Word::kNo;
    } else if (is_letter(c)) {
      ++letters;
      // Capitals inside are those of "McDonald", "O'Brien", "Jean-Luc"; others are names of classes.
      if (is_upper(c)) {
        ++capitals;
        const bool behind_join = i > 0 && (word[i - 1] == '\'' || word[i - 1] == '-');
        const bool scottish = i > 0 && i <= 3 &&
                              (word.starts_with("Mc") || word.starts_with("Mac") || word.starts_with("De") ||
                               word.starts_with("Di") || word.starts_with("La") || word.starts_with("Van"));
        if (i > 0 && !behind_join && !scottish && capitals != letters) return Word::kNo;
      }
    } else if (c == '.') {
      if (i + 1 != word.size() || letters > 3) return Word::kNo;
    } else if (c != '\'' && c != '-') {
      return Word::kNo;
    }
  }
  if (letters == 0 || letters > 20) return Word::kNo;
  if (capitals == 0) return Word::kSmall;
  if (letters == 1) return Word::kInitial;
  return Word::kCapital;
}

struct Shape {
  std::size_t words = 0, capital = 0, other_script = 0, small = 0, known = 0, noble = 0;
};

/// Empty words: the shape is not that of a name.
Shape shape_of(std::string_view text) {
  Shape shape;
  if (text.size() < 2 || text.size() > 70) return {};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" ,", at), text.size());
    const auto word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    const Word kind = kind_of(word);
    if (kind == Word::kNo || ++shape.words > 6) return {};
    const std::string base = plain(word);
    if (kind != Word::kParticle && kind != Word::kInitial && is_stop_word(base)) return {};
    shape.noble += word == "van" || word == "von" || word == "bin" || word == "bint" || word == "ibn" ? 1 : 0;
    shape.capital += kind == Word::kCapital ? 1 : 0;
    shape.other_script += kind == Word::kOtherScript ? 1 : 0;
    shape.small += kind == Word::kSmall ? 1 : 0;
    const auto hyphen = base.find('-');
    const bool irish = base.starts_with("o'") || base.starts_with("mc") || base.starts_with("al-");
    if (kind != Word::kParticle && base.size() > 1 &&
        (is_common(base) || (kind == Word::kCapital && (has_surname_ending(base) || (irish && base.size() > 4))) ||
         (hyphen != std::string::npos && is_common(std::string_view(base).substr(0, hyphen))))) {
      ++shape.known;
    }
  }
  return shape;
}

}  // namespace

bool looks_like_name(std::string_view text) {
  const Shape shape = shape_of(text);
  if (shape.words == 0) return false;
  if (shape.other_script > 0) return shape.other_script == shape.words;
  if (shape.small > 0) return shape.known > 0 && shape.known == shape.words;
  // One word all in capitals is a constant more often than a name.
  const bool shouted = std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
  return shape.capital > 0 && (!shouted || shape.known > 0);
}

/// Three or four signs of Chinese, Japanese or Korean, two of the first and last, that begin with a usual family name.
bool is_east_asian_name(std::string_view text) {
  constexpr std::string_view kFamilies =
      "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭"
      "吕呂"
      "苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙"
      "龍"
      "佐鈴高橋渡伊山中小加吉井木松清斎斉岡藤長後近遠青福太西三佐内前原村坂石竹池森阿武上野千服酒菊工河横安和永"
      "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나";
  // Each sign is three bytes; kana follows kanji in given names.
  if (text.size() % 3 != 0 || text.size() < 6 || text.size() > 15) return false;
  for (std::size_t at = 0; at < text.size(); at += 3) {
    const unsigned char lead = byte(text[at]);
    const bool kana = lead == 0xe3 && (byte(text[at + 1]) >= 0x81 && byte(text[at + 1]) <= 0x83);
    if ((lead < 0xe4 || lead > 0xed) && (at == 0 || !kana)) return false;
  }
  // Family names that begin ordinary words as well ("任务", "中文版") need four signs; Korean ones need three.
  constexpr std::string_view kWords = "任程方高中小安金石毛江白前内上後長全和原坂主全",
                             kKorean = "서비스 이메일 고객명 이미지 주문서";
  const auto first = text.substr(0, 3);
  const bool hangul = byte(first[0]) >= 0xea;
  if (hangul ? text.size() != 9 || kKorean.find(text) != std::string_view::npos
             : text.size() < 12 && kWords.find(first) != std::string_view::npos) {
    return false;
  }
  for (std::size_t at = 0; at < kFamilies.size(); at += 3) {
    if (text.starts_with(kFamilies.substr(at, 3))) return true;
  }
  return false;
}

namespace {

bool is_known_shape(const Shape& shape, std::string_view text) {
  if (shape.other_script > 0)
    return shape.other_script == shape.words && (shape.words >= 2 || is_east_asian_name(text));
  if (shape.words < 2 || shape.small > 0 || shape.capital < 1) return false;
  const bool noble = shape.noble > 0 && shape.capital >= 2;  // "Bjarne van Dijk"
  return (shape.known > 0 && shape.capital + shape.known >= 2) || noble;
}

}  // namespace

bool is_known_name(std::string_view text) { return is_known_shape(shape_of(text), text); }

bool is_plainly_a_name(std::string_view text) {
  const Shape shape = shape_of(text);
  if (!is_known_shape(shape, text)) return false;
  if (shape.other_script > 0 || shape.known >= 2 || shape.noble > 0) return true;
  // A surname in front that is an ordinary word says nothing: "Green Apple", "Cook Book".
  const std::string first = plain(text.substr(0, text.find_first_of(" ,")));
  const auto last_at = text.find_last_of(" ,");
  const std::string last = plain(text.substr(last_at == std::string_view::npos ? 0 : last_at + 1));
  return is_given(first) || is_common(last) || has_surname_ending(last);
}

bool looks_like_full_name(std::string_view text) {
  const Shape shape = shape_of(text);
  if (shape.other_script > 0) return shape.other_script == shape.words;
  return shape.words >= 2 && shape.small == 0 && shape.capital >= 2 &&
         std::ranges::any_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

bool is_known_name_or_part(std::string_view text) {
  const Shape shape = shape_of(text);
  return is_known_shape(shape, text) || (shape.words == 1 && shape.known == 1 && shape.capital == 1);
}

}  // namespace reeve::content
