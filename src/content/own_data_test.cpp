#include "content/own_data.h"

#include <gmock/gmock.h>

#include "content/finders.h"
#include "content/own_data_for_tests.h"

namespace reeve::content {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(OwnData, WithoutADirectoryNothingIsRegistered) {
  TestFolder folder;
  const auto own = OwnData::open(folder.path() / "none");
  ASSERT_TRUE(own);
  EXPECT_THAT((*own)->list(), IsEmpty());
  for (const NamedFinder& finder : own_data_finders()) {
    const std::uint32_t mine = 0;
    EXPECT_EQ(finder.prepare_own_data(*own, {&mine, 1}), nullptr);
    EXPECT_EQ(finder.prepare_own_data(nullptr, {&mine, 1}), nullptr);
  }
}

TEST(OwnData, FindersGiveCandidatesWithTheLabelOfTheirRegistration) {
  TestFolder folder;
  folder.write("src/a.cpp", made_up_code(1, 60));
  ASSERT_TRUE(add_code(folder.path() / "content", {folder.path() / "src", "payments-core", {}, 0}, nullptr));
  AddTable table;
  table.csv = folder.write("people.csv", "id,name\nAB-100200,Ada Lovelace\nAB-100201,Grace Hopper\n");
  table.label = "patients";
  ASSERT_TRUE(add_table(folder.path() / "content", table, nullptr));
  const auto own = OwnData::open(folder.path() / "content");
  ASSERT_TRUE(own);
  EXPECT_THAT((*own)->list(), SizeIs(2));
  const std::string text = made_up_code(1, 60) + "\nGrace Hopper has AB-100201\n" + std::string(64, ' ');
  TextMasks masks;
  masks.compute(text);
  std::vector<Candidate> found;
  for (const NamedFinder& finder : own_data_finders()) {
    const std::uint32_t mine = finder.name == "registered-code" ? 3 : 5;
    const auto prepared = finder.prepare_own_data(*own, {&mine, 1});
    ASSERT_NE(prepared, nullptr);
    prepared->find({text, masks, TextOrigin::kUser}, found);
  }
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].detector, 3U);
  EXPECT_EQ(found[0].label, "payments-core");
  EXPECT_GE(found[0].confidence, 0.9F);
  EXPECT_EQ(found[1].detector, 5U);
  EXPECT_EQ(found[1].label, "patients");
  EXPECT_EQ(text.substr(found[1].start, found[1].end - found[1].start), "AB-100201");
}

TEST(OwnData, TheDigestChangesWithWhatIsRegistered) {
  TestFolder folder;
  folder.write("src/a.cpp", made_up_code(1, 60));
  const auto digest = [&] { return OwnData::open(folder.path() / "content").value()->digest(); };
  const std::string before = digest();
  ASSERT_TRUE(add_code(folder.path() / "content", {folder.path() / "src", "x", {}, 0}, nullptr));
  const std::string with = digest();
  EXPECT_NE(before, with);
  EXPECT_EQ(with, digest());
  ASSERT_TRUE(remove_registration(folder.path() / "content", "code", "x"));
  EXPECT_EQ(before, digest());
  const auto again = remove_registration(folder.path() / "content", "code", "x");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kNotFound);
}

TEST(OwnData, ADamagedFileIsAnError) {
  TestFolder folder;
  folder.write("content/code-x.own", "not a registration");
  const auto own = OwnData::open(folder.path() / "content");
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace reeve::content
