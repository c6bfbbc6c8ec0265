// India, Pakistan, Sri Lanka, Singapore, Malaysia, Indonesia, Thailand, Vietnam, Philippines.

#include <array>

#include "content/check_digits.h"
#include "content/identifier_rules.h"

namespace reeve::content {

namespace {

int two(const Significant& s, std::size_t from) { return static_cast<int>(s.number(from, 2)); }

bool in_aadhaar(std::string_view value) {
  const Significant s(value);
  return s.is_digits(12) && s.at(0) >= '2' && !is_trivial(s.text()) && verhoeff(s.text());
}

bool in_aadhaar_virtual(std::string_view value) {
  const Significant s(value);
  return s.is_digits(16) && s.at(0) >= '2' && !is_trivial(s.text()) && verhoeff(s.text());
}

bool in_pan(std::string_view value) {
  const Significant s(value);
  return s.size() == 10 && s.letters_at(0, 5) && s.digits_at(5, 4) && is_letter(s.at(9)) && s.number(5, 4) > 0 &&
         holds("ABCFGHJLPTK", s.at(3));
}

bool in_gstin(std::string_view value) {
  const Significant s(value);
  if (s.size() != 15 || !s.digits_at(0, 2) || two(s, 0) == 0 || two(s, 0) > 38) return false;
  if (!in_pan(s.text().substr(2, 10)) || s.at(12) == '0') return false;
  int sum = 0;
  for (std::size_t i = 0; i < 14; ++i) {
    const int product = (is_digit(s.at(i)) ? s.digit(i) : s.at(i) - 'A' + 10) * (i % 2 == 0 ? 1 : 2);
    sum += product / 36 + product % 36;
  }
  const int check = (36 - sum % 36) % 36;
  return s.at(14) == static_cast<char>(check < 10 ? '0' + check : 'A' + check - 10);
}

bool in_voter_id(std::string_view value) {
  const Significant s(value);
  return s.size() == 10 && s.letters_at(0, 3) && s.digits_at(3, 7) && luhn(s.text().substr(3));
}

bool in_passport(std::string_view value) {
  const Significant s(value);
  return s.size() == 8 && is_letter(s.at(0)) && s.digits_at(1, 7) && s.at(1) != '0' && s.at(7) != '0';
}

bool in_ifsc(std::string_view value) {
  const Significant s(value);
  return s.size() == 11 && s.letters_at(0, 4) && s.at(4) == '0' && s.digits_at(6, 5);
}

bool in_driving_licence(std::string_view value) {
  const Significant s(value);
  return s.size() == 15 && s.letters_at(0, 2) && s.digits_at(2, 13) && s.number(4, 4) >= 1950 && s.number(4, 4) < 2100;
}

bool pk_cnic(std::string_view value) {
  const Significant s(value);
  return s.is_digits(13) && s.at(0) >= '1' && s.at(0) <= '8' && s.at(12) != '0';
}

/// Nine digits and a letter until 2015, twelve digits since: year and day of the year, 500 more for women.
bool lk_nic(std::string_view value) {
  const Significant s(value);
  const bool old_form = s.size() == 10 && s.digits_at(0, 9) && (s.at(9) == 'V' || s.at(9) == 'X');
  if (!old_form && !s.is_digits(12)) return false;
  if (!old_form && (s.number(0, 4) < 1900 || s.number(0, 4) > 2100)) return false;
  const auto day = s.number(old_form ? 2 : 4, 3);
  return (day >= 1 && day <= 366) || (day >= 501 && day <= 866);
}

bool sg_nric(std::string_view value) {
  const Significant s(value);
  if (s.size() != 9 || !holds("STFGM", s.at(0)) || !s.digits_at(1, 7) || is_digit(s.at(8))) return false;
  int sum = weighted(s, 1, {2, 7, 6, 5, 4, 3, 2});
  if (s.at(0) == 'T' || s.at(0) == 'G') sum += 4;
  if (s.at(0) == 'M') sum += 3;
  if (s.at(0) == 'M') return "XWUTRQPNJLK"[sum % 11] == s.at(8);
  return (s.at(0) == 'S' || s.at(0) == 'T' ? "JZIHGFEDCBA" : "XWUTRQPNMLK")[sum % 11] == s.at(8);
}

bool sg_uen(std::string_view value) {
  const Significant s(value);
  if (s.size() == 9 && s.digits_at(0, 8)) {
    return "XMKECAWLJDB"[weighted(s, 0, {10, 4, 9, 3, 8, 2, 7, 1}) % 11] == s.at(8);
  }
  if (s.size() != 10) return false;
  if (s.digits_at(0, 9)) return "ZKCMDNERGWH"[weighted(s, 0, {10, 8, 6, 4, 9, 7, 5, 3, 1}) % 11] == s.at(9);
  return holds("RST", s.at(0)) && s.digits_at(1, 2) && s.letters_at(3, 2) && s.digits_at(5, 4) && is_letter(s.at(9));
}

bool my_nric(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(12) || !is_short_date(two(s, 0), two(s, 2), two(s, 4))) return false;
  const int place = two(s, 6);
  return place != 0 && (place < 17 || place > 20) && place != 69 && place != 70 && place != 73 && place != 80 &&
         place != 81 && (place < 94 || place > 97);
}

bool id_nik(std::string_view value) {
  const Significant s(value);
  if (!s.is_digits(16) || two(s, 0) < 11 || two(s, 0) > 97 || s.number(12, 4) == 0) return false;
  const int day = two(s, 6);
  return is_short_date(two(s, 10), two(s, 8), day > 40 ? day - 40 : day);
}

bool id_npwp(std::string_view value) {
  const Significant s(value);
  return s.is_digits(15) && !is_trivial(s.text()) && (luhn(s.text().substr(0, 9)) || value.size() == 20);
}

bool th_national_id(std::string_view value) {
  const Significant s(value);
  return s.is_digits(13) && s.at(0) != '0' && s.at(0) != '9' && !is_trivial(s.text()) &&
         (11 - weighted(s, 0, {13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 10 == s.digit(12);
}

bool vn_identity(std::string_view value) {
  const Significant s(value);
  return s.is_digits(12) && s.at(0) == '0' && s.number(0, 3) <= 96 && s.at(3) <= '3' && s.number(0, 3) > 0;
}

bool ph_number(std::string_view value) {
  const Significant s(value);
  return (s.size() == 9 || s.size() == 10 || s.size() == 12) && s.digits_at(0, s.size()) && !is_trivial(s.text());
}

constexpr std::array kRules = {
    IdentifierRule{"in-aadhaar", "; 4_4_4 4-4-4", "Verhoeff, first digit from 2 (UIDAI)", in_aadhaar},
    IdentifierRule{"in-aadhaar-virtual", "; 4_4_4_4", "Verhoeff over sixteen digits", in_aadhaar_virtual},
    IdentifierRule{"in-pan", "5_4_1 ; 5-4-1", "five letters, the fourth the kind of holder, four digits, a letter",
                   in_pan, "AAAAA9999A"},
    IdentifierRule{"in-gstin", "2-10-3 2_10_3 2_5_4_4 2_5_4_1_1_1_1", "state, PAN, weights 1 and 2 by 36", in_gstin,
                   "99AAAAA9999A???"},
    IdentifierRule{"in-voter-id", "; 3_7", "three letters, seven digits by Luhn", in_voter_id, "AAA9999999"},
    IdentifierRule{"in-passport", "; 1_2_5 1_7", "a letter and seven digits", in_passport, "A9999999"},
    IdentifierRule{"in-ifsc", "", "four letters, 0, the branch", in_ifsc, "AAAA9?99999"},
    IdentifierRule{"in-driving-licence", "4_4_7 4-4-7 2-2-4-7 4_11 4-11", "state, office, year and number",
                   in_driving_licence, "AA9999999999999"},
    IdentifierRule{"pk-cnic", "5-7-1 ; 5_7_1", "thirteen digits, province in front", pk_cnic},
    IdentifierRule{"lk-nic", "", "year and day of birth", lk_nic, "999999999A 999999999999"},
    IdentifierRule{"sg-nric", "", "weights 2, 7 to 2 by 11 give the letter", sg_nric, "A9999999A"},
    IdentifierRule{"sg-uen", "", "weighted sum by 11 gives the letter", sg_uen, "99999999A 999999999A A99AA9999A"},
    IdentifierRule{"my-nric", "6-2-4 ; 6_2_4", "date and place of birth", my_nric},
    IdentifierRule{"id-nik", "; 4_4_4_4 6-6-4 6_6_4", "place and date of birth", id_nik},
    IdentifierRule{"id-npwp", "2.3.3.1-3.3", "Luhn over nine digits", id_npwp},
    IdentifierRule{"th-national-id", "1-4-5-2-1 1_4_5_2_1", "weights 13 to 2 by 11", th_national_id},
    IdentifierRule{"vn-identity", "; 3_3_3_3 4_4_4", "province, century and year", vn_identity},
    IdentifierRule{"ph-number", "; 2-7-1 3-3-3 3-3-3-3 4-7-1 2-9-1", "nine, ten or twelve digits", ph_number},
};

}  // namespace

std::span<const IdentifierRule> south_asian_rules() { return kRules; }

}  // namespace reeve::content
