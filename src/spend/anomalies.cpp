#include <algorithm>
#include <cmath>

#include "core/json.h"
#include "spend/insight.h"
#include "spend/report_text.h"

namespace reeve::spend {

namespace {

constexpr std::size_t kOwnDaysMin = 7;
constexpr std::size_t kPeersMin = 20;
constexpr double kPeersStricter = 1.5;
constexpr double kConsistent = 1.4826;  // makes the MAD of a normal distribution its standard deviation
constexpr double kScaleMin = 0.25;      // a day a quarter dearer is nothing, however regular a person is

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

struct Usual {
  double center = 0, scale = 1;  // of the logarithm
};
Usual usual_of(std::vector<double> logs) {
  Usual usual;
  usual.center = median(logs);
  for (double& value : logs) value = std::fabs(value - usual.center);
  usual.scale = std::max(kConsistent * median(logs), kScaleMin);
  return usual;
}

double log_of(std::int64_t nanos) { return std::log(static_cast<double>(std::max<std::int64_t>(nanos, 1))); }

bool is_told(const SpendAlert& alert, std::int64_t cost, const Usual& usual, double stricter) {
  return log_of(cost) >= usual.center + std::log(static_cast<double>(alert.times_hundredths) / 100) &&
         (log_of(cost) - usual.center) / usual.scale >= stricter * static_cast<double>(alert.score_hundredths) / 100;
}

}  // namespace

std::vector<SpendAlert> default_alerts() {
  SpendAlert person;
  person.name = "unusual-day-of-a-person";
  person.over = "person";
  SpendAlert repo;
  repo.name = "unusual-day-of-a-repository";
  repo.over = "repo";
  repo.minimum = Money{50'000'000'000};
  SpendAlert session;
  session.name = "unusual-session";
  session.over = "session";
  return {person, repo, session};
}

AnomalyFinder::AnomalyFinder(std::vector<SpendAlert> alerts) : alerts_(std::move(alerts)), subjects_(alerts_.size()) {}

void AnomalyFinder::add(const SpendRow& row) {
  if (row.cost.nanos <= 0) return;
  for (std::size_t i = 0; i < alerts_.size(); ++i) {
    if (!alerts_[i].team.empty() && alerts_[i].team != row.team) continue;
    const std::string subject = key_of(row, {alerts_[i].over}).front();
    if (subject.empty()) continue;
    std::int64_t& sum = subjects_[i][subject].days[day_number(row.time)];
    sum = saturated_sum(sum, row.cost.nanos);
  }
}

void AnomalyFinder::merge(const AnomalyFinder& other) {
  for (std::size_t i = 0; i < subjects_.size(); ++i) {
    for (const auto& [name, subject] : other.subjects_[i]) {
      for (const auto& [day, cost] : subject.days) {
        std::int64_t& sum = subjects_[i][name].days[day];
        sum = saturated_sum(sum, cost);
      }
    }
  }
}

void AnomalyFinder::forget_before(Instant when) {
  const std::int64_t first = day_number(when);
  for (auto& subjects : subjects_) {
    for (auto& [name, subject] : subjects) subject.days.erase(subject.days.begin(), subject.days.lower_bound(first));
    std::erase_if(subjects, [](const auto& entry) { return entry.second.days.empty(); });
  }
}

std::vector<Anomaly> AnomalyFinder::find(Instant since) const {
  std::vector<Anomaly> found;
  for (std::size_t i = 0; i < alerts_.size(); ++i) {
    std::map<std::string, Subject> whole;
    if (alerts_[i].over == "session") {
      // Counted on its last day: a session is one thing, however long it takes.
      for (const auto& [name, subject] : subjects_[i]) {
        std::int64_t sum = 0;
        for (const auto& [day, cost] : subject.days) sum = saturated_sum(sum, cost);
        whole[name].days[subject.days.rbegin()->first] = sum;
      }
    }
    auto some = find_of(alerts_[i], whole.empty() ? subjects_[i] : whole, day_number(since));
    for (Anomaly& anomaly : some) {
      if (!whole.empty()) anomaly.begin = day_begin(subjects_[i].at(anomaly.subject).days.begin()->first);
    }
    found.insert(found.end(), some.begin(), some.end());
  }
  std::sort(found.begin(), found.end(), [](const Anomaly& left, const Anomaly& right) {
    return std::tie(right.cost, left.alert, left.subject, left.day) <
           std::tie(left.cost, right.alert, right.subject, right.day);
  });
  return found;
}

std::vector<Anomaly> AnomalyFinder::find_of(const SpendAlert& alert, const std::map<std::string, Subject>& subjects,
                                            std::int64_t since_day) const {
  std::map<std::int64_t, std::vector<double>> peers;  // logarithms of all subjects' costs, by day
  for (const auto& [name, subject] : subjects) {
    for (const auto& [day, cost] : subject.days) peers[day].push_back(log_of(cost));
  }
  std::map<std::int64_t, std::pair<Usual, std::size_t>> usual_of_peers;  // of the days before this one, when needed
  const auto peers_of = [&](std::int64_t day) {
    const auto [place, is_new] = usual_of_peers.try_emplace(day);
    if (is_new) {
      std::vector<double> all;
      for (auto at = peers.lower_bound(day - alert.history_days); at != peers.end() && at->first < day; ++at) {
        all.insert(all.end(), at->second.begin(), at->second.end());
      }
      if (all.size() >= kPeersMin) place->second.first = usual_of(all);
      place->second.second = all.size();
    }
    return place->second;
  };
  std::vector<Anomaly> found;
  for (const auto& [name, subject] : subjects) {
    for (auto at = subject.days.lower_bound(since_day); at != subject.days.end(); ++at) {
      const auto& [day, cost] = *at;
      if (cost < alert.minimum.nanos) continue;
      std::vector<double> own;
      for (auto before = subject.days.lower_bound(day - alert.history_days); before != at; ++before) {
        own.push_back(log_of(before->second));
      }
      const bool by_peers = own.size() < kOwnDaysMin;
      const auto [usual, compared_with] = by_peers ? peers_of(day) : std::pair(usual_of(own), own.size());
      if (by_peers && compared_with < kPeersMin) continue;
      if (!is_told(alert, cost, usual, by_peers ? kPeersStricter : 1.0)) continue;
      found.push_back({.alert = alert.name,
                       .over = alert.over,
                       .subject = name,
                       .day = day_name(day),
                       .begin = day_begin(day),
                       .cost = Money{cost},
                       .usual = Money{std::llround(std::exp(usual.center))},
                       .score = (log_of(cost) - usual.center) / usual.scale,
                       .compared_with = compared_with,
                       .by_peers = by_peers});
    }
  }
  return found;
}

std::string anomalies_table(const std::vector<Anomaly>& anomalies) {
  if (anomalies.empty()) return "Nothing was out of the usual.\n";
  std::vector<Cells> lines{{"over", "subject", "day", "alert", "compared with", "cost", "usual", "score"}};
  for (const Anomaly& anomaly : anomalies) {
    lines.push_back({anomaly.over, shown(anomaly.subject), anomaly.day, anomaly.alert,
                     std::to_string(anomaly.compared_with) + (anomaly.by_peers ? " of all" : " of its own"),
                     format_money(anomaly.cost), format_money(anomaly.usual), decimals(anomaly.score, 1)});
  }
  return align(lines, 5);
}

std::string anomalies_json(const std::vector<Anomaly>& anomalies) {
  JsonWriter json;
  json.begin_object().key("anomalies").begin_array();
  for (const Anomaly& anomaly : anomalies) {
    json.begin_object().member("alert", anomaly.alert).member("over", anomaly.over).member("subject", anomaly.subject);
    json.member("day", anomaly.day).member("cost_nanos", anomaly.cost.nanos).member("usual_nanos", anomaly.usual.nanos);
    json.key("score").raw(decimals(anomaly.score, 2)).member("by_peers", anomaly.by_peers);
    json.member("compared_with", static_cast<std::int64_t>(anomaly.compared_with)).end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace reeve::spend
