// Addresses of crypto coins. Upper and lower case differ here, and there are no separators.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "content/check_digits.h"
#include "content/identifier_rules.h"
#include "core/crypto.h"

namespace reeve::content {

namespace {

/// A version byte, twenty bytes of hash, four of check: 25 bytes in base 58.
std::optional<std::array<std::uint8_t, 25>> base58_address(std::string_view text) {
  static constexpr std::string_view kAlphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  if (text.size() < 26 || text.size() > 35) return std::nullopt;
  // Most hexadecimal numbers have a zero: told before any place is computed.
  if (std::ranges::any_of(text, [](char c) { return holds("0OIl", c); })) return std::nullopt;
  static constexpr auto kPlaces = [] {
    std::array<std::uint8_t, 256> places{};
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
      places[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i + 1);
    }
    return places;
  }();
  std::array<std::uint32_t, 7> limbs{};  // the lowest first; of the last, eight bits
  for (const char c : text) {
    const std::uint8_t place = kPlaces[static_cast<unsigned char>(c)];
    if (place == 0) return std::nullopt;
    std::uint64_t carry = place - 1U;
    for (std::uint32_t& limb : limbs) {
      carry += limb * 58ULL;
      limb = static_cast<std::uint32_t>(carry);
      carry >>= 32U;
    }
    if (limbs.back() > 0xFF) return std::nullopt;
  }
  std::array<std::uint8_t, 25> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[bytes.size() - 1 - i] = static_cast<std::uint8_t>(limbs[i / 4] >> i % 4 * 8);
  }
  const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const Sha256 check = sha256(as_bytes(sha256(view.substr(0, 21))));
  return std::equal(check.begin(), check.begin() + 4, bytes.begin() + 21) ? std::optional(bytes) : std::nullopt;
}

/// BIP 173 and BIP 350: the polynomial over 5-bit groups, with the readable part in front.
bool bech32_address(std::string_view text) {
  constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
  const auto border = text.rfind('1');
  if (border == std::string_view::npos || text.size() < border + 12) return false;
  std::uint32_t check = 1;
  const auto step = [&check](std::uint32_t value) {
    constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    const std::uint32_t top = check >> 25U;
    check = (check & 0x1ffffffU) << 5U ^ value;
    for (std::size_t i = 0; i < 5; ++i) check ^= (top >> i & 1U) != 0 ? kGenerator[i] : 0;
  };
  for (const char c : text.substr(0, border)) step(static_cast<std::uint32_t>(lower_case(c)) >> 5U);
  step(0);
  for (const char c : text.substr(0, border)) step(static_cast<std::uint32_t>(lower_case(c)) & 31U);
  for (const char c : text.substr(border + 1)) {
    const auto place = kAlphabet.find(lower_case(c));
    if (place == std::string_view::npos) return false;
    step(static_cast<std::uint32_t>(place));
  }
  return check == 1 || check == 0x2bc830a3;
}

bool bitcoin(std::string_view value) {
  if (value.size() < 26 || value.size() > 74) return false;
  if (value.starts_with("bc1") || value.starts_with("BC1")) return bech32_address(value);
  if (value[0] != '1' && value[0] != '3') return false;
  const auto bytes = base58_address(value);
  return bytes && ((*bytes)[0] == 0 || (*bytes)[0] == 5);
}

/// Litecoin, Dogecoin, Dash, Tron: the same with version bytes of their own.
bool other_base58_coin(std::string_view value) {
  if (value.size() < 26 || value.size() > 64) return false;
  if (value.starts_with("ltc1")) return bech32_address(value);
  if (!holds("LMDAXT", value[0])) return false;
  const auto bytes = base58_address(value);
  constexpr std::array<std::uint8_t, 6> kVersions = {0x30, 0x32, 0x1e, 0x16, 0x4c, 0x41};
  return bytes && std::ranges::find(kVersions, (*bytes)[0]) != kVersions.end();
}

/// Keccak-256 as Ethereum took it, before NIST changed the padding. Up to 135 bytes.
class Keccak256 {
 public:
  explicit Keccak256(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) mix(i, static_cast<unsigned char>(text[i]));
    mix(text.size(), 0x01);
    mix(135, 0x80);
    permute();
  }
  unsigned nibble(std::size_t i) const { return lanes_[i / 16] >> (i / 2 % 8 * 8 + (i % 2 == 0 ? 4 : 0)) & 0xfU; }

 private:
  void mix(std::size_t at, std::uint64_t byte) { lanes_[at / 8] ^= byte << at % 8 * 8; }
  static std::uint64_t turn(std::uint64_t lane, unsigned by) { return by == 0 ? lane : lane << by | lane >> (64 - by); }

  /// FIPS 202, section 3: theta, rho and pi, chi, iota.
  void permute() {
    std::uint32_t feedback = 1;
    for (int round = 0; round < 24; ++round) {
      std::array<std::uint64_t, 5> column{};
      for (std::size_t i = 0; i < 25; ++i) column[i % 5] ^= lanes_[i];
      for (std::size_t i = 0; i < 25; ++i) lanes_[i] ^= column[(i + 4) % 5] ^ turn(column[(i + 1) % 5], 1);
      std::size_t x = 1, y = 0;
      std::uint64_t carried = lanes_[1];
      for (unsigned step = 0; step < 24; ++step) {
        const std::size_t next = (2 * x + 3 * y) % 5;
        x = y;
        y = next;
        const std::uint64_t replaced = lanes_[x + 5 * y];
        lanes_[x + 5 * y] = turn(carried, (step + 1) * (step + 2) / 2 % 64);
        carried = replaced;
      }
      for (std::size_t row = 0; row < 25; row += 5) {
        const std::array<std::uint64_t, 5> old = {lanes_[row], lanes_[row + 1], lanes_[row + 2], lanes_[row + 3],
                                                  lanes_[row + 4]};
        for (std::size_t i = 0; i < 5; ++i) lanes_[row + i] = old[i] ^ (~old[(i + 1) % 5] & old[(i + 2) % 5]);
      }
      for (unsigned bit = 0; bit < 7; ++bit) {
        if ((feedback & 1U) != 0) lanes_[0] ^= 1ULL << ((1U << bit) - 1);
        feedback = feedback << 1U ^ ((feedback & 0x80U) != 0 ? 0x171U : 0U);
      }
    }
  }

  std::array<std::uint64_t, 25> lanes_{};
};

/// EIP-55: the case of each letter says a bit of the hash. Without mixed case there is no check.
bool ethereum_checked(std::string_view value) {
  if (value.size() != 42 || !value.starts_with("0x")) return false;
  std::array<char, 40> lower{};
  bool has_upper = false, has_lower = false;
  for (std::size_t i = 0; i < 40; ++i) {
    const char c = value[i + 2];
    lower[i] = lower_case(c);
    if (!is_digit(c) && (lower[i] < 'a' || lower[i] > 'f')) return false;
    has_upper = has_upper || (c >= 'A' && c <= 'F');
    has_lower = has_lower || (c >= 'a' && c <= 'f');
  }
  if (!has_upper || !has_lower) return false;
  const Keccak256 hash({lower.data(), lower.size()});
  for (std::size_t i = 0; i < 40; ++i) {
    if (is_letter(lower[i]) && (hash.nibble(i) >= 8) != (value[i + 2] < 'a')) return false;
  }
  return true;
}

bool ethereum_shape(std::string_view value) {
  if (value.size() != 42 || !value.starts_with("0x")) return false;
  const auto hex = value.substr(2);
  if (!std::ranges::all_of(hex, [](char c) { return is_digit(c) || (lower_case(c) >= 'a' && lower_case(c) <= 'f'); })) {
    return false;
  }
  const bool has_upper = std::ranges::any_of(hex, [](char c) { return c >= 'A' && c <= 'F'; });
  const bool has_lower = std::ranges::any_of(hex, [](char c) { return c >= 'a' && c <= 'f'; });
  return !(has_upper && has_lower) && std::ranges::count(hex, hex[0]) < 20;
}

constexpr std::array kRules = {
    IdentifierRule{"bitcoin", "", "base58check with two SHA-256, or bech32 (BIP 173, BIP 350)", bitcoin, "9* AA9*",
                   "13bB"},
    IdentifierRule{"other-base58-coin", "", "base58check with the coin's version byte", other_base58_coin, "A*",
                   "LMDAXTl"},
    IdentifierRule{"ethereum", "", "case of letters from Keccak-256 (EIP-55)", ethereum_checked, "9A*", "0"},
    IdentifierRule{"ethereum-shape", "", "0x and forty hex digits of one case", ethereum_shape, "9A*", "0"},
};

}  // namespace

std::span<const IdentifierRule> coin_rules() { return kRules; }

}  // namespace reeve::content
