#include "wire/openai/openai.h"

namespace reeve::wire {

namespace {

constexpr KnownField kChatFields[] = {
    {"model", Field::kModel},
    {"models", Field::kOtherModels},
    {"stream", Field::kStream},
    {"max_tokens", Field::kMaxTokens},
    {"max_completion_tokens", Field::kMaxCompletionTokens},
    {"n", Field::kChoices},
    {"service_tier", Field::kServiceTier},
    {"tools", Field::kTools},
    {"functions", Field::kFunctions},
    {"reasoning", Field::kReasoning},
    {"reasoning_effort", Field::kReasoningEffort},
    {"messages", Field::kMessages},
    {"prompt_cache_key", Field::kPromptCacheKey},
    {"stream_options", Field::kStreamOptions},
    {"web_search_options", Field::kElsewhere},
};

constexpr KnownField kResponsesFields[] = {
    {"model", Field::kModel},
    {"models", Field::kOtherModels},
    {"stream", Field::kStream},
    {"max_output_tokens", Field::kMaxTokens},
    {"service_tier", Field::kServiceTier},
    {"tools", Field::kTools},
    {"reasoning", Field::kReasoning},
    {"input", Field::kMessages},
    {"instructions", Field::kSystem},
    {"prompt_cache_key", Field::kPromptCacheKey},
    {"background", Field::kBackground},
    {"previous_response_id", Field::kElsewhere},
    {"conversation", Field::kConversation},
    {"prompt", Field::kPrompt},
};

constexpr KnownField kEmbeddingsFields[] = {
    {"model", Field::kModel},
    {"models", Field::kOtherModels},
    {"input", Field::kMessages},
};

}  // namespace

const DialectRules kOpenAiChatRules = {
    .name = "openai-chat",
    .fields = kChatFields,
    .read_request = openai::read_chat_request,
    .text_rules = openai::chat_text_rules,
    .read_needs = openai::read_chat_needs,
    .plan_swap = openai::plan_chat_swap,
    .read_event = openai::read_chat_event,
    .read_answer = openai::read_chat_answer,
    .rewrite_event = openai::rewrite_chat_event,
    .rewrite_answer = openai::rewrite_chat_answer,
    .write_held = openai::write_held_chat,
    .make_tail = openai::make_chat_tail,
    .write_error = openai::write_error,
    .stream_error = openai::chat_stream_error,
    .write_model = openai::write_model,
    .write_model_list = openai::write_model_list,
};

const DialectRules kOpenAiResponsesRules = {
    .name = "openai-responses",
    .fields = kResponsesFields,
    .read_request = openai::read_responses_request,
    .text_rules = openai::responses_text_rules,
    .read_needs = openai::read_responses_needs,
    .plan_swap = openai::plan_responses_swap,
    .read_event = openai::read_responses_event,
    .read_answer = openai::read_responses_answer,
    .rewrite_event = openai::rewrite_responses_event,
    .rewrite_answer = openai::rewrite_responses_answer,
    .write_held = openai::write_held_responses,
    .make_tail = openai::make_responses_tail,
    .write_error = openai::write_error,
    .stream_error = openai::responses_stream_error,
    .write_model = openai::write_model,
    .write_model_list = openai::write_model_list,
};

const DialectRules kOpenAiEmbeddingsRules = {
    .name = "openai-embeddings",
    .fields = kEmbeddingsFields,
    .read_request = openai::read_embeddings_request,
    .text_rules = openai::embeddings_text_rules,
    .read_event = openai::read_embeddings_event,
    .read_answer = openai::read_embeddings_answer,
    .write_error = openai::write_error,
    .stream_error = openai::chat_stream_error,
    .write_model = openai::write_model,
    .write_model_list = openai::write_model_list,
};

}  // namespace reeve::wire
