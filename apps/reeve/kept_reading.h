#pragma once

// What was made of the files of a directory, kept as long as none of them is added, removed or written: reading the
// governance directory takes a tenth of a second, which nobody should wait for at every request.

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/yaml.h"
#include "reeve/governance.h"

namespace reeve::app {

/// Thread-safe; whoever comes while another one reads waits for that.
template <typename Made>
class KeptReading {
 public:
  /// `make` gives a std::shared_ptr<const Made>; null is not kept. `more`: on what else it depends.
  template <typename Make>
  std::shared_ptr<const Made> get(const std::filesystem::path& directory, const Make& make, std::string more = {}) {
    const std::lock_guard lock(mutex_);
    // Looked at before it is read, so that what is written meanwhile is read again.
    std::string seen = directory.string() + "\n" + std::move(more) + "\n" + directory_fingerprint(directory);
    if (kept_ && seen == seen_) return kept_;
    kept_ = make();
    seen_ = std::move(seen);
    return kept_;
  }

 private:
  std::mutex mutex_;
  std::string seen_;
  std::shared_ptr<const Made> kept_;
};

/// The documents of a directory, with what is wrong in them, as read_yaml_directory() gives them.
struct GovernanceDocuments {
  std::vector<YamlValue> documents;
  std::vector<Diagnostic> complaints;
};
std::shared_ptr<const GovernanceDocuments> governance_documents(const std::filesystem::path& directory);

}  // namespace reeve::app
