#include "core/id.h"

#include <array>
#include <cstdint>

#include "core/crypto.h"
#include "core/time.h"

namespace reeve {

namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Random bytes in blocks, so that an id does not cost a system call. Ids need to be unique, not secret.
struct RandomBlock {
  std::string bytes;
  std::size_t used = 0;
  std::uint8_t next() {
    if (used == bytes.size()) {
      bytes = random_bytes(1000);
      used = 0;
    }
    return static_cast<std::uint8_t>(bytes[used++]);
  }
};
thread_local RandomBlock random_block;

}  // namespace

std::string make_id(std::string_view prefix) {
  std::array<std::uint8_t, 16> bits{};
  const auto milliseconds = static_cast<std::uint64_t>(system_clock().now().nanoseconds / 1'000'000);
  for (std::size_t i = 0; i < 6; ++i) bits[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
  for (std::size_t i = 6; i < 16; ++i) bits[i] = random_block.next();

  std::string id;
  id.reserve(prefix.size() + 27);
  id.append(prefix).append("_");
  // 128 bits as 26 digits of 5 bits: the first digit holds only the top 3.
  unsigned held = 0;
  int have = 2;
  for (const std::uint8_t byte : bits) {
    held = held << 8 | byte;
    have += 8;
    while (have >= 5) {
      have -= 5;
      id += kCrockford[held >> have & 31U];
    }
    held &= (1U << have) - 1U;
  }
  return id;
}

}  // namespace reeve
