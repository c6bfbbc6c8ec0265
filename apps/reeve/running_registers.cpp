// The registers of the running server: of this node alone, or of all that share a database.

#include <algorithm>

#include "core/log.h"
#include "reeve/register_access.h"
#include "reeve/running_service.h"

namespace reeve::app {

namespace {
constexpr Duration kLookAtSealInterval = std::chrono::seconds(1);
constexpr Duration kLookAtTrafficInterval = std::chrono::seconds(10);
}  // namespace

Result<void> RunningService::open_registers() {
  identity::KeyTable::Options options;
  if (config_.postgres) {
    auto shared = store::open_shared_registers(*config_.postgres, node_name());
    if (!shared) return with_context(shared.error(), "storage");
    shared_registers_ = *std::move(shared);
    if (auto taken = take_over_once(*store_, *shared_registers_, config_.data_dir); !taken) {
      return with_context(taken.error(), "storage");
    }
    options.reads_on_demand = false;
    options.serves_unconfirmed = config_.refuse_after;
  }
  key_table_.emplace(registers().keys(), options);
  return {};
}

void RunningService::start_telling_people() {
  notifications_.emplace(registers().notifications(), destinations_);
  // What is switched here alone is told by this node alone.
  if (shared_registers_) own_notifications_.emplace(store_->notifications(), destinations_);
  anomaly_watch_.emplace(*log_, config_.data_dir / "ledger", registers().notifications());
  anomaly_watch_->use(alerts_, config_.anomalies_every);
  inventory_watch_.emplace(*log_, config_.data_dir / "ledger", registers(), *inventory_, node_name(),
                           std::min(kLookAtTrafficInterval, config_.anomalies_every));
}

void RunningService::follow_registers() {
  if (!shared_registers_) return;
  register_follower_.emplace(*shared_registers_, *key_table_, [this, looked = Moment{}]() mutable {
    notices_.announce(registers().notifications());
    const Moment now = system_clock().steady();
    if (now - looked < kLookAtSealInterval) return;
    looked = now;
    break_glass_->look(system_clock().now());
  });
}

}  // namespace reeve::app
