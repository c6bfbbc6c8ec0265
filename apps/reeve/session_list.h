#pragma once

// A page of sessions out of the ledger's index, those that began last first. Only the newest parts of sessions are
// looked at, as many as the page needs, so that it takes as long in a ledger of ten million entries as in a short one.

#include <string>

#include "reeve/ledger_reading.h"

namespace reeve::app {

/// `person`: whose sessions alone; empty: everybody's. A session is named by its client, so two people may have one of
/// the same name: then only this one's calls are counted.
Result<ledger::IndexRows> sessions_page(ledger::Index& index, const SessionsAsked& asked,
                                        const std::string& person = {});

/// {"sessions": […], "next": …}: what sessions_page() gave; `limit` as it was asked.
std::string sessions_json(const ledger::IndexRows& rows, std::uint64_t limit);

}  // namespace reeve::app
