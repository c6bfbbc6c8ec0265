#include <cctype>

#include "checks.h"

namespace reeve::house {

namespace {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// "docs" + "../README.md" -> "README.md"
std::string joined(const std::string& folder, const std::string& relative) {
  return (std::filesystem::path(folder) / relative).lexically_normal().generic_string();
}

bool exists_in(const SourceTree& tree, std::string path) {
  while (path.ends_with('/')) path.pop_back();
  if (path.empty() || path == "." || tree.find(path) != nullptr) return true;
  path += '/';
  for (const SourceFile& file : tree.files) {
    if (file.path.starts_with(path)) return true;
  }
  return false;
}

/// The target of an inline link that starts at `open`, the '(' of "](": without title and fragment.
std::string link_target(std::string_view text, std::size_t open) {
  const std::size_t end = text.find_first_of(") #\n", open + 1);
  return std::string(text.substr(open + 1, end == std::string_view::npos ? end : end - open - 1));
}

}  // namespace

Findings check_room_maps(const SourceTree& tree) {
  std::set<std::string> mapped;        // folders that need a README.md
  std::set<std::string> test_folders;  // named in tests/README.md
  for (const std::string& room : tree.rooms()) mapped.insert("src/" + room);
  for (const SourceFile& file : tree.files) {
    const std::string_view path = file.path;
    const std::size_t first = path.find('/');
    const std::size_t second = path.find('/', first + 1);
    if (first == std::string_view::npos || file.path.ends_with("CMakeLists.txt")) continue;
    const std::string_view top = path.substr(0, first);
    if (top == "apps" && second != std::string_view::npos) mapped.emplace(path.substr(0, second));
    if (top == "bench" || top == "fuzz" || top == "tests") mapped.emplace(top);
    if (top == "tests" && second != std::string_view::npos) {
      test_folders.emplace(path.substr(first + 1, second - first - 1));
    }
  }
  Findings findings;
  for (const std::string& folder : mapped) {
    if (tree.find(folder + "/README.md") != nullptr) continue;
    findings.push_back(
        {folder, 0, "has no README.md: what it is for, its key types, where to look, what must stay true."});
  }
  const SourceFile* map = tree.find("tests/README.md");
  for (const std::string& folder : test_folders) {
    if (map == nullptr || map->text.find("`" + folder + "`") != std::string::npos) continue;
    findings.push_back({map->path, 0, "does not name `" + folder + "`; say what is tested there."});
  }
  return findings;
}

Findings check_links(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.files) {
    if (!file.path.ends_with(".md")) continue;
    for (std::size_t at = file.text.find("]("); at != std::string::npos; at = file.text.find("](", at + 1)) {
      const std::string target = link_target(file.text, at + 1);
      if (target.empty() || target.find(':') != std::string::npos) continue;  // a fragment, or another site
      if (exists_in(tree, joined(folder_of(file.path), target))) continue;
      findings.push_back({file.path, line_at(file.text, at), "links to '" + target + "', which does not exist."});
    }
  }
  return findings;
}

Findings check_decisions(const SourceTree& tree) {
  constexpr std::string_view kFolder = "docs/decisions/";
  const SourceFile* index = tree.find("docs/decisions/README.md");
  if (index == nullptr) return {{"docs/decisions/README.md", 0, "is missing; it lists every decision."}};
  Findings findings;
  int number = 0;
  for (const SourceFile& file : tree.files) {
    if (!file.path.starts_with(kFolder) || &file == index) continue;
    const std::string name = file.path.substr(kFolder.size());
    ++number;
    const std::string digits = std::to_string(10'000 + number).substr(1);
    if (!name.starts_with(digits + "-") || !name.ends_with(".md")) {
      findings.push_back({file.path, 0, "is not named " + digits + "-title.md, the next number without a gap."});
    }
    if (index->text.find("](" + name + ")") == std::string::npos) {
      findings.push_back({index->path, 0, "does not link to " + name + "."});
    }
  }
  return findings;
}

Findings check_fuzz_corpora(const SourceTree& tree, const std::filesystem::path& root) {
  Findings findings;
  for (const SourceFile& file : tree.files) {
    if (!file.path.starts_with("fuzz/") || !file.path.ends_with(".cpp")) continue;
    const std::filesystem::path corpus = root / "fuzz" / "corpus" / std::filesystem::path(file.path).stem();
    if (std::filesystem::is_directory(corpus) && !std::filesystem::is_empty(corpus)) continue;
    findings.push_back({file.path, 0,
                        "has no kept inputs in " + corpus.lexically_relative(root).generic_string() +
                            "; keep some with tools/fuzz.sh --merge " + corpus.filename().string() + "."});
  }
  return findings;
}

}  // namespace reeve::house
