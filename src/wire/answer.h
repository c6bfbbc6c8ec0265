#pragma once

// What the readers of all dialects share: the summary in the making and the rules for completing it.
//
// Private to the wire room.

#include "wire/json_scan.h"
#include "wire/wire.h"

namespace reeve::wire {

/// An answer as far as it was read. Dialects write into `summary`, with usage in the terms of TokenUsage.
struct AnswerState {
  AnswerSummary summary;
  bool usage_final = false;  // the output figures are the provider's last word
  TokenUsage extra;          // steps that the provider bills beside its totals (Anthropic's iterations)

  /// Text, thinking or tool arguments that the model wrote; other kinds count nothing.
  void add_generated(JsonNode text) { summary.generated_bytes += text.decoded_size(); }
  /// Keep the first that is given: every event of a stream repeats them.
  void set_model(JsonNode model);
  void set_response_id(JsonNode id);
  void set_stop_reason(JsonNode reason);  // the last one counts
  /// That it calls a tool; `server`: of which MCP server, where the provider asks it.
  void add_tool(std::string_view name, std::string_view server = {});
  /// {"message":…} with "type", "status" or "code", whichever the dialect has.
  void set_error(JsonNode error);
};

/// A token count: 0 for what is absent, negative or no number, at most 10^12.
std::int64_t token_count(JsonNode node);

}  // namespace reeve::wire
