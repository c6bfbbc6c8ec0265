#pragma once

// Telling people: events, where they go, and the queue in between. Part of the control room's face.
//
// Who makes an event writes it into the queue with a key, once and for good; who serves routes it to the destinations
// of the Notification documents and delivers. A destination gets its events in order, each until it was taken or given
// up, and with every attempt the same key: whoever receives may count on it to know a repetition.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "core/yaml.h"

namespace reeve::control {

// ---- Events ----

struct Event {
  std::string key;   // of this event alone, for ever: a second one of the same key is the same event
  std::string kind;  // one of event_kinds()
  Instant time;
  std::string detail;      // a JSON object; no credential, no prompt; a list `notify` in it names the only destinations
  std::string entry = {};  // the kind of its ledger entry, where that is another
};
/// Sorted by what they are about; docs/exceptions.md says when each is told. Those that begin with "break_glass." go to
/// every destination, whatever it asks for.
std::span<const std::string_view> event_kinds();
/// The event of a step of the ledger ("exception.approved" is "exception.decided"); none for what interests nobody.
std::string_view event_kind_of_step(std::string_view step);

// ---- Destinations ----

/// A `kind: Notification` document: where which events go.
struct Destination {
  std::string name;
  std::vector<std::string> events;  // of event_kinds()

  // One of two. A webhook:
  std::string url;          // https, or http on this machine
  std::string secret_from;  // "env:NAME" or "file:PATH": what bodies are signed with; empty: not signed
  // Or mail:
  std::string host;
  std::uint16_t port = 0;
  enum class Tls : std::uint8_t { kStartTls, kTls, kNone } tls = Tls::kStartTls;  // none: on this machine only
  std::string user, password_from;                                                // as secret_from
  std::string from;
  std::vector<std::string> to;
  std::string root_file;  // PEM file of extra roots, besides the system's; for both

  // An attempt that failed is made again after `first`, twice that, and so on up to `longest`.
  Duration first = std::chrono::seconds(5), longest = std::chrono::hours(1);
  int attempts = 12;
  Duration timeout = std::chrono::seconds(15);  // of one attempt

  bool is_webhook() const { return !url.empty(); }
  Duration wait_after(int failed_attempts) const;
};
/// Reads the Notification documents; others are left alone.
std::vector<Destination> read_destinations(const std::vector<YamlValue>& documents,
                                           std::vector<Diagnostic>& complaints);

// ---- The queue ----

struct Delivery {
  std::int64_t number = 0;
  std::string destination;
  Event event;
  enum class State : std::uint8_t { kWaiting, kDelivered, kDead } state = State::kWaiting;
  int attempts = 0;
  Instant next;  // kWaiting: when it is tried; else when it ended
  std::string last_error;
};
std::string_view delivery_state_name(Delivery::State state);  // "waiting", "delivered", "dead"

/// Port: implemented by the store; thread-safe, and safe against other processes.
class NotificationQueue {
 public:
  virtual ~NotificationQueue() = default;
  /// Durable on return. Does nothing when the key is known.
  virtual Result<void> announce(const Event& event) = 0;
  /// The same for several, all or none of them; of each that is new it also leaves a note for the ledger, of the
  /// event's `entry` or kind, and its detail (at most 8 KiB).
  virtual Result<void> announce_and_note(std::span<const Event> events) = 0;
  /// Events that were not routed yet, oldest first, at most 100.
  virtual Result<std::vector<Event>> unrouted() = 0;
  /// Makes a delivery for each destination, in one transaction; none is made twice.
  virtual Result<void> route(std::string_view key, std::span<const std::string> destinations, Instant now) = 0;
  /// What is to be tried now: of each destination its oldest waiting delivery, when that is due. They are not due again
  /// before `lease` is over, so that two servers do not send the same; whoever dies in between leaves it to others.
  virtual Result<std::vector<Delivery>> claim(Instant now, Duration lease) = 0;
  virtual Result<void> delivered(std::int64_t number, Instant now) = 0;
  /// `next` none: given up, and the destination's next one is up.
  virtual Result<void> failed(std::int64_t number, std::string_view error, std::optional<Instant> next,
                              Instant now) = 0;
  /// A dead one waits again, from now. kNotFound when there is no dead one of that number.
  virtual Result<void> retry(std::int64_t number, Instant now) = 0;
  /// Newest first, at most `limit`; `state` none: all.
  virtual Result<std::vector<Delivery>> list(std::optional<Delivery::State> state, std::size_t limit) = 0;
  /// Forgets what was delivered before `before`, and events that went nowhere.
  virtual Result<void> forget(Instant before) = 0;
};

// ---- Sending ----

/// Carries one event to one destination. Blocks, for at most the destination's timeout.
class Sender {
 public:
  virtual ~Sender() = default;
  /// An error says in one sentence why it was not taken; it never holds a secret.
  virtual Result<void> send(const Destination& destination, const Event& event, Instant now) = 0;
  /// Ends a send() that is under way within a second or so, and all later ones. From any thread.
  virtual void stop() {}
};
/// Over HTTP and SMTP, with TLS; certificates are always verified.
std::unique_ptr<Sender> make_sender();

/// What is sent. The webhook's body is one JSON object {"detail", "key", "kind", "time"}.
std::string webhook_body(const Event& event);
/// "t=UNIX,v1=HEX": HMAC-SHA256 with the secret over "UNIX.BODY".
std::string webhook_signature(std::string_view secret, std::string_view body, Instant now);
/// A whole message of RFC 5322, with CRLF, plain UTF-8 text in base64. Its Message-ID is made of the key.
std::string mail_message(const Destination& destination, const Event& event);

/// Routes and delivers what is due, one step at a time, on one thread.
class Notifier {
 public:
  /// Both must outlive it.
  Notifier(NotificationQueue& queue, Sender& sender) : queue_(queue), sender_(sender) {}
  /// How many deliveries were tried. Errors of the queue are logged.
  std::size_t step(std::span<const Destination> destinations, const Clock& clock);

 private:
  void route(std::span<const Destination> destinations, Instant now);
  void settle(const Destination* destination, const Delivery& delivery, const Result<void>& sent, Instant now);

  /// That the queue is away is said once.
  void complain(const char* what, const Error& why);

  NotificationQueue& queue_;
  Sender& sender_;
  std::string complained_;  // of what last; empty: the queue answers
};

}  // namespace reeve::control
