// Sweden, Finland, Denmark, Norway, Iceland, Estonia, Latvia, Lithuania.

#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

int two(const Significant& s, std::size_t from) { return static_cast<int>(s.number(from, 2)); }

/// Ten digits, or twelve with the century. A coordination number has 60 added to the day.
bool se_personnummer(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) && !s.is_digits(12)) return false;
  const std::size_t from = s.size() - 10;
  if (from == 2 && two(s, 0) != 19 && two(s, 0) != 20 && two(s, 0) != 18) return false;
  const int day = two(s, from + 4);
  return is_short_date(two(s, from), two(s, from + 2), day > 60 ? day - 60 : day) && luhn(s.text().substr(from));
}

bool se_org_number(std::string_view value) {
  const Significant s(value);
  return s.is_digits(10) && s.number(2, 2) >= 20 && s.at(0) != '0' && luhn(s.text());
}

bool fi_hetu(std::string_view value) {
  if (value.size() != 11 || !holds("+-ABCDEFYXWVU", upper_case(value[6]))) return false;
  const Significant day(value.substr(0, 6)), serial(value.substr(7, 3));
  if (!day.is_digits(6) || !serial.is_digits(3) || serial.number(0, 3) < 2) return false;
  if (!is_short_date(two(day, 4), two(day, 2), two(day, 0))) return false;
  const auto rest = (day.number(0, 6) * 1000 + serial.number(0, 3)) % 31;
  return "0123456789ABCDEFHJKLMNPRSTUVWXY"[rest] == upper_case(value[10]);
}

bool fi_business_id(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(8) || is_trivial(s.text())) return false;
  const int rest = weighted(s, 0, {7, 9, 10, 5, 8, 4, 2}) % 11;
  return rest != 1 && (rest == 0 ? 0 : 11 - rest) == s.digit(7);
}

/// Numbers given since 2007 may fail the check by 11, but only where a day's others have run out: first of all for
/// 1 January of the years that people of unknown birthdays are given.
bool dk_cpr(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) || !is_short_date(two(s, 4), two(s, 2), two(s, 0)) || s.number(6, 4) == 0) return false;
  const bool ran_out = s.number(0, 4) == 101 && two(s, 4) >= 60 && two(s, 4) <= 96;
  return ran_out || weighted(s, 0, {4, 3, 2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}

bool dk_cvr(std::string_view value) {
  const Significant s(value);
  return s.is_digits(8) && s.at(0) != '0' && !is_trivial(s.text()) &&
         weighted(s, 0, {2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}

bool no_fnr(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11)) return false;
  const int day = two(s, 0), month = two(s, 2);  // 40 added to the day: D-number; to the month: a help number
  if (!is_short_date(two(s, 4), month > 40 ? month - 40 : month, day > 40 ? day - 40 : day)) return false;
  return weighted(s, 0, {3, 7, 6, 1, 8, 9, 4, 5, 2, 1}) % 11 == 0 &&
         weighted(s, 0, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}

bool no_orgnr(std::string_view value) {
  const Significant s(value);
  return s.is_digits(9) && (s.at(0) == '8' || s.at(0) == '9') && weighted(s, 0, {3, 2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}

bool is_kennitala(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) || (s.at(9) != '9' && s.at(9) != '0')) return false;
  const int day = two(s, 0);
  return is_short_date(two(s, 4), two(s, 2), day > 40 ? day - 40 : day) &&
         weighted(s, 0, {3, 2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}

/// Estonia and Lithuania: a second round of weights where the first gives ten.
bool baltic_personal_code(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11) || s.at(0) < '1' || s.at(0) > '8' || !is_short_date(two(s, 1), two(s, 3), two(s, 5)))
    return false;
  int check = weighted(s, 0, {1, 2, 3, 4, 5, 6, 7, 8, 9, 1}) % 11;
  if (check == 10) check = weighted(s, 0, {3, 4, 5, 6, 7, 8, 9, 1, 2, 3}) % 11 % 10;
  return check == s.digit(10);
}

/// Those since 2017 begin with 32 and check nothing.
bool lv_personal_code(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11)) return false;
  if (s.text().starts_with("32")) return value.size() == 12;
  if (s.at(6) > '2' || !is_short_date(two(s, 4), two(s, 2), two(s, 0))) return false;
  return (1 + weighted(s, 0, {10, 5, 8, 4, 2, 1, 6, 3, 7, 9})) % 11 % 10 == s.digit(10);
}

constexpr std::array kRules = {
    IdentifierRule{"se-personnummer", "6-4 8-4 6+4 ; 6_4 8_4", "date of birth and Luhn", se_personnummer},
    IdentifierRule{"se-org-number", "; 6-4", "Luhn, third digit from 2", se_org_number},
    IdentifierRule{"fi-hetu", "6-4 6+4 ; 11", "date of birth, the number by 31 gives the last character", fi_hetu,
                   "999999999? 999999A999?"},
    IdentifierRule{"fi-business-id", "7-1", "weighted sum by 11", fi_business_id},
    IdentifierRule{"dk-cpr", "; 6-4 6_4", "date of birth, weights 4 to 2 by 11", dk_cpr},
    IdentifierRule{"dk-cvr", "; 2_2_2_2", "weighted sum by 11", dk_cvr},
    IdentifierRule{"no-fnr", "6_5 6-5 2.2.2_5", "date of birth and two weighted sums by 11", no_fnr},
    IdentifierRule{"no-orgnr", "; 3_3_3", "weighted sum by 11", no_orgnr},
    IdentifierRule{"is-kennitala", "6-4", "date of birth and weighted sum by 11", is_kennitala},
    IdentifierRule{"baltic-personal-code", "", "date of birth and two rounds of weights by 11", baltic_personal_code},
    IdentifierRule{"lv-personal-code", "6-5", "date of birth and weighted sum by 11", lv_personal_code},
};

}  // namespace

std::span<const IdentifierRule> north_european_rules() { return kRules; }

}  // namespace reeve::content
