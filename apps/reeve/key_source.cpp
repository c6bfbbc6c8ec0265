#include "reeve/key_source.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "core/bytes.h"
#include "reeve/child_program.h"

namespace reeve::app {

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kTextBytesMax = 4096;
constexpr Duration kCommandTime = std::chrono::seconds(30);

Result<std::string> from_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kUnavailable, path.string() + ", which is to hold a key, cannot be read"};
  std::string content(kTextBytesMax, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(file.gcount()));
  return content;
}

}  // namespace

void read_key_source(const YamlValue& value, const std::filesystem::path& base, KeySource& source,
                     std::vector<Diagnostic>& complaints) {
  const auto wrong = [&complaints](const YamlValue& at, std::string message) {
    complaints.push_back(at.complain(std::move(message)));
  };
  if (!value.is_mapping() || value.members().size() != 1) {
    return wrong(value, "say where the key is: {file: PATH}, {env: NAME} or {command: [PROGRAM, ...]}");
  }
  value.refuse_unknown_keys({"file", "env", "command"}, complaints);
  if (const YamlValue* file = value.find("file")) {
    if (!file->is_scalar() || file->text().empty()) return wrong(*file, "a path is expected here");
    const std::filesystem::path given = file->text();
    source.file = given.is_absolute() ? given : (base / given).lexically_normal();
  }
  if (const YamlValue* name = value.find("env")) {
    if (!name->is_scalar() || name->text().empty()) return wrong(*name, "the name of a variable is expected here");
    source.environment = name->text();
  }
  if (const YamlValue* command = value.find("command")) {
    const bool is_words = !command->items().empty() && std::ranges::all_of(command->items(), &YamlValue::is_scalar);
    if (!is_words)
      return wrong(*command, "a list of words is expected here, such as [kms, decrypt, content.key.sealed]");
    for (const YamlValue& word : command->items()) source.command.push_back(word.text());
  }
}

std::string name_of(const KeySource& source) {
  if (!source.file.empty()) return "the file " + source.file.string();
  if (!source.environment.empty()) return "the environment variable " + source.environment;
  return source.command.empty() ? "a source that is not named" : "the command " + source.command.front();
}

Result<std::string> decode_key(std::string_view text, const std::string& source) {
  text = trim(text);
  if (auto key = from_hex(text); key && key->size() == kKeyBytes) return *std::move(key);
  if (auto key = from_base64(text); key && key->size() == kKeyBytes) return *std::move(key);
  return Error{ErrorCode::kInvalid, source + " gives no key: 64 hexadecimal digits or base64 of 32 bytes are expected"};
}

Result<std::string> read_source(const KeySource& source) {
  if (!source.file.empty()) return from_file(source.file);
  const std::string name = name_of(source);
  if (!source.environment.empty()) {
    const char* value = std::getenv(source.environment.c_str());
    if (value == nullptr) return Error{ErrorCode::kUnavailable, name + ", which is to hold a key, is not set"};
    return std::string(value);
  }
  if (source.command.empty()) return Error{ErrorCode::kInvalid, "it is not said where the key is"};
  auto output = run_program(source.command, kTextBytesMax, kCommandTime);
  if (!output) return with_context(std::move(output).error(), name + ", which is to give a key");
  if (output->exit_status != 0) {
    return Error{ErrorCode::kUnavailable,
                 name + ", which is to give a key, ended with status " + std::to_string(output->exit_status)};
  }
  return std::move(output->text);
}

Result<std::string> read_key(const KeySource& source) {
  auto text = read_source(source);
  if (!text) return text;
  if (!source.file.empty() && text->size() == kKeyBytes) return text;
  return decode_key(*text, name_of(source));
}

}  // namespace reeve::app
