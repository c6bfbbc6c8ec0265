// The finder "private-key-block": PEM and its relatives, over many lines, in one line with \n between, cut short.
// Detectors name the label between BEGIN and the dashes, in lower case; the one that names none takes all others.

#include <algorithm>
#include <string>
#include <unordered_map>

#include "content/secret_checks.h"
#include "content/secret_finders.h"
#include "content/secret_value.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

constexpr std::size_t kBlockBytesMax = 16384;

class KeyBlockFinder final : public PreparedFinder {
 public:
  KeyBlockFinder(DetectorSpan all, IndexSpan mine) : all_(all) {
    for (const std::uint32_t index : mine) {
      const auto& labels = all[index].with.empty() ? all[index].context.near : all[index].with;
      if (labels.empty()) others_ = index;
      for (const std::string& label : labels) by_label_[label] = index;
    }
  }

  void find(const FinderText& text, std::vector<Candidate>& found) const override {
    if (!text.masks.has(RareSign::kKeyBlock)) return;
    constexpr std::string_view kBegin = "BEGIN ";
    std::size_t next = 0;
    for_each_place(text.masks.rare_triple, text.text.size(), [&](std::size_t at) {
      if (at < next || text.text[at] != 'B' || text.text.substr(at, kBegin.size()) != kBegin) return;
      next = at + kBegin.size();
      if (at >= 4 && text.text.substr(at > 5 ? at - 5 : 0, at > 5 ? 5 : at).find("---") != std::string_view::npos) {
        next = std::max(next, read_block(text.text, at, found) + kBegin.size());
      }
    });
  }

 private:
  /// Gives back where the block ended, or `begin` when it is none.
  std::size_t read_block(std::string_view text, std::size_t begin, std::vector<Candidate>& found) const {
    std::size_t start = begin;
    while (start > 0 && text[start - 1] == ' ') --start;
    while (start > 0 && begin - start < 8 && text[start - 1] == '-') --start;
    const std::size_t head_end = text.find("---", begin);
    if (head_end == std::string_view::npos || head_end - begin > 60) return begin;
    std::string label(text.substr(begin + 6, head_end - begin - 6));
    while (!label.empty() && label.back() == ' ') label.pop_back();
    if (label.find("PRIVATE KEY") == std::string::npos && label.find("SECRET KEY") == std::string::npos) return begin;
    for (char& c : label) c = lower_of(c);
    std::size_t body = head_end;
    while (body < text.size() && text[body] == '-') ++body;
    std::size_t end = text.find("---", body);
    const bool cut = end == std::string_view::npos || end - body > kBlockBytesMax;
    if (cut) end = end_of_base64(text, body);
    const std::string_view inside = text.substr(body, end - body);
    if (!is_body(label, inside)) return begin;
    if (!cut) end = end_of_last_line(text, end);
    const auto known = by_label_.find(label);
    const std::uint32_t detector = known == by_label_.end() ? others_ : known->second;
    if (detector == kNone) return begin;
    const float confidence = cut ? std::min(0.85F, all_[detector].confidence) : all_[detector].confidence;
    found.push_back({.detector = detector,
                     .start = static_cast<std::uint32_t>(start),
                     .end = static_cast<std::uint32_t>(end),
                     .confidence = confidence});
    return end;
  }

  static std::size_t end_of_base64(std::string_view text, std::size_t at) {
    const std::size_t limit = std::min(text.size(), at + kBlockBytesMax);
    std::size_t end = at;
    while (end < limit && (is_alnum(text[end]) || text[end] == '+' || text[end] == '/' || text[end] == '=' ||
                           text[end] == '\n' || text[end] == '\r' || text[end] == '\\' || text[end] == ' ')) {
      ++end;
    }
    return end;
  }

  static std::size_t end_of_last_line(std::string_view text, std::size_t at) {
    std::size_t end = at;
    const std::size_t limit = std::min(text.size(), at + 80);
    while (end < limit && text[end] == '-') ++end;
    const std::size_t close = text.find("---", end);
    if (close == std::string_view::npos || close >= limit) return end;
    end = close;
    while (end < limit && text[end] == '-') ++end;
    return end;
  }

  /// Base64 enough to hold a key, and of the right make; encrypted keys of the old forms have header lines.
  static bool is_body(std::string_view label, std::string_view inside) {
    std::size_t letters = 0;
    for (const char c : inside) letters += is_alnum(c) || c == '+' || c == '/' ? 1U : 0U;
    if (letters < 40 || letters * 10 < inside.size() * 6) return false;
    if (shape_of(inside).distinct < 16) return false;
    const std::string block =
        "-----BEGIN " + std::string(label.starts_with("pgp") ? "PGP" : "X") + "-----" + std::string(inside) + "-----";
    if (check_private_key_body(block)) return true;
    // Keys made for tests of other programs need not be right inside; long base64 is still no documentation.
    return letters >= 100 && letters * 100 >= inside.size() * 85 && word_likeness(inside) < 0.7;
  }

  static constexpr std::uint32_t kNone = ~0U;
  DetectorSpan all_;
  std::unordered_map<std::string, std::uint32_t> by_label_;
  std::uint32_t others_ = kNone;
};

}  // namespace

PreparedFinderPointer prepare_private_key_blocks(DetectorSpan all, IndexSpan mine) {
  return std::make_unique<KeyBlockFinder>(all, mine);
}

}  // namespace reeve::content
