#pragma once

// What the governance files say of the control plane and holds at this moment, for the threads that ask and the one
// that reloads.

#include <memory>
#include <mutex>
#include <utility>

#include "control/control.h"
#include "identity/identity.h"

namespace reeve::app {

template <typename T>
class InForce {
 public:
  std::shared_ptr<const T> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  void replace(T value) {
    auto next = std::make_shared<const T>(std::move(value));
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> current_ = std::make_shared<const T>();
};

/// Demonstration data brings roles of its own for those who visit it (demo_visitors.h). They are for these people
/// alone, and only as long as the governance directory gives no roles to anybody.
class RolesInForce : public InForce<identity::RoleBindings> {
 public:
  /// Those by which this person is judged.
  std::shared_ptr<const identity::RoleBindings> of(const identity::Principal& person) const {
    auto bindings = current();
    return bindings->empty() && !visitors_.held_by(person.id, {}).empty()
               ? std::make_shared<const identity::RoleBindings>(visitors_)
               : bindings;
  }
  /// Before anybody asks.
  void set_visitors(identity::RoleBindings bindings) { visitors_ = std::move(bindings); }

 private:
  identity::RoleBindings visitors_;
};

/// Who looks at intakes and exceptions, and by which questions.
struct Workflow {
  control::IntakeRules intake;
  control::ApprovalPolicies approvals;
  bool is_readable = true;  // false: nobody knows who may decide, so nobody does
};
using WorkflowInForce = InForce<Workflow>;

}  // namespace reeve::app
