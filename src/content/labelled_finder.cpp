#include "content/labelled_finder.h"

#include <algorithm>

#include "content/check_digits.h"
#include "content/labelled_values.h"
#include "content/next_sign.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

/// Values that pass their detectors' checks become candidates.
class Settler final : public ValueTaker {
 public:
  Settler(std::string_view text, std::vector<Candidate>& found) : text_(text), found_(found) {}

  bool take(const LabelledValue& value) override {
    for (const KnownKeys::Owner& owner : *value.match.owners) {
      if (value.match.means(owner)) settle(owner, value);
    }
    return found_.size() <= kFoundMax;
  }

 private:
  void settle(const KnownKeys::Owner& owner, const LabelledValue& value) {
    const Detector& detector = *owner.detector;
    std::size_t end = value.end;
    const auto passes = [&](std::size_t to) {
      const auto candidate = text_.substr(value.begin, to - value.begin);
      if (candidate.empty()) return false;
      for (const std::string& never : detector.not_values) {
        if (candidate.find(never) != std::string_view::npos) return false;
      }
      return std::ranges::all_of(detector.checks, [&](Checker check) { return check(candidate); });
    };
    if (!passes(end)) {
      // Without quotes the value may end before the line does.
      if (value.quoted) return;
      const std::size_t comma = commas_.in(text_, value.begin, end);
      if (comma == end) return;
      end = comma;
      while (end > value.begin && text_[end - 1] == ' ') --end;
      if (end < text_.size() && text_[end] == '(') return;  // a call
      if (!passes(end)) return;
    }
    if (!value.quoted && is_code(value, end)) return;
    found_.push_back({owner.index, static_cast<std::uint32_t>(value.begin), static_cast<std::uint32_t>(end),
                      std::max(detector.confidence, detector.with_context)});
  }

  /// A type, a variable, a call: "firstName: String,", "name = Person.find(".
  bool is_code(const LabelledValue& value, std::size_t end) const {
    const char after = end < text_.size() ? text_[end] : '\n';
    if (holds("(.[=<;{", after)) return true;
    const bool one_word = text_.substr(value.begin, end - value.begin).find(' ') == std::string_view::npos;
    return one_word && (after == ',' || after == ')');
  }

  std::string_view text_;
  std::vector<Candidate>& found_;
  static constexpr NextSign::Set kCommas = NextSign::set_of(",(");
  NextSign commas_{kCommas};
};

/// A detector's `context.near` are keys here: one word is the whole key ("name", or "name" behind a blank), several
/// words may end a longer key ("billing first name").
class LabelledFinder final : public PreparedFinder {
 public:
  LabelledFinder(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
    for (const std::uint32_t index : mine) {
      for (const std::string& phrase : all[index].context.near) keys_.add(phrase, index, &all[index]);
    }
  }

  void find(const FinderText& input, std::vector<Candidate>& found) const override {
    Settler settler(input.text, found);
    for_each_labelled_value(input, keys_, settler);
  }

 private:
  KnownKeys keys_;
};

}  // namespace

std::unique_ptr<PreparedFinder> prepare_labelled(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
  return std::make_unique<LabelledFinder>(all, mine);
}

}  // namespace reeve::content
