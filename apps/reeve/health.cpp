#include "reeve/health.h"

#include <algorithm>

namespace reeve::app {

std::string kill_switch_line(const identity::CutoffSet& cutoffs, Instant now) {
  const auto all = cutoffs.all();
  const auto is_news = [now](const identity::Cutoff& cutoff) {
    return !cutoff.practice && cutoff.scope.kind != identity::CutoffKind::kSession && cutoff.in_force(now);
  };
  const auto on = std::count_if(all.begin(), all.end(), is_news);
  const bool everything = std::any_of(all.begin(), all.end(), [&](const identity::Cutoff& cutoff) {
    return is_news(cutoff) && cutoff.scope.kind == identity::CutoffKind::kAll;
  });
  if (everything) return "KILL SWITCH IS ON: every model call is refused\n";
  return on == 0 ? std::string() : "KILL SWITCH IS ON: " + std::to_string(on) + (on == 1 ? " cutoff\n" : " cutoffs\n");
}

Task<void> answer_health(net::Exchange& exchange, std::string news) {
  const std::string body = "ok\n" + news;
  // A failure to answer means the client has gone: nobody is left to tell.
  const auto sent = co_await exchange.respond(200, {{"content-type", "text/plain; charset=utf-8"}}, body);
  static_cast<void>(sent);
}

}  // namespace reeve::app
