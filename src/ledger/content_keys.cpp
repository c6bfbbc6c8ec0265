#include "ledger/content_keys.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>

#include "core/bytes.h"
#include "core/check.h"
#include "core/crypto.h"
#include "ledger/content_record.h"

namespace reeve::ledger {

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kKeyIdBytes = 8;
constexpr std::size_t kKeyFileBytes = kKeyIdBytes + kKeyBytes + kSealBytes;
constexpr std::int64_t kNanosecondsADay = 86'400'000'000'000;

std::string old_key_path(const std::string& directory, std::string_view subject_bytes) {
  return directory + "/keys/" + to_hex(subject_bytes);
}
std::string subjects_directory(const std::string& directory) { return directory + "/subjects"; }
std::string subject_directory(const std::string& directory, std::string_view subject_bytes) {
  return subjects_directory(directory) + "/" + to_hex(subject_bytes);
}
std::string file_name(const KeyPlace& place) {
  return std::to_string(place.day) + (place.class_name.empty() ? "" : "-" + place.class_name);
}
/// Nothing for a draft, or what else is there.
std::optional<KeyPlace> place_of_name(std::string_view subject_bytes, std::string_view name) {
  const std::size_t hyphen = std::min(name.find('-'), name.size());
  const auto day = parse_int(name.substr(0, hyphen));
  if (!day || *day < 0 || name.find('.') != std::string_view::npos) return std::nullopt;
  return KeyPlace{std::string(subject_bytes), *day, std::string(name.substr(std::min(hyphen + 1, name.size())))};
}
/// To what a key is bound: it opens nowhere else.
std::string binding_of(std::string_view subject_bytes, std::string_view key_id) {
  return std::string(subject_bytes) + std::string(key_id);
}

/// Sorted; none where there is no such directory.
Result<std::vector<std::string>> names_in(FileSystem& system, const std::string& path) {
  std::vector<std::string> names;
  if (system.list(path, &names) != 0 && errno != ENOENT) return file_error("list", path, errno);
  std::ranges::sort(names);
  return names;
}

Result<std::optional<SubjectKey>> load_key(FileSystem& system, const std::string& path, const ContentKeys& keys,
                                           std::string_view subject_bytes) {
  auto content = read_file(system, path);
  if (!content && content.error().code == ErrorCode::kNotFound) return std::optional<SubjectKey>();
  if (!content) return std::move(content).error();
  // An erasure that was cut short has overwritten it at least, or is done again.
  if (std::ranges::all_of(*content, [](char c) { return c == '\0'; })) return std::optional<SubjectKey>();
  const Error damaged{ErrorCode::kCorrupt, path + " is damaged, or the root key is another one"};
  if (content->size() != kKeyFileBytes) return damaged;
  SubjectKey key{content->substr(0, kKeyIdBytes), {}};
  auto opened =
      open_sealed(keys.wrap, std::string_view(*content).substr(kKeyIdBytes), binding_of(subject_bytes, key.id));
  if (!opened || opened->size() != kKeyBytes) return damaged;
  key.key = *std::move(opened);
  return std::optional<SubjectKey>(std::move(key));
}

/// False when there is none.
Result<bool> destroy_key(FileSystem& system, const std::string& path) {
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
  return true;
}

/// The keys of one subject that `is_over`.
Result<std::size_t> destroy_keys(FileSystem& system, const std::string& directory, std::string_view subject_bytes,
                                 const std::function<bool(const KeyPlace&)>& is_over) {
  const std::string path = subject_directory(directory, subject_bytes);
  auto names = names_in(system, path);
  if (!names) return std::move(names).error();
  std::size_t destroyed = 0;
  for (const std::string& name : *names) {
    const auto place = place_of_name(subject_bytes, name);
    if (place && !is_over(*place)) continue;
    auto gone = destroy_key(system, path + "/" + name);
    if (!gone) return std::move(gone).error();
    destroyed += *gone && place ? 1 : 0;
  }
  if (destroyed == 0) return destroyed;
  if (auto synced = sync_directory(system, path); !synced) return std::move(synced).error();
  // Stays where a key is left, or was made meanwhile.
  if (system.rmdir(path) == 0) {
    if (auto synced = sync_directory(system, subjects_directory(directory)); !synced) return std::move(synced).error();
  }
  return destroyed;
}

}  // namespace

std::int64_t day_of(Instant time) { return std::max<std::int64_t>(time.nanoseconds, 0) / kNanosecondsADay; }

ContentKeys::ContentKeys(std::string_view root_key) {
  CHECK(root_key.size() == kKeyBytes);
  const auto derived = [&](std::string_view purpose) { return std::string(as_bytes(hmac_sha256(root_key, purpose))); };
  wrap = derived("reeve content keys");
  commitment = derived("reeve content commitments");
  names = derived("reeve content subjects");
  holds = derived("reeve content holds");
}

std::string ContentKeys::subject_bytes(std::string_view subject) const {
  constexpr std::size_t kSubjectBytes = 16;
  return std::string(as_bytes(hmac_sha256(names, subject)).substr(0, kSubjectBytes));
}

std::string ContentKeys::commit(std::string_view record) const {
  return "hmac-sha256:" + to_hex(as_bytes(hmac_sha256(commitment, record)));
}

Result<SubjectKey> subject_key(FileSystem& system, const std::string& directory, const ContentKeys& keys,
                               const KeyPlace& place) {
  const std::string subject = subject_directory(directory, place.subject_bytes);
  const std::string path = subject + "/" + file_name(place);
  auto loaded = load_key(system, path, keys, place.subject_bytes);
  if (!loaded) return std::move(loaded).error();
  if (*loaded) return **std::move(loaded);
  SubjectKey key{random_bytes(kKeyIdBytes), random_bytes(kKeyBytes)};
  const std::string content = key.id + seal(keys.wrap, key.key, binding_of(place.subject_bytes, key.id));
  // Twice: an erasure may take the directory away in between.
  Result<void> made;
  for (int attempt = 0; attempt < 2; ++attempt) {
    made = make_directory(system, subject, 0700);
    if (made) made = sync_directory(system, subjects_directory(directory));
    if (made) made = replace_file(system, path, content, Writing::kDurable, 0600);
    if (made || made.error().code != ErrorCode::kNotFound) break;
  }
  if (!made) return std::move(made).error();
  return key;
}

Result<void> sync_subject_key(FileSystem& system, const std::string& directory, const KeyPlace& place) {
  const std::string subject = subject_directory(directory, place.subject_bytes);
  const std::string path = subject + "/" + file_name(place);
  auto file = open_file(system, path, O_RDONLY);
  if (!file) return std::move(file).error();
  auto synced = sync_data(system, *file, path);
  if (synced) synced = sync_directory(system, subject);
  if (synced) synced = sync_directory(system, subjects_directory(directory));
  return synced;
}

Result<std::optional<SubjectKey>> find_subject_key(FileSystem& system, const std::string& directory,
                                                   const ContentKeys& keys, std::string_view subject_bytes,
                                                   Instant time, std::string_view key_id) {
  const std::string subject = subject_directory(directory, subject_bytes);
  auto names = names_in(system, subject);
  if (!names) return std::move(names).error();
  std::vector<std::string> paths;
  for (const std::string& name : *names) {
    const auto place = place_of_name(subject_bytes, name);
    if (place && place->day == day_of(time)) paths.push_back(subject + "/" + name);
  }
  paths.push_back(old_key_path(directory, subject_bytes));
  for (const std::string& path : paths) {
    auto key = load_key(system, path, keys, subject_bytes);
    if (!key) return std::move(key).error();
    if (*key && (*key)->id == key_id) return key;
  }
  return std::optional<SubjectKey>();
}

Result<bool> erase_subject_keys(FileSystem& system, const std::string& directory, std::string_view subject_bytes) {
  auto destroyed = destroy_keys(system, directory, subject_bytes, [](const KeyPlace&) { return true; });
  if (!destroyed) return std::move(destroyed).error();
  auto old = destroy_key(system, old_key_path(directory, subject_bytes));
  if (!old) return std::move(old).error();
  if (*old) {
    if (auto synced = sync_directory(system, directory + "/keys"); !synced) return std::move(synced).error();
  }
  return *old || *destroyed > 0;
}

Result<std::size_t> erase_keys_where(FileSystem& system, const std::string& directory,
                                     const std::function<bool(const KeyPlace&)>& is_over) {
  auto subjects = names_in(system, subjects_directory(directory));
  if (!subjects) return std::move(subjects).error();
  std::size_t destroyed = 0;
  for (const std::string& name : *subjects) {
    const auto subject_bytes = from_hex(name);
    if (!subject_bytes) continue;
    auto gone = destroy_keys(system, directory, *subject_bytes, is_over);
    if (!gone) return gone;
    destroyed += *gone;
  }
  return destroyed;
}

Result<File> lock_content_keys(FileSystem& system, const std::string& directory) {
  const std::string path = directory + "/keys.lock";
  auto file = open_file(system, path, O_RDWR | O_CREAT, 0600);
  if (!file) return file;
  if (system.flock(file->descriptor(), LOCK_EX) != 0) return file_error("lock", path, errno);
  return file;
}

// ---- Holds ----

namespace {

constexpr std::string_view kEverybody = "all";

std::string holds_directory(const std::string& directory) { return directory + "/holds"; }
std::string hold_name(const ContentKeys& keys, std::string_view subject) {
  return subject.empty() ? std::string(kEverybody) : to_hex(keys.subject_bytes(subject));
}

/// Each part behind its length, so that none can be taken for another.
std::string encode_hold(const ContentHold& hold) {
  std::string text = std::to_string(hold.since.nanoseconds) + "\n";
  for (const std::string* part : {&hold.subject, &hold.by, &hold.reason}) {
    text += std::to_string(part->size()) + ":" + *part;
  }
  return text;
}

std::optional<ContentHold> decode_hold(std::string_view text) {
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return std::nullopt;
  const auto since = parse_int(text.substr(0, line));
  if (!since) return std::nullopt;
  text.remove_prefix(line + 1);
  ContentHold hold;
  hold.since = Instant{*since};
  for (std::string* part : {&hold.subject, &hold.by, &hold.reason}) {
    const std::size_t colon = text.find(':');
    const auto size = parse_int(text.substr(0, std::min(colon, text.size())));
    if (colon == std::string_view::npos || !size || *size < 0) return std::nullopt;
    text.remove_prefix(colon + 1);
    if (static_cast<std::size_t>(*size) > text.size()) return std::nullopt;
    part->assign(text.substr(0, static_cast<std::size_t>(*size)));
    text.remove_prefix(static_cast<std::size_t>(*size));
  }
  return hold;
}

}  // namespace

Result<HeldSubjects> held_subjects(FileSystem& system, const std::string& directory) {
  auto names = names_in(system, holds_directory(directory));
  if (!names) return std::move(names).error();
  HeldSubjects held;
  for (const std::string& name : *names) {
    if (name == kEverybody) {
      held.everybody = true;
    } else if (auto subject = from_hex(name)) {
      held.subjects.insert(*std::move(subject));
    }
  }
  return held;
}

Result<void> hold_content(const std::filesystem::path& directory, std::string_view root_key, const ContentHold& hold) {
  FileSystem& system = real_file_system();
  const ContentKeys keys(root_key);
  auto lock = lock_content_keys(system, directory.string());
  if (!lock) return std::move(lock).error();
  const std::string holds = holds_directory(directory.string());
  if (auto made = make_directory(system, holds, 0700); !made) return made;
  if (auto synced = sync_directory(system, directory.string()); !synced) return synced;
  const std::string name = hold_name(keys, hold.subject);
  return replace_file(system, holds + "/" + name, seal(keys.holds, encode_hold(hold), name), Writing::kDurable, 0600);
}

Result<bool> release_content(const std::filesystem::path& directory, std::string_view root_key,
                             std::string_view subject) {
  FileSystem& system = real_file_system();
  auto lock = lock_content_keys(system, directory.string());
  if (!lock) return std::move(lock).error();
  const std::string holds = holds_directory(directory.string());
  const std::string path = holds + "/" + hold_name(ContentKeys(root_key), subject);
  if (system.unlink(path) != 0) {
    if (errno == ENOENT) return false;
    return file_error("remove", path, errno);
  }
  if (auto synced = sync_directory(system, holds); !synced) return std::move(synced).error();
  return true;
}

Result<std::vector<ContentHold>> content_holds(const std::filesystem::path& directory, std::string_view root_key) {
  FileSystem& system = real_file_system();
  const ContentKeys keys(root_key);
  auto names = names_in(system, holds_directory(directory.string()));
  if (!names) return std::move(names).error();
  std::vector<ContentHold> holds;
  for (const std::string& name : *names) {
    if (name != kEverybody && !from_hex(name)) continue;
    const std::string path = holds_directory(directory.string()) + "/" + name;
    auto sealed = read_file(system, path);
    if (!sealed && sealed.error().code == ErrorCode::kNotFound) continue;
    if (!sealed) return std::move(sealed).error();
    const auto text = open_sealed(keys.holds, *sealed, name);
    auto hold = text ? decode_hold(*text) : std::nullopt;
    if (!hold) return Error{ErrorCode::kCorrupt, path + " is damaged, or the root key is another one"};
    holds.push_back(*std::move(hold));
  }
  std::ranges::sort(holds, {}, &ContentHold::since);
  return holds;
}

}  // namespace reeve::ledger
