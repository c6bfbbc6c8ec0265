#include "wire/gemini/gemini.h"

namespace reeve::wire {

namespace {

constexpr KnownField kFields[] = {
    {"model", Field::kModel},
    {"contents", Field::kMessages},
    {"content", Field::kMessages},  // embedContent
    {"requests", Field::kRequests},
    {"tools", Field::kTools},
    {"cachedContent", Field::kElsewhere},
    {"cached_content", Field::kElsewhere},
    {"systemInstruction", Field::kSystem},
    {"system_instruction", Field::kSystem},
    {"generationConfig", Field::kGenerationConfig},
    {"generation_config", Field::kGenerationConfig},
    {"serviceTier", Field::kServiceTier},
    {"service_tier", Field::kServiceTier},
};

}  // namespace

const DialectRules kGeminiRules = {
    .name = "gemini",
    .fields = kFields,
    .read_request = gemini::read_request,
    .text_rules = gemini::text_rules,
    .read_needs = gemini::read_needs,
    .plan_swap = gemini::plan_swap,
    .read_event = gemini::read_event,
    .read_answer = gemini::read_answer,
    .rewrite_event = gemini::rewrite_event,
    .rewrite_answer = gemini::rewrite_answer,
    .write_held = gemini::write_held,
    .make_tail = gemini::make_tail,
    .write_error = gemini::write_error,
    .stream_error = gemini::stream_error,
    .write_model = gemini::write_model,
    .write_model_list = gemini::write_model_list,
};

}  // namespace reeve::wire
