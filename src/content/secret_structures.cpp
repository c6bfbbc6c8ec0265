// What encoded secrets hold inside: tokens of JSON, keys of ASN.1, user names with passwords.

#include <algorithm>
#include <array>
#include <cstdint>

#include "content/secret_assignment.h"
#include "content/secret_checks.h"
#include "content/secret_value.h"

namespace reeve::content {

namespace {

int base64_value(char c) {
  if (is_upper(c)) return c - 'A';
  if (is_lower(c)) return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

bool is_printable_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= 0x20 && c != 0x7F) || static_cast<signed char>(c) < 0; });
}

/// One ASN.1 SEQUENCE that says it is as long as the bytes are, or longer when the text was cut.
bool is_asn1_sequence(std::string_view bytes) {
  if (bytes.size() < 16 || bytes[0] != 0x30) return false;
  const auto first = static_cast<unsigned char>(bytes[1]);
  if (first < 0x80) return first + 2U <= bytes.size() + 2;
  const unsigned count = first & 0x7FU;
  if (count == 0 || count > 3) return false;
  std::size_t length = 0;
  for (unsigned i = 0; i < count; ++i) length = (length << 8U) | static_cast<unsigned char>(bytes[2 + i]);
  return length >= 16 && length < 20000 && length + 2 + count + 64 >= bytes.size();
}

/// The text between the first and the last line of a PEM block.
std::string_view pem_body(std::string_view block) {
  constexpr std::string_view kDashes = "-----";
  if (!block.starts_with(kDashes)) return block;
  const std::size_t end_of_head = block.find(kDashes, kDashes.size());
  if (end_of_head == std::string_view::npos) return {};
  block.remove_prefix(end_of_head + kDashes.size());
  return block.substr(0, block.find(kDashes));
}

}  // namespace

std::optional<std::string> decode_base64_loosely(std::string_view text, std::size_t bytes_max) {
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (std::size_t i = 0; i < text.size() && bytes.size() < bytes_max; ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size() && (text[i + 1] == 'n' || text[i + 1] == 'r')) {
      ++i;
      continue;
    }
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\\' || c == '"' || c == '\'' || c == ',') continue;
    if (c == '=') break;
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>((bits >> held) & 0xFFU);
  }
  return bytes;
}

bool check_jwt(std::string_view token) {
  const std::size_t dot = token.find('.');
  if (dot == std::string_view::npos || dot < 12) return false;
  const auto head = decode_base64_loosely(token.substr(0, dot), 4096);
  if (!head || !head->starts_with('{') || !head->ends_with('}') || !is_printable_text(*head)) return false;
  if (head->find("\"alg\"") == std::string::npos) return false;
  if (head->find("\"enc\"") != std::string::npos) return true;  // encrypted: nothing readable follows
  const std::string_view rest = token.substr(dot + 1);
  const auto claims = decode_base64_loosely(rest.substr(0, rest.find('.')), 16);
  return claims && claims->starts_with('{');
}

bool check_json_base64(std::string_view text) {
  const auto bytes = decode_base64_loosely(text, 24);
  return bytes && bytes->size() >= 6 && bytes->starts_with("{\"");
}

bool check_json_web_key(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::size_t open = text.find('"', colon);
  if (open == std::string_view::npos) return false;
  const std::string_view value = text.substr(open + 1, text.find('"', open + 1) - open - 1);
  return is_random_token(value);
}

bool check_basic_credentials(std::string_view text) {
  const auto bytes = decode_base64_loosely(text, 512);
  if (!bytes || !is_printable_text(*bytes)) return false;
  const std::size_t colon = bytes->find(':');
  if (colon == std::string::npos || bytes->size() - colon < 4) return false;
  return !is_password_stand_in(std::string_view(*bytes).substr(colon + 1));
}

bool check_docker_auth(std::string_view text) { return check_basic_credentials(text); }

bool check_private_key_body(std::string_view block) {
  std::string_view body = pem_body(block);
  // An encrypted key of the old form has header lines, which end with an empty line.
  if (body.find("Proc-Type:") != std::string_view::npos || body.find("Version:") != std::string_view::npos ||
      body.find("Comment:") != std::string_view::npos) {
    return body.size() > 80;
  }
  const auto bytes = decode_base64_loosely(body, 16384);
  if (!bytes || bytes->size() < 24) return false;
  if (bytes->starts_with("openssh-key-v1")) return true;
  if (is_asn1_sequence(*bytes)) return true;
  // OpenPGP: a packet header has its top bit set.
  return (static_cast<unsigned char>((*bytes)[0]) & 0x80U) != 0 && block.find("PGP") != std::string_view::npos;
}

bool check_openssh_body(std::string_view base64) {
  const auto bytes = decode_base64_loosely(base64, 64);
  return bytes && bytes->starts_with("openssh-key-v1");
}

bool check_crypt_hash(std::string_view hash) {
  const std::size_t dollar = hash.rfind('$');
  return dollar != std::string_view::npos && !is_made_up(hash.substr(dollar + 1));
}

bool check_url_password(std::string_view text) {
  const std::size_t slashes = text.find("://");
  if (slashes == std::string_view::npos) return false;
  const std::string_view rest = text.substr(slashes + 3);
  const std::size_t at = rest.rfind('@');
  const std::size_t colon = rest.find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) return false;
  const std::string_view password = rest.substr(colon + 1, at - colon - 1);
  return password.size() >= 3 && !is_reference(password) && !is_password_stand_in(password);
}

}  // namespace reeve::content
