// The texts of Chat Completions: content, refusals and tool arguments of each choice. Reasoning stays as it is.

#include "wire/openai/openai.h"

namespace reeve::wire::openai {

namespace {

using Kind = AnswerFilter::Kind;

enum Family : std::uint32_t { kContent, kRefusal, kFunctionCall, kToolArguments, kToolInput };

// A delta may give a text as one string or, with some servers, as parts.
void add_texts(TextFlow& flow, ChannelKey key, JsonNode value) {
  const auto add = [&flow, &key](JsonNode text) {
    if (!text.raw_string().empty()) flow.piece(flow.channel(key, Kind::kText), text);
  };
  add(value);
  for (const JsonNode part : value.elements()) {
    if (part.find("type").raw_string() == "text") add(part.find("text"));
  }
}

void rewrite_call_delta(TextFlow& flow, std::int64_t choice, JsonNode call, std::int64_t position) {
  const std::int64_t number = call.find("index").as_int().value_or(position);
  const JsonNode arguments = call.find("function").find("arguments");
  const JsonNode input = call.find("custom").find("input");
  if (!arguments.raw_string().empty()) {
    flow.piece(flow.channel({kToolArguments, choice, number}, Kind::kToolArguments), arguments);
  }
  flow.values(arguments.is_object() ? arguments : JsonNode());
  if (!input.raw_string().empty()) flow.piece(flow.channel({kToolInput, choice, number}, Kind::kText), input);
}

void rewrite_delta(TextFlow& flow, std::int64_t choice, JsonNode delta) {
  for (const JsonMember member : delta.members()) {
    const std::string_view name = member.key.raw_string();
    if (name == "content") add_texts(flow, {kContent, choice}, member.value);
    if (name == "refusal") add_texts(flow, {kRefusal, choice}, member.value);
    if (name == "function_call") {
      const JsonNode arguments = member.value.find("arguments");
      if (!arguments.raw_string().empty()) {
        flow.piece(flow.channel({kFunctionCall, choice}, Kind::kToolArguments), arguments);
      }
    }
    if (name == "tool_calls") {
      std::int64_t position = 0;
      for (const JsonNode call : member.value.elements()) rewrite_call_delta(flow, choice, call, position++);
    }
  }
}

void rewrite_message(TextFlow& flow, JsonNode message) {
  for (const JsonMember member : message.members()) {
    const std::string_view name = member.key.raw_string();
    if (name == "content" || name == "refusal") {
      flow.whole(Kind::kText, member.value);
      for (const JsonNode part : member.value.elements()) {
        const std::string_view type = part.find("type").raw_string();
        if (type == "text" || type == "refusal") flow.whole(Kind::kText, part.find(type));
      }
    } else if (name == "function_call") {
      flow.whole(Kind::kToolArguments, member.value.find("arguments"));
    } else if (name == "tool_calls") {
      for (const JsonNode call : member.value.elements()) {
        const JsonNode arguments = call.find("function").find("arguments");
        flow.whole(Kind::kToolArguments, arguments);
        if (arguments.is_object()) flow.values(arguments);
        flow.whole(Kind::kText, call.find("custom").find("input"));
      }
    }
  }
}

}  // namespace

void rewrite_chat_event(TextFlow& flow, JsonNode root) {
  // Some servers open with an event of their own that has no choices and not yet an identifier.
  if (flow.head.empty() && root.find("choices").count() > 0) {
    flow.head = copy_members(root, {"id", "object", "created", "model", "system_fingerprint"});
  }
  std::int64_t position = 0;
  for (const JsonNode choice : root.find("choices").elements()) {
    const std::int64_t number = choice.find("index").as_int().value_or(position++);
    rewrite_delta(flow, number, choice.find("delta"));
    rewrite_message(flow, choice.find("message"));
    if (!choice.find("finish_reason").raw_string().empty()) flow.end_index(number);  // some servers say "" all along
  }
  if (root.find("error").is_object()) flow.end_all();
}

void rewrite_chat_answer(TextFlow& flow, JsonNode root) {
  for (const JsonNode choice : root.find("choices").elements()) rewrite_message(flow, choice.find("message"));
}

OwnEvent write_held_chat(TextFlow& flow, const Channel& channel, std::string_view text) {
  JsonWriter choice;
  choice.begin_object().member("index", channel.key.index).key("delta").begin_object();
  switch (channel.key.family) {
    case kContent: choice.key("content").raw(text); break;
    case kRefusal: choice.key("refusal").raw(text); break;
    case kFunctionCall: choice.key("function_call").begin_object().key("arguments").raw(text).end_object(); break;
    default: {
      const bool custom = channel.key.family == kToolInput;
      choice.key("tool_calls").begin_array().begin_object().member("index", channel.key.part);
      choice.key(custom ? "custom" : "function").begin_object().key(custom ? "input" : "arguments").raw(text);
      choice.end_object().end_object().end_array();
    }
  }
  choice.end_object().key("finish_reason").null().end_object();
  return {"", "{" + flow.head + "\"choices\":[" + choice.text() + "]}"};
}

}  // namespace reeve::wire::openai
