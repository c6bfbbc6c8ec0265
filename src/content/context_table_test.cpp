#include "content/context_table.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "content/finders.h"

namespace reeve::content {
namespace {

TEST(ContextTable, TellsWhatLookingForEachTells) {
  const std::vector<ContextWords> contexts = {{{"card", "card number"}, 20, false},
                                              {{"id"}, 8, false},
                                              {{"steuer nr",
                                                "\xc3\xbc"
                                                "ber"},
                                               60,
                                               false},
                                              {{"no", "card"}, 5, false},
                                              {{"t c kimlik", "e-mail", "n\xc2\xba", "x 1", "v"}, 30, false},
                                              {{}, 60, false}};
  ContextTable table;
  std::vector<std::uint32_t> entries;
  for (const ContextWords& context : contexts) entries.push_back(table.add(context));
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {"card",
                                           "Card",
                                           "Number",
                                           "_",
                                           " ",
                                           "id",
                                           "ID",
                                           "s",
                                           "no",
                                           "\n",
                                           "-",
                                           "1234",
                                           "x",
                                           "steuer",
                                           "Nr",
                                           "t",
                                           "C",
                                           "kimlik",
                                           "E",
                                           "mail",
                                           "n\xc2\xba",
                                           "1",
                                           "V",
                                           "\xc3\x9c"
                                           "ber"};
  ContextTable::Near near;
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    for (int i = 0; i < 24; ++i) text += pieces[random() % pieces.size()];
    const std::size_t start = random() % text.size(), end = start + random() % (text.size() - start + 1);
    table.look(text, start, end, near);
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      ASSERT_EQ(near.is_near(table, entries[i]), has_context(text, start, end, contexts[i])) << text << ' ' << i;
    }
  }
}

}  // namespace
}  // namespace reeve::content
