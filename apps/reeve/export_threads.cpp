#include "reeve/export_threads.h"

#include <pthread.h>

#include "control/control.h"

namespace reeve::app {

std::filesystem::path exports_directory(const std::filesystem::path& data_directory) {
  return data_directory / "exports";
}

Result<void> ExportThreads::start(const std::vector<ledger::ExportSettings>& exports,
                                  const ledger::ExportMappings& mappings, const Place& place,
                                  const std::function<void(const std::string& detail)>& tell) {
  for (const ledger::ExportSettings& settings : exports) {
    const ledger::ExportMapping* mapping = mappings.find(settings.format);
    if (mapping == nullptr) return Error{ErrorCode::kInvalid, "no mapping is named " + settings.format};
    ledger::Exporter::Options options;
    options.settings = settings;
    options.mapping = *mapping;
    options.source = {place.log, place.version};
    options.directory = exports_directory(place.data_directory);
    options.ledger = place.data_directory / "ledger";
    options.tell = tell;
    auto exporter = ledger::Exporter::create(std::move(options), control::make_export_sink(settings));
    if (!exporter) return exporter.error();
    exporters_.push_back(*std::move(exporter));
  }
  for (const auto& exporter : exporters_) threads_.emplace_back([this, &exporter = *exporter] { run(exporter); });
  return {};
}

void ExportThreads::run(ledger::Exporter& exporter) {
  ::pthread_setname_np(::pthread_self(), "ledger-export");
  while (!stopping_.load()) {
    const Duration wait = exporter.step();
    std::unique_lock lock(mutex_);
    if (wait > Duration::zero()) wake_.wait_for(lock, wait, [this] { return stopping_.load(); });
  }
  exporter.finish();
}

void ExportThreads::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true);
  }
  for (const auto& exporter : exporters_) exporter->stop();
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::string ExportThreads::metrics() const {
  struct Family {
    const char* name;
    const char* type;
    const char* help;
    std::uint64_t (*value)(const ledger::ExportStatus&);
  };
  static constexpr Family kFamilies[] = {
      {"reeve_export_lag_entries", "gauge", "Ledger entries that the export has not passed yet",
       [](const ledger::ExportStatus& status) { return status.lag(); }},
      {"reeve_export_acknowledged_entries", "gauge", "Ledger entries that the export has passed",
       [](const ledger::ExportStatus& status) { return status.acknowledged; }},
      {"reeve_export_records_total", "counter", "Records that the sink has taken",
       [](const ledger::ExportStatus& status) { return status.records; }},
      {"reeve_export_failures_total", "counter", "Attempts that failed",
       [](const ledger::ExportStatus& status) { return status.failures; }},
      {"reeve_export_held_up", "gauge", "1 while the sink takes nothing",
       [](const ledger::ExportStatus& status) { return static_cast<std::uint64_t>(status.failed_in_a_row > 0); }},
  };
  std::string text;
  if (exporters_.empty()) return text;
  for (const Family& family : kFamilies) {
    const std::string name = family.name;
    text += "# HELP " + name + " " + family.help + "\n# TYPE " + name + " " + family.type + "\n";
    for (const auto& exporter : exporters_) {
      const ledger::ExportStatus status = exporter->status();
      text += name + "{export=\"" + status.name + "\"} " + std::to_string(family.value(status)) + "\n";
    }
  }
  return text;
}

}  // namespace reeve::app
