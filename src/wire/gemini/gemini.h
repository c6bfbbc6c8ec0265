#pragma once

// Google's Gemini API (https://ai.google.dev/api/generate-content). Names come in lowerCamelCase or as in the protocol
// buffers, with underscores; Google takes both.

#include "wire/dialect.h"

namespace reeve::wire::gemini {

Result<void> read_request(const Route& route, const RequestFields& fields, RequestView& view);
const TextRules& text_rules();
void read_needs(JsonNode root, CallNeeds& needs);
Result<void> plan_swap(JsonNode root, SwapPlan& plan);

void read_event(AnswerState& state, JsonNode root);
void read_answer(AnswerState& state, JsonNode root);
void rewrite_event(TextFlow& flow, JsonNode root);
void rewrite_answer(TextFlow& flow, JsonNode root);
std::unique_ptr<TailRules> make_tail();
OwnEvent write_held(TextFlow& flow, const Channel& channel, std::string_view text);

void write_error(JsonWriter& out, const ErrorText& error);
std::string stream_error(const ErrorText& error);
void write_model(JsonWriter& out, const ModelEntry& model);
void write_model_list(JsonWriter& out, const std::vector<ModelEntry>& models);

}  // namespace reeve::wire::gemini
