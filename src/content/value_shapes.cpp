// Shapes of values behind names: people, addresses, days of birth, health, cards' small numbers. Without the name in
// front most of them say nothing.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"
#include "content/person_names.h"

namespace reeve::content {

namespace {

bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }

std::size_t count_of(std::string_view text, bool (*is)(char)) {
  return static_cast<std::size_t>(std::ranges::count_if(text, is));
}

/// Signs that are asked for over and over: values are as long as a line, and one line may hold thousands of keys.
class Signs {
 public:
  constexpr explicit Signs(std::string_view signs) {
    for (const char c : signs) is_one_[static_cast<unsigned char>(c)] = true;
  }
  bool has(char c) const { return is_one_[static_cast<unsigned char>(c)]; }
  bool none_in(std::string_view text) const {
    return std::ranges::none_of(text, [this](char c) { return has(c); });
  }

 private:
  std::array<bool, 256> is_one_{};
};
constexpr Signs kNotInAddresses("{}<>=$@_*|\\\"[]%^~"), kNotInWords(":/()"), kNotInHealth("{}<>=$@_|\\[]");

/// A word of an address, and what is counted over all of them.
class AddressWords {
 public:
  void add(std::string_view word) {
    if (word.empty()) return;
    std::size_t in_word = 0, alphabetic = 0;
    bool plain = true;
    for (const char c : word) {
      in_word += is_digit(c) ? 1U : 0U;
      alphabetic += is_letter(c) || is_high(c) ? 1U : 0U;
      plain = plain && !kNotInWords.has(c);
    }
    letters += alphabetic;
    // "221B", "12/3", "#4", "1-2-3": a few digits, at most two letters.
    if (in_word > 0 && in_word <= 6 && alphabetic <= 4) ++numbers;
    if (alphabetic >= 3 && in_word == 0 && plain) {
      ++words;
      capital = capital || (word[0] >= 'A' && word[0] <= 'Z') || is_high(word[0]);
    }
    if (alphabetic >= 6 && in_word > 0 && is_high(word[0])) {  // no blanks in Chinese and Japanese
      ++words;
      ++numbers;
      capital = true;
    }
  }

  std::size_t words = 0, numbers = 0, letters = 0;
  bool capital = false;
};

/// A number of a house beside a word of three letters and more, or a post office box; not a program's address.
bool street_address(std::string_view value) {
  if (value.size() < 6 || value.size() > 160 || value.starts_with("0x")) return false;
  const auto digits = std::ranges::count_if(value, is_digit);
  if (digits == 0 || digits > 14) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (kNotInAddresses.has(c)) return false;
    if (c != ':') continue;
    const std::string_view rest = value.substr(i + 1);
    if (rest.starts_with(':') || rest.starts_with("//")) return false;
  }
  AddressWords seen;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= value.size(); ++at) {
    if (at < value.size() && !holds(" ,;", value[at])) continue;
    seen.add(value.substr(begin, at - begin));
    begin = at + 1;
  }
  return seen.words >= 1 && seen.numbers >= 1 && seen.letters >= 4 && (seen.capital || seen.words >= 2);
}

/// Two dates' digits in one of the usual orders, or a month's name; the year from 1900 on.
bool birth_date(std::string_view value) {
  if (value.size() < 6 || value.size() > 40) return false;
  std::array<int, 4> numbers{};
  std::array<std::size_t, 4> sizes{};
  std::size_t count = 0, letters = 0;
  for (std::size_t i = 0; i < value.size();) {
    if (!is_digit(value[i])) {
      if (value[i] == 'T' && count == 3) break;  // a time behind an ISO date
      letters += is_letter(value[i]) ? 1 : 0;
      ++i;
      continue;
    }
    if (count == numbers.size()) break;
    for (; i < value.size() && is_digit(value[i]); ++i, ++sizes[count]) {
      numbers[count] = numbers[count] * 10 + (value[i] - '0');
      if (sizes[count] == 8) return false;
    }
    ++count;
  }
  const auto is_year = [&](std::size_t i) {
    return sizes[i] == 4 ? numbers[i] >= 1900 && numbers[i] < 2040 : sizes[i] == 2;
  };
  const auto fits = [&](std::size_t year, std::size_t month, std::size_t day) {
    return is_year(year) && sizes[month] <= 2 && sizes[day] <= 2 && is_date(2000, numbers[month], numbers[day]);
  };
  if (count >= 3 && letters <= 3) return fits(0, 1, 2) || fits(2, 1, 0) || fits(2, 0, 1);
  if (count == 1 && sizes[0] == 8 && letters == 0) {
    const int whole = numbers[0];
    return (whole / 10'000 >= 1900 && whole / 10'000 < 2040 && is_date(2000, whole / 100 % 100, whole % 100)) ||
           (whole % 10'000 >= 1900 && whole % 10'000 < 2040 && is_date(2000, whole / 10'000 % 100, whole / 1'000'000));
  }
  // "12 March 1985", "March 12, 1985"
  const bool day_first =
      count >= 2 && sizes[0] <= 2 && numbers[0] >= 1 && numbers[0] <= 31 && sizes[1] == 4 && is_year(1);
  return letters >= 3 && letters <= 16 && day_first;
}

bool postal_code(std::string_view value) {
  const Significant s(value);
  if (s.size() < 4 || s.size() > 10 || value.size() > 12) return false;
  if (s.digits_at(0, s.size())) {
    if (is_trivial(s.text()) && s.size() != 5) return false;
    return (s.size() >= 4 && s.size() <= 7) || (s.size() == 8 && value.size() == 9) ||
           (s.size() == 9 && value.size() == 10);
  }
  std::string shape;
  for (const char c : s.text()) shape += is_digit(c) ? '9' : 'A';
  constexpr std::array<std::string_view, 10> kShapes = {"A9A9A9",  "9999AA", "A99AA",   "A999AA", "AA99AA",
                                                        "AA999AA", "A9A9AA", "AA9A9AA", "AA9999", "A9999AAA"};
  return std::ranges::find(kShapes, shape) != kShapes.end();
}

bool uk_postcode(std::string_view value) {
  const Significant s(value);
  return s.size() >= 5 && s.size() <= 7 && !holds("QVX", s.at(0)) &&
         holds("ABDEFGHJLNPQRSTUWXYZ", s.at(s.size() - 1)) && holds("ABDEFGHJLNPQRSTUWXYZ", s.at(s.size() - 2));
}

/// Letters and digits of a document, most of them digits.
bool document_number(std::string_view value) {
  const Significant s(value);
  const std::size_t digits = count_of(s.text(), is_digit);
  return s.size() >= 5 && s.size() <= 20 && digits >= 4 && digits * 2 >= s.size() && !is_trivial(s.text()) &&
         value.find("--") == std::string_view::npos && value.find("  ") == std::string_view::npos;
}

bool licence_plate(std::string_view value) {
  if (value.size() < 4 || value.size() > 12) return false;
  const Significant s(value);
  const std::size_t digits = count_of(s.text(), is_digit);
  const bool upper = std::ranges::none_of(value, [](char c) { return c >= 'a' && c <= 'z'; });
  return upper && s.size() >= 4 && s.size() <= 9 && digits >= 1 && digits < s.size();
}

bool card_code(std::string_view value) {
  return (value.size() == 3 || value.size() == 4) && std::ranges::all_of(value, is_digit);
}

bool card_expiry(std::string_view value) {
  const Significant s(value);
  return value.size() >= 4 && value.size() <= 9 && (s.is_digits(4) || s.is_digits(6)) && s.number(0, 2) >= 1 &&
         s.number(0, 2) <= 12 && (s.is_digits(4) || s.number(2, 2) == 20);
}

bool blood_type(std::string_view value) {
  constexpr std::array<std::string_view, 16> kTypes = {
      "A+", "A-", "B+",         "B-",         "AB+",        "AB-",        "O+",         "O-",
      "0+", "0-", "A positive", "A negative", "B positive", "O positive", "O negative", "AB positive"};
  return std::ranges::find(kTypes, value) != kTypes.end();
}

/// A code of the International Classification of Diseases: a letter, two digits, a dot and more.
bool disease_code(std::string_view value) {
  if (value.size() < 3 || value.size() > 8 || !is_letter(value[0]) || !is_digit(value[1]) ||
      !is_alphanumeric(value[2])) {
    return false;
  }
  return value.size() == 3 ||
         (value[3] == '.' && std::ranges::all_of(value.substr(4), is_alphanumeric) && value.size() > 4);
}

/// Words of illnesses and treatments; their beginnings, so that endings of other languages are held, too.
constexpr std::array<std::string_view, 76> kConditions = {
    "diabet",   "cancer",   "carcinom",    "tumor",     "tumour",      "leukemi",    "leukaemi",   "lymphom",
    "melanom",  "asthma",   "copd",        "hypertens", "hypotens",    "depress",    "anxiety",    "schizophren",
    "bipolar",  "autis",    "adhd",        "ptsd",      "dementia",    "alzheimer",  "parkinson",  "epilep",
    "migraine", "stroke",   "infarct",     "angina",    "arrhythm",    "fibrillat",  "hiv",        "aids",
    "hepatit",  "tubercul", "pneumon",     "bronchit",  "influenza",   "covid",      "malaria",    "sepsis",
    "arthrit",  "osteopor", "psoria",      "eczema",    "lupus",       "sclerosis",  "fibromyalg", "crohn",
    "colitis",  "cirrhos",  "nephr",       "renal",     "kidney",      "anemi",      "anaemi",     "thyroid",
    "obes",     "pregnan",  "miscarriage", "abortion",  "endometrios", "addict",     "alcohol",    "overdos",
    "syphilis", "gonorr",   "chlamyd",     "herpes",    "fractur",     "concussion", "metastas",   "chemotherap",
    "allerg",   "insomnia", "syndrome",    "disorder"};

/// Two letters that words of illnesses begin with.
constexpr std::size_t pair_of(char first, char second) {
  return (static_cast<std::size_t>(first) & 31U) * 32U + (static_cast<std::size_t>(second) & 31U);
}
/// By pair the third letters behind it and the first such word, by word the next one of the same pair; from 1 on.
struct ConditionIndex {
  std::array<std::uint32_t, 1024> third{};
  std::array<std::uint8_t, 1024> first{};
  std::array<std::uint8_t, kConditions.size() + 1> next{};
};
constexpr ConditionIndex kConditionIndex = [] {
  ConditionIndex index;
  for (std::size_t i = 0; i < kConditions.size(); ++i) {
    const std::size_t pair = pair_of(kConditions[i][0], kConditions[i][1]);
    index.third[pair] |= 1U << (static_cast<std::uint32_t>(kConditions[i][2]) & 31U);
    std::uint8_t& first = index.first[pair];
    index.next[i + 1] = first;
    first = static_cast<std::uint8_t>(i + 1);
  }
  return index;
}();

bool begins_with(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::ranges::equal(text.substr(0, word.size()), word, {}, lower_case);
}

bool condition(std::string_view value) {
  if (value.size() < 3 || value.size() > 160) return false;
  for (std::size_t at = 0; at + 2 < value.size(); ++at) {
    const std::size_t pair = pair_of(value[at], value[at + 1]);
    if ((kConditionIndex.third[pair] >> (static_cast<std::uint32_t>(value[at + 2]) & 31U) & 1U) == 0) continue;
    for (std::uint8_t i = kConditionIndex.first[pair]; i != 0; i = kConditionIndex.next[i]) {
      if (begins_with(value.substr(at), kConditions[i - 1U])) return kNotInHealth.none_in(value);
    }
  }
  return false;
}

bool medication(std::string_view value) {
  if (value.size() < 5 || value.size() > 120 || !is_letter(value[0])) return false;
  if (std::ranges::none_of(value, is_digit) || !kNotInHealth.none_in(value)) return false;
  for (std::size_t at = 0; at + 1 < value.size(); ++at) {
    if (!holds("miuMIU", value[at])) continue;
    const std::string_view rest = value.substr(at);
    for (const std::string_view unit : {"mg", "mcg", "ml", "iu", "units"}) {
      if (begins_with(rest, unit)) return true;
    }
  }
  return false;
}

constexpr std::array kRules = {
    IdentifierRule{"person-name", "", "capitalised words, or another script; no words that stand for a name",
                   looks_like_name},
    IdentifierRule{"known-name", "", "two words and more, one of them a common name", is_known_name},
    IdentifierRule{"plain-name", "", "the same, and the common one stands where it says something", is_plainly_a_name},
    IdentifierRule{"full-name", "", "two capitalised words and more, none that stand for a name", looks_like_full_name},
    IdentifierRule{"known-name-part", "", "a common given name or surname, or a name of two words",
                   is_known_name_or_part},
    IdentifierRule{"street-address", "", "a number beside a word, no signs of a program's address", street_address},
    IdentifierRule{"birth-date", "", "a day since 1900 in one of the usual orders", birth_date},
    IdentifierRule{"postal-code", "", "digits and letters in a country's places", postal_code},
    IdentifierRule{"uk-postcode", "", "letters that British postcodes use", uk_postcode},
    IdentifierRule{"document-number", "", "five to twenty letters and digits, at least half of them digits",
                   document_number},
    IdentifierRule{"licence-plate", "", "four to nine capitals and digits", licence_plate},
    IdentifierRule{"card-code", "", "three or four digits", card_code},
    IdentifierRule{"card-expiry", "", "month and year", card_expiry},
    IdentifierRule{"blood-type", "", "group and rhesus factor", blood_type},
    IdentifierRule{"disease-code", "", "a letter, two digits and more (ICD-10)", disease_code},
    IdentifierRule{"condition", "", "words of illnesses and treatments", condition},
    IdentifierRule{"medication", "", "a drug with its dose", medication},
};

}  // namespace

std::span<const IdentifierRule> value_shape_rules() { return kRules; }

}  // namespace reeve::content
