#pragma once

// Errors are values. A function that can fail for a reason outside our code returns Result<T>; the message is for a
// person and says what to do. Exceptions stay inside a .cpp file.

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/check.h"

namespace reeve {

enum class ErrorCode {
  kInvalid,      // the input is wrong; trying again with the same input fails again
  kNotFound,     // what was named does not exist
  kDenied,       // understood, and refused
  kConflict,     // the state changed underneath, or the thing exists already
  kTooLarge,     // a stated limit was exceeded
  kTimeout,      // a stated time passed
  kClosed,       // the peer or our own shutdown ended it
  kUnavailable,  // a thing we need is not working now; trying later may succeed
  kCorrupt,      // stored data does not check out
  kInternal,     // our own fault
};

/// Stable lower-case name, as logs and JSON show it: "invalid", "not_found", ...
const char* error_code_name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // one sentence for a person; never holds a credential or prompt text
};

/// "context: message" with the same code: how an error gains the name of what was being done.
Error with_context(Error error, std::string_view context);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design
  Result(ErrorCode code, std::string message) : Result(Error{code, std::move(message)}) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    CHECK(ok());
    return std::get<0>(state_);
  }
  const T& value() const& {
    CHECK(ok());
    return std::get<0>(state_);
  }
  T&& value() && {
    CHECK(ok());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    CHECK(!ok());
    return std::get<1>(state_);
  }
  Error&& error() && {
    CHECK(!ok());
    return std::get<1>(std::move(state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design
  Result(ErrorCode code, std::string message) : error_(Error{code, std::move(message)}) {}

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& {
    CHECK(!ok());
    return *error_;
  }
  Error&& error() && {
    CHECK(!ok());
    return *std::move(error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace reeve
