#pragma once

// What Claude Code asks beside calls of models when it is signed in here: its organisation's settings, how much of the
// caller's money is used, and where its telemetry goes. The contract is Claude Code's gateway protocol, as its release
// 2.1.329 serves it; docs/claude-code.md says what of it is here. Signing in itself: sign_in_routes.h.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/gateway.h"
#include "identity/identity.h"
#include "net/net.h"
#include "reeve/api_callers.h"
#include "reeve/client_reports.h"
#include "spend/spend.h"

namespace reeve::app {

/// Whether an If-None-Match names this checksum (RFC 9110 section 13.1.2). "*" names none: it asks only whether there
/// is anything.
bool names_checksum(std::string_view if_none_match, std::string_view checksum);
/// The body of /api/oauth/usage: the budget that is fullest for the caller, in cents, and those of money that are the
/// caller's own. Without a budget of money: no limits.
std::string usage_json(spend::Budgets& budgets, const spend::BudgetSet& set, const identity::Principal& caller,
                       Instant now);

class ClaudeCodeRoutes {
 public:
  static constexpr std::size_t kTelemetryBytesMax = 8UL << 20U;  // one batch

  /// All of it outlives the routes.
  struct Sources {
    ApiCallers* callers;
    ClientReports* reports;
    spend::Budgets* budgets;
    const gateway::SettingsStore* settings;
  };
  explicit ClaudeCodeRoutes(Sources sources) : sources_(sources) {}

  static bool serves(std::string_view path);
  Task<void> handle(net::Exchange& exchange);

 private:
  struct Answer {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
  };
  static Answer refusal(wire::RefusalReason reason, std::string message);
  static Answer error(int status, std::string_view type, std::string_view message);
  Task<Answer> answer(net::Exchange& exchange);
  Answer give_settings(const net::Headers& headers, const identity::Principal& caller) const;
  Task<Answer> take_telemetry(net::Exchange& exchange, const identity::Principal& caller);

  const Sources sources_;
};

}  // namespace reeve::app
