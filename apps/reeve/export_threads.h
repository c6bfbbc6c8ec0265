#pragma once

// The threads that follow the ledger for the exports, one each. No call waits for any of them: they read what is on
// disk already, and what a sink has not taken stays there.

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ledger/ledger.h"

namespace reeve::app {

/// Where exports keep what they must not forget, in the data directory.
std::filesystem::path exports_directory(const std::filesystem::path& data_directory);

class ExportThreads {
 public:
  struct Place {
    std::filesystem::path data_directory;
    std::string log, version;
  };
  ExportThreads() = default;
  ~ExportThreads() { stop(); }
  ExportThreads(const ExportThreads&) = delete;

  /// Once. `tell` writes progress into the ledger, from any of the threads, and outlives them.
  Result<void> start(const std::vector<ledger::ExportSettings>& exports, const ledger::ExportMappings& mappings,
                     const Place& place, const std::function<void(const std::string& detail)>& tell);
  /// Ends what is under way, keeps the positions. The log must still be open.
  void stop();
  /// Lines for /metrics. From any thread once start() has returned.
  std::string metrics() const;

 private:
  void run(ledger::Exporter& exporter);

  std::vector<std::unique_ptr<ledger::Exporter>> exporters_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_{false};
};

}  // namespace reeve::app
