#include "ledger/key_history.h"

#include "core/bytes.h"
#include "core/json.h"
#include "ledger/log.h"

namespace reeve::ledger {

KeyHistory::KeyHistory(FileSystem& system, std::string directory, std::string_view trusted_key)
    : system_(system), directory_(std::move(directory)), trusted_key_(trim(trusted_key)) {}

void KeyHistory::see(std::uint64_t index, std::string_view entry) {
  const auto document = JsonDocument::parse(entry);
  const std::string statement(document ? document->root().at("detail.statement").string_or("") : "");
  if (auto opened = open_key_statement(statement); !opened) {
    problems_.push_back("entry " + std::to_string(index) +
                        " tells of a rotation of the key: " + opened.error().message);
  }
  recorded_.emplace_back(index, statement);
}

bool KeyHistory::changing_to(std::string_view vkey) const {
  const auto prepared = prepared_rotation(system_, directory_);
  return prepared && *prepared && (*prepared)->new_key == vkey;
}

std::vector<std::string> KeyHistory::finish() {
  const std::string path = key_rotations_path(directory_);
  const auto statements = read_key_rotations(system_, directory_);
  if (!statements) {
    problems_.push_back(statements.error().message);
    return std::move(problems_);
  }
  const auto prepared = prepared_rotation(system_, directory_);
  const bool under_way = prepared && *prepared;
  const auto key = read_file(system_, verifier_key_path(directory_));
  if (key && !statements->empty() && statements->back().new_key != trim(*key) && !under_way) {
    problems_.push_back(verifier_key_path(directory_) + " is not the key that took over last (" + path + ")");
  }
  // Beside a server, entries may have come since they were read here; the other way round nothing may be missing.
  for (std::size_t i = 0; i < recorded_.size(); ++i) {
    const bool last = i + 1 == recorded_.size();
    if (i < statements->size() && (*statements)[i].note == recorded_[i].second) continue;
    if (i == statements->size() && last && under_way) continue;
    problems_.push_back("the rotation of the key that entry " + std::to_string(recorded_[i].first) +
                        " tells of is not in " + path + ", or not in its place");
  }
  if (trusted_key_.empty()) return std::move(problems_);
  if (auto followed = follow_keys(directory_, trusted_key_); !followed) problems_.push_back(followed.error().message);
  return std::move(problems_);
}

}  // namespace reeve::ledger
