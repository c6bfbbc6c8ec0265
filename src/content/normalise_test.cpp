#include "content/normalise.h"

#include <gtest/gtest.h>

#include <random>

namespace reeve::content {
namespace {

struct Read {
  std::string text;
  std::vector<Checkpoint> checkpoints;
};

Read read(std::string_view raw, bool json) {
  Buffer out;
  Read result;
  normalise(raw, json, out, result.checkpoints);
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
