#include "ledger/index_intake.h"

#include <algorithm>

namespace reeve::ledger {

namespace {

constexpr std::uint64_t kWaitEntriesMax = 50'000;
constexpr std::size_t kWaitingMax = 20'000;

constexpr std::uint64_t kOfOutcomes = [] {
  std::uint64_t bits = 0;
  for (const Field field :
       {Field::kBudgetName,        Field::kCostEstimated,        Field::kCostModel,        Field::kCostNanos,
        Field::kCostPriceKnown,    Field::kCostPriceVersion,     Field::kCostProvider,     Field::kCostServiceTier,
        Field::kUsageInputAudio,   Field::kUsageOutputAudio,     Field::kUsageWebSearches, Field::kOutcomeHttpStatus,
        Field::kOutcomeReason,     Field::kOutcomeResponseBytes, Field::kOutcomeStatus,    Field::kTimingDecision,
        Field::kTimingFirstByte,   Field::kTimingTotal,          Field::kUsageCacheRead,   Field::kUsageCacheWrite1h,
        Field::kUsageCacheWrite5m, Field::kUsageInput,           Field::kUsageOutput,      Field::kUsageReasoning}) {
    bits |= EntryFields::bit(field);
  }
  return bits;
}();

}  // namespace

std::size_t IndexIntake::KeyHash::operator()(const Key& key) const {
  return std::hash<std::string_view>()(key.request) + static_cast<std::size_t>(key.attempt);
}

IndexIntake::Key IndexIntake::key_of(const EntryFields& fields) {
  return {fields.text(Field::kRequestId), fields.number(Field::kAttempt)};
}

Result<void> IndexIntake::take(const StoredEntry& entry, IndexTables& tables) {
  const bool writes = entry.index >= rows_exist_below_;
  if (writes && entry.index % kPlaceEvery == 0 && entry.place.offset != 0) {
    auto added = tables.add_place(entry.index, entry.place.segment, entry.place.offset);
    if (!added) return added;
  }
  // Read from a copy, which stays where it is when it turns out to be an intent that has to wait.
  if (!read_) read_ = std::make_unique<Waiting>();
  read_->bytes.assign(entry.bytes);
  EntryFields& fields = read_->fields;
  read_entry_fields(read_->bytes, fields);
  CallPlace place{entry.index, 0};
  if (!fields.regular || fields.number(Field::kSeq) != static_cast<std::int64_t>(entry.index) ||
      !read_ledger_time(fields.text(Field::kTime), place.time)) {
    fields.regular = false;
  }
  const std::string_view kind = fields.text(Field::kKind);
  const bool is_call = fields.regular && fields.has(Field::kRequestId);
  if (is_call && kind == "model.outcome") return take_outcome(place, tables);
  if (is_call && kind == "model.intent") {
    if ((fields.present & kOfOutcomes) == 0) return take_intent(place, tables);
    fields.regular = false;
  }
  return writes ? tables.add_event(entry.index, fields) : Result<void>();
}

Result<void> IndexIntake::take_intent(CallPlace place, IndexTables& tables) {
  waiting_changed_ = true;
  read_->place = place;
  const Key key = key_of(read_->fields);
  if (const auto same = waiting_.find(key); same != waiting_.end()) {
    if (auto given = give_up(same, place.seq >= rows_exist_below_, tables); !given) return given;
  }
  order_.push_back({place.seq, read_.get()});
  waiting_.emplace(key, std::move(read_));
  if (waiting_.size() <= kWaitingMax) return {};
  return give_up(waiting_.find(key_of(order_.front().waiting->fields)), place.seq >= rows_exist_below_, tables);
}

Result<void> IndexIntake::take_outcome(CallPlace place, IndexTables& tables) {
  const bool writes = place.seq >= rows_exist_below_;
  const EntryFields& fields = read_->fields;
  const auto found = waiting_.find(key_of(fields));
  if (found == waiting_.end()) return writes ? tables.add_call(nullptr, {}, &fields, place) : Result<void>();
  auto intent = remove(found);
  Result<void> added;
  if (writes && agree(intent->fields, fields)) {
    added = tables.add_call(&intent->fields, intent->place, &fields, place);
  } else if (writes) {
    added = tables.add_call(&intent->fields, intent->place, nullptr, {});
    if (added) added = tables.add_call(nullptr, {}, &fields, place);
  }
  read_ = std::move(intent);  // its memory is used again
  return added;
}

std::unique_ptr<IndexIntake::Waiting> IndexIntake::remove(Map::iterator waiting) {
  auto removed = std::move(waiting->second);
  waiting_.erase(waiting);
  const auto place = std::lower_bound(order_.begin(), order_.end(), removed->place.seq,
                                      [](const Place& one, std::uint64_t seq) { return one.seq < seq; });
  place->waiting = nullptr;
  drop_gone();
  waiting_changed_ = true;
  return removed;
}

void IndexIntake::drop_gone() {
  while (!order_.empty() && order_.front().waiting == nullptr) order_.pop_front();
}

Result<void> IndexIntake::give_up(Map::iterator waiting, bool writes, IndexTables& tables) {
  const auto removed = remove(waiting);
  if (!writes) return {};
  return tables.add_call(&removed->fields, removed->place, nullptr, {});
}

Result<void> IndexIntake::give_up_waiting(std::uint64_t next, IndexTables& tables) {
  while (!order_.empty() && order_.front().seq + kWaitEntriesMax < next) {
    const auto oldest = waiting_.find(key_of(order_.front().waiting->fields));
    if (auto given = give_up(oldest, true, tables); !given) return given;
  }
  return {};
}

Result<void> IndexIntake::add_waiting(IndexTables& tables) const {
  for (const Place& place : order_) {
    if (place.waiting == nullptr) continue;
    const Waiting& waiting = *place.waiting;
    if (auto added = tables.add_call(&waiting.fields, waiting.place, nullptr, {}); !added) return added;
  }
  return {};
}

}  // namespace reeve::ledger
