#include "ledger/export_records.h"

#include <algorithm>
#include <set>

#include "core/bytes.h"
#include "core/crypto.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

namespace {

// Calls that are under way at one time on one node are far fewer. A span whose intent had to be forgotten is made of
// its outcome alone.
constexpr std::size_t kIntentBytesMax = 32UL << 20U;

std::string intent_key(const JsonValue& entry) {
  return std::string(entry["request_id"].string_or("")) + " " + std::to_string(entry["attempt"].int_or(0));
}

/// In the header of CEF a bar ends a field, in its extension an equals sign a key; a line stays one line.
std::string cef_escaped(std::string_view text, char special) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == special) {
      out.append(1, '\\').append(1, c);
    } else if (c == '\n' || c == '\r') {
      out += special == '|' ? " " : (c == '\n' ? "\\n" : "\\r");
    } else {
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

/// An id that follows from what it stands for, so that a span which is sent again is the same span.
std::string derived_id(std::string_view what, std::string_view of, std::size_t bytes) {
  std::string text(what);
  text.append("\n").append(of);
  return to_hex(as_bytes(sha256(text)).substr(0, bytes));
}

void append_any_value(std::string& out, const JsonValue& value) {
  if (const auto text = value.as_string()) {
    out += "{\"stringValue\":";
    append_json_string(out, *text);
  } else if (const auto flag = value.as_bool()) {
    out += std::string("{\"boolValue\":") + (*flag ? "true" : "false");
  } else if (const auto number = value.as_int()) {
    out += "{\"intValue\":\"" + std::to_string(*number) + "\"";
  } else if (value.is_array()) {
    out += "{\"arrayValue\":{\"values\":[";
    bool first = true;
    for (const JsonValue& item : value.items()) {
      out += first ? "" : ",";
      append_any_value(out, item);
      first = false;
    }
    out += "]}";
  } else if (value.as_double()) {
    out += "{\"doubleValue\":" + value.to_json();
  } else {
    out += "{\"stringValue\":";
    append_json_string(out, value.to_json());
  }
  out += '}';
}

/// OTLP's list of keys and values.
std::string attributes(const ExportTree& tree, const ExportView& view) {
  std::string out = "[";
  for (const ExportRule& rule : tree.rules()) {
    const ExportValue value = rule.value(view);
    if (!value.present()) continue;
    const auto document = JsonDocument::parse(value.json());
    if (!document) continue;
    out += out.size() > 1 ? ",{\"key\":" : "{\"key\":";
    append_json_string(out, rule.to);
    out += ",\"value\":";
    append_any_value(out, document->root());
    out += '}';
  }
  return out + "]";
}

std::string span_envelope(std::string_view resource, std::string_view spans) {
  std::string out = R"({"resourceSpans":[{"resource":{"attributes":)";
  out.append(resource).append(R"(},"scopeSpans":[{"scope":{"name":"reeve"},"spans":[)").append(spans);
  return out + "]}]}]}";
}

}  // namespace

std::string ExportBatch::key() const {
  if (records.empty()) return log + "/" + std::to_string(begin);
  return log + "/" + std::to_string(records.front().index) + "-" + std::to_string(records.back().index);
}

std::string ExportBatch::body(ExportMapping::Batch form) const {
  const bool spans = mapping->record == ExportMapping::Record::kSpan;
  const bool lines = !spans && form == ExportMapping::Batch::kLines;
  const bool array = !spans && form == ExportMapping::Batch::kArray;
  std::string out = array ? "[" : "";
  out.reserve(bytes + records.size() + 2);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i > 0 && !lines) out += ',';
    out += records[i].text;
    if (lines) out += '\n';
  }
  if (array) out += ']';
  if (!spans) return out;
  out = span_envelope(resource, out);
  return form == ExportMapping::Batch::kLines ? out + "\n" : out;
}

std::string_view ExportBatch::content_type(ExportMapping::Batch form) const {
  if (form == ExportMapping::Batch::kArray) return mapping->array_content_type;
  if (form == ExportMapping::Batch::kSingle || !mapping->content_type.empty()) return mapping->content_type;
  return "application/x-ndjson";
}

ExportRecords::ExportRecords(const ExportMapping& mapping, ExportSource source, const EntryFilter* filter)
    : mapping_(mapping), source_(std::move(source)), filter_(filter) {}

ExportBatch ExportRecords::empty_batch(std::uint64_t begin) const {
  ExportBatch batch;
  batch.mapping = &mapping_;
  batch.log = source_.log;
  batch.begin = batch.end = begin;
  return batch;
}

void ExportRecords::remember(const StoredEntry& stored, std::string key) {
  intent_bytes_ += stored.bytes.size();
  intents_by_index_.emplace(stored.index, key);
  intents_[std::move(key)] = {stored.index, std::string(stored.bytes)};
  while (intent_bytes_ > kIntentBytesMax) static_cast<void>(take_intent(intents_by_index_.begin()->second));
}

std::string ExportRecords::take_intent(const std::string& key) {
  const auto found = intents_.find(key);
  if (found == intents_.end()) return {};
  Intent intent = std::move(found->second);
  intents_by_index_.erase(intent.index);
  intents_.erase(found);
  intent_bytes_ -= intent.bytes.size();
  return std::move(intent.bytes);
}

std::uint64_t ExportRecords::needed_from(std::uint64_t next) const {
  return intents_by_index_.empty() ? next : std::min(next, intents_by_index_.begin()->first);
}

std::optional<ExportRecord> ExportRecords::record(const StoredEntry& stored) {
  const auto document = JsonDocument::parse(stored.bytes);
  if (!document) return std::nullopt;
  ExportView view{stored.index, stored.bytes, document->root(), {}, &source_};
  const std::string_view kind = view.entry["kind"].string_or("");
  std::string intent_bytes;
  if (mapping_.record == ExportMapping::Record::kSpan) {
    if (kind == "model.intent") remember(stored, intent_key(view.entry));
    if (kind == "model.outcome") intent_bytes = take_intent(intent_key(view.entry));
  }
  if (!mapping_.takes(kind) || (filter_ != nullptr && !filter_->matches(stored.bytes))) return std::nullopt;
  const auto intent = JsonDocument::parse(intent_bytes.empty() ? "null" : intent_bytes);
  if (intent && !intent_bytes.empty()) view.before = intent->root();

  ExportRecord record;
  record.index = stored.index;
  if (const auto time = parse_time(view.entry["time"].string_or(""))) record.time = *time;
  record.severity = static_cast<int>(parse_int(mapping_.field("syslog_severity", view)).value_or(6));
  switch (mapping_.record) {
    case ExportMapping::Record::kEntry: record.text = stored.bytes; break;
    case ExportMapping::Record::kObject: mapping_.members.append_json(record.text, view); break;
    case ExportMapping::Record::kCef: record.text = cef_line(view); break;
    case ExportMapping::Record::kSpan: record.text = span(view); break;
  }
  return record;
}

void ExportRecords::add(ExportBatch& batch, const StoredEntry& stored) {
  batch.end = stored.index + 1;
  auto made = record(stored);
  if (!made) return;
  if (mapping_.record == ExportMapping::Record::kSpan && batch.records.empty()) {
    const auto document = JsonDocument::parse(stored.bytes);
    if (document)
      batch.resource = attributes(mapping_.resource, {stored.index, stored.bytes, document->root(), {}, &source_});
  }
  batch.bytes += made->text.size();
  batch.records.push_back(*std::move(made));
}

std::string ExportRecords::cef_line(const ExportView& view) const {
  std::string out = "CEF:0|Reeve|Reeve|" + cef_escaped(source_.version, '|');
  for (const std::string_view name : {"signature", "name", "severity"}) {
    out += "|" + cef_escaped(mapping_.field(name, view), '|');
  }
  out += '|';
  bool first = true;
  std::set<std::string_view> there;
  for (const ExportRule& rule : mapping_.members.rules()) {
    const ExportValue value = rule.value(view);
    // A label without what it labels would say nothing.
    std::string_view labelled = rule.to;
    if (labelled.ends_with("Label")) labelled.remove_suffix(5);
    if (!value.present() || (labelled.size() < rule.to.size() && !there.contains(labelled))) continue;
    there.insert(rule.to);
    out.append(first ? "" : " ").append(rule.to).append("=").append(cef_escaped(value.plain(), '='));
    first = false;
  }
  return out;
}

std::string ExportRecords::span(const ExportView& view) const {
  const JsonValue& entry = view.entry;
  const std::string request(entry["request_id"].string_or(""));
  const std::string session(entry["session_id"].string_or(request));
  const std::string agent(entry.at("agent.id").string_or(""));
  const auto time = parse_time(entry["time"].string_or(""));
  const std::int64_t end = time ? time->nanoseconds : 0;
  const auto intent = parse_time(view.before["time"].string_or(""));
  const std::int64_t start = intent ? intent->nanoseconds : end - entry.at("timing.total_us").int_or(0) * 1'000;
  std::string out = R"({"traceId":")" + derived_id("trace " + source_.log, session, 16);
  out += R"(","spanId":")" + derived_id("span " + source_.log, intent_key(entry), 8) + "\"";
  if (!agent.empty())
    out += R"(,"parentSpanId":")" + derived_id("agent " + source_.log, session + "\n" + agent, 8) + "\"";
  out += ",\"name\":";
  append_json_string(out, mapping_.field("name", view));
  out += R"(,"kind":3,"startTimeUnixNano":")" + std::to_string(std::min(start, end)) + R"(","endTimeUnixNano":")" +
         std::to_string(end) + R"(","attributes":)" + attributes(mapping_.members, view) + R"(,"status":{)";
  const auto status = parse_int(mapping_.field("status", view));
  if (status) out += "\"code\":" + std::to_string(*status);
  if (const std::string message = mapping_.field("message", view); status == 2 && !message.empty()) {
    out += ",\"message\":";
    append_json_string(out, message);
  }
  return out + "}}";
}

}  // namespace reeve::ledger
