#pragma once

// A page of sessions out of the ledger's index, those that began last first or the dearest first. Of the former only
// the newest parts of sessions are looked at, as many as the page needs, so that it takes as long in a ledger of ten
// million entries as in a short one.

#include <cstdint>
#include <optional>
#include <string>

#include "reeve/ledger_reading.h"

namespace reeve::app {

struct SessionsAsked {
  std::optional<Instant> since;
  std::optional<std::uint64_t> before;  // first entry's index; of the page before
  std::uint64_t limit = 50;
  bool dearest_first = false;
};

/// `person`: whose sessions alone; empty: everybody's. A session is named by its client, so two people may have one of
/// the same name: then only this one's calls are counted.
Result<ledger::IndexRows> sessions_page(ledger::Index& index, const SessionsAsked& asked,
                                        const std::string& person = {});

/// {"sessions": […], "next": …}: what sessions_page() gave; `limit` as it was asked.
std::string sessions_json(const ledger::IndexRows& rows, std::uint64_t limit);

}  // namespace reeve::app
