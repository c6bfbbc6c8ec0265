#pragma once

// The HTML report of `reeve spend report --html`.

#include "reeve/call_stream.h"
#include "reeve/commands.h"

namespace reeve::app {

/// Reads what the page shows in one pass and writes the file. Returns the command's exit code.
int write_spend_page(const Common& common, const SpendArguments& arguments, const CallWindow& window);

}  // namespace reeve::app
