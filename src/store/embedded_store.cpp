#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "store/generation_file.h"
#include "store/migrations.h"
#include "store/sqlite.h"
#include "store/sqlite_agent_store.h"
#include "store/sqlite_break_glass.h"
#include "store/sqlite_budget_register.h"
#include "store/sqlite_check_register.h"
#include "store/sqlite_directory_store.h"
#include "store/sqlite_exception_store.h"
#include "store/sqlite_grant_store.h"
#include "store/sqlite_key_store.h"
#include "store/sqlite_kill_switch_store.h"
#include "store/sqlite_notes.h"
#include "store/sqlite_notification_queue.h"
#include "store/sqlite_placeholder_store.h"
#include "store/sqlite_register_store.h"
#include "store/store.h"

namespace reeve::store {

namespace {

constexpr const char* kDatabaseFile = "reeve.db";
constexpr Duration kOpenPatience = std::chrono::seconds(10);

/// What one port works with.
struct Connections {
  Database writer, reader;
};

/// The connections and the generation of a register that others watch.
struct Watched {
  Connections connections;
  GenerationFile generation;
};

class EmbeddedStore final : public Store {
 public:
  EmbeddedStore(Watched keys, Watched checks, Watched exceptions, Watched budgets, Watched directory,
                Watched kill_switch, Watched grants, Watched agents,
                std::unique_ptr<SqlitePlaceholderStore> placeholders, Connections governed, Database notes,
                Database notifications, Database break_glass)
      : keys_(std::move(keys.connections.writer), std::move(keys.connections.reader), std::move(keys.generation)),
        checks_(std::move(checks.connections.writer), std::move(checks.connections.reader),
                std::move(checks.generation)),
        exceptions_(std::move(exceptions.connections.writer), std::move(exceptions.connections.reader),
                    std::move(exceptions.generation)),
        budgets_(std::move(budgets.connections.writer), std::move(budgets.connections.reader),
                 std::move(budgets.generation)),
        directory_(std::move(directory.connections.writer), std::move(directory.connections.reader),
                   std::move(directory.generation)),
        kill_switch_(std::move(kill_switch.connections.writer), std::move(kill_switch.connections.reader),
                     std::move(kill_switch.generation)),
        grants_(std::move(grants.connections.writer), std::move(grants.connections.reader),
                std::move(grants.generation)),
        agents_(std::move(agents.connections.writer), std::move(agents.connections.reader),
                std::move(agents.generation)),
        placeholders_(std::move(placeholders)),
        governed_(std::move(governed.writer), std::move(governed.reader)),
        notes_(std::move(notes)),
        notifications_(std::move(notifications)),
        break_glass_(std::move(break_glass)) {}
  identity::KeyStore& keys() override { return keys_; }
  policy::CheckRegister& checks() override { return checks_; }
  content::PlaceholderStore& placeholders() override { return *placeholders_; }
  control::ExceptionStore& exceptions() override { return exceptions_; }
  control::NotificationQueue& notifications() override { return notifications_; }
  spend::BudgetRegister& budgets() override { return budgets_; }
  identity::DirectoryStore& directory() override { return directory_; }
  identity::BreakGlassStore& break_glass() override { return break_glass_; }
  control::RegisterStore& governed() override { return governed_; }
  identity::KillSwitchStore& kill_switch() override { return kill_switch_; }
  identity::GrantStore& grants() override { return grants_; }
  identity::AgentStore& agents() override { return agents_; }
  Result<void> catch_up() override {
    auto keys = keys_.catch_up();
    auto checks = checks_.catch_up();
    auto exceptions = exceptions_.catch_up();
    auto budgets = budgets_.catch_up();
    auto directory = directory_.catch_up();
    auto kill_switch = kill_switch_.catch_up();
    auto grants = grants_.catch_up();
    auto agents = agents_.catch_up();
    if (!keys) return keys;
    if (!checks) return checks;
    if (!directory) return directory;
    if (!kill_switch) return kill_switch;
    if (!grants) return grants;
    if (!agents) return agents;
    return exceptions ? budgets : exceptions;
  }
  Result<std::vector<KeyChange>> unrecorded_key_changes() override { return keys_.unrecorded(); }
  Result<void> key_changes_recorded(std::span<const KeyChange> changes) override { return keys_.recorded(changes); }
  Result<std::vector<CheckReport>> unrecorded_check_reports() override { return checks_.unrecorded(); }
  Result<void> check_reports_recorded(std::span<const CheckReport> reports) override {
    return checks_.recorded(reports);
  }
  Result<void> note(std::string_view kind, std::string_view detail) override { return notes_.add(kind, detail); }
  Result<std::vector<bool>> note_once(std::string_view kind, std::span<const KeyedNote> notes) override {
    return notes_.add_once(kind, notes);
  }
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
  SqliteExceptionStore exceptions_;
  SqliteBudgetRegister budgets_;
  SqliteDirectoryStore directory_;
  SqliteKillSwitchStore kill_switch_;
  SqliteGrantStore grants_;
  SqliteAgentStore agents_;
  std::unique_ptr<SqlitePlaceholderStore> placeholders_;
  SqliteRegisterStore governed_;
  SqliteNotes notes_;
  SqliteNotificationQueue notifications_;
  SqliteBreakGlass break_glass_;
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

/// The first connection, to a schema that is up to date. One process at a time, and no longer than this takes: whoever
/// announces a change waits for the same lock.
Result<Connections> open_first(const std::filesystem::path& file, const GenerationFile& lock) {
  const auto held = lock.lock(kOpenPatience);
  if (!held) return held.error();
  auto connections = connect(file);
  if (!connections) return connections;
  if (auto migrated = migrate(connections->writer, embedded_migrations()); !migrated)
    return std::move(migrated).error();
  return connections;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open_embedded(const std::filesystem::path& directory) {
  if (auto made = make_directory(directory); !made) return std::move(made).error();
  auto key_generation = GenerationFile::open(directory / "keys.generation");
  if (!key_generation) return std::move(key_generation).error();
  auto check_generation = GenerationFile::open(directory / "checks.generation");
  if (!check_generation) return std::move(check_generation).error();
  auto exception_generation = GenerationFile::open(directory / "exceptions.generation");
  if (!exception_generation) return std::move(exception_generation).error();
  auto budget_generation = GenerationFile::open(directory / "budgets.generation");
  if (!budget_generation) return std::move(budget_generation).error();
  auto directory_generation = GenerationFile::open(directory / "directory.generation");
  if (!directory_generation) return std::move(directory_generation).error();
  auto kill_generation = GenerationFile::open(directory / "kill_switch.generation");
  if (!kill_generation) return std::move(kill_generation).error();
  auto grant_generation = GenerationFile::open(directory / "sign-ins.generation");
  if (!grant_generation) return std::move(grant_generation).error();
  auto agent_generation = GenerationFile::open(directory / "agents.generation");
  if (!agent_generation) return std::move(agent_generation).error();

  const std::filesystem::path file = directory / kDatabaseFile;
  if (auto made = make_private_file(file); !made) return std::move(made).error();
  auto keys = open_first(file, *key_generation);
  if (!keys) return std::move(keys).error();
  auto checks = connect(file);
  if (!checks) return std::move(checks).error();
  auto exceptions = connect(file);
  if (!exceptions) return std::move(exceptions).error();
  auto budgets = connect(file);
  if (!budgets) return std::move(budgets).error();
  auto people = connect(file);
  if (!people) return std::move(people).error();
  auto kill_switch = connect(file);
  if (!kill_switch) return std::move(kill_switch).error();
  auto grants = connect(file);
  if (!grants) return std::move(grants).error();
  auto agents = connect(file);
  if (!agents) return std::move(agents).error();
  auto placeholder_connections = connect(file);
  if (!placeholder_connections) return std::move(placeholder_connections).error();
  auto placeholders = SqlitePlaceholderStore::open(std::move(placeholder_connections->writer),
                                                   std::move(placeholder_connections->reader));
  if (!placeholders) return std::move(placeholders).error();
  auto governed = connect(file);
  if (!governed) return std::move(governed).error();
  auto notes = Database::open(file);
  if (!notes) return std::move(notes).error();
  auto notifications = Database::open(file);
  if (!notifications) return std::move(notifications).error();
  auto break_glass = Database::open(file);
  if (!break_glass) return std::move(break_glass).error();
  return std::unique_ptr<Store>(std::make_unique<EmbeddedStore>(
      Watched{*std::move(keys), *std::move(key_generation)}, Watched{*std::move(checks), *std::move(check_generation)},
      Watched{*std::move(exceptions), *std::move(exception_generation)},
      Watched{*std::move(budgets), *std::move(budget_generation)},
      Watched{*std::move(people), *std::move(directory_generation)},
      Watched{*std::move(kill_switch), *std::move(kill_generation)},
      Watched{*std::move(grants), *std::move(grant_generation)},
      Watched{*std::move(agents), *std::move(agent_generation)}, *std::move(placeholders), *std::move(governed),
      *std::move(notes), *std::move(notifications), *std::move(break_glass)));
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
