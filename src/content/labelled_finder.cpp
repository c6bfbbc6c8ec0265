#include "content/labelled_finder.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <unordered_map>

#include "content/check_digits.h"
#include "content/labelled_values.h"

namespace reeve::content {

namespace {

/// Texts as keys of a map that is asked with views.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// A detector's `context.near` are keys here: one word is the whole key ("name", or "name" behind a blank), several
/// words may end a longer key ("billing first name").
class LabelledFinder final : public PreparedFinder {
 public:
  LabelledFinder(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
    for (const std::uint32_t index : mine) {
      for (const std::string& phrase : all[index].context.near) {
        const std::string joined = joined_key(phrase);
        if (joined.empty()) continue;
        keys_[joined].push_back({index, &all[index], phrase.find(' ') != std::string::npos});
        longest_ = std::max(longest_, joined.size());
        shortest_ = std::min(shortest_, joined.size());
        endings_.add(joined);
        filter(joined);
      }
    }
  }

  void find(const FinderText& input, std::vector<Candidate>& found) const override {
    std::string joined;
    std::vector<const Owner*> owners;
    for_each_labelled_value(
        input, endings_,
        [&](std::string_view key) {
          if (key.size() > 2 && !may_be_known(key)) return false;
          owners_of(key, joined, owners);
          return !owners.empty();
        },
        [&](const LabelledValue& value) {
          owners_of(value.key, joined, owners);
          for (const Owner* owner : owners) settle(input.text, *owner, value, found);
        });
  }

 private:
  struct Owner {
    std::uint32_t index;
    const Detector* detector;
    bool may_end_a_key;
  };

  static std::uint32_t next_hash(std::uint32_t hash, char c) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x9e3779b1U;
    return hash ^ hash >> 15U;
  }

  /// A known key by the hash of its bytes from the last to the first.
  void filter(std::string_view joined) {
    std::uint32_t hash = 0;
    for (std::size_t i = joined.size(); i-- > 0;) hash = next_hash(hash, joined[i]);
    tails_.set(hash & 0xffffU);
    sizes_.set(std::min(joined.size(), sizes_.size() - 1));
  }

  /// Most keys end like none that is known: told from three bytes.
  bool may_be_known(std::string_view key) const {
    std::array<char, 3> last{};
    std::size_t count = 3;
    for (std::size_t i = key.size(); i-- > 0 && count > 0;) {
      if (is_alphanumeric(key[i]) || static_cast<unsigned char>(key[i]) >= 0x80) last[--count] = key[i];
    }
    return endings_.may_be(std::string_view(last.data(), 3).substr(count));
  }

  /// Detectors whose keys this one is, or ends with.
  void owners_of(std::string_view key, std::string& joined, std::vector<const Owner*>& owners) const {
    owners.clear();
    joined.clear();
    std::size_t last_word = 0;  // in `joined`, the word behind the last blank
    for (const char c : key) {
      if (c == ' ') last_word = joined.size();
      if (is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80) joined += lower_case(c);
    }
    const std::string_view whole = joined;
    // From the last byte on, which sizes of tails a key may have: the longest that is one wins.
    const std::size_t largest = std::min({longest_, whole.size(), sizes_.size() - 1});
    std::bitset<64> sizes;
    std::uint32_t hash = 0;
    for (std::size_t size = 1; size <= largest; ++size) {
      hash = next_hash(hash, whole[whole.size() - size]);
      sizes[size] = sizes_[size] && tails_[hash & 0xffffU];
    }
    for (std::size_t size = largest; size >= shortest_; --size) {
      if (!sizes[size]) continue;
      const std::string_view tail = whole.substr(whole.size() - size);
      const auto owned = keys_.find(tail);
      if (owned == keys_.end()) continue;
      for (const Owner& owner : owned->second) {
        const bool complete = size == whole.size() || whole.size() - size == last_word;
        if (complete || owner.may_end_a_key) owners.push_back(&owner);
      }
      if (!owners.empty()) return;
    }
  }

  static void settle(std::string_view text, const Owner& owner, const LabelledValue& value,
                     std::vector<Candidate>& found) {
    const Detector& detector = *owner.detector;
    std::size_t end = value.end;
    const auto passes = [&](std::size_t to) {
      const auto candidate = text.substr(value.begin, to - value.begin);
      if (candidate.empty()) return false;
      for (const std::string& never : detector.not_values) {
        if (candidate.find(never) != std::string_view::npos) return false;
      }
      return std::ranges::all_of(detector.checks, [&](Checker check) { return check(candidate); });
    };
    if (!passes(end)) {
      // Without quotes the value may end before the line does.
      if (value.quoted) return;
      const auto comma = text.substr(value.begin, end - value.begin).find_first_of(",(");
      if (comma == std::string_view::npos) return;
      end = value.begin + comma;
      while (end > value.begin && text[end - 1] == ' ') --end;
      if (end < text.size() && text[end] == '(') return;  // a call
      if (!passes(end)) return;
    }
    if (!value.quoted && is_code(text, value, end)) return;
    found.push_back({owner.index, static_cast<std::uint32_t>(value.begin), static_cast<std::uint32_t>(end),
                     std::max(detector.confidence, detector.with_context)});
  }

  /// A type, a variable, a call: "firstName: String,", "name = Person.find(".
  static bool is_code(std::string_view text, const LabelledValue& value, std::size_t end) {
    const char after = end < text.size() ? text[end] : '\n';
    if (holds("(.[=<;{", after)) return true;
    const bool one_word = text.substr(value.begin, end - value.begin).find(' ') == std::string_view::npos;
    return one_word && (after == ',' || after == ')');
  }

  std::unordered_map<std::string, std::vector<Owner>, TextHash, std::equal_to<>> keys_;
  std::size_t longest_ = 0, shortest_ = 100;
  KeyEndings endings_;
  std::bitset<0x10000> tails_;
  std::bitset<64> sizes_;
};

}  // namespace

std::unique_ptr<PreparedFinder> prepare_labelled(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
  return std::make_unique<LabelledFinder>(all, mine);
}

}  // namespace reeve::content
