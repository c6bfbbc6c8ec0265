// Quoted-printable, as mail writes it: =XX for a byte, and = at a line's end where the line only seems to end. What
// looks like it is everywhere (x=5, an empty setting, padding of base64), so a value must stand on both sides.

#include "content/decode.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

constexpr std::size_t kBefore = 80;      // bytes of a stretch before its first sign, for words of context
constexpr std::size_t kRunMax = 4096;    // bytes of one run
constexpr std::size_t kRunLeast = 8;     // characters of it
constexpr std::size_t kKnownLeast = 64;  // bytes of a run that surely hold so many

class PrintableDecoder {
 public:
  explicit PrintableDecoder(DecodeTask& task) : task_(task), text_(task.text) {}

  void run() {
    if (!has_signs()) return;
    for_each_place(task_.masks.printable, text_.size(), [this](std::size_t at) {
      if (at < done_ || at == 0 || task_.budget.exhausted) return;
      if (is_soft_break(at) != 0 || hides_value_byte(at)) write(at);
    });
  }

 private:
  /// What is quoted-printable has =3D for each = and = at the ends of lines that were too long; x=45 alone is none.
  bool has_signs() const {
    bool has = false;
    for_each_place(task_.masks.printable, text_.size(), [&](std::size_t at) {
      const char next = at + 1 < text_.size() ? text_[at + 1] : '\0';
      has = has || next == '\n' || next == '\r' || text_.substr(at + 1, 2) == "3D";
    });
    return has;
  }

  static bool is_hex(char c) { return is_digit_byte(c) || (c >= 'A' && c <= 'F'); }
  static bool is_run_byte(char c) { return is_token_byte(c) || c == '.' || c == ':' || c == '@'; }

  /// The bytes of a soft line break at `at`, where a run goes on behind it; or 0.
  std::size_t is_soft_break(std::size_t at) const {
    std::size_t to = at + 1;
    if (to < text_.size() && text_[to] == '\r') ++to;
    if (to >= text_.size() || text_[to] != '\n') return 0;
    ++to;
    const bool goes_on = to < text_.size() && (is_run_byte(text_[to]) || is_byte(to));
    return goes_on && (is_run_byte(text_[at - 1]) || text_[at - 1] == '=') ? to - at : 0;
  }

  /// =XX, as it is written: in capitals.
  bool is_byte(std::size_t at) const {
    return at + 2 < text_.size() && text_[at] == '=' && is_hex(text_[at + 1]) && is_hex(text_[at + 2]);
  }
  unsigned char byte_at(std::size_t at) const {
    return static_cast<unsigned char>(hex_digit(text_[at + 1]) * 16 + hex_digit(text_[at + 2]));
  }

  /// A byte of a value in the middle of one, or "=3D" in front of one.
  bool hides_value_byte(std::size_t at) const {
    if (!is_byte(at) || at + 3 >= text_.size() || !is_run_byte(text_[at + 3])) return false;
    const char byte = static_cast<char>(byte_at(at));
    return byte == '=' || ((is_token_byte(byte) || byte == '.' || byte == '@') && is_run_byte(text_[at - 1]));
  }

  /// The end of the run of value bytes, =XX and soft breaks around `at`; 0 when it is none: too short, without a digit,
  /// or with an = that means itself.
  std::size_t end_of_run(std::size_t at) {
    std::size_t size = 0, to = at;
    bool has_digit = false;
    for (; to > 0 && at - to < kRunMax && is_run_byte(text_[to - 1]); --to) {
      has_digit = has_digit || is_digit_byte(text_[to - 1]);
      ++size;
    }
    to = at;
    if (at + kKnownLeast <= walked_to_) {  // what an earlier sign walked over is not walked again
      to = std::min(walked_to_, at + kRunMax);
      size = kRunLeast;
    } else {
      last_digit_ = 0;
    }
    while (to < text_.size() && to - at < kRunMax) {
      if (is_run_byte(text_[to])) {
        if (is_digit_byte(text_[to])) last_digit_ = to;
        ++to;
        ++size;
      } else if (is_byte(to)) {
        to += 3;
        ++size;
      } else if (text_[to] == '=' && is_soft_break(to) != 0) {
        to += is_soft_break(to);
      } else {
        break;
      }
    }
    walked_to_ = std::max(walked_to_, to);
    has_digit = has_digit || last_digit_ > at;
    const bool is_assignment = to < text_.size() && text_[to] == '=' && to + 1 < text_.size() && text_[to + 1] != '=';
    return size < kRunLeast || !has_digit || is_assignment ? 0 : to;
  }

  void write(std::size_t sign) {
    const std::size_t end = end_of_run(sign);
    if (end == 0) return;
    std::size_t start = std::max(done_, sign > kBefore ? sign - kBefore : 0);
    // Not from the middle of a line's word: from its line, or from a space.
    for (std::size_t at = sign; at > start; --at) {
      if (text_[at - 1] == '\n' && (at < 2 || text_[at - 2] != '=')) start = at;
    }
    while (start > 0 && start < sign && is_run_byte(text_[start - 1]) && is_run_byte(text_[start])) ++start;
    task_.begin_mapped(start);
    for (std::size_t at = start; at < end;) {
      std::size_t bytes = 1;
      bool went = true;
      if (is_byte(at)) {
        bytes = 3;
        went = task_.put(static_cast<char>(byte_at(at)), at, at + bytes);
      } else if (text_[at] == '=' && at > 0 && is_soft_break(at) != 0) {
        bytes = is_soft_break(at);
      } else {
        went = task_.put(text_[at], at, at + 1);
      }
      if (!went) break;
      at += bytes;
    }
    done_ = end;
    task_.finish_mapped(end);
  }

  DecodeTask& task_;
  std::string_view text_;
  std::size_t done_ = 0;
  // Where the walk over runs has come to, and the last digit it saw since it began anew.
  std::size_t walked_to_ = 0, last_digit_ = 0;
};

}  // namespace

void decode_quoted_printable(DecodeTask& task) {
  if (task.masks.may_have_printable) PrintableDecoder(task).run();
}

}  // namespace reeve::content
