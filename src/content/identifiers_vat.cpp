// VAT numbers of the member states of the European Union: the country's two letters, then what each state checks.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

/// A state whose number another identifier is, or whose check is told here. `body` has no country letters.
struct State {
  std::string_view country;
  std::size_t length_min, length_max;
  bool (*check)(const Significant& body);
};

bool named(std::string_view rule, const Significant& body) {
  const NamedChecker* checker = find_checker(rule);
  return checker != nullptr && checker->check(body.text());
}

bool austria(const Significant& s) {
  if (s.at(0) != 'U' || !s.digits_at(1, 8)) return false;
  int sum = 4;
  for (std::size_t i = 1; i < 8; ++i) {
    const int product = s.digit(i) * (i % 2 == 1 ? 1 : 2);
    sum += product / 10 + product % 10;
  }
  return (10 - sum % 10) % 10 == s.digit(8);
}

bool bulgaria(const Significant& s) {
  if (s.is_digits(10)) return named("bg-egn", s) || named("bg-foreigner", s);
  if (!s.is_digits(9)) return false;
  int check = weighted(s, 0, {1, 2, 3, 4, 5, 6, 7, 8}) % 11;
  if (check == 10) check = weighted(s, 0, {3, 4, 5, 6, 7, 8, 9, 10}) % 11 % 10;
  return check == s.digit(8);
}

bool cyprus(const Significant& s) {
  if (!s.digits_at(0, 8) || !is_letter(s.at(8)) || s.text().starts_with("12")) return false;
  constexpr std::array kOdd = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21};
  int sum = 0;
  for (std::size_t i = 0; i < 8; ++i) sum += i % 2 == 0 ? kOdd[static_cast<std::size_t>(s.digit(i))] : s.digit(i);
  return sum % 26 == s.at(8) - 'A';
}

bool czechia(const Significant& s) { return s.size() == 8 ? named("cz-company", s) : named("cz-birth-number", s); }
bool germany(const Significant& s) { return s.is_digits(9) && s.at(0) != '0' && iso7064_mod11_10(s.text()); }
bool denmark(const Significant& s) { return named("dk-cvr", s); }
bool estonia(const Significant& s) {
  return s.is_digits(9) && s.text().starts_with("10") && weighted(s, 0, {3, 7, 1, 3, 7, 1, 3, 7, 1}) % 10 == 0;
}
bool greece(const Significant& s) { return named("gr-afm", s); }
bool spain(const Significant& s) { return named("es-nif", s) || named("es-nie", s) || named("es-cif", s); }
bool finland(const Significant& s) { return named("fi-business-id", s); }
bool croatia(const Significant& s) { return named("hr-oib", s); }
bool hungary(const Significant& s) {
  return s.is_digits(8) && !is_trivial(s.text()) && weighted(s, 0, {9, 7, 3, 1, 9, 7, 3, 1}) % 10 == 0;
}
bool italy(const Significant& s) { return named("it-partita-iva", s); }
bool poland(const Significant& s) { return named("pl-nip", s); }
bool portugal(const Significant& s) { return named("pt-nif", s); }
bool romania(const Significant& s) { return named("ro-company", s); }
bool slovenia(const Significant& s) { return named("si-tax", s); }
bool belgium(const Significant& s) { return named("be-enterprise", s); }

bool france(const Significant& s) {
  if (!s.digits_at(2, 9) || !luhn(s.text().substr(2))) return false;
  if (!s.digits_at(0, 2)) return !holds(s.text().substr(0, 2), 'O') && !holds(s.text().substr(0, 2), 'I');
  return s.number(0, 2) == (12 + 3 * (s.number(2, 9) % 97)) % 97;
}

bool ireland(const Significant& s) {
  if (s.digits_at(0, 7)) return named("ie-pps", s);
  if (s.size() != 8 || !is_digit(s.at(0)) || !s.digits_at(2, 5)) return false;  // the old form: 1X23456L
  const int sum = weighted(s, 2, {7, 6, 5, 4, 3}) + 2 * s.digit(0);
  return "WABCDEFGHIJKLMNOPQRSTUV"[sum % 23] == s.at(7);
}

bool lithuania(const Significant& s) {
  if (!s.digits_at(0, s.size()) || (s.size() != 9 && s.size() != 12)) return false;
  if (s.at(s.size() - 2) != '1') return false;
  const auto round = [&](int first) {
    int sum = 0;
    for (std::size_t i = 0; i + 1 < s.size(); ++i) sum += s.digit(i) * ((first - 1 + static_cast<int>(i)) % 9 + 1);
    return sum % 11;
  };
  const int check = round(1) == 10 ? round(3) % 10 : round(1);
  return check == s.digit(s.size() - 1);
}

bool luxembourg(const Significant& s) {
  return s.is_digits(8) && s.number(0, 6) > 0 && s.number(0, 6) % 89 == s.number(6, 2);
}

bool latvia(const Significant& s) {
  if (!s.is_digits(11)) return false;
  if (s.at(0) <= '3') return named("lv-personal-code", s);
  return weighted(s, 0, {9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1}) % 11 == 3;
}

bool malta(const Significant& s) {
  return s.is_digits(8) && s.at(0) != '0' && weighted(s, 0, {3, 4, 6, 7, 8, 9, 10, 1}) % 37 == 0;
}

bool netherlands(const Significant& s) {
  if (s.size() != 12 || !s.digits_at(0, 9) || s.at(9) != 'B' || !s.digits_at(10, 2) || s.number(10, 2) == 0)
    return false;
  if (named("nl-bsn", Significant(s.text().substr(0, 9)))) return true;
  std::array<char, 14> whole = {'N', 'L'};  // sole traders since 2020: the whole by 97
  std::ranges::copy(s.text(), whole.begin() + 2);
  return mod97({whole.data(), whole.size()}) == 1;
}

bool sweden(const Significant& s) {
  return s.is_digits(12) && s.text().ends_with("01") && luhn(s.text().substr(0, 10)) &&
         !is_trivial(s.text().substr(0, 10));
}
bool slovakia(const Significant& s) {
  return s.is_digits(10) && s.at(0) != '0' && holds("234789", s.at(2)) && s.number(0, 10) % 11 == 0;
}

constexpr std::array kStates = {
    State{"AT", 9, 9, austria},   State{"BE", 10, 10, belgium},  State{"BG", 9, 10, bulgaria},
    State{"CY", 9, 9, cyprus},    State{"CZ", 8, 10, czechia},   State{"DE", 9, 9, germany},
    State{"DK", 8, 8, denmark},   State{"EE", 9, 9, estonia},    State{"EL", 9, 9, greece},
    State{"ES", 9, 9, spain},     State{"FI", 8, 8, finland},    State{"FR", 11, 11, france},
    State{"HR", 11, 11, croatia}, State{"HU", 8, 8, hungary},    State{"IE", 8, 9, ireland},
    State{"IT", 11, 11, italy},   State{"LT", 9, 12, lithuania}, State{"LU", 8, 8, luxembourg},
    State{"LV", 11, 11, latvia},  State{"MT", 8, 8, malta},      State{"NL", 12, 12, netherlands},
    State{"PL", 10, 10, poland},  State{"PT", 9, 9, portugal},   State{"RO", 6, 10, romania},
    State{"SE", 12, 12, sweden},  State{"SI", 8, 8, slovenia},   State{"SK", 10, 10, slovakia},
};

bool eu_vat(std::string_view value) {
  const Significant s(value);
  if (s.size() < 6 || s.size() > 14 || !s.letters_at(0, 2)) return false;
  const auto state = std::ranges::find(kStates, s.text().substr(0, 2), &State::country);
  if (state == kStates.end() || s.size() - 2 < state->length_min || s.size() - 2 > state->length_max) return false;
  return state->check(Significant(s.text().substr(2)));
}

constexpr std::array kRules = {
    IdentifierRule{"eu-vat",
                   "2_3_3_3 2_9 2_8 2_10 2_11 2_12 3_8 2-9 2-8 2-10 2-11 2_2_9 2_2_3_3_3 2_4.3.3 2_4_3_3 2_3.3.3 "
                   "2-3-3-2-2 2_3-3-2-2 2_9_3 2_9.3 2_8-1 2_7-1 2_2.3.3",
                   "what each of the 27 member states checks", eu_vat,
                   "AA999999* AA?9999999? AAA99999999 AA??999999999 AA9?99999A"},
};

}  // namespace

std::span<const IdentifierRule> value_added_tax_rules() { return kRules; }

}  // namespace reeve::content
