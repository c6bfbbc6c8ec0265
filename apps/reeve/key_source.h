#pragma once

// Where a secret key of 32 bytes, or a passphrase, comes from: a file, the environment, or a command, which may be the
// client of a key service or of a hardware module.

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/yaml.h"

namespace reeve::app {

struct KeySource {
  // One of them, or none: then it is a file in the data directory that is made when it is needed first.
  std::filesystem::path file;
  std::string environment;           // the variable's name
  std::vector<std::string> command;  // prints the key
  bool stated() const { return !file.empty() || !environment.empty() || !command.empty(); }
  friend bool operator==(const KeySource&, const KeySource&) = default;
};

/// {file: PATH}, {env: NAME} or {command: [PROGRAM, ...]}; relative paths are meant from `base`.
void read_key_source(const YamlValue& value, const std::filesystem::path& base, KeySource& source,
                     std::vector<Diagnostic>& complaints);

/// "the file /etc/reeve/sealing.key": for messages.
std::string name_of(const KeySource& source);
/// What it gives, as text or bytes: at most 4 KiB. Errors name the source, never what it gave. Blocks, a command at
/// most for 30 s.
Result<std::string> read_source(const KeySource& source);
/// 64 hexadecimal digits or base64 of 32 bytes.
Result<std::string> decode_key(std::string_view text, const std::string& source);

/// The key: 32 bytes as they are (files only), 64 hexadecimal digits or base64, with nothing else but white space
/// around it. Errors name the source, never what it gave. Blocks, a command at most for 30 s.
Result<std::string> read_key(const KeySource& source);

}  // namespace reeve::app
