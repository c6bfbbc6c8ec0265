#include "ledger/crc32c.h"

#include <array>
#include <cstring>

namespace reeve::ledger {

namespace {

constexpr std::uint32_t kPolynomialReflected = 0x82f63b78;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomialReflected : 0U);
    table[byte] = value;
  }
  return table;
}
constexpr auto kTable = make_table();

std::uint32_t crc_by_table(std::uint32_t value, std::string_view bytes) {
  for (const char c : bytes) value = kTable[(value ^ static_cast<unsigned char>(c)) & 0xffU] ^ (value >> 8U);
  return value;
}

#ifdef __x86_64__
// The instruction takes three cycles and one can begin in each, so three lanes are computed side by side.
constexpr std::size_t kLaneBytes = 128;

/// What becomes of a value when kLaneBytes zero bytes follow. That is linear: of each byte of the value by itself.
constexpr std::array<std::array<std::uint32_t, 256>, 4> make_lane_shift() {
  std::array<std::uint32_t, 32> of_bit{};
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    std::uint32_t value = 1U << bit;
    for (std::size_t i = 0; i < kLaneBytes; ++i) value = kTable[value & 0xffU] ^ (value >> 8U);
    of_bit[bit] = value;
  }
  std::array<std::array<std::uint32_t, 256>, 4> shift{};
  for (std::uint32_t place = 0; place < 4; ++place) {
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      for (std::uint32_t bit = 0; bit < 8; ++bit) {
        if ((byte >> bit & 1U) != 0) shift[place][byte] ^= of_bit[place * 8 + bit];
      }
    }
  }
  return shift;
}
constexpr auto kLaneShift = make_lane_shift();

std::uint32_t shift_by_lane(std::uint64_t value) {
  return kLaneShift[0][value & 0xffU] ^ kLaneShift[1][value >> 8U & 0xffU] ^ kLaneShift[2][value >> 16U & 0xffU] ^
         kLaneShift[3][value >> 24U & 0xffU];
}

__attribute__((target("sse4.2"))) std::uint64_t crc_of_three_lanes(std::uint64_t value, std::string_view bytes) {
  std::uint64_t second = 0;
  std::uint64_t third = 0;
  for (std::size_t at = 0; at < kLaneBytes; at += sizeof(std::uint64_t)) {
    std::array<std::uint64_t, 3> words{};
    for (std::size_t lane = 0; lane < 3; ++lane) {
      std::memcpy(&words[lane], bytes.data() + lane * kLaneBytes + at, sizeof(std::uint64_t));
    }
    value = __builtin_ia32_crc32di(value, words[0]);
    second = __builtin_ia32_crc32di(second, words[1]);
    third = __builtin_ia32_crc32di(third, words[2]);
  }
  return shift_by_lane(shift_by_lane(value) ^ second) ^ third;
}

__attribute__((target("sse4.2"))) std::uint32_t crc_by_instruction(std::uint32_t start, std::string_view bytes) {
  std::uint64_t value = start;
  while (bytes.size() >= 3 * kLaneBytes) {
    value = crc_of_three_lanes(value, bytes);
    bytes.remove_prefix(3 * kLaneBytes);
  }
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    value = __builtin_ia32_crc32di(value, word);
    bytes.remove_prefix(sizeof word);
  }
  auto rest = static_cast<std::uint32_t>(value);
  for (const char c : bytes) rest = __builtin_ia32_crc32qi(rest, static_cast<unsigned char>(c));
  return rest;
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
#ifdef __x86_64__
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~crc_by_instruction(~0U, bytes);
#endif
  return ~crc_by_table(~0U, bytes);
}

}  // namespace reeve::ledger
