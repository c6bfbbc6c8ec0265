#pragma once

// Where a set-up keeps what the control plane has: the registers of this node alone, or those that its nodes share.

#include <memory>
#include <optional>

#include "reeve/commands.h"
#include "reeve/config.h"
#include "store/store.h"

namespace reeve::app {

struct RegisterAccess {
  std::unique_ptr<store::Store> own;               // null where the registers are shared
  std::unique_ptr<store::SharedRegisters> shared;  // null: this node is alone
  store::Registers& registers() const { return shared ? static_cast<store::Registers&>(*shared) : *own; }
};

/// `make`: a data directory that is not there yet is made.
Result<RegisterAccess> open_registers(const Common& common, bool make);

/// After a change, before its command ends: a server on this machine hears of it from the database.
void wait_until_known(const RegisterAccess& access);

/// Copies what this node had for itself before nodes shared a database.
int storage_move_command(const Common& common);

/// Once for a data directory, when a server that shares a database starts: what it had for itself before.
Result<void> take_over_once(store::Store& own, store::SharedRegisters& shared, const std::filesystem::path& directory);

}  // namespace reeve::app
