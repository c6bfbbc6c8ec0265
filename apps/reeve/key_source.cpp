#include "reeve/key_source.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/bytes.h"
#include "reeve/child_program.h"

namespace reeve::app {

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kTextBytesMax = 4096;
constexpr Duration kCommandTime = std::chrono::seconds(30);

Result<std::string> decode_key(std::string_view text, const std::string& source) {
  text = trim(text);
  if (auto key = from_hex(text); key && key->size() == kKeyBytes) return *std::move(key);
  if (auto key = from_base64(text); key && key->size() == kKeyBytes) return *std::move(key);
  return Error{ErrorCode::kInvalid, source + " gives no key: 64 hexadecimal digits or base64 of 32 bytes are expected"};
}

Result<std::string> from_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kUnavailable, "the key's file " + path.string() + " cannot be read"};
  std::string content(kTextBytesMax, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() == kKeyBytes) return content;
  return decode_key(content, "the key's file " + path.string());
}

}  // namespace

Result<std::string> read_key(const KeySource& source) {
  if (!source.file.empty()) return from_file(source.file);
  if (!source.environment.empty()) {
    const char* value = std::getenv(source.environment.c_str());
    const std::string name = "the environment variable " + source.environment;
    if (value == nullptr) return Error{ErrorCode::kUnavailable, name + ", which is to hold a key, is not set"};
    return decode_key(value, name);
  }
  if (source.command.empty()) return Error{ErrorCode::kInvalid, "it is not said where the key is"};
  const std::string name = "the command " + source.command.front();
  auto output = run_program(source.command, kTextBytesMax, kCommandTime);
  if (!output) return with_context(std::move(output).error(), name + ", which is to give a key");
  if (output->exit_status != 0) {
    return Error{ErrorCode::kUnavailable,
                 name + ", which is to give a key, ended with status " + std::to_string(output->exit_status)};
  }
  return decode_key(output->text, name);
}

}  // namespace reeve::app
