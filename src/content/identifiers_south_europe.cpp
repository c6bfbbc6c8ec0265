// Italy, Spain, Portugal, Greece, Croatia, Slovenia, Serbia and their neighbours.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

bool it_codice_fiscale(std::string_view value) {
  const Significant s(value);
  if (s.size() != 16 || !s.letters_at(0, 6) || !is_letter(s.at(8)) || !is_letter(s.at(11)) || !is_letter(s.at(15))) {
    return false;
  }
  // Digits may be written as letters where two people would have the same code.
  constexpr std::string_view kStandIns = "LMNPQRSTUV";
  constexpr std::array kDigitPlaces = {6, 7, 9, 10, 12, 13, 14};
  std::array<int, 16> digits{};
  for (const auto place : kDigitPlaces) {
    const auto at = static_cast<std::size_t>(place);
    const auto stand_in = kStandIns.find(s.at(at));
    if (!is_digit(s.at(at)) && stand_in == std::string_view::npos) return false;
    digits[at] = is_digit(s.at(at)) ? s.digit(at) : static_cast<int>(stand_in);
  }
  const int day = digits[9] * 10 + digits[10];
  if (!holds("ABCDEHLMPRST", s.at(8)) || day < 1 || (day > 31 && day < 41) || day > 71) return false;
  constexpr std::array kOdd = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                               20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  int sum = 0;
  for (std::size_t i = 0; i < 15; ++i) {
    const int place = is_digit(s.at(i)) ? s.digit(i) : s.at(i) - 'A';
    sum += i % 2 == 0 ? kOdd[static_cast<std::size_t>(place)] : place;
  }
  return sum % 26 == s.at(15) - 'A';
}

bool it_partita_iva(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11) || is_trivial(s.text()) || s.number(0, 7) == 0) return false;
  const auto office = s.number(7, 3);
  return ((office >= 1 && office <= 100) || office == 120 || office == 121 || office == 888 || office == 999) &&
         luhn(s.text());
}

bool it_identity_card(std::string_view value) {
  const Significant s(value);
  return s.size() == 9 && s.letters_at(0, 2) && ((s.digits_at(2, 5) && s.letters_at(7, 2)) || s.digits_at(2, 7));
}

char es_letter(long long number) { return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]; }

bool es_nif(std::string_view value) {
  const Significant s(value);
  if (s.size() != 9 || !is_letter(s.at(8))) return false;
  if (s.digits_at(0, 8)) return s.number(0, 8) > 0 && es_letter(s.number(0, 8)) == s.at(8);
  return holds("KLM", s.at(0)) && s.digits_at(1, 7) && es_letter(s.number(1, 7)) == s.at(8);
}

bool es_nie(std::string_view value) {
  const Significant s(value);
  if (s.size() != 9 || s.at(0) < 'X' || s.at(0) > 'Z' || !s.digits_at(1, 7)) return false;
  return es_letter((s.at(0) - 'X') * 10'000'000LL + s.number(1, 7)) == s.at(8);
}

bool es_cif(std::string_view value) {
  const Significant s(value);
  if (s.size() != 9 || !holds("ABCDEFGHJNPQRSUVW", s.at(0)) || !s.digits_at(1, 7)) return false;
  int sum = 0;
  for (std::size_t i = 1; i < 8; ++i) {
    const int product = s.digit(i) * (i % 2 == 1 ? 2 : 1);
    sum += product / 10 + product % 10;
  }
  const int check = (10 - sum % 10) % 10;
  if (holds("NPQRSW", s.at(0))) return s.at(8) == "JABCDEFGHI"[check];
  if (holds("ABEH", s.at(0))) return s.digit(8) == check;
  return s.digit(8) == check || s.at(8) == "JABCDEFGHI"[check];
}

bool es_social_security(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(12) || s.number(0, 2) == 0 || (s.number(0, 2) > 53 && s.number(0, 2) != 66)) return false;
  const auto number = s.number(2, 8);
  const auto body = number < 10'000'000 ? number + s.number(0, 2) * 10'000'000 : s.number(0, 10);
  return body % 97 == s.number(10, 2);
}

bool pt_nif(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(9) || is_trivial(s.text()) || !holds("1235689", s.at(0))) return false;
  const int rest = weighted(s, 0, {9, 8, 7, 6, 5, 4, 3, 2}) % 11;
  return (rest < 2 ? 0 : 11 - rest) == s.digit(8);
}

bool pt_citizen_card(std::string_view value) {
  const Significant s(value);
  if (s.size() != 12 || !s.digits_at(0, 9) || !is_digit(s.at(11)) || is_digit(s.at(9))) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    int place = is_digit(s.at(i)) ? s.digit(i) : s.at(i) - 'A' + 10;
    if (i % 2 == 0) place = place * 2 > 9 ? place * 2 - 9 : place * 2;
    sum += place;
  }
  return sum % 10 == 0;
}

bool pt_social_security(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11) || (s.at(0) != '1' && s.at(0) != '2')) return false;
  return 9 - weighted(s, 0, {29, 23, 19, 17, 13, 11, 7, 5, 3, 2}) % 10 == s.digit(10);
}

bool gr_afm(std::string_view value) {
  const Significant s(value);
  return s.is_digits(9) && !is_trivial(s.text()) &&
         weighted(s, 0, {256, 128, 64, 32, 16, 8, 4, 2}) % 11 % 10 == s.digit(8);
}

bool gr_amka(std::string_view value) {
  const Significant s(value);
  return s.is_digits(11) &&
         is_short_date(static_cast<int>(s.number(4, 2)), static_cast<int>(s.number(2, 2)),
                       static_cast<int>(s.number(0, 2))) &&
         luhn(s.text());
}

bool hr_oib(std::string_view value) {
  const Significant s(value);
  return s.is_digits(11) && !is_trivial(s.text()) && iso7064_mod11_10(s.text());
}

/// The number that Yugoslavia gave out and its successors kept.
bool yu_jmbg(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(13)) return false;
  const auto year = static_cast<int>(s.number(4, 3));
  if (!is_date(year < 800 ? 2000 + year : 1000 + year, static_cast<int>(s.number(2, 2)),
               static_cast<int>(s.number(0, 2)))) {
    return false;
  }
  const int rest = weighted(s, 0, {7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11;
  return (year < 100 || year >= 880) && rest != 1 && (rest == 0 ? 0 : 11 - rest) == s.digit(12);
}

bool si_tax(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(8) || s.at(0) == '0' || is_trivial(s.text())) return false;
  const int check = 11 - weighted(s, 0, {8, 7, 6, 5, 4, 3, 2}) % 11;
  return check % 10 == s.digit(7) && check != 11;
}

bool al_nipt(std::string_view value) {
  const Significant s(value);
  return s.size() == 10 && s.at(0) >= 'A' && s.at(0) <= 'M' && s.digits_at(1, 8) && is_letter(s.at(9));
}

constexpr std::array kRules = {
    IdentifierRule{"it-codice-fiscale", "3_3_5_5 6_5_4_1 3_3_2_3_5 6_2_3_5 6-5-5 3-3-5-5", "odd and even tables by 26",
                   it_codice_fiscale, "AAAAAA??A??A???A"},
    IdentifierRule{"it-partita-iva", "", "Luhn and the office's code", it_partita_iva},
    IdentifierRule{"it-identity-card", "", "two letters, then five digits and two letters, or seven digits",
                   it_identity_card, "AA99999AA AA9999999"},
    IdentifierRule{"es-nif", "8-1 2.3.3-1 8_1 2_3_3_1 ; 2.3.3_1", "the number by 23 gives the letter", es_nif,
                   "99999999A A9999999A"},
    IdentifierRule{"es-nie", "1-7-1 1_7_1 1-8", "the number by 23 gives the letter", es_nie, "A9999999A"},
    IdentifierRule{"es-cif", "1-8 1-7-1 ; 1_8", "weights 2 and 1 by 10, digit or letter", es_cif, "A9999999?"},
    IdentifierRule{"es-social-security", "2/8/2 2-8-2 2_8_2 2/8-2 ; 2/10 2_10", "the number by 97", es_social_security},
    IdentifierRule{"pt-nif", "; 3_3_3", "weights 9 to 2 by 11", pt_nif},
    IdentifierRule{"pt-citizen-card", "8_1_3 8-1-3 8_1_2_1 ; 8_4", "Luhn with letters from 10", pt_citizen_card,
                   "999999999A?9"},
    IdentifierRule{"pt-social-security", "", "prime weights by 10", pt_social_security},
    IdentifierRule{"gr-afm", "", "powers of two by 11", gr_afm},
    IdentifierRule{"gr-amka", "; 6_5 6-5", "date of birth and Luhn", gr_amka},
    IdentifierRule{"hr-oib", "", "ISO 7064 MOD 11,10", hr_oib},
    IdentifierRule{"yu-jmbg", "; 7_6 7-6 2_2_3_2_3_1", "date of birth and weighted sum by 11", yu_jmbg},
    IdentifierRule{"si-tax", "", "weights 8 to 2 by 11", si_tax},
    IdentifierRule{"al-nipt", "", "a letter for the decade, eight digits, a letter", al_nipt, "A99999999A"},
};

}  // namespace

std::span<const IdentifierRule> south_european_rules() { return kRules; }

}  // namespace reeve::content
