// Where texts stand in a request of Gemini. Google takes both spellings of every name.

#include "wire/texts.h"
#include "wire/gemini/gemini.h"

namespace reeve::wire::gemini {

namespace {

constexpr TextRules kRules{
    .top = {{"systemInstruction", Meaning::kSystem},
            {"system_instruction", Meaning::kSystem},
            {"title", Meaning::kDocument},
            {"requests", Meaning::kRequest},
            {"generateContentRequest", Meaning::kRequest},
            {"generate_content_request", Meaning::kRequest},
            {"cachedContent", Meaning::kNothing},
            {"cached_content", Meaning::kNothing},
            {"embedContentConfig", Meaning::kNothing},
            {"generationConfig", Meaning::kNothing},
            {"generation_config", Meaning::kNothing},
            {"labels", Meaning::kNothing},
            {"model", Meaning::kNothing},
            {"safetySettings", Meaning::kNothing},
            {"safety_settings", Meaning::kNothing},
            {"serviceTier", Meaning::kNothing},
            {"service_tier", Meaning::kNothing},
            {"sessionId", Meaning::kNothing},
            {"session_id", Meaning::kNothing},
            {"taskType", Meaning::kNothing},
            {"task_type", Meaning::kNothing},
            {"toolConfig", Meaning::kNothing},
            {"tool_config", Meaning::kNothing},
            {"tools", Meaning::kNothing}},
    .members = {{"role", Meaning::kIdentifier},
                {"id", Meaning::kIdentifier},
                {"language", Meaning::kIdentifier},
                {"outcome", Meaning::kIdentifier},
                {"scheduling", Meaning::kIdentifier},
                {"toolType", Meaning::kIdentifier},
                {"tool_type", Meaning::kIdentifier},
                {"mimeType", Meaning::kIdentifier},
                {"mime_type", Meaning::kIdentifier},
                {"name", Meaning::kName},
                {"thoughtSignature", Meaning::kNothing},
                {"thought_signature", Meaning::kNothing},
                {"mediaResolution", Meaning::kNothing},
                {"media_resolution", Meaning::kNothing},
                {"videoMetadata", Meaning::kNothing},
                {"video_metadata", Meaning::kNothing},
                {"text", Meaning::kThinking},
                {"inlineData", Meaning::kBlobHolder},
                {"inline_data", Meaning::kBlobHolder},
                {"data", Meaning::kBlob},
                {"fileUri", Meaning::kAddress},
                {"file_uri", Meaning::kAddress},
                {"displayName", Meaning::kFileName},
                {"display_name", Meaning::kFileName},
                {"functionCall", Meaning::kCall},
                {"function_call", Meaning::kCall},
                {"toolCall", Meaning::kCall},
                {"tool_call", Meaning::kCall},
                {"executableCode", Meaning::kCall},
                {"executable_code", Meaning::kCall},
                {"args", Meaning::kArguments},
                {"functionResponse", Meaning::kToolResult},
                {"function_response", Meaning::kToolResult},
                {"toolResponse", Meaning::kToolResult},
                {"tool_response", Meaning::kToolResult},
                {"codeExecutionResult", Meaning::kToolResult},
                {"code_execution_result", Meaning::kToolResult},
                {"response", Meaning::kResponse}},
    .types = {},
};

}  // namespace

const TextRules& text_rules() { return kRules; }

}  // namespace reeve::wire::gemini
