#pragma once

// A text inside the body of a call: where it lies, how it is written there and who brought it in. The wire room finds
// texts, the content room looks into them.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace reeve {

/// Who brought a text into a conversation.
enum class TextOrigin : std::uint8_t {
  kSystem,         // system prompts, instructions, developer messages
  kUser,           // what a person typed, or what their client put there in their name
  kAssistant,      // the model's own words
  kToolArguments,  // what the model asked a tool to do
  kToolResult,     // what a tool brought back
  kDocument,       // attached documents and files in text form, their titles and context
  kFileName,       // names of files and of uploads
};
inline constexpr std::size_t kTextOrigins = 7;

/// "system", "user", "assistant", "tool_arguments", "tool_result", "document", "file_name": the words of
/// content.findings[].origin and of ledger entries.
constexpr std::string_view text_origin_name(TextOrigin origin) {
  constexpr std::string_view kNames[kTextOrigins] = {"system",      "user",     "assistant", "tool_arguments",
                                                     "tool_result", "document", "file_name"};
  return kNames[static_cast<std::size_t>(origin)];
}

/// How a text is written in the body.
enum class TextForm : std::uint8_t {
  kPlain,       // as it is: a file, a pipe, a decoded delta
  kJsonString,  // the inside of a JSON string, without its quotes, escapes as sent
  kJsonValue,   // a whole JSON value (an object of tool arguments): its keys and strings are texts
};

struct BodyText {
  std::size_t offset = 0;  // bytes from the body's start
  std::size_t length = 0;
  TextForm form = TextForm::kPlain;
  TextOrigin origin = TextOrigin::kUser;
};

}  // namespace reeve
