#include "policy/rule_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::uint32_t> numbers(const RuleBits& bits) {
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < bits.size() * 64; ++i) {
    if (has_bit(bits, i)) all.push_back(i);
  }
  return all;
}

IndexTerm term(Fact fact, std::vector<std::string> patterns, bool literal = false, bool negated = false) {
  return {fact, std::move(patterns), literal, negated};
}

std::vector<std::uint32_t> marked(const ValueIndex& index, std::string_view value, std::size_t words) {
  RuleBits bits(words, 0);
  index.mark(value, bits);
  return numbers(bits);
}

TEST(ValueIndex, FindsWhoNamesAValue) {
  ValueIndex index;
  index.add(0, term(Fact::kRepo, {"acme/a"}));
  index.add(1, term(Fact::kRepo, {"acme/*", "other"}));
  index.add(2, term(Fact::kRepo, {"*a"}));
  index.add(3, term(Fact::kRepo, {"a*e/*"}));
  index.add(4, term(Fact::kRepo, {"*"}));
  index.add(5, term(Fact::kRepo, {"acme/*"}, true));  // the star itself
  index.add(6, term(Fact::kRepo, {"ac*", "acme*"}));
  index.seal(1);
  EXPECT_THAT(marked(index, "acme/a", 1), ElementsAre(0, 1, 2, 3, 4, 6));
  EXPECT_THAT(marked(index, "acme/*", 1), ElementsAre(1, 3, 4, 5, 6));
  EXPECT_THAT(marked(index, "other", 1), ElementsAre(1, 4));
  EXPECT_THAT(marked(index, "ac", 1), ElementsAre(4, 6));
  EXPECT_THAT(marked(index, "Acme/a", 1), ElementsAre(2, 4)) << "case counts";
  EXPECT_THAT(marked(index, "", 1), IsEmpty()) << "an absent fact fits nothing, not even a star";
}

TEST(ValueIndex, KeepsManyRulesOfOneValueAsItKeepsFew) {
  ValueIndex index;
  std::vector<std::uint32_t> even;
  for (std::uint32_t i = 0; i < 1000; i += 2) {
    index.add(i, term(Fact::kRepo, {"x"}));
    index.add(i, term(Fact::kRepo, {"x"}));
    even.push_back(i);
  }
  index.add(999, term(Fact::kRepo, {"y"}));
  index.seal(16);
  EXPECT_EQ(marked(index, "x", 16), even);
  EXPECT_THAT(marked(index, "y", 16), ElementsAre(999));
}

struct Narrowing {
  RuleIndex index;
  std::map<Fact, cel::Value> values;
  RuleBits doubtful;

  std::vector<std::uint32_t> narrow(std::size_t rules) {
    RuleBits alive(index.words(), 0);
    for (std::size_t i = 0; i < rules; ++i) set_bit(alive, i);
    doubtful.assign(index.words(), 0);
    RuleBits work(index.words(), 0);
    RuleIndex::Narrowed bits{alive, doubtful, work};
    index.narrow(bits, [&](Fact fact) { return values.contains(fact) ? values[fact] : cel::Value::of_string(""); });
    return numbers(alive);
  }
};

TEST(RuleIndex, EveryTermMustHold) {
  Narrowing narrowing;
  narrowing.index.add(0, {});
  narrowing.index.add(1, {term(Fact::kRepo, {"a"}), term(Fact::kClient, {"c"})});
  narrowing.index.add(2, {term(Fact::kRepo, {"a"}, false, true)});
  narrowing.index.add(
      3, {term(Fact::kRepo, {"*"}), term(Fact::kRepo, {"b"}, false, true), term(Fact::kRepo, {"c*"}, false, true)});
  narrowing.index.seal(4);
  EXPECT_THAT(narrowing.narrow(4), ElementsAre(0, 2));
  narrowing.values[Fact::kRepo] = cel::Value::of_string("a");
  EXPECT_THAT(narrowing.narrow(4), ElementsAre(0, 3));
  narrowing.values[Fact::kClient] = cel::Value::of_string("c");
  EXPECT_THAT(narrowing.narrow(4), ElementsAre(0, 1, 3));
  for (const char* excepted : {"b", "cd"}) {
    narrowing.values[Fact::kRepo] = cel::Value::of_string(excepted);
    EXPECT_THAT(narrowing.narrow(4), ElementsAre(0, 2)) << excepted;
  }
}

TEST(RuleIndex, AnyMemberOfAListIsEnough) {
  Narrowing narrowing;
  narrowing.index.add(0, {term(Fact::kPrincipalGroups, {"x", "y*"})});
  narrowing.index.add(1, {term(Fact::kPrincipalGroups, {"x"}, false, true)});
  narrowing.index.seal(2);
  const std::vector<cel::Value> items = {cel::Value::of_string("a"), cel::Value::of_string("x")};
  const cel::List list{items.data(), items.size()};
  const cel::List first{items.data(), 1};
  const cel::List none{};
  narrowing.values[Fact::kPrincipalGroups] = cel::Value::of_list(&list);
  EXPECT_THAT(narrowing.narrow(2), ElementsAre(0));
  for (const cel::List* other : {&first, &none}) {
    narrowing.values[Fact::kPrincipalGroups] = cel::Value::of_list(other);
    EXPECT_THAT(narrowing.narrow(2), ElementsAre(1));
  }
}

TEST(RuleIndex, RulesThatNameAnUnknownOrWrongFactStayAndAreDoubtful) {
  Narrowing narrowing;
  narrowing.index.add(0, {term(Fact::kRepo, {"a"})});
  narrowing.index.add(1, {term(Fact::kRepo, {"a"}, false, true)});
  narrowing.index.add(2, {term(Fact::kClient, {"c"})});
  narrowing.index.add(3, {});
  narrowing.index.seal(4);
  const cel::ErrorNote note{cel::ErrorKind::kInvalidArgument, "wrong"};
  for (const cel::Value& value : {cel::Value::unknown("repo"), cel::Value::of_error(&note)}) {
    narrowing.values[Fact::kRepo] = value;
    EXPECT_THAT(narrowing.narrow(4), ElementsAre(0, 1, 3));
    EXPECT_THAT(numbers(narrowing.doubtful), ElementsAre(0, 1));
  }
}

TEST(RuleIndex, WithoutRulesHasNothing) {
  Narrowing narrowing;
  narrowing.index.seal(0);
  EXPECT_THAT(narrowing.narrow(0), IsEmpty());
}

}  // namespace
}  // namespace reeve::policy
