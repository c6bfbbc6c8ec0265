#include "store/postgres/directory_store.h"

#include "store/directory_rows.h"
#include "store/postgres/migrations.h"
#include "store/postgres/noted_change.h"

namespace reeve::store {

using identity::ChangeOutcome;
using identity::DirectoryChange;
using identity::DirectoryEntry;
using identity::DirectoryLink;
using identity::DirectoryPage;
using identity::DirectoryQuery;
using identity::DirectoryReader;
using identity::EntryKind;

namespace {

constexpr const char* kSubject = "the directory of all nodes";
constexpr std::string_view kTakeTurns = "SELECT value FROM change_counter WHERE subject = 'directory' FOR UPDATE";
constexpr std::string_view kNameIsTaken =
    "SELECT FROM directory_entry WHERE kind = $1::bigint AND folded_name = $2::text AND id <> $3::text";
constexpr std::string_view kInsert =
    "INSERT INTO directory_entry (name, folded_name, external_id, active, logins, team, version, modified, document, "
    "id, kind, created) VALUES ($1::text, $2::text, $3::text, $4::boolean, $5::text, $6::text, $7::bigint, "
    "$8::bigint, $9::text, $10::text, $11::bigint, $12::bigint) ON CONFLICT DO NOTHING";
constexpr std::string_view kUpdate =
    "UPDATE directory_entry SET name = $1::text, folded_name = $2::text, external_id = $3::text, active = "
    "$4::boolean, logins = $5::text, team = $6::text, version = $7::bigint, modified = $8::bigint, document = "
    "$9::text WHERE id = $10::text AND kind = $11::bigint AND version = $12::bigint";
constexpr std::string_view kDelete =
    "DELETE FROM directory_entry WHERE id = $1::text AND kind = $2::bigint AND version = $3::bigint";
constexpr std::string_view kTouchHolders =
    "UPDATE directory_entry SET version = version + 1, modified = $2::bigint WHERE id IN "
    "(SELECT group_id FROM directory_member WHERE member_id = $1::text)";
constexpr std::string_view kForgetMember =
    "DELETE FROM directory_member WHERE group_id = $1::text OR member_id = $1::text";
constexpr std::string_view kAddMember =
    "INSERT INTO directory_member SELECT $1::text, id FROM directory_entry WHERE id = $2::text ON CONFLICT DO NOTHING";
constexpr std::string_view kIsEntry = "SELECT FROM directory_entry WHERE id = $1::text";
constexpr std::string_view kRemoveMember =
    "DELETE FROM directory_member WHERE group_id = $1::text AND member_id = $2::text";
constexpr std::string_view kCutOff =
    "INSERT INTO directory_cut_off VALUES ($1::text, $2::bigint) ON CONFLICT (login) DO UPDATE SET at = "
    "greatest(directory_cut_off.at, excluded.at)";
constexpr std::string_view kPrune =
    "DELETE FROM directory_change WHERE sequence <= "
    "(SELECT value FROM change_counter WHERE subject = 'directory') - $1::bigint";
constexpr std::string_view kWhere =
    " FROM directory_entry WHERE kind = $1::bigint AND ($2::text IS NULL OR id = $2::text) "
    "AND ($3::text IS NULL OR folded_name = $3::text) AND ($4::text IS NULL OR external_id = $4::text)";

std::int64_t number_of(EntryKind kind) { return kind == EntryKind::kGroup ? 1 : 0; }
EntryKind kind_of(std::int64_t number) { return number == 1 ? EntryKind::kGroup : EntryKind::kPerson; }

DirectoryEntry read_entry(const PostgresRows& rows, std::size_t row) {
  DirectoryEntry entry;
  entry.id = rows.bytes(row, 0);
  entry.kind = kind_of(rows.integer(row, 1));
  entry.name = rows.bytes(row, 2);
  entry.folded_name = rows.bytes(row, 3);
  entry.external_id = rows.bytes(row, 4);
  entry.active = rows.truth(row, 5);
  entry.logins = split_logins(rows.bytes(row, 6));
  entry.team = rows.bytes(row, 7);
  entry.version = static_cast<std::uint64_t>(rows.integer(row, 8));
  entry.created = Instant{rows.integer(row, 9)};
  entry.modified = Instant{rows.integer(row, 10)};
  entry.document = rows.bytes(row, 11);
  return entry;
}

Result<std::size_t> put_entry(PostgresConnection& connection, const DirectoryEntry& entry) {
  const bool is_new = entry.version == 1;
  const auto version = static_cast<std::int64_t>(entry.version);
  const std::string logins = joined_logins(entry.logins);
  PostgresParameters parameters;
  parameters.bytes(entry.name).bytes(entry.folded_name).bytes(entry.external_id).truth(entry.active);
  parameters.bytes(logins).bytes(entry.team).integer(version).integer(entry.modified.nanoseconds);
  parameters.bytes(entry.document).bytes(entry.id).integer(number_of(entry.kind));
  parameters.integer(is_new ? entry.created.nanoseconds : version - 1);
  const auto rows = connection.run(is_new ? kInsert : kUpdate, parameters);
  if (!rows) return rows.error();
  return rows->changed();
}

/// Groups that lose a member are others than before: whoever holds an ETag of one learns it.
Result<std::size_t> remove_entry(PostgresConnection& connection, const DirectoryEntry& entry) {
  PostgresParameters parameters;
  parameters.bytes(entry.id).integer(number_of(entry.kind)).integer(static_cast<std::int64_t>(entry.version) - 1);
  const auto gone = connection.run(kDelete, parameters);
  if (!gone) return gone.error();
  if (gone->changed() == 0) return std::size_t{0};
  const auto touched =
      connection.run(kTouchHolders, PostgresParameters().bytes(entry.id).integer(entry.modified.nanoseconds));
  if (!touched) return touched.error();
  const auto left = connection.run(kForgetMember, PostgresParameters().bytes(entry.id));
  if (!left) return left.error();
  return gone->changed();
}

/// Whether every new member is an entry.
Result<bool> change_members(PostgresConnection& connection, const DirectoryChange& change) {
  const std::string& group = change.entry.id;
  for (const std::string& member : change.members_added) {
    const auto added = connection.run(kAddMember, PostgresParameters().bytes(group).bytes(member));
    if (!added) return added.error();
    if (added->changed() == 1) continue;
    const auto known = connection.run(kIsEntry, PostgresParameters().bytes(member));
    if (!known) return known.error();
    if (known->size() == 0) return false;
  }
  for (const std::string& member : change.members_removed) {
    const auto removed = connection.run(kRemoveMember, PostgresParameters().bytes(group).bytes(member));
    if (!removed) return removed.error();
  }
  return true;
}

Result<void> cut_off(PostgresConnection& connection, const DirectoryChange& change) {
  for (const std::string& login : change.cut_off) {
    const auto cut =
        connection.run(kCutOff, PostgresParameters().bytes(login).integer(change.entry.modified.nanoseconds));
    if (!cut) return cut.error();
  }
  const auto pruned = connection.run(kPrune, PostgresParameters().integer(kDirectoryChangesKept));
  return pruned ? Result<void>() : Result<void>(pruned.error());
}

void add_optional(PostgresParameters& parameters, const std::optional<std::string>& text) {
  text ? parameters.bytes(*text) : parameters.null();
}

}  // namespace

namespace {

Result<ChangeOutcome> write_change(PostgresConnection& connection, const DirectoryChange& change) {
  if (const auto turn = connection.run(kTakeTurns); !turn) return turn.error();
  const DirectoryEntry& entry = change.entry;
  if (!change.removes) {
    PostgresParameters parameters;
    parameters.integer(number_of(entry.kind)).bytes(entry.folded_name).bytes(entry.id);
    const auto taken = connection.run(kNameIsTaken, parameters);
    if (!taken) return taken.error();
    if (taken->size() > 0) return ChangeOutcome::kNameTaken;
  }
  const auto put = change.removes ? remove_entry(connection, entry) : put_entry(connection, entry);
  if (!put) return put.error();
  if (*put != 1) return ChangeOutcome::kChangedMeanwhile;
  const auto members = change_members(connection, change);
  if (!members) return members.error();
  if (!*members) return ChangeOutcome::kNoSuchMember;
  if (auto cut = cut_off(connection, change); !cut) return std::move(cut).error();
  return ChangeOutcome::kDone;
}

}  // namespace

Result<ChangeOutcome> PostgresDirectoryStore::change(const DirectoryChange& change) {
  if (auto checked = check_directory_change(change); !checked) return std::move(checked).error();
  ChangeOutcome outcome = ChangeOutcome::kDone;
  auto done = write_once(connection_, node_, [&](PostgresConnection& connection) -> Result<std::optional<EntryText>> {
    const auto written = write_change(connection, change);
    if (!written) return written.error();
    outcome = *written;
    if (outcome != ChangeOutcome::kDone) return std::optional<EntryText>();
    return std::optional(EntryText{change.kind, change.detail});
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  if (outcome == ChangeOutcome::kDone) ++generation_;
  return outcome;
}

Result<std::optional<DirectoryEntry>> PostgresDirectoryStore::entry(EntryKind kind, std::string_view id) {
  DirectoryQuery query;
  query.kind = kind;
  query.id = std::string(id);
  auto page = find(query);
  if (!page) return std::move(page).error();
  return page->entries.empty() ? std::nullopt : std::optional(std::move(page->entries.front()));
}

Result<DirectoryPage> PostgresDirectoryStore::find(const DirectoryQuery& query) {
  static const std::string count = "SELECT count(*)" + std::string(kWhere);
  static const std::string list =
      "SELECT id, kind, name, folded_name, external_id, active, logins, team, version, created, modified, document" +
      std::string(kWhere) + " ORDER BY number LIMIT $5::bigint OFFSET $6::bigint";
  PostgresParameters parameters;
  parameters.integer(number_of(query.kind));
  add_optional(parameters, query.id);
  add_optional(parameters, query.folded_name);
  add_optional(parameters, query.external_id);
  DirectoryPage page;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    page = {};
    const auto counted = connection.run(count, parameters);
    if (!counted) return counted.error();
    page.total = static_cast<std::size_t>(counted->integer(0, 0));
    PostgresParameters all = parameters;
    all.integer(static_cast<std::int64_t>(query.limit)).integer(static_cast<std::int64_t>(query.offset));
    const auto rows = connection.run(list, all);
    if (!rows) return rows.error();
    for (std::size_t row = 0; row < rows->size(); ++row) page.entries.push_back(read_entry(*rows, row));
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return page;
}

Result<std::vector<DirectoryLink>> PostgresDirectoryStore::links(std::string_view sql, std::string_view id) {
  std::vector<DirectoryLink> links;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    links.clear();
    const auto rows = connection.run(sql, PostgresParameters().bytes(id));
    if (!rows) return rows.error();
    for (std::size_t row = 0; row < rows->size(); ++row) {
      links.push_back(
          {std::string(rows->bytes(row, 0)), kind_of(rows->integer(row, 1)), std::string(rows->bytes(row, 2))});
    }
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return links;
}

Result<std::vector<DirectoryLink>> PostgresDirectoryStore::members_of(std::string_view group) {
  return links(
      "SELECT e.id, e.kind, e.name FROM directory_member m JOIN directory_entry e ON e.id = m.member_id WHERE "
      "m.group_id = $1::text ORDER BY e.id COLLATE \"C\"",
      group);
}

Result<std::vector<DirectoryLink>> PostgresDirectoryStore::groups_of(std::string_view member) {
  return links(
      "SELECT e.id, e.kind, e.name FROM directory_member m JOIN directory_entry e ON e.id = m.group_id WHERE "
      "m.member_id = $1::text ORDER BY e.id COLLATE \"C\"",
      member);
}

// ---- For readers ----

namespace {

constexpr std::string_view kAllEntries = "SELECT id, kind, logins, team, active, name FROM directory_entry";
constexpr std::string_view kAllMembers = "SELECT group_id, member_id, true FROM directory_member";
constexpr std::string_view kAllCutOff = "SELECT login, at FROM directory_cut_off";
constexpr std::string_view kNewEntries =
    "SELECT c.id, e.kind, e.logins, e.team, e.active, e.name FROM "
    "(SELECT DISTINCT id FROM directory_change WHERE sequence > $1::bigint AND what = 0) c "
    "LEFT JOIN directory_entry e ON e.id = c.id";
constexpr std::string_view kNewMembers =
    "SELECT c.id, c.member, m.group_id IS NOT NULL FROM "
    "(SELECT DISTINCT id, member FROM directory_change WHERE sequence > $1::bigint AND what = 1) c "
    "LEFT JOIN directory_member m ON m.group_id = c.id AND m.member_id = c.member";
constexpr std::string_view kNewCutOff =
    "SELECT login, at FROM directory_cut_off WHERE login IN "
    "(SELECT id FROM directory_change WHERE sequence > $1::bigint AND what = 2)";

Result<void> read_rows(PostgresConnection& connection, std::int64_t since, DirectoryReader& reader) {
  const bool all = since == 0;
  PostgresParameters parameters;
  if (all) {
    reader.forget_all();
  } else {
    parameters.integer(since);
  }
  const auto entries = connection.run(all ? kAllEntries : kNewEntries, parameters);
  if (!entries) return entries.error();
  for (std::size_t row = 0; row < entries->size(); ++row) {
    const std::string_view id = entries->bytes(row, 0);
    if (entries->is_null(row, 1)) {
      reader.gone(id);
    } else if (entries->integer(row, 1) == 1) {
      reader.group(id, entries->bytes(row, 5));
    } else {
      reader.person(id, entries->bytes(row, 2), entries->bytes(row, 3), entries->truth(row, 4));
    }
  }
  const auto members = connection.run(all ? kAllMembers : kNewMembers, parameters);
  if (!members) return members.error();
  for (std::size_t row = 0; row < members->size(); ++row) {
    reader.member(members->bytes(row, 0), members->bytes(row, 1), members->truth(row, 2));
  }
  const auto cut = connection.run(all ? kAllCutOff : kNewCutOff, parameters);
  if (!cut) return cut.error();
  for (std::size_t row = 0; row < cut->size(); ++row) reader.cut_off(cut->bytes(row, 0), {cut->integer(row, 1)});
  return {};
}

/// Of one moment: a change that is committed meanwhile comes with the next reading.
Result<std::uint64_t> read_at_once(PostgresConnection& connection, std::uint64_t since, DirectoryReader& reader) {
  auto transaction = PostgresTransaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  if (auto set = connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"); !set) {
    return std::move(set).error();
  }
  const auto rows = connection.run(
      "SELECT value, (SELECT coalesce(min(sequence), 0) FROM directory_change)::bigint FROM change_counter WHERE "
      "subject = 'directory'");
  if (!rows) return rows.error();
  if (rows->size() != 1) {
    return Error{ErrorCode::kCorrupt, connection.where() + " lacks its count of changes; restore it from a backup"};
  }
  const std::int64_t now = rows->integer(0, 0);
  auto from = static_cast<std::int64_t>(since);
  // Of a database that is older than what is known, or newer than what it remembers.
  if (from > now || from + 1 < rows->integer(0, 1)) from = 0;
  if (from != now) {
    if (auto read = read_rows(connection, from, reader); !read) return std::move(read).error();
  }
  return static_cast<std::uint64_t>(now);
}

}  // namespace

Result<std::uint64_t> PostgresDirectoryStore::read_changes(std::uint64_t since, DirectoryReader& reader) {
  std::uint64_t until = since;
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto read = read_at_once(connection, since, reader);
    if (!read) return read.error();
    until = *read;
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  return until;
}

Result<void> PostgresDirectoryStore::catch_up() {
  const std::int64_t asked_at = system_clock().steady().time_since_epoch().count();
  const auto value = read_counter(connection_, "directory");
  if (!value) return with_context(value.error(), kSubject);
  if (seen_.exchange(*value) != *value) ++generation_;
  certain_since_.store(asked_at);
  return {};
}

Duration PostgresDirectoryStore::uncertain_for() const {
  const std::int64_t since = certain_since_.load();
  if (since == 0) return Duration::max();
  return Duration(system_clock().steady().time_since_epoch().count() - since);
}

Result<std::unique_ptr<SharedDirectory>> open_shared_directory(const PostgresOptions& options, std::string node) {
  if (auto migrated = migrate_shared_schema(options); !migrated) return std::move(migrated).error();
  return std::unique_ptr<SharedDirectory>(std::make_unique<PostgresDirectoryStore>(options, std::move(node)));
}

}  // namespace reeve::store
