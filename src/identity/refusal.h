#pragma once

// Why a credential is refused, on its way to an AuthOutcome.

#include <string>
#include <utility>
#include <variant>

#include "identity/identity.h"

namespace reeve::identity {

struct Refusal {
  AuthFailure failure = AuthFailure::kMalformed;
  std::string message;  // for the caller; never holds the credential or a part of it

  AuthOutcome outcome() && { return {nullptr, failure, std::move(message)}; }
};

template <typename T>
using OrRefusal = std::variant<T, Refusal>;

}  // namespace reeve::identity
