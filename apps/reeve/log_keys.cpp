#include "reeve/log_keys.h"

#include <algorithm>
#include <fstream>

namespace reeve::app {

namespace {
// Lines of a statement, from its first: the key that ends, docs/ledger-format.md.
constexpr std::string_view kTitle = "reeve log key rotation v1";
constexpr int kOldKeyLine = 2;
}  // namespace

std::vector<std::string> keys_that_lead_to(const std::filesystem::path& ledger_directory, const std::string& key) {
  std::vector<std::string> keys{key};
  std::ifstream file(ledger_directory / "public" / "key-rotations", std::ios::binary);
  int line_of_statement = -1;
  for (std::string line; std::getline(file, line);) {
    line_of_statement = line == kTitle ? 0 : line_of_statement < 0 ? -1 : line_of_statement + 1;
    if (line_of_statement != kOldKeyLine || std::find(keys.begin(), keys.end(), line) != keys.end()) continue;
    // What the text says counts once its signatures are checked, and lead there.
    const auto followed = ledger::follow_keys(ledger_directory, line);
    if (followed && followed->back() == key) keys.push_back(line);
  }
  return keys;
}

Result<ledger::Checkpoint> open_checkpoint_of(std::string_view note, const std::vector<std::string>& keys) {
  auto first = ledger::open_checkpoint(note, keys.front());
  if (first) return first;
  for (const std::string& key : keys) {
    auto opened = ledger::open_checkpoint(note, key);
    if (opened) return opened;
  }
  return first;
}

}  // namespace reeve::app
