// The texts of Anthropic's answers: text blocks and the input of tools. Thinking, signatures, citations and the results
// of tools that run at the provider stay as they are, because the provider wants them back as it gave them.

#include "wire/anthropic/anthropic.h"

namespace reeve::wire::anthropic {

namespace {

using Kind = AnswerFilter::Kind;

ChannelKey key_of(Kind kind, JsonNode index) {
  return {.family = static_cast<std::uint32_t>(kind), .index = index.as_int().value_or(0)};
}

void add_piece(TextFlow& flow, Kind kind, JsonNode index, JsonNode text) {
  if (!text.raw_string().empty()) flow.piece(flow.channel(key_of(kind, index), kind), text);
}

bool is_tool_use(JsonNode block) {
  const std::string_view type = block.find("type").raw_string();
  return type == "tool_use" || type.ends_with("_tool_use");
}

}  // namespace

void rewrite_event(TextFlow& flow, JsonNode root) {
  const std::string_view type = root.find("type").raw_string();
  const JsonNode index = root.find("index");
  if (type == "content_block_delta") {
    const JsonNode delta = root.find("delta");
    const std::string_view kind = delta.find("type").raw_string();
    if (kind == "text_delta") add_piece(flow, Kind::kText, index, delta.find("text"));
    if (kind == "input_json_delta") add_piece(flow, Kind::kToolArguments, index, delta.find("partial_json"));
  } else if (type == "content_block_start") {
    const JsonNode block = root.find("content_block");
    if (block.find("type").raw_string() == "text") add_piece(flow, Kind::kText, index, block.find("text"));
    if (is_tool_use(block)) flow.values(block.find("input"));
  } else if (type == "content_block_stop") {
    flow.end_index(index.as_int().value_or(0));
  } else if (type == "message_delta" || type == "message_stop" || type == "error") {
    flow.end_all();
  }
}

void rewrite_answer(TextFlow& flow, JsonNode root) {
  for (const JsonNode block : root.find("content").elements()) {
    if (block.find("type").raw_string() == "text") flow.whole(Kind::kText, block.find("text"));
    if (is_tool_use(block)) flow.values(block.find("input"));
  }
}

OwnEvent write_held(TextFlow&, const Channel& channel, std::string_view text) {
  const bool arguments = channel.kind == Kind::kToolArguments;
  JsonWriter data;
  data.begin_object().member("type", "content_block_delta").member("index", channel.key.index);
  data.key("delta").begin_object().member("type", arguments ? "input_json_delta" : "text_delta");
  data.key(arguments ? "partial_json" : "text").raw(text).end_object().end_object();
  return {"content_block_delta", data.take()};
}

}  // namespace reeve::wire::anthropic
