#pragma once

// The detail of a note that is longer than the ledger takes: cut, and saying so, since what cannot be noted would be
// tried again for ever.

#include <cstddef>
#include <string>
#include <string_view>

namespace reeve::store {

/// As it is when it has at most `bytes_max` bytes (some hundred at least). Otherwise its lists end early, its texts are
/// cut, and objects in it are left out, of all that are longer than what fits; a member `cut` lists their names.
/// `detail`: canonical JSON, an object; so is the result.
std::string shortened_detail(std::string_view detail, std::size_t bytes_max);

}  // namespace reeve::store
