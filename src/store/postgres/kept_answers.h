#pragma once

// Answers of repeatable requests, kept with the change that they tell of, whatever was changed.

#include <optional>
#include <string_view>

#include "spend/spend.h"
#include "store/postgres/shared_connection.h"

namespace reeve::store {

/// Inside a transaction of the caller's. kConflict when the key was used meanwhile. Those that are too old go.
Result<void> keep_answer(PostgresConnection& connection, const spend::KeptAnswer& answer);
Result<std::optional<spend::KeptAnswer>> kept_answer_of(SharedConnection& connection, std::string_view who,
                                                        std::string_view key, Instant now);

}  // namespace reeve::store
