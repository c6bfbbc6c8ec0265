#include "wire/answer_frames.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/bytes.h"

namespace reeve::wire {

namespace {

constexpr std::size_t kPadding = 64;
constexpr std::size_t kKeptBytes = 256UL << 10U;  // buffers larger than this are given back

Error too_large() { return {ErrorCode::kTooLarge, "An event of the provider's answer is too large to look into."}; }

std::size_t find_byte(std::string_view bytes, char byte, std::size_t from, std::size_t to) {
  if (from >= to) return to;
  const void* found = std::memchr(bytes.data() + from, byte, to - from);
  return found == nullptr ? to : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
}

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Line {
  std::string_view text;
  std::string_view end;
};

Line take_line(std::string_view& rest) {
  const std::size_t line_feed = find_byte(rest, '\n', 0, rest.size());
  const std::size_t end = find_byte(rest, '\r', 0, line_feed);
  std::size_t next = std::min(end + 1, rest.size());
  if (end < rest.size() && rest[end] == '\r' && next < rest.size() && rest[next] == '\n') ++next;
  const Line line{.text = rest.substr(0, end), .end = rest.substr(end, next - end)};
  rest.remove_prefix(next);
  return line;
}

struct Field {
  std::string_view name;
  std::string_view value;
};

Field split_field(std::string_view line) {
  const std::size_t colon = find_byte(line, ':', 0, line.size());
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

}  // namespace

// ---- Server-sent events

Result<void> EventFrames::feed(std::string_view bytes, const OnFrame& on_frame) {
  if (bytes.empty()) return {};
  if (std::exchange(line_feed_belongs_, false) && bytes.front() == '\n') {
    if (auto passed = on_frame({.kind = Frame::Kind::kBetween, .bytes = bytes.substr(0, 1)}); !passed) return passed;
    bytes.remove_prefix(1);
  }
  buffer_ += bytes;
  buffer_.reserve(buffer_.size() + kPadding);
  std::size_t line_feed = find_byte(buffer_, '\n', scanned_, buffer_.size());
  while (scanned_ < buffer_.size()) {
    if (line_feed < scanned_) line_feed = find_byte(buffer_, '\n', scanned_, buffer_.size());
    const std::size_t end = find_byte(buffer_, '\r', scanned_, line_feed);
    scanned_ = end;
    if (end == buffer_.size()) break;
    std::size_t next = end + 1;
    if (buffer_[end] == '\r') {
      if (next == buffer_.size() && end > line_start_) break;  // only the next byte tells how the line ends
      if (next < buffer_.size() && buffer_[next] == '\n') ++next;
    }
    if (auto ended = line_ended(end, next, on_frame); !ended) return ended;
  }
  drop_reported();
  return buffer_.size() > kFrameBytesMax ? Result<void>(too_large()) : Result<void>();
}

Result<void> EventFrames::line_ended(std::size_t line_end, std::size_t next_line, const OnFrame& on_frame) {
  const std::string_view line(buffer_.data() + line_start_, line_end - line_start_);
  const bool empty = line.empty() || (first_line_ && line == kByteOrderMark);
  scanned_ = line_start_ = next_line;
  first_line_ = false;
  if (!empty) return {};
  line_feed_belongs_ = next_line == buffer_.size() && buffer_[line_end] == '\r';
  return report(next_line, on_frame);
}

Result<void> EventFrames::report(std::size_t frame_end, const OnFrame& on_frame) {
  Frame frame;
  frame.bytes = std::string_view(buffer_).substr(frame_start_, frame_end - frame_start_);
  frame_start_ = frame_end;
  if (frame.bytes.size() > kFrameBytesMax) return too_large();
  read_lines(frame);
  first_frame_ = false;
  return on_frame(frame);
}

void EventFrames::read_lines(Frame& frame) {
  bool has_data = false;
  is_joined_ = is_bare_ = false;
  std::string_view rest = frame.bytes;
  if (first_frame_ && rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  while (!rest.empty()) {
    const Line line = take_line(rest);
    // Not of the empty line: its LF may still be on the way.
    if (!line.text.empty() && !line.end.empty()) line_end_ = line.end == "\r\n" ? "\r\n" : "\n";
    is_bare_ = is_bare_ || (!has_data && line.text.starts_with('{'));
    const Field field = is_bare_ ? Field{.name = "data", .value = line.text} : split_field(line.text);
    if (field.name == "event") {
      frame.name = field.value;
      names_events_ = true;
    }
    if (field.name != "data" || (is_bare_ && line.text.empty())) continue;
    if (has_data) {
      if (!is_joined_) joined_ = frame.data;
      is_joined_ = true;
      joined_ += '\n';
      joined_ += field.value;
    } else {
      frame.data = field.value;
    }
    has_data = true;
  }
  if (!is_joined_) return;
  joined_.reserve(joined_.size() + kPadding);
  frame.data = joined_;
}

void EventFrames::write_changed(const Frame& frame, std::string_view data, std::string& out) {
  if (!is_joined_) {
    const auto before = static_cast<std::size_t>(frame.data.data() - frame.bytes.data());
    out.append(frame.bytes, 0, before).append(data).append(frame.bytes.substr(before + frame.data.size()));
    return;
  }
  // Data of several lines: the line ends between the values of its JSON are white space, never part of a text.
  std::string_view rest = frame.bytes;
  bool written = false;
  while (!rest.empty()) {
    const std::size_t start = frame.bytes.size() - rest.size();
    const Line line = take_line(rest);
    if (line.text.empty() || (!is_bare_ && split_field(line.text).name != "data")) {
      out.append(frame.bytes, start, line.text.size() + line.end.size());
    } else if (!std::exchange(written, true)) {
      for (const std::string_view each : split(data, '\n')) {
        out.append(is_bare_ ? "" : "data: ").append(each).append(line_end_);
      }
    }
  }
}

void EventFrames::drop_reported() {
  buffer_.erase(0, frame_start_);
  line_start_ -= frame_start_;
  scanned_ -= frame_start_;
  frame_start_ = 0;
  if (buffer_.empty() && buffer_.capacity() > kKeptBytes) buffer_ = {};
}

Result<void> EventFrames::end(const OnFrame& on_frame) {
  if (buffer_.empty()) return {};
  missing_line_ends_ = buffer_.ends_with('\n') || buffer_.ends_with('\r') ? 1 : 2;
  const Result<void> reported = report(buffer_.size(), on_frame);
  drop_reported();
  return reported;
}

void EventFrames::write_event(std::string_view name, std::string_view data, bool before, std::string& out) {
  if (!before) {
    for (int left = std::exchange(missing_line_ends_, 0); left > 0; --left) out += line_end_;
  }
  if (names_events_ && !name.empty()) out.append("event: ").append(name).append(line_end_);
  out.append("data: ").append(data).append(line_end_).append(line_end_);
}

// ---- Elements of an array

Result<void> ArrayFrames::feed(std::string_view bytes, const OnFrame& on_frame) {
  for (const char byte : bytes) {
    if (depth_ == 0 && byte != '{') {
      if (auto passed = outside(byte, on_frame); !passed) return passed;
      continue;
    }
    if (over_) return Error{ErrorCode::kInvalid, "The provider's answer goes on after its end."};
    if (element_.size() == kFrameBytesMax) return too_large();
    if (!inside(byte)) continue;
    element_.reserve(element_.size() + kPadding);
    over_ = !in_array_;
    if (auto passed = on_frame({.bytes = element_, .data = element_}); !passed) return passed;
    element_.clear();
    if (element_.capacity() > kKeptBytes) element_ = {};
  }
  return {};
}

// True when the element is complete.
bool ArrayFrames::inside(char byte) {
  element_ += byte;
  if (escaped_) {
    escaped_ = false;
  } else if (in_string_) {
    escaped_ = byte == '\\';
    in_string_ = byte != '"';
  } else if (byte == '"') {
    in_string_ = true;
  } else if (byte == '{' || byte == '[') {
    ++depth_;
  } else if (byte == '}' || byte == ']') {
    --depth_;
  }
  return depth_ == 0;
}

Result<void> ArrayFrames::outside(char byte, const OnFrame& on_frame) {
  const bool white = byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
  const bool opens = byte == '[' && !in_array_;
  const bool divides = byte == ',' && in_array_;
  const bool closes = byte == ']' && in_array_;
  if (!white && (over_ || !(opens || divides || closes))) {
    return Error{ErrorCode::kInvalid, "The provider's answer is not the list of events that was asked for."};
  }
  in_array_ = in_array_ || opens;
  over_ = over_ || closes;
  return on_frame({.kind = closes ? Frame::Kind::kClose : Frame::Kind::kBetween, .bytes = {&byte, 1}});
}

Result<void> ArrayFrames::end(const OnFrame&) {
  if (depth_ == 0 && (over_ || !in_array_)) return {};
  return Error{ErrorCode::kClosed, "The provider's answer ended in the middle."};
}

void ArrayFrames::write_changed(const Frame&, std::string_view data, std::string& out) { out += data; }

void ArrayFrames::write_event(std::string_view, std::string_view data, bool before, std::string& out) {
  if (!before) out += ",\r\n";
  out += data;
  if (before) out += ",\r\n";
}

}  // namespace reeve::wire
