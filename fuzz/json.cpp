// The JSON reader and writer: whatever the text, parsing ends with a value or an error; what was read can be walked and
// written again, and what was written reads back to the same text. Any bytes at all become a valid JSON string.

#include "core/json.h"

#include <cstddef>
#include <cstdint>

#include "core/bytes.h"

namespace {

std::size_t walk(reeve::JsonValue value) {
  std::size_t values = 1;
  if (value.as_int() && !value.as_double()) __builtin_trap();
  for (const auto& item : value.items()) values += walk(item);
  for (const auto& [name, member] : value.members()) {
    if (!value[name].present()) __builtin_trap();
    values += walk(member);
  }
  return values;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto document = reeve::JsonDocument::parse(text)) {
    if (!reeve::is_utf8(text) || walk(document->root()) > size) __builtin_trap();
    const std::string written = document->root().to_json();
    const auto again = reeve::JsonDocument::parse(written);
    if (!again || again->root().to_json() != written) __builtin_trap();
  }
  std::string string;
  reeve::append_json_string(string, text);
  const auto quoted = reeve::JsonDocument::parse(string);
  if (!quoted) __builtin_trap();
  if (reeve::is_utf8(text) && quoted->root().as_string() != text) __builtin_trap();
  return 0;
}
