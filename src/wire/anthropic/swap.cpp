// Another Claude in place of the one asked for. What each takes was seen in the requests that Claude Code 2.1.329 makes
// for it (docs/degradation.md).

#include <algorithm>

#include "core/json.h"
#include "wire/anthropic/anthropic.h"

namespace reeve::wire::anthropic {

namespace {

constexpr std::string_view kBetas = "anthropic-beta";
constexpr std::int64_t kLeastThinking = 1'024;  // the least budget that the API takes

void remove_betas(SwapPlan& plan, std::initializer_list<std::string_view> prefixes) {
  for (const std::string_view prefix : prefixes) plan.remove_from_header(kBetas, prefix);
}

// How much a model may think that does not judge it by itself: Claude Code gives such models all but one token of
// 32,000 whatever the effort; less effort, less thinking.
std::int64_t budget_for(std::string_view effort) {
  if (effort == "low") return 4'000;
  if (effort == "medium") return 16'000;
  return 31'999;
}

class Swap {
 public:
  Swap(JsonNode root, SwapPlan& plan) : root_(root), plan_(plan), facts_(plan.facts()) {}

  Result<void> run() {
    for (const JsonNode tool : root_.find("tools").elements()) {
      // It would go on with the model that it names, at that one's price.
      if (tool.find("model").present()) return Error{ErrorCode::kInvalid, "A tool of the request names a model."};
    }
    limit_output();
    change_thinking();
    change_effort();
    change_others();
    if (Result<void> changed = change_turns(); !changed) return changed;
    change_edits();
    plan_.remove(root_, removed_);
    return {};
  }

 private:
  void drop(std::string_view name, std::initializer_list<std::string_view> betas) {
    if (!root_.find(name).present()) return;
    removed_.push_back(name);
    plan_.note_reduced(name);
    remove_betas(plan_, betas);
  }

  void limit_output() { output_max_ = plan_.limit(root_.find("max_tokens"), facts_.output_max, "max_tokens"); }

  void change_thinking() {
    const JsonNode thinking = root_.find("thinking");
    const std::string_view type = thinking.find("type").raw_string();
    thinks_ = thinking.is_object() && type != "disabled";
    if (!thinking.is_object()) return;
    if (!facts_.thinking_adaptive && !facts_.thinking_budget) return drop_thinking();
    if (type == "disabled" && facts_.thinking_always) return drop("thinking", {});
    if (type == "enabled" && !facts_.thinking_budget) return think(thinking, "");
    if (type == "adaptive" && !facts_.thinking_adaptive) return think_within(thinking, budget_for(effort()));
    const std::optional<std::int64_t> budget = thinking.find("budget_tokens").as_int();
    if (type == "enabled" && budget && output_max_ && *budget >= *output_max_) think_within(thinking, *budget);
  }

  std::string effort() const { return root_.find("output_config").find("effort").as_string().value_or(""); }

  void drop_thinking() {
    thinks_ = false;
    drop("thinking", {"interleaved-thinking-", "thinking-", "redact-thinking-"});
  }

  // The budget has to be less than what may be said in all.
  void think_within(JsonNode thinking, std::int64_t budget) {
    if (output_max_) budget = std::min(budget, *output_max_ - 1);
    if (budget < kLeastThinking) return drop_thinking();
    think(thinking, "\"budget_tokens\":" + std::to_string(budget) + ",");
  }

  void think(JsonNode thinking, std::string_view budget) {
    std::string json = "{" + std::string(budget);
    json += budget.empty() ? R"("type":"adaptive")" : R"("type":"enabled")";
    if (const JsonNode display = thinking.find("display"); display.present()) {
      json += ",\"display\":" + std::string(display.raw());
    }
    plan_.replace(thinking, json + "}");
    plan_.note_reduced("thinking");
  }

  // Effort goes with its beta, and so does what else the object holds for models that know effort.
  void change_effort() {
    const JsonNode settings = root_.find("output_config");
    const JsonNode asked = settings.find("effort");
    if (!asked.is_string()) return;
    if (!facts_.efforts.empty()) return fit_effort(asked);
    plan_.note_reduced("effort");
    remove_betas(plan_, {"effort-", "task-budgets-"});
    std::size_t others = 0;
    for (const JsonMember member : settings.members()) {
      const std::string_view name = member.key.raw_string();
      others += name != "effort" && name != "task_budget" ? 1 : 0;
    }
    if (others == 0) {
      removed_.push_back("output_config");
    } else {
      plan_.remove(settings, {"effort", "task_budget"});
    }
  }

  void fit_effort(JsonNode asked) {
    const std::string_view fitting = plan_.effort_for(asked.raw_string());
    if (fitting == asked.raw_string()) return;
    plan_.replace_with_string(asked, fitting);
    plan_.note_reduced("effort");
  }

  void change_others() {
    // Whatever these fall back to, it is not the step of the ladder.
    drop("fallbacks", {"server-side-fallback-"});
    if (!facts_.fast_mode) drop("speed", {"fast-mode-"});
    if (!facts_.sampling) {
      for (const std::string_view name : {"temperature", "top_p", "top_k"}) drop(name, {});
    }
    if (facts_.context_window < 1'000'000) remove_betas(plan_, {"context-1m-"});
  }

  // The role "system" among the messages, and settings of single turns. What was said with that role is said by the
  // user instead, as Claude Code itself does with models that do not know the role.
  Result<void> change_turns() {
    bool calls_open = false;  // the turn before asked for tools, and their results have to come next
    for (const JsonNode message : root_.find("messages").elements()) {
      const JsonNode role = message.find("role");
      if (role.raw_string() == "system") {
        if (Result<void> changed = change_system_turn(message, role, calls_open); !changed) return changed;
        continue;
      }
      calls_open = role.raw_string() == "assistant" && asks_for_tools(message.find("content"));
    }
    if (!facts_.turn_settings) remove_betas(plan_, {"per-turn-control-", "mid-conversation-tool-changes-", "timing-"});
    if (!facts_.system_turns) remove_betas(plan_, {"mid-conversation-"});
    return {};
  }

  static bool asks_for_tools(JsonNode content) {
    for (const JsonNode block : content.elements()) {
      if (block.find("type").raw_string() == "tool_use") return true;
    }
    return false;
  }

  Result<void> change_system_turn(JsonNode message, JsonNode role, bool calls_open) {
    if (!facts_.turn_settings) {
      for (const JsonNode block : message.find("content").elements()) {
        if (block.find("type").raw_string() != "text") {
          return Error{ErrorCode::kInvalid, "Tools change in the middle of the conversation."};
        }
      }
      if (message.find("output_config").present()) {
        plan_.remove(message, {"output_config"});
        plan_.note_reduced("effort");
      }
    } else if (const JsonNode asked = message.find("output_config").find("effort"); asked.is_string()) {
      fit_effort(asked);
    }
    if (facts_.system_turns) return {};
    if (calls_open) return Error{ErrorCode::kInvalid, "A system message stands between a tool's call and its result."};
    plan_.replace_with_string(role, "user");
    plan_.note_reduced("system messages");
    return {};
  }

  // Thinking cannot be cleared from a conversation that has none.
  void change_edits() {
    const JsonNode edits = root_.find("context_management").find("edits");
    if (thinks_ || !edits.is_array()) return;
    const auto clears_thinking = [](JsonNode edit) {
      return edit.find("type").raw_string().starts_with("clear_thinking_");
    };
    std::size_t clearing = 0;
    for (const JsonNode edit : edits.elements()) clearing += clears_thinking(edit) ? 1 : 0;
    if (clearing == 0) return;
    if (clearing == edits.count()) return drop("context_management", {"context-management-"});
    plan_.remove_elements(edits, clears_thinking);
    plan_.note_reduced("context_management");
  }

  const JsonNode root_;
  SwapPlan& plan_;
  const ModelFacts& facts_;
  std::vector<std::string_view> removed_;  // members of the request
  std::optional<std::int64_t> output_max_;
  bool thinks_ = false;  // as it becomes
};

}  // namespace

Result<void> plan_swap(JsonNode root, SwapPlan& plan) { return Swap(root, plan).run(); }

}  // namespace reeve::wire::anthropic
