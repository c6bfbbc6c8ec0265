// The repository, checked by itself. A failure lists what is wrong, file by file, and what to do about it.

#include <gtest/gtest.h>

#include "checks.h"

namespace reeve::house {
namespace {

/// A list that a person reads from top to bottom, rather than a comparison of two texts.
void expect_none(const Findings& findings) {
  EXPECT_TRUE(findings.empty()) << findings.size() << " found:\n" << to_text(findings);
}

class House : public testing::Test {
 protected:
  static const std::filesystem::path& root() {
    static const std::filesystem::path kRoot = REEVE_SOURCE_DIR;
    return kRoot;
  }
  static const SourceTree& tree() {
    static const SourceTree kTree = read_source_tree(root());
    return kTree;
  }
};

TEST_F(House, ReadsTheWholeRepository) {
  EXPECT_GE(tree().rooms().size(), 9U);
  EXPECT_NE(tree().find("CMakeLists.txt"), nullptr);
  EXPECT_NE(tree().find("src/core/result.h"), nullptr);
  EXPECT_NE(tree().find(".ci/run"), nullptr);
}

TEST_F(House, IncludesFollowTheArrows) { expect_none(check_arrows(tree())); }
TEST_F(House, LinkedRoomsFollowTheArrows) { expect_none(check_linked_rooms(tree())); }
TEST_F(House, HeavyHeadersStayInside) { expect_none(check_heavy_headers(tree())); }
TEST_F(House, HeadersHaveManners) { expect_none(check_header_manners(tree())); }
TEST_F(House, FilesAreShort) { expect_none(check_file_length(tree())); }
TEST_F(House, FunctionsFitAScreen) { expect_none(check_function_length(tree())); }
TEST_F(House, LinesAreShort) { expect_none(check_line_length(tree())); }
TEST_F(House, NoCapturingLambdaIsACoroutine) { expect_none(check_capturing_coroutines(tree())); }
TEST_F(House, BannedCallsAreAbsent) { expect_none(check_banned_calls(tree())); }
TEST_F(House, FileNamesSayWhatIsInside) { expect_none(check_file_names(tree())); }
TEST_F(House, NothingIsLeftForLater) { expect_none(check_unfinished(tree())); }
TEST_F(House, NoMachineIsNamed) { expect_none(check_foreign_places(tree())); }
TEST_F(House, EveryRoomHasAMap) { expect_none(check_room_maps(tree())); }
TEST_F(House, LinksLeadSomewhere) { expect_none(check_links(tree())); }
TEST_F(House, DecisionsAreListed) { expect_none(check_decisions(tree())); }
TEST_F(House, FuzzTargetsHaveACorpus) { expect_none(check_fuzz_corpora(tree(), root())); }

}  // namespace
}  // namespace reeve::house
