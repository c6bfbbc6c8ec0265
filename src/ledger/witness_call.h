#pragma once

// Asking a witness over HTTP, and what its answers mean: what the collector and the question before a log is opened
// share.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "net/net.h"

namespace reeve::ledger {

/// `public/cosigned-checkpoint` below the ledger's directory.
std::string cosigned_checkpoint_path(const std::string& ledger_directory);

net::ClientLimits witness_client_limits(Duration answer_timeout);

struct WitnessReply {
  int status = 0;
  std::string body;
};
/// POST add-checkpoint. `body` must stay valid until the end.
Task<Result<WitnessReply>> call_witness(net::Client& client, const net::Url& url, const std::string& body);

// What contradicts a log, in words.
std::string saw_more(std::string_view witness, std::uint64_t seen, std::uint64_t signed_size);
std::string saw_another(std::string_view witness, std::uint64_t size);

}  // namespace reeve::ledger
