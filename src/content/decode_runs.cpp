// base64, base64url and hex: runs of their characters whose first bytes decode to text, or to compressed text.

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>

#include "content/decode.h"
#include "content/decode_sample.h"

namespace reeve::content {

namespace {

static_assert(kBase64Least >= kFirstLook);
constexpr std::size_t kHexLeast = 32;
constexpr std::size_t kWrappedLineLeast = 40;  // a shorter line is not continued on the next
constexpr std::size_t kLinesMax = 20'000;
constexpr std::size_t kLateLines = 32;  // lines of a run that are decoded twice at most, about

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

/// What a diff puts in front of a line; characters of base64 with which no text begins.
bool is_sign(char c) { return c == '+' || c == '-'; }

class RunDecoder {
 public:
  explicit RunDecoder(DecodeTask& task) : task_(task) {}

  /// A place that passed the sieve; they come in order.
  void look(std::size_t start) {
    // What was decoded ends where a run does.
    if (start < done_) return;
    const std::vector<std::uint64_t>& token = task_.masks.token;
    // A run of a megabyte may have a place every few bytes: its end is looked for once.
    if (start + kBase64Least >= run_end_) run_end_ = end_of_run(token, start + kBase64Least, task_.text.size());
    const std::size_t end = run_end_;
    const std::size_t before = start > 0 && is_sign(task_.text[start - 1]) ? start - 1 : start;
    const bool begins_run = before == 0 || (token[(before - 1) / 64] >> ((before - 1) % 64) & 1U) == 0;
    if (begins_run && end - start >= kHexLeast && try_hex(start, end)) {
      done_ = end;
    } else if (begins_run || !is_late_try(start)) {
      done_ = std::max(done_, try_base64(start, end));
    }
  }

 private:
  static constexpr std::size_t kSample = 48;  // bytes; a text shorter than that is looked at whole

  /// Whether as many places of the same run were before this one as are tried in one.
  bool is_late_try(std::size_t start) const {
    constexpr int kTriesMax = 4;
    int tries = 0;
    for (std::size_t end = start; end > 0 && tries < kTriesMax;) {
      const std::size_t word = (end - 1) / 64, behind = 63 - (end - 1) % 64;
      const auto run = static_cast<std::size_t>(std::countl_one(task_.masks.token[word] << behind));
      const std::size_t count = std::min(run, 64 - behind);
      if (count == 0) break;
      tries += std::popcount(task_.masks.token_run[word] << behind >> (64 - count));
      end -= count;
      if (count < 64 - behind) break;
    }
    return tries >= kTriesMax;
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
    if (short_line_ != 0 && looks == Looks::kText) {
      // A shorter last line may be a word that only follows.
      const std::string_view without = task_.text.substr(late_line_, short_line_ - late_line_);
      bytes_.resize(without.size() / 4 * 3 + 3);
      bytes_.resize(decode_base64(without, bytes_.data(), bytes_.size()));
      give(late_line_, short_line_, Looks::kText);
    }
    return whole_end;
  }

  /// Behind the end of a line of base64, its indentation and the sign of a diff; `end` when no line follows. Lines
  /// that were pasted into one have a space between: then only one that is as long follows.
  std::size_t next_line(std::size_t end, char sign, std::size_t length) const {
    const std::string_view text = task_.text;
    std::size_t next = end;
    if (next < text.size() && text[next] == '\r') ++next;
    if (next + 1 < text.size() && text[next] == '\\' && text[next + 1] == 'n') {
      next += 2;
    } else if (next < text.size() && text[next] == '\n') {
      ++next;
    } else if (next < text.size() && text[next] == ' ' && next == end && length % 4 == 0) {
      const std::size_t run = next + 1 + length;
      const bool as_long = run < text.size() && is_token_byte(text[run - 1]) && !is_token_byte(text[run]) &&
                           end_of_run(task_.masks.token, next + 1, text.size()) == run;
      return as_long ? next + 1 : end;
    } else if (next == end) {
      return end;
    }
    while (next < text.size() && (text[next] == ' ' || text[next] == '\t')) ++next;
    return sign != 0 && next < text.size() && text[next] == sign ? next + 1 : next;
  }

  /// The end of a run that goes on over lines of equal length, and of its padding.
  std::size_t end_of_lines(std::size_t start, std::size_t end) {
    const std::string_view text = task_.text;
    const char sign =
        start > 0 && is_sign(text[start - 1]) && (start == 1 || text[start - 2] == '\n') ? text[start - 1] : 0;
    short_line_ = 0;
    late_line_ = start;
    std::size_t line_start = start;
    for (std::size_t lines = 0; lines < kLinesMax && end - line_start >= kWrappedLineLeast; ++lines) {
      const std::size_t next = next_line(end, sign, end - line_start);
      if (next == end) break;
      std::size_t to = next;
      while (to < text.size() && is_token_byte(text[to])) ++to;
      if (to == next || to - next > end - line_start) break;
      short_line_ = to - next < end - line_start ? end : 0;
      if (lines % kLateLines == kLateLines - 1 && short_line_ == 0) late_line_ = next;
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
  std::size_t done_ = 0;
  std::size_t run_end_ = 0;     // of the run looked at last
  std::size_t short_line_ = 0;  // where the lines before a shorter last one end; 0: it is as long
  std::size_t late_line_ = 0;   // the begin of a line not far before
};

}  // namespace

namespace {

/// Writes the places of the set bits of [from, to) and gives back how many. Two of a word are written whether they are
/// there or not: a branch on each would be guessed wrong half of the time, and more than two are rare.
std::size_t gather_places(const std::uint64_t* words, std::size_t from, std::size_t to, std::uint32_t* out) {
  std::uint32_t* at = out;
  for (std::size_t word = from; word < to; ++word) {
    const auto place = [word](std::uint64_t bits) {
      // Never of no bits: that would be a branch, too.
      return static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(bits | 1ULL << 63U));
    };
    const std::uint64_t one = words[word], two = one & (one - 1);
    at[0] = place(one);
    at[1] = place(two);
    at += (one != 0 ? 1 : 0) + (two != 0 ? 1 : 0);
    for (std::uint64_t more = two & (two - 1); more != 0; more &= more - 1) *at++ = place(more);
  }
  return static_cast<std::size_t>(at - out);
}

}  // namespace

void decode_base64_and_hex(DecodeTask& task) {
  // Places are gathered first and sieved together: looked at one after the other, the processor would guess wrong at
  // each.
  constexpr std::size_t kWordsAtOnce = 32;
  std::array<std::uint32_t, kWordsAtOnce * 64 + 2> places;
  RunDecoder decoder(task);
  const std::size_t words = (task.text.size() + 63) / 64;
  for (std::size_t from = 0; from < words; from += kWordsAtOnce) {
    const std::size_t count =
        gather_places(task.masks.token_run.data(), from, std::min(from + kWordsAtOnce, words), places.data());
    for (std::uint32_t& place : std::span(places).first(count)) {
      const std::size_t behind = place + kBase64Least;
      place += is_sign(task.text[place]) && behind < task.text.size() && is_token_byte(task.text[behind]) ? 1 : 0;
    }
    const std::size_t kept = sieve(task.text, task.masks.token, std::span(places).first(count));
    for (std::size_t i = 0; i < kept; ++i) {
      if (task.budget.exhausted) return;
      decoder.look(places[i]);
    }
  }
}

}  // namespace reeve::content
