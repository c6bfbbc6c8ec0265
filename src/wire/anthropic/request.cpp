#include "wire/anthropic/anthropic.h"

namespace reeve::wire::anthropic {

namespace {

// Claude Code sends metadata.user_id as a JSON text with session_id in it; releases before 2.1 sent
// user_HASH_account_UUID_session_UUID.
std::string session_of_user_id(const std::string& user_id) {
  constexpr std::string_view kMark = "_session_";
  if (user_id.starts_with('{')) {
    JsonScan scan;
    const Result<JsonNode> root = scan.read(user_id);
    return root ? root->find("session_id").as_string().value_or("") : "";
  }
  const std::size_t mark = user_id.rfind(kMark);
  return user_id.starts_with("user_") && mark != std::string::npos ? user_id.substr(mark + kMark.size()) : "";
}

// An address, or the name of a file that Anthropic keeps; also in what a tool answered.
bool any_elsewhere(JsonNode blocks) {
  for (const JsonNode block : blocks.elements()) {
    const JsonNode source = block.find("source");
    const std::string_view kind = source.find("type").raw_string();
    if (kind == "url" || kind == "file" || block.find("type").raw_string() == "container_upload") return true;
    if (any_elsewhere(source.find("content")) || any_elsewhere(block.find("content"))) return true;
  }
  return false;
}

// Tools that the client runs; what all others bring is input.
bool runs_here(JsonNode tool) {
  const std::string_view type = tool.find("type").raw_string();
  if (type.empty() || type == "custom") return true;
  for (const std::string_view name : {"bash_", "text_editor_", "computer_", "memory_"}) {
    if (type.starts_with(name)) return true;
  }
  return false;
}

}  // namespace

Result<void> read_request(const Route&, const RequestFields& fields, RequestView& view) {
  if (auto read = read_bool(fields[Field::kStream], "stream", view.stream); !read) return read;
  if (auto read = read_count(fields[Field::kMaxTokens], "max_tokens", view.max_output_tokens); !read) return read;

  const Result<bool> has_tools = is_filled_array(fields[Field::kTools], "tools");
  if (!has_tools) return has_tools.error();
  view.has_tools = *has_tools;

  const JsonNode messages = fields[Field::kMessages];
  if (messages.present() && !messages.is_array()) return wrong_type("messages", "an array");
  view.messages = messages.count();
  view.input_elsewhere = fields[Field::kElsewhere].count() > 0;
  for (const JsonNode tool : fields[Field::kTools].elements()) {
    view.input_elsewhere = view.input_elsewhere || !runs_here(tool);
  }
  for (const JsonNode message : messages.elements()) {
    view.input_elsewhere = view.input_elsewhere || any_elsewhere(message.find("content"));
  }

  const JsonNode thinking = fields[Field::kThinking];
  if (auto checked = require_object(thinking, "thinking"); !checked) return checked;
  view.has_thinking = thinking.present() && thinking.find("type").as_string() != "disabled";

  // Fast mode is served ahead of others at a higher price, which is what priority means elsewhere.
  std::string speed;
  if (auto read = read_string(fields[Field::kSpeed], "speed", speed); !read) return read;
  if (speed == "fast") view.service_tier = ServiceTier::kPriority;

  const JsonNode metadata = fields[Field::kMetadata];
  if (auto checked = require_object(metadata, "metadata"); !checked) return checked;
  if (const auto user_id = metadata.find("user_id").as_string()) view.session_in_body = session_of_user_id(*user_id);
  return {};
}

}  // namespace reeve::wire::anthropic
