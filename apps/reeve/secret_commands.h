#pragma once

// The commands of `reeve secret` and `reeve provider`.

#include <string>
#include <vector>

#include "reeve/commands.h"
#include "reeve/config.h"

namespace reeve::app {

struct SecretArguments {
  std::string place;
  std::string by;         // empty: the user that runs the command
  bool keep_old = false;  // the old key stays in its file
};
/// Seals what standard input gives and prints it. A secret never stands on a command line.
int secret_seal_command(const Common& common, const SecretArguments& arguments);
/// Where secrets are and how they are kept. 1 when one cannot be opened.
int secret_list_command(const Common& common);
/// Seals everything anew with the key that seals now; makes that key where it lies in a file. 1 when something is left
/// under an old key.
int secret_rotate_command(const Common& common, const SecretArguments& arguments);

/// Which keys providers have, and how they stand with a running server.
int provider_list_command(const Common& common);

/// One place of a secret, as people see it.
struct KeptSecret {
  enum class State : std::uint8_t { kSealed, kOldKey, kClear, kEnvironment, kUnreadable };
  std::string place;
  std::filesystem::path file;  // that holds it; empty: the environment
  State state = State::kClear;
  bool may_be_sealed_anew = false;  // by us: it is sealed, in a file of ours
  std::string why;                  // kUnreadable
};
/// All of them. Opens each.
Result<std::vector<KeptSecret>> kept_secrets(const Common& common);

}  // namespace reeve::app
