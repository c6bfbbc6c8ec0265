#include "content/normalise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace reeve::content {
namespace {

struct Read {
  std::string text;
  std::vector<Checkpoint> checkpoints;
};

Read read(std::string_view raw, bool json, InstructionSet set = fastest_instructions()) {
  Buffer out;
  Read result;
  normalise(raw, json, out, result.checkpoints, set);
  result.text = std::string(out.view());
  return result;
}

TEST(Normalise, UndoesEscapesOnceAndFoldsLookAlikes) {
  EXPECT_EQ(read(R"(a\nb\"c\\d\/e\u0041\ud83d\ude00)", true).text, "a\nb\"c\\d/eA\xf0\x9f\x98\x80");
  EXPECT_EQ(read(R"(a\nb)", false).text, R"(a\nb)");
  EXPECT_EQ(read(R"(bad \q \u12 \)", true).text, R"(bad \q \u12 \)");
  EXPECT_EQ(read(R"(\ud83d lone)", true).text, "\xef\xbf\xbd lone");
  EXPECT_EQ(read("\xef\xbd\x87\xef\xbd\x88\xef\xbd\x90\xef\xbc\xbf", false).text, "ghp_");
  EXPECT_EQ(read("\xd0\x90\xce\x9a\xd0\x86\xd0\x90 pass\xc2\xadwo\xe2\x80\x8brd", false).text, "AKIA password");
  EXPECT_EQ(read("\xf0\x9d\x92\x8c\xf0\x9d\x9f\x97", false).text, "k9");
  EXPECT_EQ(read("caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xff\xc3", false).text,
            "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xff\xc3");
}

/// Raw text of known pieces, and for each byte of the result where it came from.
struct Known {
  std::string raw, text;
  std::vector<RawSpan> from;
  void add(std::string_view piece, std::string_view gives) {
    for (const char c : gives) {
      text += c;
      from.push_back({raw.size(), raw.size() + piece.size()});
    }
    raw += piece;
  }
};

/// Text of what normalising knows, dense or with stretches of plain bytes between.
std::string mixed(std::mt19937& random, std::size_t size) {
  static constexpr std::string_view kPieces[] = {
      "\\n",  "\\\"",         "\\\\",     "\\u0041",  "\\ud83d\\ude00", "\\ud83d",          "\\q", "\\",
      "\\u1", "\xe2\x80\x8b", "\xd0\xb0", "\xc3\xa9", "\xff",           "\xf0\x9f\x98\x80", "n",   "\""};
  const std::size_t plain = std::array<std::size_t, 4>{1, 3, 30, 200}[random() % 4];
  std::string text;
  while (text.size() < size) {
    text.append(random() % plain, static_cast<char>('a' + random() % 26));
    text += kPieces[random() % std::size(kPieces)];
  }
  text.resize(size);
  return text;
}

TEST(Normalise, IsTheSameWithEveryInstructionSet) {
  std::mt19937 random(23);
  for (std::size_t round = 0; round < 3000; ++round) {
    const std::size_t size = round < 900 ? round / 3 : random() % 9000;
    // Of its own, so that a read beyond its end is seen; from every place of a line of the cache.
    const std::size_t shift = random() % 64;
    const std::string text = std::string(shift, '\\') + mixed(random, size);
    const std::string_view raw = std::string_view(text).substr(shift);
    for (const bool json : {false, true}) {
      const Read plain = read(raw, json, InstructionSet::kPlain);
      for (const InstructionSet set : instruction_sets()) {
        const Read fast = read(raw, json, set);
        const auto differs = std::ranges::mismatch(fast.text, plain.text).in1 - fast.text.begin();
        ASSERT_TRUE(fast.text == plain.text) << static_cast<int>(set) << " at " << differs << " of " << size;
        ASSERT_EQ(fast.checkpoints.empty(), plain.checkpoints.empty());
        ASSERT_LE(fast.checkpoints.size(), raw.size() / 150 + 2);
        for (int i = 0; i < 8 && !fast.text.empty(); ++i) {
          const std::size_t start = random() % fast.text.size();
          const std::size_t end = start + 1 + random() % (fast.text.size() - start);
          const auto span = [&](const Read& of) {
            return raw_span(raw, json, of.checkpoints.data(), of.checkpoints.size(), start, end);
          };
          ASSERT_EQ(span(fast).start, span(plain).start);
          ASSERT_EQ(span(fast).end, span(plain).end);
        }
      }
    }
  }
}

TEST(Normalise, EveryByteIsFoundAgain) {
  std::mt19937 random(17);
  for (int round = 0; round < 60; ++round) {
    Known known;
    const std::size_t plain = round % 3 == 0 ? 3000 : 40;
    for (int i = 0; i < 120; ++i) {
      for (std::size_t n = random() % plain; n > 0; --n) known.add("x", "x");
      switch (random() % 7) {
        case 0: known.add("\\n", "\n"); break;
        case 1: known.add("\\u0041", "A"); break;
        case 2: known.add("\xe2\x80\x8b", ""); break;
        case 3: known.add("\xd0\xb0", "a"); break;
        case 4: known.add("\\ud83d\\ude00", "\xf0\x9f\x98\x80"); break;
        case 5: known.add("\xc3\xa9", "\xc3\xa9"); break;
        default: known.add("\\\\", "\\"); break;
      }
    }
    const Read result = read(known.raw, true);
    ASSERT_EQ(result.text, known.text);
    for (int i = 0; i < 300; ++i) {
      const std::size_t start = random() % known.text.size();
      const std::size_t end = start + 1 + random() % std::min<std::size_t>(50, known.text.size() - start);
      const RawSpan span = raw_span(known.raw, true, result.checkpoints.data(), result.checkpoints.size(), start, end);
      ASSERT_EQ(span.start, known.from[start].start);
      ASSERT_EQ(span.end, known.from[end - 1].end);
    }
  }
}

}  // namespace
}  // namespace reeve::content
