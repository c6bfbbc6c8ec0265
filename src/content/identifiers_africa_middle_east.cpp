// Turkey, Israel, the Gulf, Iran, Egypt, South Africa, Nigeria, Kenya, Ghana, Morocco.

#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

int two(const Significant& s, std::size_t from) { return static_cast<int>(s.number(from, 2)); }

bool tr_tckn(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11) || s.at(0) == '0') return false;
  const int odd = weighted(s, 0, {1, 0, 1, 0, 1, 0, 1, 0, 1}), even = weighted(s, 0, {0, 1, 0, 1, 0, 1, 0, 1});
  return ((odd * 7 - even) % 10 + 10) % 10 == s.digit(9) && (odd + even + s.digit(9)) % 10 == s.digit(10);
}

bool tr_vkn(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) || is_trivial(s.text())) return false;
  int sum = 0;
  for (int i = 0; i < 9; ++i) {
    const int shifted = (s.digit(static_cast<std::size_t>(i)) + 9 - i) % 10;
    const int power = shifted * (1 << (9 - i)) % 9;
    sum += shifted != 0 && power == 0 ? 9 : power;
  }
  return (10 - sum % 10) % 10 == s.digit(9);
}

bool il_id(std::string_view value) {
  const Significant s(value);
  return s.is_digits(9) && !is_trivial(s.text()) && s.number(0, 9) > 1000 && luhn(s.text());
}

bool ae_emirates_id(std::string_view value) {
  const Significant s(value);
  return s.is_digits(15) && s.text().starts_with("784") && s.number(3, 4) >= 1900 && s.number(3, 4) < 2100 &&
         luhn(s.text());
}

bool sa_id(std::string_view value) {
  const Significant s(value);
  return s.is_digits(10) && (s.at(0) == '1' || s.at(0) == '2') && !is_trivial(s.text()) && luhn(s.text());
}

bool kw_civil_id(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(12) || s.at(0) < '1' || s.at(0) > '3' || !is_short_date(two(s, 1), two(s, 3), two(s, 5)))
    return false;
  return 11 - weighted(s, 0, {2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}) % 11 == s.digit(11);
}

bool ir_national(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) || is_trivial(s.text())) return false;
  const int rest = weighted(s, 0, {10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11;
  return (rest < 2 ? rest : 11 - rest) == s.digit(9);
}

bool eg_national(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(14) || (s.at(0) != '2' && s.at(0) != '3')) return false;
  const int place = two(s, 7);
  return is_date((s.at(0) == '2' ? 1900 : 2000) + two(s, 1), two(s, 3), two(s, 5)) && place > 0 &&
         (place <= 35 || place == 88);
}

bool za_id(std::string_view value) {
  const Significant s(value);
  return s.is_digits(13) && is_short_date(two(s, 0), two(s, 2), two(s, 4)) && s.at(10) <= '2' && luhn(s.text());
}

bool za_tax(std::string_view value) {
  const Significant s(value);
  return s.is_digits(10) && holds("01239", s.at(0)) && !is_trivial(s.text()) && luhn(s.text());
}

bool ng_nin(std::string_view value) {
  const Significant s(value);
  return s.is_digits(11) && s.at(0) != '0' && !is_trivial(s.text());
}

bool ke_pin(std::string_view value) {
  const Significant s(value);
  return s.size() == 11 && (s.at(0) == 'A' || s.at(0) == 'P') && s.digits_at(1, 9) && is_letter(s.at(10));
}

bool gh_card(std::string_view value) {
  const Significant s(value);
  return s.size() == 13 && s.text().starts_with("GHA") && s.digits_at(3, 10);
}

bool ma_ice(std::string_view value) {
  const Significant s(value);
  return s.is_digits(15) && s.number(0, 15) > 0 && mod97(s.text()) == 0;
}

constexpr std::array kRules = {
    IdentifierRule{"tr-tckn", "; 3_3_3_2 3_3_2_3", "two sums by 10", tr_tckn},
    IdentifierRule{"tr-vkn", "; 3_3_4", "shifted digits times powers of two by 9", tr_vkn},
    IdentifierRule{"il-id", "; 8-1 1-7-1 1-8", "Luhn", il_id},
    IdentifierRule{"ae-emirates-id", "3-4-7-1 3_4_7_1", "784, year of birth, Luhn", ae_emirates_id},
    IdentifierRule{"sa-id", "", "1 or 2 in front, Luhn", sa_id},
    IdentifierRule{"kw-civil-id", "", "date of birth and weighted sum by 11", kw_civil_id},
    IdentifierRule{"ir-national", "3-6-1", "weights 10 to 2 by 11", ir_national},
    IdentifierRule{"eg-national", "; 1_6_2_4_1 1-6-2-4-1", "century, date of birth, governorate", eg_national},
    IdentifierRule{"za-id", "; 6_4_3 6_4_2_1 6_4_1_1_1", "date of birth and Luhn", za_id},
    IdentifierRule{"za-tax", "", "Luhn", za_tax},
    IdentifierRule{"ng-nin", "; 4_3_4 3_4_4", "eleven digits", ng_nin},
    IdentifierRule{"ke-pin", "", "A or P, nine digits, a letter", ke_pin, "A999999999A"},
    IdentifierRule{"gh-card", "3-9-1", "GHA and ten digits", gh_card, "AAA9999999999"},
    IdentifierRule{"ma-ice", "", "the number by 97", ma_ice},
};

}  // namespace

std::span<const IdentifierRule> african_and_middle_eastern_rules() { return kRules; }

}  // namespace reeve::content
