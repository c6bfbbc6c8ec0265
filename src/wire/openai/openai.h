#pragma once

// OpenAI's three dialects: Chat Completions, Responses and Embeddings
// (https://platform.openai.com/docs/api-reference). Many other providers and local servers speak the first and the
// last.

#include "wire/dialect.h"

namespace reeve::wire::openai {

Result<void> read_chat_request(const Route& route, const RequestFields& fields, RequestView& view);
Result<void> read_responses_request(const Route& route, const RequestFields& fields, RequestView& view);
Result<void> read_embeddings_request(const Route& route, const RequestFields& fields, RequestView& view);
const TextRules& chat_text_rules();
const TextRules& responses_text_rules();
const TextRules& embeddings_text_rules();
void read_chat_needs(JsonNode root, CallNeeds& needs);
void read_responses_needs(JsonNode root, CallNeeds& needs);
Result<void> plan_chat_swap(JsonNode root, SwapPlan& plan);
Result<void> plan_responses_swap(JsonNode root, SwapPlan& plan);

void read_chat_event(AnswerState& state, JsonNode root);
void read_chat_answer(AnswerState& state, JsonNode root);
void read_responses_event(AnswerState& state, JsonNode root);
void read_responses_answer(AnswerState& state, JsonNode root);
void rewrite_chat_event(TextFlow& flow, JsonNode root);
void rewrite_chat_answer(TextFlow& flow, JsonNode root);
OwnEvent write_held_chat(TextFlow& flow, const Channel& channel, std::string_view text);
void rewrite_responses_event(TextFlow& flow, JsonNode root);
void rewrite_responses_answer(TextFlow& flow, JsonNode root);
std::unique_ptr<TailRules> make_chat_tail();
std::unique_ptr<TailRules> make_responses_tail();
OwnEvent write_held_responses(TextFlow& flow, const Channel& channel, std::string_view text);
void read_embeddings_event(AnswerState& state, JsonNode root);  // there is no such stream
void read_embeddings_answer(AnswerState& state, JsonNode root);
void read_answer_service_tier(JsonNode tier, AnswerState& state);

void write_error(JsonWriter& out, const ErrorText& error);
std::string chat_stream_error(const ErrorText& error);
std::string responses_stream_error(const ErrorText& error);
void write_model(JsonWriter& out, const ModelEntry& model);
void write_model_list(JsonWriter& out, const std::vector<ModelEntry>& models);

}  // namespace reeve::wire::openai
