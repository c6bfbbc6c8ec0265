#pragma once

// Who may decide about a request. Private to the room.

#include "control/control.h"

namespace reeve::control {

struct Authority {
  const ApprovalPolicy* policy = nullptr;
  bool needs_second = false;
};

/// The policy by which this person may approve the request up to `until`: one that needs no second person, when there
/// is one. kDenied otherwise, with what is missing.
Result<Authority> authority_of(const ApprovalPolicies& policies, const ExceptionRequest& request, const Actor& by,
                               Instant until);
/// Whether this person is a reviewer of such requests, of whatever amount and time: enough to say no.
Result<void> concern_of(const ApprovalPolicies& policies, const ExceptionRequest& request, const Actor& by);

}  // namespace reeve::control
