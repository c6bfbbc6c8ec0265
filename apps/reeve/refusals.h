#pragma once

// What the ledger is told of attempts that were refused, beside model calls, whose own records tell it:
// `identity.refused`. Not each of a flood, which would fill the ledger: so many a minute of one kind from one address,
// and then how many were left out.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "identity/identity.h"
#include "net/net.h"
#include "reeve/api_thread.h"
#include "reeve/sign_in_limits.h"

namespace reeve::app {

struct Refusal {
  std::string what;         // a name of ours, whatever was sent: "callback", "control API"
  std::string why;          // never a credential
  std::string address;      // of the client
  std::string request;      // "GET /api/v1/budgets", where that says more; a path without its query
  std::string who, key_id;  // where they are known
};

/// For all loops.
class Refusals {
 public:
  explicit Refusals(identity::Grants::Record record)
      : record_(std::move(record)), rate_({30, 300, 0, std::chrono::minutes(1)}) {}

  /// Returns once it is recorded, or left out.
  Task<void> tell(Refusal refusal, net::Loop& loop);
  /// Ends its thread. Once no exchange is under way.
  void stop() { thread_.stop(); }

 private:
  const identity::Grants::Record record_;
  RateLimit rate_;
  std::atomic<std::uint64_t> left_out_{0};  // since the last entry
  ApiThread thread_;
};

}  // namespace reeve::app
