// The command line about exports of the ledger.

#include <CLI/CLI.hpp>

#include "reeve/command_line.h"

namespace reeve::app {

void add_exports(CLI::App& ledger, Line& line) {
  CLI::App& exported = command(ledger, line, "export", "Write entries in the form of another system",
                               [&line] { return ledger_export_command(line.common, line.exported); });
  reads_ledger(exported, line);
  exported.add_option("CONDITION", line.exported.filter, "Only entries that match");
  exported
      .add_option("--format", line.exported.format,
                  "ocsf, cef, ecs, otlp, cloudevents, jsonl, parquet, or an ExportMapping of your own")
      ->required();
  exported.add_option("--since", line.exported.since, "A duration (7d) or a time");
  exported.add_option("--until", line.exported.until, "A duration before now or a time");
  exported.add_option("--from-seq", line.exported.from, "From this entry on");
  exported.add_option("-o,--output", line.exported.output, "A file, or - for standard output")->capture_default_str();
  exported.add_option("--mappings", line.exported.mappings, "A governance directory, instead of the configuration's");
  exported.footer("The exports that a server keeps up are 'exports' in reeve.yaml.");
  command(ledger, line, "exports", "Say how far the exports of reeve.yaml came", [&line] {
    return ledger_exports_command(line.common);
  }).footer("Exits with 1 when one is held up.");
}

}  // namespace reeve::app
