#pragma once

// The role bindings that hold at this moment, for the threads that ask and the one that reloads.
//
// Demonstration data brings roles of its own for those who visit it (demo_visitors.h). They are for these people alone,
// and only as long as the governance directory gives no roles to anybody.

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
  /// Those by which this person is judged.
  std::shared_ptr<const identity::RoleBindings> of(const identity::Principal& person) const {
    auto bindings = current();
    return bindings->empty() && !visitors_.held_by(person.id, {}).empty()
               ? std::make_shared<const identity::RoleBindings>(visitors_)
               : bindings;
  }
  /// Before anybody asks.
  void set_visitors(identity::RoleBindings bindings) { visitors_ = std::move(bindings); }
  void replace(identity::RoleBindings bindings) {
    auto next = std::make_shared<const identity::RoleBindings>(std::move(bindings));
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const identity::RoleBindings> current_ = std::make_shared<const identity::RoleBindings>();
  identity::RoleBindings visitors_;
};

}  // namespace reeve::app
