// Every check is shown a small tree with one planted fault, which it must find, and the same tree without it.

#include "checks.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve::house {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kTable =
    "| folder | job | may include |\n"
    "|---|---|---|\n"
    "| `src/core` | words | nothing |\n"
    "| `src/net` | sockets | core |\n"
    "| `src/gateway` | calls | core, net |\n";

/// A right tree of three rooms; tests add the fault.
SourceTree small_tree() {
  SourceTree tree;
  tree.add("docs/architecture.md", std::string(kTable));
  tree.add("src/CMakeLists.txt", "reeve_room(core LIBRARIES x)\nreeve_room(net DEPENDS core LIBRARIES y)\n");
  tree.add("src/core/result.h", "#pragma once\n");
  tree.add("src/net/net.h", "#pragma once\n#include \"core/result.h\"\n");
  tree.add("src/net/socket.h", "#pragma once\n#include <boost/asio.hpp>\n");
  tree.add("src/net/net.cpp", "#include \"net/net.h\"\n#include \"net/socket.h\"\n");
  tree.add("src/gateway/gateway.cpp", "#include \"net/net.h\"\n#include \"core/result.h\"\n");
  return tree;
}

SourceTree with(std::string path, std::string text) {
  SourceTree tree = small_tree();
  tree.add(std::move(path), std::move(text));
  return tree;
}

TEST(Arrows, ARightTreePasses) {
  EXPECT_THAT(check_arrows(small_tree()), IsEmpty());
  EXPECT_THAT(check_linked_rooms(small_tree()), IsEmpty());
}

TEST(Arrows, AnIncludeOfALowerRoomIsFound) {
  const SourceTree tree = with("src/net/wrong.cpp", "\n#include \"gateway/gateway.cpp\"\n");
  EXPECT_THAT(to_text(check_arrows(tree)),
              AllOf(HasSubstr("src/net/wrong.cpp:2:"), HasSubstr("may not include src/gateway"), HasSubstr("core")));
}

TEST(Arrows, APrivateHeaderOfAnotherRoomIsFound) {
  for (const char* path : {"src/gateway/wrong.cpp", "apps/reeve/main.cpp", "tests/e2e/run_test.cpp"}) {
    const SourceTree tree = with(path, "#include \"net/socket.h\"\n");
    EXPECT_THAT(to_text(check_arrows(tree)), HasSubstr("is private to src/net")) << path;
  }
}

TEST(Arrows, FuzzTargetsAndARoomsOwnTestsMayLookInside) {
  EXPECT_THAT(check_arrows(with("fuzz/http.cpp", "#include \"net/socket.h\"\n")), IsEmpty());
  EXPECT_THAT(check_arrows(with("src/net/socket_test.cpp", "#include \"net/socket.h\"\n")), IsEmpty());
}

TEST(Arrows, TestsOfASubFolderMayLookIntoIt) {
  const auto findings = [](std::string_view path, std::string_view header) {
    SourceTree tree = with(std::string(path), "#include \"" + std::string(header) + "\"\n");
    tree.add("src/net/http/parser.h", "#pragma once\n");
    return to_text(check_arrows(tree));
  };
  EXPECT_THAT(findings("tests/http/probe.cpp", "net/http/parser.h"), IsEmpty());
  EXPECT_THAT(findings("tests/http-differential/probe.cpp", "net/http/parser.h"), IsEmpty());
  EXPECT_THAT(findings("tests/drain/probe.cpp", "net/http/parser.h"), HasSubstr("is private to src/net"));
  EXPECT_THAT(findings("tests/http/probe.cpp", "net/socket.h"), HasSubstr("is private to src/net"));
}

TEST(Arrows, TestsMayRunAConformanceSuite) {
  const auto findings = [](std::string_view path) {
    SourceTree tree = with(std::string(path), "#include \"net/socket_conformance.h\"\n");
    tree.add("src/net/socket_conformance.h", "#pragma once\n");
    return to_text(check_arrows(tree));
  };
  EXPECT_THAT(findings("tests/sockets/sockets_test.cpp"), IsEmpty());
  EXPECT_THAT(findings("apps/reeve/main.cpp"), HasSubstr("is private to src/net"));
}

TEST(Arrows, ARoomWithoutALineIsFound) {
  EXPECT_THAT(to_text(check_arrows(with("src/attic/attic.h", "#pragma once\n"))), HasSubstr("src/attic: has no line"));
}

TEST(Arrows, ATableThatPointsDownOrNowhereIsFound) {
  SourceTree tree;
  tree.add("docs/architecture.md", "| `src/core` | words | net |\n| `src/net` | sockets | core |\n");
  EXPECT_THAT(to_text(check_arrows(tree)), HasSubstr("'net' is not a room above src/core"));
}

TEST(Arrows, AMissingTableIsFound) { EXPECT_THAT(to_text(check_arrows(SourceTree{})), HasSubstr("is missing")); }

TEST(Arrows, AWayAroundThroughTheParentFolderIsFound) {
  EXPECT_THAT(to_text(check_arrows(with("src/net/wrong.cpp", "#include \"../gateway/x.h\"\n"))), HasSubstr("'..'"));
}

TEST(LinkedRooms, ALinkAgainstTheArrowsIsFound) {
  SourceTree tree;
  tree.add("docs/architecture.md", std::string(kTable));
  tree.add("src/CMakeLists.txt", "reeve_room(core)\nreeve_room(net DEPENDS core gateway LIBRARIES y)\n");
  EXPECT_THAT(to_text(check_linked_rooms(tree)), HasSubstr("src/CMakeLists.txt:2: links net with gateway"));
}

TEST(HeavyHeaders, APrivateHeaderOfTheOwningRoomMayHaveThem) {
  EXPECT_THAT(check_heavy_headers(small_tree()), IsEmpty());
}

TEST(HeavyHeaders, OneInAPublicHeaderIsFoundWithTheWayThere) {
  SourceTree tree = small_tree();
  tree.add("src/gateway/gateway.h", "#pragma once\n#include \"net/socket.h\"\n");
  EXPECT_THAT(to_text(check_heavy_headers(tree)),
              HasSubstr("src/gateway/gateway.h: is public and includes src/net/socket.h -> boost/asio.hpp"));
  EXPECT_THAT(to_text(check_heavy_headers(with("src/core/json.h", "#include <simdjson.h>\n"))),
              HasSubstr("src/core/json.h: is public and includes simdjson.h"));
}

TEST(HeavyHeaders, OneOutsideItsRoomIsFound) {
  EXPECT_THAT(to_text(check_heavy_headers(with("src/gateway/db.cpp", "#include <sqlite3.h>\n"))),
              HasSubstr("<sqlite3.h> belongs to store"));
  EXPECT_THAT(to_text(check_heavy_headers(with("apps/reeve/x.cpp", "#include <boost/asio.hpp>\n"))),
              HasSubstr("belongs to net"));
  EXPECT_THAT(check_heavy_headers(with("apps/reeve/x.cpp", "#include <CLI/CLI.hpp>\n")), IsEmpty());
  EXPECT_THAT(check_heavy_headers(with("src/gateway/x_test.cpp", "#include <gtest/gtest.h>\n")), IsEmpty());
}

TEST(HeavyHeaders, AHeaderThatOnlyTestsIncludeIsPartOfThem) {
  SourceTree tree = with("src/gateway/fixture.h", "#pragma once\n#include <gtest/gtest.h>\n");
  EXPECT_THAT(to_text(check_heavy_headers(tree)), HasSubstr("belongs to tests"));
  tree.add("src/gateway/x_test.cpp", "#include \"gateway/fixture.h\"\n");
  EXPECT_THAT(check_heavy_headers(tree), IsEmpty());
  tree.add("src/gateway/y.cpp", "#include \"gateway/fixture.h\"\n");
  EXPECT_THAT(to_text(check_heavy_headers(tree)), HasSubstr("belongs to tests"));
}

TEST(HeaderManners, AMissingGuardAndAnEmptiedNamespaceAreFound) {
  EXPECT_THAT(check_header_manners(small_tree()), IsEmpty());
  EXPECT_THAT(to_text(check_header_manners(with("src/net/a.h", "// #pragma once\n"))), HasSubstr("no #pragma once"));
  EXPECT_THAT(to_text(check_header_manners(with("src/net/a.h", "#pragma once\nusing namespace std;\n"))),
              HasSubstr("src/net/a.h:2:"));
  EXPECT_THAT(check_header_manners(with("src/net/a.h", "#pragma once\nusing std::string;\n")), IsEmpty());
}

TEST(Size, ALongFileIsFound) {
  const auto lines = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "x\n";
    return text;
  };
  EXPECT_THAT(check_file_length(with("src/net/a.cpp", lines(kFileLinesMax - 1))), IsEmpty());
  EXPECT_THAT(to_text(check_file_length(with("src/net/a.cpp", lines(kFileLinesMax)))), HasSubstr("500 lines"));
  EXPECT_THAT(to_text(check_file_length(with("tools/a.sh", lines(kFileLinesMax)))), HasSubstr("500 lines"));
  EXPECT_THAT(check_file_length(with("tests/recorded.json", lines(kFileLinesMax))), IsEmpty());
}

TEST(Size, ALongFunctionIsFound) {
  const auto function = [](std::size_t lines) {
    std::string text = "void f() {\n";
    for (std::size_t i = 2; i < lines; ++i) text += "  g();\n";
    return text + "}\n";
  };
  EXPECT_THAT(check_function_length(with("src/net/a.cpp", function(kFunctionLinesMax))), IsEmpty());
  EXPECT_THAT(to_text(check_function_length(with("src/net/a.cpp", "\n" + function(kFunctionLinesMax + 1)))),
              AllOf(HasSubstr("src/net/a.cpp:2: 'void f()' has 71 lines")));
}

TEST(Size, AWideLineIsFoundByCharactersNotBytes) {
  std::string wide;
  for (std::size_t i = 0; i < kLineColumnsMax; ++i) wide += "\u00e9";
  EXPECT_THAT(check_line_length(with("src/net/a.cpp", "//" + wide.substr(4) + "\n")), IsEmpty());
  EXPECT_THAT(check_line_length(with("src/net/a.cpp", "auto x = R\"(" + wide + "\n" + wide + ")\";\n")), IsEmpty());
  EXPECT_THAT(to_text(check_line_length(with("src/net/a.cpp", "\n//" + wide + "\n"))),
              HasSubstr("src/net/a.cpp:2: is 122 columns wide"));
}

TEST(CapturingCoroutines, ALambdaThatCapturesAndAwaitsIsFound) {
  const auto in_function = [](const std::string& lambda) {
    return with("src/net/a.cpp", "void f() {\n  g(" + lambda + ");\n}\n");
  };
  EXPECT_THAT(to_text(check_capturing_coroutines(in_function("[this, x]() -> Task<void> { co_await h(); }"))),
              AllOf(HasSubstr("src/net/a.cpp:2:"), HasSubstr("[this, x]")));
  EXPECT_THAT(to_text(check_capturing_coroutines(in_function("[&] { co_return; }"))), HasSubstr("[&]"));
  EXPECT_THAT(check_capturing_coroutines(in_function("[](X& x) -> Task<void> { co_await h(x); }")), IsEmpty());
  EXPECT_THAT(check_capturing_coroutines(in_function("[this] { start_detached(run()); }")), IsEmpty());
}

TEST(BannedCalls, TheyAreFoundInCodeOnly) {
  EXPECT_THAT(to_text(check_banned_calls(with("src/net/a.cpp", "void f() { out << std::endl; }\n"))),
              HasSubstr("std::endl is not used here"));
  EXPECT_THAT(check_banned_calls(with("src/net/a.cpp", "// std::endl\nauto t = \"std::endl\"; snprintf(a, 1, b);\n")),
              IsEmpty());
}

TEST(FileNames, AWordThatSaysNothingIsFound) {
  for (const char* path : {"src/net/utils.h", "src/net/socket_utils.h", "src/net/utils/socket.h"}) {
    EXPECT_THAT(to_text(check_file_names(with(path, "#pragma once\n"))), HasSubstr("'utils'")) << path;
  }
  EXPECT_THAT(check_file_names(with("src/net/utility.h", "#pragma once\n")), IsEmpty());
}

TEST(Unfinished, APromiseIsFound) {
  const std::string promise = std::string("// TO") + "DO: later\n";
  EXPECT_THAT(to_text(check_unfinished(with("src/net/a.cpp", promise))), HasSubstr("src/net/a.cpp:1:"));
  EXPECT_THAT(to_text(check_unfinished(with("docs/a.md", promise))), HasSubstr("docs/a.md:1:"));
  EXPECT_THAT(check_unfinished(with("src/net/a.cpp", "// the to-do list of a person\n")), IsEmpty());
}

TEST(ForeignPlaces, AbsolutePathsAndRegistriesAreFound) {
  const auto findings = [](const std::string& text) { return to_text(check_foreign_places(with("docs/a.md", text))); };
  const std::string temporary = std::string("/tm") + "p/x";
  EXPECT_THAT(findings("see " + temporary), HasSubstr("docs/a.md:1:"));
  EXPECT_THAT(findings(std::string("cd /wo") + "rk/main"), HasSubstr("docs/a.md:1:"));
  EXPECT_THAT(findings(std::string("https://registry.np") + "mjs.org/x"), HasSubstr("docs/a.md:1:"));
  EXPECT_THAT(findings("/var" + temporary + " and src" + temporary), IsEmpty());
  const SourceTree lock = with("tests/clients/package-lock.json", "{\"resolved\": \"https://packages.example/x\"}");
  EXPECT_THAT(to_text(check_foreign_places(lock)), HasSubstr("names a registry"));
}

TEST(RoomMaps, AFolderWithoutAMapIsFound) {
  SourceTree tree = small_tree();
  for (const char* path : {"src/core/README.md", "src/net/README.md", "src/gateway/README.md"}) tree.add(path, "x");
  EXPECT_THAT(check_room_maps(tree), IsEmpty());
  tree.add("apps/reeve/main.cpp", "int main() {}\n");
  tree.add("bench/gateway.cpp", "int main() {}\n");
  EXPECT_THAT(to_text(check_room_maps(tree)), AllOf(HasSubstr("apps/reeve: has no"), HasSubstr("bench: has no")));
}

TEST(RoomMaps, AFolderOfTestsThatTheMapDoesNotNameIsFound) {
  SourceTree tree;
  tree.add("tests/README.md", "| `faults` | kill -9 |");
  tree.add("tests/faults/disk.mjs", "x");
  EXPECT_THAT(check_room_maps(tree), IsEmpty());
  tree.add("tests/fault/disk.mjs", "x");
  EXPECT_THAT(to_text(check_room_maps(tree)), HasSubstr("tests/README.md: does not name `fault`"));
}

TEST(Links, ABrokenOneIsFound) {
  EXPECT_THAT(check_links(with("README.md", "[a](docs/architecture.md#rooms) [b](src/net/) [c](https://example.com)")),
              IsEmpty());
  EXPECT_THAT(check_links(with("docs/a.md", "[a](../src/net/net.h) [b](#here) [c](architecture.md \"title\")")),
              IsEmpty());
  EXPECT_THAT(to_text(check_links(with("docs/a.md", "\n[a](nowhere.md)"))),
              HasSubstr("docs/a.md:2: links to 'nowhere.md'"));
}

TEST(Decisions, GapsAndUnlistedOnesAreFound) {
  SourceTree tree = small_tree();
  EXPECT_THAT(to_text(check_decisions(tree)), HasSubstr("is missing"));
  tree.add("docs/decisions/README.md", "[one](0001-one.md) [three](0003-three.md)");
  tree.add("docs/decisions/0001-one.md", "x");
  EXPECT_THAT(check_decisions(tree), IsEmpty());
  tree.add("docs/decisions/0003-three.md", "x");
  EXPECT_THAT(to_text(check_decisions(tree)), HasSubstr("is not named 0002-title.md"));
  tree.add("docs/decisions/0002-two.md", "x");
  EXPECT_THAT(to_text(check_decisions(tree)), HasSubstr("does not link to 0002-two.md"));
}

class OnDisk : public testing::Test {
 protected:
  OnDisk() {
    std::string pattern = (std::filesystem::temp_directory_path() / "reeve-house-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~OnDisk() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, std::string_view text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  std::filesystem::path root_;
};

TEST_F(OnDisk, TheTreeLeavesOutWhatIsBuiltFetchedOrBinary) {
  for (const char* path : {"src/a.cpp", "build/b.cpp", "x/node_modules/c.js", "fuzz/corpus/http/d", "fuzz/http.cpp"}) {
    write(path, "text");
  }
  write("src/image.png", std::string_view("\0x", 2));
  const SourceTree tree = read_source_tree(root_);
  ASSERT_EQ(tree.files.size(), 2U);
  EXPECT_EQ(tree.files[0].path, "fuzz/http.cpp");
  EXPECT_EQ(tree.files[1].path, "src/a.cpp");
}

TEST_F(OnDisk, AFuzzTargetWithoutKeptInputsIsFound) {
  write("fuzz/http.cpp", "text");
  EXPECT_THAT(to_text(check_fuzz_corpora(read_source_tree(root_), root_)), HasSubstr("fuzz/corpus/http"));
  write("fuzz/corpus/http/one", "GET / HTTP/1.1");
  EXPECT_THAT(check_fuzz_corpora(read_source_tree(root_), root_), IsEmpty());
}

}  // namespace
}  // namespace reeve::house
