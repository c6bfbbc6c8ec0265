#include "reeve/git_merges.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <regex>

#include "core/bytes.h"
#include "reeve/git.h"

namespace reeve::app {

namespace {

constexpr char kRecord = '\x1e';
constexpr char kField = '\x1f';
/// std::regex goes deeper with each character that it looks at.
constexpr std::size_t kLineBytesMax = 500;
constexpr std::string_view kUsualPattern = R"(\b[A-Z][A-Z0-9]+-[0-9]+\b)";
constexpr std::array<std::string_view, 5> kTrailers{"work-item", "issue", "ticket", "jira", "refs"};
/// What the usual pattern would take for a work item.
constexpr std::array<std::string_view, 9> kStandards{"UTF", "SHA", "ISO", "RFC", "CVE", "AES", "CWE", "HTTP", "X"};

class WorkItems {
 public:
  static Result<WorkItems> create(const std::string& pattern) {
    try {
      return WorkItems(std::regex(pattern.empty() ? std::string(kUsualPattern) : pattern), pattern.empty());
    } catch (const std::regex_error&) {
      return Error{ErrorCode::kInvalid, "--pattern: '" + printable(pattern, 100) + "' is no regular expression"};
    }
  }

  std::string of(std::string_view message) const {
    if (std::string item = of_trailer(message); !item.empty()) return item;
    for (const std::string_view line : split(message, '\n')) {
      if (std::string item = of_line(line); !item.empty()) return item;
    }
    return {};
  }

 private:
  WorkItems(std::regex pattern, bool usual) : pattern_(std::move(pattern)), usual_(usual) {}

  /// The last one counts, as trailers stand at the end.
  static std::string of_trailer(std::string_view message) {
    std::string found;
    for (const std::string_view line : split(message, '\n')) {
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      const std::string name = to_lower(trim(line.substr(0, colon)));
      if (std::find(kTrailers.begin(), kTrailers.end(), name) == kTrailers.end()) continue;
      const std::string_view value = trim(line.substr(colon + 1));
      if (!value.empty() && value.find(' ') == std::string_view::npos) found = value;
    }
    return found;
  }

  std::string of_line(std::string_view line) const {
    const std::string text(line.substr(0, kLineBytesMax));
    for (auto match = std::sregex_iterator(text.begin(), text.end(), pattern_); match != std::sregex_iterator();
         ++match) {
      const std::string item = match->str();
      const std::string head = item.substr(0, item.find('-'));
      const bool standard = usual_ && std::find(kStandards.begin(), kStandards.end(), head) != kStandards.end();
      if (!item.empty() && !standard) return item;
    }
    return {};
  }

  std::regex pattern_;
  bool usual_;
};

std::string digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return std::string(text.substr(at, end - at));
}

/// "Merge pull request #12 from …", "Refunds (#12)", "See merge request pay/core!12".
std::string request_number(std::string_view message) {
  const std::string_view subject = message.substr(0, message.find('\n'));
  constexpr std::string_view kPull = "Merge pull request #";
  if (subject.starts_with(kPull)) return digits_at(subject, kPull.size());
  const std::size_t squashed = subject.rfind("(#");
  if (squashed != std::string_view::npos && subject.ends_with(')')) return digits_at(subject, squashed + 2);
  const std::size_t merge = message.find("See merge request ");
  const std::size_t mark = merge == std::string_view::npos ? merge : message.find('!', merge);
  return mark == std::string_view::npos ? std::string() : digits_at(message, mark + 1);
}

/// "Merge branch 'x' into main", "Merge pull request #12 from owner/x".
std::string branch_of(std::string_view message) {
  const std::string_view subject = message.substr(0, message.find('\n'));
  constexpr std::string_view kBranch = "Merge branch '";
  if (subject.starts_with(kBranch)) {
    return std::string(subject.substr(kBranch.size(), subject.find('\'', kBranch.size()) - kBranch.size()));
  }
  const std::size_t from = subject.starts_with("Merge pull request #") ? subject.find(" from ") : std::string::npos;
  if (from == std::string_view::npos) return {};
  const std::size_t slash = subject.find('/', from);
  return std::string(subject.substr(slash == std::string_view::npos ? from + 6 : slash + 1));
}

/// The numbers before "insertion" and "deletion" of --shortstat.
std::int64_t lines_of(std::string_view statistics) {
  std::int64_t lines = 0;
  for (const std::string_view part : split(statistics, ',')) {
    if (part.find("insertion") == std::string_view::npos && part.find("deletion") == std::string_view::npos) continue;
    const std::string_view text = trim(part);
    lines += parse_int(text.substr(0, text.find(' '))).value_or(0);
  }
  return lines;
}

class History {
 public:
  History(const GitMergeOptions& options, WorkItems items) : options_(options), items_(std::move(items)) {}

  Result<std::vector<spend::MergedChange>> read() const {
    std::string repo = options_.repo;
    if (repo.empty()) {
      const auto address = git({"config", "--get", "remote.origin.url"});
      repo = address ? repo_of_address(trim(*address)) : std::string();
    }
    if (repo.empty()) repo = std::filesystem::absolute(options_.path).lexically_normal().filename().string();
    if (repo.empty()) repo = std::filesystem::absolute(options_.path).lexically_normal().parent_path().filename();
    const auto log =
        git({"log", "--first-parent", "--reverse", "--diff-merges=first-parent", "--shortstat",
             "--since=" + std::to_string(unix_seconds(options_.since)), "--format=%x1e%H%x1f%P%x1f%ct%x1f%aE%x1f%B%x1f",
             options_.branch.empty() ? std::string("HEAD") : options_.branch, "--"});
    if (!log) {
      return Error{ErrorCode::kInvalid,
                   printable(options_.path, 200) + " cannot be read as a git repository with such a branch"};
    }
    std::vector<spend::MergedChange> changes;
    for (const std::string_view record : split(*log, kRecord)) {
      auto change = read_commit(record);
      if (!change) continue;
      change->repo = repo;
      changes.push_back(*std::move(change));
    }
    return changes;
  }

 private:
  Result<std::string> git(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"-C", options_.path});
    return git_output(arguments);
  }

  std::optional<spend::MergedChange> read_commit(std::string_view record) const {
    const auto fields = split(record, kField);
    if (fields.size() != 6) return std::nullopt;
    const auto parents = split(trim(fields[1]), ' ');
    const bool merge = parents.size() > 1;
    // The first commit of all was not merged into anything.
    if (parents.front().empty() || (!merge && options_.merges_only)) return std::nullopt;
    const std::string_view message = fields[4];
    spend::MergedChange change;
    change.commit = fields[0];
    change.at = from_unix_seconds(parse_int(fields[2]).value_or(0));
    change.author = to_lower(fields[3]);
    change.id = request_number(message);
    if (change.id.empty()) change.id = change.commit;
    change.branch = branch_of(message);
    change.lines = lines_of(fields[5]);
    change.work_item = items_.of(message);
    if (merge) read_merged(std::string(parents[0]), std::string(parents[1]), change);
    return change;
  }

  /// Who merges is often not who wrote it.
  void read_merged(const std::string& before, const std::string& merged, spend::MergedChange& change) const {
    if (const auto author = git({"log", "-1", "--format=%aE", merged, "--"}); author && !trim(*author).empty()) {
      change.author = to_lower(trim(*author));
    }
    if (!change.work_item.empty()) return;
    if (const auto messages = git({"log", "--format=%B", before + ".." + merged, "--"})) {
      change.work_item = items_.of(*messages);
    }
  }

  const GitMergeOptions& options_;
  const WorkItems items_;
};

}  // namespace

std::string repo_of_address(std::string_view address) {
  const std::size_t scheme = address.find("://");
  const bool url = scheme != std::string_view::npos;
  if (url) address.remove_prefix(scheme + 3);
  const std::size_t path = address.find_first_of(url ? "/" : ":/");
  const std::size_t at = address.substr(0, path).rfind('@');
  if (at != std::string_view::npos) address.remove_prefix(at + 1);
  std::string repo(address);
  if (!url) {
    // As ssh has it; a path of this machine tells nobody else anything.
    const std::size_t colon = repo.find(':');
    if (colon == std::string::npos || repo.find('/') < colon) return {};
    repo[colon] = '/';
  }
  while (repo.ends_with('/')) repo.pop_back();
  if (repo.ends_with(".git")) repo.resize(repo.size() - 4);
  return repo;
}

Result<std::vector<spend::MergedChange>> git_merges(const GitMergeOptions& options) {
  if (options.branch.starts_with('-')) return Error{ErrorCode::kInvalid, "--branch: that is no branch"};
  auto items = WorkItems::create(options.pattern);
  if (!items) return items.error();
  return History(options, *std::move(items)).read();
}

}  // namespace reeve::app
