// United States and Canada.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

bool us_ssn(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(9)) return false;
  const auto area = s.number(0, 3);
  if (area == 0 || area == 666 || area >= 900 || s.number(3, 2) == 0 || s.number(5, 4) == 0) return false;
  // Two numbers that were printed on cards in shops, and those of no one.
  return s.text() != "078051120" && s.text() != "219099999" &&
         !std::ranges::all_of(s.text(), [&](char c) { return c == s.at(0); });
}

bool us_itin(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(9) || s.at(0) != '9') return false;
  const auto group = s.number(3, 2);
  return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 92) || group >= 94;
}

bool us_ein(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(9) || is_trivial(s.text())) return false;
  // Prefixes that no campus of the IRS hands out.
  constexpr std::array kUnused = {0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97};
  return std::ranges::find(kUnused, s.number(0, 2)) == kUnused.end();
}

bool us_npi(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) || (s.at(0) != '1' && s.at(0) != '2')) return false;
  std::array<char, 15> prefixed = {'8', '0', '8', '4', '0'};
  std::ranges::copy(s.text(), prefixed.begin() + 5);
  return luhn({prefixed.data(), prefixed.size()});
}

bool us_dea(std::string_view value) {
  const Significant s(value);
  if (s.size() != 9 || !s.digits_at(2, 7) || !is_letter(s.at(0))) return false;
  if (holds("IKNOQVWYZ", s.at(0)) || (!is_letter(s.at(1)) && s.at(1) != '9')) return false;
  const int sum = s.digit(2) + s.digit(4) + s.digit(6) + 2 * (s.digit(3) + s.digit(5) + s.digit(7));
  return sum > 0 && sum % 10 == s.digit(8);
}

bool us_mbi(std::string_view value) {
  const Significant s(value);
  if (s.size() != 11) return false;
  // C digit 1-9, A letter, N digit, X letter or digit; the letters that look like digits are left out.
  constexpr std::string_view kClasses = "CAXNAXNAANN";
  for (std::size_t i = 0; i < 11; ++i) {
    const char c = s.at(i);
    if (holds("SLOIBZ", c)) return false;
    const char wanted = kClasses[i];
    if (wanted == 'C' && (!is_digit(c) || c == '0')) return false;
    if (wanted == 'A' && !is_letter(c)) return false;
    if (wanted == 'N' && !is_digit(c)) return false;
  }
  return true;
}

bool us_aba(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(9) || is_trivial(s.text())) return false;
  const auto prefix = s.number(0, 2);
  const bool known = prefix <= 12 || (prefix >= 21 && prefix <= 32) || (prefix >= 61 && prefix <= 72) || prefix == 80;
  return known && weighted(s, 0, {3, 7, 1, 3, 7, 1, 3, 7, 1}) % 10 == 0;
}

bool us_passport(std::string_view value) {
  const Significant s(value);
  return s.size() == 9 && (is_digit(s.at(0)) || is_letter(s.at(0))) && s.digits_at(1, 8) && !is_trivial(s.text());
}

bool us_ptin(std::string_view value) {
  const Significant s(value);
  return s.size() == 9 && s.at(0) == 'P' && s.digits_at(1, 8);
}

bool ca_sin(std::string_view value) {
  const Significant s(value);
  return s.is_digits(9) && s.at(0) != '0' && s.at(0) != '8' && !is_trivial(s.text()) && luhn(s.text());
}

bool ca_business_number(std::string_view value) {
  const Significant s(value);
  if (s.size() != 15 || !s.digits_at(0, 9) || !s.digits_at(11, 4)) return false;
  constexpr std::array<std::string_view, 6> kPrograms = {"RT", "RP", "RC", "RM", "RZ", "RR"};
  return luhn(s.text().substr(0, 9)) && std::ranges::find(kPrograms, s.text().substr(9, 2)) != kPrograms.end();
}

bool ca_ontario_health(std::string_view value) {
  const Significant s(value);
  if (s.size() != 10 && s.size() != 12) return false;
  return s.digits_at(0, 10) && s.at(0) != '0' && !is_trivial(s.text().substr(0, 10)) && luhn(s.text().substr(0, 10)) &&
         (s.size() == 10 || s.letters_at(10, 2));
}

bool ca_bc_health(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) || s.at(0) != '9') return false;
  constexpr std::array kWeights = {2, 4, 8, 5, 10, 9, 7, 3};
  int sum = 0;
  for (std::size_t i = 0; i < 8; ++i) sum += s.digit(i + 1) * kWeights[i] % 11;
  return 11 - sum % 11 == s.digit(9);
}

bool ca_quebec_health(std::string_view value) {
  const Significant s(value);
  if (s.size() != 12 || !s.letters_at(0, 4) || !s.digits_at(4, 8)) return false;
  const auto month = static_cast<int>(s.number(6, 2));
  return is_short_date(static_cast<int>(s.number(4, 2)), month > 50 ? month - 50 : month,
                       static_cast<int>(s.number(8, 2)));
}

bool ca_passport(std::string_view value) {
  const Significant s(value);
  return s.size() == 8 && s.letters_at(0, 2) && s.digits_at(2, 6);
}

constexpr std::array kRules = {
    IdentifierRule{"us-ssn", "3-2-4 ; 3_2_4 3.2.4", "area, group and serial that the SSA hands out (20 CFR 422)",
                   us_ssn},
    IdentifierRule{"us-itin", "3-2-4 ; 3_2_4", "begins with 9, group in the IRS ranges", us_itin},
    IdentifierRule{"us-ein", "; 2-7", "prefix of an IRS campus", us_ein},
    IdentifierRule{"us-npi", "", "Luhn with the prefix 80840 (CMS)", us_npi},
    IdentifierRule{"us-dea", "", "registrant letter, then (d1+d3+d5)+2(d2+d4+d6) ends in d7", us_dea,
                   "AA9999999 A99999999"},
    IdentifierRule{"us-mbi", "4-3-4 ; 4_3_4", "classes of the eleven places (CMS)", us_mbi, "9A?9A?9AA99"},
    IdentifierRule{"us-aba", "; 4-4-1", "weights 3, 7, 1 by 10 and a Federal Reserve prefix", us_aba},
    IdentifierRule{"us-passport", "", "nine digits, or a letter and eight", us_passport, "999999999 A99999999"},
    IdentifierRule{"us-ptin", "", "P and eight digits", us_ptin, "A99999999"},
    IdentifierRule{"ca-sin", "; 3-3-3 3_3_3", "Luhn, first digit in use", ca_sin},
    IdentifierRule{"ca-business-number", "9_2_4 9_6 9-2-4 3_3_3_6", "Luhn over nine digits, then a program account",
                   ca_business_number, "999999999AA9999"},
    IdentifierRule{"ca-ontario-health", "4-3-3-2 4_3_3_2 ; 4-3-3 4_3_3", "Luhn, then a version of two letters",
                   ca_ontario_health, "9999999999 9999999999AA"},
    IdentifierRule{"ca-bc-health", "; 4_3_3 4-3-3", "begins with 9, weighted sum by 11", ca_bc_health},
    IdentifierRule{"ca-quebec-health", "4_4_4 4-4-4", "four letters and a date of birth", ca_quebec_health,
                   "AAAA99999999"},
    IdentifierRule{"ca-passport", "", "two letters and six digits", ca_passport, "AA999999"},
};

}  // namespace

std::span<const IdentifierRule> north_american_rules() { return kRules; }

}  // namespace reeve::content
