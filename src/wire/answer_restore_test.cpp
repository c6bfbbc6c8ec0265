// Placeholders in answers of every dialect, in text and in the arguments of tools, cut into deltas anywhere and into
// pieces of bytes anywhere: what a client puts together must be exact. 5,000 streams; REEVE_PROPERTY_CASES sets another
// number.

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <random>

#include "core/json.h"
#include "wire/restoring_filter.h"
#include "wire/wire.h"

namespace reeve::wire {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

// ---- What a model says

std::string make_placeholder(Random& random) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string placeholder = "RV";
  while (placeholder.size() < 20) placeholder += kAlphabet[below(random, kAlphabet.size())];
  return placeholder;
}

std::string make_text(Random& random, const Originals& originals, std::size_t words_max) {
  constexpr std::array<std::string_view, 16> kWords = {"word ", "RV",   "RVAB12", "\n",  "\"quoted\"", "\\ back\\slash",
                                                       "é",     "日本", "😀",     "a=",  "{}",         "R",
                                                       "\t",    "</x>", "/",      "\x01"};
  std::string text;
  for (std::size_t left = below(random, words_max + 1); left > 0; --left) {
    text += below(random, 4) == 0 ? originals[below(random, originals.size())].first
                                  : std::string(kWords[below(random, kWords.size())]);
  }
  return text;
}

struct Said {
  std::string thought;
  std::string text;
  std::string custom;
  std::string arguments;  // compact JSON of strings by name
};

Said make_said(Random& random, const Originals& originals) {
  Said said;
  said.thought = make_text(random, originals, 4);
  said.text = make_text(random, originals, 14);
  said.custom = make_text(random, originals, 8);
  JsonWriter arguments;
  arguments.begin_object();
  arguments.member("path", make_text(random, originals, 4)).member("content", make_text(random, originals, 10));
  arguments.key("list").begin_array().value(make_text(random, originals, 3)).value(7).end_array().end_object();
  said.arguments = arguments.take();
  return said;
}

// The same JSON with originals in its strings.
void restore_json(JsonValue value, const Originals& originals, JsonWriter& out) {
  if (const auto text = value.as_string()) {
    out.value(restore(std::string(*text), originals));
  } else if (value.is_object()) {
    out.begin_object();
    for (const auto& [name, member] : value.members()) restore_json(member, originals, out.key(name));
    out.end_object();
  } else if (value.is_array()) {
    out.begin_array();
    for (const JsonValue item : value.items()) restore_json(item, originals, out);
    out.end_array();
  } else {
    out.raw(value.to_json());
  }
}

std::string compact(const std::string& json) {
  const auto document = JsonDocument::parse(json);
  return document ? document->root().to_json() : "not JSON: " + json;
}

std::string restored_json(const std::string& json, const Originals& originals) {
  JsonWriter out;
  restore_json(JsonDocument::parse(json)->root(), originals, out);
  return out.take();
}

// The insides of JSON strings that together say `text`: as characters or as escapes, which may be cut between the two
// halves of a character.
std::vector<std::string> cut_into_deltas(Random& random, std::string_view text, bool may_cut_characters = true) {
  const bool escapes = may_cut_characters && below(random, 3) == 0;
  std::vector<std::string> units;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const std::string_view character = text.substr(at, length);
    at += length;
    if (escapes && character == "😀") {
      units.insert(units.end(), {"\\ud83d", "\\uDE00"});
    } else if (escapes && character == "é") {
      units.emplace_back("\\u00e9");
    } else {
      units.push_back(inside_json(character));
    }
  }
  std::vector<std::string> deltas(1);
  const std::size_t longest = 1 + below(random, 30);
  std::size_t left = 1 + below(random, longest);
  for (const std::string& unit : units) {
    if (left-- == 0) {
      deltas.emplace_back();
      left = below(random, longest);
    }
    deltas.back() += unit;
  }
  return deltas;
}

// ---- Streams as providers write them

struct Stream {
  Random& random;
  std::string line_end = "\n";
  std::string bytes;
  int number = 0;
  bool array = false;

  void event(std::string_view name, const std::string& data) {
    if (array) {
      bytes += bytes.empty() ? "[" : ",\r\n";
      bytes += data;
      return;
    }
    if (below(random, 20) == 0) bytes += ": ping" + line_end + line_end;
    if (!name.empty()) bytes += "event: " + std::string(name) + line_end;
    bytes += "data: " + data + line_end + line_end;
  }
};

std::string write_anthropic(Random& random, const Said& said) {
  Stream out{random};
  const auto block = [&](int index, const std::string& start, const std::string& delta, const std::string& name,
                         const std::string& text) {
    const std::string at = "\"index\":" + std::to_string(index);
    out.event("content_block_start", R"({"type":"content_block_start",)" + at + ",\"content_block\":" + start + "}");
    for (const std::string& piece : cut_into_deltas(random, text, index > 0)) {
      out.event("content_block_delta", R"({"type":"content_block_delta",)" + at + R"(,"delta":{"type":")" + delta +
                                           "\",\"" + name + "\":\"" + piece + "\"}}");
    }
    out.event("content_block_stop", R"({"type":"content_block_stop",)" + at + "}");
  };
  out.event("message_start", R"({"type":"message_start","message":{"id":"msg_1","role":"assistant","content":[]}})");
  block(0, R"({"type":"thinking","thinking":""})", "thinking_delta", "thinking", said.thought);
  block(1, R"({"type":"text","text":""})", "text_delta", "text", said.text);
  block(2, R"({"type":"tool_use","id":"toolu_1","name":"Write","input":{}})", "input_json_delta", "partial_json",
        said.arguments);
  out.event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{}})");
  out.event("message_stop", R"({"type":"message_stop"})");
  return out.bytes;
}

std::string write_chat(Random& random, const Said& said) {
  Stream out{random};
  const auto chunk = [&out](const std::string& delta, const std::string& reason) {
    out.event("",
              R"({"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":)" +
                  delta + ",\"finish_reason\":" + reason + "}]}");
  };
  chunk(R"({"role":"assistant","content":""})", "null");
  for (const std::string& piece : cut_into_deltas(random, said.thought, false)) {
    chunk(R"({"reasoning_content":")" + piece + "\"}", "null");
  }
  std::vector<std::string> texts = cut_into_deltas(random, said.text);
  const std::string last = below(random, 2) == 0 ? std::exchange(texts.back(), "") : "";
  for (const std::string& piece : texts) chunk(R"({"content":")" + piece + "\"}", "null");
  if (!last.empty()) chunk(R"({"content":")" + last + "\"}", "null");
  chunk(R"({"tool_calls":[{"index":0,"id":"t0","type":"function","function":{"name":"w","arguments":""}}]})", "null");
  const std::vector<std::string> arguments = cut_into_deltas(random, said.arguments);
  const std::vector<std::string> custom = cut_into_deltas(random, said.custom);
  for (std::size_t i = 0; i < std::max(arguments.size(), custom.size()); ++i) {
    std::string calls;
    if (i < arguments.size()) calls = R"({"index":0,"function":{"arguments":")" + arguments[i] + "\"}}";
    if (i < custom.size()) {
      calls += (calls.empty() ? "" : ",") + std::string(R"({"index":1,"custom":{"input":")") + custom[i] + "\"}}";
    }
    const bool finish = i + 1 == std::max(arguments.size(), custom.size()) && below(random, 2) == 0;
    chunk("{\"tool_calls\":[" + calls + "]}", finish ? "\"tool_calls\"" : "null");
  }
  if (below(random, 4) != 0) chunk("{}", "\"tool_calls\"");
  if (below(random, 4) != 0) out.event("", "[DONE]");
  return out.bytes;
}

std::string write_responses(Random& random, const Said& said) {
  Stream out{random};
  const auto event = [&out](const std::string& type, const std::string& members) {
    out.event(type,
              R"({"type":")" + type + R"(","sequence_number":)" + std::to_string(out.number++) + "," + members + "}");
  };
  const auto quoted = [](const std::string& text) { return "\"" + inside_json(text) + "\""; };
  const auto grow = [&](const std::string& name, int index, const std::string& whole, const std::string& text) {
    const std::string at = R"("item_id":"i)" + std::to_string(index) + R"(","output_index":)" + std::to_string(index) +
                           R"(,"content_index":0,)";
    for (const std::string& piece : cut_into_deltas(random, text, index > 0)) {
      event("response." + name + ".delta", at + "\"delta\":\"" + piece + "\"");
    }
    event("response." + name + ".done", at + "\"" + whole + "\":" + quoted(text));
  };
  const std::string message =
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":)" + quoted(said.text) + "}]}";
  const std::string call = R"({"type":"function_call","name":"w","arguments":)" + quoted(said.arguments) + "}";
  const std::string custom = R"({"type":"custom_tool_call","name":"p","input":)" + quoted(said.custom) + "}";
  event("response.created", R"("response":{"id":"r","output":[]})");
  grow("reasoning_summary_text", 0, "text", said.thought);
  grow("output_text", 1, "text", said.text);
  event("response.output_item.done", "\"output_index\":1,\"item\":" + message);
  grow("function_call_arguments", 2, "arguments", said.arguments);
  event("response.output_item.done", "\"output_index\":2,\"item\":" + call);
  grow("custom_tool_call_input", 3, "input", said.custom);
  event("response.output_item.done", "\"output_index\":3,\"item\":" + custom);
  event("response.completed", R"("response":{"id":"r","output":[)" + message + "," + call + "," + custom + "]}");
  return out.bytes;
}

std::string write_gemini(Random& random, const Said& said, bool array) {
  Stream out{random, "\r\n"};
  out.array = array;
  const auto chunk = [&out](const std::string& parts, const std::string& more) {
    out.event("", R"({"candidates":[{"content":{"parts":[)" + parts + R"(],"role":"model"},"index":0)" + more +
                      R"(}],"modelVersion":"g","responseId":"r"})");
  };
  for (const std::string& piece : cut_into_deltas(random, said.thought, false)) {
    chunk(R"({"thought":true,"text":")" + piece + "\"}", "");
  }
  std::vector<std::string> texts = cut_into_deltas(random, said.text);
  const std::string call = R"({"functionCall":{"name":"w","args":)" + said.arguments + R"(},"thoughtSignature":"RVS"})";
  const bool together = below(random, 2) == 0;
  const std::string last = together ? texts.back() : "";
  if (together) texts.pop_back();
  for (const std::string& piece : texts) chunk(R"({"text":")" + piece + "\"}", "");
  chunk(together ? R"({"text":")" + last + "\"}," + call : call, "");
  const std::string end = below(random, 2) == 0 ? R"({"text":"","thoughtSignature":"RVT"})" : "";
  chunk(end, R"(,"finishReason":"STOP")");
  if (array) out.bytes += "\n]\n";
  return out.bytes;
}

// ---- What a client puts together

struct Heard {
  Said said;
  std::vector<std::string> repeated_texts;
  std::vector<std::string> repeated_arguments;
  std::vector<std::string> repeated_customs;
  std::int64_t last_number = -1;
};

void hear_anthropic(JsonValue event, Heard& heard) {
  const JsonValue delta = event["delta"];
  heard.said.thought += delta["thinking"].string_or("");
  heard.said.text += delta["text"].string_or("");
  heard.said.arguments += delta["partial_json"].string_or("");
}

void hear_chat(JsonValue event, Heard& heard) {
  EXPECT_EQ(event["id"].string_or(""), "c1");
  for (const JsonValue choice : event["choices"].items()) {
    const JsonValue delta = choice["delta"];
    heard.said.thought += delta["reasoning_content"].string_or("");
    heard.said.text += delta["content"].string_or("");
    for (const JsonValue call : delta["tool_calls"].items()) {
      std::string& into = call["index"].int_or(-1) == 0 ? heard.said.arguments : heard.said.custom;
      into += call["function"]["arguments"].string_or("");
      into += call["custom"]["input"].string_or("");
    }
  }
}

void hear_item(JsonValue item, Heard& heard) {
  const std::string_view type = item["type"].string_or("");
  if (type == "message") heard.repeated_texts.emplace_back(item["content"].items().at(0)["text"].string_or(""));
  if (type == "function_call") heard.repeated_arguments.emplace_back(item["arguments"].string_or(""));
  if (type == "custom_tool_call") heard.repeated_customs.emplace_back(item["input"].string_or(""));
}

void hear_responses(JsonValue event, Heard& heard) {
  const std::string_view type = event["type"].string_or("");
  const std::string delta(event["delta"].string_or(""));
  const std::int64_t number = event["sequence_number"].int_or(-1);
  EXPECT_EQ(number, heard.last_number + 1);
  heard.last_number = number;
  if (type == "response.reasoning_summary_text.delta") heard.said.thought += delta;
  if (type == "response.output_text.delta") heard.said.text += delta;
  if (type == "response.function_call_arguments.delta") heard.said.arguments += delta;
  if (type == "response.custom_tool_call_input.delta") heard.said.custom += delta;
  if (type == "response.output_text.done") heard.repeated_texts.emplace_back(event["text"].string_or(""));
  if (type == "response.function_call_arguments.done") {
    heard.repeated_arguments.emplace_back(event["arguments"].string_or(""));
  }
  if (type == "response.custom_tool_call_input.done") {
    heard.repeated_customs.emplace_back(event["input"].string_or(""));
  }
  hear_item(event["item"], heard);
  for (const JsonValue item : event["response"]["output"].items()) hear_item(item, heard);
}

void hear_gemini(JsonValue event, Heard& heard) {
  for (const JsonValue candidate : event["candidates"].items()) {
    for (const JsonValue part : candidate["content"]["parts"].items()) {
      const bool thought = part["thought"].as_bool().value_or(false);
      (thought ? heard.said.thought : heard.said.text) += part["text"].string_or("");
      if (part["functionCall"].present()) {
        heard.said.arguments = part["functionCall"]["args"].to_json();
        EXPECT_EQ(part["thoughtSignature"].string_or(""), "RVS");
        heard.repeated_texts.push_back(heard.said.text);  // no text comes after the call
      }
    }
  }
}

// ---- The test

struct Form {
  std::string_view path;
  std::string_view content_type;
  std::string (*write)(Random&, const Said&);
  void (*hear)(JsonValue, Heard&);
  bool has_custom;
};

constexpr Form kForms[] = {
    {"/v1/messages", "text/event-stream", write_anthropic, hear_anthropic, false},
    {"/v1/chat/completions", "text/event-stream; charset=utf-8", write_chat, hear_chat, true},
    {"/v1/responses", "text/event-stream", write_responses, hear_responses, true},
    {"/v1beta/models/g:streamGenerateContent", "text/event-stream",
     [](Random& random, const Said& said) { return write_gemini(random, said, false); }, hear_gemini, false},
    {"/v1beta/models/g:streamGenerateContent", "application/json; charset=UTF-8",
     [](Random& random, const Said& said) { return write_gemini(random, said, true); }, hear_gemini, false},
};

Heard hear(const Form& form, const std::string& answer) {
  Heard heard;
  const auto hear_one = [&](std::string_view data) {
    if (data == "[DONE]") return;
    const auto event = JsonDocument::parse(data);
    ASSERT_TRUE(event.ok()) << data;
    form.hear(event->root(), heard);
  };
  if (form.content_type == "text/event-stream" || form.content_type.starts_with("text/event-stream;")) {
    EventStreamReader reader;
    reader.feed(answer, [&](const EventStreamReader::Event& event) { hear_one(event.data); });
    reader.end([](const EventStreamReader::Event&) { ADD_FAILURE() << "an event without its end"; });
  } else {
    const auto all = JsonDocument::parse(answer);
    EXPECT_TRUE(all.ok()) << answer;
    if (!all) return heard;
    for (const JsonValue event : all->root().items()) form.hear(event, heard);
  }
  return heard;
}

std::string rewrite(Random& random, const Form& form, const std::string& answer, AnswerFilter& filter) {
  const auto rewriter = make_answer_rewriter(*find_route(form.path, false), 200, form.content_type, "", filter);
  const std::size_t longest = below(random, 2) == 0 ? 12 : 600;
  std::string out;
  for (std::size_t at = 0; at < answer.size();) {
    const std::string piece = answer.substr(at, 1 + below(random, longest));
    EXPECT_TRUE(rewriter->feed(piece, out).ok());
    at += piece.size();
  }
  EXPECT_TRUE(rewriter->finish(out).ok());
  return out;
}

Originals make_originals(Random& random) {
  constexpr std::array<std::string_view, 6> kOriginals = {
      "alice@example.com", "pa\"ss\\wo\nrd\t\"", "x", "日本 😀 é", "\\\"\\", "-----BEGIN-----\r\nAAAA/+==\r\n\x02"};
  Originals originals;
  for (std::size_t i = 1 + below(random, 3); i > 0; --i) {
    originals.emplace_back(make_placeholder(random), kOriginals[below(random, kOriginals.size())]);
  }
  return originals;
}

void check_one(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const Form& form = kForms[seed % std::size(kForms)];
  const Originals originals = make_originals(random);
  const Said said = make_said(random, originals);
  const std::string answer = form.write(random, said);
  const bool looks_ahead = below(random, 3) == 0;
  RestoringFilter filter(originals, looks_ahead ? std::optional<std::uint64_t>(below(random, 40)) : std::nullopt);
  const std::string out = rewrite(random, form, answer, filter);
  EXPECT_TRUE(filter.nothing_open());

  const std::string text = restore(said.text, originals);
  const std::string custom = restore(said.custom, originals);
  const std::string arguments = restored_json(said.arguments, originals);
  const Heard heard = hear(form, out);
  EXPECT_EQ(heard.said.thought, said.thought);
  EXPECT_EQ(heard.said.text, text);
  EXPECT_EQ(compact(heard.said.arguments), arguments);
  if (form.has_custom) EXPECT_EQ(heard.said.custom, custom);
  for (const std::string& repeated : heard.repeated_texts) EXPECT_EQ(repeated, text);
  for (const std::string& repeated : heard.repeated_customs) EXPECT_EQ(repeated, custom);
  for (const std::string& repeated : heard.repeated_arguments) EXPECT_EQ(compact(repeated), arguments);
}

TEST(AnswerRestore, EveryDialectIsExactWhereverItIsCut) {
  const char* given = std::getenv("REEVE_PROPERTY_CASES");
  const std::uint64_t cases = given != nullptr ? std::strtoull(given, nullptr, 10) : 5'000;
  for (std::uint64_t seed = 0; seed < cases; ++seed) {
    check_one(seed);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace reeve::wire
