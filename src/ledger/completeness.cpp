#include "ledger/completeness.h"

#include <algorithm>
#include <tuple>

#include "core/bytes.h"
#include "core/json.h"
#include "core/json_members.h"
#include "ledger/entry_json.h"

namespace reeve::ledger {

namespace {

using Kind = CompletenessRow::Kind;

constexpr std::size_t kRowsMax = 10'000;
// A heartbeat may be late by half the time between two, and a busy machine needs some seconds at least.
constexpr Duration kLateAtLeast = std::chrono::seconds(5);

std::string range(std::uint64_t from, std::uint64_t to) {
  return from == to ? "number " + std::to_string(from)
                    : "numbers " + std::to_string(from) + " to " + std::to_string(to);
}

std::uint64_t count_of(const JsonValue& value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.int_or(0)));
}

std::string whole_seconds(Duration duration) {
  return format_duration(std::max<Duration>(std::chrono::floor<std::chrono::seconds>(duration), {}));
}

}  // namespace

std::string_view completeness_kind_name(Kind kind) {
  switch (kind) {
    case Kind::kStart: return "start";
    case Kind::kStop: return "stop";
    case Kind::kCrash: return "crash";
    case Kind::kGap: return "gap";
    case Kind::kHole: return "hole";
    case Kind::kSilence: return "silence";
    case Kind::kClock: return "clock";
  }
  return "";
}

void Completeness::see(std::uint64_t index, std::string_view entry) { see(index, entry, read_entry_facts(entry)); }

void Completeness::see(std::uint64_t index, std::string_view entry, const EntryFacts& facts) {
  if (!facts.well_formed) return;
  time_ = facts.time;
  // Before its number is looked at: a start begins the numbers anew.
  if (facts.kind == "service.started") see_start(index, entry);
  if (!facts.producer.empty()) see_number(index, facts.time, facts.producer);
  if (facts.kind == "service.stopped") see_stop(index, entry);
  if (facts.kind == "service.heartbeat") see_heartbeat(index, entry);
  if (facts.kind == "ledger.gap") see_gap(index, entry);
  if (facts.kind == "clock.stepped") see_clock(index, entry);
  last_time_ = facts.time;
}

void Completeness::see_number(std::uint64_t index, std::string_view time, std::string_view producer) {
  JsonMembers walk(producer);
  std::string_view name;
  std::string_view value;
  std::string_view who;
  std::uint64_t number = 0;
  while (walk.next(name, value)) {
    if (name == "name") who = plain_text(value).value_or("");
    if (name == "number")
      number = static_cast<std::uint64_t>(std::max<std::int64_t>(0, plain_number(value).value_or(0)));
  }
  if (who.empty() || number == 0) return;
  auto known = producers_.find(who);
  if (known == producers_.end()) {
    known = producers_.emplace(std::string(who), Numbers()).first;
    if (begins_within_ && !start_seen_) known->second.last = number - 1;
  }
  Numbers& numbers = known->second;
  if (number <= numbers.last) {
    ++report_.holes;
    return add({Kind::kHole,
                index,
                std::string(time),
                {},
                "entry " + std::to_string(index) + " has " + range(number, number) + " of " + printable(who) +
                    " once more, or late",
                false});
  }
  must_have(numbers, number - 1, index);
  numbers.last = number;
}

/// Numbers up to this one were given: those that did not come are missing.
void Completeness::must_have(Numbers& numbers, std::uint64_t number, std::uint64_t index) {
  if (number <= numbers.last) return;
  numbers.holes.push_back({numbers.last + 1, number, number - numbers.last, index, time_});
  numbers.last = number;
  settle(numbers);
}

/// Holes that gaps tell of are none.
void Completeness::settle(Numbers& numbers) {
  for (Hole& hole : numbers.holes) {
    for (Span& span : numbers.spans) {
      const std::uint64_t from = std::max(hole.from, span.from);
      const std::uint64_t to = std::min(hole.to, span.to);
      if (from > to) continue;
      const std::uint64_t met = std::min({to - from + 1, span.left, hole.missing});
      hole.missing -= met;
      span.left -= met;
    }
  }
  std::erase_if(numbers.holes, [](const Hole& hole) { return hole.missing == 0; });
  std::erase_if(numbers.spans, [](const Span& span) { return span.left == 0; });
}

void Completeness::see_start(std::uint64_t index, std::string_view entry) {
  end_run();
  ++report_.starts;
  if (running_) {
    ++report_.crashes;
    add({Kind::kCrash, index, last_time_, time_,
         "the service had ended without a stop; nothing was recorded until here", true});
  }
  const auto document = JsonDocument::parse(entry);
  const JsonValue detail = document ? document->root()["detail"] : JsonValue();
  heartbeat_ = std::chrono::milliseconds(count_of(detail["heartbeat_ms"]));
  add({Kind::kStart, index, time_, {}, "version " + printable(detail["version"].string_or("unknown"), 40), true});
  start_seen_ = running_ = true;
  pulse_.reset();
  pulse(index);
}

void Completeness::see_stop(std::uint64_t index, std::string_view entry) {
  pulse(index);
  ++report_.stops;
  running_ = false;
  pulse_.reset();
  if (const auto document = JsonDocument::parse(entry)) {
    for (const auto& [name, said] : document->root().at("detail.producers").members()) {
      must_have(producers_[std::string(name)], count_of(said["number"]), index);
    }
  }
  add({Kind::kStop, index, time_, {}, "the service was stopped", true});
}

void Completeness::see_heartbeat(std::uint64_t index, std::string_view entry) {
  ++report_.heartbeats;
  pulse(index);
  const auto document = JsonDocument::parse(entry);
  if (!document) return;
  const JsonValue detail = document->root()["detail"];
  heartbeat_ = std::chrono::milliseconds(count_of(detail["interval_ms"]));
  running_ = true;
  for (const auto& [name, said] : detail["producers"].members()) {
    auto known = producers_.find(name);
    if (known == producers_.end()) {
      known = producers_.emplace(std::string(name), Numbers()).first;
      if (begins_within_ && !start_seen_) known->second.last = count_of(said["number"]);
    }
    // A record may have its number and not be queued yet, so only the next heartbeat can tell.
    must_have(known->second, known->second.announced, index);
    known->second.announced = count_of(said["number"]);
  }
}

/// A sign of life. Was the last one too long ago?
void Completeness::pulse(std::uint64_t index) {
  const auto now = parse_time(time_);
  if (!now) return;
  if (silence_) add(*std::exchange(silence_, std::nullopt));
  if (pulse_ && heartbeat_ > Duration()) {
    const Duration quiet = *now - *pulse_ - stepped_;
    if (quiet > heartbeat_ + std::max<Duration>(heartbeat_ / 2, kLateAtLeast)) {
      silence_ = CompletenessRow{
          Kind::kSilence,
          index,
          format_time(*pulse_),
          time_,
          "no heartbeat for " + whole_seconds(quiet) + ", one was due every " + whole_seconds(heartbeat_),
          false};
    }
  }
  pulse_ = *now;
  stepped_ = {};
}

void Completeness::see_gap(std::uint64_t index, std::string_view entry) {
  ++report_.gaps;
  const auto document = JsonDocument::parse(entry);
  if (!document) return;
  const JsonValue detail = document->root()["detail"];
  const std::uint64_t lost = count_of(detail["lost"]);
  const std::uint64_t refused = count_of(detail["refused"]);
  report_.lost += lost;
  report_.refused += refused;
  std::string why;
  std::string which;
  for (const JsonValue& span : detail["spans"].items()) {
    const std::string_view who = span["producer"].string_or("");
    const std::uint64_t from = count_of(span["from"]);
    const std::uint64_t to = count_of(span["to"]);
    if (who.empty() || from == 0 || to < from) continue;
    Numbers& numbers = producers_[std::string(who)];
    numbers.spans.push_back({from, to, std::min(count_of(span["count"]), to - from + 1)});
    settle(numbers);
    which += (which.empty() ? "" : ", ") + printable(who, 40) + " " + range(from, to);
    if (why.empty()) why = printable(span["why"].string_or(""), 200);
  }
  const std::string since(detail["since"].string_or(""));
  if (silence_ && since <= silence_->until) {
    silence_->explained = true;
    silence_->text += ": the ledger could not be written";
  }
  add({Kind::kGap, index, since, time_,
       std::to_string(lost) + " records lost, " + std::to_string(refused) + " refused" +
           (which.empty() ? "" : " (" + printable(which, 300) + ")") + (why.empty() ? "" : ": " + why),
       true});
}

void Completeness::see_clock(std::uint64_t index, std::string_view entry) {
  ++report_.clock_steps;
  const auto document = JsonDocument::parse(entry);
  const Duration by = std::chrono::microseconds(document ? document->root().at("detail.by_us").int_or(0) : 0);
  stepped_ += std::max(by, Duration());
  add({Kind::kClock,
       index,
       time_,
       {},
       "the clock went " + std::string(by < Duration() ? "back" : "ahead") + " by " +
           format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(by < Duration() ? -by : by)),
       true});
}

/// What is still open will not be explained any more.
void Completeness::end_run() {
  for (auto& [name, numbers] : producers_) {
    settle(numbers);
    for (const Hole& hole : numbers.holes) {
      ++report_.holes;
      report_.missing += hole.missing;
      add({Kind::kHole,
           hole.entry,
           hole.time,
           {},
           range(hole.from, hole.to) + " of " + printable(name) + " are missing before entry " +
               std::to_string(hole.entry) + ", and no ledger.gap says why",
           false});
    }
  }
  producers_.clear();
  if (silence_) add(*std::exchange(silence_, std::nullopt));
}

void Completeness::add(CompletenessRow row) {
  if (row.kind == Kind::kSilence && !row.explained) ++report_.silences;
  if (report_.rows.size() < kRowsMax) {
    report_.rows.push_back(std::move(row));
    return;
  }
  if (row.explained) return;
  const auto other = std::find_if(report_.rows.begin(), report_.rows.end(), [](const auto& r) { return r.explained; });
  if (other != report_.rows.end()) *other = std::move(row);
}

CompletenessReport Completeness::finish() {
  end_run();
  std::sort(report_.rows.begin(), report_.rows.end(), [](const auto& left, const auto& right) {
    return std::tie(left.entry, left.from) < std::tie(right.entry, right.from);
  });
  return std::move(report_);
}

}  // namespace reeve::ledger
