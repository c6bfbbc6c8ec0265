#include "store/postgres/registers.h"

#include "store/postgres/migrations.h"

namespace reeve::store {

namespace {

constexpr const char* kSubject = "registers of all nodes";
constexpr std::string_view kCounters =
    "SELECT subject, value FROM change_counter WHERE subject IN ('virtual_key', 'exception_request', 'check_state') "
    "ORDER BY subject COLLATE \"C\"";

}  // namespace

Result<void> PostgresRegisters::look(PostgresConnection& connection) {
  const Moment asked_at = system_clock().steady();
  const auto counters = connection.run(kCounters);
  if (!counters) return counters.error();
  if (counters->size() != 3) {
    return Error{ErrorCode::kCorrupt, connection.where() + " lacks its counts of changes; restore it from a backup"};
  }
  // In the order of their names: checks, exceptions, keys. Keys first, so that nothing keeps what ended in force.
  keys_.saw(counters->integer(2, 1), asked_at);
  auto exceptions = exceptions_.look(counters->integer(1, 1));
  auto checks = checks_.look(counters->integer(0, 1));
  return exceptions ? checks : exceptions;
}

Result<void> PostgresRegisters::wait_for_change(Duration patience) {
  auto waited = listener_.wait(patience, [this](PostgresConnection& connection) { return look(connection); });
  if (!waited) return with_context(std::move(waited).error(), kSubject);
  return {};
}

Result<TakenOver> PostgresRegisters::take_over(Registers& own) {
  TakenOver taken;
  const auto keys = own.keys().list();
  if (!keys) return keys.error();
  const auto taken_keys = keys_.take_over(*keys);
  if (!taken_keys) return taken_keys.error();
  taken.keys = *taken_keys;
  const auto requests = own.exceptions().list();
  if (!requests) return requests.error();
  const auto taken_requests = exceptions_.take_over(*requests);
  if (!taken_requests) return taken_requests.error();
  taken.exceptions = *taken_requests;
  const auto seal = own.break_glass().newest();
  if (!seal) return seal.error();
  if (*seal) {
    const auto sealed = break_glass_.take_over(**seal);
    if (!sealed) return sealed.error();
    taken.seals = *sealed ? 1 : 0;
  }
  // Items first: an intake without its item would be damaged.
  for (const auto& [name, count] :
       {std::pair(control::kInventoryRegister, &taken.items), std::pair(control::kIntakeRegister, &taken.intakes)}) {
    const auto rows = governed_.take_over(own.governed(), name);
    if (!rows) return rows.error();
    *count = *rows;
  }
  if (auto traffic = governed_.take_over_traffic(own.governed()); !traffic) return std::move(traffic).error();
  return taken;
}

Result<std::unique_ptr<SharedRegisters>> open_shared_registers(const PostgresOptions& options,
                                                               const std::string& node) {
  if (auto migrated = migrate_shared_schema(options); !migrated) return std::move(migrated).error();
  auto registers = std::make_unique<PostgresRegisters>(options, node);
  // So that what is in memory is there when somebody first asks.
  auto connection = PostgresConnection::open(options);
  if (!connection) return std::move(connection).error();
  if (auto looked = registers->look(*connection); !looked) return std::move(looked).error();
  return std::unique_ptr<SharedRegisters>(std::move(registers));
}

}  // namespace reeve::store
