#pragma once

// Sign-ins as whoever runs Reeve sees them: listing them, ending those of others.

#include <memory>
#include <string>

#include "core/json.h"
#include "reeve/commands.h"

namespace reeve::app {

struct SignInListArguments {
  std::string person;
  bool all = false;  // those that are over, too
};
int sign_in_list_command(const Common& common, const SignInListArguments& arguments);

struct SignInEndArguments {
  std::string id, person;  // one of the two
  std::string reason, by;
};
/// Beside a running server or before one starts. 1 when there is none that has not ended.
int sign_in_end_command(const Common& common, const SignInEndArguments& arguments);

/// "open", "ended", or "over" once its time has passed.
std::string_view state_of(const identity::SignInSession& sign_in, Instant now);
void write_sign_in(JsonWriter& json, const identity::SignInSession& sign_in, Instant now);
/// Why a reason or a name cannot be taken: kInvalid.
Result<void> check_end(const identity::SignInEnd& end);

}  // namespace reeve::app
