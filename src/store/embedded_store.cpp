#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "store/generation_file.h"
#include "store/migrations.h"
#include "store/sqlite.h"
#include "store/sqlite_check_register.h"
#include "store/sqlite_key_store.h"
#include "store/sqlite_notes.h"
#include "store/sqlite_placeholder_store.h"
#include "store/store.h"

namespace reeve::store {

namespace {

constexpr const char* kDatabaseFile = "reeve.db";
constexpr Duration kOpenPatience = std::chrono::seconds(10);

/// What one port works with.
struct Connections {
  Database writer, reader;
};

class EmbeddedStore final : public Store {
 public:
  EmbeddedStore(Connections keys, GenerationFile key_generation, Connections checks, GenerationFile check_generation,
                std::unique_ptr<SqlitePlaceholderStore> placeholders, Database notes)
      : keys_(std::move(keys.writer), std::move(keys.reader), std::move(key_generation)),
        checks_(std::move(checks.writer), std::move(checks.reader), std::move(check_generation)),
        placeholders_(std::move(placeholders)),
        notes_(std::move(notes)) {}
  identity::KeyStore& keys() override { return keys_; }
  policy::CheckRegister& checks() override { return checks_; }
  content::PlaceholderStore& placeholders() override { return *placeholders_; }
  Result<void> catch_up() override {
    auto keys = keys_.catch_up();
    auto checks = checks_.catch_up();
    return keys ? checks : keys;
  }
  Result<std::vector<KeyChange>> unrecorded_key_changes() override { return keys_.unrecorded(); }
  Result<void> key_changes_recorded(std::span<const KeyChange> changes) override { return keys_.recorded(changes); }
  Result<std::vector<CheckReport>> unrecorded_check_reports() override { return checks_.unrecorded(); }
  Result<void> check_reports_recorded(std::span<const CheckReport> reports) override {
    return checks_.recorded(reports);
  }
  Result<void> note(std::string_view kind, std::string_view detail) override { return notes_.add(kind, detail); }
  Result<std::vector<Note>> unrecorded_notes() override { return notes_.unrecorded(); }
  Result<void> notes_recorded(std::span<const Note> notes) override { return notes_.recorded(notes); }
  Result<void> ledger_ends_at(std::uint64_t entries) override {
    if (auto keys = keys_.forget_entries_from(entries); !keys) return keys;
    if (auto notes = notes_.forget_entries_from(entries); !notes) return notes;
    return checks_.forget_entries_from(entries);
  }

 private:
  SqliteKeyStore keys_;
  SqliteCheckRegister checks_;
  std::unique_ptr<SqlitePlaceholderStore> placeholders_;
  SqliteNotes notes_;
};

Result<Connections> connect(const std::filesystem::path& file) {
  auto writer = Database::open(file);
  if (!writer) return std::move(writer).error();
  auto reader = Database::open(file);
  if (!reader) return std::move(reader).error();
  return Connections{*std::move(writer), *std::move(reader)};
}

Error path_error(const std::filesystem::path& path, int code) {
  return {ErrorCode::kUnavailable, path.string() + " cannot be made: " + std::generic_category().message(code)};
}

/// Parents are made as the umask says; the data directory itself is nobody else's business.
Result<void> make_directory(const std::filesystem::path& directory) {
  std::error_code failed;
  const auto parent = std::filesystem::absolute(directory, failed).lexically_normal().parent_path();
  if (!failed) std::filesystem::create_directories(parent, failed);
  if (failed) return path_error(directory, failed.value());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return path_error(directory, errno);
  return {};
}

/// SQLite would make the file readable for all; its other files take the mode of this one.
Result<void> make_private_file(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return path_error(file, errno);
  ::close(descriptor);
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open_embedded(const std::filesystem::path& directory) {
  if (auto made = make_directory(directory); !made) return std::move(made).error();
  auto key_generation = GenerationFile::open(directory / "keys.generation");
  if (!key_generation) return std::move(key_generation).error();
  const auto held = key_generation->lock(kOpenPatience);
  if (!held) return held.error();
  auto check_generation = GenerationFile::open(directory / "checks.generation");
  if (!check_generation) return std::move(check_generation).error();

  const std::filesystem::path file = directory / kDatabaseFile;
  if (auto made = make_private_file(file); !made) return std::move(made).error();
  auto keys = connect(file);
  if (!keys) return std::move(keys).error();
  if (auto migrated = migrate(keys->writer, embedded_migrations()); !migrated) return std::move(migrated).error();
  auto checks = connect(file);
  if (!checks) return std::move(checks).error();
  auto placeholder_connections = connect(file);
  if (!placeholder_connections) return std::move(placeholder_connections).error();
  auto placeholders = SqlitePlaceholderStore::open(std::move(placeholder_connections->writer),
                                                   std::move(placeholder_connections->reader));
  if (!placeholders) return std::move(placeholders).error();
  auto notes = Database::open(file);
  if (!notes) return std::move(notes).error();
  return std::unique_ptr<Store>(std::make_unique<EmbeddedStore>(*std::move(keys), *std::move(key_generation),
                                                                *std::move(checks), *std::move(check_generation),
                                                                *std::move(placeholders), *std::move(notes)));
}

Result<void> Store::copy_embedded(const std::filesystem::path& directory, const std::filesystem::path& to) {
  const std::filesystem::path file = directory / kDatabaseFile;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return Error{ErrorCode::kNotFound, "there is no database " + file.string()};
  }
  auto database = Database::open(file);
  if (!database) return std::move(database).error();
  if (auto made = make_private_file(to); !made) return made;
  return database->copy_to(to);
}

}  // namespace reeve::store
