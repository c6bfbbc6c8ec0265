// Poland, Czechia, Slovakia, Hungary, Romania, Bulgaria, Moldova, Ukraine, Russia, Kazakhstan.

#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

int two(const Significant& s, std::size_t from) { return static_cast<int>(s.number(from, 2)); }

bool pl_pesel(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11)) return false;
  const int month = two(s, 2);  // the century is added to the month: 80 for 1800, 20 for 2000 and so on
  constexpr std::array kCenturies = {1900, 2000, 2100, 2200, 1800};
  const int century = kCenturies[static_cast<std::size_t>(month / 20)];
  return is_date(century + two(s, 0), month % 20, two(s, 4)) && century != 2200 &&
         weighted(s, 0, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1}) % 10 == 0;
}

bool pl_nip(std::string_view value) {
  const Significant s(value);
  return s.is_digits(10) && s.number(0, 3) > 100 && !is_trivial(s.text()) &&
         weighted(s, 0, {6, 5, 7, 2, 3, 4, 5, 6, 7}) % 11 == s.digit(9);
}

bool pl_regon(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(9) && !s.is_digits(14)) return false;
  if (is_trivial(s.text()) || weighted(s, 0, {8, 9, 2, 3, 4, 5, 6, 7}) % 11 % 10 != s.digit(8)) return false;
  return s.size() == 9 || weighted(s, 0, {2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8}) % 11 % 10 == s.digit(13);
}

/// Weights 7, 3, 1 over letters from 10 and digits; the check digit stands behind the letters.
bool pl_document(const Significant& s, std::size_t letters, std::initializer_list<int> weights) {
  if (s.size() != 9 || !s.letters_at(0, letters) || !s.digits_at(letters, 9 - letters)) return false;
  int sum = 0;
  std::size_t i = 0;
  for (const int weight : weights) {
    sum += weight * (is_digit(s.at(i)) ? s.digit(i) : s.at(i) - 'A' + 10);
    ++i;
  }
  return sum % 10 == 0;
}

bool pl_identity_card(std::string_view value) {
  return pl_document(Significant(value), 3, {7, 3, 1, 9, 7, 3, 1, 7, 3});
}
bool pl_passport(std::string_view value) { return pl_document(Significant(value), 2, {7, 3, 9, 1, 7, 3, 1, 7, 3}); }

/// Czechia and Slovakia. Nine digits, without a check, until 1953.
bool cz_birth_number(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(9) && !s.is_digits(10)) return false;
  int month = two(s, 2);  // women have 50 more; 20 more where a day ran out of numbers
  if (month > 50) month -= 50;
  if (month > 20) month -= 20;
  if (!is_short_date(two(s, 0), month, two(s, 4))) return false;
  if (s.size() == 9) return two(s, 0) < 54 && s.number(6, 3) > 0;
  return s.number(0, 9) % 11 % 10 == s.digit(9);
}

bool cz_company(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(8) || is_trivial(s.text()) || s.number(0, 7) == 0) return false;
  return (11 - weighted(s, 0, {8, 7, 6, 5, 4, 3, 2}) % 11) % 10 == s.digit(7);
}

bool hu_tax_id(std::string_view value) {
  const Significant s(value);
  return s.is_digits(10) && s.at(0) == '8' && weighted(s, 0, {1, 2, 3, 4, 5, 6, 7, 8, 9}) % 11 == s.digit(9);
}

bool hu_taj(std::string_view value) {
  const Significant s(value);
  return s.is_digits(9) && !is_trivial(s.text()) && weighted(s, 0, {3, 7, 3, 7, 3, 7, 3, 7}) % 10 == s.digit(8);
}

bool hu_personal_id(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11) || s.at(0) == '0' || !is_short_date(two(s, 1), two(s, 3), two(s, 5))) return false;
  return weighted(s, 0, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) % 11 == s.digit(10) ||
         weighted(s, 0, {10, 9, 8, 7, 6, 5, 4, 3, 2, 1}) % 11 == s.digit(10);
}

bool hu_tax_number(std::string_view value) {
  const Significant s(value);
  return s.is_digits(11) && weighted(s, 0, {9, 7, 3, 1, 9, 7, 3, 1}) % 10 == 0 && s.at(8) >= '1' && s.at(8) <= '5' &&
         two(s, 9) >= 2 && two(s, 9) <= 51;
}

bool ro_cnp(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(13) || s.at(0) == '0' || !is_short_date(two(s, 1), two(s, 3), two(s, 5))) return false;
  const int county = two(s, 7);
  if (county == 0 || (county > 52 && county != 70)) return false;
  const int rest = weighted(s, 0, {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9}) % 11;
  return (rest == 10 ? 1 : rest) == s.digit(12);
}

bool ro_company(std::string_view value) {
  Significant s(value);
  if (s.text().starts_with("RO")) s = Significant(value.substr(value.find_first_of("Oo") + 1));
  if (s.size() < 4 || s.size() > 10 || !s.digits_at(0, s.size()) || s.at(0) == '0' || is_trivial(s.text()))
    return false;
  constexpr std::array kWeights = {7, 5, 3, 2, 1, 7, 5, 3, 2};
  int sum = 0;
  const std::size_t skip = 10 - s.size();
  for (std::size_t i = 0; i + 1 < s.size(); ++i) sum += kWeights[i + skip] * s.digit(i);
  return sum * 10 % 11 % 10 == s.digit(s.size() - 1);
}

bool bg_egn(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10)) return false;
  int month = two(s, 2), century = 1900;  // 20 more for the 19th century, 40 more for the 21st
  if (month > 40) {
    month -= 40;
    century = 2000;
  } else if (month > 20) {
    month -= 20;
    century = 1800;
  }
  return is_date(century + two(s, 0), month, two(s, 4)) &&
         weighted(s, 0, {2, 4, 8, 5, 10, 9, 7, 3, 6}) % 11 % 10 == s.digit(9);
}

bool bg_foreigner(std::string_view value) {
  const Significant s(value);
  return s.is_digits(10) && !is_trivial(s.text()) &&
         weighted(s, 0, {21, 19, 17, 13, 11, 9, 7, 3, 1}) % 10 == s.digit(9);
}

bool md_idnp(std::string_view value) {
  const Significant s(value);
  return s.is_digits(13) && (s.at(0) == '1' || s.at(0) == '2' || s.at(0) == '0') &&
         weighted(s, 0, {7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1}) % 10 == s.digit(12);
}

bool ua_tax_number(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) || is_trivial(s.text())) return false;
  const int sum = weighted(s, 0, {-1, 5, 7, 9, 4, 6, 10, 5, 7});
  return ((sum % 11) + 11) % 11 % 10 == s.digit(9);
}

bool ru_inn(std::string_view value) {
  const Significant s(value);
  if (s.size() > 0 && s.number(0, 2) == 0) return false;
  if (s.is_digits(10)) {
    return !is_trivial(s.text()) && weighted(s, 0, {2, 4, 10, 3, 5, 9, 4, 6, 8}) % 11 % 10 == s.digit(9);
  }
  return s.is_digits(12) && weighted(s, 0, {7, 2, 4, 10, 3, 5, 9, 4, 6, 8}) % 11 % 10 == s.digit(10) &&
         weighted(s, 0, {3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8}) % 11 % 10 == s.digit(11);
}

bool ru_snils(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11) || s.number(0, 9) <= 1'001'998) return false;
  return weighted(s, 0, {9, 8, 7, 6, 5, 4, 3, 2, 1}) % 101 % 100 == two(s, 9);
}

bool ru_ogrn(std::string_view value) {
  const Significant s(value);
  if (s.is_digits(13)) return (s.at(0) == '1' || s.at(0) == '5') && s.number(0, 12) % 11 % 10 == s.digit(12);
  return s.is_digits(15) && s.at(0) == '3' && s.number(0, 14) % 13 % 10 == s.digit(14);
}

bool ru_passport(std::string_view value) {
  const Significant s(value);
  return s.is_digits(10) && !is_trivial(s.text());
}

bool kz_iin(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(12) || !is_short_date(two(s, 0), two(s, 2), two(s, 4)) || s.at(6) > '6') return false;
  int check = weighted(s, 0, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) % 11;
  if (check == 10) check = weighted(s, 0, {3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2}) % 11;
  return check == s.digit(11);
}

constexpr std::array kRules = {
    IdentifierRule{"pl-pesel", "", "date of birth with the century in the month, weights 1, 3, 7, 9 by 10", pl_pesel},
    IdentifierRule{"pl-nip", "3-3-2-2 3-2-2-3 ; 3_3_2_2 3_2_2_3", "weighted sum by 11", pl_nip},
    IdentifierRule{"pl-regon", "; 3_3_3 3-3-3", "weighted sums by 11", pl_regon},
    IdentifierRule{"pl-identity-card", "; 3_6 3_3_3", "weights 7, 3, 1 by 10, letters from 10", pl_identity_card,
                   "AAA999999"},
    IdentifierRule{"pl-passport", "; 2_7", "weights 7, 3, 1 by 10, letters from 10", pl_passport, "AA9999999"},
    IdentifierRule{"cz-birth-number", "6/4 ; 6/3 6_4", "date of birth and the number by 11", cz_birth_number},
    IdentifierRule{"cz-company", "; 3_2_3 2_3_3", "weights 8 to 2 by 11", cz_company},
    IdentifierRule{"hu-tax-id", "", "begins with 8, weights 1 to 9 by 11", hu_tax_id},
    IdentifierRule{"hu-taj", "; 3_3_3 3-3-3", "weights 3 and 7 by 10", hu_taj},
    IdentifierRule{"hu-personal-id", "1-6-4 1_6_4", "date of birth and weights 1 to 10 by 11", hu_personal_id},
    IdentifierRule{"hu-tax-number", "8-1-2", "weights 9, 7, 3, 1 by 10, kind and county", hu_tax_number},
    IdentifierRule{"ro-cnp", "; 1_6_6", "date of birth, county, weights 279146358279 by 11", ro_cnp},
    IdentifierRule{"ro-company", "", "weights 753217532 by 11", ro_company},
    IdentifierRule{"bg-egn", "", "date of birth with the century in the month, weighted sum by 11", bg_egn},
    IdentifierRule{"bg-foreigner", "", "weighted sum by 10", bg_foreigner},
    IdentifierRule{"md-idnp", "", "weights 7, 3, 1 by 10", md_idnp},
    IdentifierRule{"ua-tax-number", "", "weighted sum by 11", ua_tax_number},
    IdentifierRule{"ru-inn", "", "one weighted sum by 11 for companies, two for people", ru_inn},
    IdentifierRule{"ru-snils", "3-3-3_2 3-3-3-2 3_3_3_2", "weights 9 to 1 by 101", ru_snils},
    IdentifierRule{"ru-ogrn", "", "the number by 11, or by 13 for traders", ru_ogrn},
    IdentifierRule{"ru-passport", "; 4_6 2_2_6", "ten digits", ru_passport},
    IdentifierRule{"kz-iin", "", "date of birth and two rounds of weights by 11", kz_iin},
};

}  // namespace

std::span<const IdentifierRule> east_european_rules() { return kRules; }

}  // namespace reeve::content
