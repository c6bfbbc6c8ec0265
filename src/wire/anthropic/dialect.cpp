#include "wire/anthropic/anthropic.h"

namespace reeve::wire {

namespace {

constexpr KnownField kFields[] = {
    {"model", Field::kModel},   {"models", Field::kOtherModels},   {"fallbacks", Field::kFallbacks},
    {"stream", Field::kStream}, {"max_tokens", Field::kMaxTokens}, {"speed", Field::kSpeed},
    {"tools", Field::kTools},   {"thinking", Field::kThinking},    {"messages", Field::kMessages},
    {"system", Field::kSystem}, {"metadata", Field::kMetadata},    {"mcp_servers", Field::kElsewhere},
};

}  // namespace

const DialectRules kAnthropicRules = {
    .name = "anthropic",
    .fields = kFields,
    .read_request = anthropic::read_request,
    .text_rules = anthropic::text_rules,
    .read_needs = anthropic::read_needs,
    .plan_swap = anthropic::plan_swap,
    .read_event = anthropic::read_event,
    .read_answer = anthropic::read_answer,
    .rewrite_event = anthropic::rewrite_event,
    .rewrite_answer = anthropic::rewrite_answer,
    .write_held = anthropic::write_held,
    .make_tail = anthropic::make_tail,
    .write_error = anthropic::write_error,
    .stream_error = anthropic::stream_error,
    .write_model = anthropic::write_model,
    .write_model_list = anthropic::write_model_list,
};

}  // namespace reeve::wire
