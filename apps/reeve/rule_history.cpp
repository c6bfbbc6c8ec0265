#include "reeve/rule_history.h"

#include <fstream>

#include "core/bytes.h"
#include "reeve/child_program.h"

namespace reeve::app {

namespace {

constexpr std::size_t kDocumentBytesMax = 64UL << 10U, kHistoryBytesMax = 1UL << 20U;
constexpr Duration kPatience = std::chrono::seconds(5);
constexpr char kField = '\x1f', kRecord = '\x1e';

bool is_in_repository(const std::filesystem::path& file) {
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(file, ignored);
  for (auto at = absolute.parent_path(); !at.empty(); at = at.parent_path()) {
    if (std::filesystem::exists(at / ".git", ignored)) return true;
    if (at == at.root_path()) break;
  }
  return false;
}

}  // namespace

std::optional<std::string> document_at(const std::filesystem::path& file, std::size_t line) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || line == 0) return std::nullopt;
  std::string text, document;
  for (std::size_t number = 1; std::getline(stream, text); ++number) {
    const bool separates = text == "---" || text.starts_with("--- ");
    if (separates && number > line) break;
    if (separates) document.clear();
    if (!separates) document += text + "\n";
    if (document.size() > kDocumentBytesMax) return std::nullopt;
  }
  return std::string(trim(document));
}

Result<std::vector<FileChange>> changes_of(const std::filesystem::path& file, std::size_t limit) {
  if (!is_in_repository(file)) {
    return Error{ErrorCode::kNotFound,
                 "The governance directory is in no git repository, so nobody knows who changed "
                 "this rule. Keep it in one, and this page tells."};
  }
  const std::string format =
      "--format=%H%x1f%aI%x1f%an <%ae>%x1f%s%x1f%(trailers:key=Approved-by,key=Reviewed-by,valueonly,separator=%x2C "
      ")%x1e";
  // Nothing that the repository's own settings name is run.
  const std::vector<std::string> words{"git",
                                       "-C",
                                       file.parent_path().string(),
                                       "-c",
                                       "core.fsmonitor=false",
                                       "-c",
                                       "log.showSignature=false",
                                       "--no-pager",
                                       "log",
                                       "--no-ext-diff",
                                       "--no-textconv",
                                       "--follow",
                                       "-n",
                                       std::to_string(limit),
                                       format,
                                       "--",
                                       file.filename().string()};
  const auto output = run_program(words, kHistoryBytesMax, kPatience);
  if (!output || output->exit_status != 0) {
    return Error{ErrorCode::kUnavailable,
                 "git does not tell this server's user about the governance directory; the server's log says why."};
  }
  std::vector<FileChange> changes;
  for (const std::string_view record : split(output->text, kRecord)) {
    const auto fields = split(trim(record), kField);
    if (fields.size() < 4) continue;
    FileChange change{
        std::string(fields[0]), std::string(fields[1]), std::string(fields[2]), std::string(fields[3]), {}};
    if (fields.size() > 4) change.approved_by = std::string(trim(fields[4]));
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace reeve::app
