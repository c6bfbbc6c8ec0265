#include "store/postgres/agent_store.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/crypto.h"
#include "store/agent_changes.h"
#include "store/postgres/migrations.h"
#include "store/postgres/notification_queue.h"

namespace reeve::store {

using identity::Agent;

namespace {

constexpr const char* kSubject = "agents of all nodes";
constexpr std::string_view kTakeTurns = "SELECT value FROM change_counter WHERE subject = 'agent' FOR UPDATE";
constexpr std::string_view kCounter = "SELECT value FROM change_counter WHERE subject = 'agent'";
constexpr std::string_view kIsDone = "SELECT FROM budget_note WHERE change = $1::text";
constexpr std::string_view kNote =
    "INSERT INTO budget_note (change, node, kind, detail, taken) "
    "VALUES ($1::text, $2::text, $3::text, $4::text, clock_timestamp())";
constexpr std::string_view kInsert =
    "INSERT INTO agent (document, version, id) VALUES ($1::text, $2::bigint, $3::text) ON CONFLICT DO NOTHING";
constexpr std::string_view kUpdate =
    "UPDATE agent SET document = $1::text, version = $2::bigint WHERE id = $3::text AND version = $2::bigint - 1";
constexpr std::string_view kAll = "SELECT document FROM agent ORDER BY id";

Result<std::vector<Agent>> read_all(PostgresConnection& connection) {
  const auto rows = connection.run(kAll);
  if (!rows) return rows.error();
  std::vector<Agent> list;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    auto agent = identity::agent_from_json(rows->bytes(row, 0));
    if (!agent) return agent.error();
    list.push_back(*std::move(agent));
  }
  return list;
}

}  // namespace

Result<void> PostgresAgentStore::write(PostgresConnection& connection, const Agent& agent, std::string_view number) {
  auto transaction = PostgresTransaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  // What stands beside it must not change meanwhile.
  if (const auto turn = connection.run(kTakeTurns); !turn) return turn.error();
  const auto done = connection.run(kIsDone, PostgresParameters().bytes(number));
  if (!done) return done.error();
  if (done->size() > 0) return {};
  const auto others = read_all(connection);
  if (!others) return others.error();
  if (auto checked = check_beside(agent, *others); !checked) return checked;
  const std::string document = identity::agent_to_json(agent);
  PostgresParameters row;
  row.bytes(document).integer(static_cast<std::int64_t>(agent.version)).bytes(agent.id);
  const auto put = connection.run(agent.version == 1 ? kInsert : kUpdate, row);
  if (!put) return put.error();
  if (put->changed() != 1) return agent_changed_meanwhile(agent);
  const std::string detail = identity::agent_event_detail(agent);
  PostgresParameters note;
  note.bytes(number).bytes(node_).bytes(identity::agent_event_kind(agent)).bytes(detail);
  if (const auto noted = connection.run(kNote, note); !noted) return noted.error();
  if (const auto told = add_event(connection, event_of(agent)); !told) return told.error();
  return transaction->commit();
}

Result<void> PostgresAgentStore::put(const Agent& agent) {
  const std::string number = to_hex(random_bytes(16));
  auto done = connection_.use([&](PostgresConnection& connection) { return write(connection, agent, number); });
  if (!done) return with_context(std::move(done).error(), kSubject);
  // It stands; whoever cannot read it back now does so at the next look.
  static_cast<void>(catch_up());
  return {};
}

Result<void> PostgresAgentStore::catch_up() {
  const std::int64_t asked_at = system_clock().steady().time_since_epoch().count();
  auto done = connection_.use([&](PostgresConnection& connection) -> Result<void> {
    const auto rows = connection.run(kCounter);
    if (!rows) return rows.error();
    if (rows->size() != 1) {
      return Error{ErrorCode::kCorrupt, connection.where() + " lacks its count of changes; restore it from a backup"};
    }
    // Before the rows: a change in between is read once more.
    const std::int64_t value = rows->integer(0, 0);
    {
      const std::lock_guard lock(mutex_);
      if (seen_ == value) return {};
    }
    auto agents = read_all(connection);
    if (!agents) return agents.error();
    const std::lock_guard lock(mutex_);
    agents_ = *std::move(agents);
    // Reading for the first time changes nothing: nobody knows anything before.
    if (seen_ >= 0) ++generation_;
    seen_ = value;
    return {};
  });
  if (!done) return with_context(std::move(done).error(), kSubject);
  certain_since_.store(asked_at);
  return {};
}

Result<std::vector<Agent>> PostgresAgentStore::list() {
  {
    const std::lock_guard lock(mutex_);
    if (seen_ >= 0) return agents_;
  }
  if (auto looked = catch_up(); !looked) return std::move(looked).error();
  const std::lock_guard lock(mutex_);
  return agents_;
}

Result<std::optional<Agent>> PostgresAgentStore::find(std::string_view id) {
  if (auto looked = catch_up(); !looked) return std::move(looked).error();
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(agents_.begin(), agents_.end(), [&](const Agent& agent) { return agent.id == id; });
  return found == agents_.end() ? std::optional<Agent>() : std::optional(*found);
}

Duration PostgresAgentStore::uncertain_for() const {
  const std::int64_t since = certain_since_.load();
  if (since == 0) return Duration::max();
  return Duration(system_clock().steady().time_since_epoch().count() - since);
}

Result<std::unique_ptr<SharedAgents>> open_shared_agents(const PostgresOptions& options, std::string node) {
  if (auto migrated = migrate_shared_schema(options); !migrated) return std::move(migrated).error();
  return std::unique_ptr<SharedAgents>(std::make_unique<PostgresAgentStore>(options, std::move(node)));
}

}  // namespace reeve::store
