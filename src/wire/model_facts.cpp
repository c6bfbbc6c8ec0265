// What models take, family by family. Figures and their sources: docs/degradation.md. The first row that matches holds,
// so that a version stands before its family. A name that no row knows gets the last one.

#include <algorithm>

#include "core/bytes.h"
#include "wire/wire.h"

namespace reeve::wire {

namespace {

constexpr std::int64_t kMillion = 1'000'000;

// Claude. Dots in names are read as hyphens (Copilot CLI says claude-sonnet-4.5).
constexpr ModelFacts claude(std::string_view pattern, std::int64_t window, std::int64_t output,
                            std::string_view efforts) {
  ModelFacts facts{.pattern = pattern, .family = "claude", .context_window = window, .output_max = output};
  facts.efforts = efforts;
  facts.thinking_budget = true;
  facts.system_turns = false;
  facts.turn_settings = false;
  return facts;
}

// 3.x: no thinking at all (3.7 could, and is no step of any ladder any more).
constexpr ModelFacts claude_3(std::string_view pattern) {
  ModelFacts facts = claude(pattern, 200'000, 8'192, "");
  facts.thinking_budget = false;
  facts.structured_output = false;
  return facts;
}

// 4.6: thinks by budget or as it likes.
constexpr ModelFacts claude_46(std::string_view pattern) {
  ModelFacts facts = claude(pattern, 200'000, 128'000, "low medium high max");
  facts.thinking_adaptive = true;
  return facts;
}

// From 4.7 on: no budgets, no sampling.
constexpr ModelFacts claude_47(std::string_view pattern) {
  ModelFacts facts = claude(pattern, kMillion, 128'000, "low medium high xhigh max");
  facts.thinking_budget = false;
  facts.thinking_adaptive = true;
  facts.sampling = false;
  return facts;
}

// From 4.8 on: the role "system" among the messages.
constexpr ModelFacts claude_48(std::string_view pattern, bool turn_settings, bool thinking_always, bool fast_mode) {
  ModelFacts facts = claude_47(pattern);
  facts.system_turns = true;
  facts.turn_settings = turn_settings;
  facts.thinking_always = thinking_always;
  facts.fast_mode = fast_mode;
  return facts;
}

// OpenAI. Models that reason take no sampling, but where a later one does.
constexpr ModelFacts gpt(std::string_view pattern, std::int64_t window, std::int64_t output, std::string_view efforts) {
  ModelFacts facts{.pattern = pattern, .family = "gpt", .context_window = window, .output_max = output};
  facts.efforts = efforts;
  facts.verbosity = !efforts.empty();
  facts.sampling = efforts.empty();
  return facts;
}

constexpr ModelFacts without_verbosity(ModelFacts facts) {
  facts.verbosity = false;
  return facts;
}

constexpr ModelFacts with_sampling(ModelFacts facts) {
  facts.sampling = true;
  return facts;
}

constexpr ModelFacts gemini(std::string_view pattern, std::string_view efforts, bool thinking_budget) {
  ModelFacts facts{.pattern = pattern, .family = "gemini", .context_window = 1'048'576, .output_max = 65'536};
  facts.efforts = efforts;
  facts.audio = true;
  facts.thinking_budget = thinking_budget;
  return facts;
}

// Made for pictures, speech or vectors: no model for an agent.
constexpr ModelFacts not_for_agents(std::string_view pattern, std::string_view family) {
  ModelFacts facts{.pattern = pattern, .family = family};
  facts.tools = false;
  return facts;
}

// Reeve's own loopback provider takes what comes.
constexpr ModelFacts practice() {
  ModelFacts facts{.pattern = "practice-*", .family = "practice", .context_window = 200'000, .output_max = 64'000};
  facts.efforts = "none minimal low medium high xhigh max ultra";
  facts.audio = true;
  facts.thinking_budget = true;
  facts.thinking_adaptive = true;
  facts.verbosity = true;
  facts.fast_mode = true;
  return facts;
}

constexpr std::string_view kFive = "none low medium high xhigh";
constexpr std::string_view kFiveSix = "none low medium high xhigh max";

constexpr ModelFacts kFacts[] = {
    claude("*claude-haiku-4-5*", 200'000, 64'000, ""),
    claude_48("*claude-haiku-5-5*", true, true, false),
    claude("*claude-sonnet-4-5*", 200'000, 64'000, ""),
    claude_46("*claude-sonnet-4-6*"),
    claude("*claude-sonnet-4*", 200'000, 64'000, ""),
    claude_48("*claude-sonnet-5-5*", true, true, false),
    claude_48("*claude-sonnet-5*", false, false, false),
    claude("*claude-opus-4-5*", 200'000, 64'000, "low medium high"),
    claude_46("*claude-opus-4-6*"),
    claude_47("*claude-opus-4-7*"),
    claude_48("*claude-opus-4-8*", false, false, true),
    claude("*claude-opus-4*", 200'000, 32'000, ""),
    claude_48("*claude-opus-5-5*", true, true, true),
    claude_48("*claude-opus-5*", false, false, true),
    claude_48("*claude-fable-5-1*", true, true, false),
    claude_48("*claude-fable-5-2*", true, true, true),
    claude_48("*claude-fable-5*", false, true, false),
    claude_48("*claude-mythos-5*", false, true, false),
    claude_3("*claude-3-*"),
    // A later Claude: the youngest we know, with the window of the oldest.
    [] {
      ModelFacts facts = claude_48("*claude-*", false, true, false);
      facts.context_window = 200'000;
      facts.output_max = 64'000;
      return facts;
    }(),

    not_for_agents("*gpt-image*", "gpt"),
    not_for_agents("*gpt-audio*", "gpt"),
    not_for_agents("*gpt-realtime*", "gpt"),
    not_for_agents("*gpt-4o-*audio*", "gpt"),
    not_for_agents("*gpt-4o-*realtime*", "gpt"),
    not_for_agents("*gpt-4o-*transcribe*", "gpt"),
    not_for_agents("*gpt-4o-*tts*", "gpt"),
    not_for_agents("*gpt-5*-image*", "gpt"),
    not_for_agents("*text-embedding*", "gpt"),
    not_for_agents("*deep-research*", "gpt"),
    gpt("*gpt-6-astra*", 1'050'000, 128'000, "low medium high xhigh max"),
    gpt("*gpt-6*", 1'050'000, 128'000, kFiveSix),
    gpt("*gpt-5.6*", 1'050'000, 128'000, kFiveSix),
    gpt("*gpt-5.5-pro*", 1'050'000, 128'000, "medium high xhigh"),
    gpt("*gpt-5.5*", 1'050'000, 128'000, kFive),
    gpt("*gpt-5.4-pro*", 1'050'000, 128'000, "medium high xhigh"),
    with_sampling(gpt("*gpt-5.4-mini*", 400'000, 128'000, kFive)),
    with_sampling(gpt("*gpt-5.4-nano*", 400'000, 128'000, kFive)),
    with_sampling(gpt("*gpt-5.4*", 1'050'000, 128'000, kFive)),
    gpt("*gpt-5.3-codex-spark*", 128'000, 32'000, kFive),
    gpt("*gpt-5.3-codex*", 400'000, 128'000, kFive),
    gpt("*gpt-5.2-pro*", 400'000, 128'000, "medium high xhigh"),
    gpt("*gpt-5*-chat*", 128'000, 16'384, ""),
    gpt("*gpt-5.3*", 128'000, 16'384, ""),
    with_sampling(gpt("*gpt-5.2*", 400'000, 128'000, kFive)),
    without_verbosity(gpt("*gpt-5.1-codex*", 400'000, 128'000, "low medium high")),
    with_sampling(gpt("*gpt-5.1*", 400'000, 128'000, "none low medium high")),
    gpt("*gpt-5-pro*", 400'000, 272'000, "high"),
    without_verbosity(gpt("*gpt-5-codex*", 400'000, 128'000, "low medium high")),
    gpt("*gpt-5*", 400'000, 128'000, "minimal low medium high"),
    without_verbosity(gpt("*o4-mini*", 200'000, 100'000, "low medium high")),
    [] {
      ModelFacts facts = without_verbosity(gpt("*o3-mini*", 200'000, 100'000, "low medium high"));
      facts.images = false;
      facts.documents = false;
      return facts;
    }(),
    without_verbosity(gpt("*o3*", 200'000, 100'000, "low medium high")),
    gpt("*gpt-4.1*", 1'047'576, 32'768, ""),
    gpt("*gpt-4o*", 128'000, 16'384, ""),
    [] {
      ModelFacts facts = without_verbosity(gpt("*gpt-oss*", 131'072, 32'768, "low medium high"));
      facts.images = false;
      facts.documents = false;
      facts.sampling = true;
      return facts;
    }(),

    not_for_agents("*gemini-*-image*", "gemini"),
    not_for_agents("*gemini-*-tts*", "gemini"),
    not_for_agents("*gemini-*-live*", "gemini"),
    not_for_agents("*gemini-embedding*", "gemini"),
    not_for_agents("*gemini-omni*", "gemini"),
    gemini("*gemini-3.8-flash*", "low medium high", true),
    gemini("*gemini-3.7-flash*", "low medium high", true),
    gemini("*gemini-3*-flash*", "minimal low medium high", true),
    gemini("*gemini-3.1-pro*", "low medium high", true),
    gemini("*gemini-3*-pro*", "low high", true),
    gemini("*gemini-2.5-*", "", true),
    gemini("*gemini-flash-lite-latest*", "minimal low medium high", true),
    gemini("*gemini-flash-latest*", "low medium high", true),
    [] {
      ModelFacts facts = gemini("*gemini-*", "", false);
      facts.output_max = 8'192;
      return facts;
    }(),

    practice(),
};

// Nothing is known: it takes messages and tools, and no wish of its vendor's own.
constexpr ModelFacts kUnknown{.pattern = "*",
                              .images = false,
                              .documents = false,
                              .structured_output = false,
                              .system_turns = false,
                              .turn_settings = false};

}  // namespace

const ModelFacts& model_facts(std::string_view model) {
  std::string name = to_lower(model);
  if (name.find("claude") != std::string::npos) std::replace(name.begin(), name.end(), '.', '-');
  for (const ModelFacts& facts : kFacts) {
    if (glob_match(facts.pattern, name)) return facts;
  }
  return kUnknown;
}

std::string why_unable(const CallNeeds& needs, const ModelFacts& facts, std::int64_t context_window) {
  if (needs.tools && !facts.tools) return "it does not use tools";
  if (needs.images && !facts.images) return "it does not look at images";
  if (needs.documents && !facts.documents) return "it does not read documents";
  if (needs.audio && !facts.audio) return "it does not listen to audio";
  if (needs.structured_output && !facts.structured_output) return "it does not follow a schema";
  // Estimates count four bytes a token; code has a quarter more. What is not known holds as little as today's least.
  constexpr std::int64_t kUnknownWindow = 128'000;
  constexpr std::int64_t kRoomToAnswer = 4'096;
  const std::int64_t known = facts.context_window > 0 ? facts.context_window : context_window;
  const std::int64_t window = known > 0 ? known : kUnknownWindow;
  if (needs.input_tokens + needs.input_tokens / 4 + kRoomToAnswer > window) {
    return "its context of " + std::to_string(window) + " tokens is too small for a request of about " +
           std::to_string(needs.input_tokens);
  }
  return "";
}

}  // namespace reeve::wire
