// The finder "assignment": walks every '=' and ':' of the text, reads the key before it and the value behind it, and
// judges both. Detectors say what they want with `context: {near: […]}`: either kinds of keys ("a password", "an api
// key"), or words of a vendor, which must stand in the key's name or near it.

#include <algorithm>
#include <bitset>
#include <string>
#include <unordered_map>

#include "content/confirm.h"
#include "content/place_list.h"
#include "content/secret_assignment.h"
#include "content/secret_finders.h"
#include "content/secret_value.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

constexpr std::size_t kKinds = static_cast<std::size_t>(KeyKind::kValueOnly) + 1;
constexpr std::uint32_t kNoDetector = ~0U;

/// A detector's words of a vendor: the first finds the entry, the rest must follow.
struct VendorWords {
  std::uint32_t detector = 0;
  std::vector<std::string> words;
};

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t space = std::min(text.find(' ', at), text.size());
    if (space > at) words.emplace_back(text.substr(at, space - at));
    at = space + 1;
  }
  return words;
}

bool follows(const KeyWords& key, std::size_t at, const std::vector<std::string>& words) {
  if (at + words.size() > key.count()) return false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (key.word(at + i) != words[i]) return false;
  }
  return true;
}

class AssignmentFinder final : public PreparedFinder {
 public:
  AssignmentFinder(DetectorSpan all, IndexSpan mine) : all_(all) {
    by_kind_.fill(kNoDetector);
    for (const std::uint32_t index : mine) {
      const auto& told = all[index].with.empty() ? all[index].context.near : all[index].with;
      for (const std::string& word : told) {
        if (const auto kind = key_kind_named(word)) {
          by_kind_[static_cast<std::size_t>(*kind)] = index;
        } else {
          add_vendor(index, word);
        }
      }
    }
  }

  void find(const FinderText& text, std::vector<Candidate>& found) const override {
    std::uint32_t done = 0;  // one value is judged once
    ValueBudget budget(text.text);
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the size goes with it
    look_at_likely(text.text.size(), Signs{MaskView(text.masks.assign), text.text.data()}, [&](std::size_t at) {
      if (found.size() > kFoundMax) return false;
      if (!may_be_assignment(text.text, at)) return true;
      const auto assignment = read_assignment(text.text, at, budget);
      budget.spend(64);
      if (budget.is_spent()) {
        if (text.gave_up != nullptr) *text.gave_up = true;
        return false;
      }
      if (!assignment || assignment->value_start < done) return true;
      budget.spend(640 + 40 * (assignment->value_end - assignment->value_start));
      if (judge(text.text, *assignment, found)) done = assignment->value_end;
      return true;
    });
  }

 private:
  /// The first of '=' and ':' that stand together, behind what may be a secret's name.
  struct Signs {
    MaskView assign;
    const char* text;
    template <bool kFirst>
    std::uint64_t bits(std::size_t word) const {
      return assign.at(word) & ~assign.before<kFirst>(word, 1);
    }
    bool is_likely(std::size_t at) const { return kSecretKeyEndings.may_end_before(text, at); }
  };

  void add_vendor(std::uint32_t index, const std::string& phrase) {
    std::vector<std::string> words = split_words(phrase);
    if (words.empty()) return;
    const std::string first = words.front();
    longest_first_ = std::max(longest_first_, first.size());
    if (first.size() > 1) vendor_starts_.set(start_of(first));
    vendors_[first].push_back({index, std::move(words)});
  }

  static std::size_t start_of(std::string_view word) {
    const auto letter = [word](std::size_t i) {
      return i < word.size() ? static_cast<unsigned char>(word[i]) & 31U : 0U;
    };
    return (letter(0) * 32U + letter(1)) * 32U + letter(2);
  }

  /// Shorter values of such a key are never judged secret.
  static std::size_t size_least(KeyKind kind) {
    switch (kind) {
      case KeyKind::kKey: return 15;  // a vendor's word may stand in it
      case KeyKind::kSession: return 16;
      case KeyKind::kPassword:
      case KeyKind::kPassphrase: return 4;
      default: return 8;
    }
  }

  /// The name that stands beside a mere value: {"name": "API_KEY", "value": "…"}, <add key="ApiKey" value="…"/>,
  /// variable "api_key" { default = "…" }.
  static KeyKind kind_of_sibling(std::string_view text, const Assignment& assignment, std::string_view& key) {
    constexpr std::size_t kReach = 160;
    const std::size_t from = assignment.key_start > kReach ? assignment.key_start - kReach : 0;
    std::string_view before = text.substr(from, assignment.key_start - from);
    std::size_t name = behind_last(before, "variable \"");
    if (name == 0) {
      const std::size_t open = before.find_last_of("{<}");
      if (open != std::string_view::npos) before.remove_prefix(open);
      name = behind_name_key(before);
    }
    if (name == 0) return KeyKind::kNone;
    const std::size_t start = before.find_first_not_of("\"': =\t\\", name);
    if (start == std::string_view::npos) return KeyKind::kNone;
    const std::size_t end = std::min(before.find_first_of("\"',\n \\/", start), before.size());
    key = before.substr(start, end - start);
    return kind_of_key(KeyWords(key));
  }

  /// Behind the last place of `word`; 0 when it is not there.
  static std::size_t behind_last(std::string_view text, std::string_view word) {
    const std::size_t at = text.rfind(word);
    return at == std::string_view::npos ? 0 : at + word.size();
  }

  /// Behind the last colon or equals sign whose key says that a name follows.
  static std::size_t behind_name_key(std::string_view text) {
    constexpr std::array<std::string_view, 5> kNames = {"name", "key", "Name", "Key", "id"};
    for (std::size_t sign = text.find_last_of(":="); sign != std::string_view::npos;
         sign = sign == 0 ? std::string_view::npos : text.find_last_of(":=", sign - 1)) {
      const std::size_t last = text.substr(0, sign).find_last_not_of("\"'\\ ");
      const std::string_view key = text.substr(0, last + 1);  // all of nothing: npos + 1 is 0
      if (std::ranges::any_of(kNames, [key](std::string_view name) { return key.ends_with(name); })) return sign + 1;
    }
    return 0;
  }

  bool judge(std::string_view text, const Assignment& assignment, std::vector<Candidate>& found) const {
    std::string_view key = text.substr(assignment.key_start, assignment.key_end - assignment.key_start);
    const std::string_view value = text.substr(assignment.value_start, assignment.value_end - assignment.value_start);
    KeyKind kind = assignment.kind;
    if (!may_be_secret(value)) return false;
    if (kind == KeyKind::kValueOnly) kind = kind_of_sibling(text, assignment, key);
    if (value.size() < size_least(kind)) return false;
    if (kind == KeyKind::kNone || is_plainly_harmless(value)) return false;
    Candidate best{.detector = kNoDetector, .start = assignment.value_start, .end = assignment.value_end};
    judge_by_kind(kind, value, assignment, key, best);
    judge_by_vendor(text, key, value, assignment, best);
    if (best.detector == kNoDetector || best.confidence < 0.3F) return false;
    found.push_back(best);
    return best.confidence >= 0.5F;
  }

  void judge_by_kind(KeyKind kind, std::string_view value, const Assignment& assignment, std::string_view key,
                     Candidate& best) const {
    const bool in_string = assignment.in_connection_string && kind == KeyKind::kPassword;
    const KeyKind reported = in_string ? KeyKind::kConnectionString : kind;
    const std::uint32_t detector = by_kind_[static_cast<std::size_t>(reported)];
    if (detector == kNoDetector) return;
    const float judged = judge_assigned(kind, value, assignment, key);
    const float surest = all_[detector].confidence;
    const float confidence = in_string && judged >= 0.5F ? surest : std::min(judged, surest);
    if (confidence <= best.confidence) return;
    best.detector = detector;
    best.confidence = confidence;
  }

  void judge_by_vendor(std::string_view text, std::string_view key, std::string_view value,
                       const Assignment& assignment, Candidate& best) const {
    if (vendors_.empty() || assignment.form == ValueForm::kBareCode) return;
    consider_words(KeyWords(key), true, value, best);
    if (value.size() < 14) return;
    // The vendor's name may stand before the key: datadog: {apiKey: …}.
    constexpr std::size_t kReach = 60;
    const std::size_t from = assignment.key_start > kReach ? assignment.key_start - kReach : 0;
    consider_words(KeyWords(text.substr(from, assignment.key_start - from)), false, value, best);
  }

  void consider_words(const KeyWords& words, bool in_key, std::string_view value, Candidate& best) const {
    for (std::size_t at = 0; at < words.count(); ++at) {
      const std::string_view word = words.word(at);
      if (word.size() > 1 && !vendor_starts_[start_of(word)]) continue;  // most words
      consider(words, at, word, value, best);
      if (!in_key) continue;
      // Written together: "githubtoken", "twilioauth".
      for (std::size_t size = std::min(word.size() - 1, longest_first_); size >= 5; --size) {
        consider(words, at, word.substr(0, size), value, best);
      }
    }
  }

  void consider(const KeyWords& words, std::size_t at, std::string_view word, std::string_view value,
                Candidate& best) const {
    const auto entry = vendors_.find(word);
    if (entry == vendors_.end()) return;
    for (const VendorWords& vendor : entry->second) {
      const Detector& detector = all_[vendor.detector];
      if (detector.confidence <= best.confidence || !follows(words, at, vendor.words)) continue;
      if (value.size() < detector.length_min || (detector.length_max != 0 && value.size() > detector.length_max))
        continue;
      if (!std::ranges::all_of(detector.checks, [value](Checker check) { return check(value); })) continue;
      best.detector = vendor.detector;
      best.confidence = detector.confidence;
    }
  }

  DetectorSpan all_;
  std::array<std::uint32_t, kKinds> by_kind_{};
  /// Looked up by views: no copy of the word is made.
  struct HashOfText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::vector<VendorWords>, HashOfText, std::equal_to<>> vendors_;
  std::size_t longest_first_ = 0;
  std::bitset<32UL * 32 * 32> vendor_starts_;  // the first three letters of vendors' first words
};

}  // namespace

PreparedFinderPointer prepare_assignments(DetectorSpan all, IndexSpan mine) {
  return std::make_unique<AssignmentFinder>(all, mine);
}

}  // namespace reeve::content
