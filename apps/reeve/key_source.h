#pragma once

// Where a secret key of 32 bytes comes from: a file, the environment, or a command, which may be the client of a key
// service or of a hardware module.

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"

namespace reeve::app {

struct KeySource {
  // One of them, or none: then it is a file in the data directory that is made when it is needed first.
  std::filesystem::path file;
  std::string environment;           // the variable's name
  std::vector<std::string> command;  // prints the key
  bool stated() const { return !file.empty() || !environment.empty() || !command.empty(); }
  friend bool operator==(const KeySource&, const KeySource&) = default;
};

/// The key: 32 bytes as they are (files only), 64 hexadecimal digits or base64, with nothing else but white space
/// around it. Errors name the source, never what it gave. Blocks, a command at most for 30 s.
Result<std::string> read_key(const KeySource& source);

}  // namespace reeve::app
