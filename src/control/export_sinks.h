#pragma once

// Sinks of exports beyond this machine. Part of the control room's face.

#include <memory>

#include "ledger/ledger.h"

namespace reeve::control {

/// A sink as the settings say; a file's, too.
std::unique_ptr<ledger::ExportSink> make_export_sink(const ledger::ExportSettings& settings);

/// A message of RFC 5424 without its length: header, structured data with log and index, the record.
std::string syslog_message(const ledger::SyslogSinkSettings& settings, std::string_view host, std::string_view format,
                           std::string_view log, const ledger::ExportRecord& record);
/// Where a batch is put: PREFIX ORIGIN/YEAR/MONTH/DAY/FIRST-LAST.EXTENSION, always the same for the same entries.
std::string object_name(const ledger::S3SinkSettings& settings, const ledger::ExportBatch& batch);

}  // namespace reeve::control
