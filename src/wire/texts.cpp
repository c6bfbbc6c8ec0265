#include "wire/texts.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::wire {

namespace {

constexpr std::size_t kIdentifierBytesMax = 256;

// What holds for a place in the request.
struct Context {
  TextOrigin origin = TextOrigin::kUser;
  ObjectKind kind = ObjectKind::kPlain;
  std::string_view media_type;  // of the blob in this object, escapes as sent
};

TextOrigin origin_of_role(std::string_view role) {
  if (role == "system" || role == "developer") return TextOrigin::kSystem;
  if (role == "assistant" || role == "model") return TextOrigin::kAssistant;
  if (role == "tool" || role == "function") return TextOrigin::kToolResult;
  return TextOrigin::kUser;
}

TextOrigin origin_of_kind(ObjectKind kind, TextOrigin around) {
  switch (kind) {
    case ObjectKind::kPlain:
    case ObjectKind::kReasoning:
    case ObjectKind::kBlob: return around;
    case ObjectKind::kCall: return TextOrigin::kToolArguments;
    case ObjectKind::kToolResult: return TextOrigin::kToolResult;
    case ObjectKind::kDocument:
      return around == TextOrigin::kToolResult || around == TextOrigin::kSystem ? around : TextOrigin::kDocument;
  }
  return around;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && equal_ignoring_case(text.substr(0, start.size()), start);
}

// Media in which a model sees no text of ours. Whatever is not known to be binary may be a text, also in base64.
bool is_binary(std::string_view media_type) {
  for (const std::string_view start :
       {"image/", "audio/", "video/", "font/", "application/pdf", "application/zip", "application/msword",
        "application/vnd.openxmlformats", "application/vnd.ms-", "application/x-pdf"}) {
    if (starts_with_ignoring_case(media_type, start)) return true;
  }
  return false;
}

// "data:image/png;base64,…"
bool is_binary_data_url(std::string_view address) {
  constexpr std::string_view kScheme = "data:";
  return starts_with_ignoring_case(address, kScheme) && is_binary(address.substr(kScheme.size(), 64));
}

class TextWalk {
 public:
  TextWalk(const TextRules& rules, std::vector<BodyText>& texts) : rules_(rules), texts_(texts) {}

  void request(JsonNode node) {
    for (const JsonNode element : node.elements()) request(element);
    for (const JsonMember each : node.members()) member(meaning(rules_.top, each.key), each.value, {});
  }

 private:
  static Meaning meaning(const NameTable<Meaning>& names, JsonNode key) {
    const std::string_view raw = key.raw_string();
    if (raw.find('\\') == std::string_view::npos) return names.find(raw);
    std::string name;
    decode_json_string(raw, name);
    return names.find(name);
  }

  void value(JsonNode node, const Context& context) {
    if (node.is_string()) {
      text(node, context.origin);
    } else if (node.is_array()) {
      for (const JsonNode element : node.elements()) value(element, context);
    } else if (node.is_object()) {
      const Context inside = look_at(node, context);
      for (const JsonMember each : node.members()) member(meaning(rules_.members, each.key), each.value, inside);
    }
  }

  void member(Meaning meaning, JsonNode node, const Context& context) {
    const auto with_origin = [this, node](TextOrigin origin) { value(node, {.origin = origin}); };
    switch (meaning) {
      case Meaning::kWalk: return with_origin(context.origin);
      case Meaning::kNothing: return;
      case Meaning::kIdentifier: return identifier(node, context);
      case Meaning::kName: return is_tool(context) ? identifier(node, context) : with_origin(context.origin);
      case Meaning::kAddress: return is_binary_data_url(node.raw_string()) ? void() : with_origin(context.origin);
      case Meaning::kBlob: return blob(node, context);
      case Meaning::kBlobHolder: return value(node, {.origin = context.origin, .kind = ObjectKind::kBlob});
      case Meaning::kThinking: return context.kind == ObjectKind::kReasoning ? void() : with_origin(context.origin);
      case Meaning::kReasoning: return context.origin == TextOrigin::kAssistant ? void() : with_origin(context.origin);
      case Meaning::kArguments: return json(node, TextOrigin::kToolArguments);
      case Meaning::kResponse: return json(node, TextOrigin::kToolResult);
      case Meaning::kVariables: return json(node, context.origin);
      case Meaning::kSystem: return with_origin(TextOrigin::kSystem);
      case Meaning::kCall: return with_origin(TextOrigin::kToolArguments);
      case Meaning::kToolResult: return with_origin(TextOrigin::kToolResult);
      case Meaning::kDocument: return with_origin(origin_of_kind(ObjectKind::kDocument, context.origin));
      case Meaning::kFileName: return with_origin(TextOrigin::kFileName);
      case Meaning::kRequest: return request(node);
    }
  }

  // What an object says of itself. A name that is given twice or written with escapes could be read in two ways; then
  // the object says nothing, and everything in it is looked at.
  Context look_at(JsonNode object, const Context& around) const {
    Context inside{.origin = around.origin, .kind = around.kind};
    std::string_view type, role;
    bool thought = false;
    bool doubtful = false;
    for (const JsonMember each : object.members()) {
      const std::string_view name = each.key.raw_string();
      doubtful = doubtful || name.find('\\') != std::string_view::npos;
      if (name == "type") {
        doubtful = doubtful || !type.empty();
        type = each.value.raw_string();
      } else if (name == "role") {
        doubtful = doubtful || !role.empty();
        role = each.value.raw_string();
      } else if (name == "thought") {
        doubtful = doubtful || thought;
        thought = each.value.as_bool().value_or(false);
      } else if (name == "media_type" || name == "mimeType" || name == "mime_type") {
        doubtful = doubtful || !inside.media_type.empty();
        inside.media_type = each.value.raw_string();
      }
    }
    if (doubtful) return {.origin = around.origin};
    if (!role.empty() && around.origin == TextOrigin::kUser) inside.origin = origin_of_role(role);
    if (const ObjectKind kind = kind_of(type); kind != ObjectKind::kPlain) inside.kind = kind;
    if (thought && inside.origin == TextOrigin::kAssistant) inside.kind = ObjectKind::kReasoning;
    inside.origin = origin_of_kind(inside.kind, inside.origin);
    return inside;
  }

  ObjectKind kind_of(std::string_view type) const {
    if (type.empty()) return ObjectKind::kPlain;
    if (const ObjectKind known = rules_.types.find(type); known != ObjectKind::kPlain) return known;
    // Tools that run at the provider come with types of their own, and more of them every month.
    if (type.ends_with("_tool_result") || type.ends_with("_output")) return ObjectKind::kToolResult;
    if (type.ends_with("_tool_use") || type.ends_with("_call")) return ObjectKind::kCall;
    return ObjectKind::kPlain;
  }

  static bool is_tool(const Context& context) {
    return context.origin == TextOrigin::kToolArguments || context.origin == TextOrigin::kToolResult;
  }

  void identifier(JsonNode node, const Context& context) {
    if (node.is_string() && node.raw().size() <= kIdentifierBytesMax) return;
    value(node, {.origin = context.origin});
  }

  void blob(JsonNode node, const Context& context) {
    const bool sealed =
        context.kind == ObjectKind::kReasoning ||
        (context.kind == ObjectKind::kBlob && (context.media_type.empty() || is_binary(context.media_type)));
    if (node.is_string() && sealed) return;
    value(node, {.origin = origin_of_kind(ObjectKind::kDocument, context.origin)});
  }

  void json(JsonNode node, TextOrigin origin) {
    if (node.is_object() || node.is_array()) {
      constexpr std::size_t kEmptyBytes = 2;
      const std::string_view raw = node.raw();
      if (raw.size() > kEmptyBytes) texts_.push_back({node.offset(), raw.size(), TextForm::kJsonValue, origin});
    } else if (node.is_string()) {
      text(node, origin);
    }
  }

  void text(JsonNode node, TextOrigin origin) {
    const std::size_t length = node.raw_string().size();
    if (length > 0) texts_.push_back({node.offset() + 1, length, TextForm::kJsonString, origin});
  }

  const TextRules& rules_;
  std::vector<BodyText>& texts_;
};

}  // namespace

void read_texts(const TextRules& rules, JsonNode request, std::vector<BodyText>& texts) {
  TextWalk(rules, texts).request(request);
}

}  // namespace reeve::wire
