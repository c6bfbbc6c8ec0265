#pragma once

// Uses of exceptions that several nodes take of the same limit: asked of the shared storage on a thread of its own, so
// that no loop waits for a database. Private to the gateway room.

#include <string>

#include "core/work_thread.h"
#include "policy/policy.h"

namespace reeve::gateway {

class UseClaims {
 public:
  /// `shared` outlives it.
  explicit UseClaims(policy::SharedUses& shared)
      : shared_(shared), thread_(1'000, Error{ErrorCode::kUnavailable, "too many calls wait for it"}) {}

  /// co_await claims.take(exception, once, executor): as SharedUses::take, and resumes on the executor. kUnavailable
  /// when too many wait. A call that is given up while it waits may have taken its use.
  auto take(const policy::ExceptionInfo& exception, std::string once, Executor& executor) {
    return thread_.answer([&shared = shared_, name = exception.name, limit = *exception.uses,
                           once = std::move(once)] { return shared.take(name, limit, once); },
                          executor);
  }

 private:
  policy::SharedUses& shared_;
  WorkThread<Result<bool>> thread_;
};

}  // namespace reeve::gateway
