// The words of keys, told from masks.

#include <bit>
#include <cstring>

#include "content/byte_blocks.h"
#include "content/secret_key_name.h"
#include "content/secret_value.h"

namespace reeve::content {

namespace {

/// 64 bytes of a key, one bit a byte.
struct KeyBytes {
  std::uint64_t lower = 0, upper = 0, digit = 0, foreign = 0;
  std::uint64_t inside() const { return lower | upper | digit | foreign; }
};

/// What `text` is made of in its first `size` bytes; capitals are made small. 64 bytes can be read and written.
KeyBytes read_key_bytes(char* text, std::size_t size) {
  const std::uint64_t looked_at = size >= 64 ? ~0ULL : (1ULL << size) - 1;
  KeyBytes bytes;
#if REEVE_BYTE_BLOCKS
  Bytes64 block;
  load_block(text, block);
  bytes.upper = range_bits(block, 'A', 26);
  bytes.lower = range_bits(block, 'a', 26);
  bytes.digit = range_bits(block, '0', 10);
  bytes.foreign = high_bits(block);
  const auto is_capital = (block - static_cast<unsigned char>('A')) < static_cast<unsigned char>(26);
  block |= __builtin_convertvector(is_capital, Bytes64) & static_cast<unsigned char>(0x20);
  std::memcpy(text, &block, sizeof block);
#else
  for (std::size_t i = 0; i < 64; ++i) {
    const auto bit = [i](bool is) { return static_cast<std::uint64_t>(is) << i; };
    bytes.upper |= bit(is_upper(text[i]));
    bytes.lower |= bit(is_lower(text[i]));
    bytes.digit |= bit(is_digit(text[i]));
    bytes.foreign |= bit(static_cast<signed char>(text[i]) < 0);
    text[i] = lower_of(text[i]);
  }
#endif
  bytes.upper &= looked_at;
  bytes.lower &= looked_at;
  bytes.digit &= looked_at;
  bytes.foreign &= looked_at;
  return bytes;
}

}  // namespace

KeyWords::KeyWords(std::string_view key) {
  if (key.size() > kBytesMax) key.remove_prefix(key.size() - kBytesMax);
  if (!key.empty()) std::memcpy(text_.data(), key.data(), key.size());
  constexpr std::size_t kBlocks = sizeof text_ / 64;
  std::array<KeyBytes, kBlocks + 1> blocks;
  for (std::size_t i = 0; i * 64 < key.size(); ++i)
    blocks[i] = read_key_bytes(text_.data() + i * 64, key.size() - i * 64);
  std::array<std::uint8_t, kBytesMax + 1> starts, ends;
  std::size_t words = 0, finished = 0;
  KeyBytes before;
  for (std::size_t i = 0; i * 64 < key.size(); ++i) {
    const KeyBytes &here = blocks[i], &behind = blocks[i + 1];
    const std::uint64_t inside_before = here.inside() << 1U | before.inside() >> 63U;
    const std::uint64_t small_before = (here.lower | here.digit) << 1U | (before.lower | before.digit) >> 63U;
    const std::uint64_t upper_before = here.upper << 1U | before.upper >> 63U;
    const std::uint64_t lower_behind = here.lower >> 1U | behind.lower << 63U;
    const std::uint64_t borders = here.upper & (small_before | (upper_before & lower_behind));
    const std::uint64_t begins = here.inside() & (~inside_before | borders);
    // A word's end is where no word is, or the next one's begin.
    const std::uint64_t closes = inside_before & (~here.inside() | borders);
    const auto write = [i](std::uint64_t bits, std::uint8_t* to, std::size_t& count) {
      for (; bits != 0; bits &= bits - 1) {
        to[count++] = static_cast<std::uint8_t>(i * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      }
    };
    write(begins, starts.data(), words);
    write(closes, ends.data(), finished);
    before = here;
  }
  if (finished < words) ends[finished] = static_cast<std::uint8_t>(key.size());
  // The last words matter.
  const std::size_t from = words > kWordsMax ? words - kWordsMax : 0;
  count_ = words - from;
  for (std::size_t i = 0; i < count_; ++i) {
    starts_[i] = starts[from + i];
    lengths_[i] = static_cast<std::uint8_t>(ends[from + i] - starts[from + i]);
  }
}

}  // namespace reeve::content
