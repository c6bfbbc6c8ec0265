#include "reeve/anomaly_watch.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"
#include "core/log.h"
#include "reeve/spend_rows.h"

namespace reeve::app {

namespace {

/// What ends just after midnight belongs to the day before.
constexpr Duration kLookBack = std::chrono::hours(24);
constexpr std::size_t kAtOnce = 100;       // events of one transaction
constexpr std::size_t kRowsBytes = 1'500;  // of the list of rows; the command gives all of them
constexpr std::size_t kSubjectBytes = 300;
constexpr int kNiceness = 10;

std::int64_t day_of(Instant when) { return unix_seconds(when) / 86'400; }

std::string key_of(const spend::Anomaly& anomaly) {
  // A session is told once, however many days it goes on.
  const std::string when = anomaly.over == "session" ? "whole" : anomaly.day;
  const std::string subject = to_hex(as_bytes(sha256(anomaly.over + "\n" + anomaly.subject))).substr(0, 32);
  return "anomaly:" + anomaly.alert + ":" + subject + ":" + when;
}

std::string in_quotes(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string command_of(const spend::Anomaly& anomaly, const std::string& team) {
  std::string command = "reeve spend rows --since " + format_time(anomaly.begin).substr(0, 10) + " --key " +
                        in_quotes(anomaly.over + "=" + anomaly.subject);
  if (anomaly.over != "session") command += " --key day=" + anomaly.day;
  if (!team.empty()) command += " --key " + in_quotes("team=" + team);
  return command;
}

std::string sentence_of(const spend::Anomaly& anomaly) {
  const double times =
      static_cast<double>(anomaly.cost.nanos) / static_cast<double>(std::max<std::int64_t>(anomaly.usual.nanos, 1));
  const std::string things = anomaly.over == "session" ? " sessions" : " days";
  return anomaly.over + " " + printable(anomaly.subject, kSubjectBytes) + " spent " + format_money(anomaly.cost) +
         (anomaly.over == "session" ? " up to " : " on ") + anomaly.day + ", " + std::to_string(std::llround(times)) +
         " times the usual " + format_money(anomaly.usual) + " (by " + std::to_string(anomaly.compared_with) + things +
         (anomaly.by_peers ? " of all" : " of its own") + ")";
}

/// At most kRowsBytes of it, whole numbers.
std::string first_rows(const std::vector<std::uint64_t>& rows) {
  std::string text = spend::row_ranges(rows);
  if (text.size() <= kRowsBytes) return text;
  text.resize(text.rfind(',', kRowsBytes));
  return text + ",...";
}

bool belongs_to(const spend::SpendRow& row, const spend::Anomaly& anomaly, const std::string& team) {
  if (row.time < anomaly.begin || row.cost.nanos <= 0 || (!team.empty() && row.team != team)) return false;
  if (spend::key_of(row, {anomaly.over}).front() != anomaly.subject) return false;
  return anomaly.over == "session" || format_time(row.time).starts_with(anomaly.day);
}

}  // namespace

control::Event anomaly_event(const spend::Anomaly& anomaly, const spend::SpendAlert& rule,
                             const std::vector<std::uint64_t>& rows, Instant now) {
  JsonWriter detail;
  detail.begin_object().member("alert", anomaly.alert).member("by_peers", anomaly.by_peers);
  detail.member("calls", rows.size());
  if (anomaly.subject.size() <= kSubjectBytes) detail.member("command", command_of(anomaly, rule.team));
  detail.member("compared_with", anomaly.compared_with).member("cost_nanos", anomaly.cost.nanos);
  detail.member("day", anomaly.day);
  if (!rule.notify.empty()) {
    detail.key("notify").begin_array();
    for (const std::string& name : rule.notify) detail.value(name);
    detail.end_array();
  }
  detail.member("over", anomaly.over).member("rows", first_rows(rows));
  detail.member("score_hundredths", std::int64_t{std::llround(anomaly.score * 100)});
  detail.member("sentence", sentence_of(anomaly)).member("subject", printable(anomaly.subject, kSubjectBytes));
  detail.member("usual_nanos", anomaly.usual.nanos).end_object();
  return {.key = key_of(anomaly), .kind = "anomaly", .time = now, .detail = detail.take(), .entry = "spend.anomaly"};
}

AnomalyWatch::AnomalyWatch(const ledger::Log& log, std::filesystem::path ledger, control::NotificationQueue& queue)
    : log_(log), ledger_(std::move(ledger)), queue_(queue), thread_([this] { run(); }) {}

AnomalyWatch::~AnomalyWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void AnomalyWatch::use(std::vector<spend::SpendAlert> alerts, Duration every) {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = std::move(alerts);
    every_ = every;
  }
  wake_.notify_one();
}

bool AnomalyWatch::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void AnomalyWatch::run() {
  // Of this thread alone: a start reads some weeks of the ledger, and calls come first.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNiceness);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    auto wanted = std::exchange(wanted_, std::nullopt);
    lock.unlock();
    if (wanted && (!finder_ || *wanted != alerts_)) begin_again(*std::move(wanted));
    if (finder_) look();
    lock.lock();
    wake_.wait_for(lock, every_, [this] { return stopping_ || wanted_.has_value(); });
  }
}

void AnomalyWatch::begin_again(std::vector<spend::SpendAlert> alerts) {
  alerts_ = std::move(alerts);
  history_ = kLookBack;
  for (const auto& alert : alerts_) history_ = std::max<Duration>(history_, std::chrono::days(alert.history_days + 2));
  finder_.emplace(alerts_);
  looked_on_ = 0;
  auto reader = ledger::LogReader::open(ledger_);
  next_ = reader ? (*reader)->first_at(system_clock().now() - history_) : 0;
}

/// Whether anything came that may be told.
bool AnomalyWatch::follow(Instant now) {
  bool any = false;
  spend::SpendRow row;
  const auto read = log_.read(next_, [&](const ledger::StoredEntry& stored) {
    // What cannot be read is for 'reeve ledger verify' to say; a total without it is better than none.
    const auto is_row = read_spend_row(stored.bytes, row);
    if (is_row && *is_row && row.time >= now - history_) {
      finder_->add(row);
      any = true;
    }
    next_ = stored.index + 1;
    return stored.index % 1024 != 0 || !is_stopping();
  });
  if (!read) log_error("the ledger cannot be followed for anomalies", {{"why", read.error().message}});
  return any;
}

void AnomalyWatch::look() {
  const Instant now = system_clock().now();
  const bool any = follow(now);
  if (is_stopping()) return;
  if (day_of(now) != looked_on_) {
    finder_->forget_before(now - history_);
    looked_on_ = day_of(now);
  } else if (!any) {
    return;
  }
  std::vector<spend::Anomaly> found = finder_->find(now - kLookBack);
  std::erase_if(found, [this](const spend::Anomaly& anomaly) { return told_.contains(key_of(anomaly)); });
  for (std::size_t at = 0; at < found.size() && !is_stopping(); at += kAtOnce) {
    const auto begin = found.begin() + static_cast<std::ptrdiff_t>(at);
    tell({begin, begin + static_cast<std::ptrdiff_t>(std::min(kAtOnce, found.size() - at))}, now);
  }
}

void AnomalyWatch::tell(const std::vector<spend::Anomaly>& found, Instant now) {
  const auto rule_of = [this](const spend::Anomaly& anomaly) {
    return *std::find_if(alerts_.begin(), alerts_.end(), [&](const auto& rule) { return rule.name == anomaly.alert; });
  };
  std::vector<std::vector<std::uint64_t>> rows(found.size());
  std::vector<spend::SpendAlert> rules;
  Instant begin = now;
  for (const spend::Anomaly& anomaly : found) {
    rules.push_back(rule_of(anomaly));
    begin = std::min(begin, anomaly.begin);
  }
  auto reader = ledger::LogReader::open(ledger_);
  spend::SpendRow row;
  const auto read = log_.read(reader ? (*reader)->first_at(begin) : 0, [&](const ledger::StoredEntry& stored) {
    if (stored.index >= next_) return false;
    const auto is_row = read_spend_row(stored.bytes, row);
    for (std::size_t i = 0; is_row && *is_row && i < found.size(); ++i) {
      if (belongs_to(row, found[i], rules[i].team)) rows[i].push_back(stored.index);
    }
    return stored.index % 1024 != 0 || !is_stopping();
  });
  if (!read) log_error("the rows behind an anomaly cannot be read", {{"why", read.error().message}});
  if (is_stopping()) return;
  std::vector<control::Event> events;
  events.reserve(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    events.push_back(anomaly_event(found[i], rules[i], rows[i], now));
  }
  if (const auto announced = queue_.announce_and_note(events); !announced) {
    return log_error("anomalies cannot be kept for telling, and are tried again", {{"why", announced.error().message}});
  }
  for (const control::Event& event : events) told_.insert(event.key);
}

}  // namespace reeve::app
