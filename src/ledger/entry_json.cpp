#include "ledger/entry_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>

#include "core/check.h"
#include "core/json.h"
#include "core/time_text.h"

namespace reeve::ledger {

namespace {

// Sorted, as they stand in an entry. write_entry() writes these and no others.
constexpr std::array<std::string_view, 27> kMembers{
    "agent",  "attempt", "budget",     "client", "client_version", "content", "cost",      "decision",
    "detail", "feature", "kind",       "model",  "node",           "outcome", "principal", "producer",
    "repo",   "request", "request_id", "seq",    "session_id",     "time",    "timing",    "truncated",
    "usage",  "v",       "work_item"};

/// How much of each text and list is kept. The second form is for an entry that would not fit otherwise; its worst
/// case (every character escaped to six bytes) still does.
struct Limits {
  std::size_t text_bytes = kEntryBytesMax;
  std::size_t list_items = kEntryBytesMax;
  std::size_t detail_bytes = kEntryBytesMax;
};
constexpr std::string_view kTimeUnknown = "---------------------------";
static_assert(kTimeUnknown.size() == kTimeTextBytes);
constexpr std::array<Limits, 4> kLimits{{{}, {2048, 64, 16'384}, {256, 64, 16'384}, {32, 24, 8'192}}};

/// Cuts at a character border.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end);
}

/// Marks, with the highest bit of a byte, the bytes of eight that are `wanted`.
constexpr std::uint64_t bytes_like(std::uint64_t word, char wanted) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t other = word ^ (kOnes * static_cast<unsigned char>(wanted));
  return (other - kOnes) & ~other;
}

/// The highest bit of a byte of eight is set where JSON, or a reader, needs it escaped. Bytes above such a one may be
/// marked without need; without such a one none is.
constexpr std::uint64_t special_bytes(std::uint64_t word) {
  constexpr std::uint64_t kHighest = 0x8080808080808080;
  constexpr std::uint64_t kFirstPlain = 0x2020202020202020;
  return (word | ((word - kFirstPlain) & ~word) | bytes_like(word, '"') | bytes_like(word, '\\')) & kHighest;
}

// Eight bytes at a time, the last eight perhaps a second time: most texts of an entry have ten to forty.
bool needs_no_escape(std::string_view text) {
  std::uint64_t special = 0;
  std::uint64_t word = 0;
  if (text.size() < sizeof word) {
    for (const char c : text) special |= special_bytes(0x6161616161616100 | static_cast<unsigned char>(c));
    return special == 0;
  }
  for (std::size_t at = 0; at + sizeof word < text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    special |= special_bytes(word);
  }
  std::memcpy(&word, text.data() + text.size() - sizeof word, sizeof word);
  return (special | special_bytes(word)) == 0;
}

/// Text of at most an entry's size, in room that is there beforehand: every call writes two entries of some forty
/// members, and a string that looks for room at each of them takes three times as long.
class EntryText {
 public:
  void clear() { size_ = 0; }
  void cut(std::size_t size) { size_ = size; }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {bytes_.data(), size_}; }
  /// What does not fit is left out, and it is full from then on.
  void put(std::string_view text) {
    char* at = text.empty() ? nullptr : room(text.size());  // an empty one may point nowhere
    if (at == nullptr) return;
    std::memcpy(at, text.data(), text.size());
    size_ += text.size();
  }
  void put(char c) {
    if (size_ < bytes_.size()) bytes_[size_++] = c;
  }
  /// Room for so many bytes, of which used() tells how many were written; null, and it is full, when it has no more.
  char* room(std::size_t size) {
    if (size <= bytes_.size() - size_) return bytes_.data() + size_;
    size_ = bytes_.size();
    return nullptr;
  }
  void used(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.data()); }

 private:
  std::array<char, kEntryBytesMax + 1> bytes_;  // NOLINT: filled by put()
  std::size_t size_ = 0;
};

/// Members must be written in the order of their names.
class CanonicalWriter {
 public:
  CanonicalWriter(EntryText& out, const Limits& limits) : out_(out), limits_(limits) {}

  void name(std::string_view name) {
    char* at = out_.room(name.size() + 4);
    if (at != nullptr) {
      *at = ',';
      at += comma_ ? 1 : 0;
      *at++ = '"';
      std::memcpy(at, name.data(), name.size());
      at += name.size();
      *at++ = '"';
      *at++ = ':';
      out_.used(at);
    }
    comma_ = true;
  }
  /// Objects inside an entry are one level deep.
  void begin(std::string_view member) {
    outer_size_ = out_.size();
    outer_comma_ = comma_;
    name(member);
    out_.put('{');
    comma_ = false;
  }
  void end() {
    if (comma_) {
      out_.put('}');
    } else {
      // Without members it is left out.
      out_.cut(outer_size_);
      comma_ = outer_comma_;
    }
  }
  void text(std::string_view member, std::string_view value) {
    if (value.empty() || too_long()) return;
    name(member);
    string(value);
  }
  void number(std::string_view member, std::int64_t value) {
    name(member);
    std::array<char, 24> digits{};
    const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out_.put({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  void number_if(std::string_view member, std::int64_t value) {
    if (value != 0) number(member, value);
  }
  void flag(std::string_view member, bool value) {
    name(member);
    out_.put(value ? "true" : "false");
  }
  template <typename Text>
  void list(std::string_view member, std::span<const Text> values) {
    if (values.empty()) return;
    name(member);
    out_.put('[');
    for (std::size_t i = 0; i < std::min(values.size(), limits_.list_items) && !too_long(); ++i) {
      if (i > 0) out_.put(',');
      string(values[i]);
    }
    out_.put(']');
  }
  void raw(std::string_view member, std::string_view json) {
    if (json.empty() || json.size() > limits_.detail_bytes) return;
    name(member);
    out_.put(json);
  }

 private:
  /// The entry will not do: it is written again with narrower limits, and time spent on this form is lost.
  bool too_long() const { return out_.size() > kEntryBytesMax; }

  void string(std::string_view value) {
    value = cut(value, limits_.text_bytes);
    if (needs_no_escape(value)) {
      out_.put('"');
      out_.put(value);
      out_.put('"');
    } else {
      std::string escaped;
      append_json_string(escaped, value);
      out_.put(escaped);
    }
  }

  EntryText& out_;
  const Limits& limits_;
  bool comma_ = false;
  std::size_t outer_size_ = 0;
  bool outer_comma_ = false;
};

void write_usage(CanonicalWriter& json, const TokenUsage& usage) {
  json.begin("usage");
  json.number("cache_read", usage.cache_read);
  json.number("cache_write_1h", usage.cache_write_1h);
  json.number("cache_write_5m", usage.cache_write_5m);
  json.number("input", usage.input);
  json.number_if("input_audio", usage.input_audio);
  json.flag("input_reported", usage.input_reported);
  json.number("output", usage.output);
  json.number_if("output_audio", usage.output_audio);
  json.flag("output_reported", usage.output_reported);
  json.number_if("reasoning", usage.reasoning);
  json.number_if("web_searches", usage.web_searches);
  json.end();
}

/// Hundredths in the shortest form of the number, as RFC 8785 wants it.
std::string confidence_text(std::int64_t percent) {
  if (percent <= 0) return "0";
  if (percent >= 100) return "1";
  std::string text = "0." + std::string(percent < 10 ? "0" : "") + std::to_string(percent);
  if (text.back() == '0') text.pop_back();
  return text;
}

std::string findings_json(std::span<const Entry::Content::Finding> findings, std::size_t items_max) {
  JsonWriter json;
  json.begin_array();
  for (const Entry::Content::Finding& finding : findings.first(std::min(findings.size(), items_max))) {
    json.begin_object().member_if("action", finding.action).member("class", finding.class_name);
    json.key("confidence").raw(confidence_text(finding.confidence_percent)).member("count", finding.count);
    if (finding.marked) json.member("marked", true);
    json.member("origin", finding.origin).member("type", finding.type).end_object();
  }
  return json.end_array().take();
}

std::string sealed_json(const SealedContent& sealed) {
  JsonWriter json;
  json.begin_object().member_if("class", sealed.class_name);
  json.member("commitment", sealed.commitment).member("kind", sealed.kind);
  return json.member("offset", sealed.offset).member("segment", sealed.segment).end_object().take();
}

void write_content(CanonicalWriter& json, const Entry& entry, const Limits& limits) {
  json.begin("content");
  if (entry.request_bytes) json.number("bytes", *entry.request_bytes);
  json.text("commitment", entry.request_digest);
  json.text("detectors", entry.content.detectors);
  if (!entry.content.findings.empty()) json.raw("findings", findings_json(entry.content.findings, limits.list_items));
  json.text("incomplete", entry.content.incomplete);
  json.list("labels", entry.content.labels);
  if (entry.content.sealed != nullptr) json.raw("sealed", sealed_json(*entry.content.sealed));
  json.end();
}

void write_budget(CanonicalWriter& json, const Entry::Budget& budget) {
  json.begin("budget");
  if (budget.admitted) json.text("admitted", TimeText(*budget.admitted));
  if (!budget.name.empty()) json.number("asked", budget.asked);
  json.text("degraded_by", budget.degraded_by);
  if (budget.held_nanos) json.number("held_nanos", *budget.held_nanos);
  if (budget.held_tokens) json.number("held_tokens", *budget.held_tokens);
  json.text("kept", budget.kept);
  if (!budget.name.empty()) json.number("limit", budget.limit);
  json.text("name", budget.name);
  json.text("quantity", budget.quantity);
  json.list("reached", budget.reached);
  if (!budget.name.empty()) json.number("reserved", budget.reserved);
  json.text("scope", budget.scope);
  if (!budget.name.empty()) json.number("spent", budget.spent);
  json.end();
}

void write_cost(CanonicalWriter& json, const Entry::Cost& cost) {
  json.begin("cost");
  json.text("currency", "USD");
  json.flag("estimated", cost.estimated);
  if (cost.list && *cost.list != cost.total) json.number("list_nanos", cost.list->nanos);
  json.text("model", cost.model);
  json.number("nanos", cost.total.nanos);
  json.flag("price_known", cost.price_known);
  json.text("price_version", cost.price_version);
  json.text("provider", cost.provider);
  json.text("service_tier", cost.service_tier);
  if (cost.time) json.text("time", TimeText(*cost.time));
  json.end();
}

void write_decision(CanonicalWriter& json, const Entry::Decision& decision) {
  json.begin("decision");
  json.raw("approvals", decision.approvals);
  json.text("bundle", decision.bundle);
  json.raw("checks", decision.checks);
  json.text("effect", decision.effect);
  json.list("ended", decision.ended);
  json.text("enforced", decision.enforced);
  json.list("errors", decision.errors);
  if (decision.evaluation_ns) json.number("evaluation_ns", *decision.evaluation_ns);
  json.list("exceptions", decision.exceptions);
  json.text("input", decision.input);
  json.raw("inventory", decision.inventory);
  json.text("mode", decision.mode);
  json.text("reason", decision.reason);
  json.text("rule", decision.rule);
  json.list("rules", decision.rules);
  json.list("shadow", decision.shadow);
  json.text("shadow_effect", decision.shadow_effect);
  json.text("time", decision.time);
  json.end();
}

void write_model(CanonicalWriter& json, const Entry::Model& model) {
  json.begin("model");
  json.text("asked", model.asked);
  json.text("dialect", model.dialect);
  json.text("operation", model.operation);
  json.text("provider", model.provider);
  json.text("region", model.region);
  json.text("retention", model.retention);
  json.text("sent", model.sent);
  json.text("served", model.served);
  json.text("tier", model.tier);
  json.end();
}

void write_outcome(CanonicalWriter& json, const Entry::Outcome& outcome) {
  json.begin("outcome");
  json.number("events", static_cast<std::int64_t>(outcome.events));
  json.number_if("http_status", outcome.http_status);
  json.text("reason", outcome.reason);
  json.number("response_bytes", outcome.response_bytes);
  json.text("status", outcome.status);
  json.list("tools", outcome.tools);
  json.end();
}

void write_principal(CanonicalWriter& json, const Entry::Principal& principal) {
  json.begin("principal");
  json.list("groups", principal.groups);
  json.text("id", principal.id);
  json.text("key_id", principal.key_id);
  json.text("team", principal.team);
  json.text("type", principal.type);
  json.end();
}

void write_producer(CanonicalWriter& json, ProducerNumber producer) {
  json.begin("producer");
  json.text("name", producer.name);
  json.number("number", static_cast<std::int64_t>(producer.number));
  json.end();
}

void write_timing(CanonicalWriter& json, const Entry::Timing& timing) {
  json.begin("timing");
  json.number("decision_us", timing.decision_us);
  json.number("first_byte_us", timing.first_byte_us);
  json.number("total_us", timing.total_us);
  json.end();
}

EntrySlots write_entry(EntryText& out, const Entry& entry, std::string_view node, ProducerNumber producer,
                       const Limits& limits, bool truncated) {
  EntrySlots slots;
  CanonicalWriter json(out, limits);
  out.put('{');
  json.begin("agent");
  json.list("chain", entry.agent.chain);
  json.text("id", entry.agent.id);
  json.text("parent", entry.agent.parent);
  json.end();
  json.number_if("attempt", entry.attempt);
  write_budget(json, entry.budget);
  json.text("client", entry.client);
  json.text("client_version", entry.client_version);
  write_content(json, entry, limits);
  if (entry.cost) write_cost(json, *entry.cost);
  write_decision(json, entry.decision);
  json.raw("detail", entry.detail);
  json.text("feature", entry.feature);
  json.text("kind", entry.kind);
  write_model(json, entry.model);
  json.text("node", node);
  if (entry.outcome) write_outcome(json, *entry.outcome);
  write_principal(json, entry.principal);
  if (producer.number != 0) write_producer(json, producer);
  json.text("repo", entry.repo);
  json.begin("request");
  if (entry.request_shape) json.number("messages", entry.request_shape->messages);
  json.text("service_tier", entry.request_tier);
  if (entry.request_stream) json.flag("stream", *entry.request_stream);
  if (entry.request_shape) json.flag("thinking", entry.request_shape->thinking);
  if (entry.request_tokens) json.number("tokens", *entry.request_tokens);
  if (entry.request_shape) json.flag("tools", entry.request_shape->tools);
  json.end();
  slots.request_at = static_cast<std::uint32_t>(out.size());
  json.text("request_id", entry.request_id);
  json.name("seq");
  slots.seq_at = static_cast<std::uint32_t>(out.size());
  json.text("session_id", entry.session_id);
  json.name("time");
  out.put('"');
  slots.time_at = static_cast<std::uint32_t>(out.size());
  out.put(kTimeUnknown);
  out.put('"');
  if (entry.timing) write_timing(json, *entry.timing);
  if (truncated) json.flag("truncated", true);
  if (entry.usage) write_usage(json, *entry.usage);
  json.number("v", 1);
  json.text("work_item", entry.work_item);
  out.put('}');
  return slots;
}

}  // namespace

EntrySlots append_prepared_entry(std::string& out, const Entry& entry, std::string_view node, std::uint64_t number) {
  DCHECK(entry.detail.empty() || JsonDocument::parse(entry.detail).ok());
  thread_local const auto text = std::make_unique<EntryText>();
  EntrySlots slots;
  const ProducerNumber producer =
      entry.producer == nullptr ? ProducerNumber{} : ProducerNumber{entry.producer->name(), number};
  for (const Limits& limits : kLimits) {
    text->clear();
    slots = write_entry(*text, entry, node, producer, limits, &limits != kLimits.data());
    if (text->size() + kSeqDigitsMax <= kEntryBytesMax) break;
  }
  CHECK(text->size() + kSeqDigitsMax <= kEntryBytesMax);
  out += text->view();
  return slots;
}

std::size_t place_entry(std::string_view prepared, EntrySlots slots, std::uint64_t seq, std::string_view time,
                        char* into) {
  DCHECK(time.size() == kTimeTextBytes);
  std::memcpy(into, prepared.data(), slots.seq_at);
  char* digits = into + slots.seq_at;
  char* after = std::to_chars(digits, digits + kSeqDigitsMax, seq).ptr;
  std::memcpy(after, prepared.data() + slots.seq_at, prepared.size() - slots.seq_at);
  std::memcpy(after + (slots.time_at - slots.seq_at), time.data(), kTimeTextBytes);
  return prepared.size() + static_cast<std::size_t>(after - digits);
}

bool is_entry_member(std::string_view name) { return std::binary_search(kMembers.begin(), kMembers.end(), name); }

std::string entry_member_names() {
  std::string names;
  for (const std::string_view name : kMembers) names.append(names.empty() ? "" : ", ").append(name);
  return names;
}

}  // namespace reeve::ledger
