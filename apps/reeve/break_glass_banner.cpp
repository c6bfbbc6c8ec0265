#include "reeve/break_glass_banner.h"

#include "core/bytes.h"
#include "core/log.h"

namespace reeve::app {

bool is_open_at(const identity::BreakGlassSeal& seal, Instant now) {
  return seal.opened_at && seal.expires && now < *seal.expires;
}

BreakGlassBanner::BreakGlassBanner(identity::BreakGlassStore& store) : store_(store) { look(system_clock().now()); }

void BreakGlassBanner::look(Instant now) {
  const auto seal = store_.newest();
  if (!seal) return log_error("whether the seal is broken cannot be read", {{"why", seal.error().message}});
  const bool open = *seal && is_open_at(**seal, now);
  const std::int64_t until = open ? (*seal)->expires->nanoseconds : 0;
  if (open_until_.exchange(until) == until) return;
  if (open) {
    log_warning("BREAK-GLASS IS OPEN", {{"by", printable((*seal)->opened_by, 100)},
                                        {"reason", printable((*seal)->reason, 300)},
                                        {"until", format_time(*(*seal)->expires)}});
  } else {
    log_warning("break-glass is closed again; seal a new code with 'reeve break-glass seal'", {});
  }
}

std::string BreakGlassBanner::line() const {
  const std::int64_t until = open_until_.load();
  return until == 0 ? std::string() : "BREAK-GLASS IS OPEN until " + format_time({until}) + "\n";
}

}  // namespace reeve::app
