#include "reeve/demo_ledger.h"

namespace reeve::app {

namespace {
constexpr std::string_view kProducer = "demonstration";
}  // namespace

DemoLedger::DemoLedger(std::unique_ptr<ledger::Log> log, store::Store& store, DemoClock& clock, Duration quantum)
    : log_(std::move(log)),
      clock_(clock),
      quantum_(quantum),
      notes_(store, nullptr, [this](std::span<store::Note> notes) { return record(notes); }),
      keys_(store,
            [this](std::string_view kind, const std::string& detail) -> std::optional<std::uint64_t> {
              store::Note note{0, std::string(kind), detail, 0};
              return record(std::span(&note, 1)) == 1 ? std::optional(note.entry) : std::nullopt;
            }),
      appended_(log_->size()) {}

void DemoLedger::go_to(Instant at, Instant next) {
  // While some wait to be written, the clock stands at the first of them.
  if (waiting_ == 0) clock_.set(at);
  next_ = next;
}

std::uint64_t DemoLedger::append(const ledger::Entry& entry) {
  ledger::Entry own = entry;
  own.producer = &log_->producer(kProducer);
  const bool goes_on = next_ < clock_.now() + quantum_ && waiting_ < kTogetherMax;
  if (goes_on && state_) {
    ++waiting_;
    if (!log_->append_later(own)) state_ = Error{ErrorCode::kUnavailable, "the ledger takes no more entries"};
  } else if (state_) {
    waiting_ = 0;
    if (const auto placed = log_->append_and_wait(own); !placed) state_ = placed.error();
  }
  return appended_++;
}

std::size_t DemoLedger::record(std::span<store::Note> notes) {
  std::vector<ledger::Entry> entries(notes.size());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    entries[i].kind = notes[i].kind;
    entries[i].detail = notes[i].detail;
    entries[i].producer = &log_->producer(kProducer);
  }
  const ledger::PlacedEntries placed = log_->append_all_and_wait(entries);
  for (std::size_t i = 0; i < placed.places.size(); ++i) notes[i].entry = placed.places[i].index;
  if (placed.error && state_) state_ = *placed.error;
  appended_ += placed.places.size();
  waiting_ = 0;
  return placed.places.size();
}

void DemoLedger::record_notes() {
  keys_.look();
  while (notes_.look()) {
  }
}

}  // namespace reeve::app
