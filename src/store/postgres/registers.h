#pragma once

// store::SharedRegisters on PostgreSQL: the registers that nodes share, and the session that hears of changes.

#include <string>

#include "store/postgres/break_glass.h"
#include "store/postgres/change_listener.h"
#include "store/postgres/check_register.h"
#include "store/postgres/exception_store.h"
#include "store/postgres/exception_uses.h"
#include "store/postgres/governed_registers.h"
#include "store/postgres/key_store.h"
#include "store/postgres/notification_queue.h"

namespace reeve::store {

class PostgresRegisters final : public SharedRegisters {
 public:
  /// The schema is up to date already: open_shared_registers() sees to that.
  PostgresRegisters(const PostgresOptions& options, const std::string& node)
      : connection_(options),
        keys_(options, node),
        checks_(connection_, node),
        exceptions_(connection_, node),
        notifications_(connection_, node),
        break_glass_(connection_, node),
        governed_connection_(options),
        governed_(governed_connection_, node),
        exception_uses_(options, node),
        listener_(options, "reeve_register") {}

  identity::KeyStore& keys() override { return keys_; }
  policy::CheckRegister& checks() override { return checks_; }
  control::ExceptionStore& exceptions() override { return exceptions_; }
  control::NotificationQueue& notifications() override { return notifications_; }
  identity::BreakGlassStore& break_glass() override { return break_glass_; }
  control::RegisterStore& governed() override { return governed_; }

  Result<void> wait_for_change(Duration patience) override;
  void stop_waiting() override { listener_.stop(); }
  Result<TakenOver> take_over(Registers& own) override;
  policy::SharedUses& exception_uses() override { return exception_uses_; }

  /// What changed, as `connection` tells.
  Result<void> look(PostgresConnection& connection);

 private:
  SharedConnection connection_;
  PostgresKeyStore keys_;
  PostgresCheckRegister checks_;
  PostgresExceptionStore exceptions_;
  PostgresNotificationQueue notifications_;
  PostgresBreakGlass break_glass_;
  // Of its own: lists of an inventory may be long, and nobody who asks for a key waits for them.
  SharedConnection governed_connection_;
  PostgresRegisterStore governed_;
  PostgresExceptionUses exception_uses_;
  ChangeListener listener_;
};

}  // namespace reeve::store
