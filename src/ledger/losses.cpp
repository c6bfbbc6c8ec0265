#include "ledger/losses.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"

namespace reeve::ledger {

namespace {

// A gap must fit into an entry. Beyond so many spans those of one producer become one, which then says how many of its
// numbers are meant.
constexpr std::size_t kSpansMax = 32;
constexpr std::size_t kReasonBytesMax = 160;

}  // namespace

void Losses::add(Producer* producer, std::uint64_t number, bool waited, Instant at, std::string_view why) {
  if (producer != nullptr) waited ? producer->count_refused() : producer->count_lost();
  if (waited && producer == nullptr) return;
  if (empty() || at < since_) since_ = at;
  (waited ? refused_ : lost_) += 1;
  if (producer != nullptr) add_span({producer, number, number, 1, at, printable(why, kReasonBytesMax)});
}

void Losses::take_back(Losses& others) {
  if (others.empty()) return;
  if (empty() || others.since_ < since_) since_ = others.since_;
  lost_ += others.lost_;
  refused_ += others.refused_;
  // Theirs are older, and stand before those that came since.
  std::vector<Span> newer = std::exchange(spans_, std::move(others.spans_));
  for (Span& span : newer) add_span(std::move(span));
  others.clear();
}

void Losses::add_span(Span span) {
  const auto last =
      std::find_if(spans_.rbegin(), spans_.rend(), [&](const Span& known) { return known.producer == span.producer; });
  const bool follows = last != spans_.rend() && last->to + 1 == span.from && last->why == span.why;
  if (last == spans_.rend() || (!follows && spans_.size() < kSpansMax)) {
    spans_.push_back(std::move(span));
    return;
  }
  last->from = std::min(last->from, span.from);
  last->to = std::max(last->to, span.to);
  last->count += span.count;
  last->since = std::min(last->since, span.since);
}

void Losses::clear() {
  lost_ = refused_ = 0;
  spans_.clear();
}

std::string Losses::detail() const {
  JsonWriter json;
  json.begin_object().member("lost", lost_).member("refused", refused_);
  json.member("since", format_time(since_)).key("spans").begin_array();
  for (const Span& span : spans_) {
    json.begin_object().member("count", span.count).member("from", span.from);
    json.member("producer", span.producer->name()).member("since", format_time(span.since));
    json.member("to", span.to).member("why", span.why).end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace reeve::ledger
