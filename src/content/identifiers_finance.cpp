// Cards, accounts, banks, securities, companies.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

/// Issuers' ranges by their first six digits, with the lengths they use (ISO/IEC 7812 and the networks' own tables).
struct Issuer {
  int first, last;
  std::uint32_t lengths;  // bit n: n digits
};

constexpr std::uint32_t digits(std::initializer_list<unsigned> lengths) {
  std::uint32_t bits = 0;
  for (const unsigned length : lengths) bits |= 1U << length;
  return bits;
}

constexpr std::array kIssuers = {
    Issuer{400000, 499999, digits({13, 16, 19})},                      // Visa
    Issuer{510000, 559999, digits({16})},                              // Mastercard
    Issuer{222100, 272099, digits({16})},                              // Mastercard
    Issuer{340000, 349999, digits({15})},                              // American Express
    Issuer{370000, 379999, digits({15})},                              // American Express
    Issuer{601100, 601199, digits({16, 19})},                          // Discover
    Issuer{622126, 622925, digits({16, 17, 18, 19})},                  // Discover and UnionPay
    Issuer{644000, 659999, digits({16, 19})},                          // Discover
    Issuer{620000, 629999, digits({16, 17, 18, 19})},                  // UnionPay
    Issuer{300000, 305999, digits({14, 16})},                          // Diners Club
    Issuer{309500, 309599, digits({14, 16})},                          // Diners Club
    Issuer{360000, 369999, digits({14, 16})},                          // Diners Club
    Issuer{380000, 399999, digits({14, 16})},                          // Diners Club
    Issuer{352800, 358999, digits({16, 17, 18, 19})},                  // JCB
    Issuer{500000, 509999, digits({12, 13, 14, 15, 16, 17, 18, 19})},  // Maestro, Elo, Verve
    Issuer{560000, 589999, digits({12, 13, 14, 15, 16, 17, 18, 19})},  // Maestro
    Issuer{600000, 609999, digits({13, 16, 19})},                      // RuPay, Hipercard, UATP and others
    Issuer{636000, 639999, digits({12, 13, 14, 15, 16, 17, 18, 19})},  // Elo, InstaPayment, Maestro
    Issuer{670000, 679999, digits({12, 13, 14, 15, 16, 17, 18, 19})},  // Maestro
    Issuer{220000, 220499, digits({16, 17, 18, 19})},                  // Mir
    Issuer{979200, 979299, digits({16})},                              // Troy
    Issuer{810000, 829999, digits({16})},                              // RuPay
};

/// The issuer first: most runs of digits have none.
bool is_card(const Significant& s) {
  if (s.size() < 12 || s.size() > 19 || !s.digits_at(0, s.size())) return false;
  const auto prefix = static_cast<int>(s.number(0, 6));
  const bool is_issued = std::ranges::any_of(kIssuers, [&](const Issuer& issuer) {
    return prefix >= issuer.first && prefix <= issuer.last && (issuer.lengths >> s.size() & 1U) != 0;
  });
  // Two digits over and over, or zeros behind the prefix, is what forms show as a hint.
  return is_issued && luhn(s.text()) && !is_trivial(s.text()) && s.number(s.size() - 9, 9) != 0;
}

bool credit_card(std::string_view value) { return is_card(Significant(value)); }

/// The networks and lengths that random numbers rarely meet: a card even where nothing says so.
bool credit_card_major(std::string_view value) {
  const Significant s(value);
  if (s.size() < 14 || !is_card(s)) return false;
  const auto prefix = static_cast<int>(s.number(0, 4));
  const auto within = [&](int first, int last) { return prefix >= first && prefix <= last; };
  if (s.size() == 14) return value.size() > 14 && prefix >= 3000 && prefix <= 3999;
  if (s.size() == 15) return within(3400, 3499) || within(3700, 3799);
  return s.size() == 16 && (within(4000, 4999) || within(5100, 5599) || within(2221, 2720) || prefix == 6011 ||
                            within(6440, 6599) || within(6200, 6299) || within(3528, 3589));
}

struct IbanCountry {
  std::string_view country;
  std::size_t length;
};

/// From SWIFT's registry of IBAN formats.
constexpr std::array kIbanCountries = {
    IbanCountry{"AD", 24}, IbanCountry{"AE", 23}, IbanCountry{"AL", 28}, IbanCountry{"AT", 20}, IbanCountry{"AZ", 28},
    IbanCountry{"BA", 20}, IbanCountry{"BE", 16}, IbanCountry{"BG", 22}, IbanCountry{"BH", 22}, IbanCountry{"BI", 27},
    IbanCountry{"BR", 29}, IbanCountry{"BY", 28}, IbanCountry{"CH", 21}, IbanCountry{"CR", 22}, IbanCountry{"CY", 28},
    IbanCountry{"CZ", 24}, IbanCountry{"DE", 22}, IbanCountry{"DJ", 27}, IbanCountry{"DK", 18}, IbanCountry{"DO", 28},
    IbanCountry{"EE", 20}, IbanCountry{"EG", 29}, IbanCountry{"ES", 24}, IbanCountry{"FI", 18}, IbanCountry{"FK", 18},
    IbanCountry{"FO", 18}, IbanCountry{"FR", 27}, IbanCountry{"GB", 22}, IbanCountry{"GE", 22}, IbanCountry{"GI", 23},
    IbanCountry{"GL", 18}, IbanCountry{"GR", 27}, IbanCountry{"GT", 28}, IbanCountry{"HN", 28}, IbanCountry{"HR", 21},
    IbanCountry{"HU", 28}, IbanCountry{"IE", 22}, IbanCountry{"IL", 23}, IbanCountry{"IQ", 23}, IbanCountry{"IS", 26},
    IbanCountry{"IT", 27}, IbanCountry{"JO", 30}, IbanCountry{"KW", 30}, IbanCountry{"KZ", 20}, IbanCountry{"LB", 28},
    IbanCountry{"LC", 32}, IbanCountry{"LI", 21}, IbanCountry{"LT", 20}, IbanCountry{"LU", 20}, IbanCountry{"LV", 21},
    IbanCountry{"LY", 25}, IbanCountry{"MC", 27}, IbanCountry{"MD", 24}, IbanCountry{"ME", 22}, IbanCountry{"MK", 19},
    IbanCountry{"MN", 20}, IbanCountry{"MR", 27}, IbanCountry{"MT", 31}, IbanCountry{"MU", 30}, IbanCountry{"NI", 28},
    IbanCountry{"NL", 18}, IbanCountry{"NO", 15}, IbanCountry{"OM", 23}, IbanCountry{"PK", 24}, IbanCountry{"PL", 28},
    IbanCountry{"PS", 29}, IbanCountry{"PT", 25}, IbanCountry{"QA", 29}, IbanCountry{"RO", 24}, IbanCountry{"RS", 22},
    IbanCountry{"RU", 33}, IbanCountry{"SA", 24}, IbanCountry{"SC", 31}, IbanCountry{"SD", 18}, IbanCountry{"SE", 24},
    IbanCountry{"SI", 19}, IbanCountry{"SK", 24}, IbanCountry{"SM", 27}, IbanCountry{"SO", 23}, IbanCountry{"ST", 25},
    IbanCountry{"SV", 28}, IbanCountry{"TL", 23}, IbanCountry{"TN", 24}, IbanCountry{"TR", 26}, IbanCountry{"UA", 29},
    IbanCountry{"VA", 22}, IbanCountry{"VG", 24}, IbanCountry{"XK", 20}, IbanCountry{"YE", 30},
};

/// What stands first goes last, then the whole by 97 leaves one (ISO 13616, ISO 7064 MOD 97-10).
bool turned_mod97(std::string_view text) {
  std::array<char, 40> turned{};
  const auto end = std::ranges::copy(text.substr(4), turned.begin()).out;
  std::ranges::copy(text.substr(0, 4), end);
  return mod97({turned.data(), text.size()}) == 1;
}

bool iban(std::string_view value) {
  const std::string_view country = value.substr(0, 2);
  if (std::ranges::all_of(country, is_letter) && iban_length(country) == 0) return false;
  const Significant s(value);
  if (s.size() < 15 || s.size() > 34 || !s.letters_at(0, 2) || !s.digits_at(2, 2)) return false;
  return iban_length(s.text().substr(0, 2)) == s.size() && s.number(2, 2) >= 2 &&
         std::ranges::count_if(s.text(), is_digit) >= 6 && turned_mod97(s.text());
}

bool sepa_creditor(std::string_view value) {
  const Significant s(value);
  if (s.size() < 9 || s.size() > 35 || !s.letters_at(0, 2) || !s.digits_at(2, 2)) return false;
  std::array<char, 40> turned{};  // the creditor's business code, places 5 to 7, does not count
  const auto end = std::ranges::copy(s.text().substr(7), turned.begin()).out;
  std::ranges::copy(s.text().substr(0, 4), end);
  return std::ranges::count_if(s.text().substr(7), is_digit) >= 4 && mod97({turned.data(), s.size() - 3}) == 1;
}

bool bic(std::string_view value) {
  const Significant s(value);
  if ((s.size() != 8 && s.size() != 11) || !s.letters_at(0, 6)) return false;
  constexpr std::string_view kCountries =
      "AD AE AF AG AL AM AO AR AT AU AZ BA BB BD BE BG BH BM BN BO BR BS BW BY BZ CA CH CI CL CM CN CO CR CU CV CY CZ "
      "DE "
      "DK DO DZ EC EE EG ES ET FI FJ FR GA GB GE GH GI GR GT GY HK HN HR HT HU ID IE IL IN IQ IR IS IT JM JO JP KE KG "
      "KH "
      "KR KW KY KZ LA LB LI LK LT LU LV LY MA MC MD ME MG MK ML MM MN MO MT MU MV MX MY MZ NA NG NI NL NO NP NZ OM PA "
      "PE "
      "PG PH PK PL PR PT PY QA RO RS RU RW SA SC SE SG SI SK SM SN SV SY TH TN TR TT TW TZ UA UG US UY UZ VE VN XK YE "
      "ZA "
      "ZM ZW";
  const auto at = kCountries.find(s.text().substr(4, 2));
  return at != std::string_view::npos && at % 3 == 0;
}

/// Letters from 10 written out, then Luhn from the right.
bool isin(std::string_view value) {
  const Significant s(value);
  if (s.size() != 12 || !s.letters_at(0, 2) || !is_digit(s.at(11)) || std::ranges::count_if(s.text(), is_digit) < 4) {
    return false;
  }
  std::array<char, 24> written{};
  std::size_t size = 0;
  for (const char c : s.text()) {
    const int place = is_digit(c) ? c - '0' : c - 'A' + 10;
    if (place > 9) written[size++] = static_cast<char>('0' + place / 10);
    written[size++] = static_cast<char>('0' + place % 10);
  }
  return luhn({written.data(), size});
}

bool cusip(std::string_view value) {
  const Significant s(value);
  if (s.size() != 9 || !is_digit(s.at(8)) || !is_digit(s.at(0))) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    int place = is_digit(s.at(i)) ? s.digit(i) : s.at(i) - 'A' + 10;
    if (i % 2 == 1) place *= 2;
    sum += place / 10 + place % 10;
  }
  return (10 - sum % 10) % 10 == s.digit(8) && !is_trivial(s.text());
}

bool sedol(std::string_view value) {
  const Significant s(value);
  if (s.size() != 7 || !is_digit(s.at(6))) return false;
  constexpr std::array kWeights = {1, 3, 1, 7, 3, 9, 1};
  int sum = 0;
  for (std::size_t i = 0; i < 7; ++i) {
    if (holds("AEIOU", s.at(i))) return false;
    sum += kWeights[i] * (is_digit(s.at(i)) ? s.digit(i) : s.at(i) - 'A' + 10);
  }
  return sum % 10 == 0 && !is_trivial(s.text());
}

bool lei(std::string_view value) {
  const Significant s(value);
  return s.size() == 20 && s.digits_at(18, 2) && std::ranges::count_if(s.text(), is_digit) >= 4 && mod97(s.text()) == 1;
}

bool figi(std::string_view value) {
  const Significant s(value);
  if (s.size() != 12 || s.at(2) != 'G' || !is_digit(s.at(11)) || !s.letters_at(0, 2)) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 11; ++i) {
    if (holds("AEIOU", s.at(i))) return false;
    int place = is_digit(s.at(i)) ? s.digit(i) : s.at(i) - 'A' + 10;
    if (i % 2 == 1) place *= 2;
    sum += place / 10 + place % 10;
  }
  return (10 - sum % 10) % 10 == s.digit(11);
}

bool fr_rib(std::string_view value) {
  const Significant s(value);
  if (s.size() != 23 || !s.digits_at(0, 10) || !s.digits_at(21, 2)) return false;
  long long rest = 0;
  for (std::size_t i = 0; i < 21; ++i) {
    const char c = s.at(i);  // letters: A and J 1, B K and S 2, and so on
    const int place = is_digit(c) ? c - '0' : c < 'S' ? (c - 'A') % 9 + 1 : (c - 'S') % 9 + 2;
    rest = (rest * 10 + place) % 97;
  }
  return 97 - rest * 100 % 97 == s.number(21, 2);
}

bool es_account(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(20) || is_trivial(s.text())) return false;
  const auto digit = [](int sum) { return 11 - sum % 11 == 11 ? 0 : 11 - sum % 11 == 10 ? 1 : 11 - sum % 11; };
  return digit(weighted(s, 0, {4, 8, 5, 10, 9, 7, 3, 6})) == s.digit(8) &&
         digit(weighted(s, 10, {1, 2, 4, 8, 5, 10, 9, 7, 3, 6})) == s.digit(9);
}

bool account_number(std::string_view value) {
  const Significant s(value);
  return s.size() >= 6 && s.size() <= 18 && s.digits_at(0, s.size()) && !is_trivial(s.text());
}

bool sort_code(std::string_view value) {
  const Significant s(value);
  return s.is_digits(6) && !is_trivial(s.text());
}

constexpr std::array kRules = {
    IdentifierRule{"credit-card", "; 4_4_4_4 4-4-4-4 4_4_4_4_3 4-4-4-4-3 4_4_5 6_13 4_4_4_1 4_4_4 4.4.4.4",
                   "Luhn, issuer's range and length (ISO/IEC 7812)", credit_card},
    IdentifierRule{"credit-card-major",
                   "4_4_4_4 4-4-4-4 4_6_5 4-6-5 4_6_4 4-6-4 ; 4.4.4.4 8_8",
                   "the same for the networks with the narrowest ranges",
                   credit_card_major,
                   {},
                   "23456"},
    IdentifierRule{"iban", "", "ISO 7064 MOD 97-10 and the country's length (ISO 13616)", iban, "AA99*"},
    IdentifierRule{"sepa-creditor", "; 4_3_11", "ISO 7064 MOD 97-10 without the business code", sepa_creditor, "AA99*"},
    IdentifierRule{"bic", "", "four letters, a country, a place (ISO 9362)", bic, "AAAAAA?? AAAAAA?????"},
    IdentifierRule{"isin", "", "Luhn with letters from 10 (ISO 6166)", isin, "AA?????????9"},
    IdentifierRule{"cusip", "; 6-2-1 6_2_1", "weights 1 and 2 by 10, letters from 10", cusip, "9???????9"},
    IdentifierRule{"sedol", "", "weights 1317391 by 10, no vowels", sedol, "??????9"},
    IdentifierRule{"lei", "; 4_4_4_4_4", "ISO 7064 MOD 97-10 (ISO 17442)", lei, "??????????????????99"},
    IdentifierRule{"figi", "", "weights 1 and 2 by 10, G in the third place", figi, "AAA????????9"},
    IdentifierRule{"fr-rib", "5_5_11_2", "the number by 97, letters as digits", fr_rib, "9999999999???????????99"},
    IdentifierRule{"es-account", "4-4-2-10 4_4_2_10", "two weighted sums by 11", es_account},
    IdentifierRule{"account-number", "; 3-3-4 4-4 4_4 3-6 4_4_4 2-4-7-2 2-4-7-3 3-3-6 4-4-4", "six to eighteen digits",
                   account_number},
    IdentifierRule{"sort-code", "; 2-2-2 2_2_2", "six digits", sort_code},
};

}  // namespace

std::size_t iban_length(std::string_view country) {
  // By the two letters, five bits each.
  constexpr auto place = [](std::string_view letters) {
    return (static_cast<std::size_t>(letters[0]) & 31U) * 32U + (static_cast<std::size_t>(letters[1]) & 31U);
  };
  static constexpr auto kLengths = [place] {
    std::array<std::uint8_t, 1024> lengths{};
    for (const IbanCountry& one : kIbanCountries) lengths[place(one.country)] = static_cast<std::uint8_t>(one.length);
    return lengths;
  }();
  if (country.size() != 2 || !is_letter(country[0]) || !is_letter(country[1])) return 0;
  return kLengths[place(country)];
}

std::span<const IdentifierRule> finance_rules() { return kRules; }

}  // namespace reeve::content
