#include "ledger/content_record.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/bytes.h"
#include "core/check.h"
#include "core/crypto.h"
#include "ledger/crc32c.h"

namespace reeve::ledger {

namespace {

constexpr std::string_view kSegmentMagic = "reeve sealed content 1\n";
constexpr std::string_view kRecordMagic = "RVC1";
constexpr std::string_view kSegmentSuffix = ".sealed";
constexpr std::size_t kCheckedFrom = 8;  // the checksum covers everything behind itself
constexpr std::size_t kSubjectBytes = 16;
constexpr std::size_t kKeyIdBytes = 8;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kKeyFileBytes = kKeyIdBytes + kKeyBytes + kSealBytes;
constexpr std::size_t kRequestIdBytesMax = 256;
constexpr std::size_t kKindBytesMax = 32;

template <typename Number>
void put(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) out += static_cast<char>(number >> (8 * i) & 0xFFU);
}

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i > 0; --i) number = number << 8U | static_cast<unsigned char>(bytes[at + i - 1]);
  return number;
}

std::string key_directory(const std::string& directory) { return directory + "/keys"; }
std::string key_path(const std::string& directory, std::string_view subject_bytes) {
  return key_directory(directory) + "/" + to_hex(subject_bytes);
}
std::string key_place(std::string_view subject_bytes, std::string_view key_id) {
  return std::string(subject_bytes) + std::string(key_id);
}

}  // namespace

ContentKeys::ContentKeys(std::string_view root_key) {
  CHECK(root_key.size() == kKeyBytes);
  const auto derived = [&](std::string_view purpose) { return std::string(as_bytes(hmac_sha256(root_key, purpose))); };
  wrap = derived("reeve content keys");
  commitment = derived("reeve content commitments");
  names = derived("reeve content subjects");
}

std::string ContentKeys::subject_bytes(std::string_view subject) const {
  return std::string(as_bytes(hmac_sha256(names, subject)).substr(0, kSubjectBytes));
}

std::string ContentKeys::commit(std::string_view record) const {
  return "hmac-sha256:" + to_hex(as_bytes(hmac_sha256(commitment, record)));
}

Result<std::optional<SubjectKey>> load_subject_key(FileSystem& system, const std::string& directory,
                                                   const ContentKeys& keys, std::string_view subject_bytes) {
  const std::string path = key_path(directory, subject_bytes);
  auto content = read_file(system, path);
  if (!content && content.error().code == ErrorCode::kNotFound) return std::optional<SubjectKey>();
  if (!content) return std::move(content).error();
  // An erasure that was cut short has overwritten it at least, or is done again.
  if (std::ranges::all_of(*content, [](char c) { return c == '\0'; })) return std::optional<SubjectKey>();
  const Error damaged{ErrorCode::kCorrupt, path + " is damaged, or the root key is another one"};
  if (content->size() != kKeyFileBytes) return damaged;
  SubjectKey key{content->substr(0, kKeyIdBytes), {}};
  auto opened =
      open_sealed(keys.wrap, std::string_view(*content).substr(kKeyIdBytes), key_place(subject_bytes, key.id));
  if (!opened || opened->size() != kKeyBytes) return damaged;
  key.key = *std::move(opened);
  return std::optional<SubjectKey>(std::move(key));
}

Result<SubjectKey> subject_key(FileSystem& system, const std::string& directory, const ContentKeys& keys,
                               std::string_view subject_bytes) {
  auto loaded = load_subject_key(system, directory, keys, subject_bytes);
  if (!loaded) return std::move(loaded).error();
  if (*loaded) return **std::move(loaded);
  SubjectKey key{random_bytes(kKeyIdBytes), random_bytes(kKeyBytes)};
  const std::string content = key.id + seal(keys.wrap, key.key, key_place(subject_bytes, key.id));
  if (auto made = replace_file(system, key_path(directory, subject_bytes), content, true, 0600); !made) {
    return std::move(made).error();
  }
  return key;
}

Result<bool> erase_subject_key(FileSystem& system, const std::string& directory, std::string_view subject_bytes) {
  const std::string path = key_path(directory, subject_bytes);
  {
    auto file = open_file(system, path, O_WRONLY);
    if (!file && file.error().code == ErrorCode::kNotFound) return false;
    if (!file) return std::move(file).error();
    if (auto zeros = write_fully(system, *file, path, std::string(kKeyFileBytes, '\0'), 0); !zeros) {
      return std::move(zeros).error();
    }
    if (auto synced = sync_data(system, *file, path); !synced) return std::move(synced).error();
  }
  if (system.unlink(path) != 0 && errno != ENOENT) return file_error("remove", path, errno);
  if (auto synced = sync_directory(system, key_directory(directory)); !synced) return std::move(synced).error();
  return true;
}

std::string content_segment_header() {
  std::string header(kSegmentMagic);
  header.resize(kContentSegmentHeaderBytes, '\0');
  return header;
}

std::string content_segment_path(const std::string& directory, std::uint64_t segment) {
  std::string name = std::to_string(segment);
  name.insert(0, name.size() < 16 ? 16 - name.size() : 0, '0');
  return directory + "/" + name + std::string(kSegmentSuffix);
}

Result<std::vector<std::uint64_t>> content_segments(FileSystem& system, const std::string& directory) {
  std::vector<std::string> names;
  if (system.list(directory, &names) != 0) return file_error("read", directory, errno);
  std::vector<std::uint64_t> segments;
  for (const std::string& name : names) {
    if (!name.ends_with(kSegmentSuffix)) continue;
    const auto number = parse_int(std::string_view(name).substr(0, name.size() - kSegmentSuffix.size()));
    if (number && *number >= 0) segments.push_back(static_cast<std::uint64_t>(*number));
  }
  std::ranges::sort(segments);
  return segments;
}

std::string encode_content_record(const ContentToSeal& content, std::string_view subject_bytes, const SubjectKey& key,
                                  Instant time) {
  const std::string_view request_id = std::string_view(content.request_id).substr(0, kRequestIdBytesMax);
  const std::string_view kind = std::string_view(content.kind).substr(0, kKindBytesMax);
  std::string record(kRecordMagic);
  record.reserve(kContentRecordHeaderBytes + request_id.size() + kind.size() + content.bytes.size() + kSealBytes);
  put(record, std::uint32_t{0});
  put(record, static_cast<std::uint64_t>(time.nanoseconds));
  record.append(subject_bytes).append(key.id);
  put(record, static_cast<std::uint32_t>(content.bytes.size() + kSealBytes));
  put(record, static_cast<std::uint16_t>(request_id.size()));
  put(record, static_cast<std::uint8_t>(kind.size()));
  put(record, std::uint8_t{0});
  record.append(request_id).append(kind);
  record.append(seal(key.key, content.bytes, std::string_view(record).substr(kCheckedFrom)));
  std::string checksum;
  put(checksum, crc32c(std::string_view(record).substr(kCheckedFrom)));
  record.replace(kRecordMagic.size(), checksum.size(), checksum);
  return record;
}

std::optional<std::size_t> content_record_size(std::string_view header) {
  if (header.size() < kContentRecordHeaderBytes || !header.starts_with(kRecordMagic)) return std::nullopt;
  return kContentRecordHeaderBytes + number_at(header, 40, 4) + number_at(header, 44, 2) + number_at(header, 46, 1);
}

std::optional<ContentRecord> decode_content_record(std::string_view record) {
  const auto size = content_record_size(record);
  if (!size || *size != record.size()) return std::nullopt;
  if (number_at(record, 4, 4) != crc32c(record.substr(kCheckedFrom))) return std::nullopt;
  const std::size_t request_id_size = number_at(record, 44, 2);
  const std::size_t kind_size = number_at(record, 46, 1);
  const std::size_t sealed_at = kContentRecordHeaderBytes + request_id_size + kind_size;
  return ContentRecord{.time = Instant{static_cast<std::int64_t>(number_at(record, 8, 8))},
                       .subject_bytes = record.substr(16, kSubjectBytes),
                       .key_id = record.substr(32, kKeyIdBytes),
                       .request_id = record.substr(kContentRecordHeaderBytes, request_id_size),
                       .kind = record.substr(kContentRecordHeaderBytes + request_id_size, kind_size),
                       .sealed = record.substr(sealed_at),
                       .associated = record.substr(kCheckedFrom, sealed_at - kCheckedFrom)};
}

}  // namespace reeve::ledger
