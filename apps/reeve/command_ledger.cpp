#include <unistd.h>

#include <cstdio>
#include <deque>

#include "core/bytes.h"
#include "ledger/ledger.h"
#include "reeve/commands.h"
#include "reeve/ledger_commands.h"
#include "reeve/ledger_entry_proofs.h"
#include "reeve/ledger_reading.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

/// One entry on one line for a person: when, what, who, which model, what came of it, what it cost. Callers and
/// providers chose some of the words, so nothing in them may reach the terminal as a command.
std::string line_of(const JsonValue& entry) {
  const auto text = [&](std::string_view path) { return printable(entry.at(path).string_or("")); };
  std::string line = text("time").substr(0, 19) + "  " + text("kind");
  line.append(line.size() < 38 ? 38 - line.size() : 1, ' ');
  if (const std::string who = text("principal.id"); !who.empty()) line += "  " + who;
  std::string model = text("model.served");
  if (model.empty()) model = text("model.asked");
  if (!model.empty()) line += "  " + model;
  if (const std::string status = text("outcome.status"); !status.empty()) {
    line += "  " + (status == "ok" ? green(status) : status == "refused" ? yellow(status) : red(status));
    const std::string reason = text("outcome.reason");
    if (status != "ok" && !reason.empty()) line += " (" + reason + ")";
  }
  if (const auto nanos = entry.at("cost.nanos").as_int()) {
    line += "  " + format_money({*nanos}) + (entry.at("cost.estimated").as_bool().value_or(false) ? " estimated" : "");
  }
  if (entry["detail"].present()) line += "  " + printable(entry["detail"].to_json(), 1'000);
  return line;
}

std::string numbered_line(std::uint64_t index, const JsonValue& entry) {
  const std::string number = std::to_string(index);
  return std::string(number.size() < 8 ? 8 - number.size() : 0, ' ') + number + "  " + line_of(entry);
}

/// With `proofs`, each entry comes with its own.
std::string shown_text(const Common& common, const ledger::StoredEntry& stored, const JsonValue& entry,
                       EntryProofs* proofs) {
  if (common.json && proofs != nullptr) {
    JsonWriter json;
    proofs->write(json, stored);
    return json.take();
  }
  if (common.json) return std::string(stored.bytes);
  std::string text = numbered_line(stored.index, entry);
  if (proofs == nullptr) return text;
  const auto proof = proofs->proof_of(stored);
  return text + "\n" + (proof ? *proof : "No proof: " + proof.error().message + "\n");
}

void print_entry(const Common& common, const ledger::StoredEntry& stored, const JsonValue& entry) {
  if (common.json) {
    std::printf("%.*s\n", static_cast<int>(stored.bytes.size()), stored.bytes.data());
  } else {
    std::printf("%s\n", numbered_line(stored.index, entry).c_str());
  }
}

struct Selection {
  std::optional<ledger::EntryFilter> filter;
  std::optional<Instant> since;
  std::optional<Instant> until;

  static Result<Selection> of(const LedgerQueryArguments& arguments) {
    Selection selection;
    const Instant now = system_clock().now();
    if (!arguments.filter.empty()) {
      auto filter = ledger::EntryFilter::compile(arguments.filter);
      if (!filter) return with_context(filter.error(), "condition");
      selection.filter = *std::move(filter);
    }
    if (!arguments.since.empty()) {
      const auto since = parse_since(arguments.since, now);
      if (!since) return with_context(since.error(), "--since");
      selection.since = *since;
    }
    if (!arguments.until.empty()) {
      const auto until = parse_since(arguments.until, now);
      if (!until) return with_context(until.error(), "--until");
      selection.until = *until;
    }
    return selection;
  }

  bool takes(const ledger::StoredEntry& stored, const JsonValue& entry) const {
    if (since || until) {
      const auto time = parse_time(entry["time"].string_or(""));
      if (!time || (since && *time < *since) || (until && *time > *until)) return false;
    }
    return !filter || filter->matches(stored.bytes);
  }
};

/// Visits the selected entries from `from` on; `visit` returns false to stop.
Result<void> select(ledger::LogReader& reader, const Selection& selection, std::uint64_t from,
                    const std::function<bool(const ledger::StoredEntry&, const JsonValue&)>& visit) {
  std::optional<Error> unreadable;
  auto read = reader.read(from, [&](const ledger::StoredEntry& stored) {
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document) {
      unreadable = Error{ErrorCode::kCorrupt,
                         "entry " + std::to_string(stored.index) + " is not JSON; 'reeve ledger verify' says more"};
      return false;
    }
    const JsonValue entry = document->root();
    return !selection.takes(stored, entry) || visit(stored, entry);
  });
  if (read && unreadable) return *std::move(unreadable);
  return read;
}

constexpr std::uint64_t kQuickToScan = 100'000;  // entries; opening the index takes as long

/// Null where every entry is to be read: asked for so, few entries, or no index to be had.
Result<std::unique_ptr<ledger::Index>> index_for(const Common& common, const LedgerQueryArguments& arguments,
                                                 ledger::LogReader& reader) {
  if (arguments.scan || (!arguments.index && reader.size() < kQuickToScan)) return std::unique_ptr<ledger::Index>();
  auto index = open_index(common);
  if (index || arguments.index) return index;
  std::fprintf(stderr, "reeve: reading every entry: %s\n", index.error().message.c_str());
  return std::unique_ptr<ledger::Index>();
}

int query(const Common& common, const LedgerQueryArguments& arguments, bool with_proof) {
  const auto selection = Selection::of(arguments);
  if (!selection) return fail(common, kWrongUse, selection.error().message);
  if (arguments.scan && arguments.index) return fail(common, kWrongUse, "--scan and --index exclude each other");
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  const auto index = index_for(common, arguments, **reader);
  if (!index) return fail(common, kFailed, index.error().message);
  RecordedOutput output(common, arguments.filter, stdout);
  std::uint64_t found = 0;
  Result<void> shown;
  const auto directory = data_directory(common);
  if (!directory) return fail(common, exit_code_of(directory.error()), directory.error().message);
  EntryProofs proofs(*directory / "ledger");
  const auto visit = [&](const ledger::StoredEntry& stored, const JsonValue& entry) {
    shown = output.add(shown_text(common, stored, entry, with_proof ? &proofs : nullptr) + "\n", 1);
    return shown && (arguments.limit == 0 || ++found < arguments.limit);
  };
  Result<void> read;
  if (*index) {
    ledger::EntrySelection wanted{.filter = selection->filter ? &*selection->filter : nullptr};
    wanted.since = selection->since;
    wanted.until = selection->until;
    read = (*index)->find(wanted, [&](const ledger::StoredEntry& stored) {
      const auto document = JsonDocument::parse(stored.bytes);
      return !document || !selection->takes(stored, document->root()) || visit(stored, document->root());
    });
  } else {
    read = select(**reader, *selection, selection->since ? (*reader)->first_at(*selection->since) : 0, visit);
  }
  if (shown) shown = output.end();
  if (!shown) return fail(common, kFailed, shown.error().message);
  if (!read) return fail(common, kFailed, read.error().message);
  if (!common.json && output.shown() == 0) std::fprintf(stderr, "%s\n", "No entry matches.");
  return kDone;
}

}  // namespace

int ledger_query_command(const Common& common, const LedgerQueryArguments& arguments) {
  return query(common, arguments, false);
}

int ledger_proven_query_command(const Common& common, const LedgerQueryArguments& arguments) {
  return query(common, arguments, true);
}

int ledger_tail_command(const Common& common, const LedgerQueryArguments& arguments) {
  const auto selection = Selection::of(arguments);
  if (!selection) return fail(common, kWrongUse, selection.error().message);
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);

  // Back from the end in growing steps until enough entries match.
  const std::uint64_t end = (*reader)->size();
  std::deque<std::string> newest;
  std::uint64_t next = end;
  for (std::uint64_t step = std::max<std::uint64_t>(arguments.last * 4, 256);; step *= 8) {
    const std::uint64_t from = end > step ? end - step : 0;
    newest.clear();
    const auto read =
        select(**reader, *selection, from, [&](const ledger::StoredEntry& stored, const JsonValue& entry) {
          newest.push_back(common.json ? std::string(stored.bytes)
                                       : std::to_string(stored.index) + "  " + line_of(entry));
          if (newest.size() > arguments.last) newest.pop_front();
          next = std::max(next, stored.index + 1);
          return true;
        });
    if (!read) return fail(common, kFailed, read.error().message);
    if (newest.size() >= arguments.last || from == 0) break;
  }
  if (auto noted = note_reading(common, newest.size()); !noted) {
    return fail(common, kFailed, noted.error().message);
  }
  for (const std::string& line : newest) std::printf("%s\n", line.c_str());
  while (arguments.follow) {
    std::fflush(stdout);
    ::usleep(200'000);
    const auto read =
        select(**reader, *selection, next, [&](const ledger::StoredEntry& stored, const JsonValue& entry) {
          print_entry(common, stored, entry);
          next = stored.index + 1;
          return true;
        });
    if (!read) return fail(common, kFailed, read.error().message);
  }
  return kDone;
}

int ledger_verify_command(const Common& common, const std::string& offline_directory, const std::string& trusted_key) {
  std::filesystem::path directory = offline_directory;
  if (offline_directory.empty()) {
    const auto data = data_directory(common);
    if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
    directory = *data / "ledger";
  }
  const bool show_progress = !common.json && ::isatty(STDERR_FILENO) == 1;
  const auto tell = [&](std::uint64_t done, std::uint64_t total) {
    if (show_progress && total > 0) {
      std::fprintf(stderr, "\r%3llu %% of %llu entries", static_cast<unsigned long long>(done * 100 / total),
                   static_cast<unsigned long long>(total));
    }
  };
  const auto report = ledger::verify(directory, tell, trusted_key);
  if (show_progress) std::fprintf(stderr, "\r\033[K");
  if (!report) return fail(common, kFailed, report.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object()
        .member("ok", report->ok)
        .member("entries", report->entries)
        .member("signed_size", report->signed_size);
    json.member("root", report->root)
        .member("intents_without_outcome", report->intents_without_outcome)
        .key("problems")
        .begin_array();
    for (const std::string& problem : report->problems) json.value(problem);
    json.end_array().end_object();
    std::printf("%s\n", json.text().c_str());
    return report->ok ? kDone : kAnswerIsNo;
  }
  for (const std::string& problem : report->problems) std::printf("%s\n", red(printable(problem, 1'000)).c_str());
  std::printf("%s  %llu entries checked, %llu of them signed; root %s\n",
              (report->ok ? green("The ledger is sound.") : red("The ledger is NOT sound.")).c_str(),
              static_cast<unsigned long long>(report->entries), static_cast<unsigned long long>(report->signed_size),
              report->root.c_str());
  if (report->completeness.starts > 0) std::printf("%s.\n", completeness_line(report->completeness).c_str());
  if (report->intents_without_outcome > 0) {
    std::printf("%llu calls have no outcome yet: under way now, or interrupted.\n",
                static_cast<unsigned long long>(report->intents_without_outcome));
  }
  return report->ok ? kDone : kAnswerIsNo;
}

int ledger_key_command(const Common& common) {
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  const auto key = (*reader)->verifier_key();
  if (!key) return fail(common, kFailed, key.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("verifier_key", *key).end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("%s\n", key->c_str());
  }
  return kDone;
}

}  // namespace reeve::app
