// How clients are told how much of a budget is used. Names, values and units are those that Claude Code 2.1.329 and
// Codex 0.169.0 read (docs/degradation.md).

#include <algorithm>

#include "wire/wire.h"

namespace reeve::wire {

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kHeadersMax = 10;

// A share of the limit with two decimals; 1 and more only for a limit that is used up.
std::string share(const BudgetUse& use) {
  const int percent = use.exceeded ? std::max(use.percent, 100) : std::clamp(use.percent, 0, 99);
  std::string text = std::to_string(percent / 100) + ".";
  text += static_cast<char>('0' + percent / 10 % 10);
  text += static_cast<char>('0' + percent % 10);
  return text;
}

std::string_view threshold(const BudgetUse& use) {
  if (use.exceeded) return "1";
  if (use.percent > 95) return "0.95";
  return use.percent > 75 ? "0.75" : "";
}

std::string_view claude_period(std::string_view period) {
  if (period == "day") return "daily";
  if (period == "week") return "weekly";
  return period == "month" ? "monthly" : "";
}

// A budget is an "overage" to Claude Code: money that is paid by use. That word makes it show the share and the day,
// where it would count hours of a subscription otherwise.
Headers for_claude_code(const BudgetUse& use) {
  Headers headers;
  headers.reserve(kHeadersMax);
  const std::string_view passed = threshold(use);
  const std::string status = use.exceeded ? "rejected" : passed.empty() ? "allowed" : "allowed_warning";
  headers.emplace_back("anthropic-ratelimit-unified-status", status);
  if (use.resets_at) {
    const std::string reset = std::to_string(unix_seconds(*use.resets_at));
    headers.emplace_back("anthropic-ratelimit-unified-reset", reset);
    headers.emplace_back("anthropic-ratelimit-unified-overage-reset", reset);
  }
  headers.emplace_back("anthropic-ratelimit-unified-overage-utilization", share(use));
  if (!passed.empty())
    headers.emplace_back("anthropic-ratelimit-unified-overage-surpassed-threshold", std::string(passed));
  if (!use.exceeded) {
    headers.emplace_back("anthropic-ratelimit-unified-representative-claim", "overage");
    headers.emplace_back("anthropic-ratelimit-unified-overage-status", status);
    return headers;
  }
  const std::string_view period = claude_period(use.period);
  if (!period.empty()) headers.emplace_back("anthropic-ratelimit-unified-overage-period", std::string(period));
  if (use.shared) headers.emplace_back("anthropic-ratelimit-unified-overage-scope", "group_pool");
  headers.emplace_back("anthropic-ratelimit-unified-overage-disabled-reason", "org_spend_cap_reached");
  return headers;
}

Headers for_codex(const BudgetUse& use) {
  Headers headers;
  headers.reserve(kHeadersMax);
  headers.emplace_back("x-codex-primary-used-percent", std::to_string(std::clamp(use.percent, 0, 100)));
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(use.window).count();
  if (minutes > 0) headers.emplace_back("x-codex-primary-window-minutes", std::to_string(minutes));
  if (use.resets_at) headers.emplace_back("x-codex-primary-reset-at", std::to_string(unix_seconds(*use.resets_at)));
  return headers;
}

}  // namespace

Headers encode_budget_use(ClientKind client, const BudgetUse& use) {
  if (client == ClientKind::kClaudeCode) return for_claude_code(use);
  if (client == ClientKind::kCodex) return for_codex(use);
  return {};
}

bool is_provider_limit_header(std::string_view lower_case_name) {
  constexpr std::string_view kPrefixes[] = {"anthropic-ratelimit-", "x-ratelimit-", "x-codex-primary-",
                                            "x-codex-secondary-", "x-codex-credits-"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [lower_case_name](std::string_view prefix) { return lower_case_name.starts_with(prefix); });
}

}  // namespace reeve::wire
