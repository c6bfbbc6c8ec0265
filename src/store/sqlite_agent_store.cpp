#include "store/sqlite_agent_store.h"

#include "store/agent_changes.h"
#include "store/sqlite_notes.h"
#include "store/sqlite_notification_queue.h"

namespace reeve::store {

using identity::Agent;

namespace {

constexpr std::string_view kInsert =
    "INSERT INTO agent (document, version, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
constexpr std::string_view kUpdate = "UPDATE agent SET document = ?, version = ? WHERE id = ? AND version = ?";
constexpr std::string_view kAll = "SELECT document FROM agent ORDER BY id";

Result<std::vector<Agent>> read_agents(Statement& rows) {
  std::vector<Agent> list;
  while (true) {
    const auto row = rows.step();
    if (!row) return row.error();
    if (!*row) return list;
    auto agent = identity::agent_from_json(rows.bytes(0));
    if (!agent) return agent.error();
    list.push_back(*std::move(agent));
  }
}

Result<std::vector<Agent>> read_all(Database& database) {
  auto rows = database.prepare(kAll);
  if (!rows) return std::move(rows).error();
  return read_agents(*rows);
}

Result<void> put_row(Database& database, const Agent& agent) {
  const bool is_new = agent.version == 1;
  auto statement = database.prepare(is_new ? kInsert : kUpdate);
  if (!statement) return std::move(statement).error();
  const std::string document = identity::agent_to_json(agent);
  const auto version = static_cast<std::int64_t>(agent.version);
  statement->bind(1, std::string_view(document)).bind(2, version).bind(3, std::string_view(agent.id));
  if (!is_new) statement->bind(4, version - 1);
  if (auto done = statement->run(); !done) return done;
  return database.changes() == 1 ? Result<void>() : Result<void>(agent_changed_meanwhile(agent));
}

}  // namespace

Result<void> SqliteAgentStore::write(const Agent& agent) {
  const std::lock_guard lock(writing_);
  auto transaction = Transaction::begin(writer_);
  if (!transaction) return std::move(transaction).error();
  const auto others = read_all(writer_);
  if (!others) return others.error();
  if (auto checked = check_beside(agent, *others); !checked) return checked;
  if (auto put = put_row(writer_, agent); !put) return put;
  if (auto noted = add_note(writer_, identity::agent_event_kind(agent), identity::agent_event_detail(agent)); !noted) {
    return noted;
  }
  if (auto told = add_event(writer_, event_of(agent)); !told) return told;
  return transaction->commit();
}

Result<void> SqliteAgentStore::put(const Agent& agent) {
  if (auto written = write(agent); !written) return written;
  changes_.announce();
  return {};
}

Result<std::vector<Agent>> SqliteAgentStore::list() {
  const std::lock_guard lock(reading_);
  return read_all(reader_);
}

Result<std::optional<Agent>> SqliteAgentStore::find(std::string_view id) {
  const std::lock_guard lock(reading_);
  auto rows = reader_.prepare("SELECT document FROM agent WHERE id = ?");
  if (!rows) return std::move(rows).error();
  auto list = read_agents(rows->bind(1, id));
  if (!list) return list.error();
  return list->empty() ? std::optional<Agent>() : std::optional(std::move(list->front()));
}

}  // namespace reeve::store
