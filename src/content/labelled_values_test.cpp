#include "content/labelled_values.h"

#include <gtest/gtest.h>

#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "content/line_signs.h"
#include "content/next_sign.h"

namespace reeve::content {
namespace {

const std::vector<std::string> kPhrases = {"name", "first name", "mrn", "to", "patient id", "city", "姓名", "prénom"};

KnownKeys known_keys() {
  KnownKeys keys;
  for (std::uint32_t i = 0; i < kPhrases.size(); ++i) keys.add(kPhrases[i], i, nullptr);
  return keys;
}

class Noted final : public ValueTaker {
 public:
  explicit Noted(std::string_view text) : text_(text) {}
  bool take(const LabelledValue& value) override {
    std::string note;
    for (const KnownKeys::Owner& owner : *value.match.owners) {
      if (value.match.means(owner)) note += kPhrases[owner.index] + ' ';
    }
    const std::string_view found = text_.substr(value.begin, value.end - value.begin);
    notes.push_back(note + std::to_string(value.begin) + (value.quoted ? " '" : " ") + std::string(found));
    return notes.size() < most;
  }
  std::vector<std::string> notes;
  std::size_t most = 1'000'000;

 private:
  std::string_view text_;
};

std::vector<std::string> values_in(std::string text, LabelledWalk walk, std::size_t most = 1'000'000) {
  static const KnownKeys kKeys = known_keys();
  const std::size_t size = text.size();
  text.append(64, ',');
  const std::string_view whole(text.data(), size);
  TextMasks masks;
  masks.compute(whole);
  Noted noted(whole);
  noted.most = most;
  for_each_labelled_value({whole, masks}, kKeys, noted, walk);
  return noted.notes;
}

std::vector<std::string> values_in(const std::string& text) { return values_in(text, LabelledWalk::kFast); }
using Notes = std::vector<std::string>;

TEST(LabelledValues, StandBehindKeysHoweverWritten) {
  EXPECT_EQ(values_in("first_name: Anna\n"), Notes{"first name 12 Anna"});
  EXPECT_EQ(values_in("billingFirstName = 'Anna'"), Notes{"first name 20 'Anna"});
  EXPECT_EQ(values_in("{\"Patient-ID\":\"P-77\"}"), Notes{"patient id 15 'P-77"});
  EXPECT_EQ(values_in("the to: Anna"), Notes{"to 8 Anna"});
  EXPECT_EQ(values_in("姓名：x, 姓名: 王"), Notes{"姓名 20 王"});
  EXPECT_EQ(values_in("filename: x\nname == x\nname::x\n<input id=\"x\" name=\"city\">"), Notes{});
}

TEST(LabelledValues, StandInTables) {
  EXPECT_EQ(values_in("id,name\n1,Anna\n2,Otto\n"), (Notes{"name 10 'Anna", "name 17 'Otto"}));
  EXPECT_EQ(values_in("| City | x |\n| Ulm | y |\n"), Notes{"city 15 'Ulm"});
  EXPECT_EQ(values_in("\"name\";\"x\"\n\"A;B\";2\n"), Notes{"name 12 'A;B"});
  EXPECT_EQ(values_in("call(name, x);\nother(a, b);\n"), Notes{});
}

TEST(LabelledValues, StandInInserts) {
  EXPECT_EQ(values_in("INSERT INTO t (id, name) VALUES (1, 'Anna'), (2, 'O, P');"),
            (Notes{"name 37 'Anna", "name 50 'O, P"}));
  EXPECT_EQ(values_in("insert into t(a,b,name)\nvalues (1,2,'x');insert into u(city) values('Ulm')"),
            (Notes{"name 37 'x", "city 69 'Ulm"}));
}

TEST(LabelledValues, GoOnInTablesOfAnyLength) {
  std::string text = "id,name\n";
  for (int i = 0; i < 30'000; ++i) text += "1,x\n";
  EXPECT_EQ(values_in(text).size(), 30'000U);
}

TEST(LabelledValues, EndWhereNoMoreAreWanted) {
  std::string text = "name: a\nname: b\nname,x\n1,2\n3,4\n5,6\n";
  EXPECT_EQ(values_in(text, LabelledWalk::kFast, 1).size(), 1U);
  EXPECT_EQ(values_in(text, LabelledWalk::kFast, 4).size(), 4U);
}

TEST(LabelledValues, AreThoseOfThePlainWalk) {
  const std::vector<std::string> parts = {" ",
                                          "  ",
                                          "\t",
                                          "\"",
                                          "'",
                                          "_",
                                          "-",
                                          ",",
                                          ",",
                                          ";",
                                          "|",
                                          ":",
                                          "=",
                                          "::",
                                          "\n",
                                          "\n",
                                          "\r\n",
                                          "(",
                                          ")",
                                          "*",
                                          ".",
                                          "Name",
                                          "firstName",
                                          "first",
                                          "a",
                                          "mrn,",
                                          "to",
                                          "ïd",
                                          "x1",
                                          "{",
                                          "<",
                                          "Anna Li",
                                          "y;",
                                          "VALUES (",
                                          "insert into t (",
                                          "'),('",
                                          "INSERT INTO u(city)\n"};
  std::mt19937 random(7);
  std::size_t found = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const std::size_t size = random() % (round % 50 == 0 ? 9'000 : 300);
    while (text.size() < size) {
      if (random() % 4 == 0) text += kPhrases[random() % kPhrases.size()] + ",;|\t:=\n "[random() % 8];
      text += parts[random() % parts.size()];
      if (random() % 2'000 == 0) text.append(random() % 2'500, random() % 2 == 0 ? ' ' : 'a');
    }
    const Notes fast = values_in(text, LabelledWalk::kFast);
    ASSERT_EQ(fast, values_in(text, LabelledWalk::kPlain)) << text;
    found += fast.size();
  }
  EXPECT_GT(found, 10'000U);
}

/// Texts in which each sign may have the longest search behind it: the work must stay that of the bytes.
TEST(LabelledValues, AreFoundInLinearTime) {
  for (const std::string_view unit :
       {"name: ", "name=\"", "name,name\n", "name,name\na,b,c\n", "insert into t(name)values('\n",
        "insert into t(name,\n", "to,to,to", "\tins", "name|x\n\n", "mrn_", "name: a, "}) {
    std::string text;
    while (text.size() < (1U << 19U)) text += unit;
    const std::clock_t start = std::clock();
    values_in(text, LabelledWalk::kFast);
    EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 1.0) << unit;
  }
}

TEST(KnownKeys, AreFoundByTheirLongestEnd) {
  const KnownKeys keys = known_keys();
  EXPECT_TRUE(keys.find("my name").whole);
  EXPECT_FALSE(keys.find("myname"));
  EXPECT_FALSE(keys.find("my_name"));
  EXPECT_EQ(keys.find("my_first_name").owners->front().index, 1U);
  EXPECT_EQ(keys.find("First-Name").owners->front().index, 1U);
  EXPECT_FALSE(keys.find(""));
}

TEST(LineSigns, AreTheSameFromEveryReader) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    while (text.size() < 256)
      text += round % 2 == 0 ? static_cast<char>(random()) : "insINS,;\t|={}:\n$%&^~"[random() % 20];
    LineSigns plain, fast;
    read_line_signs_plainly(text.data(), 4, plain);
    for (const LineSignsReader read : line_signs_readers()) {
      read(text.data(), 4, fast);
      for (std::size_t i = 0; i < 4; ++i) {
        ASSERT_EQ(fast.newline[i], plain.newline[i]);
        ASSERT_EQ(fast.divider[i], plain.divider[i]);
        ASSERT_EQ(fast.code[i], plain.code[i]);
        ASSERT_EQ(fast.ins[i], plain.ins[i]);
      }
    }
  }
}

TEST(LineSigns, AreSingleWithAllInstructions) {
  std::mt19937 random(6);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    while (text.size() < 257) text += "::==/a\n "[random() % 8];
    std::vector<std::uint64_t> plain(4), fast(4);
    read_single_signs(text.data(), 4, plain.data(), InstructionSet::kPlain);
    const auto begins = [&text](std::string_view with) { return text.starts_with(with); };
    EXPECT_EQ((plain[0] & 1U) == 0, begins("::") || begins("==") || begins(":/") || begins(":\n") || begins("=\n"));
    for (const InstructionSet set : instruction_sets()) {
      read_single_signs(text.data(), 4, fast.data(), set);
      ASSERT_EQ(fast, plain);
    }
  }
}

TEST(NextSign, IsTheFirstInTheRange) {
  static constexpr NextSign::Set kCommas = NextSign::set_of(",(");
  NextSign commas(kCommas);
  const std::string_view text = "ab,cd(ef";
  EXPECT_EQ(commas.in(text, 0, 2), 2U);
  EXPECT_EQ(commas.in(text, 1, 8), 2U);
  EXPECT_EQ(commas.in(text, 3, 8), 5U);
  EXPECT_EQ(commas.in(text, 6, 8), 8U);
  EXPECT_EQ(commas.in(text, 0, 8), 2U);
}

}  // namespace
}  // namespace reeve::content
