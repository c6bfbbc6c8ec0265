// Brazil, Mexico, Argentina, Chile, Colombia, Peru, Ecuador, Uruguay, Venezuela, Paraguay, Dominican Republic.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

int two(const Significant& s, std::size_t from) { return static_cast<int>(s.number(from, 2)); }

int eleven_less(int sum) { return sum % 11 < 2 ? 0 : 11 - sum % 11; }

bool br_cpf(std::string_view value) {
  const Significant s(value);
  return s.is_digits(11) && !is_trivial(s.text().substr(0, 9)) &&
         eleven_less(weighted(s, 0, {10, 9, 8, 7, 6, 5, 4, 3, 2})) == s.digit(9) &&
         eleven_less(weighted(s, 0, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2})) == s.digit(10);
}

/// Letters are allowed in the first twelve places since July 2026; they count by their ASCII code less 48.
bool br_cnpj(std::string_view value) {
  const Significant s(value);
  if (s.size() != 14 || !s.digits_at(12, 2) || is_trivial(s.text().substr(0, 12))) return false;
  return eleven_less(weighted(s, 0, {5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2})) == s.digit(12) &&
         eleven_less(weighted(s, 0, {6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2})) == s.digit(13);
}

bool br_pis(std::string_view value) {
  const Significant s(value);
  return s.is_digits(11) && !is_trivial(s.text().substr(0, 10)) &&
         eleven_less(weighted(s, 0, {3, 2, 9, 8, 7, 6, 5, 4, 3, 2})) == s.digit(10);
}

bool br_voter(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(12) || two(s, 8) < 1 || two(s, 8) > 28) return false;
  const bool low = two(s, 8) <= 2;  // Sao Paulo and Minas Gerais write 1 for 0
  const auto digit = [low](int sum) { return sum % 11 == 10 ? 0 : (sum % 11 == 0 && low ? 1 : sum % 11); };
  return digit(weighted(s, 0, {2, 3, 4, 5, 6, 7, 8, 9})) == s.digit(10) &&
         digit(weighted(s, 8, {7, 8, 9})) == s.digit(11);
}

bool br_driver(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11) || is_trivial(s.text())) return false;
  int first = weighted(s, 0, {9, 8, 7, 6, 5, 4, 3, 2, 1}) % 11;
  int second = weighted(s, 0, {1, 2, 3, 4, 5, 6, 7, 8, 9}) % 11;
  if (first >= 10) {
    first = 0;
    second = (second + 11 - 2) % 11;
  }
  return first == s.digit(9) && (second >= 10 ? 0 : second) == s.digit(10);
}

bool br_rg(std::string_view value) {
  const Significant s(value);
  if (s.size() != 9 || !s.digits_at(0, 8)) return false;
  const int rest = weighted(s, 0, {2, 3, 4, 5, 6, 7, 8, 9}) % 11;
  const int check = (11 - rest) % 11;
  return s.at(8) == (check == 10 ? 'X' : static_cast<char>('0' + check));
}

bool mx_curp(std::string_view value) {
  const Significant s(value);
  if (s.size() != 18 || !s.letters_at(0, 4) || !s.digits_at(4, 6) || !s.letters_at(10, 6) || !is_digit(s.at(17)))
    return false;
  if (s.at(10) != 'H' && s.at(10) != 'M' && s.at(10) != 'X') return false;
  if (!is_short_date(two(s, 4), two(s, 6), two(s, 8))) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 17; ++i) {
    // The alphabet has an N with tilde after N, so that letters from O on count one more.
    const char c = s.at(i);
    const int place = is_digit(c) ? c - '0' : c - 'A' + 10 + (c > 'N' ? 1 : 0);
    sum += place * static_cast<int>(18 - i);
  }
  return (10 - sum % 10) % 10 == s.digit(17);
}

bool mx_rfc(std::string_view value) {
  const Significant s(value);
  const std::size_t letters = s.size() == 13 ? 4 : 3;
  if ((s.size() != 12 && s.size() != 13) || !s.letters_at(0, letters) || !s.digits_at(letters, 6)) return false;
  if (!is_short_date(two(s, letters), two(s, letters + 2), two(s, letters + 4))) return false;
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ ";
  int sum = s.size() == 12 ? 37 * 13 : 0;  // companies: a blank in front
  for (std::size_t i = 0; i + 1 < s.size(); ++i) {
    sum += static_cast<int>(kAlphabet.find(s.at(i)) * (s.size() - i));
  }
  const int check = 11 - sum % 11;
  const char digit = check == 11 ? '0' : check == 10 ? 'A' : static_cast<char>('0' + check);
  return s.at(s.size() - 1) == digit;
}

bool mx_clabe(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(18) || is_trivial(s.text())) return false;
  constexpr std::array kWeights = {3, 7, 1};
  int sum = 0;
  for (std::size_t i = 0; i < 17; ++i) sum += s.digit(i) * kWeights[i % 3] % 10;
  return (10 - sum % 10) % 10 == s.digit(17);
}

bool mx_social_security(std::string_view value) {
  const Significant s(value);
  return s.is_digits(11) && !is_trivial(s.text()) && luhn(s.text());
}

bool ar_cuit(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11)) return false;
  constexpr std::array kKinds = {20, 23, 24, 25, 26, 27, 30, 33, 34, 50, 51, 55};
  if (std::ranges::find(kKinds, two(s, 0)) == kKinds.end()) return false;
  const int check = (11 - weighted(s, 0, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11) % 11;
  return (check == 10 ? 9 : check) == s.digit(10);
}

bool ar_cbu(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(22)) return false;
  return (10 - weighted(s, 0, {7, 1, 3, 9, 7, 1, 3}) % 10) % 10 == s.digit(7) &&
         (10 - weighted(s, 8, {3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3}) % 10) % 10 == s.digit(21);
}

bool ar_dni(std::string_view value) {
  const Significant s(value);
  return (s.is_digits(8) || s.is_digits(7)) && !is_trivial(s.text()) && s.at(0) != '0';
}

bool cl_rut(std::string_view value) {
  const Significant s(value);
  if ((s.size() != 8 && s.size() != 9) || !s.digits_at(0, s.size() - 1)) return false;
  if (is_trivial(s.text().substr(0, s.size() - 1))) return false;
  int sum = 0, weight = 2;
  for (std::size_t i = s.size() - 1; i-- > 0; weight = weight == 7 ? 2 : weight + 1) sum += s.digit(i) * weight;
  return "0K987654321"[sum % 11] == s.at(s.size() - 1);
}

bool co_nit(std::string_view value) {
  const Significant s(value);
  if (s.size() < 9 || s.size() > 11 || !s.digits_at(0, s.size()) || is_trivial(s.text())) return false;
  constexpr std::array kWeights = {3, 7, 13, 17, 19, 23, 29, 37, 41, 43};
  int sum = 0;
  for (std::size_t i = s.size() - 1, place = 0; i-- > 0; ++place) sum += s.digit(i) * kWeights[place];
  return (sum % 11 < 2 ? sum % 11 : 11 - sum % 11) == s.digit(s.size() - 1);
}

bool pe_ruc(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(11) ||
      (two(s, 0) != 10 && two(s, 0) != 15 && two(s, 0) != 16 && two(s, 0) != 17 && two(s, 0) != 20)) {
    return false;
  }
  return (11 - weighted(s, 0, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11) % 10 == s.digit(10);
}

bool ec_cedula(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) || two(s, 0) == 0 || (two(s, 0) > 24 && two(s, 0) != 30) || s.at(2) > '5') return false;
  return luhn(s.text());
}

bool uy_cedula(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(8) || is_trivial(s.text())) return false;
  return (10 - weighted(s, 0, {2, 9, 8, 7, 6, 3, 4}) % 10) % 10 == s.digit(7);
}

bool ve_rif(std::string_view value) {
  const Significant s(value);
  if (s.size() != 10 || !s.digits_at(1, 9)) return false;
  constexpr std::string_view kKinds = "VEJPG";
  constexpr std::array kStarts = {4, 8, 12, 16, 20};
  const auto kind = kKinds.find(s.at(0));
  if (kind == std::string_view::npos) return false;
  return "00987654321"[(kStarts[kind] + weighted(s, 1, {3, 2, 7, 6, 5, 4, 3, 2})) % 11] == s.at(9);
}

bool py_ruc(std::string_view value) {
  const Significant s(value);
  if (s.size() < 6 || s.size() > 9 || !s.digits_at(0, s.size()) || is_trivial(s.text())) return false;
  int sum = 0, weight = 2;
  for (std::size_t i = s.size() - 1; i-- > 0; ++weight) sum += s.digit(i) * weight;
  return (11 - sum % 11) % 11 % 10 == s.digit(s.size() - 1);
}

bool do_cedula(std::string_view value) {
  const Significant s(value);
  return s.is_digits(11) && !is_trivial(s.text()) && luhn(s.text());
}

constexpr std::array kRules = {
    IdentifierRule{"br-cpf", "3.3.3-2 3.3.3.2 9-2 ; 3-3-3-2 3_3_3_2", "two weighted sums by 11", br_cpf},
    IdentifierRule{"br-cnpj", "2.3.3/4-2 8/4-2 ; 2_3_3_4_2", "two weighted sums by 11", br_cnpj, "????????????99"},
    IdentifierRule{"br-pis", "3.5.2-1 3.4.3-1 1.3.3.3-1", "weighted sum by 11", br_pis},
    IdentifierRule{"br-voter", "; 4_4_4 4_4_2_2", "two weighted sums by 11 and the state", br_voter},
    IdentifierRule{"br-driver", "", "two weighted sums by 11", br_driver},
    IdentifierRule{"br-rg", "; 2.3.3-1 8-1", "weights 2 to 9 by 11", br_rg, "99999999?"},
    IdentifierRule{"mx-curp", "4_6_6_2 4-6-6-2", "date of birth, weights 18 to 2 by 10", mx_curp, "AAAA999999AAAAAA?9"},
    IdentifierRule{"mx-rfc", "4-6-3 3-6-3 4_6_3 3_6_3", "date, weights 13 to 2 by 11", mx_rfc,
                   "AAAA999999??? AAA999999???"},
    IdentifierRule{"mx-clabe", "; 3_3_11_1 3-3-11-1 6_11_1 4_4_4_4_2", "weights 3, 7, 1 by 10", mx_clabe},
    IdentifierRule{"mx-social-security", "; 2-2-2-4-1 2_2_2_4_1", "Luhn", mx_social_security},
    IdentifierRule{"ar-cuit", "2-8-1 ; 2_8_1 2.8.1 2.8-1", "kind and weighted sum by 11", ar_cuit},
    IdentifierRule{"ar-cbu", "8_14 8-14", "two weighted sums by 10", ar_cbu},
    IdentifierRule{"ar-dni", "; 2.3.3 1.3.3", "seven or eight digits", ar_dni},
    IdentifierRule{"cl-rut", "2.3.3-1 1.3.3-1 ; 8-1 7-1 2_3_3-1", "weights 2 to 7 by 11, K for ten", cl_rut,
                   "9999999? 99999999?"},
    IdentifierRule{"co-nit", "3.3.3-1 ; 9-1 8-1", "prime weights by 11", co_nit},
    IdentifierRule{"pe-ruc", "; 2-8-1", "kind and weighted sum by 11", pe_ruc},
    IdentifierRule{"ec-cedula", "; 9-1", "province and Luhn", ec_cedula},
    IdentifierRule{"uy-cedula", "1.3.3-1 ; 7-1", "weighted sum by 10", uy_cedula},
    IdentifierRule{"ve-rif", "1-8-1 1-9", "kind and weighted sum by 11", ve_rif, "A999999999"},
    IdentifierRule{"py-ruc", "; 7-1 8-1 6-1 5-1", "weights from 2 by 11", py_ruc},
    IdentifierRule{"do-cedula", "3-7-1 ; 3_7_1", "Luhn", do_cedula},
};

}  // namespace

std::span<const IdentifierRule> latin_american_rules() { return kRules; }

}  // namespace reeve::content
