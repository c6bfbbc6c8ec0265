#include "ledger/export_position.h"

#include "core/bytes.h"
#include "ledger/crc32c.h"
#include "ledger/export.h"
#include "ledger/file_system.h"

namespace reeve::ledger {

namespace {

/// "next N read-from M log ORIGIN", which the checksum in the file is taken over.
std::string position_text(std::string_view log, ExportPosition position) {
  return "next " + std::to_string(position.next) + " read-from " + std::to_string(position.read_from) + " log " +
         std::string(log);
}

std::string checksum(std::string_view text) { return std::to_string(crc32c(text)); }

}  // namespace

std::filesystem::path export_position_file(const std::filesystem::path& directory, std::string_view name) {
  return directory / (std::string(name) + ".position");
}

std::filesystem::path export_trouble_file(const std::filesystem::path& directory, std::string_view name) {
  return directory / (std::string(name) + ".trouble");
}

Result<ExportPosition> read_export_position(const std::filesystem::path& file, std::string_view log) {
  const auto content = read_file(real_file_system(), file.string());
  if (!content) return content.error();
  const Error torn{ErrorCode::kCorrupt, file.string() + " is damaged"};
  const std::string_view line = trim(*content);
  const std::size_t last = line.rfind(' ');
  if (last == std::string_view::npos || line.substr(last + 1) != checksum(line.substr(0, last))) return torn;
  const auto words = split(line.substr(0, last), ' ');
  if (words.size() != 6) return torn;
  const auto next = parse_int(words[1]);
  const auto read_from = parse_int(words[3]);
  if (!next || !read_from || *next < 0 || *read_from < 0 || *read_from > *next) return torn;
  if (words[5] != log)
    return Error{ErrorCode::kCorrupt, file.string() + " is about another log, " + printable(words[5])};
  return ExportPosition{static_cast<std::uint64_t>(*next), static_cast<std::uint64_t>(*read_from)};
}

Result<void> write_export_position(const std::filesystem::path& file, std::string_view log, ExportPosition position) {
  if (auto made = make_directory(real_file_system(), file.parent_path().string(), 0700); !made) return made;
  const std::string text = position_text(log, position);
  return replace_file(real_file_system(), file.string(), text + " " + checksum(text) + "\n", Writing::kDurable, 0600);
}

void write_trouble(const std::filesystem::path& file, std::string_view why) {
  static_cast<void>(
      replace_file(real_file_system(), file.string(), std::string(why) + "\n", Writing::kCached, 0600).ok());
}

void remove_trouble(const std::filesystem::path& file) { real_file_system().unlink(file.string()); }

}  // namespace reeve::ledger
