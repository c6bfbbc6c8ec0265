// Finders of tokens that have no largest length or stand in pairs: JSON Web Tokens, secret keys beside their ids,
// words that recover a wallet.

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "content/place_list.h"
#include "content/rare_shapes.h"
#include "content/secret_checks.h"
#include "content/secret_finders.h"
#include "content/secret_value.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

bool is_base64url(char c) { return is_alnum(c) || c == '-' || c == '_'; }
bool is_base64(char c) { return is_alnum(c) || c == '+' || c == '/'; }

template <typename Find>
class OneDetectorFinder final : public PreparedFinder {
 public:
  OneDetectorFinder(DetectorSpan all, IndexSpan mine) : all_(all), mine_(mine.begin(), mine.end()) {}
  void find(const FinderText& text, std::vector<Candidate>& found) const override {
    for (const std::uint32_t index : mine_) Find{}(text, index, all_[index].confidence, found);
  }

 private:
  DetectorSpan all_;
  std::vector<std::uint32_t> mine_;
};

Candidate candidate(std::uint32_t detector, std::size_t start, std::size_t end, float confidence) {
  return {.detector = detector,
          .start = static_cast<std::uint32_t>(start),
          .end = static_cast<std::uint32_t>(end),
          .confidence = confidence};
}

struct FindWebTokens {
  void operator()(const FinderText& input, std::uint32_t detector, float confidence,
                  std::vector<Candidate>& found) const {
    const std::string_view text = input.text;
    constexpr std::size_t kTokenMax = 16384;
    if (!input.masks.has(RareSign::kWebToken)) return;
    std::size_t next = 0;
    for_each_place(input.masks.rare_triple, text.size(), [&](std::size_t pair) {
      if (text[pair] != 'y' || pair == 0 || pair < next || text[pair - 1] != 'e' || text[pair + 1] != 'J') return;
      const std::size_t at = pair - 1;
      if (at > 0 && is_base64url(text[at - 1])) return;
      std::size_t end = at;
      std::size_t dots = 0;
      const std::size_t limit = std::min(text.size(), at + kTokenMax);
      while (end < limit && (is_base64url(text[end]) || text[end] == '.')) {
        if (text[end] == '.' && ++dots > 4) break;
        ++end;
      }
      while (end > at && text[end - 1] == '.' && dots > 2) --end, --dots;
      const std::string_view token = text.substr(at, end - at);
      const std::size_t second = token.find('.', token.find('.') + 1);
      if (dots < 2 || second == std::string_view::npos || token.size() - second < 17) return;
      if (!check_jwt(token) || is_sample(token)) return;
      found.push_back(candidate(detector, at, end, confidence));
      next = end;
    });
  }

  /// The token that documentation everywhere shows: its subject is 1234567890, its signature is known.
  static bool is_sample(std::string_view token) {
    return token.find(".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lI") != std::string_view::npos;
  }
};

/// AWS: forty characters of base64 within reach of an access key id.
struct FindPairedKeys {
  void operator()(const FinderText& input, std::uint32_t detector, float confidence,
                  std::vector<Candidate>& found) const {
    const std::string_view text = input.text;
    constexpr std::size_t kIdBytes = 20;
    constexpr std::size_t kReach = 200;
    if (!input.masks.has(RareSign::kKeyId)) return;
    for_each_place(input.masks.rare_triple, text.size(), [&](std::size_t at) {
      if (text[at] != 'K' || at == 0 || text.substr(at, 3) != "KIA" || text[at - 1] != 'A' ||
          at - 1 + kIdBytes > text.size())
        return;
      const std::string_view id = text.substr(at - 1, kIdBytes);
      if (!std::ranges::all_of(id, [](char c) { return is_upper(c) || is_digit(c); }) || is_made_up(id)) return;
      find_runs(text, at + kIdBytes - 1, std::min(text.size(), at + kIdBytes + kReach), detector, confidence, found);
    });
  }

  static void find_runs(std::string_view text, std::size_t from, std::size_t to, std::uint32_t detector,
                        float confidence, std::vector<Candidate>& found) {
    for (std::size_t i = from; i < to;) {
      if (!is_base64(text[i])) {
        ++i;
        continue;
      }
      std::size_t end = i;
      while (end < text.size() && end - i <= 41 && is_base64(text[end])) ++end;
      if (end - i == 40 && is_key(text.substr(i, 40))) found.push_back(candidate(detector, i, end, confidence));
      i = end;
    }
  }

  static bool is_key(std::string_view value) {
    const ValueShape shape = shape_of(value);
    return shape.lower > 3 && shape.upper > 3 && shape.digits > 0 && is_random_token(value);
  }
};

/// Discord: a user id in base64, six characters of time, a signature, with dots between.
struct FindDottedTokens {
  void operator()(const FinderText& input, std::uint32_t detector, float confidence,
                  std::vector<Candidate>& found) const {
    const std::string_view text = input.text;
    if (!input.masks.has(RareSign::kDottedToken)) return;
    look_at_rare(text.size(), TwoDots{MaskView(input.masks.dot), MaskView(input.masks.assign)},
                 [&](std::size_t dot) { look_at(text, dot, detector, confidence, found); });
  }

  struct TwoDots {
    MaskView dot, assign;
    template <bool kFirst>
    std::uint64_t bits(std::size_t word) const {
      return rare_shapes::dotted_token(rare_shapes::plane_at<kFirst>(dot, word),
                                       rare_shapes::plane_at<kFirst>(assign, word));
    }
  };

  static void look_at(std::string_view text, std::size_t dot, std::uint32_t detector, float confidence,
                      std::vector<Candidate>& found) {
    constexpr std::size_t kSecondDot = rare_shapes::kSecondDot;
    if (dot < 23) return;
    std::size_t start = dot;
    while (start > 0 && dot - start <= 28 && is_base64url(text[start - 1])) --start;
    std::size_t end = dot + 1;
    while (end < dot + kSecondDot && is_base64url(text[end])) ++end;
    if (end != dot + kSecondDot || dot - start < 23 || dot - start > 28) return;
    for (++end; end < text.size() && end - dot - kSecondDot <= 40 && is_base64url(text[end]);) ++end;
    const std::size_t signature = end - dot - kSecondDot - 1;
    if (signature < 27 || signature > 38 || (text[start] != 'M' && text[start] != 'N' && text[start] != 'O')) return;
    const std::string_view token = text.substr(start, end - start);
    const ValueShape shape = shape_of(token);
    if (shape.digits < 2 || shape.lower < 4 || shape.upper < 4 || !is_random_token(token)) return;
    found.push_back(candidate(detector, start, end, confidence));
  }
};

/// Twelve, fifteen, … twenty-four short words of small letters behind a word that names them.
struct FindSeedPhrases {
  void operator()(const FinderText& input, std::uint32_t detector, float confidence,
                  std::vector<Candidate>& found) const {
    const std::string_view text = input.text;
    if (!input.masks.has(RareSign::kPhrase) && !input.masks.has(RareSign::kMnemonic)) return;
    // "mnemonic" and "phrase", as a word or in capitals: told by the rarest of their bytes.
    for_each_place(input.masks.rare_triple, text.size(), [&](std::size_t pair) {
      const char first = lower_of(text[pair]);
      if (first != 'm' && first != 'h') return;
      const std::size_t at = pair + (first == 'm' ? 1 : 0);
      for (const std::string_view name : {"nemonic", "NEMONIC", "hrase", "HRASE"}) {
        if (text.substr(at, name.size()) == name) read_words(text, at + name.size(), detector, confidence, found);
      }
    });
  }

  static void read_words(std::string_view text, std::size_t at, std::uint32_t detector, float confidence,
                         std::vector<Candidate>& found) {
    constexpr std::size_t kWordMax = 8;
    const std::size_t limit = std::min(text.size(), at + 24);
    while (at < limit && text[at] != '"' && text[at] != '\'' && text[at] != '=' && text[at] != ':') ++at;
    while (at < limit && !is_lower(text[at])) ++at;
    const std::size_t start = at;
    std::size_t end = at;
    std::size_t words = 0;
    while (at < text.size() && is_lower(text[at]) && words < 25) {
      const std::size_t word = at;
      while (at < text.size() && is_lower(text[at]) && at - word <= kWordMax) ++at;
      if (at - word < 3 || at - word > kWordMax) break;
      ++words;
      end = at;
      if (at >= text.size() || (text[at] != ' ' && text[at] != ',')) break;
      ++at;
      if (at < text.size() && text[at] == ' ') ++at;
    }
    if (words >= 12 && words % 3 == 0 && words <= 24) found.push_back(candidate(detector, start, end, confidence));
  }
};

}  // namespace

PreparedFinderPointer prepare_web_tokens(DetectorSpan all, IndexSpan mine) {
  return std::make_unique<OneDetectorFinder<FindWebTokens>>(all, mine);
}
PreparedFinderPointer prepare_paired_keys(DetectorSpan all, IndexSpan mine) {
  return std::make_unique<OneDetectorFinder<FindPairedKeys>>(all, mine);
}
PreparedFinderPointer prepare_dotted_tokens(DetectorSpan all, IndexSpan mine) {
  return std::make_unique<OneDetectorFinder<FindDottedTokens>>(all, mine);
}
PreparedFinderPointer prepare_seed_phrases(DetectorSpan all, IndexSpan mine) {
  return std::make_unique<OneDetectorFinder<FindSeedPhrases>>(all, mine);
}

}  // namespace reeve::content
