#include "reeve/budget_state.h"

#include <algorithm>
#include <map>

#include "reeve/call_stream.h"

namespace reeve::app {

namespace {
/// The gateway ends a call before.
constexpr Duration kCallLongest = std::chrono::hours(24);
}  // namespace

int percent_of(const spend::CounterView::Line& line) {
  const double whole = static_cast<double>(line.limit) + static_cast<double>(line.carried + line.allowed);
  if (whole <= 0) return 100;
  return static_cast<int>(100.0 * static_cast<double>(line.spent + line.reserved) / whole);
}

void write_counter(JsonWriter& json, const spend::CounterView& counter) {
  json.begin_object().member("budget", counter.budget).member("title", counter.title);
  json.key("scope").begin_object();
  for (const auto& [dimension, value] : counter.values) json.member(spend::dimension_name(dimension), value);
  json.end_object();
  json.member("window_begin", format_time(counter.window_begin)).member("window_end", format_time(counter.window_end));
  json.key("limits").begin_object();
  for (const spend::CounterView::Line& line : counter.lines) {
    const bool money = line.quantity == spend::Quantity::kMoney;
    json.key(money ? "money_nanos" : spend::quantity_name(line.quantity)).begin_object();
    json.member("allowed", line.allowed).member("carried", line.carried).member("limit", line.limit);
    json.member("percent", percent_of(line)).member("reserved", line.reserved).member("spent", line.spent);
    json.end_object();
  }
  json.end_object().end_object();
}

Result<std::vector<OpenReservation>> open_reservations(ledger::LogReader& reader, Instant now) {
  std::map<std::string, OpenReservation> open;
  const Instant since = now - kCallLongest;
  const auto read = reader.read(reader.first_at(since), [&](const ledger::StoredEntry& stored) {
    // A segment may begin long before.
    if (entry_time(stored.bytes).value_or(Instant{}) < since) return true;
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document) return true;
    const JsonValue entry = document->root();
    const auto text = [&](std::string_view path) { return std::string(entry.at(path).string_or("")); };
    const std::string attempt = text("request_id") + " " + std::to_string(entry["attempt"].int_or(0));
    if (text("kind") == "model.outcome") open.erase(attempt);
    if (const auto grown = open.find(attempt); text("kind") == "model.held" && grown != open.end()) {
      grown->second.held_nanos = entry.at("budget.held_nanos").int_or(0);
      grown->second.held_tokens = entry.at("budget.held_tokens").int_or(0);
    }
    if (text("kind") != "model.intent" || !entry.at("budget.held_nanos").present()) return true;
    open[attempt] = {stored.index,
                     text("time"),
                     text("request_id"),
                     text("principal.id"),
                     text("model.asked"),
                     entry.at("budget.held_nanos").int_or(0),
                     entry.at("budget.held_tokens").int_or(0)};
    return true;
  });
  if (!read) return read.error();
  std::vector<OpenReservation> list;
  list.reserve(open.size());
  for (auto& [attempt, reservation] : open) list.push_back(std::move(reservation));
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.entry < b.entry; });
  return list;
}

void write_reservation(JsonWriter& json, const OpenReservation& held) {
  json.begin_object().member("entry", held.entry).member("held_nanos", held.held_nanos);
  json.member("held_tokens", held.held_tokens).member("model", held.model).member("person", held.person);
  json.member("request_id", held.request_id).member("time", held.time).end_object();
}

}  // namespace reeve::app
