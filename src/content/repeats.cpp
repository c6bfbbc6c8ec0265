// What was taken out once stays out. Words around a value give it away in one place and are missing in the next: the
// password of a file that the model repeats in a sentence. Only what stands behind the place where it was found is
// looked at, so that what was sent in an earlier turn is sent again in the same bytes.

#include <algorithm>
#include <string>

#include "content/json_text.h"
#include "content/placeholder.h"
#include "content/redaction.h"

namespace reeve::content {

namespace {

constexpr std::size_t kValueBytesMin = 6;    // a shorter one stands in other words by chance
constexpr std::size_t kValueBytesMax = 512;  // a longer one is found for itself: a key, a certificate
constexpr std::size_t kValuesMax = 64;       // of one body; each costs a search through what stands behind it
constexpr int kLevelsMax = 3;                // JSON in JSON in JSON

/// A value as it is written at one level of nesting.
struct Wanted {
  std::string written;
  const Replacement* first = nullptr;
};

const BodyText* text_at(const std::vector<BodyText>& texts, std::size_t place) {
  const auto behind = std::ranges::upper_bound(texts, place, {}, &BodyText::offset);
  return behind == texts.begin() ? nullptr : &*std::prev(behind);
}

/// As it was before JSON wrote it down; tool arguments inside a string were written twice.
std::string decoded(std::string_view raw, const BodyText& text) {
  if (text.form == TextForm::kPlain) return std::string(raw);
  std::string once;
  decode_json_inside(raw, once);
  if (text.form != TextForm::kJsonString || text.origin != TextOrigin::kToolArguments) return once;
  std::string twice;
  decode_json_inside(once, twice);
  return twice;
}

void add_wanted(std::string value, const Replacement& first, std::vector<Wanted>& wanted) {
  if (value.size() < kValueBytesMin || value.size() > kValueBytesMax) return;
  for (int level = 0; level <= kLevelsMax; ++level) {
    if (std::ranges::find(wanted, value, &Wanted::written) == wanted.end()) wanted.push_back({value, &first});
    std::string nested;
    append_json_inside(nested, value);
    if (nested == value) return;
    value = std::move(nested);
  }
}

/// Not in the middle of a longer word. The n of \n is no part of one.
bool stands_alone(std::string_view text, std::size_t start, std::size_t end) {
  const auto is_word = [](char c) { return is_letter_or_digit(c) || c == '_'; };
  if (end < text.size() && is_word(text[end - 1]) && is_word(text[end])) return false;
  if (start == 0 || !is_word(text[start]) || !is_word(text[start - 1])) return true;
  return start >= 2 && text[start - 2] == '\\' &&
         std::string_view("nrt").find(text[start - 1]) != std::string_view::npos;
}

bool touches(const std::vector<Replacement>& ordered, std::size_t start, std::size_t end) {
  const auto next = std::ranges::upper_bound(ordered, start, {}, &Replacement::end);
  return next != ordered.end() && next->start < end;
}

}  // namespace

void add_repeats(std::string_view body, const std::vector<BodyText>& texts, std::vector<Replacement>& replacements) {
  std::vector<Wanted> wanted;
  std::size_t values = 0;
  for (const Replacement& each : replacements) {
    const BodyText* const text = text_at(texts, each.start);
    if (each.class_name != "secret" || text == nullptr || values == kValuesMax) continue;
    const std::size_t before = wanted.size();
    add_wanted(decoded(body.substr(each.start, each.end - each.start), *text), each, wanted);
    if (wanted.size() > before) ++values;
  }
  // The longest first: one value may be a part of another.
  std::ranges::sort(wanted, [](const Wanted& left, const Wanted& right) {
    return left.written.size() != right.written.size() ? left.written.size() > right.written.size()
                                                       : left.written < right.written;
  });
  std::vector<Replacement> ordered = replacements;
  for (const Wanted& each : wanted) {
    const Replacement first = *each.first;
    const std::size_t known = ordered.size();
    std::vector<Replacement> found;
    for (const BodyText& text : texts) {
      const std::size_t text_end = text.offset + text.length;
      if (text_end <= first.end) continue;
      const std::string_view inside = body.substr(text.offset, text.length);
      std::size_t at = first.end > text.offset ? first.end - text.offset : 0;
      for (; (at = inside.find(each.written, at)) != std::string_view::npos; at += each.written.size()) {
        const std::size_t start = text.offset + at;
        const std::size_t end = start + each.written.size();
        if (!stands_alone(inside, at, at + each.written.size()) || touches(ordered, start, end)) continue;
        found.push_back({start, end, first.with, first.class_name, first.type});
      }
    }
    // Those of one value are in order and apart; a body may hold a value a hundred thousand times.
    ordered.insert(ordered.end(), found.begin(), found.end());
    std::inplace_merge(ordered.begin(), ordered.begin() + static_cast<std::ptrdiff_t>(known), ordered.end(),
                       [](const Replacement& left, const Replacement& right) { return left.start < right.start; });
  }
  replacements = std::move(ordered);
}

}  // namespace reeve::content
