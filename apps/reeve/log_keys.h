#pragma once

// The keys that signed for a log, one after the other, as commands need them that look at older checkpoints.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.h"

namespace reeve::app {

/// `key`, which signs now, and those before it whose statements lead to it.
std::vector<std::string> keys_that_lead_to(const std::filesystem::path& ledger_directory, const std::string& key);
/// Opens a checkpoint that any of the keys, of which there is one at least, may have signed.
Result<ledger::Checkpoint> open_checkpoint_of(std::string_view note, const std::vector<std::string>& keys);

}  // namespace reeve::app
