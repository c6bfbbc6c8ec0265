// Where texts stand in a request of Anthropic Messages.

#include "wire/texts.h"
#include "wire/anthropic/anthropic.h"

namespace reeve::wire::anthropic {

namespace {

constexpr TextRules kRules{
    .top = {{"system", Meaning::kSystem},
            {"anthropic_beta", Meaning::kNothing},
            {"anthropic_version", Meaning::kNothing},
            {"betas", Meaning::kNothing},
            {"cache_control", Meaning::kNothing},
            {"container", Meaning::kNothing},
            {"context_management", Meaning::kNothing},
            {"diagnostics", Meaning::kNothing},
            {"fallbacks", Meaning::kNothing},
            {"inference_geo", Meaning::kNothing},
            {"mcp_servers", Meaning::kNothing},
            {"metadata", Meaning::kNothing},
            {"model", Meaning::kNothing},
            {"output_config", Meaning::kNothing},
            {"output_format", Meaning::kNothing},
            {"service_tier", Meaning::kNothing},
            {"speed", Meaning::kNothing},
            {"stop_sequences", Meaning::kNothing},
            {"tags", Meaning::kNothing},
            {"thinking", Meaning::kNothing},
            {"tool_choice", Meaning::kNothing},
            {"tools", Meaning::kNothing},
            {"user_profile_id", Meaning::kNothing}},
    .members = {{"type", Meaning::kIdentifier},
                {"role", Meaning::kIdentifier},
                {"id", Meaning::kIdentifier},
                {"tool_use_id", Meaning::kIdentifier},
                {"file_id", Meaning::kIdentifier},
                {"server_name", Meaning::kIdentifier},
                {"tool_name", Meaning::kIdentifier},
                {"error_code", Meaning::kIdentifier},
                {"media_type", Meaning::kIdentifier},
                {"file_type", Meaning::kIdentifier},
                {"page_age", Meaning::kIdentifier},
                {"retrieved_at", Meaning::kIdentifier},
                {"name", Meaning::kName},
                {"cache_control", Meaning::kNothing},
                {"output_config", Meaning::kNothing},
                {"caller", Meaning::kNothing},
                {"signature", Meaning::kNothing},
                {"encrypted_content", Meaning::kNothing},
                {"encrypted_index", Meaning::kNothing},
                {"encrypted_stdout", Meaning::kNothing},
                {"input_schema", Meaning::kNothing},
                {"tools", Meaning::kNothing},
                {"thinking", Meaning::kThinking},
                {"data", Meaning::kBlob},
                {"url", Meaning::kAddress},
                {"input", Meaning::kArguments},
                {"citations", Meaning::kDocument},
                {"filename", Meaning::kFileName},
                {"file_name", Meaning::kFileName}},
    .types = {{"thinking", ObjectKind::kReasoning},
              {"redacted_thinking", ObjectKind::kReasoning},
              {"tool_use", ObjectKind::kCall},
              {"tool_result", ObjectKind::kToolResult},
              {"document", ObjectKind::kDocument},
              {"search_result", ObjectKind::kDocument},
              {"base64", ObjectKind::kBlob}},
};

}  // namespace

const TextRules& text_rules() { return kRules; }

}  // namespace reeve::wire::anthropic
