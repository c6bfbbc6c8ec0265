#include "store/sqlite_directory_store.h"

#include "store/directory_rows.h"
#include "store/sqlite_notes.h"

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

constexpr std::string_view kColumns =
    "id, kind, name, folded_name, external_id, active, logins, team, version, created, modified, document";
constexpr std::string_view kInsert =
    "INSERT INTO directory_entry (name, folded_name, external_id, active, logins, team, version, modified, document, "
    "id, kind, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
constexpr std::string_view kUpdate =
    "UPDATE directory_entry SET name = ?, folded_name = ?, external_id = ?, active = ?, logins = ?, team = ?, version "
    "= ?, modified = ?, document = ? WHERE id = ? AND kind = ? AND version = ?";

std::int64_t number_of(EntryKind kind) { return kind == EntryKind::kGroup ? 1 : 0; }

DirectoryEntry read_entry(const Statement& row) {
  DirectoryEntry entry;
  entry.id = row.bytes(0);
  entry.kind = row.integer(1) == 1 ? EntryKind::kGroup : EntryKind::kPerson;
  entry.name = row.bytes(2);
  entry.folded_name = row.bytes(3);
  entry.external_id = row.bytes(4);
  entry.active = row.integer(5) == 1;
  entry.logins = split_logins(row.bytes(6));
  entry.team = row.bytes(7);
  entry.version = static_cast<std::uint64_t>(row.integer(8));
  entry.created = Instant{row.integer(9)};
  entry.modified = Instant{row.integer(10)};
  entry.document = row.bytes(11);
  return entry;
}

/// One statement with texts as parameters; how many rows it changed.
Result<std::int64_t> run(Database& database, std::string_view sql, std::initializer_list<std::string_view> texts) {
  auto statement = database.prepare(sql);
  if (!statement) return std::move(statement).error();
  int at = 0;
  for (const std::string_view text : texts) statement->bind(++at, text);
  if (auto done = statement->run(); !done) return std::move(done).error();
  return database.changes();
}

/// Whether there is such a row.
Result<bool> exists(Database& database, std::string_view sql, std::initializer_list<std::string_view> texts) {
  auto statement = database.prepare(sql);
  if (!statement) return std::move(statement).error();
  int at = 0;
  for (const std::string_view text : texts) statement->bind(++at, text);
  return statement->step();
}

Result<std::int64_t> put_entry(Database& database, const DirectoryEntry& entry) {
  const bool is_new = entry.version == 1;
  auto statement = database.prepare(is_new ? kInsert : kUpdate);
  if (!statement) return std::move(statement).error();
  const std::string logins = joined_logins(entry.logins);
  const auto version = static_cast<std::int64_t>(entry.version);
  statement->bind(1, std::string_view(entry.name)).bind(2, std::string_view(entry.folded_name));
  statement->bind(3, std::string_view(entry.external_id)).bind(4, std::int64_t{entry.active ? 1 : 0});
  statement->bind(5, std::string_view(logins)).bind(6, std::string_view(entry.team)).bind(7, version);
  statement->bind(8, entry.modified.nanoseconds).bind(9, std::string_view(entry.document));
  statement->bind(10, std::string_view(entry.id)).bind(11, number_of(entry.kind));
  statement->bind(12, is_new ? entry.created.nanoseconds : version - 1);
  if (auto done = statement->run(); !done) return std::move(done).error();
  return database.changes();
}

/// Groups that lose a member are others than before: whoever holds an ETag of one learns it.
Result<std::int64_t> remove_entry(Database& database, const DirectoryEntry& entry) {
  auto gone = database.prepare("DELETE FROM directory_entry WHERE id = ? AND kind = ? AND version = ?");
  if (!gone) return std::move(gone).error();
  gone->bind(1, std::string_view(entry.id)).bind(2, number_of(entry.kind));
  gone->bind(3, static_cast<std::int64_t>(entry.version) - 1);
  if (auto done = gone->run(); !done) return std::move(done).error();
  const std::int64_t removed = database.changes();
  if (removed == 0) return removed;
  auto holders = database.prepare(
      "UPDATE directory_entry SET version = version + 1, modified = ? WHERE id IN "
      "(SELECT group_id FROM directory_member WHERE member_id = ?)");
  if (!holders) return std::move(holders).error();
  holders->bind(1, entry.modified.nanoseconds).bind(2, std::string_view(entry.id));
  if (auto done = holders->run(); !done) return std::move(done).error();
  const auto left = run(database, "DELETE FROM directory_member WHERE group_id = ?1 OR member_id = ?1", {entry.id});
  return left ? Result<std::int64_t>(removed) : left;
}

/// Whether every new member is an entry.
Result<bool> change_members(Database& database, const DirectoryChange& change) {
  const std::string_view group = change.entry.id;
  for (const std::string& member : change.members_added) {
    const auto known = exists(database, "SELECT 1 FROM directory_entry WHERE id = ?", {member});
    if (!known) return known.error();
    if (!*known) return false;
    const auto added =
        run(database, "INSERT INTO directory_member VALUES (?, ?) ON CONFLICT DO NOTHING", {group, member});
    if (!added) return added.error();
  }
  for (const std::string& member : change.members_removed) {
    const auto removed =
        run(database, "DELETE FROM directory_member WHERE group_id = ? AND member_id = ?", {group, member});
    if (!removed) return removed.error();
  }
  return true;
}

Result<void> cut_off(Database& database, const DirectoryChange& change) {
  for (const std::string& login : change.cut_off) {
    auto statement = database.prepare(
        "INSERT INTO directory_cut_off VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)");
    if (!statement) return std::move(statement).error();
    statement->bind(1, std::string_view(login)).bind(2, change.entry.modified.nanoseconds);
    if (auto done = statement->run(); !done) return done;
  }
  auto old = database.prepare(
      "DELETE FROM directory_change WHERE sequence <= "
      "(SELECT value FROM change_counter WHERE subject = 'directory') - ?");
  if (!old) return std::move(old).error();
  return old->bind(1, kDirectoryChangesKept).run();
}

}  // namespace

Result<ChangeOutcome> SqliteDirectoryStore::write(const DirectoryChange& change) {
  const std::lock_guard lock(writing_);
  auto transaction = Transaction::begin(writer_);
  if (!transaction) return std::move(transaction).error();
  const DirectoryEntry& entry = change.entry;
  if (!change.removes) {
    const std::string kind = std::to_string(number_of(entry.kind));
    const auto taken =
        exists(writer_, "SELECT 1 FROM directory_entry WHERE kind = CAST(? AS INTEGER) AND folded_name = ? AND id <> ?",
               {kind, entry.folded_name, entry.id});
    if (!taken) return taken.error();
    if (*taken) return ChangeOutcome::kNameTaken;
  }
  const auto put = change.removes ? remove_entry(writer_, entry) : put_entry(writer_, entry);
  if (!put) return put.error();
  if (*put != 1) return ChangeOutcome::kChangedMeanwhile;
  const auto members = change_members(writer_, change);
  if (!members) return members.error();
  if (!*members) return ChangeOutcome::kNoSuchMember;
  if (auto cut = cut_off(writer_, change); !cut) return std::move(cut).error();
  if (auto noted = add_note(writer_, change.kind, change.detail); !noted) return std::move(noted).error();
  if (auto committed = transaction->commit(); !committed) return std::move(committed).error();
  return ChangeOutcome::kDone;
}

Result<ChangeOutcome> SqliteDirectoryStore::change(const DirectoryChange& change) {
  if (auto checked = check_directory_change(change); !checked) return std::move(checked).error();
  auto outcome = write(change);
  if (outcome && *outcome == ChangeOutcome::kDone) changes_.announce();
  return outcome;
}

Result<std::optional<DirectoryEntry>> SqliteDirectoryStore::entry(EntryKind kind, std::string_view id) {
  DirectoryQuery query;
  query.kind = kind;
  query.id = std::string(id);
  auto page = find(query);
  if (!page) return std::move(page).error();
  return page->entries.empty() ? std::nullopt : std::optional(std::move(page->entries.front()));
}

Result<DirectoryPage> SqliteDirectoryStore::find(const DirectoryQuery& query) {
  std::string where = " FROM directory_entry WHERE kind = ?1";
  if (query.id) where += " AND id = ?2";
  if (query.folded_name) where += " AND folded_name = ?3";
  if (query.external_id) where += " AND external_id = ?4";
  const auto bind = [&query](Statement& statement) {
    statement.bind(1, number_of(query.kind));
    if (query.id) statement.bind(2, std::string_view(*query.id));
    if (query.folded_name) statement.bind(3, std::string_view(*query.folded_name));
    if (query.external_id) statement.bind(4, std::string_view(*query.external_id));
  };
  DirectoryPage page;
  const std::lock_guard lock(reading_);
  auto count = reader_.prepare("SELECT count(*)" + where);
  if (!count) return std::move(count).error();
  bind(*count);
  if (const auto counted = count->step(); !counted) return counted.error();
  page.total = static_cast<std::size_t>(count->integer(0));
  auto rows = reader_.prepare("SELECT " + std::string(kColumns) + where + " ORDER BY number LIMIT ?5 OFFSET ?6");
  if (!rows) return std::move(rows).error();
  bind(*rows);
  rows->bind(5, static_cast<std::int64_t>(query.limit)).bind(6, static_cast<std::int64_t>(query.offset));
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return page;
    page.entries.push_back(read_entry(*rows));
  }
}

Result<std::vector<DirectoryLink>> SqliteDirectoryStore::links(std::string_view sql, std::string_view id) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare(sql);
  if (!rows) return std::move(rows).error();
  rows->bind(1, id);
  std::vector<DirectoryLink> links;
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return links;
    links.push_back({std::string(rows->bytes(0)), rows->integer(1) == 1 ? EntryKind::kGroup : EntryKind::kPerson,
                     std::string(rows->bytes(2))});
  }
}

Result<std::vector<DirectoryLink>> SqliteDirectoryStore::members_of(std::string_view group) {
  return links(
      "SELECT e.id, e.kind, e.name FROM directory_member m JOIN directory_entry e ON e.id = m.member_id WHERE "
      "m.group_id = ? ORDER BY e.id",
      group);
}

Result<std::vector<DirectoryLink>> SqliteDirectoryStore::groups_of(std::string_view member) {
  return links(
      "SELECT e.id, e.kind, e.name FROM directory_member m JOIN directory_entry e ON e.id = m.group_id WHERE "
      "m.member_id = ? ORDER BY e.id",
      member);
}

namespace {

/// Each row of the query, with the number that it asks with.
Result<void> each(Database& database, std::string_view sql, std::int64_t since, auto take) {
  auto rows = database.prepare(sql);
  if (!rows) return std::move(rows).error();
  if (since > 0) rows->bind(1, since);
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return {};
    take(*rows);
  }
}

constexpr const char* kAllEntries = "SELECT id, kind, logins, team, active, name FROM directory_entry";
constexpr const char* kAllMembers = "SELECT group_id, member_id, 1 FROM directory_member";
constexpr const char* kAllCutOff = "SELECT login, at FROM directory_cut_off";
constexpr const char* kNewEntries =
    "SELECT c.id, e.kind, e.logins, e.team, e.active, e.name FROM "
    "(SELECT DISTINCT id FROM directory_change WHERE sequence > ? AND what = 0) c "
    "LEFT JOIN directory_entry e ON e.id = c.id";
constexpr const char* kNewMembers =
    "SELECT c.id, c.member, m.group_id IS NOT NULL FROM "
    "(SELECT DISTINCT id, member FROM directory_change WHERE sequence > ? AND what = 1) c "
    "LEFT JOIN directory_member m ON m.group_id = c.id AND m.member_id = c.member";
constexpr const char* kNewCutOff =
    "SELECT login, at FROM directory_cut_off WHERE login IN "
    "(SELECT id FROM directory_change WHERE sequence > ? AND what = 2)";

Result<void> read_rows(Database& database, std::int64_t since, DirectoryReader& reader) {
  const bool all = since == 0;
  if (all) reader.forget_all();
  auto entries = each(database, all ? kAllEntries : kNewEntries, since, [&](const Statement& row) {
    if (row.is_null(1)) return reader.gone(row.bytes(0));
    if (row.integer(1) == 1) return reader.group(row.bytes(0), row.bytes(5));
    reader.person(row.bytes(0), row.bytes(2), row.bytes(3), row.integer(4) == 1);
  });
  if (!entries) return entries;
  auto members = each(database, all ? kAllMembers : kNewMembers, since,
                      [&](const Statement& row) { reader.member(row.bytes(0), row.bytes(1), row.integer(2) == 1); });
  if (!members) return members;
  return each(database, all ? kAllCutOff : kNewCutOff, since,
              [&](const Statement& row) { reader.cut_off(row.bytes(0), Instant{row.integer(1)}); });
}

}  // namespace

Result<std::uint64_t> SqliteDirectoryStore::read_changes(std::uint64_t since, DirectoryReader& reader) {
  const std::lock_guard lock(reading_);
  // One moment for all that is read.
  if (auto begun = reader_.execute("BEGIN"); !begun) return std::move(begun).error();
  const auto read = [&]() -> Result<std::uint64_t> {
    const auto now = reader_.integer("SELECT value FROM change_counter WHERE subject = 'directory'");
    if (!now) return now.error();
    const auto oldest = reader_.integer("SELECT coalesce(min(sequence), 0) FROM directory_change");
    if (!oldest) return oldest.error();
    auto from = static_cast<std::int64_t>(since);
    // Of a database that is older than what is known, or newer than what it remembers.
    if (from > *now || from + 1 < *oldest) from = 0;
    if (from != *now) {
      if (auto done = read_rows(reader_, from, reader); !done) return std::move(done).error();
    }
    return static_cast<std::uint64_t>(*now);
  }();
  if (auto ended = reader_.execute("ROLLBACK"); !ended && read.ok()) return std::move(ended).error();
  return read;
}

}  // namespace reeve::store
