#include "ledger/index_fields.h"

#include <gtest/gtest.h>

#include <random>

#include "core/json.h"

namespace reeve::ledger {

namespace {

/// Texts with what JSON escapes at every place of a word of eight bytes.
std::string text_at_random(std::mt19937& random) {
  static constexpr std::string_view kCharacters = "ab\"\\\n\t/\x7f{}:,[]";
  std::string text(random() % 40, ' ');
  for (char& c : text) c = kCharacters[random() % 3 == 0 ? random() % kCharacters.size() : 0];
  return text.empty() ? "x" : text;
}

}  // namespace

TEST(IndexFields, TextsAreWhatJsonSaysWhateverIsEscaped) {
  std::mt19937 random(3);
  EntryFields fields;
  for (int i = 0; i < 2'000; ++i) {
    const std::string client = text_at_random(random);
    const std::string unknown = text_at_random(random);
    const std::string person = text_at_random(random);
    JsonWriter json;
    json.begin_object().member("client", client).member("kind", "k");
    json.key("principal").begin_object().member("id", person).member("zzz", unknown).end_object();
    json.key("producer").begin_object().member("name", "worker-1").member("number", i + 1).end_object();
    json.key("request").begin_object().member("bytes", 5).end_object();
    const std::string entry = json.member("seq", i).member("time", "t").end_object().take();
    read_entry_fields(entry, fields);
    ASSERT_TRUE(fields.regular) << entry;
    EXPECT_EQ(unescaped(fields.text(Field::kClient)), client);
    EXPECT_EQ(unescaped(fields.text(Field::kPrincipalId)), person);
    EXPECT_EQ(fields.text(Field::kProducerName), "worker-1");
    EXPECT_EQ(fields.number(Field::kProducerNumber), i + 1);
    EXPECT_FALSE(fields.has(Field::kRepo));
    // Cut anywhere it is no entry.
    read_entry_fields(std::string_view(entry).substr(0, random() % entry.size()), fields);
    EXPECT_FALSE(fields.regular);
  }
}

TEST(IndexFields, NamesThatBeginAlikeAreToldApart) {
  EntryFields fields;
  read_entry_fields(
      R"({"client_versa":"a","client_version":"b","kind":"k","seq":1,"session_":"c","session_id":"d","time":"t",)"
      R"("timing":{"first_byte":1,"first_byte_us":2,"first_byte_use":3}})",
      fields);
  ASSERT_TRUE(fields.regular);
  EXPECT_EQ(fields.text(Field::kClientVersion), "b");
  EXPECT_EQ(fields.text(Field::kSessionId), "d");
  EXPECT_EQ(fields.number(Field::kTimingFirstByte), 2);
  read_entry_fields(R"({"client_version":"b","client_versa":"a","kind":"k","seq":1,"time":"t"})", fields);
  EXPECT_FALSE(fields.regular) << "not in order";
}

TEST(IndexFields, AListIsItsTexts) {
  const std::string between(1, kListSeparator);
  EXPECT_EQ(joined_list("[]"), "");
  EXPECT_EQ(joined_list(R"(["a"])"), "a");
  EXPECT_EQ(joined_list(R"(["a,b","]","c"])"), "a,b" + between + "]" + between + "c");
  EXPECT_EQ(joined_list(R"(["","a","","b",""])"), "a" + between + "b");
  EXPECT_EQ(joined_list(R"(["say \"hi\"","\u00eb"])"), "say \"hi\"" + between + "\u00eb");
  for (const char* broken : {R"(["a""b"])", R"(["a",])", R"(["a",b"])", R"(["])", R"(["a"]"])"}) {
    EXPECT_EQ(joined_list(broken), "") << broken;
  }
}

}  // namespace reeve::ledger
