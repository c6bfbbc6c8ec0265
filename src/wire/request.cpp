// read_request: what all dialects have in common. One scan of the body, then a look at its top-level members.

#include <algorithm>

#include "core/bytes.h"
#include "wire/dialect.h"

namespace reeve::wire {

namespace {

// One per thread: its index memory is used again by the next request on the loop.
JsonScan& request_scan() {
  thread_local JsonScan scan;
  return scan;
}

std::string quoted(std::string_view name) { return "\"" + std::string(name) + "\""; }

// The next character of a key as lenient parsers such as Go's encoding/json compare it: ASCII case aside, and with the
// two letters outside ASCII that Unicode folds into it (U+017F long s, U+212A kelvin sign).
char take_folded(std::string_view& key) {
  if (key.starts_with("\xC5\xBF")) {
    key.remove_prefix(2);
    return 's';
  }
  if (key.starts_with("\xE2\x84\xAA")) {
    key.remove_prefix(3);
    return 'k';
  }
  const char byte = key.front();
  key.remove_prefix(1);
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

// True when some parser could take `key` for `name`. Text after a NUL does not count: C strings end there.
bool could_be_taken_for(std::string_view key, std::string_view name) {
  key = key.substr(0, key.find('\0'));
  while (!key.empty() && !name.empty()) {
    if (take_folded(key) != take_folded(name)) return false;
  }
  return key.empty() && name.empty();
}

// The meaning of a key as a strict parser reads it; an error when only a lenient one would find a meaning.
Result<std::optional<Field>> meaning_of(JsonNode key, std::span<const KnownField> known) {
  const std::string_view sent = key.raw_string();
  const bool escaped = sent.find('\\') != std::string_view::npos;
  std::string decoded;
  if (escaped) decode_json_string(sent, decoded);
  const std::string_view name = escaped ? std::string_view(decoded) : sent;
  for (const KnownField& field : known) {
    if (field.name == name) return std::optional(field.field);
  }
  for (const KnownField& field : known) {
    if (could_be_taken_for(name, field.name)) {
      return Error{ErrorCode::kInvalid, "The field " + quoted(field.name) +
                                            " is spelled in another way that some programs take for it; spell it " +
                                            quoted(field.name) + "."};
    }
  }
  return std::optional<Field>();
}

}  // namespace

Result<RequestFields> RequestFields::collect(JsonNode object, std::span<const KnownField> known) {
  RequestFields fields;
  std::array<bool, static_cast<std::size_t>(Field::kCount)> seen{};
  for (const JsonMember member : object.members()) {
    const Result<std::optional<Field>> meaning = meaning_of(member.key, known);
    if (!meaning) return meaning.error();
    if (!meaning->has_value()) continue;
    const auto at = static_cast<std::size_t>(**meaning);
    if (seen[at]) {
      const auto named = std::find_if(known.begin(), known.end(),
                                      [&meaning](const KnownField& field) { return field.field == **meaning; });
      return Error{ErrorCode::kInvalid, "The field " + quoted(named->name) + " is given twice; send it once."};
    }
    seen[at] = true;
    if (!member.value.is_null()) fields.values_[at] = member.value;
  }
  return fields;
}

Error wrong_type(std::string_view name, std::string_view expected) {
  return {ErrorCode::kInvalid, "The field " + quoted(name) + " must be " + std::string(expected) + "."};
}

Result<void> read_string(JsonNode node, std::string_view name, std::string& out) {
  if (!node.present()) return {};
  std::optional<std::string> text = node.as_string();
  if (!text) return wrong_type(name, "a string");
  out = *std::move(text);
  return {};
}

Result<void> read_bool(JsonNode node, std::string_view name, bool& out) {
  if (!node.present()) return {};
  const std::optional<bool> flag = node.as_bool();
  if (!flag) return wrong_type(name, "true or false");
  out = *flag;
  return {};
}

constexpr std::int64_t kLargest = 1LL << 53U;  // what every JSON parser reads exactly

Result<void> read_count(JsonNode node, std::string_view name, std::optional<std::int64_t>& out) {
  if (!node.present()) return {};
  out = node.as_int();
  if (!out || *out < 0 || *out > kLargest) return wrong_type(name, "a whole number that is not negative");
  return {};
}

Result<void> read_choices(JsonNode node, std::string_view name, RequestView& view) {
  std::optional<std::int64_t> choices;
  if (Result<void> read = read_count(node, name, choices); !read) return read;
  if (!choices || *choices < 2) return {};
  view.choices = *choices;
  std::optional<std::int64_t>& limit = view.max_output_tokens;
  if (limit) limit = *limit > kLargest / *choices ? kLargest : *limit * *choices;
  return {};
}

Result<bool> is_filled_array(JsonNode node, std::string_view name) {
  if (!node.present()) return false;
  if (!node.is_array()) return wrong_type(name, "an array");
  return node.elements().begin() != node.elements().end();
}

Result<void> require_object(JsonNode node, std::string_view name) {
  if (node.present() && !node.is_object()) return wrong_type(name, "an object");
  return {};
}

namespace {

constexpr std::size_t kModelBytesMax = 256;
constexpr std::size_t kSessionBytesMax = 256;

// A model name ends up in logs, metrics and rules: no control characters, bounded.
Result<void> check_model(std::string_view model) {
  if (model.empty()) return Error{ErrorCode::kInvalid, "Say which model to use in the field \"model\"."};
  const bool clean = std::none_of(model.begin(), model.end(), [](char byte) {
    const auto value = static_cast<unsigned char>(byte);
    return value < 0x20 || value == 0x7F;
  });
  if (!clean || model.size() > kModelBytesMax) {
    return Error{ErrorCode::kInvalid, "The field \"model\" is not a model name."};
  }
  return {};
}

// Base64 text is an image, a document, audio or sealed reasoning: its size says little about its tokens.
std::int64_t tokens_of_blob(std::string_view text) {
  constexpr std::int64_t kImageTokens = 1'600;
  constexpr std::int64_t kDocumentBytesPerToken = 50;
  const std::string_view start = text.substr(0, 64);
  const std::size_t comma = start.find(',');
  const bool data_url = start.starts_with("data:") && comma != std::string_view::npos;
  const std::string_view content = data_url ? start.substr(comma + 1) : start;
  const auto size = static_cast<std::int64_t>(text.size());
  for (const std::string_view image : {"/9j/", "iVBORw0KGgo", "R0lGOD", "UklGR"}) {
    if (content.starts_with(image)) return std::min(size / 4, kImageTokens);
  }
  return std::min(size / 4, std::max(kImageTokens, size / kDocumentBytesPerToken));
}

bool looks_like_base64(std::string_view text) {
  if (text.starts_with("data:")) return true;
  const std::string_view sample = text.substr(0, 512);
  return std::all_of(sample.begin(), sample.end(), [](char byte) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '+' || byte == '/' || byte == '-' || byte == '_' || byte == '=';
  });
}

// docs/metering.md, "Usage": four bytes of the body are a token, base64 runs count apart.
std::int64_t estimate_input_tokens(const JsonScan& scan, std::string_view body) {
  constexpr std::size_t kBlobBytesMin = 1'024;
  auto text_bytes = static_cast<std::int64_t>(body.size());
  std::int64_t blob_tokens = 0;
  scan.for_each_long_string(kBlobBytesMin, [&](std::size_t offset, std::size_t length) {
    const std::string_view text = body.substr(offset + 1, length - 1);
    if (!looks_like_base64(text)) return;
    text_bytes -= static_cast<std::int64_t>(text.size());
    blob_tokens += tokens_of_blob(text);
  });
  return (text_bytes + 3) / 4 + blob_tokens;
}

bool names_another_model(JsonNode list, std::string_view model) {
  for (const JsonNode entry : list.elements()) {
    const JsonNode named = entry.find("model");
    if (named.is_string() && named.as_string() != model) return true;
  }
  return false;
}

// One call, one model: whatever else a request lets the provider run would be neither decided on nor priced. What the
// provider picks by itself ("fallbacks": "default") shows in its answer.
Result<void> refuse_other_models(const RequestFields& fields, std::string_view model) {
  const auto refuse = [](std::string_view name) {
    return Error{ErrorCode::kInvalid, "The field " + quoted(name) +
                                          " names further models, which cannot be governed; " +
                                          "send one request for each model."};
  };
  if (fields[Field::kOtherModels].present()) return refuse("models");
  if (names_another_model(fields[Field::kFallbacks], model)) return refuse("fallbacks");
  if (names_another_model(fields[Field::kTools], model)) return refuse("tools");
  return {};
}

Result<RequestView> read_scanned(const Route& route, const JsonScan& scan, JsonNode root, std::string_view body) {
  if (!root.is_object()) return Error{ErrorCode::kInvalid, "The body must be a JSON object."};
  const DialectRules& rules = rules_of(route.dialect);
  const Result<RequestFields> fields = RequestFields::collect(root, rules.fields);
  if (!fields) return fields.error();
  RequestView view;
  view.model = route.model;
  view.stream = route.stream_in_path;
  if (route.model.empty()) {
    const JsonNode model = (*fields)[Field::kModel];
    if (Result<void> read = read_string(model, "model", view.model); !read) return read.error();
    view.model_span = {model.offset(), model.raw().size()};
  }
  if (Result<void> checked = check_model(view.model); !checked) return checked.error();
  if (Result<void> checked = refuse_other_models(*fields, view.model); !checked) return checked.error();
  if (Result<void> read = rules.read_request(route, *fields, view); !read) return read.error();
  if (view.session_in_body.size() > kSessionBytesMax) view.session_in_body.clear();
  view.estimated_input_tokens = estimate_input_tokens(scan, body);
  return view;
}

}  // namespace

namespace {

void read_needs(const Route& route, JsonNode root, const RequestView& view, CallNeeds& needs) {
  needs = {};
  needs.tools = view.has_tools;
  needs.thinking = view.has_thinking;
  needs.input_tokens = view.estimated_input_tokens;
  needs.output_tokens_max = view.max_output_tokens;
  if (rules_of(route.dialect).read_needs != nullptr) rules_of(route.dialect).read_needs(root, needs);
}

}  // namespace

Result<RequestView> read_request(const Route& route, std::string_view body, std::vector<BodyText>* texts,
                                 CallNeeds* needs) {
  if (texts != nullptr) texts->clear();
  if (route.operation == Operation::kListModels || route.operation == Operation::kGetModel) {
    RequestView view;
    view.model = route.model;
    return view;
  }
  JsonScan& scan = request_scan();
  const Result<JsonNode> root = scan.read(body);
  Result<RequestView> view = root ? read_scanned(route, scan, *root, body) : Result<RequestView>(root.error());
  if (texts != nullptr && view) read_texts(rules_of(route.dialect).text_rules(), *root, *texts);
  if (needs != nullptr && view) read_needs(route, *root, *view, *needs);
  scan.release_excess();
  return view;
}

}  // namespace reeve::wire
