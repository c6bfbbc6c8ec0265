// IPv4, IPv6 and MAC addresses.

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/contact_finders.h"
#include "content/place_list.h"
#include "content/rare_shapes.h"
#include "content/text_walk.h"
#include "content/word_trail.h"

namespace reeve::content {

namespace {

constexpr float kNobodys = 0.3F;       // loopback, documentation, masks: says nothing of anybody
constexpr float kDigits = 0.4F;        // "5.4.3.1": a section more often than a host
constexpr float kOfThisHouse = 0.55F;  // private: names a machine, but only from inside

bool is_hex(char c) { return is_digit(c) || (lower_case(c) >= 'a' && lower_case(c) <= 'f'); }

class NetworkFinder : public PreparedFinder {
 public:
  NetworkFinder(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
    for (const std::uint32_t index : mine) {
      detectors_.push_back({index, all[index].confidence});
      for (const std::string& word : all[index].context.near) near_.push_back(word);
    }
    named_ = words_.add(near_, kNamedWithin);
  }

 protected:
  void say(std::size_t begin, std::size_t end, float sureness, std::vector<Candidate>& found) const {
    for (const auto& [index, confidence] : detectors_) {
      found.push_back(
          {index, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), std::min(sureness, confidence)});
    }
  }
  WordTrail trail_of(std::string_view text) const { return {words_, text}; }
  bool named(WordTrail& trail, std::size_t begin, std::size_t end) const {
    return trail.is_near(named_, begin, end, kNamedWithin);
  }
  WordLists words_;

 private:
  static constexpr std::size_t kNamedWithin = 40;
  std::vector<std::pair<std::uint32_t, float>> detectors_;
  std::vector<std::string> near_;
  std::uint32_t named_ = 0;
};

using Octets = std::array<int, 4>;

/// Four numbers up to 255 between dots; returns the end, or 0.
std::size_t read_octets(std::string_view text, std::size_t at, Octets& octets) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0 && (at >= text.size() || text[at] != '.')) return 0;
    if (i > 0) ++at;
    const std::size_t begin = at;
    int value = 0;
    while (at < text.size() && is_digit(text[at]) && at - begin < 4) value = value * 10 + (text[at++] - '0');
    const std::size_t digits = at - begin;
    if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && text[begin] == '0')) return 0;
    octets[i] = value;
  }
  return at;
}

bool is_nobodys(const Octets& o) {
  if (o[0] == 0 || o[0] == 127 || o[0] >= 224 || (o[0] == 169 && o[1] == 254)) return true;
  if (o[0] == 198 && (o[1] == 18 || o[1] == 19)) return true;
  const bool documentation = (o[0] == 192 && o[1] == 0 && (o[2] == 2 || o[2] == 0)) ||
                             (o[0] == 198 && o[1] == 51 && o[2] == 100) || (o[0] == 203 && o[1] == 0 && o[2] == 113);
  // Everybody's resolvers, and what people write when they think of no address.
  constexpr std::array<Octets, 9> kPublic = {{{8, 8, 8, 8},
                                              {8, 8, 4, 4},
                                              {1, 1, 1, 1},
                                              {1, 0, 0, 1},
                                              {9, 9, 9, 9},
                                              {208, 67, 222, 222},
                                              {208, 67, 220, 220},
                                              {1, 2, 3, 4},
                                              {4, 4, 4, 4}}};
  return documentation || std::ranges::find(kPublic, o) != kPublic.end();
}

bool is_private(const Octets& o) {
  return o[0] == 10 || (o[0] == 172 && o[1] >= 16 && o[1] < 32) || (o[0] == 192 && o[1] == 168) ||
         (o[0] == 100 && o[1] >= 64 && o[1] < 128);
}

/// Private addresses of every house: gateways, containers, what examples are written with, networks and broadcasts.
bool is_anybodys(const Octets& o) {
  if (o[3] == 0 || o[3] == 255) return true;
  if (o[0] == 10) {
    const bool rising = o[2] - o[1] == o[3] - o[2] && o[1] % 10 == 0;  // 10.10.10.10, 10.20.30.40
    return (o[1] < 10 && o[2] < 10 && o[3] < 10) || rising || (o[1] == 0 && o[2] == 2);
  }
  if (o[0] == 172) return o[1] == 17 && o[2] == 0;
  return o[0] == 192 && o[2] < 2 && (o[3] < 3 || o[3] == 10 || o[3] == 100 || o[3] == 254);
}

class IpFinder final : public NetworkFinder {
 public:
  IpFinder(std::span<const Detector> all, std::span<const std::uint32_t> mine) : NetworkFinder(all, mine) {
    const std::vector<std::string> objects{"oid", "oids", "object identifier"};
    std::vector<std::string> versions{"version", "ver",     "release", "firmware", "build",   "update",
                                      "upgrade", "section", "chapter", "clause",   "rfc",     "assembly",
                                      "dotnet",  "sdk",     "library", "bookmark", "workflow"};
    versions.insert(versions.end(), {"oid", "object identifier"});
    objects_ = words_.add(objects, kOtherWithin);
    versions_ = words_.add(versions, kOtherWithin);
  }

  void find(const FinderText& input, std::vector<Candidate>& found) const override {
    if (input.masks.has(RareSign::kOctets)) version_four(input, found);
    if (input.masks.has(RareSign::kHexGroups)) version_six(input, found);
  }

 private:
  struct OctetEnds {
    MaskView digit, dot;
    template <bool kFirst>
    std::uint64_t bits(std::size_t word) const {
      return rare_shapes::octets(rare_shapes::plane_at<kFirst>(digit, word), rare_shapes::plane_at<kFirst>(dot, word));
    }
  };

  struct FirstColons {
    MaskView digit, letter, sign;
    template <bool kFirst>
    std::uint64_t bits(std::size_t word) const {
      return rare_shapes::hex_groups(
          rare_shapes::plane_at<kFirst>(digit, word) | rare_shapes::plane_at<kFirst>(letter, word),
          rare_shapes::plane_at<kFirst>(sign, word));
    }
  };

  void version_four(const FinderText& input, std::vector<Candidate>& found) const {
    const std::string_view text = input.text;
    WordTrail trail = trail_of(text);
    std::size_t done = 0;
    const OctetEnds octet_ends{MaskView(input.masks.digit), MaskView(input.masks.dot)};
    look_at_rare(text.size(), octet_ends, [&](std::size_t last) {
      if (found.size() > kFoundMax || last < done) return;
      std::size_t at = last;
      while (at > done && last - at < 3 && is_digit(text[at - 1])) --at;
      if (at > 0 && (is_alphanumeric(text[at - 1]) || holds("._-+%$", text[at - 1]))) return;
      Octets octets{};
      const std::size_t end = read_octets(text, at, octets);
      if (end == 0) return;
      done = end;
      if (!ends_well(text, end)) return;
      const float sureness = judge(text, trail, at, end, octets);
      if (sureness > 0) say(at, end, sureness, found);
    });
  }

  static bool ends_well(std::string_view text, std::size_t end) {
    if (end >= text.size()) return true;
    const char after = text[end], second = end + 1 < text.size() ? text[end + 1] : ' ';
    if (is_alphanumeric(after) || after == '_' || after == '%') return false;
    if (after == '.' || after == '-' || after == '+') return !is_alphanumeric(second);
    return true;
  }

  float judge(std::string_view text, WordTrail& trail, std::size_t at, std::size_t end, const Octets& octets) const {
    if (is_nobodys(octets)) return kNobodys;
    const bool is_named = named(trail, at, end);
    if (trail.is_before(is_named ? objects_ : versions_, at, kOtherWithin)) return 0;
    if (std::ranges::all_of(octets, [](int part) { return part < 10; })) return kDigits;
    if (!is_named && is_between_numbers(text, at, end)) return 0;
    if (is_private(octets)) {
      const bool network = end < text.size() && text[end] == '/' && octets[3] % 8 == 0;
      return network || is_anybodys(octets) ? kNobodys : kOfThisHouse;
    }
    const bool small = octets[0] <= 30 && octets[1] <= 40 && octets[2] <= 40 && octets[3] <= 40;
    const bool net = octets[2] == 0 && octets[3] == 0;
    if (!is_named && (small || net)) return 0;
    if (octets[3] == 0 && end < text.size() && text[end] == '/') return kNobodys;  // a network, not a host
    return 1;
  }

  /// Coordinates of a drawing: "l110 1.5.75.75 0 110".
  static bool is_between_numbers(std::string_view text, std::size_t at, std::size_t end) {
    const auto is_gap = [](char c) { return c == ' ' || c == ','; };
    if (at < 2 || end + 1 >= text.size() || !is_gap(text[at - 1]) || !is_gap(text[end])) return false;
    return is_digit(text[at - 2]) && (is_digit(text[end + 1]) || text[end + 1] == '-');
  }

  /// Unicast addresses, 2000::/3, and those of one house, fc00::/7. A first group of four places keeps scopes, times
  /// and emoji names out.
  void version_six(const FinderText& input, std::vector<Candidate>& found) const {
    const std::string_view text = input.text;
    std::size_t token_end = 0;
    const FirstColons colons{MaskView(input.masks.digit), MaskView(input.masks.letter), MaskView(input.masks.assign)};
    look_at_rare(text.size(), colons, [&](std::size_t at) {
      if (found.size() <= kFoundMax && at - 4 >= token_end)
        token_end = std::max(token_end, version_six_at(text, at, found));
    });
  }

  /// `at` is the first colon; returns where its token ends, or 0: none begins here.
  std::size_t version_six_at(std::string_view text, std::size_t at, std::vector<Candidate>& found) const {
    const std::size_t begin = at - 4;
    const bool of_house = lower_case(text[begin]) == 'f' && holds("cdCD", text[begin + 1]);
    if (text[at] != ':' || (text[begin] != '2' && text[begin] != '3' && !of_house)) return 0;
    if (!std::ranges::all_of(text.substr(begin, 4), is_hex)) return 0;
    if (begin > 0 && (is_alphanumeric(text[begin - 1]) || holds(":_.-", text[begin - 1]))) return 0;
    std::size_t end = begin;
    while (end < text.size() && end - begin < 40 && (is_hex(text[end]) || text[end] == ':')) ++end;
    while (end > begin && text[end - 1] == ':' && !text.substr(begin, end - begin).ends_with("::")) --end;
    if (end < text.size() && (is_alphanumeric(text[end]) || text[end] == '_')) return end;
    const auto address = text.substr(begin, end - begin);
    if (!is_version_six(address)) return end;
    const std::string lower = lowered(address.substr(0, 9));
    const bool documentation =
        lower.starts_with("2001:db8") || lower.starts_with("2001:0db8") || lower.starts_with("3fff:");
    const bool resolver = lower.starts_with("2606:4700") || lower.starts_with("2001:4860");
    const bool nobodys = documentation || (resolver && address.find("::") != std::string_view::npos) ||
                         (of_house && std::ranges::count_if(address, is_digit) < 2);
    say(begin, end, nobodys ? kNobodys : of_house ? kOfThisHouse : 1, found);
    return end;
  }

  static std::string lowered(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), lower_case);
    return lower;
  }

  static bool is_version_six(std::string_view address) {
    std::size_t groups = 0, size = 0, gaps = 0;
    for (std::size_t i = 0; i <= address.size(); ++i) {
      if (i < address.size() && address[i] != ':') {
        if (++size > 4) return false;
        continue;
      }
      if (size > 0) ++groups;
      if (size == 0 && i < address.size()) ++gaps;
      size = 0;
    }
    return (gaps == 0 && groups == 8) || (gaps == 1 && groups >= 2 && groups < 8);
  }

  /// Words of what is written as addresses are, and is none.
  static constexpr std::size_t kOtherWithin = 28;
  std::uint32_t objects_ = 0, versions_ = 0;
};

class MacFinder final : public NetworkFinder {
 public:
  using NetworkFinder::NetworkFinder;

  void find(const FinderText& input, std::vector<Candidate>& found) const override {
    if (input.masks.has(RareSign::kPairsWithColons)) walk(input, input.masks.assign, ':', found);
    if (input.masks.has(RareSign::kPairsWithDashes)) walk(input, input.masks.dash, '-', found);
  }

 private:
  struct Separators {
    MaskView digit, letter, separator;
    template <bool kFirst>
    std::uint64_t bits(std::size_t word) const {
      return rare_shapes::pairs(
          rare_shapes::plane_at<kFirst>(digit, word) | rare_shapes::plane_at<kFirst>(letter, word),
          rare_shapes::plane_at<kFirst>(separator, word));
    }
  };

  /// Five separators three places apart. Addresses with hyphens have a digit: those without one are words.
  void walk(const FinderText& input, std::span<const std::uint64_t> mask, char separator,
            std::vector<Candidate>& found) const {
    const std::string_view text = input.text;
    std::size_t next = 0;
    WordTrail trail = trail_of(text);
    const MaskView digits(input.masks.digit);
    const Separators separators{digits, MaskView(input.masks.letter), MaskView(mask)};
    look_at_rare(text.size(), separators, [&](std::size_t at) {
      if (found.size() > kFoundMax || at < 2 || at < next || text[at] != separator) return;
      if (separator == '-' && (digits.from(at - 2) & 0x1ffffU) == 0) return;
      next = std::max(next, pairs(text, trail, at - 2, separator, found));
    });
  }

  /// Six pairs of hex digits with the separator between; returns where to go on.
  std::size_t pairs(std::string_view text, WordTrail& trail, std::size_t begin, char separator,
                    std::vector<Candidate>& found) const {
    if (begin + 17 > text.size()) return 0;
    for (std::size_t i = 0; i < 17; ++i) {
      if (i % 3 == 2 ? text[begin + i] != separator : !is_hex(text[begin + i])) return 0;
    }
    const std::size_t end = begin + 17;
    const auto joins = [&](char c) { return is_alphanumeric(c) || c == separator || c == '_'; };
    if ((begin > 0 && joins(text[begin - 1])) || (end < text.size() && joins(text[end]))) {
      std::size_t rest = end;  // a fingerprint, a dump: go past all of it
      while (rest < text.size() && (is_hex(text[rest]) || text[rest] == separator)) ++rest;
      return rest;
    }
    const auto address = text.substr(begin, 17);
    const bool same = std::ranges::all_of(address, [&](char c) { return c == separator || c == address[0]; });
    const bool counted = address.starts_with("00:11:22:33") || address.starts_with("00-11-22-33") ||
                         address.starts_with("01:23:45") || address.starts_with("aa:bb:cc") ||
                         address.starts_with("AA:BB:CC") || address.starts_with("de:ad:be") ||
                         address.starts_with("12:34:56");
    const bool digits_only = std::ranges::all_of(address, [&](char c) { return c == separator || is_digit(c); });
    if (same || (separator == '-' && digits_only && !named(trail, begin, end))) return end;
    say(begin, end, counted ? kNobodys : 1, found);
    return end;
  }
};

}  // namespace

std::unique_ptr<PreparedFinder> prepare_ip_address(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
  return std::make_unique<IpFinder>(all, mine);
}

std::unique_ptr<PreparedFinder> prepare_mac(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
  return std::make_unique<MacFinder>(all, mine);
}

}  // namespace reeve::content
