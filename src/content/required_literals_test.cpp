#include "content/required_literals.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <array>
#include <random>

#include "content/literal_matcher.h"

namespace reeve::content {
namespace {

std::string shown(const std::optional<RequiredLiterals>& required) {
  if (!required) return "none";
  std::string all = std::to_string(required->before_least) + ".." + std::to_string(required->before_most);
  for (const RequiredLiteral& literal : required->any_of) {
    all += std::string(" ") +
           (literal.line_begin ? "^"
            : literal.indented ? "^ "
                               : "") +
           (literal.border_before ? "<" : "") + literal.bytes + (literal.border_after ? ">" : "") +
           (literal.folded ? "/i" : "");
  }
  return all;
}

TEST(RequiredLiterals, AreTheRarestFixedTextOfAPattern) {
  const auto of = [](std::string_view pattern) { return shown(required_literals(pattern)); };
  EXPECT_EQ(of(R"(\bghp_[A-Za-z0-9]{36}\b)"), "0..0 <ghp_");
  EXPECT_EQ(of(R"((?i)\bidentified\s{1,3}by\b)"), "0..0 <identified/i");
  EXPECT_EQ(of(R"(^\s{0,8}rpc\s{1,4}\w{1,8}\s{0,4}\(returns\))"), "5..27 (returns)");
  EXPECT_EQ(of(R"(\b(?:create|alter) table\b)"), "0..0 <alter table> <create table>");
  EXPECT_EQ(of(R"(\b(jdbc:(?:oracle|mysql):))"), "0..0 <jdbc:");
  EXPECT_EQ(of(R"(^PermitRootLogin[ \t])"), "0..0 ^PermitRootLo");
  EXPECT_EQ(of(R"(A{20,24}[a-z])"), "0..0 AAAAAAAAAAAA");
  EXPECT_EQ(of(R"(\$2[ab]\$)"), "0..0 $2a$ $2b$");
  EXPECT_EQ(of(R"((?:foo)?barbaz)"), "0..3 barbaz");
  EXPECT_EQ(of(R"([0-9]{4}-quux|xyzzy:)"), "0..4 -quux xyzzy:");
  EXPECT_EQ(of(R"(^\s{0,20}(?:allow|deny)\s{1,8}all)"), "0..20 ^ deny ^ allow");
  // A class of every byte between, and how far it may reach.
  EXPECT_EQ(of(R"(a[^\n]{0,90}xyzzy)"), "1..91 xyzzy");
}

TEST(RequiredLiterals, AreNotMadeUp) {
  for (const char* const pattern :
       {R"([a-f0-9]{32})", R"(a.*)", R"((?:xyzzy)?)", R"((?:xyzzy)*)", R"(xyzzy|[0-9]+)", R"(\pL{3})", R"((?=xyzzy))",
        R"(xyzzy{,3}[)", R"((?P<n>xyzzy))", R"(\Qxyzzy\E)", R"(a)", R"([[:alpha:]]xyzzy)", R"(.{0,900}xyzzy)"}) {
    EXPECT_EQ(shown(required_literals(pattern)), "none") << pattern;
  }
}

struct Piece {
  std::string_view pattern, sample;
};
constexpr Piece kPieces[] = {{"xy", "xy"},
                             {"qz", "qz"},
                             {"[ab]", "a"},
                             {"[^\\n]", "W"},
                             {"(?:jk|vw)", "vw"},
                             {"(?:zq|zqx)?", ""},
                             {"\\d{1,3}", "77"},
                             {"k{2}", "kk"},
                             {"z+?", "zz"},
                             {"\\bw", " w"},
                             {"w\\b", "w."},
                             {"(q|j)x", "jx"},
                             {"\\.", "."},
                             {"(?i:Jk)", "JK"},
                             {"v*", "v"},
                             {"(?:x[yz]){1,2}", "xz"},
                             {"(?:zq|zqx)?", "zqx"},
                             {"xyzzy", "xyzzy"},
                             {"(?:wjx|kkq)", "kkq"},
                             {"k{4,9}", "kkkkk"}};

class RandomPattern {
 public:
  explicit RandomPattern(std::mt19937& random) : random_(random) {
    if (pick(4) == 0) pattern = "(?i)";
    if (pick(5) == 0) pattern += pick(2) == 0 ? "^" : "^\\s{0,3}";
    for (std::size_t i = 2 + pick(4); i > 0; --i) {
      const Piece& piece = kPieces[pick(std::size(kPieces))];
      pattern += piece.pattern;
      sample += piece.sample;
    }
    if (pick(4) != 0) return;
    const Piece& piece = kPieces[pick(std::size(kPieces))];
    pattern += "|" + std::string(piece.pattern) + "zzq";
    if (pick(2) == 0) sample = std::string(piece.sample) + "zzq";
  }
  /// The sample between bytes drawn from those of patterns; 64 more behind it.
  std::string text() {
    std::string all = noise() + sample + noise();
    return all.append(64, '\0');
  }

  std::string pattern, sample;

 private:
  std::size_t pick(std::size_t count) { return random_() % count; }
  std::string noise() {
    std::string all;
    for (std::size_t i = pick(40); i > 0; --i) all += "xyqzjkvwabXYQZJKVW. \n7"[pick(22)];
    return all;
  }
  std::mt19937& random_;
};

/// Patterns made by chance: where the expression matches, a literal stands where it is said to.
TEST(RequiredLiterals, StandInEveryMatch) {
  std::mt19937 random(20261122);
  int asked = 0, later = 0;
  for (int round = 0; round < 6000; ++round) {
    RandomPattern drawn(random);
    const auto required = required_literals(drawn.pattern);
    if (!required) continue;
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    const re2::RE2 expression("(?m)" + drawn.pattern, options);
    ASSERT_TRUE(expression.ok()) << drawn.pattern;
    const LiteralMatcher matcher(required->any_of);
    const MatchOutline outline(required->head, required->later);
    later += required->later.any_of.empty() ? 0 : 1;
    for (int text_round = 0; text_round < 20; ++text_round) {
      const std::string padded = drawn.text();
      const std::string_view text(padded.data(), padded.size() - 64);
      const re2::StringPiece whole(text.data(), text.size());
      re2::StringPiece match;
      for (std::size_t from = 0; from < text.size(); ++from) {
        if (!expression.Match(whole, from, text.size(), re2::RE2::ANCHOR_START, &match, 1)) continue;
        ++asked;
        std::vector<LiteralHit> hits;
        ASSERT_TRUE(matcher.find(text, hits, 1000));
        EXPECT_EQ(outline.next_begin(text, from, from), std::optional(from)) << drawn.pattern << " of " << text;
        const auto match_end = static_cast<std::size_t>(match.data() - text.data()) + match.size();
        const bool stands = std::any_of(hits.begin(), hits.end(), [&](const LiteralHit& hit) {
          return hit.last >= from + required->before_least && hit.start <= from + required->before_most &&
                 hit.start < match_end && outline.may_go_on(text.substr(hit.start, match_end - hit.start));
        });
        EXPECT_TRUE(stands) << drawn.pattern << " at " << from << " of " << text << ": " << shown(required);
      }
    }
  }
  EXPECT_GT(asked, 1000);
  EXPECT_GT(later, 100);
}

TEST(LiteralMatcher, FindsThemLikeAPlainSearchWithAllInstructions) {
  std::mt19937 random(7);
  const auto pick = [&](std::size_t count) { return random() % count; };
  const std::string alphabet = "abcABC_-. \n\xc3\xa9";
  const auto drawn = [&](std::size_t size) {
    std::string text;
    while (text.size() < size) text += alphabet[pick(alphabet.size())];
    return text;
  };
  for (int round = 0; round < 60; ++round) {
    std::vector<RequiredLiteral> literals;
    for (std::size_t i = 1 + pick(400); i > 0; --i) {
      RequiredLiteral literal;
      literal.bytes = drawn(3 + pick(7));
      literal.folded = pick(2) == 0;
      if (literal.folded) {
        for (char& c : literal.bytes) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
      }
      literal.border_before = is_border_word_byte(literal.bytes.front()) && pick(3) == 0;
      literal.border_after = is_border_word_byte(literal.bytes.back()) && pick(3) == 0;
      literal.line_begin = pick(8) == 0;
      literal.indented = pick(8) == 0;
      literals.push_back(std::move(literal));
    }
    std::string padded = drawn(pick(700));
    const std::size_t size = padded.size();
    padded.append(64, '\0');
    const std::string_view text(padded.data(), size);
    std::vector<std::pair<std::size_t, std::size_t>> expected;
    for (std::size_t start = 0; start < size; ++start) {
      for (std::size_t i = 0; i < literals.size(); ++i) {
        const RequiredLiteral& literal = literals[i];
        std::string here(text.substr(start, literal.bytes.size()));
        if (literal.folded) {
          for (char& c : here) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        }
        const std::size_t end = start + here.size();
        if (here != literal.bytes || (literal.border_before && start > 0 && is_border_word_byte(text[start - 1])) ||
            (literal.border_after && end < size && is_border_word_byte(text[end])) ||
            (literal.line_begin && start > 0 && text[start - 1] != '\n') ||
            (literal.indented && text.substr(0, start).find_last_not_of(" \t") != std::string_view::npos &&
             text[text.substr(0, start).find_last_not_of(" \t")] != '\n')) {
          continue;
        }
        expected.emplace_back(start, i);
      }
    }
    LiteralMatcher matcher(literals);
    for (const InstructionSet set : instruction_sets()) {
      matcher.use(set);
      std::vector<LiteralHit> hits;
      ASSERT_TRUE(matcher.find(text, hits, 1'000'000));
      std::vector<std::pair<std::size_t, std::size_t>> found;
      found.reserve(hits.size());
      for (const LiteralHit& hit : hits) {
        for (std::uint32_t start = hit.start; start <= hit.last; ++start) found.emplace_back(start, hit.literal);
      }
      std::ranges::sort(found);
      EXPECT_EQ(found, expected) << round;
    }
  }
}

TEST(LiteralMatcher, RulesOutWhatCannotBeOfAMatch) {
  const auto hits_in = [](std::string_view pattern, std::string text) {
    const LiteralMatcher matcher(required_literals(pattern)->any_of);
    const std::size_t size = text.size();
    text.append(64, '\0');
    std::vector<LiteralHit> hits;
    EXPECT_TRUE(matcher.find({text.data(), size}, hits, 100));
    return hits.size();
  };
  EXPECT_EQ(hits_in(R"([A-Z][a-z]{2,9}gatan [0-9])", "Storgatan 7 storgatan 7 Storgatan x gatan 7 Storgatan"), 2U);
  EXPECT_EQ(
      hits_in(R"((?i)<(?:street|address)>[0-9]{6,20}</)", "<street>12345678</ <STREET>< <streets> street <street>"),
      1U);
  // What the branches of an alternation ask for is asked of each by itself.
  EXPECT_EQ(hits_in(R"((?:xyzzy:[0-9]|plugh:[a-z]))", "xyzzy:1 plugh:a xyzzy:a plugh:1"), 2U);
}

TEST(MatchOutline, SaysWhereMatchesMayBeginAndWhatStandsBehind) {
  const auto required = required_literals(R"((?i)["'][a-z]{0,9}password["'], {0,2}["'])");
  ASSERT_TRUE(required);
  const MatchOutline outline(required->head, required->later);
  std::string text = "my \"password\" is 'thePassword', 'x'";
  const std::size_t size = text.size();
  text.append(64, '\0');
  const std::string_view view(text.data(), size);
  EXPECT_EQ(outline.next_begin(view, 0, size), std::optional<std::size_t>(3));
  EXPECT_EQ(outline.next_begin(view, 4, size), std::optional<std::size_t>(17));
  EXPECT_EQ(outline.next_begin(view, 18, size), std::nullopt);
  const MatchOutline folded(EdgeBytes{}, {.any_of = {"xyzzy", "-quux"}, .folded = true, .frequency = 0});
  std::string long_text(600, 'x');
  for (const std::size_t at : {0UL, 59UL, 63UL, 64UL, 130UL, 595UL}) {
    std::string here = long_text;
    here.replace(at, 5, at % 2 == 0 ? "XyZZy" : "-qUUx");
    here.append(64, '\0');
    EXPECT_TRUE(folded.may_go_on({here.data(), 600})) << at;
    EXPECT_FALSE(folded.may_go_on({here.data(), at + 4})) << at;
    EXPECT_EQ(folded.next_begin(here, 7, 9), std::optional<std::size_t>(7));  // nothing is known
  }
}

TEST(LiteralMatcher, StopsWhenThereAreTooMany) {
  const LiteralMatcher matcher({{.bytes = "aba"}});
  std::string text;
  while (text.size() < 100'000) text += "ab";
  text.append(64, '\0');
  std::vector<LiteralHit> hits;
  EXPECT_FALSE(matcher.find({text.data(), 100'000}, hits, 50));
  EXPECT_TRUE(matcher.find({text.data(), 20}, hits, 50));
  EXPECT_EQ(hits.size(), 9U);
}

TEST(LiteralMatcher, TakesAFloodOfOneByteDownAsOne) {
  const LiteralMatcher matcher({{.bytes = "aaa"}, {.bytes = "aaaa"}, {.bytes = "aaaaaaa", .folded = true}});
  std::string text = "aaa-" + std::string(100'000, 'a') + "-aAaaaaaA";
  const std::size_t size = text.size();
  text.append(64, '\0');
  std::vector<LiteralHit> hits;
  EXPECT_TRUE(matcher.find({text.data(), size}, hits, 50));
  std::vector<std::array<std::uint32_t, 3>> found;
  for (const LiteralHit& hit : hits) found.push_back({hit.literal, hit.start, hit.last});
  const std::vector<std::array<std::uint32_t, 3>> expected{{0, 0, 0},
                                                           {0, 4, 100'001},
                                                           {1, 4, 100'000},
                                                           {2, 4, 99'997},
                                                           {2, 100'005, 100'006},
                                                           {0, 100'007, 100'009},
                                                           {1, 100'007, 100'008}};
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace reeve::content
