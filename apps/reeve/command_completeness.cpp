// `reeve ledger completeness`: what is missing in the ledger, and whether it says why.

#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "core/json_members.h"
#include "reeve/commands.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

using ledger::CompletenessReport;
using ledger::CompletenessRow;

/// Entries that nobody numbered, between the starts and stops of a service that numbers its own: one of them could be
/// missing and nobody would see it.
class Unnumbered {
 public:
  void see(std::string_view entry) {
    JsonMembers walk(entry);
    std::string_view name;
    std::string_view value;
    std::string_view kind;
    bool has_number = false;
    while (walk.next(name, value)) {
      if (name == "kind") kind = plain_text(value).value_or("");
      if (name == "producer") has_number = true;
    }
    if (kind == "service.started") counting_ = has_number;
    // Gaps speak of numbers and have none; a rotation may be a command's, which numbers nothing.
    if (counting_ && !has_number && kind != "ledger.gap" && kind != "ledger.key_rotated") ++count_;
    if (kind == "service.stopped") counting_ = false;
  }
  std::uint64_t count() const { return count_; }

 private:
  bool counting_ = false;
  std::uint64_t count_ = 0;
};

struct Examined {
  CompletenessReport report;
  std::uint64_t unnumbered = 0;
};

struct Times {
  std::optional<Instant> since, until;

  static Result<Times> of(const CompletenessArguments& arguments) {
    Times times;
    const Instant now = system_clock().now();
    for (const auto& [name, text, into] : {std::tuple("--since", &arguments.since, &times.since),
                                           std::tuple("--until", &arguments.until, &times.until)}) {
      if (text->empty()) continue;
      const auto time = parse_since(*text, now);
      if (!time) return with_context(time.error(), name);
      *into = *time;
    }
    return times;
  }

  bool take(const CompletenessRow& row) const {
    const auto from = parse_time(row.from);
    const auto until = parse_time(row.until.empty() ? row.from : row.until);
    return (!since || !until || *until >= *since) && (!this->until || !from || *from <= *this->until);
  }
};

Result<Examined> examine(ledger::LogReader& reader, const Times& times) {
  const std::uint64_t from = times.since ? reader.first_at(*times.since) : 0;
  ledger::Completeness completeness(from > 0);
  Unnumbered unnumbered;
  auto read = reader.read(from, [&](const ledger::StoredEntry& stored) {
    unnumbered.see(stored.bytes);
    completeness.see(stored.index, stored.bytes);
    return true;
  });
  if (!read) return std::move(read).error();
  CompletenessReport report = completeness.finish();
  std::erase_if(report.rows, [&](const CompletenessRow& row) { return !times.take(row); });
  return Examined{std::move(report), unnumbered.count()};
}

void print_json(const Examined& examined, std::size_t unexplained) {
  const CompletenessReport& report = examined.report;
  JsonWriter json;
  json.begin_object().member("complete", unexplained == 0).member("unexplained", std::uint64_t{unexplained});
  json.member("unnumbered", examined.unnumbered);
  json.key("rows").begin_array();
  for (const CompletenessRow& row : report.rows) {
    json.begin_object().member("kind", ledger::completeness_kind_name(row.kind)).member("entry", row.entry);
    json.member("from", row.from).member_if("until", row.until).member("text", row.text);
    json.member("explained", row.explained).end_object();
  }
  json.end_array().end_object();
  std::printf("%s\n", json.text().c_str());
}

}  // namespace

std::string completeness_line(const CompletenessReport& report) {
  std::string line = std::to_string(report.starts) + " starts, " + std::to_string(report.crashes) +
                     " ends without a stop, " + std::to_string(report.heartbeats) + " heartbeats, " +
                     std::to_string(report.gaps) + " gaps (" + std::to_string(report.lost) + " records lost, " +
                     std::to_string(report.refused) + " refused)";
  if (report.silences > 0) line += ", " + std::to_string(report.silences) + " times without a heartbeat";
  if (report.holes == 0) return line + "; every number that is missing is explained";
  return line + "; " + std::to_string(report.missing) + " numbers are missing without a reason";
}

int ledger_completeness_command(const Common& common, const CompletenessArguments& arguments) {
  const auto times = Times::of(arguments);
  if (!times) return fail(common, kWrongUse, times.error().message);
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  const auto report = examine(**reader, *times);
  if (!report) return fail(common, kFailed, report.error().message);
  std::size_t unexplained = 0;
  std::vector<std::vector<std::string>> rows{{"ENTRY", "FROM", "UNTIL", "WHAT", ""}};
  for (const CompletenessRow& row : report->report.rows) {
    const bool wrong = !row.explained || (arguments.strict && row.kind == CompletenessRow::Kind::kCrash);
    if (wrong) ++unexplained;
    const std::string what(ledger::completeness_kind_name(row.kind));
    rows.push_back({std::to_string(row.entry), printable(row.from, 19), printable(row.until, 19),
                    wrong ? red(what) : what, printable(row.text, 500)});
  }
  if (common.json) {
    print_json(*report, unexplained);
    return unexplained == 0 ? kDone : kAnswerIsNo;
  }
  std::printf("%s", table(rows).c_str());
  std::printf("%s  %s.\n",
              (unexplained == 0 ? green("Nothing is missing without a reason.")
                                : red(std::to_string(unexplained) + " unexplained."))
                  .c_str(),
              completeness_line(report->report).c_str());
  if (report->unnumbered > 0) {
    std::printf("%llu entries have no number: were one of them left out, nobody would see it.\n",
                static_cast<unsigned long long>(report->unnumbered));
  }
  return unexplained == 0 ? kDone : kAnswerIsNo;
}

}  // namespace reeve::app
