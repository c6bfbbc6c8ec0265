// Tools by name: what a request offers, demands and speaks of, and what an answer calls.
//
// Names of members are compared decoded and without case, and each member of a name counts: whoever reads the body
// next may read it more leniently than we do.

#include <utility>

#include "core/bytes.h"
#include "core/reused_text.h"
#include "wire/answer_frames.h"
#include "wire/dialect.h"

namespace reeve::wire {

namespace {

constexpr std::size_t kAnswerBytesMax = 16UL << 20U;
constexpr std::size_t kPadding = 64;

Error nameless() {
  return {ErrorCode::kInvalid,
          "This call speaks of a tool without a name, so nobody can say whether it may be used here."};
}

Error unreadable() {
  return {ErrorCode::kInvalid, "The provider's answer cannot be read, so nobody can say which tools it calls."};
}

/// Calls back for each member of that name.
template <typename Visit>
void each(JsonNode object, std::string_view name, Visit visit) {
  for (const JsonMember member : object.members()) {
    const auto key = member.key.as_string();
    if (key && equal_ignoring_case(*key, name)) visit(member.value);
  }
}

/// The elements of an array, or the one value that stands in its place.
template <typename Visit>
void each_item(JsonNode list, Visit visit) {
  if (!list.is_array()) {
    if (list.is_object()) visit(list);
    return;
  }
  for (const JsonNode item : list.elements()) visit(item);
}

template <typename Visit>
void each_item_of(JsonNode object, std::string_view name, Visit visit) {
  each(object, name, [&](JsonNode list) { each_item(list, visit); });
}

/// google_search is googleSearch: Google takes both.
std::string in_camel_case(std::string_view name) {
  std::string camel;
  bool upper = false;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      camel += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      upper = false;
    }
  }
  return camel;
}

/// Asks about names until the first refusal.
class ToolNames {
 public:
  explicit ToolNames(const ToolJudge& may_use) : may_use_(may_use) {}
  Result<void> take() { return std::move(judged_); }

  void ask(std::string_view name) {
    if (judged_) judged_ = may_use_(name);
  }
  /// About each of the members that name it. `is_needed`: there must be one.
  bool ask_of(JsonNode object, std::string_view member, bool is_needed) {
    bool found = false;
    each(object, member, [&](JsonNode value) {
      const auto name = value.as_string();
      if (!name || name->empty()) return;
      found = true;
      ask(*name);
    });
    if (is_needed && !found) refuse_nameless();
    return found;
  }
  void refuse_nameless() {
    if (judged_) judged_ = nameless();
  }
  /// A member that names something which the provider keeps, and in which tools may stand.
  void refuse_kept(JsonNode object, std::string_view member) {
    each(object, member, [&](JsonNode value) {
      if (!judged_ || value.is_null()) return;
      judged_ =
          Error{ErrorCode::kDenied, "This call takes tools from what the provider keeps ('" + std::string(member) +
                                        "'), where nobody sees which, so an agent that may not use all tools "
                                        "cannot make it."};
    });
  }
  /// Empty for none. What a value is hangs on it, so two of them are refused.
  std::string type_of(JsonNode object) {
    std::string type;
    bool found = false;
    each(object, "type", [&](JsonNode value) {
      if (std::exchange(found, true)) refuse_nameless();
      type = value.as_string().value_or("");
    });
    return type;
  }

 private:
  const ToolJudge& may_use_;
  Result<void> judged_;
};

// ---- Anthropic

void anthropic_block(JsonNode block, ToolNames& names) {
  const std::string type = names.type_of(block);
  if (type == "tool_use" || type == "server_tool_use" || type == "mcp_tool_use") names.ask_of(block, "name", true);
}

void anthropic_request(JsonNode root, ToolNames& names) {
  each_item_of(root, "tools", [&](JsonNode tool) {
    const bool is_server = names.type_of(tool) == "mcp_toolset";
    names.ask_of(tool, is_server ? "mcp_server_name" : "name", true);
  });
  each_item_of(root, "mcp_servers", [&](JsonNode server) { names.ask_of(server, "name", true); });
  each(root, "tool_choice", [&](JsonNode choice) { names.ask_of(choice, "name", false); });
  each_item_of(root, "messages", [&](JsonNode message) {
    each_item_of(message, "content", [&](JsonNode block) { anthropic_block(block, names); });
  });
}

void anthropic_answer(JsonNode root, ToolNames& names) {
  each(root, "content_block", [&](JsonNode block) { anthropic_block(block, names); });
  each_item_of(root, "content", [&](JsonNode block) { anthropic_block(block, names); });
}

// ---- OpenAI Chat Completions

/// A tool or a call of one: its name lies in the member that its type names. The pieces of a streamed call have none
/// but the first, so only what is offered needs one.
void chat_tool(JsonNode tool, bool is_offered, ToolNames& names) {
  bool found = false;
  for (const std::string_view kind : {"function", "custom"}) {
    each(tool, kind, [&](JsonNode named) { found = names.ask_of(named, "name", is_offered) || found; });
  }
  if (found || !is_offered) return;
  const std::string type = names.type_of(tool);
  if (type.empty() || type == "function" || type == "custom") return names.refuse_nameless();
  names.ask(type);
}

void chat_message(JsonNode message, ToolNames& names) {
  each_item_of(message, "tool_calls", [&](JsonNode call) { chat_tool(call, false, names); });
  each(message, "function_call", [&](JsonNode call) { names.ask_of(call, "name", false); });
}

void chat_request(JsonNode root, ToolNames& names) {
  each_item_of(root, "tools", [&](JsonNode tool) { chat_tool(tool, true, names); });
  each_item_of(root, "functions", [&](JsonNode function) { names.ask_of(function, "name", true); });
  each(root, "tool_choice", [&](JsonNode choice) { chat_tool(choice, false, names); });
  each(root, "web_search_options", [&](JsonNode options) {
    if (!options.is_null()) names.ask("web_search");
  });
  each_item_of(root, "messages", [&](JsonNode message) { chat_message(message, names); });
}

void chat_answer(JsonNode root, ToolNames& names) {
  each_item_of(root, "choices", [&](JsonNode choice) {
    for (const std::string_view part : {"message", "delta"}) {
      each(choice, part, [&](JsonNode message) { chat_message(message, names); });
    }
  });
}

// ---- OpenAI Responses

void responses_tool(JsonNode tool, ToolNames& names) {
  const std::string type = names.type_of(tool);
  if (type == "function" || type == "custom" || type.empty()) {
    names.ask_of(tool, "name", true);
  } else if (type == "namespace") {
    bool holds = false;
    each_item_of(tool, "tools", [&](JsonNode inner) {
      holds = true;
      responses_tool(inner, names);
    });
    if (!holds) names.ask_of(tool, "name", true);
  } else {
    names.ask(type);
  }
}

void responses_item(JsonNode item, ToolNames& names) {
  constexpr std::string_view kCall = "_call";
  const std::string type = names.type_of(item);
  if (!type.ends_with(kCall)) return;
  if (type == "function_call" || type == "custom_tool_call" || type == "mcp_call") {
    names.ask_of(item, "name", true);
  } else {
    names.ask(std::string_view(type).substr(0, type.size() - kCall.size()));
  }
}

void responses_request(JsonNode root, ToolNames& names) {
  each_item_of(root, "tools", [&](JsonNode tool) { responses_tool(tool, names); });
  each_item_of(root, "tool_choice", [&](JsonNode choice) {
    if (names.type_of(choice) != "allowed_tools") responses_tool(choice, names);
  });
  names.refuse_kept(root, "prompt");
  each_item_of(root, "input", [&](JsonNode item) { responses_item(item, names); });
}

void responses_answer(JsonNode root, ToolNames& names) {
  each(root, "item", [&](JsonNode item) { responses_item(item, names); });
  each_item_of(root, "output", [&](JsonNode item) { responses_item(item, names); });
  each(root, "response", [&](JsonNode response) {
    each_item_of(response, "output", [&](JsonNode item) { responses_item(item, names); });
  });
}

// ---- Gemini

void gemini_turn(JsonNode turn, ToolNames& names) {
  each_item_of(turn, "parts", [&](JsonNode part) {
    for (const JsonMember member : part.members()) {
      const std::string kind = in_camel_case(member.key.as_string().value_or(""));
      if (equal_ignoring_case(kind, "functionCall")) names.ask_of(member.value, "name", true);
      if (equal_ignoring_case(kind, "executableCode")) names.ask("codeExecution");
    }
  });
}

void gemini_request(JsonNode root, ToolNames& names) {
  // countTokens wraps a whole request.
  for (const std::string_view wrapped : {"generateContentRequest", "generate_content_request"}) {
    each(root, wrapped, [&](JsonNode request) { gemini_request(request, names); });
  }
  each_item_of(root, "tools", [&](JsonNode tool) {
    for (const JsonMember member : tool.members()) {
      const std::string kind = in_camel_case(member.key.as_string().value_or(""));
      if (equal_ignoring_case(kind, "functionDeclarations")) {
        each_item(member.value, [&](JsonNode function) { names.ask_of(function, "name", true); });
      } else {
        names.ask(kind);
      }
    }
  });
  names.refuse_kept(root, "cachedContent");
  names.refuse_kept(root, "cached_content");
  each_item_of(root, "contents", [&](JsonNode turn) { gemini_turn(turn, names); });
}

void gemini_answer(JsonNode root, ToolNames& names) {
  each_item_of(root, "candidates", [&](JsonNode candidate) {
    each(candidate, "content", [&](JsonNode turn) { gemini_turn(turn, names); });
  });
}

void request_names(Dialect dialect, JsonNode root, ToolNames& names) {
  switch (dialect) {
    case Dialect::kAnthropic: return anthropic_request(root, names);
    case Dialect::kOpenAiChat: return chat_request(root, names);
    case Dialect::kOpenAiResponses: return responses_request(root, names);
    case Dialect::kGemini: return gemini_request(root, names);
    case Dialect::kOpenAiEmbeddings: return;
  }
}

void answer_names(Dialect dialect, JsonNode root, ToolNames& names) {
  switch (dialect) {
    case Dialect::kAnthropic: return anthropic_answer(root, names);
    case Dialect::kOpenAiChat: return chat_answer(root, names);
    case Dialect::kOpenAiResponses: return responses_answer(root, names);
    case Dialect::kGemini: return gemini_answer(root, names);
    case Dialect::kOpenAiEmbeddings: return;
  }
}

// One per thread: texts are read one at a time, and the index memory is used again.
JsonScan& tools_scan() {
  thread_local JsonScan scan;
  return scan;
}

/// `text` is followed by kPadding readable bytes, or may be copied.
Result<void> judge_answer_text(Dialect dialect, std::string_view text, const ToolJudge& may_use) {
  JsonScan& scan = tools_scan();
  const Result<JsonNode> root = scan.read(text);
  if (!root) return unreadable();
  ToolNames names(may_use);
  answer_names(dialect, *root, names);
  scan.release_excess();
  return names.take();
}

class StreamTools final : public AnswerTools {
 public:
  StreamTools(Dialect dialect, std::unique_ptr<FrameCutter> cutter, ToolJudge may_use)
      : dialect_(dialect), cutter_(std::move(cutter)), may_use_(std::move(may_use)) {}

  Result<void> feed(std::string_view bytes, std::string& out) override {
    return cutter_->feed(bytes, [this, &out](const Frame& frame) { return pass(frame, out); });
  }
  Result<void> finish(std::string& out) override {
    return cutter_->end([this, &out](const Frame& frame) { return pass(frame, out); });
  }

 private:
  Result<void> pass(const Frame& frame, std::string& out) {
    if (!frame.data.empty() && frame.data != "[DONE]") {
      if (auto judged = judge_answer_text(dialect_, frame.data, may_use_); !judged) return judged;
    }
    out += frame.bytes;
    return {};
  }

  const Dialect dialect_;
  const std::unique_ptr<FrameCutter> cutter_;
  const ToolJudge may_use_;
};

class WholeTools final : public AnswerTools {
 public:
  WholeTools(Dialect dialect, ToolJudge may_use) : dialect_(dialect), may_use_(std::move(may_use)) {}

  Result<void> feed(std::string_view bytes, std::string&) override {
    if (bytes.size() > kAnswerBytesMax - body_->size()) {
      return Error{ErrorCode::kTooLarge, "The provider's answer is too large to look into."};
    }
    *body_ += bytes;
    return {};
  }
  Result<void> finish(std::string& out) override {
    body_->reserve(body_->size() + kPadding);
    if (auto judged = judge_answer_text(dialect_, *body_, may_use_); !judged) return judged;
    out += *body_;
    return {};
  }

 private:
  const Dialect dialect_;
  const ToolJudge may_use_;
  ReusedText body_;
};

class PassingTools final : public AnswerTools {
 public:
  Result<void> feed(std::string_view bytes, std::string& out) override {
    out += bytes;
    return {};
  }
  Result<void> finish(std::string&) override { return {}; }
};

}  // namespace

Result<void> judge_tools(const Route& route, std::string_view body, const ToolJudge& may_use) {
  if (route.operation != Operation::kGenerate && route.operation != Operation::kCountTokens) return {};
  JsonScan& scan = tools_scan();
  const Result<JsonNode> root = scan.read(body);
  if (!root) return root.error();
  ToolNames names(may_use);
  request_names(route.dialect, *root, names);
  scan.release_excess();
  return names.take();
}

std::unique_ptr<AnswerTools> make_answer_tools(const Route& route, int status, std::string_view content_type,
                                               std::string_view content_encoding, ToolJudge may_use) {
  const bool calls_tools =
      route.operation == Operation::kGenerate && route.dialect != Dialect::kOpenAiEmbeddings && status < 400;
  if (!calls_tools) return std::make_unique<PassingTools>();
  const std::string_view encoding = trim(content_encoding);
  if (!encoding.empty() && !equal_ignoring_case(encoding, "identity")) return nullptr;
  if (is_media_type(content_type, "text/event-stream")) {
    return std::make_unique<StreamTools>(route.dialect, std::make_unique<EventFrames>(), std::move(may_use));
  }
  if (!is_media_type(content_type, "application/json")) return nullptr;
  if (route.stream_in_path) {
    return std::make_unique<StreamTools>(route.dialect, std::make_unique<ArrayFrames>(), std::move(may_use));
  }
  return std::make_unique<WholeTools>(route.dialect, std::move(may_use));
}

}  // namespace reeve::wire
