#include "reeve/demo_history.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <tuple>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/anomaly_watch.h"
#include "reeve/demo_calls.h"
#include "reeve/demo_ledger.h"
#include "reeve/demo_plot.h"
#include "reeve/demo_visitors.h"
#include "reeve/governance.h"

namespace reeve::app {

namespace {

constexpr Duration kDay = std::chrono::hours(24);
/// In so many steps the ledger is written at most, about.
constexpr std::int64_t kWritesMax = 150'000;

Instant midnight(Instant at) { return {at.nanoseconds / kDay.count() * kDay.count()}; }

/// What happens, in the order of time; of one moment in the order in which it was put.
class Agenda {
 public:
  struct Item {
    Instant at;
    std::uint64_t number = 0;
    std::optional<DemoCall> begins;
    std::unique_ptr<DemoUnderWay> ends;
    std::function<void()> does;
  };
  void put(Item item) {
    item.number = number_++;
    items_.push_back(std::move(item));
    std::push_heap(items_.begin(), items_.end(), is_later);
  }
  bool is_empty() const { return items_.empty(); }
  Instant next() const { return items_.front().at; }
  Item take() {
    std::pop_heap(items_.begin(), items_.end(), is_later);
    Item item = std::move(items_.back());
    items_.pop_back();
    return item;
  }

 private:
  static bool is_later(const Item& left, const Item& right) {
    return std::tuple(left.at, left.number) > std::tuple(right.at, right.number);
  }
  std::vector<Item> items_;
  std::uint64_t number_ = 0;
};

/// "req_" and 26 digits of Crockford's base 32, as every request id: milliseconds, then numbers of the seed's.
std::string request_id(Instant at, DemoNumbers& numbers) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string id = "req_";
  const auto milliseconds = static_cast<std::uint64_t>(at.nanoseconds / 1'000'000);
  for (int shift = 45; shift >= 0; shift -= 5) id += kDigits[milliseconds >> static_cast<unsigned>(shift) & 31U];
  for (int half = 0; half < 2; ++half) {
    std::uint64_t bits = numbers.next();
    for (int i = 0; i < 8; ++i, bits >>= 5U) id += kDigits[bits & 31U];
  }
  return id;
}

class History {
 public:
  History(const DemoWish& wish, const DemoCompany& company, store::Store& store, DemoClock& clock, DemoLedger& ledger,
          Governance& governance, spend::Budgets& budgets, std::shared_ptr<const content::Detectors> detectors)
      : wish_(wish),
        begin_(midnight(wish.end) - kDay * wish.days),
        company_(company),
        numbers_(wish.seed + 1),
        ledger_(ledger),
        calls_([&ledger](const ledger::Entry& entry) { return ledger.append(entry); }, DemoNumbers(wish.seed + 2)),
        plot_({company_, store, clock, governance, budgets, calls_.rules, begin_, wish.end}),
        alerts_(governance.alerts),
        finder_(alerts_),
        queue_(store.notifications()) {
    calls_.rules = {governance.policy, governance.prices, std::move(detectors), &budgets};
  }

  Result<DemoMade> make() {
    for (auto& [at, does] : plot_.scenes()) agenda_.put({.at = at, .does = std::move(does)});
    for (std::int64_t day = 0; day <= wish_.days && ledger_.state(); ++day) {
      const Instant from = begin_ + kDay * day;
      plan_day(from);
      play_until(std::min(from + kDay, wish_.end));
      look_for_anomalies(from);
      if (wish_.progress) wish_.progress(day, ledger_.entries());
    }
    play_rest();
    if (auto quiet = tell_nobody(); !quiet) return quiet.error();
    if (!ledger_.state()) return ledger_.state().error();
    if (!plot_.state()) return plot_.state().error();
    return DemoMade{ledger_.entries(), calls_.calls(), calls_.refused(), anomalies_};
  }

 private:
  void plan_day(Instant from) {
    const std::int64_t weekday = (from.nanoseconds / kDay.count() + 3) % 7;  // 0: Monday
    for (const DemoPerson& person : company_.people()) {
      const double share = weekday >= 5 ? 0.05 : numbers_.chance(0.08) ? 0 : 1;
      auto left = static_cast<std::int64_t>(static_cast<double>(wish_.calls_per_day) * person.activity * share *
                                            (0.5 + numbers_.unit()));
      while (left > 0) left -= plan_session(person, from, left);
    }
    if (midnight(wish_.end) - kDay == from) plan_runaway(from);
  }

  /// How many calls it has.
  std::int64_t plan_session(const DemoPerson& person, Instant from, std::int64_t calls_max) {
    auto session = std::make_shared<DemoSession>();
    session->person = &person;
    session->id = "demonstration-" + to_hex(std::to_string(sessions_++)).substr(0, 16) + "-" +
                  std::to_string(numbers_.next() % 1'000'000);
    const auto& repos = company_.team(person.team).repos;
    session->repo = repos[static_cast<std::size_t>(numbers_.below(static_cast<std::int64_t>(repos.size())))];
    if (numbers_.chance(0.6)) {
      std::string ticket = person.team.substr(0, 3);
      for (char& c : ticket) c = static_cast<char>(c - 32);
      session->work_item =
          ticket + "-" + std::to_string(100 + from.nanoseconds / kDay.count() % 1'000 / 7 * 3 + numbers_.below(6));
    }
    session->small = numbers_.chance(0.15);
    session->tools = !session->small;
    session->thinking = !session->small && numbers_.chance(0.3);
    session->context = session->small ? 0 : numbers_.around(16'000, 0.3);
    session->model = plot_.model_of(person, from);
    if (numbers_.chance(0.12)) {
      const auto& models = person.client->models;
      session->model = models[static_cast<std::size_t>(numbers_.below(static_cast<std::int64_t>(models.size())))];
    }
    const std::int64_t calls = std::min(calls_max, numbers_.around(session->small ? 4 : 22, 0.6));
    // Morning and afternoon.
    const double hour = (numbers_.chance(0.45) ? 9.0 : 13.3) + 3.2 * numbers_.unit() - person.hours_from_utc;
    Instant at = from + Duration(static_cast<std::int64_t>(hour * 3.6e12));
    if (at < from) at = from;
    std::shared_ptr<DemoSession> speaker = session;
    for (std::int64_t i = 0; i < calls; ++i) {
      speaker = next_speaker(session, speaker);
      put_call(speaker, at);
      at = at + std::chrono::milliseconds(numbers_.around(38'000, 0.8));
    }
    return std::max<std::int64_t>(calls, 1);
  }

  /// The session's agent, or one that it sent to find something out.
  std::shared_ptr<DemoSession> next_speaker(const std::shared_ptr<DemoSession>& main,
                                            const std::shared_ptr<DemoSession>& now) {
    if (main->small || main->person->client->name != "claude-code") return main;
    if (now != main) return numbers_.chance(0.2) ? main : now;
    if (!numbers_.chance(0.05)) return main;
    auto sub = std::make_shared<DemoSession>(*main);
    sub->agent = "explore-" + std::to_string(numbers_.below(900) + 100);
    sub->agent_parent = "main";
    sub->context = numbers_.around(9'000, 0.3);
    return sub;
  }

  void put_call(const std::shared_ptr<DemoSession>& session, Instant at) {
    if (at >= wish_.end) return;
    DemoCall call;
    call.session = session;
    call.at = at;
    call.request_id = request_id(at, numbers_);
    std::tie(call.text, call.origin) = plot_.text_of(numbers_);
    agenda_.put({.at = at, .begins = std::move(call)});
  }

  /// An agent that repeats itself for a night, on the dearest model.
  void plan_runaway(Instant day) {
    auto session = std::make_shared<DemoSession>();
    session->person = &plot_.runaway_owner();
    session->id = "demonstration-nightly-refactor";
    session->repo = "demonstration/platform-service";
    session->agent = kDemoRunaway;
    session->model = "claude-opus-4-6";
    session->context = 60'000;
    Instant at = day + std::chrono::hours(1);
    for (int i = 0; i < 1'400; ++i) {
      put_call(session, at);
      at = at + std::chrono::milliseconds(numbers_.around(17'000, 0.3));
    }
  }

  void play_until(Instant end) {
    while (!agenda_.is_empty() && agenda_.next() < end && ledger_.state()) play(agenda_.take());
  }
  /// What is under way when the history ends still comes to its end.
  void play_rest() {
    while (!agenda_.is_empty() && ledger_.state()) {
      Agenda::Item item = agenda_.take();
      if (item.ends) play(std::move(item));
    }
  }

  void play(Agenda::Item item) {
    constexpr Duration kNever = std::chrono::hours(24 * 365);
    ledger_.go_to(item.at, item.does || agenda_.is_empty() ? item.at + kNever : agenda_.next());
    if (item.does) {
      item.does();
      ledger_.record_notes();
    } else if (item.begins) {
      if (auto under_way = calls_.begin(*std::move(item.begins))) {
        const Instant ends = DemoCalls::ends(*under_way);
        agenda_.put({.at = ends, .ends = std::move(under_way)});
      }
    } else if (item.ends) {
      if (auto again = calls_.end(std::move(item.ends))) {
        const Instant at = again->at;
        agenda_.put({.at = at, .begins = std::move(again)});
      } else {
        finder_.add(calls_.last_outcome());
        today_.push_back(calls_.last_outcome());
      }
    }
  }

  /// As a server does while it runs.
  void look_for_anomalies(Instant day) {
    finder_.forget_before(day - kDay * 40);
    std::vector<control::Event> events;
    for (const spend::Anomaly& anomaly : finder_.find(day)) {
      if (!told_.insert(anomaly.alert + "\n" + anomaly.subject + "\n" + (anomaly.over == "session" ? "" : anomaly.day))
               .second) {
        continue;
      }
      std::vector<std::uint64_t> rows;
      for (const spend::SpendRow& row : today_) {
        if (spend::key_of(row, {anomaly.over}).front() == anomaly.subject) rows.push_back(row.index);
      }
      std::sort(rows.begin(), rows.end());
      const auto rule = std::find_if(alerts_.begin(), alerts_.end(),
                                     [&](const spend::SpendAlert& one) { return one.name == anomaly.alert; });
      events.push_back(anomaly_event(anomaly, *rule, rows, day + kDay));
    }
    today_.clear();
    if (events.empty()) return;
    anomalies_ += events.size();
    if (auto told = queue_.announce_and_note(events); told) ledger_.record_notes();
  }

  /// Nobody is to be told of what never happened: all events count as routed, to nowhere.
  Result<void> tell_nobody() {
    while (true) {
      const auto events = queue_.unrouted();
      if (!events) return events.error();
      if (events->empty()) return {};
      for (const control::Event& event : *events) {
        if (auto routed = queue_.route(event.key, {}, wish_.end); !routed) return routed;
      }
    }
  }

  const DemoWish& wish_;
  const Instant begin_;
  const DemoCompany& company_;
  DemoNumbers numbers_;
  DemoLedger& ledger_;
  DemoCalls calls_;
  DemoPlot plot_;
  const std::vector<spend::SpendAlert> alerts_;
  spend::AnomalyFinder finder_;
  control::NotificationQueue& queue_;
  Agenda agenda_;
  std::vector<spend::SpendRow> today_;
  std::set<std::string> told_;
  std::uint64_t sessions_ = 0, anomalies_ = 0;
};

Result<void> write_mark(const DemoWish& wish, const DemoCompany& company) {
  JsonWriter json;
  json.begin_object().member("days", wish.days).member("note", kDemoNote).member("people", wish.people);
  json.member("seed", static_cast<std::int64_t>(wish.seed));
  write_visitors(json, choose_visitors(company));
  json.end_object();
  std::ofstream file(wish.data / kDemoMark, std::ios::binary);
  file << json.text() << '\n';
  file.close();
  return file ? Result<void>() : Error{ErrorCode::kUnavailable, "cannot write " + (wish.data / kDemoMark).string()};
}

}  // namespace

bool is_demonstration(const std::filesystem::path& data_directory) {
  std::error_code ignored;
  return std::filesystem::exists(data_directory / kDemoMark, ignored);
}

Result<DemoMade> make_demo_history(const DemoWish& wish) {
  const DemoCompany company(wish.seed, static_cast<std::size_t>(wish.people));
  DemoClock clock(midnight(wish.end) - kDay * wish.days);
  auto store = store::Store::open_embedded(wish.data);
  if (!store) return std::move(store).error();
  // From the first byte on the folder says what it is.
  if (auto marked = write_mark(wish, company); !marked) return marked.error();
  ledger::LogOptions options;
  options.directory = wish.data / "ledger";
  options.origin = wish.origin;
  options.node = wish.node;
  options.clock = &clock;
  options.linger_max = Duration(0);
  auto log = ledger::open_unsynced_log(std::move(options));
  if (!log) return std::move(log).error();
  const Duration busy = std::chrono::hours(16) * wish.days * 5 / 7;
  DemoLedger ledger(*std::move(log), **store, clock, std::max<Duration>(busy / kWritesMax, std::chrono::seconds(1)));

  std::vector<Diagnostic> complaints;
  const std::vector<YamlValue> documents = read_yaml_directory(wish.governance, complaints);
  if (auto begun = begin_demo(**store, clock, company, documents); !begun) return begun.error();
  ledger.record_notes();
  const auto registered = (*store)->budgets().list();
  if (!registered) return registered.error();
  complaints.clear();
  Governance governance = read_governance(wish.governance, complaints, {}, *registered);
  if (!governance.policy || !governance.prices || !governance.budgets) {
    return Error{ErrorCode::kInvalid,
                 complaints.empty() ? "the governance files cannot be read" : complaints.front().to_string()};
  }
  content::Detectors::Options detector_options;
  auto detectors = content::Detectors::build(governance.documents, detector_options, complaints);
  const auto budgets = spend::Budgets::create({.clock = &clock});
  budgets->publish(governance.budgets, spend::Books(governance.budgets));
  History history(wish, company, **store, clock, ledger, governance, *budgets, std::move(detectors));
  return history.make();
}

}  // namespace reeve::app
