#pragma once

// The content of calls, sealed: for houses whose policy keeps it. Part of ledger.h, which includes it.
//
// Records are appended to segment files, each sealed (AES-256-GCM) under a key of its subject, the person it is about,
// for its day and class. The ledger's entry holds only a commitment to the record and where it lies. Erasing a subject
// destroys the keys: the records stay, so commitments can still be checked, and nobody can read them again. What its
// class no longer keeps ends in the same way; segments go when nothing in them is kept. A legal hold stops both.
// docs/ledger-format.md has every byte.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "core/time.h"

namespace reeve::ledger {

struct ContentToSeal {
  std::string subject;  // principal id
  std::string request_id;
  std::string kind;  // "request", "answer"
  std::string bytes;
  std::vector<std::string> classes = {};  // of what was found in it: the one that is kept for the shortest time counts
};

/// Where a record lies and what proves it. Goes into the entry as content.sealed.
struct SealedContent {
  std::string commitment;  // "hmac-sha256:…" of the record as it lies on disk
  std::string kind;
  std::uint64_t segment = 0, offset = 0;
  std::string class_name = {};  // for which it is not kept as long as other content; empty: none
};

struct ContentVaultOptions {
  std::filesystem::path directory;
  std::string root_key;  // 32 secret bytes: wraps the subjects' keys
  std::size_t segment_bytes = 64UL << 20U;
  Duration keep = std::chrono::hours(24 * 30);  // from the end of the day on which it was sealed, in UTC
  /// The same for content of a class (small letters, digits and hyphens, at most 32). Never longer than `keep`.
  std::map<std::string, Duration> keep_classes = {};
  std::size_t queue_bytes_max = 64UL << 20U;     // above it seal() fails at once: bounded memory
  Duration stall_max = std::chrono::seconds(5);  // a disk silent for longer makes nobody else wait for it
  const Clock* clock = &system_clock();
};

struct ContentVaultStats {
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> bytes{0};     // as they lie on disk
  std::atomic<std::uint64_t> failures{0};  // records that could not be kept; each of their callers was told
};

class ContentVault {
 public:
  /// Another live writer is kConflict.
  static Result<std::unique_ptr<ContentVault>> open(const ContentVaultOptions& options);
  virtual ~ContentVault() = default;

  /// Awaitable: resumes on `executor` once the record is durable, or with the reason why it is not. From any thread.
  virtual Task<Result<SealedContent>> seal(ContentToSeal content, Executor& executor) = 0;
  /// Waits, blocking: for tests and commands.
  virtual Result<SealedContent> seal_and_wait(ContentToSeal content) = 0;
  virtual const ContentVaultStats& stats() const = 0;
  /// Writes what is queued, closes. Further seals fail.
  virtual void close() = 0;
};

// For commands, beside a live writer or none.

struct OpenedContent {
  std::string request_id, kind, bytes;
  Instant time;
};
/// kNotFound when its subject was erased or its segment is gone, kCorrupt when it is not what was committed to.
Result<OpenedContent> open_content(const std::filesystem::path& directory, std::string_view root_key,
                                   const SealedContent& sealed);
/// Whether the record is what was committed to; needs no subject's key, so it holds after an erasure, too.
Result<void> check_content(const std::filesystem::path& directory, std::string_view root_key,
                           const SealedContent& sealed);
/// Destroys the subject's keys, durably: its records can never be read again. False when it has none; kConflict under a
/// legal hold. What is sealed for the subject afterwards has a new key.
Result<bool> erase_content(const std::filesystem::path& directory, std::string_view root_key, std::string_view subject);

/// A legal hold: nothing of the subject is destroyed, neither because somebody asks nor because it is old.
struct ContentHold {
  std::string subject;  // principal id; empty: everybody
  std::string by, reason;
  Instant since;
};
/// Durable when it returns; replaces a hold on the same subject. The directory must be there.
Result<void> hold_content(const std::filesystem::path& directory, std::string_view root_key, const ContentHold& hold);
/// False when there is none.
Result<bool> release_content(const std::filesystem::path& directory, std::string_view root_key,
                             std::string_view subject);
/// The oldest first.
Result<std::vector<ContentHold>> content_holds(const std::filesystem::path& directory, std::string_view root_key);

struct CopiedContent {
  std::size_t segments = 0, keys = 0;
  std::uint64_t bytes = 0;  // of the segments
};
/// For a backup: segments as far as they are written, then the keys of subjects, still sealed under the root key. The
/// target's parent must be there. What the ledger named before this began is in the copy, unless it went meanwhile.
Result<CopiedContent> copy_content(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace reeve::ledger
