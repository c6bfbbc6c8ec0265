// The texts of Responses: those that grow in .delta events, and the same again, whole, in the events that end a part,
// an item and the response. Each repetition is a channel of its own: what it says is looked at whatever was said
// before. Reasoning stays as it is.

#include <algorithm>

#include "wire/openai/openai.h"

namespace reeve::wire::openai {

namespace {

using Kind = AnswerFilter::Kind;

// Texts that grow: events NAME.delta, with "delta", and NAME.done, with the whole under a name of its own.
struct GrowingText {
  std::string_view name;
  std::string_view whole;
  Kind kind;
};

// What a custom tool takes is free text, not JSON: it is written as a text is.
constexpr GrowingText kGrowingTexts[] = {
    {"response.output_text", "text", Kind::kText},
    {"response.refusal", "refusal", Kind::kText},
    {"response.function_call_arguments", "arguments", Kind::kToolArguments},
    {"response.custom_tool_call_input", "input", Kind::kText},
    {"response.mcp_call_arguments", "arguments", Kind::kToolArguments},
    {"response.code_interpreter_call_code", "code", Kind::kText},
    {"response.apply_patch_call_operation_diff", "diff", Kind::kText},
    {"response.shell_call_command", "command", Kind::kText},
    {"response.audio.transcript", "transcript", Kind::kText},
};

void rewrite_part(TextFlow& flow, JsonNode part) {
  const std::string_view type = part.find("type").raw_string();
  if (type == "output_text" || type == "text") flow.whole(Kind::kText, part.find("text"));
  if (type == "refusal") flow.whole(Kind::kText, part.find("refusal"));
}

void rewrite_item(TextFlow& flow, JsonNode item) {
  const std::string_view type = item.find("type").raw_string();
  if (type == "message") {
    for (const JsonNode part : item.find("content").elements()) rewrite_part(flow, part);
  } else if (type == "function_call" || type == "mcp_call" || type == "mcp_approval_request") {
    const JsonNode arguments = item.find("arguments");
    flow.whole(Kind::kToolArguments, arguments);
    if (!arguments.is_string()) flow.values(arguments);
  } else if (type == "custom_tool_call") {
    flow.whole(Kind::kText, item.find("input"));
  } else if (type == "code_interpreter_call") {
    flow.whole(Kind::kText, item.find("code"));
  } else if (type == "local_shell_call" || type == "shell_call" || type == "computer_call") {
    flow.values(item.find("action"));
    flow.values(item.find("actions"));
  } else if (type == "apply_patch_call") {
    flow.values(item.find("operation"));
  }
}

void rewrite_output(TextFlow& flow, JsonNode response) {
  for (const JsonNode item : response.find("output").elements()) rewrite_item(flow, item);
}

ChannelKey key_of(const GrowingText& text, JsonNode root) {
  const auto family = static_cast<std::uint32_t>(&text - std::begin(kGrowingTexts));
  return {family, root.find("output_index").as_int().value_or(0), root.find("content_index").as_int().value_or(0)};
}

bool rewrite_growing(TextFlow& flow, std::string_view type, JsonNode root) {
  const std::size_t dot = std::min(type.rfind('.'), type.size());
  const std::string_view name = type.substr(0, dot);
  const auto* const found = std::find_if(std::begin(kGrowingTexts), std::end(kGrowingTexts),
                                         [name](const GrowingText& each) { return each.name == name; });
  if (found == std::end(kGrowingTexts)) return false;
  if (type.substr(dot) == ".delta") {
    const JsonNode delta = root.find("delta");
    if (delta.raw_string().empty()) return true;
    Channel& channel = flow.channel(key_of(*found, root), found->kind);
    if (channel.label.empty()) channel.label = copy_members(root, {"item_id", "output_index", "content_index"});
    flow.piece(channel, delta);
  } else if (type.substr(dot) == ".done") {
    flow.end(key_of(*found, root));
    flow.whole(found->kind, root.find(found->whole));
  }
  return true;
}

void rewrite_by_type(TextFlow& flow, std::string_view type, JsonNode root) {
  if (rewrite_growing(flow, type, root)) return;
  if (type == "response.content_part.added" || type == "response.content_part.done") {
    rewrite_part(flow, root.find("part"));
  } else if (type == "response.output_item.added") {
    rewrite_item(flow, root.find("item"));
  } else if (type == "response.output_item.done") {
    flow.end_index(root.find("output_index").as_int().value_or(0));
    rewrite_item(flow, root.find("item"));
  } else if (type == "error") {
    flow.end_all();
  } else if (const JsonNode response = root.find("response"); response.is_object()) {
    const bool begins = type == "response.created" || type == "response.queued" || type == "response.in_progress";
    if (!begins) flow.end_all();
    rewrite_output(flow, response);
  }
}

}  // namespace

// Events of ours push the numbers of all later ones up, so that they stay in order and each the only one.
void rewrite_responses_event(TextFlow& flow, JsonNode root) {
  const JsonNode number = root.find("sequence_number");
  const std::optional<std::int64_t> sent = number.as_int();
  if (sent) flow.sequence = *sent + static_cast<std::int64_t>(flow.own_events_count());
  rewrite_by_type(flow, root.find("type").raw_string(), root);
  if (!sent || !flow.sequence) return;
  if (*flow.sequence != *sent) flow.replace(number, std::to_string(*flow.sequence));
  ++*flow.sequence;
}

void rewrite_responses_answer(TextFlow& flow, JsonNode root) { rewrite_output(flow, root); }

OwnEvent write_held_responses(TextFlow& flow, const Channel& channel, std::string_view text) {
  const GrowingText& growing = kGrowingTexts[channel.key.family];
  const std::string type = std::string(growing.name) + ".delta";
  std::string data = "{\"type\":\"" + type + "\",";
  if (flow.sequence) data += "\"sequence_number\":" + std::to_string((*flow.sequence)++) + ",";
  data += channel.label + "\"delta\":" + std::string(text) + "}";
  return {type, std::move(data)};
}

}  // namespace reeve::wire::openai
