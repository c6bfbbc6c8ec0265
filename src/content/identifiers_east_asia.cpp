// China, Hong Kong, Taiwan, Japan, Korea.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

int two(const Significant& s, std::size_t from) { return static_cast<int>(s.number(from, 2)); }

bool cn_resident_id(std::string_view value) {
  const Significant s(value);
  if (s.size() != 18 || !s.digits_at(0, 17) || s.at(0) < '1' || s.at(0) > '8') return false;
  const auto year = static_cast<int>(s.number(6, 4));
  if (year < 1880 || year > 2100 || !is_date(year, two(s, 10), two(s, 12))) return false;
  const int sum = weighted(s, 0, {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2});
  return "10X98765432"[sum % 11] == s.at(17);
}

bool cn_social_credit(std::string_view value) {
  const Significant s(value);
  if (s.size() != 18 || !s.digits_at(2, 6)) return false;
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  std::size_t sum = 0, weight = 1;
  for (std::size_t i = 0; i < 17; ++i) {
    const auto place = kAlphabet.find(s.at(i));
    if (place == std::string_view::npos) return false;
    sum += place * weight;
    weight = weight * 3 % 31;
  }
  if (std::ranges::all_of(value, is_digit)) {
    // Without a letter the register's branch and the province must be ones that exist.
    const int province = two(s, 2);
    const bool exists = (province >= 11 && province <= 15) || (province >= 21 && province <= 23) ||
                        (province >= 31 && province <= 37) || (province >= 41 && province <= 46) ||
                        (province >= 50 && province <= 54) || (province >= 61 && province <= 65) || province == 10;
    if (!exists || !holds("1239", s.at(1))) return false;
  }
  return holds("159NY", s.at(0)) && std::ranges::none_of(value, [](char c) { return c >= 'a' && c <= 'z'; }) &&
         kAlphabet[(31 - sum % 31) % 31] == s.at(17);
}

bool cn_passport(std::string_view value) {
  const Significant s(value);
  return s.size() == 9 && holds("EGDSPH", s.at(0)) && (is_digit(s.at(1)) || is_letter(s.at(1))) && s.digits_at(2, 7);
}

bool hk_identity_card(std::string_view value) {
  const Significant s(value);
  const std::size_t letters = s.size() - 7;
  if ((s.size() != 8 && s.size() != 9) || !s.letters_at(0, letters) || !s.digits_at(letters, 6)) return false;
  const char last = s.at(s.size() - 1);
  if (!is_digit(last) && last != 'A') return false;
  int sum = letters == 1 ? 36 * 9 + (s.at(0) - 'A' + 10) * 8 : (s.at(0) - 'A' + 10) * 9 + (s.at(1) - 'A' + 10) * 8;
  for (std::size_t i = 0; i < 6; ++i) sum += s.digit(letters + i) * static_cast<int>(7 - i);
  return (sum + (last == 'A' ? 10 : last - '0')) % 11 == 0;
}

/// A letter for the place, 1 or 2 (citizens), 8 or 9, or a second letter (residents).
bool tw_identity(std::string_view value) {
  const Significant s(value);
  if (s.size() != 10 || !is_letter(s.at(0)) || !s.digits_at(2, 8)) return false;
  constexpr std::array kPlaces = {10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21,
                                  22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33};
  const int place = kPlaces[static_cast<std::size_t>(s.at(0) - 'A')];
  int second = s.digit(1);
  if (is_letter(s.at(1))) {
    if (s.at(1) > 'D') return false;
    second = kPlaces[static_cast<std::size_t>(s.at(1) - 'A')] % 10;
  } else if (second != 1 && second != 2 && second != 8 && second != 9) {
    return false;
  }
  return (place / 10 + place % 10 * 9 + second * 8 + weighted(s, 2, {7, 6, 5, 4, 3, 2, 1, 1})) % 10 == 0;
}

bool tw_company(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(8) || is_trivial(s.text())) return false;
  constexpr std::array kWeights = {1, 2, 1, 2, 1, 2, 4, 1};
  int sum = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const int product = s.digit(i) * kWeights[i];
    sum += product / 10 + product % 10;
  }
  return sum % 5 == 0 || (s.at(6) == '7' && (sum + 1) % 5 == 0);
}

bool jp_my_number(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(12) || is_trivial(s.text())) return false;
  const int rest = weighted(s, 0, {6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11;
  return (rest <= 1 ? 0 : 11 - rest) == s.digit(11);
}

bool jp_corporate(std::string_view value) {
  const Significant s(value);
  return s.is_digits(13) && s.at(0) != '0' && !is_trivial(s.text()) &&
         9 - weighted(s, 1, {2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1}) % 9 == s.digit(0);
}

/// The check by 11 no longer holds for numbers since October 2020; the date and the hyphen do.
bool kr_resident(std::string_view value) {
  const Significant s(value);
  return s.is_digits(13) && s.at(6) >= '0' && s.at(6) <= '9' && is_short_date(two(s, 0), two(s, 2), two(s, 4));
}

bool kr_resident_checked(std::string_view value) {
  const Significant s(value);
  if (!kr_resident(value)) return false;
  const int check = (11 - weighted(s, 0, {2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5}) % 11) % 10;
  const bool foreign = s.at(6) >= '5' && s.at(6) <= '8';
  const bool since_2020 = two(s, 0) >= 20 && two(s, 0) < 40 && (s.at(6) == '3' || s.at(6) == '4');
  return since_2020 || (foreign ? (check + 2) % 10 : check) == s.digit(12) || check == s.digit(12);
}

bool kr_business(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) || is_trivial(s.text()) || s.number(0, 3) < 101) return false;
  const int sum = weighted(s, 0, {1, 3, 7, 1, 3, 7, 1, 3, 5}) + s.digit(8) * 5 / 10;
  return (10 - sum % 10) % 10 == s.digit(9);
}

bool kr_driver(std::string_view value) {
  const Significant s(value);
  return s.is_digits(12) && s.number(0, 2) >= 11 && s.number(0, 2) <= 28;
}

constexpr std::array kRules = {
    IdentifierRule{"cn-resident-id", "6_8_4 6-8-4 3_3_4_4_4", "place, date of birth, ISO 7064 MOD 11-2 (GB 11643)",
                   cn_resident_id, "99999999999999999?"},
    IdentifierRule{"cn-social-credit", "", "powers of three by 31 (GB 32100)", cn_social_credit, "??999999??????????"},
    IdentifierRule{"cn-passport", "", "a letter, a letter or digit, seven digits", cn_passport, "A?9999999"},
    IdentifierRule{"hk-identity-card", "7(1 8(1 ; 7-1 7_1", "weights 9 to 1 by 11, letters from 10", hk_identity_card,
                   "A999999? AA999999?"},
    IdentifierRule{"tw-identity", "; 1-9", "the letter's place and weights 8 to 1 by 10", tw_identity, "A?99999999"},
    IdentifierRule{"tw-company", "", "cross sums by 5", tw_company},
    IdentifierRule{"jp-my-number", "; 4_4_4 4-4-4", "weights 6 to 2 and 7 to 2 by 11", jp_my_number},
    IdentifierRule{"jp-corporate", "1-4-4-4 ; 1_4_4_4", "weights 1 and 2 by 9", jp_corporate},
    IdentifierRule{"kr-resident", "6-7 ; 6_7", "date of birth, weighted sum by 11 until 2020", kr_resident_checked},
    IdentifierRule{"kr-business", "3-2-5 ; 3_2_5", "weights 1, 3, 7 by 10", kr_business},
    IdentifierRule{"kr-driver", "2-2-6-2", "twelve digits, the region's number in front", kr_driver},
};

}  // namespace

std::span<const IdentifierRule> east_asian_rules() { return kRules; }

}  // namespace reeve::content
