// What a terminal is told between the characters of a value: colours, as grep puts around what it found, glue an "m" to
// the front of a value or stand in the middle of it.

#include "content/decode.h"

namespace reeve::content {

namespace {

constexpr char kEscape = '\x1b';
constexpr std::size_t kSequenceMax = 24;
constexpr std::size_t kBefore = 80;  // bytes of a stretch before its first sequence, for words of context
constexpr std::size_t kStretchMax = 4096;
constexpr std::size_t kGlued = 8;  // token bytes behind a sequence that may be a value

/// The bytes of a control sequence at `at`: ESC [ digits and marks, a letter; or 0.
std::size_t sequence_at(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size() || text[at] != kEscape || text[at + 1] != '[') return 0;
  for (std::size_t to = at + 2; to < text.size() && to < at + kSequenceMax; ++to) {
    const char lower = static_cast<char>(text[to] | 0x20);
    if (lower >= 'a' && lower <= 'z') return to + 1 - at;
    if (text[to] < ' ' || text[to] > '?') return 0;
  }
  return 0;
}

/// Sequences one behind the other.
std::size_t sequences_end(std::string_view text, std::size_t at) {
  while (const std::size_t bytes = sequence_at(text, at)) at += bytes;
  return at;
}

bool is_value_in_front(std::string_view text, std::size_t at) {
  bool has_digit = false;
  std::size_t size = 0;
  for (; at + size < text.size() && size < 2 * kGlued && is_token_byte(text[at + size]); ++size) {
    has_digit = has_digit || is_digit_byte(text[at + size]);
  }
  return size >= kGlued && has_digit;
}

}  // namespace

void decode_terminal(DecodeTask& task) {
  if (!task.masks.may_have_terminal) return;
  const std::string_view text = task.text;
  std::size_t done = 0;
  for (std::size_t at = text.find(kEscape); at != std::string_view::npos; at = text.find(kEscape, at)) {
    const std::size_t behind = sequences_end(text, at);
    if (behind == at) {
      ++at;
      continue;
    }
    const bool inside = at > 0 && is_token_byte(text[at - 1]) && behind < text.size() && is_token_byte(text[behind]);
    if (!inside && !is_value_in_front(text, behind)) {
      at = behind;
      continue;
    }
    std::size_t start = std::max(done, at > kBefore ? at - kBefore : 0);
    const std::size_t line = text.substr(start, at - start).rfind('\n');
    if (line != std::string_view::npos) start += line + 1;
    while (start > 0 && start < at && is_token_byte(text[start - 1]) && is_token_byte(text[start])) ++start;
    task.begin_mapped(start);
    std::size_t to = start;
    while (to < text.size() && to - start < kStretchMax && text[to] != '\n') {
      if (const std::size_t bytes = sequence_at(text, to)) {
        to += bytes;
        continue;
      }
      if (!task.put(text[to], to, to + 1)) break;
      ++to;
    }
    task.finish_mapped(to);
    if (task.budget.exhausted) return;
    done = at = to;
  }
}

}  // namespace reeve::content
