// Telephones, SIM cards, vehicles.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

bool imei(std::string_view value) {
  const Significant s(value);
  return s.is_digits(15) && !is_trivial(s.text()) && s.number(0, 8) > 999'999 && luhn(s.text());
}

bool iccid(std::string_view value) {
  const Significant s(value);
  return (s.is_digits(19) || s.is_digits(20)) && s.text().starts_with("89") &&
         (luhn(s.text()) || (s.size() == 20 && luhn(s.text().substr(0, 19))));
}

bool imsi(std::string_view value) {
  const Significant s(value);
  return (s.is_digits(15) || s.is_digits(14)) && s.at(0) >= '2' && s.at(0) <= '7' && !is_trivial(s.text());
}

/// I, O and Q are never used; North American makers check the ninth place, others leave it.
bool vin(std::string_view value) {
  const Significant s(value);
  if (s.size() != 17 || !s.digits_at(13, 4)) return false;
  constexpr std::array kLetters = {1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9};
  constexpr std::array kWeights = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
  int sum = 0, letters = 0;
  for (std::size_t i = 0; i < 17; ++i) {
    const char c = s.at(i);
    if (c == 'I' || c == 'O' || c == 'Q') return false;
    letters += is_letter(c) ? 1 : 0;
    sum += kWeights[i] * (is_digit(c) ? c - '0' : kLetters[static_cast<std::size_t>(c - 'A')]);
  }
  return letters >= 3 && s.at(8) == (sum % 11 == 10 ? 'X' : static_cast<char>('0' + sum % 11));
}

/// The first three places of European makers that put anything in the ninth.
constexpr std::array<std::string_view, 44> kEuropeanMakers = {
    "WVW", "WV1", "WV2", "WVG", "WAU", "WUA", "WBA", "WBS", "WBY", "WBX", "WDB", "WDD", "WDC", "WDF", "W1K",
    "W1N", "W1V", "WP0", "WP1", "WF0", "W0L", "W0V", "WMW", "WME", "VF1", "VF3", "VF6", "VF7", "VR1", "VR3",
    "VSS", "VWV", "ZFA", "ZAR", "ZFF", "ZHW", "SAL", "SAJ", "SCC", "TMB", "TRU", "UU1", "YV1", "XTA"};

/// European makers leave the check digit out: only the shape, so words must stand near.
bool vin_shape(std::string_view value) {
  const Significant s(value);
  if (s.size() != 17 || s.at(0) < 'S' || !s.digits_at(13, 4)) return false;
  int letters = 0;
  for (const char c : s.text()) {
    if (c == 'I' || c == 'O' || c == 'Q') return false;
    letters += is_letter(c) ? 1 : 0;
  }
  const bool checked = is_digit(s.at(8)) || s.at(8) == 'X';  // and `vin` says that it is wrong
  if (checked && std::ranges::find(kEuropeanMakers, s.text().substr(0, 3)) == kEuropeanMakers.end()) return false;
  return letters >= 3;
}

constexpr std::array kRules = {
    IdentifierRule{"imei", "2-6-6-1 2_6_6_1 ; 6-2-6-1 8-6-1", "Luhn (3GPP TS 23.003)", imei},
    IdentifierRule{"iccid", "; 4_4_4_4_4 5_5_5_5 4_4_4_4_3", "89 and Luhn (ITU-T E.118)", iccid},
    IdentifierRule{"imsi", "; 3_2_10 3_3_9 3-2-10 3-3-9", "fourteen or fifteen digits, a country code in front", imsi},
    IdentifierRule{"vin", "", "weighted sum by 11 in the ninth place (ISO 3779, 49 CFR 565)", vin, "?????????????9999"},
    IdentifierRule{"vin-shape", "", "seventeen places without I, O and Q", vin_shape, "A????????????9999"},
};

}  // namespace

std::span<const IdentifierRule> device_rules() { return kRules; }

}  // namespace reeve::content
