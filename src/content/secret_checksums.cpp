// Check sums that tokens carry in themselves.

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "content/secret_checks.h"
#include "content/secret_value.h"
#include "core/crypto.h"

namespace reeve::content {

namespace {

std::uint32_t crc32_of(std::string_view text) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

/// CRC-16 as XMODEM has it: polynomial 0x1021, starts at zero.
std::uint16_t crc16_xmodem(std::string_view bytes) {
  std::uint32_t crc = 0;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 8U;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000U) != 0 ? (crc << 1U) ^ 0x1021U : crc << 1U;
  }
  return static_cast<std::uint16_t>(crc);
}

/// RFC 4648 base32 without padding; what does not fill a byte is left out.
std::optional<std::string> from_base32(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    if (!is_upper(c) && !(c >= '2' && c <= '7')) return std::nullopt;
    bits = (bits << 5U) | static_cast<std::uint32_t>(is_upper(c) ? c - 'A' : c - '2' + 26);
    held += 5;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>((bits >> held) & 0xFFU);
  }
  return bytes;
}

constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

std::optional<std::string> from_base58(std::string_view text) {
  if (text.size() > 120) return std::nullopt;
  std::vector<std::uint8_t> digits;  // base 256, least first
  for (const char c : text) {
    const std::size_t value = kBase58.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    auto carry = static_cast<std::uint32_t>(value);
    for (std::uint8_t& digit : digits) {
      carry += digit * 58U;
      digit = static_cast<std::uint8_t>(carry & 0xFFU);
      carry >>= 8U;
    }
    for (; carry > 0; carry >>= 8U) digits.push_back(static_cast<std::uint8_t>(carry & 0xFFU));
  }
  std::string bytes(std::min(text.find_first_not_of('1'), text.size()), '\0');
  bytes.append(digits.rbegin(), digits.rend());
  return bytes;
}

std::uint32_t bech32_step(std::uint32_t checksum, std::uint32_t value) {
  constexpr std::array<std::uint32_t, 5> kGenerators = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  const std::uint32_t top = checksum >> 25U;
  checksum = ((checksum & 0x1ffffffU) << 5U) ^ value;
  for (unsigned i = 0; i < 5; ++i) checksum ^= ((top >> i) & 1U) != 0 ? kGenerators[i] : 0U;
  return checksum;
}

std::string base36_of(std::uint32_t number, std::size_t width) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string text;
  for (; number > 0; number /= 36) text.insert(text.begin(), kDigits[number % 36]);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

}  // namespace

std::string base62_of(std::uint32_t number, std::size_t width) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string text;
  for (; number > 0; number /= 62) text.insert(text.begin(), kDigits[number % 62]);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

bool check_github_crc32(std::string_view token) {
  const std::size_t underscore = token.find('_');
  if (underscore == std::string_view::npos || token.size() < underscore + 14) return false;
  const std::string_view random = token.substr(underscore + 1, token.size() - underscore - 7);
  return base62_of(crc32_of(random), 6) == token.substr(token.size() - 6);
}

bool check_npm_crc32(std::string_view token) {
  if (check_github_crc32(token)) return true;
  if (token.size() < 20) return false;
  return base62_of(crc32_of(token.substr(0, token.size() - 6)), 6) == token.substr(token.size() - 6);
}

bool check_grafana_crc32(std::string_view token) {
  const std::size_t last = token.rfind('_');
  const std::size_t first = token.find('_');
  if (last == std::string_view::npos || last == first || token.size() - last != 9) return false;
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto hex_of = [&](std::uint32_t number) {
    std::string text(8, '0');
    for (std::size_t i = 8; i-- > 0; number >>= 4U) text[i] = kHex[number & 0xFU];
    return text;
  };
  const std::string_view stated = token.substr(last + 1);
  return hex_of(crc32_of(token.substr(0, last))) == stated ||
         hex_of(crc32_of(token.substr(first + 1, last - first - 1))) == stated;
}

bool check_gitlab_routable(std::string_view token) {
  const std::size_t dot = token.rfind('.');
  if (dot == std::string_view::npos || token.size() - dot != 10) return false;
  return base36_of(crc32_of(token.substr(0, token.size() - 7)), 7) == token.substr(token.size() - 7);
}

bool check_nats_seed(std::string_view seed) {
  const auto bytes = from_base32(seed);
  if (!bytes || bytes->size() < 36) return false;
  const auto low = static_cast<unsigned char>((*bytes)[bytes->size() - 2]);
  const auto high = static_cast<unsigned char>((*bytes)[bytes->size() - 1]);
  return crc16_xmodem(std::string_view(*bytes).substr(0, bytes->size() - 2)) == (low | (high << 8U));
}

bool check_bech32(std::string_view text) {
  constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
  const std::size_t one = text.rfind('1');
  if (one == std::string_view::npos || one == 0 || text.size() - one < 7) return false;
  std::uint32_t checksum = 1;
  const std::string_view name = text.substr(0, one);
  for (const char c : name) checksum = bech32_step(checksum, static_cast<unsigned char>(lower_of(c)) >> 5U);
  checksum = bech32_step(checksum, 0);
  for (const char c : name) checksum = bech32_step(checksum, static_cast<unsigned char>(lower_of(c)) & 31U);
  for (const char c : text.substr(one + 1)) {
    const std::size_t value = kAlphabet.find(lower_of(c));
    if (value == std::string_view::npos) return false;
    checksum = bech32_step(checksum, static_cast<std::uint32_t>(value));
  }
  return checksum == 1 || checksum == 0x2bc830a3U;  // BIP 173, BIP 350
}

bool check_base58check(std::string_view text) {
  const auto bytes = from_base58(text);
  if (!bytes || bytes->size() < 5) return false;
  const std::string_view body = std::string_view(*bytes).substr(0, bytes->size() - 4);
  const Sha256 twice = sha256(as_bytes(sha256(body)));
  return as_bytes(twice).substr(0, 4) == std::string_view(*bytes).substr(body.size());
}

/// Keys that Azure marks: four letters of the service stand at a fixed place near the end of 52 or 84 characters, and
/// the rest is base64. Their last bytes are a keyed check sum that only Azure can compute.
bool check_azure_identifiable(std::string_view key) {
  if (!is_random_token(key)) return false;
  const ValueShape shape = shape_of(key);
  return shape.lower > 5 && shape.upper > 5 && shape.digits > 1;
}

}  // namespace reeve::content
