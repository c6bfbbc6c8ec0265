// The finder "url-credentials": scheme://user:password@host. Detectors name their schemes.

#include <algorithm>
#include <bit>
#include <string>
#include <unordered_map>

#include "content/secret_assignment.h"
#include "content/secret_finders.h"
#include "content/secret_value.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

constexpr std::size_t kUserInfoMax = 300;

bool ends_user_info(char c) {
  return c == '/' || c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '"' || c == '\'' || c == '<' || c == '>' ||
         c == '`' || c == '\\';
}

bool is_scheme_byte(char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; }

class UrlCredentialsFinder final : public PreparedFinder {
 public:
  UrlCredentialsFinder(DetectorSpan all, IndexSpan mine) : all_(all) {
    for (const std::uint32_t index : mine) {
      const auto& schemes = all[index].with.empty() ? all[index].context.near : all[index].with;
      if (schemes.empty()) others_ = index;
      for (const std::string& scheme : schemes) by_scheme_[scheme] = index;
    }
  }

  void find(const FinderText& text, std::vector<Candidate>& found) const override {
    if (!text.masks.has(RareSign::kUrl)) return;
    static constexpr NextByte::Set kStops = NextByte::set_of("@ \n\"'<>`\\");
    NextByte stops(text.text, kStops);
    for_each_place(text.masks.rare_triple, text.text.size(), [&](std::size_t at) {
      if (text.text[at] == ':') read_url(text.text, at, stops, found);
    });
  }

 private:
  void read_url(std::string_view text, std::size_t colon, NextByte& stops, std::vector<Candidate>& found) const {
    const std::size_t start = colon + 3;
    const std::size_t limit = std::min(text.size(), start + kUserInfoMax);
    std::size_t authority = start;
    while (authority < limit && !ends_user_info(text[authority])) ++authority;
    const std::size_t separator = text.substr(0, authority).find(':', start);
    if (separator == std::string_view::npos) return;
    // Both searches stay inside what a URL's user and password may take: a text of nothing but URLs is read once.
    std::size_t at = text.substr(separator, authority - separator).rfind('@');
    if (at != std::string_view::npos) at += separator;
    if (at == std::string_view::npos) {
      // A slash in the password that should have been escaped. Behind a port it is a path.
      if (authority >= limit || text[authority] != '/' || is_digit(text[authority - 1])) return;
      at = stops.from(authority, limit);
      if (at >= limit || text[at] != '@') return;
    }
    if (at + 1 >= text.size() || !is_host(text[at + 1])) return;
    const std::string_view user = text.substr(start, separator - start);
    const std::string_view password = text.substr(separator + 1, at - separator - 1);
    if (password.size() < 3 || password.find('/') == 0 || is_reference(password) || is_stand_in(user, password)) return;
    const std::uint32_t detector = detector_of(text, colon);
    if (detector == kNone) return;
    found.push_back({.detector = detector,
                     .start = static_cast<std::uint32_t>(separator + 1),
                     .end = static_cast<std::uint32_t>(at),
                     .confidence = all_[detector].confidence});
  }

  static bool is_host(char c) { return is_alnum(c) || c == '[' || c == '$' || c == '{'; }

  /// In documentation user and password are the words for them.
  static bool is_stand_in(std::string_view user, std::string_view password) {
    if (is_password_stand_in(password)) return true;
    const ValueShape shape = shape_of(password);
    if (shape.digits == password.size() && password.size() <= 5) return true;  // a port, or a token of examples
    if (user == password && is_wordy(password)) return true;
    return shape.digits + shape.other == 0 && word_likeness(password) >= 0.9 && password.size() < 7;
  }

  std::uint32_t detector_of(std::string_view text, std::size_t colon) const {
    std::size_t start = colon;
    while (start > 0 && colon - start < 24 && is_scheme_byte(text[start - 1])) --start;
    std::string scheme(text.substr(start, colon - start));
    for (char& c : scheme) c = lower_of(c);
    for (;;) {
      if (const auto known = by_scheme_.find(scheme); known != by_scheme_.end()) return known->second;
      const std::size_t plus = scheme.rfind('+');  // postgresql+psycopg2
      if (plus == std::string::npos) return others_;
      scheme.resize(plus);
    }
  }

  static constexpr std::uint32_t kNone = ~0U;
  DetectorSpan all_;
  std::unordered_map<std::string, std::uint32_t> by_scheme_;
  std::uint32_t others_ = kNone;
};

}  // namespace

PreparedFinderPointer prepare_url_credentials(DetectorSpan all, IndexSpan mine) {
  return std::make_unique<UrlCredentialsFinder>(all, mine);
}

}  // namespace reeve::content
