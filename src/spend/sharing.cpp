// How this process shares budgets with other nodes: what it may use is what the shared store granted it, it asks for
// more before that runs out, and gives back what lies idle.
//
// Whatever goes wrong, the node uses no more than the least it can have been granted: what is given back stops counting
// before it is sent, and what is granted counts once the answer is here.

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "core/log.h"
#include "spend/admission_call.h"

namespace reeve::spend {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 1'000;
/// Of what nobody holds, asked for ahead: the last of a budget is so spread over the nodes in ever smaller slices.
constexpr std::int64_t kAheadShare = 4;
constexpr auto kRefusedFor = std::chrono::seconds(1);
constexpr std::chrono::milliseconds kBackoffMin{50}, kBackoffMax{4'000};
constexpr Duration kSessionRowKept = std::chrono::days(37);

/// Two values never have the same text, whatever bytes they are of.
std::string text_of_value(std::string_view value) {
  return is_utf8(value) && !value.starts_with("hex:") ? std::string(value) : "hex:" + to_hex(value);
}

std::string value_of_text(std::string_view text) {
  if (!text.starts_with("hex:")) return std::string(text);
  auto bytes = from_hex(text.substr(4));
  return bytes ? *bytes : std::string(text);
}

/// Rows of a budget whose shape changed are other rows.
std::string shape_mark(const std::string& shape) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : shape) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return std::to_string(hash);
}

std::string row_name(const Lane& lane, const Budget& budget, std::string_view key, Quantity quantity) {
  JsonWriter json;
  json.begin_array().value(lane.name).value(shape_mark(lane.shape)).value(quantity_name(quantity));
  for (const auto& [dimension, value] : values_of_key(budget, key)) json.value(text_of_value(value));
  return json.end_array().take();
}

bool frees_again(const Lane& lane, Quantity quantity) {
  return static_cast<std::size_t>(quantity) >= kAmounts || lane.rule->period() == Period::kRolling;
}

Instant row_end(const Lane& lane, Instant row, Instant now) {
  if (row.nanoseconds == 0) return lane.rule->period() == Period::kSession ? now + kSessionRowKept : kFarFuture;
  return lane.rule->period() == Period::kSession ? lane.rule->day_at(row).end : lane.rule->at(row).end;
}

}  // namespace

Instant LocalBudgets::row_of(const Lane& lane, Quantity quantity, Instant begin) {
  return frees_again(lane, quantity) ? Instant{0} : begin;
}

std::int64_t LocalBudgets::spent_of(Lane& lane, const Counter& counter, Instant row, Quantity quantity) const {
  const auto q = static_cast<std::size_t>(quantity);
  if (q >= kAmounts) return 0;
  if (lane.rule->period() == Period::kRolling) {
    return amount_of(usage_of(lane, &counter, begin_of(lane, false, options_.clock->now())).spent, q);
  }
  const Cell* cell = counter.find(row);
  return cell == nullptr ? 0 : amount_of(cell->spent, q);
}

std::int64_t LocalBudgets::used_of(Lane& lane, const Counter& counter, Instant row, Quantity quantity) const {
  if (quantity == Quantity::kConcurrent) return counter.holds;
  const auto q = static_cast<std::size_t>(quantity);
  if (q >= kAmounts) {
    const bool now = counter.extra != nullptr && counter.extra->minute == uptime_seconds() / 60;
    if (!now) return 0;
    return quantity == Quantity::kTokensPerMinute ? counter.extra->minute_tokens : counter.extra->minute_requests;
  }
  Usage usage;
  if (lane.rule->period() == Period::kRolling) {
    usage = usage_of(lane, &counter, begin_of(lane, false, options_.clock->now()));
  } else if (const Cell* cell = counter.find(row)) {
    usage = {cell->spent, cell->reserved};
  }
  return add_capped(amount_of(usage.spent, q), amount_of(usage.reserved, q));
}

std::int64_t LocalBudgets::spent_elsewhere(const Lane& lane, const Counter& counter, Instant begin,
                                           std::size_t quantity) {
  if (counter.extra == nullptr || quantity >= kAmounts) return 0;
  Share* share = counter.extra->find_share(row_of(lane, static_cast<Quantity>(quantity), begin));
  const Share::Line* line = share == nullptr ? nullptr : share->find(static_cast<Quantity>(quantity));
  return line == nullptr ? 0 : std::max<std::int64_t>(0, line->spent_all - line->told);
}

/// Notes it when a limit is kept but this node's share of it does not reach.
void LocalBudgets::note_share(Call& call, std::size_t index, Quantity quantity, std::int64_t needed) const {
  if (exchanger_ == nullptr) return;
  const Applied& applied = call.applied[index];
  std::int64_t granted = 0;
  if (applied.counter != nullptr && applied.counter->extra != nullptr) {
    Share* share = applied.counter->extra->find_share(row_of(*applied.lane, quantity, applied.begin));
    const Share::Line* line = share == nullptr ? nullptr : share->find(quantity);
    if (line != nullptr) granted = line->granted;
  }
  if (needed > granted) call.lacking.push_back({index, quantity, needed});
}

/// Whether asking the store may help; else why it does not.
bool LocalBudgets::may_ask(const Call& call, const Amounts& hold, Short& worst) const {
  const auto now = SteadyClock::now();
  const bool away = now < away_until_;
  bool may = true;
  for (const Lacking& lacking : call.lacking) {
    const Applied& applied = call.applied[lacking.applied];
    const auto q = static_cast<std::size_t>(lacking.quantity);
    Share* share = applied.counter == nullptr || applied.counter->extra == nullptr
                       ? nullptr
                       : applied.counter->extra->find_share(row_of(*applied.lane, lacking.quantity, applied.begin));
    const Share::Line* line = share == nullptr ? nullptr : share->find(lacking.quantity);
    if (!away && (line == nullptr || line->refused_until <= now)) continue;
    may = false;
    Short why{lacking.applied, lacking.quantity};
    why.limit = limit_of(*applied.lane, applied.counter, call.key(applied), applied.begin, q, call.now).total();
    if (q < kAmounts) {
      const Usage usage = usage_of(*applied.lane, applied.counter, applied.begin);
      why.reserved = amount_of(usage.reserved, q);
      why.spent = amount_of(usage.spent, q);
      if (applied.counter != nullptr) {
        why.spent += spent_elsewhere(*applied.lane, *applied.counter, applied.begin, q);
      }
      why.asked = amount_of(hold, q);
      why.resets_at = resets_at(*applied.lane, applied.counter, applied.by_day, call.now);
    }
    why.away = away;
    why.shared = true;
    worst.keep(why);
  }
  return may;
}

void LocalBudgets::queue(Counter& counter, Instant row, Share::Line& line) {
  if (line.queued) return;
  line.queued = true;
  queue_.push_back({&counter, row, line.quantity});
}

void LocalBudgets::ask_for(Call& call) {
  for (const Lacking& lacking : call.lacking) {
    Applied& applied = call.applied[lacking.applied];
    if (applied.counter == nullptr) {
      // Several limits of one budget: made for the first of them.
      applied.counter = table_.find(applied.lane->id, call.key(applied), applied.hash);
      if (applied.counter == nullptr) {
        applied.counter = &table_.make(applied.lane->id, call.key(applied), applied.hash);
      }
    }
    const Instant row = row_of(*applied.lane, lacking.quantity, applied.begin);
    Share::Line& line = applied.counter->more().share_at(row).at(lacking.quantity);
    line.needed = std::max(line.needed, lacking.needed);
    queue(*applied.counter, row, line);
  }
}

/// Asks ahead where a slice runs low.
void LocalBudgets::look_at_room(const Applied& applied) {
  Counter& counter = *applied.counter;
  if (counter.extra == nullptr) return;
  for (Share& share : counter.extra->shares) {
    for (Share::Line& line : share.lines) {
      if (line.low_water == 0 || line.queued) continue;
      if (share.begin != row_of(*applied.lane, line.quantity, applied.begin)) continue;
      if (line.granted - used_of(*applied.lane, counter, share.begin, line.quantity) >= line.low_water) continue;
      queue(counter, share.begin, line);
      exchanger_->nudge();
    }
  }
}

std::int64_t LocalBudgets::limit_of_row(Lane& lane, const Counter& counter, Instant row, Quantity quantity) const {
  const auto q = static_cast<std::size_t>(quantity);
  if (lane.budget == nullptr || !lane.budget->limits[q]) return 0;
  const Instant now = options_.clock->now();
  move_to(lane, now);
  return limit_of(lane, &counter, counter.key(), row, q, now).total();
}

SliceRequest LocalBudgets::request_for(const Row& row, Share::Line& line) {
  Lane& lane = *lanes_[row.counter->lane];
  const Instant now = options_.clock->now();
  SliceRequest request;
  request.counter = row_name(lane, lane.last(), row.counter->key(), row.quantity);
  request.window_begin = row.begin;
  request.window_end = row_end(lane, row.begin, now);
  request.limit = limit_of_row(lane, *row.counter, row.begin, row.quantity);
  const std::int64_t used = used_of(lane, *row.counter, row.begin, row.quantity);
  request.spent = spent_of(lane, *row.counter, row.begin, row.quantity);
  request.reserved = used - request.spent;
  request.wanted = used;
  if (!line.closing && request.limit > 0) {
    const std::int64_t elsewhere = std::max<std::int64_t>(0, line.granted_all - line.granted);
    const std::int64_t base = std::max(used, line.needed);
    const std::int64_t free = std::max<std::int64_t>(0, request.limit - elsewhere - base);
    request.wanted =
        std::max(used, std::min(request.limit, std::max(line.granted, add_capped(base, free / kAheadShare))));
  }
  line.queued = false;
  // What is given back stops counting before anybody else can have it.
  line.granted = std::min(line.granted, request.wanted);
  return request;
}

void LocalBudgets::take_answer(const Row& row, const SliceRequest& request, std::int64_t needed, const Slice& slice) {
  Share* share = row.counter->extra == nullptr ? nullptr : row.counter->extra->find_share(row.begin);
  Share::Line* line = share == nullptr ? nullptr : share->find(row.quantity);
  if (line == nullptr) return;
  Lane& lane = *lanes_[row.counter->lane];
  const std::int64_t used = used_of(lane, *row.counter, row.begin, row.quantity);
  const bool more = slice.granted > line->granted;
  line->granted = slice.granted;
  line->spent_all = slice.spent_all;
  line->granted_all = slice.granted_all;
  line->told = request.spent;
  line->low_water = more ? std::max<std::int64_t>(1, (slice.granted - used) / 2) : 0;
  if (needed > slice.granted) line->refused_until = SteadyClock::now() + kRefusedFor;
  const Instant now = options_.clock->now();
  const bool over = row.begin.nanoseconds != 0 && request.window_end <= now;
  const bool carries =
      lane.budget != nullptr && lane.budget->carry_over_percent > 0 && row.begin == lane.previous.begin;
  const bool done = line->closing && !line->queued && request.reserved == 0 && used == request.spent &&
                    (over ? !carries : used == 0 || lane.budget == nullptr);
  line->closing = false;
  if (!done) return;
  std::erase_if(share->lines, [&](const Share::Line& one) { return one.quantity == row.quantity; });
  std::erase_if(row.counter->extra->shares, [](const Share& one) { return one.lines.empty(); });
}

bool LocalBudgets::trade(const std::vector<Row>& rows) {
  std::vector<SliceRequest> requests;
  std::vector<std::int64_t> needed;
  {
    const std::lock_guard lock(mutex_);
    for (const Row& row : rows) {
      Share::Line& line = row.counter->more().share_at(row.begin).at(row.quantity);
      needed.push_back(line.needed);
      requests.push_back(request_for(row, line));
      line.needed = 0;
    }
  }
  const auto slices = options_.slices->exchange(options_.node, requests);
  const std::lock_guard lock(mutex_);
  if (!slices || slices->size() != rows.size()) {
    note_away(slices ? "an answer of another size" : slices.error().message);
    return false;
  }
  backoff_ = std::chrono::milliseconds(0);
  for (std::size_t i = 0; i < rows.size(); ++i) take_answer(rows[i], requests[i], needed[i], (*slices)[i]);
  return true;
}

void LocalBudgets::note_away(const std::string& why) {
  backoff_ = std::clamp(backoff_ * 2, kBackoffMin, kBackoffMax);
  away_until_ = SteadyClock::now() + backoff_;
  if (backoff_ == kBackoffMin) {
    log_warning("other nodes' shares of budgets cannot be asked for; this node's own are used", {{"why", why}});
  }
}

void LocalBudgets::exchange_round() {
  {
    const std::lock_guard lock(mutex_);
    if (!published_ || SteadyClock::now() < away_until_) return;
  }
  if (!held_settled_ && !settle_held()) return;
  while (true) {
    std::vector<Row> rows;
    {
      const std::lock_guard lock(mutex_);
      const std::size_t count = std::min(queue_.size(), kBatch);
      rows.assign(queue_.end() - static_cast<std::ptrdiff_t>(count), queue_.end());
      queue_.resize(queue_.size() - count);
    }
    if (rows.empty() || !trade(rows)) return;
  }
}

bool LocalBudgets::look_at_shares(Counter& counter) {
  if (counter.extra == nullptr) return true;
  Lane& lane = *lanes_[counter.lane];
  const Instant now = options_.clock->now();
  for (Share& share : counter.extra->shares) {
    const bool over =
        lane.budget == nullptr || (share.begin.nanoseconds != 0 && row_end(lane, share.begin, now) <= now);
    for (Share::Line& line : share.lines) {
      if (line.queued) continue;
      const std::int64_t used = used_of(lane, counter, share.begin, line.quantity);
      const bool idle = used == line.used_at_look && line.granted > used;
      const bool untold = spent_of(lane, counter, share.begin, line.quantity) != line.told;
      line.used_at_look = used;
      if (!over && !idle && !untold && used > 0) continue;
      line.closing = over || idle || used == 0;
      queue(counter, share.begin, line);
    }
  }
  return true;
}

void LocalBudgets::look_for_idle() {
  for (std::size_t piece = 0; piece < CounterTable::kPieces; ++piece) {
    const std::lock_guard lock(mutex_);
    table_.visit(piece, [this](Counter& counter) { return look_at_shares(counter); });
  }
}

/// Asks for no more than what is used.
bool LocalBudgets::close_shares(Counter& counter) {
  if (counter.extra == nullptr) return true;
  const Lane& lane = *lanes_[counter.lane];
  for (Share& share : counter.extra->shares) {
    for (Share::Line& line : share.lines) {
      if (line.granted <= used_of(*lanes_[lane.id], counter, share.begin, line.quantity)) continue;
      line.closing = true;
      line.needed = 0;
      queue(counter, share.begin, line);
    }
  }
  return true;
}

void LocalBudgets::give_back() {
  if (exchanger_ == nullptr) return;
  exchanger_->stop();  // from here on no other thread trades
  for (std::size_t piece = 0; piece < CounterTable::kPieces; ++piece) {
    const std::lock_guard lock(mutex_);
    table_.visit(piece, [this](Counter& counter) { return close_shares(counter); });
  }
  exchange_round();
}

/// What this node held when it stopped is told anew: from the books for windows that still run, and as all spent for
/// what they no longer know.
bool LocalBudgets::settle_held() {
  const auto held = options_.slices->held_by(options_.node);
  std::vector<SliceRequest> unknown;
  if (held) {
    const std::lock_guard lock(mutex_);
    for (const SliceRequest& row : *held) {
      if (take_up(row)) continue;
      SliceRequest& told = unknown.emplace_back(row);
      told.spent = add_capped(row.spent, row.reserved);
      told.reserved = 0;
      told.wanted = told.spent;
    }
  }
  const auto answer = held && !unknown.empty() ? options_.slices->exchange(options_.node, unknown)
                                               : Result<std::vector<Slice>>(std::vector<Slice>{});
  if (held && answer) {
    held_settled_ = true;
    return true;
  }
  const std::lock_guard lock(mutex_);
  note_away(held ? answer.error().message : held.error().message);
  return false;
}

/// Finds the counter of a row and takes up its share; false when it is of nothing that is in force and runs.
bool LocalBudgets::take_up(const SliceRequest& row) {
  const auto document = JsonDocument::parse(row.counter);
  const std::vector<JsonValue> parts = document ? document->root().items() : std::vector<JsonValue>();
  if (parts.size() < 3) return false;
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(), [&](const auto& one) {
    return one->budget != nullptr && one->name == parts[0].string_or("") &&
           shape_mark(one->shape) == parts[1].string_or("");
  });
  if (lane == lanes_.end() || parts.size() != 3 + (*lane)->budget->each.size()) return false;
  const Budget& budget = *(*lane)->budget;
  const Instant now = options_.clock->now();
  if (row.window_begin.nanoseconds != 0 && row_end(**lane, row.window_begin, now) <= now) return false;
  for (std::size_t q = 0; q < kQuantities; ++q) {
    const auto quantity = static_cast<Quantity>(q);
    if (quantity_name(quantity) != parts[2].string_or("") || !budget.limits[q]) continue;
    CallScope scope;
    std::vector<std::string> values(budget.each.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = value_of_text(parts[3 + i].string_or(""));
      scope[budget.each[i]] = values[i];
    }
    std::string key;
    append_key(key, budget, scope);
    const std::uint64_t hash = table_.hash_of((*lane)->id, key);
    Counter* counter = table_.find((*lane)->id, key, hash);
    if (counter == nullptr) counter = &table_.make((*lane)->id, key, hash);
    Share::Line& line = counter->more().share_at(row.window_begin).at(quantity);
    line.closing = true;
    queue(*counter, row.window_begin, line);
    return true;
  }
  return false;
}

Task<Admission> LocalBudgets::admit(CallScope call, Amounts likely, Amounts maximum, Executor& executor) {
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    Admission admission = decide(call, likely, maximum, false);
    if (admission.verdict != Admission::Verdict::kAsk) co_return admission;
    co_await exchanger_->next_round(executor);
  }
  co_return decide(call, likely, maximum, true);
}

}  // namespace reeve::spend
