#include "wire/text_flow.h"

#include <algorithm>

#include "core/json.h"

namespace reeve::wire {

namespace {

constexpr std::size_t kChannelsMax = 1024;  // open at once; a model writes a handful

// A high surrogate as an escape at the very end of a piece: its other half comes with the next one.
std::optional<std::size_t> find_half_at_end(std::string_view raw) {
  constexpr std::size_t kEscapeBytes = 6;
  if (raw.size() < kEscapeBytes) return std::nullopt;
  const std::size_t at = raw.size() - kEscapeBytes;
  const std::string_view tail = raw.substr(at);
  if (!tail.starts_with("\\u") || (tail[2] != 'd' && tail[2] != 'D')) return std::nullopt;
  if (std::string_view("89abAB").find(tail[3]) == std::string_view::npos) return std::nullopt;
  std::size_t backslashes = 0;  // an odd one before it takes this one for its own
  while (backslashes < at && raw[at - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 0 ? std::optional(at) : std::nullopt;
}

}  // namespace

std::string_view TextFlow::decode(std::string_view raw) {
  if (raw.find('\\') == std::string_view::npos) return raw;
  decoded_.clear();
  decode_json_string(raw, decoded_);
  return decoded_;
}

void TextFlow::check(const Result<void>& result) {
  if (!result && !error_) error_ = result.error();
}

Channel& TextFlow::channel(ChannelKey key, AnswerFilter::Kind kind) {
  const auto found =
      std::find_if(channels_.begin(), channels_.end(), [&key](const Channel& each) { return each.key == key; });
  if (found != channels_.end()) return *found;
  if (channels_.size() == kChannelsMax) {
    check(Error{ErrorCode::kTooLarge, "The provider's answer has more parts at once than can be looked into."});
    return channels_.back();
  }
  channels_.push_back({.key = key, .kind = kind, .id = next_id_++});
  return channels_.back();
}

void TextFlow::piece(Channel& channel, JsonNode string) {
  if (error_ || !string.is_string()) return;
  std::string_view raw = string.raw_string();
  if (raw.empty()) return;
  const std::size_t inside = string.offset() + 1;
  const std::size_t length = raw.size();
  channel.event = event_;
  channel.end_of_piece = inside + length;
  bool same = true;
  std::string joined;
  if (!channel.half.empty()) {
    joined = std::exchange(channel.half, {});
    joined += raw;
    raw = joined;
    same = false;
  }
  if (const std::optional<std::size_t> half = find_half_at_end(raw)) {
    channel.half = raw.substr(*half);
    raw = raw.substr(0, *half);
    same = false;
  }
  const std::string_view text = decode(raw);
  passed_->clear();
  if (!text.empty()) check(filter_.feed(channel.id, channel.kind, text, *passed_));
  if (!error_ && (!same || *passed_ != text)) edit_inside(inside, length, *passed_);
}

void TextFlow::whole(AnswerFilter::Kind kind, JsonNode string) {
  const std::string_view raw = string.raw_string();
  if (error_ || raw.empty()) return;
  const std::uint32_t id = next_id_++;
  const std::string_view text = decode(raw);
  passed_->clear();
  check(filter_.whole(id, kind, text, *passed_));
  if (!error_ && *passed_ != text) edit_inside(string.offset() + 1, raw.size(), *passed_);
}

void TextFlow::values(JsonNode value) {
  for (const JsonNode element : value.elements()) values(element);
  for (const JsonMember member : value.members()) {
    whole(AnswerFilter::Kind::kToolValue, member.key);
    values(member.value);
  }
  whole(AnswerFilter::Kind::kToolValue, value);
}

void TextFlow::end(std::size_t at) {
  Channel channel = std::move(channels_[at]);
  channels_.erase(channels_.begin() + static_cast<std::ptrdiff_t>(at));
  if (error_) return;
  constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";
  passed_->clear();
  if (!channel.half.empty()) check(filter_.feed(channel.id, channel.kind, kReplacementCharacter, *passed_));
  if (!error_) check(filter_.end(channel.id, channel.kind, *passed_));
  if (error_ || passed_->empty()) return;
  if (channel.event == event_) {
    edit_inside(channel.end_of_piece, 0, *passed_);
    return;
  }
  std::string text;
  append_json_string(text, *passed_);
  own_events_.push_back(write_held_(*this, channel, text));
  ++own_events_count_;
}

void TextFlow::end(ChannelKey key) {
  for (std::size_t at = 0; at < channels_.size(); ++at) {
    if (channels_[at].key == key) return end(at);
  }
}

void TextFlow::end_index(std::int64_t index) {
  for (std::size_t at = 0; at < channels_.size();) {
    if (channels_[at].key.index == index) {
      end(at);
    } else {
      ++at;
    }
  }
}

void TextFlow::end_all() {
  while (!channels_.empty()) end(std::size_t{0});
}

void TextFlow::edit_inside(std::size_t offset, std::size_t length, std::string_view text) {
  const std::size_t start = texts_.size();
  append_json_string(texts_, text);
  edits_.push_back({offset, length, start + 1, texts_.size() - start - 2});  // without the quotes
}

void TextFlow::replace(JsonNode node, std::string_view json) {
  edits_.push_back({node.offset(), node.raw().size(), texts_.size(), json.size()});
  texts_ += json;
}

void TextFlow::begin_event() {
  ++event_;
  edits_.clear();
  texts_.clear();
}

void TextFlow::apply(std::string_view data, std::string& out) {
  // Two edits at one place stand in the order in which they were made: a new text, then what is added to it.
  std::stable_sort(edits_.begin(), edits_.end(),
                   [](const Edit& left, const Edit& right) { return left.offset < right.offset; });
  std::size_t at = 0;
  for (const Edit& edit : edits_) {
    out.append(data, at, edit.offset - at);
    out.append(texts_, edit.text, edit.text_length);
    at = edit.offset + edit.length;
  }
  out.append(data, at);
}

std::vector<OwnEvent> TextFlow::take_own_events() { return std::exchange(own_events_, {}); }

std::string copy_members(JsonNode from, std::initializer_list<std::string_view> names) {
  std::string members;
  for (const std::string_view name : names) {
    const JsonNode value = from.find(name);
    if (!value.present()) continue;
    members.append("\"").append(name).append("\":").append(value.raw()).append(",");
  }
  return members;
}

}  // namespace reeve::wire
