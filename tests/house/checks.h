#pragma once

// What the repository demands of itself. Each check is a pure function from the tree to findings; house_test.cpp runs
// them over the repository and checks_test.cpp over small trees with a planted fault.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "source_tree.h"

namespace reeve::house {

using Findings = std::vector<Finding>;

// ---- Who may include whom (arrows.cpp)

/// Room -> rooms it may include, read from the table in docs/architecture.md.
using ArrowTable = std::map<std::string, std::set<std::string>, std::less<>>;
ArrowTable read_arrow_table(const SourceTree& tree, Findings& findings);

/// Every #include follows an arrow, and only public headers are included across rooms: room/room.h, and any of core's.
Findings check_arrows(const SourceTree& tree);
/// What src/CMakeLists.txt lets a room link is what the table lets it include.
Findings check_linked_rooms(const SourceTree& tree);

// ---- Headers (headers.cpp)

/// Costly library headers stay out of public headers, also indirectly, and inside the rooms that own the library.
Findings check_heavy_headers(const SourceTree& tree);
/// Each header has #pragma once and no using namespace.
Findings check_header_manners(const SourceTree& tree);

// ---- Size (size.cpp)

inline constexpr std::size_t kFileLinesMax = 500;
inline constexpr std::size_t kFunctionLinesMax = 70;
inline constexpr std::size_t kLineColumnsMax = 120;
Findings check_file_length(const SourceTree& tree);
Findings check_function_length(const SourceTree& tree);
Findings check_line_length(const SourceTree& tree);

// ---- Words and shapes (words.cpp)

Findings check_capturing_coroutines(const SourceTree& tree);
Findings check_banned_calls(const SourceTree& tree);
Findings check_file_names(const SourceTree& tree);
/// Nothing is left for later in the text: it is done, or it is an issue.
Findings check_unfinished(const SourceTree& tree);
/// No path of one machine and no address of a package registry.
Findings check_foreign_places(const SourceTree& tree);

// ---- Documents (documents.cpp)

/// Each room, each program, bench, fuzz and tests have a README.md that says what they are for; that of tests names
/// every folder in it.
Findings check_room_maps(const SourceTree& tree);
/// Relative links in Markdown lead to a file or folder that exists.
Findings check_links(const SourceTree& tree);
/// docs/decisions/README.md lists every decision, and their numbers have no gap.
Findings check_decisions(const SourceTree& tree);
/// Each fuzz target has a kept corpus folder named after it below `root`.
Findings check_fuzz_corpora(const SourceTree& tree, const std::filesystem::path& root);

}  // namespace reeve::house
