#include "content/required_literals.h"

#include <charconv>

#include "content/pattern_part.h"

namespace reeve::content {

namespace {

constexpr std::size_t kClassMax = 6;  // bytes of a class that is followed as alternatives

/// Reads the syntax; `failed` once it meets what it does not know.
class PatternReader {
 public:
  explicit PatternReader(std::string_view pattern) : pattern_(pattern) {}

  std::optional<PatternPart> read() {
    PatternPart all = read_alternation();
    if (failed_ || at_ != pattern_.size()) return std::nullopt;
    return all;
  }

 private:
  bool ended() const { return at_ >= pattern_.size(); }
  char here() const { return pattern_[at_]; }
  bool take(std::string_view text) {
    if (pattern_.substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }
  PatternPart fail() {
    failed_ = true;
    at_ = pattern_.size();
    return {};
  }

  PatternPart read_alternation() {
    std::vector<PatternPart> branches{read_sequence()};
    while (!ended() && take("|")) branches.push_back(read_sequence());
    return alternation(branches);
  }

  PatternPart read_sequence() {
    PatternSequence sequence;
    while (!ended() && here() != '|' && here() != ')') {
      if (take("\\b")) {
        sequence.add_border();
      } else if (take("^") || take("\\A")) {
        sequence.add_line_begin();
      } else if (take("$") || take("\\z") || take("(?m)")) {
        continue;
      } else if (take("(?i)")) {
        folded_ = true;  // to the end of the group
      } else {
        PatternPart item = read_item();
        sequence.add(read_quantifier(std::move(item)));
      }
      if (failed_) break;
    }
    return sequence.finish();
  }

  PatternPart read_item() {
    const char c = here();
    if (c == '(') return read_group();
    if (c == '[') return read_class();
    if (c == '\\') return read_escape();
    ++at_;
    if (c == '.') return one_of(ByteSet().set());
    if (c == '*' || c == '+' || c == '?' || c == '{') return fail();
    return one_of(ByteSet().set(static_cast<unsigned char>(c)));
  }

  PatternPart read_group() {
    const bool outer = folded_;
    ++at_;
    if (take("?:") || take("?-i:")) {
      if (pattern_[at_ - 2] == 'i') folded_ = false;
    } else if (take("?i:")) {
      folded_ = true;
    } else if (!ended() && here() == '?') {
      return fail();
    }
    PatternPart inside = read_alternation();
    folded_ = outer;
    if (!take(")")) return fail();
    return inside;
  }

  static ByteSet blanks() {
    ByteSet all;
    for (const char c : {' ', '\t', '\n', '\r', '\f', '\v'}) all.set(static_cast<unsigned char>(c));
    return all;
  }

  PatternPart one_of(const ByteSet& bytes) const {
    PatternPart part{.folded = folded_, .blank = (bytes & ~blanks()).none()};
    part.head = part.tail = edge_of(folded_ ? in_both_cases(bytes) : bytes);
    ByteSet kept = bytes;
    for (unsigned char c = 'A'; folded_ && c <= 'Z'; ++c) {
      if (kept[c]) kept.reset(c).set(c | 0x20U);
    }
    if (kept.count() > kClassMax || kept.none()) return part;
    part.exact = Strings{};
    for (std::size_t c = 0; c < 256; ++c) {
      if (kept[c]) part.exact->push_back(std::string(1, static_cast<char>(c)));
    }
    return part;
  }

  static void add_range(ByteSet& bytes, unsigned char first, unsigned char last) {
    for (unsigned c = first; c <= last; ++c) bytes.set(c);
  }

  /// \d and its like; false when it is none of them.
  static bool add_named(ByteSet& bytes, char name) {
    ByteSet named;
    switch (name | 0x20) {
      case 'd': add_range(named, '0', '9'); break;
      case 's': named = blanks(); break;
      case 'w':
        add_range(named, '0', '9');
        add_range(named, 'a', 'z');
        add_range(named, 'A', 'Z');
        named.set('_');
        break;
      default: return false;
    }
    bytes |= (name & 0x20) != 0 ? named : ~named;
    return true;
  }

  /// The byte of an escape that stands for one, behind the backslash.
  std::optional<unsigned char> read_escaped_byte() {
    if (ended()) return std::nullopt;
    const char c = pattern_[at_++];
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'f': return '\f';
      case 'v': return '\v';
      case 'x': {
        unsigned value = 0;
        const char* begin = pattern_.data() + at_;
        if (at_ + 2 > pattern_.size() || std::from_chars(begin, begin + 2, value, 16).ptr != begin + 2) {
          return std::nullopt;
        }
        at_ += 2;
        return static_cast<unsigned char>(value);
      }
      default: break;
    }
    if (is_border_word_byte(c)) return std::nullopt;  // of another meaning
    return static_cast<unsigned char>(c);
  }

  PatternPart read_escape() {
    ++at_;
    ByteSet bytes;
    if (!ended() && add_named(bytes, here())) {
      ++at_;
      return one_of(bytes);
    }
    const auto byte = read_escaped_byte();
    if (!byte) return fail();
    return one_of(bytes.set(*byte));
  }

  PatternPart read_class() {
    ++at_;
    const bool negated = take("^");
    ByteSet bytes;
    bool first = true;
    while (!ended() && (here() != ']' || first)) {
      first = false;
      if (here() == '[' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] == ':') return fail();
      if (here() == '\\' && at_ + 1 < pattern_.size() && add_named(bytes, pattern_[at_ + 1])) {
        at_ += 2;
        continue;
      }
      const auto from = read_class_byte();
      if (!from) return fail();
      unsigned char to = *from;
      if (at_ + 1 < pattern_.size() && here() == '-' && pattern_[at_ + 1] != ']') {
        ++at_;
        const auto last = read_class_byte();
        if (!last) return fail();
        to = *last;
      }
      add_range(bytes, *from, to);
    }
    if (!take("]")) return fail();
    return one_of(negated ? ~bytes : bytes);
  }

  std::optional<unsigned char> read_class_byte() {
    if (take("\\b")) return '\b';
    if (take("\\")) return read_escaped_byte();
    return static_cast<unsigned char>(pattern_[at_++]);
  }

  PatternPart read_quantifier(PatternPart part) {
    std::uint32_t least = 1, most = 1;
    if (take("?")) {
      least = 0;
    } else if (take("*")) {
      least = 0, most = kFar;
    } else if (take("+")) {
      most = kFar;
    } else if (!ended() && here() == '{') {
      if (!read_counts(least, most)) return fail();
    } else {
      return part;
    }
    if (!take("?") && !ended() && std::string_view("*+{").find(here()) != std::string_view::npos) return fail();
    return repeated(part, least, most);
  }

  bool read_counts(std::uint32_t& least, std::uint32_t& most) {
    ++at_;
    const char* const end = pattern_.data() + pattern_.size();
    const auto number = [&](std::uint32_t& into) {
      const char* const begin = pattern_.data() + at_;
      const auto read = std::from_chars(begin, end, into);
      at_ += static_cast<std::size_t>(read.ptr - begin);
      return read.ptr != begin;
    };
    if (!number(least)) return false;
    most = least;
    if (take(",") && !number(most)) most = kFar;
    return take("}");
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  bool folded_ = false, failed_ = false;
};

}  // namespace

std::optional<RequiredLiterals> required_literals(std::string_view pattern, double frequency_max) {
  const std::optional<PatternPart> all = PatternReader(pattern).read();
  if (!all || !all->best || all->best->frequency > frequency_max) return std::nullopt;
  RequiredLiterals required = *all->best;
  required.head = all->head;
  prune(required.any_of);  // branches of an alternation may cover each other
  return required;
}

}  // namespace reeve::content
