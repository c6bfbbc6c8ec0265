#pragma once

// A data directory full of people, groups and keys, made through the real stores.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "store/store.h"

namespace reeve::bench {

struct IdentitySize {
  std::size_t people = 100'000, groups = 10'000, keys = 1'000'000;
  std::size_t samples = 1'000;  // of keys whose secrets are kept for asking
};

std::string person_of(std::size_t number);  // "person-00017@example.com"

/// The secrets of some keys, spread over all. All of it counts as recorded by the ledger's first entry.
std::vector<std::string> fill(store::Store& store, const IdentitySize& size);

}  // namespace reeve::bench
