#include <fcntl.h>

#include "core/crypto.h"
#include "ledger/content_record.h"

namespace reeve::ledger {

namespace {

constexpr std::size_t kRecordBytesMax = 1UL << 30U;

std::string place_of(const SealedContent& sealed) {
  return "sealed content at byte " + std::to_string(sealed.offset) + " of segment " + std::to_string(sealed.segment);
}

/// The record's bytes, which are those that were committed to.
Result<std::string> read_record(FileSystem& system, const std::string& directory, const ContentKeys& keys,
                                const SealedContent& sealed) {
  const std::string path = content_segment_path(directory, sealed.segment);
  auto file = open_file(system, path, O_RDONLY);
  if (!file && file.error().code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kNotFound, "the segment of this content is gone: it was older than content is kept"};
  }
  if (!file) return std::move(file).error();
  const Error damaged{ErrorCode::kCorrupt, place_of(sealed) + " is not what was committed to"};
  std::string record(kContentRecordHeaderBytes, '\0');
  auto have = read_fully(system, *file, path, record.data(), record.size(), sealed.offset);
  if (!have) return std::move(have).error();
  const auto size = content_record_size(std::string_view(record).substr(0, *have));
  if (!size || *size > kRecordBytesMax) return damaged;
  record.resize(*size);
  have = read_fully(system, *file, path, record.data(), record.size(), sealed.offset);
  if (!have) return std::move(have).error();
  if (*have != *size || keys.commit(record) != sealed.commitment) return damaged;
  return record;
}

}  // namespace

Result<OpenedContent> open_content(const std::filesystem::path& directory, std::string_view root_key,
                                   const SealedContent& sealed) {
  FileSystem& system = real_file_system();
  const ContentKeys keys(root_key);
  auto bytes = read_record(system, directory.string(), keys, sealed);
  if (!bytes) return std::move(bytes).error();
  const auto record = decode_content_record(*bytes);
  if (!record) return Error{ErrorCode::kCorrupt, place_of(sealed) + " is damaged"};
  auto key = find_subject_key(system, directory.string(), keys, record->subject_bytes, record->time, record->key_id);
  if (!key) return std::move(key).error();
  if (!*key) {
    return Error{ErrorCode::kNotFound,
                 "this content was erased, or its class is not kept for so long: its key was destroyed, and nobody can "
                 "read it"};
  }
  auto content = open_sealed((*key)->key, record->sealed, record->associated);
  if (!content) return with_context(std::move(content).error(), place_of(sealed));
  return OpenedContent{std::string(record->request_id), std::string(record->kind), *std::move(content), record->time};
}

Result<void> check_content(const std::filesystem::path& directory, std::string_view root_key,
                           const SealedContent& sealed) {
  auto record = read_record(real_file_system(), directory.string(), ContentKeys(root_key), sealed);
  if (!record) return std::move(record).error();
  return {};
}

Result<bool> erase_content_on(FileSystem& system, const std::string& directory, std::string_view root_key,
                              std::string_view subject) {
  const std::string subject_bytes = ContentKeys(root_key).subject_bytes(subject);
  auto lock = lock_content_keys(system, directory);
  if (!lock) return std::move(lock).error();
  auto held = held_subjects(system, directory);
  if (!held) return std::move(held).error();
  if (held->holds(subject_bytes)) {
    return Error{ErrorCode::kConflict, std::string("a legal hold keeps ") +
                                           (held->everybody ? "all content" : "the content of this subject") +
                                           "; 'reeve ledger hold list' says whose, 'hold release' ends it"};
  }
  return erase_subject_keys(system, directory, subject_bytes);
}

bool segment_speaks_of(FileSystem& system, const std::string& path, const std::set<std::string>& subjects) {
  auto file = open_file(system, path, O_RDONLY);
  if (!file) return file.error().code != ErrorCode::kNotFound;
  constexpr std::size_t kSubjectAt = 16, kSubjectBytes = 16;
  std::string header(kContentRecordHeaderBytes, '\0');
  for (std::uint64_t at = kContentSegmentHeaderBytes;;) {
    const auto have = read_fully(system, *file, path, header.data(), header.size(), at);
    if (!have) return true;
    if (*have == 0) return false;
    const auto size = content_record_size(std::string_view(header).substr(0, *have));
    // What a failed write left behind the last good record is nobody's.
    if (!size) return false;
    if (subjects.contains(header.substr(kSubjectAt, kSubjectBytes))) return true;
    at += *size;
  }
}

Result<bool> erase_content(const std::filesystem::path& directory, std::string_view root_key,
                           std::string_view subject) {
  return erase_content_on(real_file_system(), directory.string(), root_key, subject);
}

}  // namespace reeve::ledger
