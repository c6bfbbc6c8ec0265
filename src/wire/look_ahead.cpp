#include "wire/look_ahead.h"

#include <utility>

namespace reeve::wire {

namespace {

/// More than this is not held back, whatever the filter thinks: memory is bounded. Far above any word.
constexpr std::size_t kHeldBytesMax = 1UL << 20U;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

JsonScan& look_ahead_scan() {
  thread_local JsonScan scan;
  return scan;
}

/// A sign of life must not wait: clients give up on silence. But readers skip a byte order mark at the very beginning
/// and nowhere else. So one with a mark waits: overtaking the first event, what stands behind its mark would say
/// something. And an event that begins with a mark is not overtaken: it would say nothing any more.
bool may_be_sign_of_life(const Frame& frame) {
  if (frame.kind != Frame::Kind::kEvent || frame.bytes.starts_with(kByteOrderMark)) return false;
  return frame.name == "ping" || (frame.data.empty() && frame.name.empty());
}

}  // namespace

Result<void> LookAhead::Shown::feed(std::uint32_t channel, Kind kind, std::string_view text, std::string& out) {
  Channel& at = open_[channel];
  at.shown += text.size();
  const Result<std::uint64_t> settled = filter_.look(channel, kind, text);
  if (!settled) return settled.error();
  at.settled = *settled;
  grown_.emplace_back(channel, at.shown);
  out += text;
  return {};
}

Result<void> LookAhead::Shown::end(std::uint32_t channel, Kind kind, std::string&) {
  open_.erase(channel);
  return filter_.look_end(channel, kind);
}

bool LookAhead::Shown::is_settled(std::uint32_t channel, std::uint64_t bytes) const {
  const auto found = open_.find(channel);
  return found == open_.end() || found->second.settled >= bytes;
}

Result<void> LookAhead::feed(std::string_view bytes, std::string& settled) {
  return cutter_->feed(bytes, [this, &settled](const Frame& frame) { return show(frame, settled); });
}

Result<void> LookAhead::finish(std::string& settled) {
  is_over_ = true;
  auto ended = cutter_->end([this, &settled](const Frame& frame) { return show(frame, settled); });
  if (!ended) return ended;
  flow_.begin_event();
  flow_.end_all();
  if (flow_.error()) return *flow_.error();
  settled += held_;
  held_.clear();
  waiting_.clear();
  return {};
}

Result<void> LookAhead::show(const Frame& frame, std::string& settled) {
  const bool last = frame.data == "[DONE]" || frame.kind == Frame::Kind::kClose;
  flow_.begin_event();
  if (last) {
    flow_.end_all();
  } else if (!frame.data.empty()) {
    JsonScan& scan = look_ahead_scan();
    const Result<JsonNode> root = scan.read(frame.data);
    // The rewriter says what is wrong with it.
    if (root) rules_.rewrite_event(flow_, *root);
    scan.release_excess();
  }
  if (flow_.error()) return *flow_.error();
  flow_.take_own_events();
  auto grown = shown_.take_grown();
  // A text goes on in its order, whatever its event is called: the filter tells what it has looked at by how much. What
  // comes at the very end lacks its own end: it would run into an event that it overtakes.
  const bool may_overtake = !last && !is_over_ && !held_.starts_with(kByteOrderMark);
  if (may_be_sign_of_life(frame) && grown.empty() && may_overtake) {
    settled += frame.bytes;
    return {};
  }
  held_ += frame.bytes;
  waiting_.push_back({frame.bytes.size(), std::move(grown)});
  release(settled);
  return {};
}

void LookAhead::release(std::string& settled) {
  std::size_t bytes = 0;
  while (!waiting_.empty()) {
    bool ready = held_.size() - bytes > kHeldBytesMax;
    if (!ready) {
      ready = true;
      for (const auto& [channel, shown] : waiting_.front().needs) ready = ready && shown_.is_settled(channel, shown);
    }
    if (!ready) break;
    bytes += waiting_.front().bytes;
    waiting_.pop_front();
  }
  settled.append(held_, 0, bytes);
  held_.erase(0, bytes);
}

}  // namespace reeve::wire
