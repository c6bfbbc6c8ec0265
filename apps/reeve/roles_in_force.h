#pragma once

// The role bindings that hold at this moment, for the threads that ask and the one that reloads.

#include <memory>
#include <mutex>

#include "identity/identity.h"

namespace reeve::app {

class RolesInForce {
 public:
  std::shared_ptr<const identity::RoleBindings> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  void replace(identity::RoleBindings bindings) {
    auto next = std::make_shared<const identity::RoleBindings>(std::move(bindings));
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const identity::RoleBindings> current_ = std::make_shared<const identity::RoleBindings>();
};

}  // namespace reeve::app
