#include "ledger/key_rotation.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "core/bytes.h"
#include "ledger/ledger.h"
#include "ledger/log.h"
#include "ledger/tiles.h"

namespace reeve::ledger {

namespace {

constexpr std::string_view kTitle = "reeve log key rotation v1";
constexpr std::size_t kLines = 7;
constexpr std::size_t kReasonBytesMax = 500;

/// Removes a file that may not be there.
Result<void> remove_file(FileSystem& system, const std::string& path) {
  if (system.unlink(path) == 0 || errno == ENOENT) return {};
  return file_error("remove", path, errno);
}

}  // namespace

std::string key_rotations_path(const std::string& directory) { return public_directory(directory) + "/key-rotations"; }
std::string previous_key_path(const std::string& directory) { return directory + "/private-key.previous"; }
std::string next_key_path(const std::string& directory) { return directory + "/private-key.next"; }
std::string next_statement_path(const std::string& directory) { return directory + "/key-rotation.next"; }

std::string make_key_statement(const NoteSigner& old_signer, const NoteSigner& new_signer, Instant time,
                               Instant both_until, std::string_view reason) {
  std::string line = printable(reason, kReasonBytesMax);
  if (line.empty()) line = "-";
  std::string text(kTitle);
  for (const std::string& part : {old_signer.name(), old_signer.verifier_key(), new_signer.verifier_key(),
                                  format_time(time), format_time(both_until), line}) {
    text.append("\n").append(part);
  }
  text += "\n";
  return old_signer.sign(text) + new_signer.signature_line(text);
}

Result<KeyStatement> open_key_statement(std::string_view note) {
  const Error wrong{ErrorCode::kCorrupt, "not a statement about the rotation of a log's key"};
  const auto parts = split_note(note);
  if (!parts) return with_context(parts.error(), "rotation of a key");
  const std::vector<std::string_view> lines = split(parts->text, '\n');
  if (lines.size() != kLines + 1 || lines[0] != kTitle) return wrong;
  KeyStatement statement;
  statement.origin = lines[1];
  statement.old_key = lines[2];
  statement.new_key = lines[3];
  const auto time = parse_time(lines[4]);
  const auto until = parse_time(lines[5]);
  if (!time || !until) return wrong;
  statement.time = *time;
  statement.both_until = *until;
  statement.reason = lines[6];
  statement.note = note;
  for (const std::string& vkey : {statement.old_key, statement.new_key}) {
    const auto key = parse_verifier_key(vkey);
    if (!key || key->name != statement.origin) return wrong;
    if (auto text = open_note(note, vkey); !text) return with_context(std::move(text).error(), "rotation of a key");
  }
  if (statement.old_key == statement.new_key) return wrong;
  return statement;
}

Result<std::vector<KeyStatement>> parse_key_rotations(std::string_view text) {
  std::vector<KeyStatement> statements;
  while (!text.empty()) {
    const std::size_t border = text.find("\n\n");
    const std::size_t end = border == std::string_view::npos ? border : text.find("\n\n", border + 2);
    if (end == std::string_view::npos) return Error{ErrorCode::kCorrupt, "a statement is cut short"};
    auto statement = open_key_statement(text.substr(0, end + 1));
    if (!statement) return std::move(statement).error();
    if (!statements.empty() && statements.back().new_key != statement->old_key) {
      return Error{ErrorCode::kCorrupt, "a statement does not begin with the key that the one before ended with"};
    }
    statements.push_back(*std::move(statement));
    text.remove_prefix(end + 2);
  }
  return statements;
}

std::string format_key_rotations(const std::vector<KeyStatement>& statements) {
  std::string text;
  for (const KeyStatement& statement : statements) text.append(statement.note).append("\n");
  return text;
}

Result<std::vector<KeyStatement>> read_key_rotations(FileSystem& system, const std::string& directory) {
  const auto text = read_file(system, key_rotations_path(directory));
  if (!text && text.error().code == ErrorCode::kNotFound) return std::vector<KeyStatement>();
  if (!text) return text.error();
  auto statements = parse_key_rotations(*text);
  if (!statements) return with_context(std::move(statements).error(), key_rotations_path(directory));
  return statements;
}

Result<void> prepare_rotation(FileSystem& system, const std::string& directory, const KeyStatement& statement,
                              const std::string& new_private_key) {
  const auto lock = lock_key_files(system, directory);
  if (!lock) return lock.error();
  // The statement last: while it is there, its key is.
  auto kept = write_key_file(system, next_key_path(directory), new_private_key);
  if (kept) kept = replace_file(system, next_statement_path(directory), statement.note, Writing::kDurable, 0600);
  return kept;
}

Result<void> drop_rotation(FileSystem& system, const std::string& directory) {
  if (auto removed = remove_file(system, next_statement_path(directory)); !removed) return removed;
  struct stat status{};
  if (system.stat(next_key_path(directory), &status) != 0 && errno == ENOENT) return {};
  // While the statement is there, its key is.
  auto synced = sync_directory(system, directory);
  return synced ? remove_file(system, next_key_path(directory)) : synced;
}

Result<std::optional<KeyStatement>> prepared_rotation(FileSystem& system, const std::string& directory) {
  const auto note = read_file(system, next_statement_path(directory));
  if (!note && note.error().code == ErrorCode::kNotFound) return std::optional<KeyStatement>();
  if (!note) return note.error();
  auto statement = open_key_statement(*note);
  if (!statement) return with_context(std::move(statement).error(), next_statement_path(directory));
  return std::optional(*std::move(statement));
}

Result<void> publish_statement(FileSystem& system, const std::string& directory, const KeyStatement& statement) {
  auto statements = read_key_rotations(system, directory);
  if (!statements) return std::move(statements).error();
  if (!statements->empty() && statements->back().note == statement.note) return {};
  statements->push_back(statement);
  return replace_file(system, key_rotations_path(directory), format_key_rotations(*statements), Writing::kDurable);
}

Result<void> exchange_keys(FileSystem& system, const std::string& directory, const KeyStatement& statement) {
  const auto lock = lock_key_files(system, directory);
  if (!lock) return lock.error();
  const auto next = load_signer(system, next_key_path(directory), statement.origin, false);
  const auto own = load_signer(system, private_key_path(directory), statement.origin, false);
  if (!own) return own.error();
  if (own->verifier_key() != statement.new_key) {
    if (!next) return next.error();
    if (next->verifier_key() != statement.new_key || own->verifier_key() != statement.old_key) {
      return Error{ErrorCode::kCorrupt,
                   "the signing keys in " + directory +
                       " are not those of the rotation that is under way; restore them from a copy"};
    }
    const auto old_line = read_file(system, private_key_path(directory));
    if (!old_line) return old_line.error();
    const auto new_line = read_file(system, next_key_path(directory));
    if (!new_line) return new_line.error();
    auto kept = replace_file(system, previous_key_path(directory), *old_line, Writing::kDurable, 0600);
    if (kept) kept = replace_file(system, private_key_path(directory), *new_line, Writing::kDurable, 0600);
    if (!kept) return kept;
  }
  if (auto kept = replace_file(system, verifier_key_path(directory), statement.new_key + "\n", Writing::kDurable);
      !kept)
    return kept;
  return drop_rotation(system, directory);
}

Result<void> destroy_previous_key(FileSystem& system, const std::string& directory) {
  const std::string path = previous_key_path(directory);
  struct stat status{};
  if (system.stat(path, &status) != 0) return errno == ENOENT ? Result<void>() : file_error("examine", path, errno);
  const auto lock = lock_key_files(system, directory);
  if (!lock) return lock.error();
  auto file = open_file(system, path, O_WRONLY);
  if (!file) return std::move(file).error();
  const std::string zeros(static_cast<std::size_t>(status.st_size), '\0');
  if (auto written = write_fully(system, *file, path, zeros, 0); !written) return written;
  if (auto synced = sync_data(system, *file, path); !synced) return synced;
  return remove_file(system, path);
}

Result<std::vector<std::string>> follow_keys(const std::filesystem::path& ledger_directory, std::string_view vkey) {
  FileSystem& system = real_file_system();
  const std::string directory = std::filesystem::absolute(ledger_directory).lexically_normal().string();
  const auto current = read_file(system, verifier_key_path(directory));
  if (!current) return current.error();
  auto statements = read_key_rotations(system, directory);
  if (!statements) return std::move(statements).error();
  std::vector<std::string> keys{std::string(trim(vkey))};
  for (const KeyStatement& statement : *statements) {
    if (statement.old_key == keys.back()) keys.push_back(statement.new_key);
  }
  // While a rotation is under way it may be published and not yet in force.
  const auto now = std::find(keys.begin(), keys.end(), trim(*current));
  if (now != keys.end()) {
    keys.erase(now + 1, keys.end());
    return keys;
  }
  return Error{ErrorCode::kNotFound, "no statement in " + key_rotations_path(directory) + " leads from the key " +
                                         printable(vkey, 200) + " to the one of this log"};
}

}  // namespace reeve::ledger
