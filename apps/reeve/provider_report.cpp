#include "reeve/provider_report.h"

#include "core/log.h"
#include "core/private_file.h"

namespace reeve::app {

void ProviderReport::look(const gateway::Settings& settings) {
  const Instant now = system_clock().now();
  const Moment steady = system_clock().steady();
  // A moment at which nothing is due any more tells states and when they began, and nothing that moves by itself.
  std::string report = gateway::key_report(settings.providers, now, steady);
  if (report == told_) return;
  const std::string file = "{\"at\":\"" + format_time(now) + "\"," + report.substr(1) + "\n";
  if (auto written = write_private_file(data_directory_ / kProviderReportFile, file); !written) {
    return log_error("how keys of providers stand cannot be told", {{"why", written.error().message}});
  }
  told_ = std::move(report);
}

}  // namespace reeve::app
