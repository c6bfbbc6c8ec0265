#include "source_tree.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "cpp_text.h"

namespace reeve::house {

namespace {

constexpr std::size_t kFileBytesMax = 4UL << 20U;

bool is_left_out(const std::filesystem::path& path, const std::string& relative) {
  static const std::set<std::string> kFolders = {"build", "data", "node_modules", ".git", ".cache"};
  return kFolders.contains(path.filename().string()) || relative == "fuzz/corpus";
}

}  // namespace

bool SourceFile::is_script() const {
  const auto ends = [this](std::string_view end) { return path.ends_with(end); };
  return ends(".sh") || ends(".cmake") || ends("CMakeLists.txt") || ends(".mjs") || ends(".js") || ends(".ts") ||
         text.starts_with("#!");
}

std::string_view room_of(std::string_view path) {
  if (!path.starts_with("src/")) return {};
  path.remove_prefix(4);
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

void SourceTree::add(std::string path, std::string text) {
  SourceFile file{.path = std::move(path), .text = std::move(text), .code = {}};
  if (file.path.ends_with(".cpp") || file.path.ends_with(".h")) file.code = code_only(file.text);
  const auto place = std::ranges::upper_bound(files, file.path, {}, &SourceFile::path);
  files.insert(place, std::move(file));
}

const SourceFile* SourceTree::find(std::string_view path) const {
  const auto found = std::ranges::lower_bound(files, path, {}, &SourceFile::path);
  return found != files.end() && found->path == path ? &*found : nullptr;
}

std::vector<std::string> SourceTree::rooms() const {
  std::set<std::string> names;
  for (const SourceFile& file : files) {
    if (const std::string_view room = room_of(file.path); !room.empty()) names.emplace(room);
  }
  return {names.begin(), names.end()};
}

SourceTree read_source_tree(const std::filesystem::path& root) {
  SourceTree tree;
  std::filesystem::recursive_directory_iterator entry(root), end;
  for (; entry != end; ++entry) {
    const std::string relative = entry->path().lexically_relative(root).generic_string();
    if (entry->is_directory() && is_left_out(entry->path(), relative)) {
      entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file() || entry->is_symlink() || entry->file_size() > kFileBytesMax) continue;
    std::ifstream stream(entry->path(), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (text.find('\0') == std::string::npos) tree.add(relative, std::move(text));
  }
  return tree;
}

std::string to_text(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    out += finding.path;
    if (finding.line > 0) out += ":" + std::to_string(finding.line);
    out += ": " + finding.message + "\n";
  }
  return out;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
  return static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n')) + 1;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace reeve::house
