#include "checks.h"
#include "cpp_text.h"

namespace reeve::house {

namespace {

constexpr std::string_view kTableFile = "docs/architecture.md";

std::vector<std::string> split_trimmed(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    std::string_view part = text.substr(0, end);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    parts.emplace_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

struct IncludedPlace {
  std::string room;
  bool is_public = false;  // room/room.h, or any header of core
};

/// The room that an include path names, or an empty one for system headers and files beside the includer.
IncludedPlace place_of(const SourceTree& tree, std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string room(path.substr(0, slash));
  if (tree.find("src/" + std::string(path)) == nullptr) return {};
  return {room, room == "core" || path == room + "/" + room + ".h"};
}

std::string allowed_text(const std::set<std::string>& rooms) {
  std::string out;
  for (const std::string& room : rooms) out += (out.empty() ? "" : ", ") + room;
  return out.empty() ? "no other room" : out;
}

/// tests/PART and tests/PART-SOMETHING hold a room's sub-folder PART to something, and may look into it.
bool tests_that_part(std::string_view path, const Include& include, const IncludedPlace& place) {
  constexpr std::string_view kTests = "tests/";
  if (!path.starts_with(kTests)) return false;
  const std::string_view folder = path.substr(kTests.size());
  const std::string_view part = folder.substr(0, folder.find_first_of("/-"));
  return include.path.starts_with(place.room + "/" + std::string(part) + "/");
}

/// What every implementation of a port must do is for whoever has one to test.
bool is_conformance_suite(std::string_view path, const Include& include) {
  return path.starts_with("tests/") && include.path.ends_with("_conformance.h");
}

/// Rooms follow the table; apps and tests may see every room's public face; fuzz and bench may look inside, and so may
/// the tests of a room's sub-folder there.
void check_include(const SourceFile& file, const Include& include, const IncludedPlace& place, const ArrowTable& table,
                   Findings& findings) {
  const std::string room(room_of(file.path));
  if (place.room == room) return;
  if (!room.empty()) {
    const auto allowed = table.find(room);
    if (allowed == table.end()) return;  // reported by read_arrow_table
    if (!allowed->second.contains(place.room)) {
      findings.push_back({file.path, include.line,
                          "src/" + room + " may not include src/" + place.room + " (it may include " +
                              allowed_text(allowed->second) + "; the table is in " + std::string(kTableFile) +
                              "). State what is needed as a port in src/" + room + ", or move the code down."});
      return;
    }
  }
  const bool may_look_inside = file.path.starts_with("fuzz/") || file.path.starts_with("bench/");
  if (!place.is_public && !may_look_inside && !tests_that_part(file.path, include, place) &&
      !is_conformance_suite(file.path, include)) {
    findings.push_back({file.path, include.line,
                        "\"" + include.path + "\" is private to src/" + place.room + "; include \"" + place.room + "/" +
                            place.room + ".h\" and add to it what is missing."});
  }
}

}  // namespace

ArrowTable read_arrow_table(const SourceTree& tree, Findings& findings) {
  ArrowTable table;
  const SourceFile* document = tree.find(kTableFile);
  if (document == nullptr) {
    findings.push_back({std::string(kTableFile), 0, "is missing; its table says which room may include which."});
    return table;
  }
  std::size_t number = 0;
  for (const std::string_view line : lines_of(document->text)) {
    ++number;
    if (!line.starts_with("| `src/")) continue;
    const std::vector<std::string> cells = split_trimmed(line, '|');
    const std::size_t quote = cells[1].rfind('`');
    if (cells.size() < 4 || quote < 5) continue;
    const std::string room = cells[1].substr(5, quote - 5);
    std::set<std::string>& allowed = table[room];
    if (cells[3] == "nothing") continue;
    for (const std::string& name : split_trimmed(cells[3], ',')) {
      if (!table.contains(name) || name == room) {
        findings.push_back({document->path, number, "'" + name + "' is not a room above src/" + room + "."});
      }
      allowed.insert(name);
    }
  }
  for (const std::string& room : tree.rooms()) {
    if (table.contains(room)) continue;
    findings.push_back({"src/" + room, 0, "has no line in the table of " + std::string(kTableFile) + "; add one."});
  }
  return table;
}

Findings check_arrows(const SourceTree& tree) {
  Findings findings;
  const ArrowTable table = read_arrow_table(tree, findings);
  for (const SourceFile& file : tree.files) {
    if (!file.is_cpp()) continue;
    for (const Include& include : find_includes(file.text, file.code)) {
      if (include.path.find("..") != std::string::npos) {
        findings.push_back({file.path, include.line, "include by the path from src, not through '..'."});
        continue;
      }
      const IncludedPlace place = place_of(tree, include.path);
      if (!place.room.empty()) check_include(file, include, place, table, findings);
    }
  }
  return findings;
}

Findings check_linked_rooms(const SourceTree& tree) {
  Findings findings;
  Findings ignored;  // check_arrows tells about the table itself
  const ArrowTable table = read_arrow_table(tree, ignored);
  const SourceFile* build = tree.find("src/CMakeLists.txt");
  if (build == nullptr) return {{"src/CMakeLists.txt", 0, "is missing."}};
  std::size_t number = 0;
  for (const std::string_view line : lines_of(build->text)) {
    ++number;
    if (!line.starts_with("reeve_room(")) continue;
    std::vector<std::string> words = split_trimmed(line.substr(11, line.find(')') - 11), ' ');
    const auto allowed = table.find(words[0]);
    if (allowed == table.end()) continue;
    bool depends = false;
    for (const std::string& word : words) {
      if (word == "LIBRARIES") depends = false;
      if (depends && !allowed->second.contains(word)) {
        findings.push_back({build->path, number,
                            "links " + words[0] + " with " + word + ", which the table of " + std::string(kTableFile) +
                                " does not let it include."});
      }
      if (word == "DEPENDS") depends = true;
    }
  }
  return findings;
}

}  // namespace reeve::house
