#pragma once

// What happened last, for pages that show it as it happens: the newest events with their numbers, out of which every
// reader takes those that it may see. However many read, it is kept once, and a reader that is too slow loses nothing
// but its place.

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace reeve::app {

enum class EventTopic : std::uint8_t { kSessions, kCalls, kApprovals, kKillSwitch, kLedger };
inline constexpr std::size_t kEventTopics = 5;
std::string_view topic_name(EventTopic topic);  // "sessions", "calls", "approvals", "kill_switch", "ledger"

struct LiveEvent {
  EventTopic topic = EventTopic::kLedger;
  std::string person;  // whose session or call it is; empty: nobody's
  std::string data;    // JSON without line breaks
};

/// What a reader may see, and wants to.
struct EventView {
  std::array<bool, kEventTopics> topics{};  // of these
  bool of_everybody = false;                // else of sessions and calls only the reader's own
  std::string who;

  bool shows(const LiveEvent& event) const;
  bool operator==(const EventView&) const = default;
};

/// Thread-safe.
class EventRing {
 public:
  static constexpr std::size_t kKept = 4'096;
  static constexpr std::size_t kBytesAtOnce = 64UL << 10U;  // about so many are taken at once

  /// `epoch`: distinguishes it from every other ring, also of another process.
  explicit EventRing(std::string epoch) : epoch_(std::move(epoch)) {}

  void put(LiveEvent event);
  /// Forgets all, so that whoever reads is told that something is missing.
  void begin_anew(std::string epoch);

  /// Where a reader stands: behind the event of that number, of that epoch.
  struct Place {
    std::string epoch;
    std::uint64_t next = 0;
  };
  /// For a new reader.
  Place end() const;
  /// Of a reader that saw the event of that id last; nothing when the ring does not go back so far.
  std::optional<Place> after(std::string_view id) const;

  struct Taken {
    std::string text;  // as server-sent events; empty: nothing new for this reader
    bool is_lost = false;
  };
  /// The next ones that the view shows; moves the place on.
  Taken take(Place& place, const EventView& view) const;
  /// The id of the event before the place: what a reader has seen, whether it was shown or not.
  static std::string id_of(const Place& place) { return place.epoch + "-" + std::to_string(place.next); }

 private:
  bool has(const Place& place) const;

  mutable std::mutex mutex_;
  std::string epoch_;
  std::deque<LiveEvent> events_;
  std::uint64_t first_ = 0;  // number of the oldest
};

}  // namespace reeve::app
