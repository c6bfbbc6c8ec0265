#pragma once

// What the content vault has on disk: keys of subjects, records, segments. docs/ledger-format.md has the byte tables;
// all integers are little-endian.
//
//   segment = "reeve sealed content 1\n", zeros to 64 bytes, records without gaps
//   record  = "RVC1" | checksum u32 | time u64 | subject 16 | key 8 | sealed length u32 | request id length u16 |
//             kind length u8 | 0 | request id | kind | sealed content
//   keys/SUBJECT = key id 8 | the subject's key, sealed under the root key 60

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/content_vault.h"
#include "ledger/file_system.h"

namespace reeve::ledger {

inline constexpr std::size_t kContentSegmentHeaderBytes = 64;
inline constexpr std::size_t kContentRecordHeaderBytes = 48;

/// Keys that follow from the root key, each for one purpose.
struct ContentKeys {
  explicit ContentKeys(std::string_view root_key);
  std::string wrap, commitment, names;

  /// 16 bytes that stand for a subject on disk, where no name is.
  std::string subject_bytes(std::string_view subject) const;
  /// "hmac-sha256:…"
  std::string commit(std::string_view record) const;
};

struct SubjectKey {
  std::string id;   // 8 random bytes: tells a key from the one that was there before an erasure
  std::string key;  // 32 bytes
};
/// Nothing when there is none, or it was erased. kCorrupt when what is there is not a key of this root.
Result<std::optional<SubjectKey>> load_subject_key(FileSystem& system, const std::string& directory,
                                                   const ContentKeys& keys, std::string_view subject_bytes);
/// The one that is there, or a new one, durable.
Result<SubjectKey> subject_key(FileSystem& system, const std::string& directory, const ContentKeys& keys,
                               std::string_view subject_bytes);
Result<bool> erase_subject_key(FileSystem& system, const std::string& directory, std::string_view subject_bytes);

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

}  // namespace reeve::ledger
