#include "reeve/kept_reading.h"

namespace reeve::app {

std::shared_ptr<const GovernanceDocuments> governance_documents(const std::filesystem::path& directory) {
  static KeptReading<GovernanceDocuments> kept;
  return kept.get(directory, [&] {
    auto read = std::make_shared<GovernanceDocuments>();
    read->documents = read_yaml_directory(directory, read->complaints);
    return read;
  });
}

}  // namespace reeve::app
