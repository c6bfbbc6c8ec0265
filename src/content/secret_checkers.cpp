// The checkers of secrets by name: what a detector may ask under `check`.

#include <algorithm>

#include "content/secret_assignment.h"
#include "content/secret_checks.h"
#include "content/secret_value.h"

namespace reeve::content {

namespace {

template <bool (*Allowed)(char)>
bool check_alphabet(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, Allowed);
}

bool is_lower_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
bool is_upper_hex(char c) { return is_digit(c) || (c >= 'A' && c <= 'F'); }
bool is_lower_alnum(char c) { return is_digit(c) || is_lower(c); }
bool is_upper_alnum(char c) { return is_digit(c) || is_upper(c); }
bool is_base32(char c) { return is_upper(c) || (c >= '2' && c <= '7'); }
bool is_base64(char c) { return is_alnum(c) || c == '+' || c == '/' || c == '='; }
bool is_base64url(char c) { return is_alnum(c) || c == '-' || c == '_'; }
bool is_dotted_base64url(char c) { return is_base64url(c) || c == '.'; }

bool check_hex(std::string_view value) {
  return check_alphabet<is_lower_hex>(value) || check_alphabet<is_upper_hex>(value);
}

bool check_uuid(std::string_view value) {
  if (value.size() != 36) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? value[i] != '-' : !is_hex_digit(value[i])) return false;
  }
  return !is_made_up(value);
}

bool check_uuid_or_alphanumeric(std::string_view value) { return check_uuid(value) || check_alphabet<is_alnum>(value); }

/// Hexadecimal digits, with 0x before them or without.
bool check_hex_prefixed(std::string_view value) {
  if (value.starts_with("0x")) value.remove_prefix(2);
  return value.size() >= 32 && check_hex(value);
}

template <std::size_t Bytes>
bool check_key_bytes(std::string_view value) {
  const auto bytes = decode_base64_loosely(value, Bytes + 8);
  return bytes && bytes->size() == Bytes && !is_made_up(value);
}

/// Upper case, lower case and digits together, as generated tokens of base 62 and 64 have.
bool check_mixed(std::string_view value) {
  const ValueShape shape = shape_of(value);
  return shape.lower > 0 && shape.upper > 0 && (shape.digits > 0 || value.size() < 24);
}

bool check_has_digit(std::string_view value) { return shape_of(value).digits > 0; }
bool check_not_made_up(std::string_view value) { return !is_made_up(value); }
bool check_password(std::string_view value) { return !is_plainly_harmless(value) && !is_password_stand_in(value); }

}  // namespace

std::vector<NamedChecker> secret_checkers() {
  return {
      {"random", "reads like a generated token: no stand-in, no words, no rows or alphabets", is_random_token},
      {"not-made-up", "no stand-in such as xxxx, 123456, example, your-key", check_not_made_up},
      {"password", "neither a reference to a value elsewhere nor a stand-in for one", check_password},
      {"mixed", "upper case, lower case and digits together", check_mixed},
      {"has-digit", "at least one digit", check_has_digit},
      {"hex", "hexadecimal digits of one case", check_hex},
      {"digits", "decimal digits", check_alphabet<is_digit>},
      {"alphanumeric", "letters and digits", check_alphabet<is_alnum>},
      {"lower-alphanumeric", "small letters and digits", check_alphabet<is_lower_alnum>},
      {"upper-alphanumeric", "capital letters and digits", check_alphabet<is_upper_alnum>},
      {"base32", "A-Z and 2-7 (RFC 4648)", check_alphabet<is_base32>},
      {"base64", "the alphabet of base64 (RFC 4648, section 4)", check_alphabet<is_base64>},
      {"base64url", "the alphabet of base64url (RFC 4648, section 5)", check_alphabet<is_base64url>},
      {"dotted-base64url", "base64url in parts with dots between them", check_alphabet<is_dotted_base64url>},
      {"hex-prefixed", "hexadecimal digits, with 0x before them or without", check_hex_prefixed},
      {"uuid-or-alphanumeric", "a UUID, or letters and digits", check_uuid_or_alphanumeric},
      {"uuid", "the shape of a UUID (RFC 9562)", check_uuid},
      {"16-bytes", "base64 of 16 bytes", check_key_bytes<16>},
      {"32-bytes", "base64 of 32 bytes", check_key_bytes<32>},
      {"64-bytes", "base64 of 64 bytes, as storage account keys are", check_key_bytes<64>},
      {"github-crc32", "six base 62 digits of the CRC-32 of the characters after the prefix", check_github_crc32},
      {"npm-crc32", "six base 62 digits of the CRC-32, with the prefix or without", check_npm_crc32},
      {"grafana-crc32", "eight hexadecimal digits of the CRC-32 of what stands before", check_grafana_crc32},
      {"gitlab-routable", "seven base 36 digits of the CRC-32 of what stands before", check_gitlab_routable},
      {"nats-seed", "base32 that ends with the CRC-16 of its bytes", check_nats_seed},
      {"bech32", "the BCH code of BIP 173 and BIP 350", check_bech32},
      {"base58check", "four bytes of double SHA-256 at the end, in base 58", check_base58check},
      {"azure-identifiable", "the make of keys that Azure marks for scanners", check_azure_identifiable},
      {"jwt", "a header of JSON that names an algorithm (RFC 7515), then claims", check_jwt},
      {"json-base64", "base64 of a JSON object", check_json_base64},
      {"jwk-private", "a private member of a JSON Web Key (RFC 7517) with a real value", check_json_web_key},
      {"basic-credentials", "base64 of a user name, a colon and a password (RFC 7617)", check_basic_credentials},
      {"docker-auth", "base64 of a user name, a colon and a password", check_docker_auth},
      {"private-key-body", "a PEM block that holds one ASN.1 sequence, an OpenSSH key or an OpenPGP packet",
       check_private_key_body},
      {"openssh-body", "base64 that begins with OpenSSH's mark", check_openssh_body},
      {"crypt-hash", "a password hash whose last part is no stand-in", check_crypt_hash},
      {"url-password", "a URL whose password is neither a reference nor a stand-in", check_url_password},
  };
}

}  // namespace reeve::content
