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

}  // namespace

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
