#include "policy/pattern_sets.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <functional>

#include "core/check.h"

namespace reeve::policy {

namespace {

constexpr std::size_t kOneByOneMax = 3;        // patterns on one fact up to which a set does not pay
constexpr std::size_t kRememberedTexts = 256;  // per set and thread
constexpr std::size_t kRememberedBytes = 512;  // longer texts hardly repeat
constexpr std::int64_t kSetMemory = 64LL << 20U;

constexpr std::uint8_t kAskedOneByOne = 6;
constexpr std::size_t kUsualTextBytes = 64;
constexpr std::size_t kFillOneByOneMax = 32;  // patterns: a set of RE2 allocates, these do not

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options options_of(std::int64_t memory) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory);
  return options;
}

}  // namespace

struct PatternSets::Set {
  std::uint32_t slot = 0;
  std::size_t count = 0;
  std::unique_ptr<RE2::Set> automaton;  // null when the patterns are matched one by one
};

struct PatternSets::Pattern {
  std::uint32_t set = 0;
  std::uint32_t place = 0;  // in the set
  std::string text;
  std::unique_ptr<RE2> alone;
};

PatternSets::PatternSets() = default;
PatternSets::~PatternSets() = default;

std::uint32_t PatternSets::add(std::uint32_t slot, std::string_view pattern) {
  auto set = std::find_if(sets_.begin(), sets_.end(), [&](const auto& known) { return known->slot == slot; });
  if (set == sets_.end()) {
    sets_.push_back(std::make_unique<Set>());
    set = sets_.end() - 1;
    (*set)->slot = slot;
  }
  const auto number = static_cast<std::uint32_t>(set - sets_.begin());
  for (std::uint32_t i = 0; i < patterns_.size(); ++i) {
    if (patterns_[i]->set == number && patterns_[i]->text == pattern) return i;
  }
  auto added = std::make_unique<Pattern>();
  added->set = number;
  added->place = static_cast<std::uint32_t>((*set)->count++);
  added->text = pattern;
  added->alone = std::make_unique<RE2>(added->text, options_of(8LL << 20U));
  CHECK(added->alone->ok());
  patterns_.push_back(std::move(added));
  return static_cast<std::uint32_t>(patterns_.size() - 1);
}

void PatternSets::seal() {
  for (std::uint32_t number = 0; number < sets_.size(); ++number) {
    Set& set = *sets_[number];
    if (set.count <= kOneByOneMax) continue;
    auto automaton = std::make_unique<RE2::Set>(options_of(kSetMemory), RE2::UNANCHORED);
    for (const auto& pattern : patterns_) {
      if (pattern->set == number) CHECK(automaton->Add(pattern->text, nullptr) == static_cast<int>(pattern->place));
    }
    // Without memory for the set each pattern still answers by itself.
    if (automaton->Compile()) set.automaton = std::move(automaton);
  }
}

PatternSets::Matches::Matches(const PatternSets* sets)
    : sets_(sets), latest_(sets->sets_.size()), remembered_(sets->sets_.size()) {
  for (std::size_t i = 0; i < remembered_.size(); ++i) {
    remembered_[i].resize(kRememberedTexts);
    for (Remembered& place : remembered_[i]) {
      place.text.reserve(kUsualTextBytes);
      place.bits.reserve((sets->sets_[i]->count + 63) / 64);
    }
  }
}

PatternSets::Matches::Remembered& PatternSets::Matches::look_up(const Set& set, std::uint32_t number,
                                                                std::string_view text) {
  Latest& latest = latest_[number];
  if (latest.place != nullptr && latest.text == text.data() && latest.size == text.size()) return *latest.place;
  // One place for all long texts: other patterns of this decision ask for the same one.
  const std::size_t at =
      text.size() > kRememberedBytes ? 0 : 1 + std::hash<std::string_view>{}(text) % (kRememberedTexts - 1);
  Remembered& place = remembered_[number][at];
  latest = {text.data(), text.size(), &place};
  if (place.known != Known::kNothing && place.text == text) return place;
  RE2::Set::ErrorInfo error{};
  const bool some = set.automaton->Match(piece(text), nullptr, &error);
  // An automaton that ran out of memory has not said that none matches.
  place.known = some || error.kind != RE2::Set::kNoError ? Known::kSomeMatch : Known::kNoneMatches;
  place.asked = 0;
  place.text = text;
  return place;
}

/// False when the automaton ran out of memory on this text.
bool PatternSets::Matches::fill(const Set& set, Remembered& place, std::string_view text) {
  place.bits.assign((set.count + 63) / 64, 0);
  if (set.count <= kFillOneByOneMax && text.size() <= kUsualTextBytes) {
    for (const auto& pattern : sets_->patterns_) {
      if (sets_->sets_[pattern->set].get() != &set || !RE2::PartialMatch(piece(text), *pattern->alone)) continue;
      place.bits[pattern->place / 64] |= 1ULL << (pattern->place % 64);
    }
    place.known = Known::kAll;
    return true;
  }
  RE2::Set::ErrorInfo error{};
  found_.clear();
  if (!set.automaton->Match(piece(text), &found_, &error) && error.kind != RE2::Set::kNoError) return false;
  for (const int found : found_) {
    place.bits[static_cast<std::size_t>(found) / 64] |= 1ULL << (static_cast<unsigned>(found) % 64);
  }
  place.known = Known::kAll;
  return true;
}

bool PatternSets::Matches::matches(std::uint32_t number, std::string_view text) {
  const Pattern& pattern = *sets_->patterns_[number];
  const Set& set = *sets_->sets_[pattern.set];
  if (!set.automaton) return RE2::PartialMatch(piece(text), *pattern.alone);
  Remembered& place = look_up(set, pattern.set, text);
  if (place.known == Known::kNoneMatches) return false;
  if (place.known == Known::kSomeMatch) {
    const bool one_by_one = text.size() <= kRememberedBytes && place.asked < kAskedOneByOne;
    if (one_by_one) ++place.asked;
    if (one_by_one || !fill(set, place, text)) return RE2::PartialMatch(piece(text), *pattern.alone);
  }
  return (place.bits[pattern.place / 64] >> (pattern.place % 64) & 1U) != 0;
}

std::string pattern_fault(std::string_view pattern) {
  const RE2 compiled(piece(pattern), options_of(8LL << 20U));
  return compiled.ok() ? std::string() : compiled.error();
}

int pattern_size(std::string_view pattern) {
  const RE2 compiled(piece(pattern), options_of(8LL << 20U));
  return compiled.ok() ? compiled.ProgramSize() : 0;
}

}  // namespace reeve::policy
