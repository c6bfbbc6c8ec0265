#include <algorithm>
#include <array>
#include <utility>

#include "control/control.h"
#include "control/text_checks.h"
#include "core/bytes.h"
#include "core/crypto.h"
#include "core/log.h"
#include "core/money.h"

namespace reeve::control {

namespace {

constexpr std::array<std::string_view, 28> kEventKinds{"agent.registered",
                                                       "agent.approved",
                                                       "agent.denied",
                                                       "agent.suspended",
                                                       "agent.retired",
                                                       "agent.stopped",
                                                       "anomaly",
                                                       "break_glass.sealed",
                                                       "break_glass.refused",
                                                       "break_glass.opened",
                                                       "budget.threshold",
                                                       "budget.exhausted",
                                                       "client.settings_drift",
                                                       "exception.requested",
                                                       "exception.decided",
                                                       "exception.ended",
                                                       "exception.expiring",
                                                       "kill.switched",
                                                       "kill.drilled",
                                                       "provider.key_set_aside",
                                                       "provider.key_restored",
                                                       "register.seen",
                                                       "register.submitted",
                                                       "register.decided",
                                                       "register.overdue",
                                                       "register.review_due",
                                                       "register.ended",
                                                       "sealing.rotated"};
constexpr Duration kLeaseBeyondTimeouts = std::chrono::seconds(30);

/// "ex-01jd…: more of the budget team-payments, $50.00" for the subject of a mail.
std::string headline(const Event& event, JsonValue detail) {
  const JsonValue asked = detail["asked"];
  std::string text = event.kind;
  if (asked.present()) {
    text += ": " + std::string(asked["requested_by"].string_or("somebody")) + " asks ";
    if (asked["kind"].string_or("") == "budget") {
      text += "for more of the budget " + std::string(asked["budget"].string_or(""));
      const std::int64_t nanos = asked["extra_nanos"].int_or(0);
      if (nanos > 0) text += ", " + format_money(Money{nanos});
    } else {
      text += asked["kind"].string_or("") == "rule" ? "to be let off" : "for the approval of";
      for (const JsonValue& rule : asked["rules"].items()) text += " " + std::string(rule.string_or(""));
    }
    if (event.kind != "exception.requested") text += " (" + std::string(detail["state"].string_or("")) + ")";
  } else if (event.kind == "kill.switched") {
    const bool on = detail["on"].as_bool().value_or(true);
    text += ": " + std::string(detail["scope"].string_or("")) + (on ? " cut off by " : " let on again by ");
    text += on ? detail["by"].string_or("") : detail["ended_by"].string_or("");
    const std::string_view why = on ? detail["reason"].string_or("") : detail["ended_reason"].string_or("");
    if (!why.empty()) text += ": " + std::string(why);
  } else if (const auto sentence = detail["sentence"].as_string()) {
    text += ": " + std::string(*sentence);
  }
  return text;
}

/// One fact a line: {"asked": {"reason": "x"}} is "asked.reason: x".
void append_lines(std::string& text, const std::string& name, JsonValue value) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.members()) {
      append_lines(text, name.empty() ? std::string(key) : name + "." + std::string(key), member);
    }
  } else {
    const auto words = value.as_string();
    text += name + ": " + (words ? std::string(*words) : value.to_json()) + "\n";
  }
}

std::string in_lines(std::string_view base64, std::size_t width) {
  std::string lines;
  for (std::size_t at = 0; at < base64.size(); at += width) {
    lines.append(base64.substr(at, width)).append("\r\n");
  }
  return lines;
}

/// RFC 2047, in words of at most 75 characters, folded.
std::string header_text(std::string_view text) {
  constexpr std::size_t kBytesInAWord = 39;
  std::string out;
  while (!text.empty()) {
    std::size_t size = std::min(kBytesInAWord, text.size());
    while (size < text.size() && size > 1 && !is_utf8(text.substr(0, size))) --size;
    out += (out.empty() ? "" : "\r\n ") + std::string("=?UTF-8?B?") + to_base64(text.substr(0, size)) + "?=";
    text.remove_prefix(size);
  }
  return out;
}

/// Sat, 21 Nov 2026 10:55:03 +0000
std::string mail_date(Instant at) {
  constexpr std::array<const char*, 7> kDays{"Thu", "Fri", "Sat", "Sun",
                                             "Mon", "Tue", "Wed"};  // 1970 began on a Thursday
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string text = format_time(at);
  const auto month = static_cast<std::size_t>(parse_int(text.substr(5, 2)).value_or(1) - 1);
  const auto day = static_cast<std::size_t>(unix_seconds(at) / 86'400 % 7);
  return std::string(kDays[day]) + ", " + text.substr(8, 2) + " " + kMonths[month] + " " + text.substr(0, 4) + " " +
         text.substr(11, 8) + " +0000";
}

/// By name. An event that names them goes nowhere else, and to those too that are gone meanwhile: that is a failure
/// which shows.
std::vector<std::string> destinations_of(const Event& event, std::span<const Destination> destinations) {
  std::vector<std::string> wanted;
  const auto detail = JsonDocument::parse(event.detail);
  if (detail) {
    for (const JsonValue& name : detail->root()["notify"].items()) wanted.emplace_back(name.string_or(""));
  }
  if (!wanted.empty()) return wanted;
  // Of this everybody is told, whatever they asked for.
  const bool loud = event.kind.starts_with("break_glass.");
  for (const Destination& destination : destinations) {
    const auto& kinds = destination.events;
    if (loud || std::find(kinds.begin(), kinds.end(), event.kind) != kinds.end()) wanted.push_back(destination.name);
  }
  // Nobody thought of asking for it; somebody has to know all the same.
  if (wanted.empty() && event.kind == "kill.switched") {
    for (const Destination& destination : destinations) wanted.push_back(destination.name);
  }
  return wanted;
}

const Destination* find(std::span<const Destination> destinations, std::string_view name) {
  const auto found =
      std::find_if(destinations.begin(), destinations.end(), [&](const auto& d) { return d.name == name; });
  return found == destinations.end() ? nullptr : &*found;
}

}  // namespace

std::span<const std::string_view> event_kinds() { return kEventKinds; }

std::string_view event_kind_of_step(std::string_view step) {
  if (step == "exception.requested" || step == "exception.changed") return "exception.requested";
  if (step == "exception.approved" || step == "exception.denied") return "exception.decided";
  if (step == "exception.expired" || step == "exception.withdrawn") return "exception.ended";
  if (step == "register.item_seen") return "register.seen";
  if (step == "register.intake_submitted") return "register.submitted";
  if (step == "register.intake_decided") return "register.decided";
  if (step == "register.item_expired") return "register.ended";
  return {};
}

std::string_view delivery_state_name(Delivery::State state) {
  switch (state) {
    case Delivery::State::kWaiting: return "waiting";
    case Delivery::State::kDelivered: return "delivered";
    case Delivery::State::kDead: return "dead";
  }
  return "waiting";
}

Duration Destination::wait_after(int failed_attempts) const {
  Duration wait = first;
  for (int i = 1; i < failed_attempts && wait < longest; ++i) wait *= 2;
  return std::min(wait, longest);
}

std::string webhook_body(const Event& event) {
  JsonWriter json;
  json.begin_object().key("detail").raw(event.detail).member("key", event.key).member("kind", event.kind);
  return json.member("time", format_time(event.time)).end_object().take();
}

std::string webhook_signature(std::string_view secret, std::string_view body, Instant now) {
  const std::string time = std::to_string(unix_seconds(now));
  std::string signed_text = time + ".";
  signed_text += body;
  return "t=" + time + ",v1=" + to_hex(as_bytes(hmac_sha256(secret, signed_text)));
}

std::string mail_message(const Destination& destination, const Event& event) {
  const auto detail = JsonDocument::parse(event.detail);
  const JsonValue root = detail ? detail->root() : JsonValue();
  std::string recipients;
  for (const std::string& to : destination.to) recipients += (recipients.empty() ? "" : ",\r\n ") + to;
  const std::string id = to_hex(as_bytes(sha256(event.key + "\n" + destination.name))).substr(0, 32);
  const std::string headline_text = headline(event, root);
  std::string body = headline_text + "\n\n";
  append_lines(body, "", root);
  std::string message = "From: " + destination.from + "\r\nTo: " + recipients + "\r\n";
  message += "Date: " + mail_date(event.time) + "\r\nMessage-ID: <" + id + "@reeve.invalid>\r\n";
  message += "Subject: " + header_text("[Reeve] " + printable(headline_text, 200)) + "\r\n";
  message += "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
  message += "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  return message + in_lines(to_base64(body), 76);
}

void Notifier::complain(const char* what, const Error& why) {
  if (std::exchange(complained_, why.message) != why.message) log_error(what, {{"why", why.message}});
}

void Notifier::route(std::span<const Destination> destinations, Instant now) {
  const auto events = queue_.unrouted();
  if (!events) return complain("events for notifications cannot be read", events.error());
  for (const Event& event : *events) {
    const std::vector<std::string> wanted = destinations_of(event, destinations);
    if (auto routed = queue_.route(event.key, wanted, now); !routed) {
      return complain("an event cannot be queued for notification", routed.error());
    }
  }
}

void Notifier::settle(const Destination* destination, const Delivery& delivery, const Result<void>& sent, Instant now) {
  Result<void> settled;
  if (sent) {
    settled = queue_.delivered(delivery.number, now);
  } else {
    const int attempts = delivery.attempts + 1;
    std::optional<Instant> next;
    if (destination != nullptr && attempts < destination->attempts) next = now + destination->wait_after(attempts);
    log_warning(next ? "a notification was not taken and is tried again" : "a notification was given up",
                {{"destination", delivery.destination},
                 {"event", delivery.event.key},
                 {"attempts", attempts},
                 {"why", sent.error().message}});
    settled = queue_.failed(delivery.number, printable(sent.error().message, 500), next, now);
  }
  // Not settled: the lease runs out and it is tried again, under the same key.
  if (!settled) log_error("what became of a notification cannot be kept", {{"why", settled.error().message}});
}

std::size_t Notifier::step(std::span<const Destination> destinations, const Clock& clock) {
  route(destinations, clock.now());
  // One after the other: the last one may have to wait for all before it.
  Duration lease = kLeaseBeyondTimeouts;
  for (const Destination& destination : destinations) lease += destination.timeout;
  const auto due = queue_.claim(clock.now(), lease);
  if (!due) {
    complain("notifications cannot be read", due.error());
    return 0;
  }
  complained_.clear();
  for (const Delivery& delivery : *due) {
    const Destination* destination = find(destinations, delivery.destination);
    const Result<void> sent =
        destination == nullptr
            ? Result<void>(ErrorCode::kNotFound, "there is no Notification '" + delivery.destination + "' any more")
            : sender_.send(*destination, delivery.event, clock.now());
    settle(destination, delivery, sent, clock.now());
  }
  return due->size();
}

}  // namespace reeve::control
