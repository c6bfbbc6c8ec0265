#include "content/confirm.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>

#include "content/context_words.h"
#include "content/rarity.h"

namespace reeve::content {

namespace {

// A match of a pattern without a largest width is looked for in this many bytes before its end.
constexpr std::uint32_t kWidestMatch = 16'384;
constexpr std::size_t kGroupsMax = 10;
// What a look at a match's outline costs, what asking an expression costs however little it reads, and what judging a
// value costs; in bytes that one walks over.
constexpr std::uint64_t kLookedAtOnce = 8;
constexpr std::uint64_t kEachLook = 20, kEachMatch = 300, kEachValue = 300, kEachValueByte = 4;

bool contains_ignoring_case(std::string_view text, std::string_view lower) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b; };
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(), same) != text.end();
}

bool is_ruled_out_by_line(const Detector& detector, std::string_view text, std::size_t start, std::size_t end) {
  constexpr std::size_t kLineSideMax = 400;
  std::size_t from = start, to = end;
  while (from > 0 && text[from - 1] != '\n' && start - from < kLineSideMax) --from;
  while (to < text.size() && text[to] != '\n' && to - end < kLineSideMax) ++to;
  return has_words(text.substr(from, to - from), start - from, end - from, detector.not_near, to - from);
}

WholeFound* whole_found(ConfirmBudget& budget, std::uint32_t detector) {
  const auto found = std::ranges::find(budget.whole, detector, &WholeFound::detector);
  return found == budget.whole.end() ? nullptr : &*found;
}

/// What is said of a whole text needs no second place in it.
bool is_sure_already(ConfirmBudget& budget, std::uint32_t detector) {
  const WholeFound* const found = whole_found(budget, detector);
  return found != nullptr && found->confidence >= 0.85F;
}

/// Whether a further place says no more of the whole text than an earlier one did; otherwise it is taken down.
bool says_nothing_new(ConfirmBudget& budget, const Candidate& candidate, std::size_t text_size) {
  WholeFound* const found = whole_found(budget, candidate.detector);
  if (found != nullptr && found->confidence >= candidate.confidence && found->start <= candidate.start) return true;
  // What touches a border may be taken back, so it stands for no other.
  if (candidate.start == 0 || candidate.end == text_size) return false;
  if (found == nullptr) {
    budget.whole.push_back({candidate.detector, candidate.start, candidate.confidence});
  } else if (candidate.confidence >= found->confidence) {
    *found = {candidate.detector, candidate.start, candidate.confidence};
  }
  return false;
}

}  // namespace

bool judge_value(const Detector& detector, std::string_view text, std::size_t start, std::size_t end, float& confidence,
                 std::string_view& why) {
  const std::string_view value = text.substr(start, end - start);
  const auto drop = [&why](std::string_view reason) {
    why = reason;
    return false;
  };
  if (detector.length_max != 0 && (value.size() < detector.length_min || value.size() > detector.length_max)) {
    return drop("the value's length is outside 'length'");
  }
  for (const std::string& fixed : detector.not_values) {
    if (contains_ignoring_case(value, fixed)) return drop("holds one of 'not_values'");
  }
  for (const Checker check : detector.checks) {
    if (!check(value)) return drop("does not pass 'check'");
  }
  if (detector.rare > 0 && rarity(value) < detector.rare) return drop("is too much like words for 'rare'");
  if (!detector.not_near.empty() && is_ruled_out_by_line(detector, text, start, end)) {
    return drop("a word of 'not_near' stands on its line");
  }
  const bool has_words = !detector.context.near.empty() && has_context(text, start, end, detector.context);
  if (detector.context.need && !has_words) return drop("none of the words of 'context' stands near by");
  confidence = detector.weigh != nullptr ? detector.weigh(detector, text, start, end) : detector.confidence;
  if (confidence <= 0) return drop("is nothing by what stands around it, says 'weigh'");
  if (has_words) confidence = std::max(confidence, detector.with_context);
  why = has_words ? "passes everything, with words of 'context' near by" : "passes everything";
  return true;
}

namespace {

using Groups = std::array<re2::StringPiece, kGroupsMax>;

/// A match that the expression gave: its value is judged.
void confirm_match(const DetectorSet& set, std::uint32_t pattern, const Groups& groups, std::string_view text,
                   ConfirmBudget& budget, std::vector<Candidate>& found, CandidateWatcher* watcher) {
  const std::uint32_t index = set.patterns()[pattern].detector;
  const Detector& detector = set.detectors()[index];
  re2::StringPiece value = groups[static_cast<std::size_t>(detector.value_group)];
  // With several patterns the group may stand in another of them: then the whole match is the value.
  if (value.data() == nullptr || value.empty()) value = groups[0];
  const auto start = static_cast<std::size_t>(value.data() - text.data());
  float confidence = 0;
  std::string_view why;
  if (detector.weigh != nullptr) {
    if (detector.whole && is_sure_already(budget, index)) return;
    if (!budget.take_weighing(std::min<std::size_t>(detector.weigher_reads, text.size()))) return;
  }
  budget.bytes -= std::min(budget.bytes, kEachValue + kEachValueByte * value.size());
  const bool kept = judge_value(detector, text, start, start + value.size(), confidence, why);
  if (watcher != nullptr) watcher->looked_at(index, start, start + value.size(), kept, why);
  if (!kept) return;
  const Candidate candidate{index, static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(start + value.size()),
                            confidence};
  if (!detector.whole || !says_nothing_new(budget, candidate, text.size())) found.push_back(candidate);
}

}  // namespace

namespace {

/// Where a match may begin and end that holds a required literal.
struct MatchBounds {
  std::size_t from = 0, latest = 0, to = 0;
  bool anchored = false;  // it begins at `from` or nowhere
};

/// None when the match's outline says that there is none.
std::optional<MatchBounds> bounds_of(const CompiledPattern& pattern, const RequiredAt& required, const LiteralHit& hit,
                                     std::string_view text, std::uint32_t last_end, ConfirmBudget& budget) {
  MatchBounds bounds;
  if (hit.last < required.before_least) return std::nullopt;
  bounds.latest = hit.last - required.before_least;
  const std::size_t earliest = hit.start > required.before_most ? hit.start - required.before_most : 0;
  bounds.from = std::max<std::size_t>(earliest, last_end);
  if (bounds.from > bounds.latest) return std::nullopt;
  bounds.to = std::min<std::size_t>(text.size(), bounds.latest + std::min(pattern.width.most, kWidestMatch));
  bounds.anchored =
      bounds.from == bounds.latest || (required.before_least == required.before_most && hit.start == hit.last);
  const std::string_view behind = text.substr(hit.start, bounds.to - hit.start);
  const std::uint64_t work = kEachLook + (behind.size() + bounds.latest - bounds.from) / kLookedAtOnce;
  budget.bytes -= std::min(budget.bytes, work);
  if (!bounds.anchored) {
    const auto begin = required.outline->next_begin(text, bounds.from, bounds.latest);
    if (!begin) return std::nullopt;
    bounds.from = *begin;
    bounds.anchored = !required.outline->next_begin(text, bounds.from + 1, bounds.latest);
  }
  if (!required.outline->may_go_on(behind)) return std::nullopt;
  return bounds;
}

}  // namespace

void confirm_literal(const DetectorSet& set, const RequiredAt& required, const LiteralHit& hit, std::string_view text,
                     std::uint32_t& last_end, ConfirmBudget& budget, std::vector<Candidate>& found,
                     CandidateWatcher* watcher) {
  // An expression that begins at a known place mostly gives up after a few bytes.
  constexpr std::size_t kAnchoredShare = 8;
  const CompiledPattern& pattern = set.patterns()[required.pattern];
  const Detector& detector = set.detectors()[pattern.detector];
  if (detector.whole && is_sure_already(budget, pattern.detector)) return;
  auto bounds = bounds_of(pattern, required, hit, text, last_end, budget);
  if (!bounds) return;
  Groups groups;
  // More than once only where the literal stands at place after place.
  for (std::size_t from = bounds->from; from <= bounds->latest; from = std::max<std::size_t>(from + 1, last_end)) {
    const std::uint64_t work = kEachMatch + (bounds->to - from) / (bounds->anchored ? kAnchoredShare : 1);
    if (work > budget.bytes) {
      budget.exhausted = true;
      return;
    }
    budget.bytes -= work;
    if (!pattern.expression->Match({text.data(), text.size()}, from, bounds->to,
                                   bounds->anchored ? re2::RE2::ANCHOR_START : re2::RE2::UNANCHORED, groups.data(),
                                   detector.value_group + 1)) {
      return;
    }
    last_end = static_cast<std::uint32_t>(groups[0].data() + groups[0].size() - text.data());
    confirm_match(set, required.pattern, groups, text, budget, found, watcher);
    if (bounds->anchored || hit.start == hit.last) return;
  }
}

void confirm_run(const DetectorSet& set, const MatchRun& run, std::string_view text, std::uint32_t& last_end,
                 ConfirmBudget& budget, std::vector<Candidate>& found, CandidateWatcher* watcher) {
  const CompiledPattern& pattern = set.patterns()[run.pattern];
  const Detector& detector = set.detectors()[pattern.detector];
  if (run.last_end <= last_end) return;
  const std::uint32_t width = std::min(pattern.width.most, kWidestMatch);
  const std::uint32_t earliest = run.first_end > width ? run.first_end - width : 0;
  std::size_t from = std::max(earliest, last_end);
  Groups groups;
  while (from < run.last_end) {
    const std::uint64_t work = kEachMatch + run.last_end - from;
    if (work > budget.bytes) {
      budget.exhausted = true;
      return;
    }
    budget.bytes -= work;
    const re2::StringPiece whole(text.data(), text.size());
    if (!pattern.expression->Match(whole, from, run.last_end, re2::RE2::UNANCHORED, groups.data(),
                                   detector.value_group + 1)) {
      return;
    }
    const re2::StringPiece& match = groups[0];
    const auto end = static_cast<std::size_t>(match.data() - text.data()) + match.size();
    from = std::max(end, from + 1);
    last_end = static_cast<std::uint32_t>(end);
    confirm_match(set, run.pattern, groups, text, budget, found, watcher);
  }
}

}  // namespace reeve::content
