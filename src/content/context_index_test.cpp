#include "content/context_index.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace reeve::content {
namespace {

TEST(ContextIndex, TellsWhatTheTableTells) {
  const std::vector<ContextWords> contexts = {{{"card", "card number"}, 20, false},
                                              {{"id", "c.i"}, 60, false},
                                              {{"steuer nr",
                                                "\xc3\xbc"
                                                "ber"},
                                               60,
                                               false},
                                              {{"6id", "no", "card"}, 5, false},
                                              {{}, 60, false}};
  ContextTable table;
  for (const ContextWords& context : contexts) table.add(context);
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {"card",
                                           "Card",
                                           "Number",
                                           "_",
                                           " ",
                                           "id",
                                           "ID",
                                           "6ID",
                                           "no",
                                           "\n",
                                           "-",
                                           "1234",
                                           "c.I.",
                                           "steuer",
                                           "Nr",
                                           "x",
                                           "\xc3\x9c"
                                           "ber",
                                           "    "};
  ContextTable::Near near, expected;
  for (int round = 0; round < 300; ++round) {
    std::string text;
    const unsigned kinds = 1 + random() % static_cast<unsigned>(pieces.size());
    while (text.size() < 600) text += random() % 4 == 0 ? "12 34" : pieces[random() % kinds];
    TextMasks masks;
    masks.compute(text);
    const std::string padded = text + std::string(64, 'a');
    const FinderText input{{padded.data(), text.size()}, masks};
    ContextIndex index(table, input);
    for (std::size_t start = 0; start < text.size(); start += random() % 9) {
      const std::size_t end = start + random() % std::min<std::size_t>(text.size() - start + 1, 90);
      const bool is_quiet = index.is_quiet(start, end);
      index.look(start, end, near);
      table.look(text, start, end, expected);
      if (is_quiet) ASSERT_TRUE(expected.is_empty()) << text << ' ' << start;
      ASSERT_EQ(near.is_empty(), expected.is_empty()) << text << ' ' << start << ' ' << end;
      for (std::uint32_t entry = 0; entry < contexts.size(); ++entry) {
        ASSERT_EQ(near.holds(entry), expected.holds(entry)) << text << ' ' << start << ' ' << end << ' ' << entry;
      }
    }
  }
}

}  // namespace
}  // namespace reeve::content
