#pragma once

// What each dialect has to say, behind one table. A dialect is a folder of this room; its dialect.cpp fills in a
// DialectRules and `rules_of` lists it. Shared code does what all dialects have in common and asks the rules for the
// rest.
//
// Private to the wire room.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"
#include "wire/answer.h"
#include "wire/answer_tail.h"
#include "wire/json_scan.h"
#include "wire/swap_plan.h"
#include "wire/text_flow.h"
#include "wire/texts.h"
#include "wire/wire.h"

namespace reeve::wire {

// ---- Requests

/// What a top-level field of a request decides. A dialect may give one meaning several names (Google takes both
/// spellings of every name); each meaning may be present once.
enum class Field : std::uint8_t {
  kModel,
  kOtherModels,  // alternatives to the model: nothing that we could decide on
  kFallbacks,    // models to fall back to
  kStream,
  kMaxTokens,
  kMaxCompletionTokens,
  kChoices,  // answers asked for at once
  kServiceTier,
  kTools,
  kFunctions,
  kThinking,   // an object that switches thinking on
  kReasoning,  // an object with an effort
  kReasoningEffort,
  kMessages,
  kSystem,  // no decision reads it yet, but content rules must see the one that the model sees
  kMetadata,
  kPromptCacheKey,
  kSpeed,  // Anthropic fast mode
  kBackground,
  kGenerationConfig,
  kStreamOptions,
  kElsewhere,     // names something that the provider keeps and adds to the input, as the next two do
  kConversation,  // Responses
  kPrompt,        // Responses
  kRequests,      // Gemini batchEmbedContents
  kCount
};

struct KnownField {
  std::string_view name;
  Field field;
};

/// The values found, absent where a request does not have the field or sends null.
class RequestFields {
 public:
  JsonNode operator[](Field field) const { return values_[static_cast<std::size_t>(field)]; }

  /// Finds the known fields among the members of `object`. Refused: one meaning given twice, in whatever spelling, and
  /// a name that lenient parsers take for a known one (case, Unicode folding).
  static Result<RequestFields> collect(JsonNode object, std::span<const KnownField> known);

 private:
  std::array<JsonNode, static_cast<std::size_t>(Field::kCount)> values_;
};

// Typed reads that leave `out` alone when the field is absent. `name` is for the sentence.
Result<void> read_string(JsonNode node, std::string_view name, std::string& out);
Result<void> read_bool(JsonNode node, std::string_view name, bool& out);
Result<void> read_count(JsonNode node, std::string_view name, std::optional<std::int64_t>& out);  // 0 .. 2^53
/// How many answers. The limit that was read before is of each; from then on it is of all of them together.
Result<void> read_choices(JsonNode node, std::string_view name, RequestView& view);
Result<bool> is_filled_array(JsonNode node, std::string_view name);
Result<void> require_object(JsonNode node, std::string_view name);
Error wrong_type(std::string_view name, std::string_view expected);

// ---- Refusals

struct ErrorText {
  RefusalReason reason;
  ClientKind client;
  int status;
  std::string message;  // with the rule in brackets
  std::string rule;
  std::string request_id;
};

/// The type of a content-type field, without its parameters and in any case.
bool is_media_type(std::string_view content_type, std::string_view wanted);

// ---- The table

struct DialectRules {
  std::string_view name;
  std::span<const KnownField> fields;
  Result<void> (*read_request)(const Route& route, const RequestFields& fields, RequestView& view);

  const TextRules& (*text_rules)();  // which strings of a request are texts

  // Another model in place of the one asked for: null in dialects where there is none to be had.
  void (*read_needs)(JsonNode root, CallNeeds& needs) = nullptr;
  Result<void> (*plan_swap)(JsonNode root, SwapPlan& plan) = nullptr;

  void (*read_event)(AnswerState& state, JsonNode root);   // one event of a stream
  void (*read_answer)(AnswerState& state, JsonNode root);  // a whole answer

  // Answers on their way through a filter: one event of a stream, a whole answer, and an event of ours. All null in
  // dialects whose answers hold no text.
  void (*rewrite_event)(TextFlow& flow, JsonNode root) = nullptr;
  void (*rewrite_answer)(TextFlow& flow, JsonNode root) = nullptr;
  WriteHeld write_held = nullptr;

  // A sentence of ours inside an answer: null in dialects whose answers hold no text.
  std::unique_ptr<TailRules> (*make_tail)() = nullptr;

  void (*write_error)(JsonWriter& out, const ErrorText& error);  // the body of an error answer
  std::string (*stream_error)(const ErrorText& error);           // server-sent events, each with its empty line

  void (*write_model)(JsonWriter& out, const ModelEntry& model);
  void (*write_model_list)(JsonWriter& out, const std::vector<ModelEntry>& models);
};

const DialectRules& rules_of(Dialect dialect);

extern const DialectRules kAnthropicRules;
extern const DialectRules kOpenAiChatRules;
extern const DialectRules kOpenAiResponsesRules;
extern const DialectRules kOpenAiEmbeddingsRules;
extern const DialectRules kGeminiRules;

}  // namespace reeve::wire
