#include "content/placeholder.h"

#include <gtest/gtest.h>

#include <set>

#include "content/redaction.h"

namespace reeve::content {
namespace {

const std::string kKey(32, 'a');
constexpr std::string_view kCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

TEST(Placeholder, IsAnIdentifierOfFixedShapeAndTellsItsClass) {
  const std::pair<std::string, std::string> classes[] = {{"secret", "SE"},    {"pii", "PI"},    {"payment-card", "PC"},
                                                         {"financial", "FI"}, {"health", "HE"}, {"customer", "CU"},
                                                         {"source", "SO"},    {"schema", "XX"}, {"", "XX"}};
  for (const auto& [class_name, letters] : classes) {
    for (int i = 0; i < 200; ++i) {
      const std::string placeholder = make_placeholder(kKey, class_name, "value " + std::to_string(i));
      EXPECT_TRUE(placeholder.starts_with("RV" + letters)) << placeholder;
      EXPECT_TRUE(is_sound_placeholder(placeholder)) << placeholder;
      EXPECT_EQ(placeholder.size(), kPlaceholderBytes);
    }
  }
}

TEST(Placeholder, IsTheSameForTheSameAndAnotherForAnythingElse) {
  EXPECT_EQ(make_placeholder(kKey, "pii", "x"), make_placeholder(kKey, "pii", "x"));
  std::set<std::string> seen;
  for (int i = 0; i < 20'000; ++i) seen.insert(make_placeholder(kKey, "pii", std::to_string(i)));
  seen.insert(make_placeholder(kKey, "secret", "1"));
  seen.insert(make_placeholder(kKey, "piix", "1"));
  seen.insert(make_placeholder(kKey, "pii", std::string_view("\0001", 2)));
  seen.insert(make_placeholder(std::string(32, 'b'), "pii", "1"));
  EXPECT_EQ(seen.size(), 20'004U);
}

TEST(Placeholder, ShowsEveryChangedCharacter) {
  for (int i = 0; i < 50; ++i) {
    const std::string placeholder = make_placeholder(kKey, "secret", std::to_string(i));
    for (std::size_t at = 0; at < placeholder.size(); ++at) {
      for (const char c : kCharacters) {
        std::string changed = placeholder;
        changed[at] = c;
        EXPECT_EQ(is_sound_placeholder(changed), c == placeholder[at]) << placeholder << " " << changed;
      }
    }
  }
}

TEST(Placeholder, ShowsAnyTwoCharactersThatChangedPlaces) {
  for (int i = 0; i < 200; ++i) {
    const std::string placeholder = make_placeholder(kKey, "customer", std::to_string(i));
    for (std::size_t left = 0; left < placeholder.size(); ++left) {
      for (std::size_t right = left + 1; right < placeholder.size(); ++right) {
        std::string changed = placeholder;
        std::swap(changed[left], changed[right]);
        EXPECT_EQ(is_sound_placeholder(changed), changed == placeholder) << placeholder << " " << changed;
      }
    }
  }
}

TEST(Placeholder, HasNoOtherShape) {
  const std::string placeholder = make_placeholder(kKey, "secret", "x");
  EXPECT_FALSE(is_sound_placeholder(""));
  EXPECT_FALSE(is_sound_placeholder("RVSE"));
  EXPECT_FALSE(is_sound_placeholder(placeholder.substr(0, 19)));
  EXPECT_FALSE(is_sound_placeholder(placeholder + "0"));
  EXPECT_FALSE(has_placeholder_shape("RVZZ0123456789ABCDEF")) << "no class";
  EXPECT_FALSE(has_placeholder_shape("RVSE0123456789ABCDE_"));
  EXPECT_FALSE(has_placeholder_shape("RVSE0123456789abcdef"));
  EXPECT_TRUE(has_placeholder_shape("RVSE0123456789ABCDEF"));
}

TEST(PlaceholderSearch, FindsAStartAnywhereAndWhatMayBecomeOne) {
  EXPECT_EQ(find_placeholder_start("", 0), std::string_view::npos);
  EXPECT_EQ(find_placeholder_start("nothing here", 0), std::string_view::npos);
  EXPECT_EQ(find_placeholder_start("a server", 0), 4U);
  EXPECT_EQ(find_placeholder_start("after", 0), 4U) << "more may come";
  EXPECT_EQ(find_placeholder_start("aRbrV", 0), 3U);
  for (std::size_t before = 0; before < 200; ++before) {
    for (std::size_t behind = 0; behind < 70; behind += 23) {
      const std::string text = std::string(before, 'x') + "RV" + std::string(behind, 'x');
      EXPECT_EQ(find_placeholder_start(text, 0), before);
      EXPECT_EQ(find_placeholder_start(text, before), before);
      EXPECT_EQ(find_placeholder_start(text, before + 1), std::string_view::npos);
    }
  }
}

}  // namespace
}  // namespace reeve::content
