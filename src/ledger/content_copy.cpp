#include <fcntl.h>

#include <cerrno>

#include "ledger/content_record.h"

namespace reeve::ledger {

namespace {

/// False when there is no such file any more. What is appended meanwhile may come along or not.
Result<bool> copy_one(FileSystem& system, const std::string& from, const std::string& to, std::uint64_t& bytes) {
  auto source = open_file(system, from, O_RDONLY);
  if (!source && source.error().code == ErrorCode::kNotFound) return false;
  if (!source) return std::move(source).error();
  auto target = open_file(system, to, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!target) return std::move(target).error();
  std::string piece(1UL << 20U, '\0');
  for (std::uint64_t at = 0;;) {
    const auto have = read_fully(system, *source, from, piece.data(), piece.size(), at);
    if (!have) return have.error();
    const std::string_view read(piece.data(), *have);
    if (auto written = write_fully(system, *target, to, read, at); !written) return std::move(written).error();
    at += *have;
    bytes += *have;
    if (*have < piece.size()) return true;
  }
}

/// Copies the files of a directory but drafts; how many.
Result<std::size_t> copy_files(FileSystem& system, const std::string& from, const std::string& to) {
  std::vector<std::string> names;
  if (system.list(from, &names) != 0) {
    if (errno == ENOENT) return std::size_t{0};
    return file_error("list", from, errno);
  }
  if (auto made = make_directory(system, to, 0700); !made) return std::move(made).error();
  std::size_t copied = 0;
  for (const std::string& name : names) {
    const bool is_draft = name.find_first_of(". ") != std::string::npos;
    if (is_draft) continue;
    std::uint64_t bytes = 0;
    const auto there = copy_one(system, from + "/" + name, to + "/" + name, bytes);
    if (!there) return there.error();
    copied += *there ? 1 : 0;
  }
  return copied;
}

/// Keys of all subjects, with the holds on them.
Result<std::size_t> copy_keys(FileSystem& system, const std::string& from, const std::string& to) {
  std::vector<std::string> subjects;
  if (system.list(from + "/subjects", &subjects) != 0 && errno != ENOENT) {
    return file_error("list", from + "/subjects", errno);
  }
  if (auto made = make_directory(system, to + "/subjects", 0700); !made) return std::move(made).error();
  std::size_t copied = 0;
  for (const std::string& subject : subjects) {
    auto keys = copy_files(system, from + "/subjects/" + subject, to + "/subjects/" + subject);
    if (!keys) return keys;
    copied += *keys;
  }
  auto old = copy_files(system, from + "/keys", to + "/keys");
  if (!old) return old;
  auto holds = copy_files(system, from + "/holds", to + "/holds");
  if (!holds) return holds;
  return copied + *old;
}

}  // namespace

Result<CopiedContent> copy_content(const std::filesystem::path& from, const std::filesystem::path& to) {
  FileSystem& system = real_file_system();
  const std::string source = from.string(), target = to.string();
  if (auto made = make_directory(system, target, 0700); !made) return std::move(made).error();
  CopiedContent copied;
  auto segments = content_segments(system, source);
  if (!segments) return std::move(segments).error();
  for (const std::uint64_t segment : *segments) {
    const auto there =
        copy_one(system, content_segment_path(source, segment), content_segment_path(target, segment), copied.bytes);
    if (!there) return there.error();
    copied.segments += *there ? 1 : 0;
  }
  // After the segments: a record's key is older than the record. One that is being erased is all zeros, or gone.
  auto keys = copy_keys(system, source, target);
  if (!keys) return std::move(keys).error();
  copied.keys = *keys;
  return copied;
}

}  // namespace reeve::ledger
