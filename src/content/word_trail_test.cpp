#include "content/word_trail.h"

#include <gtest/gtest.h>

#include <random>

#include "content/finders.h"

namespace reeve::content {
namespace {

std::string text_of(std::mt19937& random, std::span<const std::string> pieces, std::size_t size) {
  std::string text;
  while (text.size() < size) text += pieces[random() % pieces.size()];
  return text;
}

// Places in order, back again, and anywhere: what is remembered must never show.
TEST(WordTrail, SaysWhatHasContextSays) {
  const std::vector<std::vector<std::string>> lists{
      {"phone", "phone number", "tel", "тел", "电话"}, {"ip", "address"}, {"(c)", "oid", "object identifier"}};
  const std::vector<std::size_t> reaches{40, 20, 28};
  const std::vector<std::string> pieces{"phone",      "Phone Number",
                                        "tel",        "ТЕЛ",
                                        "电话",       "ip",
                                        "IpAddress",  "addresses",
                                        "(c)",        "object",
                                        "identifier", "OID",
                                        " ",          " ",
                                        "\n",         "_",
                                        "-",          "7",
                                        "1 2 3 ",     "x",
                                        "s",          "(",
                                        ",",          "phon",
                                        "Te",         "\xd0"};
  WordLists words;
  for (std::size_t i = 0; i < lists.size(); ++i) ASSERT_EQ(words.add(lists[i], reaches[i]), i);
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const std::string text = text_of(random, pieces, 1 + random() % 600);
    WordTrail trail(words, text);
    std::size_t place = 0;
    for (int asked = 0; asked < 60; ++asked) {
      place = random() % 8 == 0 ? random() % (text.size() + 1) : std::min(text.size(), place + random() % 12);
      const std::size_t end = std::min(text.size(), place + random() % 10);
      const std::size_t list = random() % lists.size();
      if (asked % 3 == 0) trail.is_in(0, place, end);  // shifts what is remembered
      const ContextWords context{lists[list], static_cast<std::uint32_t>(reaches[list]), false};
      ASSERT_EQ(trail.is_near(static_cast<std::uint32_t>(list), place, end, reaches[list]),
                has_context(text, place, end, context))
          << text << "\nat " << place << " to " << end << " list " << list;
    }
  }
}

}  // namespace
}  // namespace reeve::content
