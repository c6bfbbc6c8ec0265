#pragma once

// What a connection is made with: the options' URL taken apart, completed and made safe to talk about.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "store/store.h"

namespace reeve::store {

struct ConnectionSettings {
  std::vector<std::pair<std::string, std::string>> parameters;  // of libpq
  std::string where;                                            // "PostgreSQL at db.example.com, database reeve"
  std::string password;                                         // never to be shown

  /// `text` on one line of at most 300 bytes, without the password.
  std::string safe(std::string_view text) const;
};

/// Reads the password file, too. kInvalid, kUnavailable.
Result<ConnectionSettings> connection_settings(const PostgresOptions& options);

}  // namespace reeve::store
