// United Kingdom, Ireland, Australia, New Zealand.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

/// Weights 10 down to 2, the check digit brings the sum to a multiple of 11.
bool mod11_of_ten(const Significant& s) { return weighted(s, 0, {10, 9, 8, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0; }

bool uk_nhs(std::string_view value) {
  const Significant s(value);
  return s.is_digits(10) && !is_trivial(s.text()) && s.at(0) != '0' && mod11_of_ten(s);
}

bool uk_chi(std::string_view value) {
  const Significant s(value);
  return s.is_digits(10) && mod11_of_ten(s) &&
         is_short_date(static_cast<int>(s.number(4, 2)), static_cast<int>(s.number(2, 2)),
                       static_cast<int>(s.number(0, 2)));
}

bool uk_nino(std::string_view value) {
  const Significant s(value);
  if (s.size() != 9 || !s.letters_at(0, 2) || !s.digits_at(2, 6) || s.at(8) < 'A' || s.at(8) > 'D') return false;
  if (holds("DFIQUV", s.at(0)) || holds("DFIOQUV", s.at(1))) return false;
  constexpr std::array<std::string_view, 7> kNever = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"};
  return std::ranges::find(kNever, s.text().substr(0, 2)) == kNever.end();
}

bool uk_utr(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(10) || is_trivial(s.text())) return false;
  const int rest = weighted(s, 1, {6, 7, 8, 9, 10, 5, 4, 3, 2}) % 11;
  return std::string_view("21987654321")[static_cast<std::size_t>(rest)] == s.at(0);
}

bool uk_vat(std::string_view value) {
  const Significant s(value);
  const std::size_t from = s.text().starts_with("GB") || s.text().starts_with("XI") ? 2 : 0;
  const std::size_t digits = s.size() - from;
  if (from == 0 || (digits != 9 && digits != 12) || !s.digits_at(from, digits)) return false;
  const int sum = weighted(s, from, {8, 7, 6, 5, 4, 3, 2, 10, 1}) % 97;
  return s.number(from, 7) > 0 && (sum == 0 || sum == 42);
}

bool uk_driving_licence(std::string_view value) {
  const Significant s(value);
  if (s.size() != 16 && s.size() != 18) return false;
  for (std::size_t i = 0; i < 5; ++i) {
    if (!is_letter(s.at(i)) && s.at(i) != '9') return false;
  }
  if (!is_letter(s.at(0)) || !s.digits_at(5, 6)) return false;
  const auto month = static_cast<int>(s.number(6, 2));
  return is_short_date(s.digit(5) * 10 + s.digit(10), month > 50 ? month - 50 : month,
                       static_cast<int>(s.number(8, 2))) &&
         is_letter(s.at(11)) && (is_letter(s.at(12)) || s.at(12) == '9') && s.letters_at(14, 2);
}

bool uk_passport(std::string_view value) {
  const Significant s(value);
  return s.is_digits(9) && !is_trivial(s.text());
}

bool uk_company(std::string_view value) {
  const Significant s(value);
  if (s.size() != 8) return false;
  constexpr std::array<std::string_view, 8> kRegisters = {"SC", "NI", "OC", "SO", "FC", "LP", "SL", "R0"};
  return s.digits_at(0, 8) ||
         (s.digits_at(2, 6) && std::ranges::find(kRegisters, s.text().substr(0, 2)) != kRegisters.end());
}

bool ie_pps(std::string_view value) {
  const Significant s(value);
  if ((s.size() != 8 && s.size() != 9) || !s.digits_at(0, 7) || !s.letters_at(7, s.size() - 7)) return false;
  int sum = weighted(s, 0, {8, 7, 6, 5, 4, 3, 2});
  if (s.size() == 9 && s.at(8) != 'W') {
    if (s.at(8) > 'I') return false;
    sum += 9 * (s.at(8) - 'A' + 1);
  }
  return std::string_view("WABCDEFGHIJKLMNOPQRSTUV")[static_cast<std::size_t>(sum % 23)] == s.at(7);
}

bool au_tfn(std::string_view value) {
  const Significant s(value);
  if (s.is_digits(9)) {
    return !is_trivial(s.text()) && weighted(s, 0, {1, 4, 3, 7, 5, 8, 6, 9, 10}) % 11 == 0;
  }
  return s.is_digits(8) && !is_trivial(s.text()) && weighted(s, 0, {10, 7, 8, 4, 6, 3, 5, 1}) % 11 == 0;
}

bool au_abn(std::string_view value) {
  const Significant s(value);
  return s.is_digits(11) && s.at(0) != '0' && (weighted(s, 0, {10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19}) - 10) % 89 == 0;
}

bool au_acn(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(9) || is_trivial(s.text())) return false;
  return (10 - weighted(s, 0, {8, 7, 6, 5, 4, 3, 2, 1}) % 10) % 10 == s.digit(8);
}

bool au_medicare(std::string_view value) {
  const Significant s(value);
  if ((s.size() != 10 && s.size() != 11) || !s.digits_at(0, s.size())) return false;
  return s.at(0) >= '2' && s.at(0) <= '6' && weighted(s, 0, {1, 3, 7, 9, 1, 3, 7, 9}) % 10 == s.digit(8);
}

bool nz_ird(std::string_view value) {
  const Significant s(value);
  if ((s.size() != 8 && s.size() != 9) || !s.digits_at(0, s.size())) return false;
  const auto number = s.number(0, s.size());
  if (number < 10'000'000 || number > 150'000'000) return false;
  const auto check = [&](std::initializer_list<int> weights) {
    int sum = 0;
    long long rest = number / 10;
    for (auto weight = weights.end(); weight != weights.begin(); rest /= 10) {
      sum += *--weight * static_cast<int>(rest % 10);
    }
    return (11 - sum % 11) % 11;
  };
  int digit = check({3, 2, 7, 6, 5, 4, 3, 2});
  if (digit == 10) digit = check({7, 4, 3, 2, 5, 2, 7, 6});
  return digit == number % 10;
}

bool nz_nhi(std::string_view value) {
  const Significant s(value);
  if (s.size() != 7 || !s.letters_at(0, 3) || !s.digits_at(3, 2)) return false;
  constexpr std::string_view kLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ";
  int sum = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    const auto letter = kLetters.find(s.at(i));
    const int place = is_digit(s.at(i)) ? s.digit(i) : static_cast<int>(letter) + 1;
    if (!is_digit(s.at(i)) && letter == std::string_view::npos) return false;
    sum += place * static_cast<int>(7 - i);
  }
  if (is_letter(s.at(5))) {  // the format since 2022: AAANNAX
    const auto last = kLetters.find(s.at(6));
    return last != std::string_view::npos && (23 - sum % 23) == static_cast<int>(last) + 1;
  }
  return s.digits_at(5, 2) && sum % 11 != 0 && (11 - sum % 11) % 10 == s.digit(6);
}

constexpr std::array kRules = {
    IdentifierRule{"uk-nhs", "; 3_3_4 3-3-4", "weights 10 to 2 by 11 (NHS data dictionary)", uk_nhs},
    IdentifierRule{"uk-chi", "; 6_4 3_3_4", "date of birth, weights 10 to 2 by 11", uk_chi},
    IdentifierRule{"uk-nino", "2_2_2_2_1 2-2-2-2-1 2_6_1 ; 2_7", "prefixes in use, six digits, suffix A to D", uk_nino,
                   "AA999999A"},
    IdentifierRule{"uk-utr", "; 5_5", "first digit checks the nine others by 11", uk_utr},
    IdentifierRule{"uk-vat", "2_3_4_2 5_4_2 2_9 2-9 2_3_4_2_3", "weights 8 to 2 by 97, with or without 55", uk_vat,
                   "AA999999999 AA999999999999"},
    IdentifierRule{"uk-driving-licence", "5_6_5 5-6-5 5_6_5_2", "surname, date of birth, initials in fixed places",
                   uk_driving_licence, "A????999999A??AA A????999999A??AA??"},
    IdentifierRule{"uk-passport", "", "nine digits", uk_passport},
    IdentifierRule{"uk-company", "", "eight digits, or a register and six", uk_company, "99999999 AA999999 A9999999"},
    IdentifierRule{"ie-pps", "; 7_1 7_2", "weights 8 to 2 by 23 give the letter", ie_pps, "9999999A 9999999AA"},
    IdentifierRule{"au-tfn", "; 3_3_3 3-3-3 3_3_2", "weighted sum by 11", au_tfn},
    IdentifierRule{"au-abn", "2_3_3_3 ; 2-3-3-3", "weighted sum, one less in front, by 89", au_abn},
    IdentifierRule{"au-acn", "; 3_3_3", "weights 8 to 1 by 10", au_acn},
    IdentifierRule{"au-medicare", "4_5_1 4-5-1 ; 4_5_1_1 4_5_1/1", "weights 1, 3, 7, 9 by 10", au_medicare},
    IdentifierRule{"nz-ird", "; 3-3-3 2-3-3 3_3_3", "weighted sum by 11, second weights for ten", nz_ird},
    IdentifierRule{"nz-nhi", "; 3_4", "letters by their place among 24, by 11 or 23", nz_nhi, "AAA99??"},
};

}  // namespace

std::span<const IdentifierRule> british_rules() { return kRules; }

}  // namespace reeve::content
