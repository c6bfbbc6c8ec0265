#pragma once

// What the governance files say of the control plane and holds at this moment, for the threads that ask and the one
// that reloads.

#include <memory>
#include <mutex>

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

using RolesInForce = InForce<identity::RoleBindings>;

/// Who looks at intakes and exceptions, and by which questions.
struct Workflow {
  control::IntakeRules intake;
  control::ApprovalPolicies approvals;
  bool is_readable = true;  // false: nobody knows who may decide, so nobody does
};
using WorkflowInForce = InForce<Workflow>;

}  // namespace reeve::app
