#include "reeve/spend_rows.h"

#include <atomic>
#include <filesystem>

#include "core/json_members.h"
#include "reeve/complaints.h"
#include "reeve/kept_reading.h"
#include "reeve/ledger_reading.h"

namespace reeve::app {

namespace {

constexpr std::string_view kOutcome = R"("kind":"model.outcome")";

/// A member's text, its escapes resolved.
void read_text(std::string_view value, std::string& into) {
  const auto plain = plain_text(value);
  if (!plain) return;
  if (plain->find('\\') == std::string_view::npos) {
    into.assign(*plain);
  } else if (const auto document = JsonDocument::parse("[" + std::string(value) + "]")) {
    into = document->root().items().front().string_or("");
  }
}

template <typename Read>
bool each_member(std::string_view object, const Read& read) {
  JsonMembers members(object);
  std::string_view name;
  std::string_view value;
  while (members.next(name, value)) read(name, value);
  return members.good();
}

void read_number(std::string_view value, std::int64_t& into) { into = plain_number(value).value_or(into); }

void read_usage(std::string_view object, TokenUsage& usage) {
  each_member(object, [&](std::string_view name, std::string_view value) {
    if (name == "input") read_number(value, usage.input);
    if (name == "cache_read") read_number(value, usage.cache_read);
    if (name == "cache_write_5m") read_number(value, usage.cache_write_5m);
    if (name == "cache_write_1h") read_number(value, usage.cache_write_1h);
    if (name == "output") read_number(value, usage.output);
    if (name == "reasoning") read_number(value, usage.reasoning);
    if (name == "input_audio") read_number(value, usage.input_audio);
    if (name == "output_audio") read_number(value, usage.output_audio);
    if (name == "web_searches") read_number(value, usage.web_searches);
    if (name == "input_reported") usage.input_reported = value == "true";
    if (name == "output_reported") usage.output_reported = value == "true";
  });
}

std::optional<Instant> read_time(std::string_view value) {
  const auto time = parse_time(plain_text(value).value_or(""));
  return time ? std::optional(*time) : std::nullopt;
}

void read_cost(std::string_view object, spend::SpendRow& row) {
  row.priced = true;
  std::optional<std::int64_t> list;
  each_member(object, [&](std::string_view name, std::string_view value) {
    if (name == "nanos") read_number(value, row.cost.nanos);
    if (name == "list_nanos") list = plain_number(value);
    if (name == "estimated") row.estimated = value == "true";
    if (name == "price_known") row.price_known = value == "true";
    if (name == "price_version") read_text(value, row.price_version);
    if (name == "provider") read_text(value, row.price_provider);
    if (name == "model") read_text(value, row.price_model);
    if (name == "service_tier") row.service_tier = spend::service_tier_of(plain_text(value).value_or(""));
    if (name == "time") row.price_time = read_time(value);
  });
  row.list_cost = list ? Money{*list} : row.cost;
}

void read_model(std::string_view object, spend::SpendRow& row) {
  each_member(object, [&](std::string_view name, std::string_view value) {
    if (name == "asked") read_text(value, row.asked);
    if (name == "served") read_text(value, row.model);
    if (name == "provider") read_text(value, row.provider);
    if (name == "region") read_text(value, row.region);
    if (name == "operation") read_text(value, row.operation);
  });
  if (row.model.empty()) row.model = row.asked;
}

void read_request(std::string_view object, spend::SpendRow& row) {
  each_member(object, [&](std::string_view name, std::string_view value) {
    if (name == "messages") {
      row.shape_known = true;
      read_number(value, row.messages);
    }
    if (name == "tools") row.tools = value == "true";
    if (name == "thinking") row.thinking = value == "true";
  });
}

/// The member of an object that is one level deep.
void read_inside(std::string_view object, std::string_view wanted, std::string& into) {
  each_member(object, [&](std::string_view name, std::string_view value) {
    if (name == wanted) read_text(value, into);
  });
}

void read_outcome(std::string_view object, spend::SpendRow& row) {
  each_member(object, [&](std::string_view name, std::string_view value) {
    if (name == "status") read_text(value, row.status);
    if (name != "tools") return;
    const auto tools = JsonDocument::parse(value);
    if (!tools) return;
    for (const JsonValue tool : tools->root().items()) row.called.emplace_back(tool.string_or(""));
  });
}

void read_member(std::string_view name, std::string_view value, spend::SpendRow& row) {
  if (name == "agent") return read_inside(value, "id", row.agent);
  if (name == "client") return read_text(value, row.client);
  if (name == "cost") return read_cost(value, row);
  if (name == "feature") return read_text(value, row.feature);
  if (name == "model") return read_model(value, row);
  if (name == "outcome") return read_outcome(value, row);
  if (name == "repo") return read_text(value, row.repo);
  if (name == "request") return read_request(value, row);
  if (name == "session_id") return read_text(value, row.session);
  if (name == "usage") return read_usage(value, row.usage);
  if (name == "work_item") return read_text(value, row.work_item);
  if (name == "seq") row.index = static_cast<std::uint64_t>(plain_number(value).value_or(0));
  if (name == "principal") {
    read_inside(value, "id", row.person);
    read_inside(value, "team", row.team);
  }
}

}  // namespace

Result<bool> read_spend_row(std::string_view entry, spend::SpendRow& row) {
  if (entry.find(kOutcome) == std::string_view::npos) return false;
  row = {};
  bool outcome = false;
  std::optional<Instant> time;
  const bool good = each_member(entry, [&](std::string_view name, std::string_view value) {
    if (name == "kind") outcome = plain_text(value) == "model.outcome";
    if (name == "time") time = read_time(value);
    read_member(name, value, row);
  });
  if (!good || !time) {
    return Error{ErrorCode::kCorrupt,
                 "entry " + std::to_string(row.index) + " cannot be read; 'reeve ledger verify' says more"};
  }
  row.time = *time;
  row.refused = row.status == "refused";
  return outcome;
}

Result<void> read_spend_rows(const Common& common, const CallWindow& window,
                             const std::function<void(std::size_t worker, const spend::SpendRow&)>& take) {
  auto reader = open_ledger(common);
  if (!reader) return reader.error();
  std::vector<spend::SpendRow> rows(call_stream_workers());
  std::vector<std::optional<Error>> errors(rows.size());
  std::atomic<std::uint64_t> calls = 0;
  const auto read = stream_calls(**reader, window, !common.json, [&](std::size_t worker, std::string_view entry) {
    spend::SpendRow& row = rows[worker];
    const auto is_row = read_spend_row(entry, row);
    if (!is_row) {
      if (!errors[worker]) errors[worker] = is_row.error();
      return;
    }
    if (!*is_row || row.time < window.since || row.time > window.until) return;
    calls.fetch_add(1, std::memory_order_relaxed);
    take(worker, row);
  });
  if (!read) return read.error();
  for (const auto& error : errors) {
    if (error) return *error;
  }
  return common.through.empty() ? Result<void>() : note_reading(common, calls);
}

Result<SpendDocuments> read_spend_documents(const Common& common, const std::string& directory) {
  const auto named = governance_directory(common, directory);
  if (!named) return named.error();
  std::error_code ignored;
  if (!directory.empty() && !std::filesystem::is_directory(directory, ignored)) {
    return Error{ErrorCode::kInvalid, "there is no directory " + directory};
  }
  struct Read {
    SpendDocuments documents;
    std::vector<Diagnostic> complaints;
  };
  static KeptReading<Read> kept;
  const auto read = kept.get(*named, [&] {
    auto made = std::make_shared<Read>();
    std::error_code no_directory;
    GovernanceDocuments files;
    // Without a directory the prices are the list's.
    if (std::filesystem::is_directory(*named, no_directory)) files = *governance_documents(*named);
    made->complaints = std::move(files.complaints);
    SpendDocuments& result = made->documents;
    result.prices = spend::Catalogue::with_overrides(files.documents, made->complaints);
    result.alerts = spend::read_alerts(files.documents, made->complaints);
    result.advice = spend::read_advice_rules(files.documents, made->complaints);
    if (result.alerts.empty()) result.alerts = spend::default_alerts();
    if (result.advice.empty()) result.advice = spend::default_advice_rules();
    return made;
  });
  for (const Diagnostic& complaint : read->complaints) {
    if (complaint.severity == Diagnostic::Severity::kError) return Error{ErrorCode::kInvalid, complaint.to_string()};
  }
  return read->documents;
}

}  // namespace reeve::app
