// Requests that real coding agents sent (tests/clients/recorded): every one must be routed, recognised and read, and
// what is found must be what the recording says, wherever the model stands in it.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/json.h"
#include "wire/wire.h"

namespace reeve::wire {
namespace {

// Texts are recorded as {"$text": length}; they come back as words of that length.
void refill(JsonValue value, JsonWriter& out) {
  if (const JsonValue length = value["$text"]; length.present()) {
    const std::string words = "a test before it lands, \"quoted\"\n";
    std::string text;
    while (static_cast<std::int64_t>(text.size()) < length.int_or(0)) text += words;
    text.resize(static_cast<std::size_t>(length.int_or(0)));
    out.value(text);
  } else if (value.is_object()) {
    out.begin_object();
    for (const auto& [name, member] : value.members()) refill(member, out.key(name));
    out.end_object();
  } else if (value.is_array()) {
    out.begin_array();
    for (const JsonValue item : value.items()) refill(item, out);
    out.end_array();
  } else {
    out.raw(value.to_json());
  }
}

struct Recorded {
  std::string client;
  JsonDocument document;
};

std::vector<Recorded> recordings() {
  std::vector<Recorded> all;
  for (const auto& entry : std::filesystem::directory_iterator(REEVE_SOURCE_DIR "/tests/clients/recorded")) {
    if (entry.path().extension() != ".jsonl") continue;
    const std::string name = entry.path().stem().string();
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      auto document = JsonDocument::parse(line);
      EXPECT_TRUE(document.ok()) << name;
      if (document) all.push_back({name.substr(0, name.find('-')), *std::move(document)});
    }
  }
  return all;
}

std::string_view name_of_client(const std::string& recorded) {
  if (recorded == "claude") return "claude-code";
  if (recorded == "gemini") return "gemini-cli";
  if (recorded == "copilot") return "copilot-cli";
  return recorded;
}

HeaderLookup headers_of(JsonValue request) {
  return [headers = request["headers"]](std::string_view name) { return headers[name].string_or(""); };
}

constexpr std::string_view kNotTexts[] = {"type", "role",   "id",     "call_id",   "tool_call_id",    "tool_use_id",
                                          "name", "status", "effort", "namespace", "thoughtSignature"};

// Every string value below `value`, but for the names that programs compare and, where they are looked for alone, the
// arguments of tools.
void collect_strings(JsonValue value, bool all, std::vector<std::string>& strings) {
  if (const auto text = value.as_string(); text && !text->empty()) strings.emplace_back(*text);
  for (const JsonValue item : value.items()) collect_strings(item, all, strings);
  for (const auto& [name, member] : value.members()) {
    if (name == "input" || name == "args" || name == "response") {
      collect_strings(member, true, strings);
    } else if (all || std::find(std::begin(kNotTexts), std::end(kNotTexts), name) == std::end(kNotTexts)) {
      collect_strings(member, all, strings);
    }
  }
}

// What a person would call the texts of a body, found in another way than read_request does it.
std::vector<std::string> strings_of(const std::string& body) {
  std::vector<std::string> strings;
  const auto document = JsonDocument::parse(body);
  for (const auto& [name, member] : document->root().members()) {
    if (name == "input") {
      for (const JsonValue item : member.items()) collect_strings(item, false, strings);
    } else if (name == "messages" || name == "contents" || name == "system" || name == "instructions" ||
               name == "systemInstruction") {
      collect_strings(member, false, strings);
    }
  }
  return strings;
}

void check_texts(const std::string& body, const std::vector<BodyText>& texts) {
  std::vector<std::string> found;
  std::size_t end = 0;
  for (const BodyText& text : texts) {
    ASSERT_GE(text.offset, end);
    end = text.offset + text.length;
    ASSERT_LE(end, body.size());
    const std::string sent = body.substr(text.offset, text.length);
    const auto value = JsonDocument::parse(text.form == TextForm::kJsonValue ? sent : "\"" + sent + "\"");
    ASSERT_TRUE(value.ok()) << value.error().message;
    collect_strings(value->root(), true, found);
  }
  EXPECT_EQ(found, strings_of(body));
  EXPECT_FALSE(found.empty());
}

void check_body(const Route& route, JsonValue body) {
  JsonWriter out;
  refill(body, out);
  const std::string text = out.take();
  std::vector<BodyText> texts;
  const Result<RequestView> view = read_request(route, text, &texts);
  ASSERT_TRUE(view.ok()) << view.error().message;
  check_texts(text, texts);
  const std::string_view model = body["model"].string_or(route.model);
  EXPECT_EQ(view->model, model);
  if (body["model"].present()) {
    EXPECT_EQ(text.substr(view->model_span.offset, view->model_span.length), "\"" + std::string(model) + "\"");
  }
  EXPECT_EQ(view->stream, route.stream_in_path || body["stream"].as_bool().value_or(false));
  std::size_t messages = 0;
  for (const std::string_view name : {"messages", "input", "contents"}) messages += body[name].items().size();
  EXPECT_EQ(view->messages, messages);
  EXPECT_GT(view->messages, 0U);
  EXPECT_EQ(view->has_tools, !body["tools"].items().empty());
  std::int64_t limit = -1;
  for (const std::string_view name : {"max_tokens", "max_output_tokens", "max_completion_tokens"}) {
    limit = std::max(limit, body[name].int_or(-1));
  }
  EXPECT_EQ(view->max_output_tokens.value_or(-1), limit);
  // The words stand for text: four bytes a token.
  EXPECT_NEAR(static_cast<double>(view->estimated_input_tokens), static_cast<double>(text.size()) / 4.0, 2.0);
}

TEST(Recorded, EveryRequestOfEveryClientIsRead) {
  std::size_t bodies = 0;
  const std::vector<Recorded> all = recordings();
  for (const Recorded& recorded : all) {
    const JsonValue request = recorded.document.root();
    const HeaderLookup header = headers_of(request);
    const std::string path(request["path"].string_or(""));
    SCOPED_TRACE(recorded.client + " " + path);

    const auto route = find_route(path, !header("anthropic-version").empty());
    ASSERT_TRUE(route);
    EXPECT_EQ(allowed_method(*route), request["method"].string_or(""));
    const ClientHints hints = read_client_hints(header);
    EXPECT_EQ(client_name(hints.kind), name_of_client(recorded.client));
    EXPECT_EQ(hints.version.empty(), recorded.client == "copilot");
    const bool sends_session =
        recorded.client == "claude" || recorded.client == "codex" || recorded.client == "opencode";
    EXPECT_EQ(hints.session_id.empty(), !sends_session);
    const Result<std::string> credential = read_credential(header, "");
    ASSERT_TRUE(credential.ok());
    EXPECT_EQ(*credential, "<redacted>");
    if (!request["body"].present()) continue;
    check_body(*route, request["body"]);
    ++bodies;
  }
  EXPECT_GE(all.size(), 60U);
  EXPECT_GE(bodies, 20U);
}

// ---- Every recorded request on its way to a cheaper model

constexpr std::string_view kReducible[] = {"model",
                                           "max_tokens",
                                           "thinking",
                                           "output_config",
                                           "context_management",
                                           "reasoning",
                                           "text",
                                           "include",
                                           "reasoning_effort",
                                           "max_output_tokens",
                                           "generationConfig",
                                           "messages",
                                           "temperature",
                                           "max_completion_tokens"};

// Members that no model refuses are there with the same bytes, and nothing is new.
void check_swapped(const std::string& body, const std::string& swapped) {
  const auto before = JsonDocument::parse(body);
  const auto after = JsonDocument::parse(swapped);
  ASSERT_TRUE(after.ok()) << after.error().message;
  for (const auto& [name, value] : before->root().members()) {
    if (std::find(std::begin(kReducible), std::end(kReducible), name) != std::end(kReducible)) continue;
    EXPECT_EQ(after->root()[name].to_json(), value.to_json()) << name;
  }
  for (const auto& [name, value] : after->root().members()) EXPECT_TRUE(before->root()[name].present()) << name;
  const auto messages = before->root()["messages"].items();
  const auto messages_after = after->root()["messages"].items();
  ASSERT_EQ(messages.size(), messages_after.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i]["content"].to_json(), messages_after[i]["content"].to_json());
    const std::string_view role = messages_after[i]["role"].string_or("");
    if (role != messages[i]["role"].string_or("")) EXPECT_EQ(role, "user");
  }
}

constexpr std::string_view kCheaper[] = {"claude-sonnet-5-5", "claude-sonnet-4-6",
                                         "claude-haiku-4-5",  "claude-3-5-haiku-latest",
                                         "gpt-5.4-mini",      "gpt-5-nano",
                                         "gpt-4.1",           "gemini-3.5-flash-lite",
                                         "gemini-2.5-flash",  "some-model-nobody-knows"};

TEST(Recorded, EveryRequestCanGoToACheaperModel) {
  std::size_t swaps = 0;
  for (const Recorded& recorded : recordings()) {
    const JsonValue request = recorded.document.root();
    const HeaderLookup header = headers_of(request);
    const auto route = find_route(std::string(request["path"].string_or("")), !header("anthropic-version").empty());
    if (!route || route->operation != Operation::kGenerate || !request["body"].present()) continue;
    JsonWriter out;
    refill(request["body"], out);
    const std::string body = out.take();
    for (const std::string_view model : kCheaper) {
      SCOPED_TRACE(recorded.client + " " + std::string(model));
      const Result<ModelSwap> swap = plan_model_swap(*route, body, model, header);
      ASSERT_TRUE(swap.ok()) << swap.error().message;
      const std::string swapped = apply_edits(body, swap->edits);
      check_swapped(body, swapped);
      const Result<RequestView> view = read_request(swap->route, swapped);
      ASSERT_TRUE(view.ok()) << view.error().message;
      EXPECT_EQ(view->model, model);
      if (model_facts(model).output_max > 0) {
        EXPECT_LE(view->max_output_tokens.value_or(0), model_facts(model).output_max);
      }
      ++swaps;
    }
  }
  EXPECT_GE(swaps, 200U);
}

// What Claude Code 2.1.329 itself sends when claude-haiku-4-5 is asked for, field by field.
TEST(Recorded, ClaudeCodesRequestBecomesWhatItSendsToHaikuItself) {
  std::size_t seen = 0;
  for (const Recorded& recorded : recordings()) {
    const JsonValue request = recorded.document.root();
    if (request["body"]["model"].string_or("") != "claude-opus-5-5") continue;
    JsonWriter out;
    refill(request["body"], out);
    const std::string body = out.take();
    const auto route = find_route("/v1/messages", true);
    const Result<ModelSwap> swap = plan_model_swap(*route, body, "claude-haiku-4-5-20251001", headers_of(request));
    ASSERT_TRUE(swap.ok());
    const auto after = JsonDocument::parse(apply_edits(body, swap->edits));
    const JsonValue root = after->root();
    EXPECT_EQ(root["thinking"].to_json(), R"({"budget_tokens":16000,"type":"enabled","display":"updates"})");
    EXPECT_FALSE(root["output_config"].present());
    EXPECT_EQ(root["max_tokens"].int_or(0), 64'000);
    EXPECT_TRUE(root["context_management"].present());
    for (const JsonValue message : root["messages"].items()) {
      EXPECT_NE(message["role"].string_or(""), "system");
      EXPECT_FALSE(message["output_config"].present());
    }
    ASSERT_EQ(swap->headers.size(), 1U);
    EXPECT_EQ(swap->headers[0].first, "anthropic-beta");
    EXPECT_EQ(swap->headers[0].second,
              "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,"
              "thinking-token-count-2026-05-13,advanced-tool-use-2025-11-20,thinking-display-updates-2026-08-18");
    ++seen;
  }
  EXPECT_GE(seen, 4U);
}

}  // namespace
}  // namespace reeve::wire
