#pragma once

// What the content vault has on disk: records and segments; keys are in content_keys.h. docs/ledger-format.md has the
// byte tables; all integers are little-endian.
//
//   segment = "reeve sealed content 1\n", zeros to 64 bytes, records without gaps
//   record  = "RVC1" | checksum u32 | time u64 | subject 16 | key 8 | sealed length u32 | request id length u16 |
//             kind length u8 | 0 | request id | kind | sealed content

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/content_keys.h"
#include "ledger/content_vault.h"
#include "ledger/file_system.h"

namespace reeve::ledger {

inline constexpr std::size_t kContentSegmentHeaderBytes = 64;
inline constexpr std::size_t kContentRecordHeaderBytes = 48;

std::string content_segment_header();
std::string content_segment_path(const std::string& directory, std::uint64_t segment);
/// In order.
Result<std::vector<std::uint64_t>> content_segments(FileSystem& system, const std::string& directory);

/// `content` as it lies on disk.
std::string encode_content_record(const ContentToSeal& content, std::string_view subject_bytes, const SubjectKey& key,
                                  Instant time);

struct ContentRecord {
  Instant time;
  std::string_view subject_bytes, key_id, request_id, kind, sealed, associated;
};
/// Bytes of the whole record that begins with these (kContentRecordHeaderBytes), or nothing when none does.
std::optional<std::size_t> content_record_size(std::string_view header);
/// Nothing when the record is damaged.
std::optional<ContentRecord> decode_content_record(std::string_view record);

/// ContentVault::open() on a file system that is not the machine's own: for tests. It must outlive the vault.
Result<std::unique_ptr<ContentVault>> open_content_vault(const ContentVaultOptions& options, FileSystem& system);
/// erase_content() likewise.
Result<bool> erase_content_on(FileSystem& system, const std::string& directory, std::string_view root_key,
                              std::string_view subject);
/// Whether a segment has a record of one of these subjects (subject_bytes). True where it cannot be read to its end.
bool segment_speaks_of(FileSystem& system, const std::string& path, const std::set<std::string>& subjects);

}  // namespace reeve::ledger
