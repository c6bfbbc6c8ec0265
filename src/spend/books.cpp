#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "spend/books_impl.h"

namespace reeve::spend {

namespace {

constexpr std::size_t kRemembered = 100'000;
constexpr std::size_t kSweepEvery = 4'096;
constexpr Duration kSlack = std::chrono::hours(25);  // the clock may have been wrong by a day and a time zone
constexpr Duration kSessionIdle = std::chrono::days(7);
constexpr Duration kSessionsBack = std::chrono::days(30);
constexpr int kVersion = 1;

std::string bytes_of(const std::deque<std::uint64_t>& hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * 8);
  for (const std::uint64_t hash : hashes) {
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(hash >> shift);
  }
  return bytes;
}

void write_counter(JsonWriter& json, const Budget& budget, const Counter& counter) {
  json.begin_array().begin_array();
  for (const auto& [dimension, value] : values_of_key(budget, counter.key())) json.value(value);
  json.end_array().value(static_cast<std::int64_t>(counter.touched));
  counter.each_cell([&json](const Cell& cell) {
    if (cell.spent == Amounts{}) return;
    json.begin_array().value(cell.begin.nanoseconds).value(cell.spent.money.nanos);
    json.value(cell.spent.tokens).value(cell.spent.requests).end_array();
  });
  json.end_array();
}

/// Reads one counter into the table; false when it is not what write_counter() writes.
bool read_counter(Books::Impl& impl, std::uint32_t index, const JsonValue& json) {
  const Budget& budget = impl.set->list()[index];
  const std::vector<JsonValue> parts = json.items();
  if (parts.size() < 2 || parts[0].items().size() != budget.each.size() || !parts[1].as_int()) return false;
  CallScope scope;
  const std::vector<JsonValue> values = parts[0].items();
  for (std::size_t i = 0; i < values.size(); ++i) scope[budget.each[i]] = values[i].string_or("");
  std::string key;
  append_key(key, budget, scope);
  const std::uint64_t hash = impl.table.hash_of(index, key);
  if (impl.table.find(index, key, hash) != nullptr) return false;
  Counter& counter = impl.table.make(index, key, hash);
  counter.touched = static_cast<std::uint32_t>(parts[1].int_or(0));
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const std::vector<JsonValue> cell = parts[i].items();
    if (cell.size() != 4) return false;
    for (const JsonValue& number : cell) {
      if (!number.as_int()) return false;
    }
    const Amounts spent{{cell[1].int_or(0)}, cell[2].int_or(0), cell[3].int_or(0)};
    if (spent.money.nanos < 0 || spent.tokens < 0 || spent.requests < 0) return false;
    counter.at({cell[0].int_or(0)}).spent = spent;
  }
  return true;
}

}  // namespace

std::uint64_t attempt_hash(std::string_view request_id, std::int64_t attempt) {
  if (request_id.empty()) return 0;
  std::uint64_t hash = 0xCBF29CE484222325 ^ static_cast<std::uint64_t>(attempt);
  for (const char c : request_id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  hash ^= hash >> 32;
  return hash * 0xD6E8FEB86659FD93;
}

Books::Books(std::shared_ptr<const BudgetSet> set) : impl_(std::make_unique<Impl>()) {
  impl_->windows.resize(set->list().size());
  impl_->set = std::move(set);
}
Books::~Books() = default;
Books::Books(Books&&) noexcept = default;
Books& Books::operator=(Books&&) noexcept = default;

void Books::Impl::remember(std::uint64_t attempt) {
  if (!seen.insert(attempt).second) return;
  seen_in_order.push_back(attempt);
  if (seen_in_order.size() <= kRemembered) return;
  seen.erase(seen_in_order.front());
  seen_in_order.pop_front();
}

bool Books::Impl::count_attempt(const SettledCall& call) {
  const std::uint64_t attempt = attempt_hash(call.request_id, call.attempt);
  if (attempt == 0) return true;
  if (seen.contains(attempt)) return false;
  remember(attempt);
  return true;
}

Instant Books::Impl::begin_of(std::size_t budget, const CallScope& scope, Instant time) {
  const WindowRule& rule = LoadedBudgets::of(*set).window_rule(budget);
  if (rule.period() == Period::kSession && scope[Dimension::kSession].empty()) return rule.day_at(time).begin;
  Window& window = windows[budget];
  if (!window.contains(time)) window = rule.at(time);
  return window.begin;
}

void Books::Impl::sweep() {
  const LoadedBudgets& budgets = LoadedBudgets::of(*set);
  const Instant horizon = earliest;
  const auto past = [&](std::size_t index, const Counter& counter, const Cell& cell) {
    const WindowRule& rule = budgets.window_rule(index);
    if (rule.period() == Period::kSession && cell.begin.nanoseconds == 0) {
      return from_unix_seconds(counter.touched) + kSessionIdle < horizon;
    }
    if (rule.period() == Period::kSession) return cell.begin + 2 * kSlack < horizon;
    if (rule.period() == Period::kRolling) return cell.begin + rule.step() + rule.rolling() + kSlack < horizon;
    // This window and the one before it are needed.
    return cell.begin < rule.before(rule.at(horizon - kSlack)).begin;
  };
  for (std::size_t piece = 0; piece < CounterTable::kPieces; ++piece) {
    table.visit(piece, [&](Counter& counter) {
      if (counter.extra != nullptr) {
        std::erase_if(counter.extra->cells, [&](const Cell& cell) { return past(counter.lane, counter, cell); });
        if (counter.extra->cells.empty()) counter.extra.reset();
      }
      return counter.extra != nullptr || !past(counter.lane, counter, counter.current);
    });
  }
}

void Books::add(const SettledCall& call) {
  Impl& impl = *impl_;
  if (!impl.count_attempt(call) || call.amounts == Amounts{}) return;
  const LoadedBudgets& budgets = LoadedBudgets::of(*impl.set);
  budgets.matching(call.scope, impl.found);
  for (const std::uint32_t index : impl.found) {
    impl.key.clear();
    append_key(impl.key, budgets.list()[index], call.scope);
    const std::uint64_t hash = impl.table.hash_of(index, impl.key);
    Counter* counter = impl.table.find(index, impl.key, hash);
    if (counter == nullptr) counter = &impl.table.make(index, impl.key, hash);
    add_to(counter->at(impl.begin_of(index, call.scope, call.time)).spent, call.amounts);
    counter->touched = static_cast<std::uint32_t>(std::max<std::int64_t>(0, unix_seconds(call.time)));
  }
  impl.earliest = std::min(impl.earliest, call.time);
  if (++impl.since_sweep < kSweepEvery) return;
  impl.sweep();
  impl.since_sweep = 0;
  impl.earliest = kFarFuture;
}

Instant Books::needed_from(Instant now) const {
  const LoadedBudgets& budgets = LoadedBudgets::of(*impl_->set);
  Instant first = now;
  for (std::size_t i = 0; i < budgets.list().size(); ++i) {
    const WindowRule& rule = budgets.window_rule(i);
    if (rule.period() == Period::kSession) {
      first = std::min(first, now - kSessionsBack);
    } else if (rule.period() == Period::kRolling) {
      first = std::min(first, now - rule.rolling() - rule.step());
    } else {
      const Window window = rule.at(now);
      const bool before = budgets.list()[i].carry_over_percent > 0;
      first = std::min(first, before ? rule.before(window).begin : window.begin);
    }
  }
  return first;
}

std::string Books::snapshot(std::uint64_t next) const {
  const auto budgets = impl_->set->list();
  std::vector<JsonWriter> counters(budgets.size());
  for (JsonWriter& list : counters) list.begin_array();
  for (std::size_t piece = 0; piece < CounterTable::kPieces; ++piece) {
    std::as_const(impl_->table).visit(piece, [&](const Counter& counter) {
      write_counter(counters[counter.lane], budgets[counter.lane], counter);
    });
  }
  JsonWriter json;
  json.begin_object().member("version", kVersion).member("next", next).key("budgets").begin_array();
  for (std::size_t i = 0; i < budgets.size(); ++i) {
    json.begin_object().member("name", budgets[i].name).member("shape", shape_of(budgets[i]));
    json.key("counters").raw(counters[i].end_array().text()).end_object();
  }
  json.end_array().member("attempts", to_base64(bytes_of(impl_->seen_in_order))).end_object();
  return json.take();
}

Result<std::uint64_t> Books::restore(std::string_view snapshot) {
  const Error broken{ErrorCode::kCorrupt, "this is no snapshot of the books; they are read from the ledger again"};
  const auto document = JsonDocument::parse(snapshot);
  if (!document) return broken;
  const JsonValue root = document->root();
  const auto next = root["next"].as_int();
  const auto attempts = from_base64(root["attempts"].string_or("-"));
  if (root["version"].int_or(0) != kVersion || !next || *next < 0 || !attempts || attempts->size() % 8 != 0) {
    return broken;
  }
  const auto budgets = impl_->set->list();
  std::vector<JsonValue> kept(budgets.size());
  for (const JsonValue& one : root["budgets"].items()) {
    const auto found = std::find_if(budgets.begin(), budgets.end(), [&](const Budget& budget) {
      return one["name"].string_or("") == budget.name && one["shape"].string_or("") == shape_of(budget);
    });
    if (found != budgets.end()) kept[static_cast<std::size_t>(found - budgets.begin())] = one["counters"];
  }
  *this = Books(impl_->set);
  // What is new has to be read from the ledger, and with it everything: an entry may count in both.
  if (!std::all_of(kept.begin(), kept.end(), [](const JsonValue& v) { return v.is_array(); })) return std::uint64_t{0};
  for (std::size_t i = 0; i < kept.size(); ++i) {
    for (const JsonValue& counter : kept[i].items()) {
      if (read_counter(*impl_, static_cast<std::uint32_t>(i), counter)) continue;
      *this = Books(impl_->set);
      return broken;
    }
  }
  for (std::size_t i = 0; i + 8 <= attempts->size(); i += 8) {
    std::uint64_t hash = 0;
    for (std::size_t byte = 8; byte-- > 0;) hash = hash << 8 | static_cast<unsigned char>((*attempts)[i + byte]);
    impl_->remember(hash);
  }
  return static_cast<std::uint64_t>(*next);
}

}  // namespace reeve::spend
