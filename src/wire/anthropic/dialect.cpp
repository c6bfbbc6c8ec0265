#include "wire/anthropic/anthropic.h"

namespace reeve::wire {

namespace {

constexpr KnownField kFields[] = {
    {"model", Field::kModel},   {"models", Field::kOtherModels},   {"fallbacks", Field::kFallbacks},
    {"stream", Field::kStream}, {"max_tokens", Field::kMaxTokens}, {"speed", Field::kSpeed},
    {"tools", Field::kTools},   {"thinking", Field::kThinking},    {"messages", Field::kMessages},
    {"system", Field::kSystem}, {"metadata", Field::kMetadata},
};

}  // namespace

const DialectRules kAnthropicRules = {
    .name = "anthropic",
    .fields = kFields,
    .read_request = anthropic::read_request,
    .text_rules = anthropic::text_rules,
    .read_event = anthropic::read_event,
    .read_answer = anthropic::read_answer,
    .rewrite_event = anthropic::rewrite_event,
    .rewrite_answer = anthropic::rewrite_answer,
    .write_held = anthropic::write_held,
    .write_error = anthropic::write_error,
    .stream_error = anthropic::stream_error,
    .write_model = anthropic::write_model,
    .write_model_list = anthropic::write_model_list,
};

}  // namespace reeve::wire
