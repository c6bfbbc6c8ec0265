// What a request of Gemini needs of a model.

#include "wire/gemini/gemini.h"

namespace reeve::wire::gemini {

namespace {

JsonNode find_either(JsonNode object, std::string_view name, std::string_view other) {
  const JsonNode found = object.find(name);
  return found.present() ? found : object.find(other);
}

void read_medium(JsonNode data, CallNeeds& needs) {
  const std::string_view type = find_either(data, "mimeType", "mime_type").raw_string();
  if (type.starts_with("image/")) {
    needs.images = true;
  } else if (type.starts_with("audio/") || type.starts_with("video/")) {
    needs.audio = true;
  } else if (data.is_object() && !type.starts_with("text/")) {
    needs.documents = true;
  }
}

void read_part(JsonNode part, bool first_turns, CallNeeds& needs) {
  read_medium(find_either(part, "inlineData", "inline_data"), needs);
  read_medium(find_either(part, "fileData", "file_data"), needs);
  for (const JsonNode inner : find_either(part, "functionResponse", "function_response").find("parts").elements()) {
    read_part(inner, false, needs);
  }
  if (find_either(part, "thoughtSignature", "thought_signature").is_string()) {
    needs.bound_by = "thinking that is signed for the model that wrote it";
  }
  if (first_turns && part.find("text").is_string()) {
    needs.opens_with_summary |= opens_with_summary(part.find("text").as_string().value_or(""));
  }
}

void read_content(JsonNode content, CallNeeds& needs) {
  if (content.find("role").raw_string() == "model") ++needs.assistant_turns;
  const JsonNode parts = content.find("parts");
  for (const JsonNode part : parts.elements()) read_part(part, needs.assistant_turns == 0, needs);
  if (parts.is_object()) read_part(parts, needs.assistant_turns == 0, needs);
}

}  // namespace

void read_needs(JsonNode root, CallNeeds& needs) {
  const JsonNode contents = find_either(root, "contents", "content");
  for (const JsonNode content : contents.elements()) read_content(content, needs);
  if (contents.is_object()) read_content(contents, needs);

  const JsonNode config = find_either(root, "generationConfig", "generation_config");
  const JsonNode thinking = find_either(config, "thinkingConfig", "thinking_config");
  needs.effort = find_either(thinking, "thinkingLevel", "thinking_level").as_string().value_or("");
  needs.thinking_budget = find_either(thinking, "thinkingBudget", "thinking_budget").as_int();
  for (const std::string_view name :
       {"responseSchema", "response_schema", "responseJsonSchema", "response_json_schema"}) {
    if (config.find(name).is_object()) needs.structured_output = true;
  }
  const JsonNode medium = find_either(config, "responseMimeType", "response_mime_type");
  if (medium.raw_string() == "application/json") needs.structured_output = true;
  if (find_either(root, "cachedContent", "cached_content").is_string()) {
    needs.caches = true;
    needs.bound_by = "a cached conversation that was made for one model";
  }
}

}  // namespace reeve::wire::gemini
