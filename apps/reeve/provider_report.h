#pragma once

// How providers' keys stand, in a file of the data directory for commands beside the server.

#include <filesystem>
#include <string>

#include "gateway/gateway.h"

namespace reeve::app {

inline constexpr const char* kProviderReportFile = "providers.json";

class ProviderReport {
 public:
  explicit ProviderReport(std::filesystem::path data_directory) : data_directory_(std::move(data_directory)) {}
  /// Writes the file when what it says has changed. About once a second, on one thread.
  void look(const gateway::Settings& settings);

 private:
  const std::filesystem::path data_directory_;
  std::string told_;  // without the times of trials, which move
};

}  // namespace reeve::app
