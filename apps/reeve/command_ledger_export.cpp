#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "core/bytes.h"
#include "reeve/commands.h"
#include "reeve/config.h"
#include "reeve/export_mappings.h"
#include "reeve/export_threads.h"
#include "reeve/ledger_reading.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

/// As many records as one line of spans holds, and as are in memory.
constexpr std::size_t kRecordsOfABatch = 500;

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdout) std::fclose(file);
  }
};
using OutputFile = std::unique_ptr<std::FILE, CloseFile>;

struct Window {
  std::optional<Instant> since, until;

  static Result<Window> of(const LedgerExportArguments& arguments) {
    Window window;
    const Instant now = system_clock().now();
    for (const auto& [text, into, name] : {std::tuple(&arguments.since, &window.since, "--since"),
                                           std::tuple(&arguments.until, &window.until, "--until")}) {
      if (text->empty()) continue;
      const auto time = parse_since(*text, now);
      if (!time) return with_context(time.error(), name);
      *into = *time;
    }
    return window;
  }
  bool holds(const ledger::StoredEntry& stored) const {
    if (!since && !until) return true;
    const auto document = JsonDocument::parse(stored.bytes);
    const auto time = parse_time(document ? document->root()["time"].string_or("") : "");
    return time && (!since || *time >= *since) && (!until || *time <= *until);
  }
};

Result<std::filesystem::path> mappings_directory(const Common& common, const LedgerExportArguments& arguments) {
  if (!arguments.mappings.empty()) return std::filesystem::path(arguments.mappings);
  const std::string file = config_file(common);
  if (file.empty()) return std::filesystem::path("governance");
  std::vector<Diagnostic> complaints;
  const Config config = read_config(file, complaints);
  return config.governance_dir;
}

Result<ledger::ExportMapping> find_mapping(const Common& common, const LedgerExportArguments& arguments) {
  const auto directory = mappings_directory(common, arguments);
  if (!directory) return directory.error();
  std::vector<Diagnostic> complaints;
  const auto mappings = load_export_mappings(*directory, complaints);
  for (const Diagnostic& complaint : complaints) {
    if (complaint.severity == Diagnostic::Severity::kError) return Error{ErrorCode::kInvalid, complaint.to_string()};
  }
  const ledger::ExportMapping* mapping = mappings->find(arguments.format);
  if (mapping != nullptr) return *mapping;
  return Error{ErrorCode::kInvalid,
               "there is no format '" + printable(arguments.format, 40) + "'; there are parquet, " + mappings->names()};
}

/// Writes record by record; an error is about the output, or about recording who gets it.
class BatchWriter {
 public:
  BatchWriter(RecordedOutput& out, ledger::ExportRecords& records) : out_(out), records_(records) {}

  Result<void> add(const ledger::StoredEntry& stored) {
    records_.add(batch_, stored);
    return batch_.records.size() < kRecordsOfABatch ? Result<void>() : flush();
  }
  Result<void> flush() {
    if (!batch_.records.empty()) {
      auto added = out_.add(batch_.body(ledger::ExportMapping::Batch::kLines), batch_.records.size());
      if (!added) return added;
    }
    batch_ = records_.empty_batch(batch_.end);
    return {};
  }

 private:
  RecordedOutput& out_;
  ledger::ExportRecords& records_;
  ledger::ExportBatch batch_ = records_.empty_batch(0);
};

Result<std::uint64_t> write_entries(ledger::LogReader& reader, const LedgerExportArguments& arguments,
                                    const Window& window, ledger::ExportRecords& records, RecordedOutput& out) {
  BatchWriter writer(out, records);
  std::uint64_t from = arguments.from;
  if (window.since) from = std::max(from, reader.first_at(*window.since));
  Result<void> written;
  const auto read = reader.read(from, [&](const ledger::StoredEntry& stored) {
    if (window.holds(stored)) written = writer.add(stored);
    return written.ok();
  });
  if (written) written = writer.flush();
  if (written) written = out.end();
  if (!read) return read.error();
  if (!written) return written.error();
  return out.shown();
}

void tell_written(const Common& common, const LedgerExportArguments& arguments, std::uint64_t records) {
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("format", arguments.format).member("records", records).end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("%llu records written to %s\n", static_cast<unsigned long long>(records), arguments.output.c_str());
  }
}

/// Parquet is no mapping: DuckDB writes the file, whose end tells where its parts are.
int export_parquet(const Common& common, const LedgerExportArguments& arguments, ledger::LogReader& reader,
                   const Window& window, const ledger::EntryFilter* filter, const std::string& log) {
  if (arguments.output == "-" || arguments.output.empty()) {
    return fail(common, kWrongUse, "Parquet goes to a file: name one with --output");
  }
  ledger::ParquetExport what{ledger::index_library(), arguments.output, log, arguments.from, {}};
  if (window.since) what.from = std::max(what.from, reader.first_at(*window.since));
  what.takes = [&](const ledger::StoredEntry& stored) {
    return window.holds(stored) && (filter == nullptr || filter->matches(stored.bytes));
  };
  const auto written = ledger::write_parquet(reader, what);
  if (!written) return fail(common, kFailed, written.error().message);
  // How many there are is known at the end; whoever may not be recorded keeps nothing of it.
  if (auto noted = note_reading(common, *written); !noted) {
    std::error_code ignored;
    std::filesystem::remove(arguments.output, ignored);
    return fail(common, kFailed, noted.error().message);
  }
  tell_written(common, arguments, *written);
  return kDone;
}

}  // namespace

int ledger_export_command(const Common& common, const LedgerExportArguments& arguments) {
  const auto window = Window::of(arguments);
  if (!window) return fail(common, kWrongUse, window.error().message);
  std::optional<ledger::EntryFilter> filter;
  if (!arguments.filter.empty()) {
    auto compiled = ledger::EntryFilter::compile(arguments.filter);
    if (!compiled) return fail(common, kWrongUse, "condition: " + compiled.error().message);
    filter = *std::move(compiled);
  }
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  const auto key = (*reader)->verifier_key();
  if (!key) return fail(common, kFailed, key.error().message);
  if (arguments.format == "parquet") {
    return export_parquet(common, arguments, **reader, *window, filter ? &*filter : nullptr, log_name(*key));
  }
  const auto mapping = find_mapping(common, arguments);
  if (!mapping) return fail(common, exit_code_of(mapping.error()), mapping.error().message);
  const bool to_standard_output = arguments.output == "-" || arguments.output.empty();
  const OutputFile out(to_standard_output ? stdout : std::fopen(arguments.output.c_str(), "wbe"));
  if (!out) return fail(common, kFailed, "cannot write " + arguments.output);
  ledger::ExportRecords records(*mapping, {log_name(*key), REEVE_VERSION}, filter ? &*filter : nullptr);
  RecordedOutput output(common, common.asked, out.get());
  const auto written = write_entries(**reader, arguments, *window, records, output);
  if (!written) return fail(common, kFailed, written.error().message);
  if (!to_standard_output && ::fsync(::fileno(out.get())) != 0) {
    return fail(common, kFailed, arguments.output + " cannot be synced");
  }
  if (!to_standard_output) tell_written(common, arguments, *written);
  return kDone;
}

int ledger_exports_command(const Common& common) {
  const std::string file = config_file(common);
  if (file.empty()) return fail(common, kWrongUse, "there is no reeve.yaml here; name one with --config");
  std::vector<Diagnostic> complaints;
  const Config config = read_config(file, complaints);
  const std::filesystem::path data = common.data_dir ? std::filesystem::path(*common.data_dir) : config.data_dir;
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  const auto key = (*reader)->verifier_key();
  if (!key) return fail(common, kFailed, key.error().message);
  const std::uint64_t size = (*reader)->size();
  std::vector<std::vector<std::string>> rows{{"NAME", "FORMAT", "SINK", "POSITION", "LAG", "HELD UP BY"}};
  JsonWriter json;
  json.begin_array();
  bool held_up = false;
  for (const ledger::ExportSettings& settings : config.exports) {
    const auto directory = exports_directory(data);
    const auto position =
        ledger::read_export_position(ledger::export_position_file(directory, settings.name), log_name(*key));
    std::ifstream trouble(ledger::export_trouble_file(directory, settings.name));
    std::string why;
    std::getline(trouble, why);
    held_up = held_up || !why.empty();
    const std::uint64_t next = position ? position->next : 0;
    const std::uint64_t lag = size > next ? size - next : 0;
    json.begin_object().member("name", settings.name).member("format", settings.format);
    json.member("sink", settings.sink_kind()).member("begun", position.ok()).member("position", next);
    json.member("lag", lag).member_if("held_up_by", why).end_object();
    rows.push_back({settings.name, settings.format, std::string(settings.sink_kind()),
                    position ? std::to_string(next) : "not begun", std::to_string(lag), printable(why, 200)});
  }
  if (common.json) {
    std::printf("%s\n", json.end_array().text().c_str());
  } else if (config.exports.empty()) {
    std::printf("reeve.yaml has no 'exports'.\n");
  } else {
    std::printf("%s", table(rows).c_str());
  }
  return held_up ? kAnswerIsNo : kDone;
}

}  // namespace reeve::app
