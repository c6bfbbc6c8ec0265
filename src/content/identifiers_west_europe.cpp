// Germany, Austria, Switzerland, France, Belgium, Netherlands, Luxembourg.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

bool de_tax_id(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11) || s.at(0) == '0') return false;
  // Among the first ten one digit stands twice or three times, all others once.
  std::array<int, 10> counts{};
  for (std::size_t i = 0; i < 10; ++i) ++counts[static_cast<std::size_t>(s.digit(i))];
  const auto repeated = std::ranges::count_if(counts, [](int count) { return count > 1; });
  return repeated == 1 && std::ranges::max(counts) <= 3 && iso7064_mod11_10(s.text());
}

bool de_pension(std::string_view value) {
  const Significant s(value);
  if (s.size() != 12 || !s.digits_at(0, 8) || !is_letter(s.at(8)) || !s.digits_at(9, 3)) return false;
  auto day = static_cast<int>(s.number(2, 2));
  if (day > 50) day -= 50;
  if (!is_short_date(static_cast<int>(s.number(6, 2)), static_cast<int>(s.number(4, 2)), day)) return false;
  const int letter = s.at(8) - 'A' + 1;
  const std::array places = {s.digit(0), s.digit(1), s.digit(2),  s.digit(3),  s.digit(4), s.digit(5),
                             s.digit(6), s.digit(7), letter / 10, letter % 10, s.digit(9), s.digit(10)};
  constexpr std::array kWeights = {2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1};
  int sum = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const int product = places[i] * kWeights[i];
    sum += product / 10 + product % 10;
  }
  return sum % 10 == s.digit(11);
}

bool de_health(std::string_view value) {
  const Significant s(value);
  if (s.size() != 10 || !is_letter(s.at(0)) || !s.digits_at(1, 9)) return false;
  const int letter = s.at(0) - 'A' + 1;
  int sum = letter / 10;  // the letter is two digits, of weights 1 and 2
  const int twice = letter % 10 * 2;
  sum += twice / 10 + twice % 10;
  for (std::size_t i = 1; i < 9; ++i) {
    const int product = s.digit(i) * (i % 2 == 1 ? 1 : 2);
    sum += product / 10 + product % 10;
  }
  return sum % 10 == s.digit(9);
}

/// Weights 7, 3, 1 by 10, letters from 10 (ICAO Doc 9303).
bool icao_731(std::string_view text, int check) {
  constexpr std::array kWeights = {7, 3, 1};
  int sum = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    sum += kWeights[i % 3] * (is_digit(text[i]) ? text[i] - '0' : text[i] - 'A' + 10);
  }
  return sum % 10 == check;
}

bool de_document(std::string_view value) {
  const Significant s(value);
  if (s.size() != 9 && s.size() != 10) return false;
  constexpr std::string_view kLetters = "CFGHJKLMNPRTVWXYZ";
  if (!holds(kLetters, s.at(0)) || holds("ABDEIOQSU", s.at(8))) return false;
  for (std::size_t i = 1; i < 9; ++i) {
    if (!is_digit(s.at(i)) && !holds(kLetters, s.at(i))) return false;
  }
  return std::ranges::any_of(s.text(), is_digit) &&
         (s.size() == 9 || (is_digit(s.at(9)) && icao_731(s.text().substr(0, 9), s.digit(9))));
}

bool de_tax_number(std::string_view value) {
  const Significant s(value);
  return s.size() >= 10 && s.size() <= 13 && s.digits_at(0, s.size()) && !is_trivial(s.text());
}

bool at_svnr(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) || s.at(0) == '0') return false;
  const auto month = static_cast<int>(s.number(6, 2));
  const bool dated = (month > 12 && month <= 15) ||
                     is_short_date(static_cast<int>(s.number(8, 2)), month, static_cast<int>(s.number(4, 2)));
  return dated && weighted(s, 0, {3, 7, 9, 0, 5, 8, 4, 2, 1, 6}) % 11 == s.digit(3);
}

bool ch_ahv(std::string_view value) {
  const Significant s(value);
  return s.is_digits(13) && s.text().starts_with("756") &&
         weighted(s, 0, {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1}) % 10 == 0;
}

bool ch_uid(std::string_view value) {
  const Significant s(value);
  if (s.size() < 12 || !s.text().starts_with("CHE") || !s.digits_at(3, 9)) return false;
  const auto suffix = s.text().substr(12);
  if (!suffix.empty() && suffix != "MWST" && suffix != "TVA" && suffix != "IVA" && suffix != "HR") return false;
  return (11 - weighted(s, 3, {5, 4, 3, 2, 7, 6, 5, 4}) % 11) % 11 == s.digit(11);
}

bool fr_nir(std::string_view value) {
  const Significant s(value);
  if (s.size() != 15 || !s.digits_at(0, 6) || !s.digits_at(7, 8)) return false;
  if (s.at(0) != '1' && s.at(0) != '2' && s.at(0) != '3' && s.at(0) != '4' && s.at(0) != '7' && s.at(0) != '8') {
    return false;
  }
  const auto month = s.number(3, 2);  // 20 and more: unknown
  if (month == 0 || (month > 12 && month < 20) || (month > 42 && month < 50)) return false;
  long long body = 0;
  if (is_digit(s.at(6))) {
    body = s.number(0, 13);
  } else if (s.at(5) == '2' && (s.at(6) == 'A' || s.at(6) == 'B')) {  // Corsica
    body = s.number(0, 5) * 100'000'000 + (s.at(6) == 'A' ? 19 : 18) * 1'000'000LL + s.number(7, 6);
  } else {
    return false;
  }
  return 97 - body % 97 == s.number(13, 2);
}

bool fr_siren(std::string_view value) {
  const Significant s(value);
  return s.is_digits(9) && !is_trivial(s.text()) && luhn(s.text());
}

bool fr_siret(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(14) || is_trivial(s.text())) return false;
  if (!s.text().starts_with("356000000")) return luhn(s.text()) && luhn(s.text().substr(0, 9));
  int sum = 0;  // the post's branches: the plain sum by 5
  for (std::size_t i = 0; i < 14; ++i) sum += s.digit(i);
  return sum % 5 == 0;
}

bool fr_tax_number(std::string_view value) {
  const Significant s(value);
  return s.is_digits(13) && s.at(0) <= '3' && s.number(0, 10) % 511 == s.number(10, 3);
}

bool fr_identity_card(std::string_view value) {
  const Significant s(value);
  return s.is_digits(12) || (s.size() == 9 && is_letter(s.at(0)) && std::ranges::count_if(s.text(), is_digit) >= 3);
}

bool fr_passport(std::string_view value) {
  const Significant s(value);
  return s.size() == 9 && s.digits_at(0, 2) && s.letters_at(2, 2) && s.digits_at(4, 5);
}

bool be_national(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11)) return false;
  const auto month = static_cast<int>(s.number(2, 2)) % 20;  // 20 or 40 more in the bis register
  if (month > 12 || s.number(4, 2) > 31 || s.number(6, 3) == 0) return false;
  const auto body = s.number(0, 9), check = s.number(9, 2);
  return 97 - body % 97 == check || 97 - (2'000'000'000 + body) % 97 == check;
}

bool be_enterprise(std::string_view value) {
  Significant s(value);
  if (s.text().starts_with("BE")) s = Significant(value.substr(value.find_first_of("Ee") + 1));
  return s.is_digits(10) && s.at(0) <= '1' && s.number(1, 7) > 0 && 97 - s.number(0, 8) % 97 == s.number(8, 2);
}

bool nl_bsn(std::string_view value) {
  const Significant s(value);
  if (s.is_digits(8)) return !is_trivial(s.text()) && (weighted(s, 0, {8, 7, 6, 5, 4, 3, 2}) - s.digit(7)) % 11 == 0;
  return s.is_digits(9) && !is_trivial(s.text()) && (weighted(s, 0, {9, 8, 7, 6, 5, 4, 3, 2}) - s.digit(8)) % 11 == 0;
}

bool nl_passport(std::string_view value) {
  const Significant s(value);
  if (s.size() != 9 || !s.letters_at(0, 2) || !is_digit(s.at(8))) return false;
  return !holds(s.text(), 'O') && std::ranges::count_if(s.text(), is_digit) >= 3;
}

bool lu_national(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(13)) return false;
  std::array<char, 12> second{};  // Luhn over twelve digits, Verhoeff over eleven and the last
  std::ranges::copy(s.text().substr(0, 11), second.begin());
  second[11] = s.at(12);
  return is_date(static_cast<int>(s.number(0, 4)), static_cast<int>(s.number(4, 2)),
                 static_cast<int>(s.number(6, 2))) &&
         s.number(0, 4) >= 1880 && s.number(0, 4) < 2100 && luhn(s.text().substr(0, 12)) &&
         verhoeff({second.data(), second.size()});
}

constexpr std::array kRules = {
    IdentifierRule{"de-tax-id", "; 2_3_3_3 2.3.3.3 2-3-3-3", "ISO 7064 MOD 11,10; one digit repeats", de_tax_id},
    IdentifierRule{"de-pension", "2_6_1_3 2_6_1_2_1", "date of birth, cross sums of weighted digits by 10", de_pension,
                   "99999999A999"},
    IdentifierRule{"de-health", "; 1_9 1_3_3_3", "cross sums of weights 1 and 2 by 10", de_health, "A999999999"},
    IdentifierRule{"de-document", "", "letters without look-alikes, ICAO 7-3-1 when the check digit stands there",
                   de_document, "A???????? A????????9"},
    IdentifierRule{"de-tax-number", "3/3/5 2/3/5 ; 3/4/4 3_3_5 5/5", "ten to thirteen digits", de_tax_number},
    IdentifierRule{"at-svnr", "4_6 ; 4-6 4_2_2_2", "weighted sum by 11 and date of birth", at_svnr},
    IdentifierRule{"ch-ahv", "3.4.4.2 3_4_4_2 3-4-4-2", "EAN-13 with the prefix 756", ch_ahv},
    IdentifierRule{"ch-uid", "3-3.3.3 3-9 3_3_3_3 3-3.3.3_4 3-3.3.3_3", "CHE and a weighted sum by 11", ch_uid,
                   "AAA999999999*"},
    IdentifierRule{"fr-nir", "1_2_2_2_3_3_2 13_2 1.2.2.2.3.3.2 1-2-2-2-3-3-2", "97 less the rest by 97", fr_nir,
                   "999999?99999999"},
    IdentifierRule{"fr-siren", "; 3_3_3 3.3.3", "Luhn", fr_siren},
    IdentifierRule{"fr-siret", "3_3_3_5 ; 9_5", "Luhn, over the company and over all", fr_siret},
    IdentifierRule{"fr-tax-number", "; 2_2_3_3_3 1_3_3_3_3", "ten digits by 511 give the last three", fr_tax_number},
    IdentifierRule{"fr-identity-card", "", "twelve digits, or nine letters and digits", fr_identity_card,
                   "999999999999 A????????"},
    IdentifierRule{"fr-passport", "", "two digits, two letters, five digits", fr_passport, "99AA99999"},
    IdentifierRule{"be-national", "2.2.2-3.2 2.2.2-3-2 6-3-2 6-3.2 ; 2_2_2_3_2 6_3_2",
                   "97 less the rest by 97, date of birth", be_national},
    IdentifierRule{"be-enterprise", "4.3.3 ; 4_3_3", "97 less the rest by 97", be_enterprise},
    IdentifierRule{"nl-bsn", "; 4.2.3 3_3_3 4_2_3 3.3.3 3-3-3", "eleven test, last digit counts negative", nl_bsn},
    IdentifierRule{"nl-passport", "", "two letters, six letters or digits, a digit", nl_passport, "AA??????9"},
    IdentifierRule{"lu-national", "4_4_3_2 ; 8_5 8-5", "date of birth, Luhn and Verhoeff", lu_national},
};

}  // namespace

std::span<const IdentifierRule> west_european_rules() { return kRules; }

}  // namespace reeve::content
