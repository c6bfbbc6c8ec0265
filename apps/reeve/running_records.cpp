// What the service itself records.

#include "core/log.h"
#include "reeve/running_service.h"

namespace reeve::app {

namespace {

/// Who numbers what threads beside the main one record: the API's, the followers' of what nodes share.
constexpr std::string_view kBesideProducer = "service-beside";

}  // namespace

ledger::Producer& RunningService::producer_of_this_thread() {
  const bool is_main = std::this_thread::get_id() == main_thread_;
  return log_->producer(is_main ? gateway::kServiceProducer : kBesideProducer);
}

/// The entry's index; nothing when it could not be written.
std::optional<std::uint64_t> RunningService::record(std::string_view kind, const std::string& detail) {
  store::Note note{0, std::string(kind), detail, 0};
  return record_notes(std::span(&note, 1)) == 1 ? std::optional(note.entry) : std::nullopt;
}

std::size_t RunningService::record_notes(std::span<store::Note> notes) {
  std::unique_lock<std::mutex> one_at_a_time;
  if (std::this_thread::get_id() != main_thread_) one_at_a_time = std::unique_lock(recording_beside_);
  std::vector<ledger::Entry> entries(notes.size());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    entries[i].kind = notes[i].kind;
    entries[i].detail = notes[i].detail;
    entries[i].producer = &producer_of_this_thread();
  }
  const ledger::PlacedEntries placed = log_->append_all_and_wait(entries);
  for (std::size_t i = 0; i < placed.places.size(); ++i) notes[i].entry = placed.places[i].index;
  if (placed.error) {
    log_error("event not recorded", {{"kind", notes[placed.places.size()].kind}, {"why", placed.error->message}});
  }
  return placed.places.size();
}

/// What the nodes have in common is told to people by the node that records it.
std::size_t RunningService::record_notes_of_all_nodes(std::span<store::Note> notes) {
  for (const store::Note& note : notes) {
    if (note.kind != "kill.switched") continue;
    const auto cutoff = identity::cutoff_from_json(note.detail);
    if (!cutoff || cutoff->practice) continue;
    const control::Event event{cutoff->id + (cutoff->ended ? ":off" : ":on"), note.kind,
                               cutoff->ended.value_or(cutoff->at), note.detail};
    if (auto announced = registers().notifications().announce(event); !announced) {
      log_error("a switch cannot be announced", {{"id", cutoff->id}, {"why", announced.error().message}});
    }
  }
  return record_notes(notes);
}

}  // namespace reeve::app
