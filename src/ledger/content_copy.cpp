#include <fcntl.h>

#include <algorithm>
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

/// Not a draft of one.
bool is_key_name(const std::string& name) {
  return name.size() == 32 &&
         std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Result<CopiedContent> copy_content(const std::filesystem::path& from, const std::filesystem::path& to) {
  FileSystem& system = real_file_system();
  const std::string source = from.string(), target = to.string();
  for (const std::string& path : {target, target + "/keys"}) {
    if (auto made = make_directory(system, path, 0700); !made) return std::move(made).error();
  }
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
  std::vector<std::string> names;
  if (system.list(source + "/keys", &names) != 0) return file_error("list", source + "/keys", errno);
  for (const std::string& name : names) {
    if (!is_key_name(name)) continue;
    std::uint64_t key_bytes = 0;
    const auto there = copy_one(system, source + "/keys/" + name, target + "/keys/" + name, key_bytes);
    if (!there) return there.error();
    copied.keys += *there ? 1 : 0;
  }
  return copied;
}

}  // namespace reeve::ledger
