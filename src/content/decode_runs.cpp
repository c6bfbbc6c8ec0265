// base64, base64url and hex: runs of their characters whose first bytes decode to text, or to compressed text.

#include <algorithm>
#include <array>
#include <cstring>

#include "content/decode.h"
#include "content/decode_sample.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

static_assert(kBase64Least >= kFirstLook);
constexpr std::size_t kHexLeast = 32;
constexpr std::size_t kWrappedLineLeast = 40;  // a shorter line is not continued on the next
constexpr std::size_t kLinesMax = 20'000;

constexpr std::array<std::uint8_t, 256> make_hex_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(255);
  for (unsigned i = 0; i < 10; ++i) values['0' + i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = static_cast<std::uint8_t>(10 + i);
  return values;
}
constexpr std::array<std::uint8_t, 256> kHex = make_hex_values();

std::size_t decode_hex(std::string_view run, char* out, std::size_t room) {
  const std::size_t count = std::min(run.size() / 2, room);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<char>(kHex[static_cast<unsigned char>(run[2 * i])] * 16 +
                               kHex[static_cast<unsigned char>(run[2 * i + 1])]);
  }
  return count;
}

/// The first eight of at least that many decide nearly always.
bool is_hex(std::string_view run) {
  std::uint8_t all = 0;
  for (std::size_t i = 0; i < 8; ++i) all |= kHex[static_cast<unsigned char>(run[i])];
  if (all > 15) return false;
  for (const char c : run) all |= kHex[static_cast<unsigned char>(c)];
  return all <= 15;
}

class RunDecoder {
 public:
  explicit RunDecoder(DecodeTask& task) : task_(task) {}

  /// A run of token bytes. Returns where looking goes on: behind what was decoded.
  std::size_t look(std::size_t start, std::size_t end) {
    if (end - start >= kHexLeast && try_hex(start, end)) return end;
    // A path may stand before it, of characters that base64 has, too.
    constexpr int kTriesMax = 4;
    std::size_t from = start;
    for (int tries = 0; tries < kTriesMax && end - from >= kBase64Least; ++tries) {
      if (const std::size_t decoded_to = try_base64(from, end)) return decoded_to;
      from = behind_slash(from, end);
    }
    return end;
  }

 private:
  static constexpr std::size_t kSample = 48;  // bytes; a text shorter than that is looked at whole

  /// Behind the next slash that may have a run behind it, or the end.
  std::size_t behind_slash(std::size_t from, std::size_t end) const {
    if (end - from <= kBase64Least) return end;
    const void* const slash = std::memchr(task_.text.data() + from, '/', end - from - kBase64Least);
    return slash == nullptr ? end : static_cast<std::size_t>(static_cast<const char*>(slash) - task_.text.data()) + 1;
  }

  bool try_hex(std::size_t start, std::size_t end) {
    if (end - start > 2 && task_.text[start] == '0' && (task_.text[start + 1] | 0x20) == 'x') start += 2;
    const std::size_t size = end - start;
    if (size < kHexLeast || size % 2 != 0) return false;
    std::array<char, kSample> sample;
    const std::string_view run = task_.text.substr(start, size);
    if (!is_hex(run)) return false;
    const std::size_t count = decode_hex(run, sample.data(), kSample);
    const Looks looks = look_at(sample.data(), count);
    if (looks == Looks::kNothing) return true;  // hex, but nothing to read: no base64 either
    bytes_.resize(size / 2);
    decode_hex(run, bytes_.data(), bytes_.size());
    give(start, end, looks);
    return true;
  }

  std::size_t try_base64(std::size_t start, std::size_t end) {
    const Looks first = first_look(task_.text.data() + start);
    if (first == Looks::kNothing) return 0;
    const std::string_view run = task_.text.substr(start, std::min(end - start, kSample / 3 * 4));
    std::array<char, kSample> sample;
    const Looks looks = look_at(sample.data(), decode_base64(run, sample.data(), kSample));
    if (looks == Looks::kNothing && first != Looks::kText) return 0;
    const std::size_t whole_end = end_of_lines(start, end);
    const std::string_view whole = task_.text.substr(start, whole_end - start);
    bytes_.resize(whole.size() / 4 * 3 + 3);
    bytes_.resize(decode_base64(whole, bytes_.data(), bytes_.size()));
    give(start, whole_end, looks == Looks::kNothing ? first : looks);
    return whole_end;
  }

  /// The end of a run that goes on over lines of equal length, and of its padding.
  std::size_t end_of_lines(std::size_t start, std::size_t end) const {
    const std::string_view text = task_.text;
    std::size_t line_start = start;
    for (std::size_t lines = 0; lines < kLinesMax && end - line_start >= kWrappedLineLeast; ++lines) {
      std::size_t next = end;
      if (next < text.size() && text[next] == '\r') ++next;
      if (next + 1 < text.size() && text[next] == '\\' && text[next + 1] == 'n') {
        next += 2;
      } else if (next < text.size() && text[next] == '\n') {
        ++next;
      } else {
        break;
      }
      while (next < text.size() && (text[next] == ' ' || text[next] == '\t')) ++next;
      std::size_t to = next;
      while (to < text.size() && is_token_byte(text[to])) ++to;
      if (to == next || to - next > end - line_start) break;
      line_start = next;
      end = to;
    }
    for (int padding = 0; padding < 2 && end < text.size() && text[end] == '='; ++padding) ++end;
    return end;
  }

  void give(std::size_t start, std::size_t end, Looks looks) {
    if (looks == Looks::kText) {
      task_.add_whole(start, end, {bytes_.data(), bytes_.size()});
      return;
    }
    inflated_.clear();
    inflate_into({bytes_.data(), bytes_.size()}, looks == Looks::kDeflate, task_.budget, inflated_);
    task_.add_whole(start, end, {inflated_.data(), inflated_.size()});
  }

  DecodeTask& task_;
  std::vector<char> bytes_, inflated_;
};

}  // namespace

void decode_base64_and_hex(DecodeTask& task) {
  RunDecoder decoder(task);
  std::size_t done = 0;
  for_each_place(task.masks.token_run, task.text.size(), [&](std::size_t start) {
    // What was decoded ends where a run does: none begins before it and ends behind.
    if (start < done || task.budget.exhausted) return;
    done = decoder.look(start, end_of_run(task.masks.token, start + kBase64Least, task.text.size()));
  });
}

}  // namespace reeve::content
