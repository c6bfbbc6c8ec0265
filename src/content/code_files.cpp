#include "content/code_files.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <span>

#include "core/bytes.h"

namespace reeve::content {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFileBytesMax = 4U << 20U;  // longer files are data or bundles
constexpr std::size_t kHeadBytes = 8192;

/// Folders that hold what others wrote, or what machines keep for themselves.
constexpr std::array<std::string_view, 24> kForeignFolders = {
    "node_modules",  "bower_components", "jspm_packages",    "vendor",   "third_party",
    "third-party",   "site-packages",    "__pycache__",      "venv",     "Pods",
    "Carthage",      "DerivedData",      "target",           "coverage", "CMakeFiles",
    "obj",           "htmlcov",          "storybook-static", "wheels",   "eggs",
    "dist-packages", "externals",        "external_libs",    "bazel-out"};

constexpr std::array<std::string_view, 22> kLockFiles = {"package-lock.json", "npm-shrinkwrap.json",
                                                         "yarn.lock",         "pnpm-lock.yaml",
                                                         "bun.lock",          "composer.lock",
                                                         "Gemfile.lock",      "Cargo.lock",
                                                         "poetry.lock",       "Pipfile.lock",
                                                         "uv.lock",           "go.sum",
                                                         "flake.lock",        "mix.lock",
                                                         "pubspec.lock",      "Podfile.lock",
                                                         "Package.resolved",  "packages.lock.json",
                                                         "gradle.lockfile",   "deno.lock",
                                                         "pdm.lock",          ".terraform.lock.hcl"};

/// Text by its bytes, but no source: pictures, maps, tables, bundles.
constexpr std::array<std::string_view, 14> kPassedExtensions = {".svg",     ".map",   ".csv",  ".tsv", ".min.js",
                                                                ".min.css", ".po",    ".pem",  ".crt", ".lock",
                                                                ".log",     ".patch", ".diff", ".snap"};

bool named(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool may_be_source(std::string_view name, std::uint64_t bytes) {
  if (bytes == 0 || bytes > kFileBytesMax || named(name, kLockFiles)) return false;
  const std::string lower = to_lower(name);
  return std::none_of(kPassedExtensions.begin(), kPassedExtensions.end(),
                      [&](std::string_view extension) { return lower.ends_with(extension); });
}

/// The rules of one folder's .gitignore, and the folder's path from the top with a slash behind it.
struct IgnoreFile {
  std::string folder;
  std::vector<IgnoreRule> rules;
};

void read_ignore_file(const fs::path& folder, std::string relative, std::vector<IgnoreFile>& files) {
  std::ifstream file(folder / ".gitignore");
  if (!file) return;
  IgnoreFile ignore{std::move(relative), {}};
  for (std::string line; std::getline(file, line) && ignore.rules.size() < 10000;) {
    if (auto rule = IgnoreRule::parse(line)) ignore.rules.push_back(std::move(*rule));
  }
  if (!ignore.rules.empty()) files.push_back(std::move(ignore));
}

bool ignored(std::string_view relative, bool is_folder, const std::vector<IgnoreFile>& files) {
  bool out = false;
  for (const IgnoreFile& file : files) {  // deeper files speak last
    if (!relative.starts_with(file.folder)) continue;
    for (const IgnoreRule& rule : file.rules) {
      if (rule.matches(relative.substr(file.folder.size()), is_folder)) out = !rule.negated();
    }
  }
  return out;
}

void walk(const fs::path& folder, const std::string& relative, std::vector<IgnoreFile>& ignores, unsigned depth,
          std::vector<CodeFile>& found) {
  if (depth > 64) return;
  const std::size_t outer = ignores.size();
  read_ignore_file(folder, relative, ignores);
  std::error_code failed;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    entries.push_back(*entry);
  }
  std::sort(entries.begin(), entries.end());
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    const fs::file_status status = entry.symlink_status(failed);
    const bool is_folder = fs::is_directory(status);
    if (ignored(relative + name, is_folder, ignores)) continue;
    if (is_folder) {
      if (name.starts_with('.') && name != ".github") continue;
      if (!named(name, kForeignFolders)) walk(entry.path(), relative + name + "/", ignores, depth + 1, found);
    } else if (fs::is_regular_file(status)) {
      const std::uint64_t bytes = entry.file_size(failed);
      if (!failed && may_be_source(name, bytes)) found.push_back({entry.path(), bytes});
    }
  }
  ignores.resize(outer);
}

/// True when the beginning says that a program wrote the file.
bool says_generated(std::string_view head) {
  constexpr std::array<std::string_view, 9> kSigns = {"@generated",
                                                      "code generated by",
                                                      "generated by the protocol",
                                                      "automatically generated",
                                                      "auto-generated",
                                                      "autogenerated file",
                                                      "do not edit",
                                                      "this file was generated",
                                                      "this file is generated"};
  const std::string lower = to_lower(head.substr(0, 1024));
  return std::any_of(kSigns.begin(), kSigns.end(),
                     [&](std::string_view sign) { return lower.find(sign) != std::string::npos; });
}

/// `*` and `?` do not cross a slash, `**` does.
bool match_path(std::string_view pattern, std::string_view path, unsigned& steps) {
  if (++steps > 100000) return false;  // a pattern made to be slow
  while (!pattern.empty()) {
    if (pattern.starts_with("**/")) {
      if (match_path(pattern.substr(3), path, steps)) return true;
      const std::size_t slash = path.find('/');
      return slash != std::string_view::npos && match_path(pattern, path.substr(slash + 1), steps);
    }
    if (pattern.starts_with("**")) return true;
    if (pattern.front() == '*') {
      pattern.remove_prefix(1);
      for (std::size_t i = 0;; ++i) {
        if (match_path(pattern, path.substr(i), steps)) return true;
        if (i == path.size() || path[i] == '/') return false;
      }
    }
    if (path.empty() || (pattern.front() == '?' ? path.front() == '/' : pattern.front() != path.front())) return false;
    pattern.remove_prefix(1);
    path.remove_prefix(1);
  }
  return path.empty();
}

}  // namespace

std::optional<IgnoreRule> IgnoreRule::parse(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  IgnoreRule rule;
  if (line.empty() || line.front() == '#') return std::nullopt;
  if (line.front() == '!') {
    rule.negated_ = true;
    line.remove_prefix(1);
  }
  if (line.ends_with('/')) {
    rule.folders_only_ = true;
    line.remove_suffix(1);
  }
  rule.anchored_ = line.find('/') != std::string_view::npos;
  if (line.starts_with('/')) line.remove_prefix(1);
  if (line.empty() || line.size() > 500) return std::nullopt;
  rule.pattern_ = line;
  return rule;
}

bool IgnoreRule::matches(std::string_view path, bool is_folder) const {
  if (folders_only_ && !is_folder) return false;
  unsigned steps = 0;
  if (anchored_) return match_path(pattern_, path, steps);
  const std::size_t slash = path.rfind('/');
  return match_path(pattern_, slash == std::string_view::npos ? path : path.substr(slash + 1), steps);
}

Result<std::vector<CodeFile>> list_code_files(const std::filesystem::path& path) {
  std::error_code failed;
  std::vector<CodeFile> found;
  if (fs::is_regular_file(path, failed)) {
    found.push_back({path, fs::file_size(path, failed)});
    return found;
  }
  if (!fs::is_directory(path, failed)) {
    return Error{ErrorCode::kNotFound, path.string() + " is neither a folder nor a file"};
  }
  std::vector<IgnoreFile> ignores;
  walk(path, "", ignores, 0, found);
  return found;
}

std::optional<std::string> read_code_file(const CodeFile& file) {
  std::ifstream stream(file.path, std::ios::binary);
  if (!stream || file.bytes > kFileBytesMax) return std::nullopt;
  std::string text(file.bytes, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const std::string_view head = std::string_view(text).substr(0, kHeadBytes);
  if (head.find('\0') != std::string_view::npos || says_generated(head)) return std::nullopt;
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  if (text.size() > 5000 && text.size() / lines > 300) return std::nullopt;  // minified
  return text;
}

}  // namespace reeve::content
