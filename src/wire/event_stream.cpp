// WHATWG HTML, "9.2 Server-sent events". Lines end with CR, LF or both; a pair may be split between two pieces.

#include <algorithm>
#include <cstring>

#include "wire/wire.h"

namespace reeve::wire {

namespace {

constexpr std::size_t kPadding = 64;
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kFieldNameRoom = 128;       // for "event: " and an event's name, whatever the limit of its data
constexpr std::size_t kKeptBytes = 256UL << 10U;  // buffers larger than this are given back after their event

std::size_t find_byte(std::string_view bytes, char byte, std::size_t from) {
  if (from >= bytes.size()) return bytes.size();
  const void* found = std::memchr(bytes.data() + from, byte, bytes.size() - from);
  return found == nullptr ? bytes.size() : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
}

}  // namespace

struct EventStreamReader::State {
  std::size_t event_bytes_max = 0;
  std::string partial_line;      // the start of a line whose end has not come yet
  bool line_too_long = false;    // its rest is being passed over
  bool first_line = true;        // may start with a byte order mark
  bool carriage_return = false;  // the last piece ended with CR: a LF now belongs to it
  std::string name;
  std::string data;
  bool has_data = false;
  bool bare_json = false;  // the lines up to the next empty one are one JSON text
  bool too_large = false;  // the event in the making
  std::size_t events = 0;
  std::size_t oversized = 0;

  void keep_partial(std::string_view bytes) {
    const std::size_t line_bytes_max = event_bytes_max + kFieldNameRoom;
    const std::size_t room = line_bytes_max - partial_line.size();
    line_too_long = line_too_long || bytes.size() > room;
    partial_line.append(bytes.substr(0, room));
  }

  void end_line(std::string_view rest, const Callback& on_event) {
    if (partial_line.empty()) {
      line(rest, on_event);
      return;
    }
    keep_partial(rest);
    line(partial_line, on_event);
    partial_line.clear();
    if (partial_line.capacity() > kKeptBytes) partial_line = {};
    line_too_long = false;
  }

  void line(std::string_view text, const Callback& on_event) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (first_line && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    first_line = false;
    if (text.empty()) {
      dispatch(on_event);
      return;
    }
    bare_json = bare_json || (!has_data && text.front() == '{');
    if (bare_json) {
      add_data(text);
      return;
    }
    const std::size_t colon = find_byte(text, ':', 0);
    const std::string_view field = text.substr(0, colon);
    std::string_view value = text.substr(std::min(colon + 1, text.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "data") add_data(value);
    if (field == "event") name.assign(value.substr(0, kNameBytesMax));
  }

  void add_data(std::string_view value) {
    const std::size_t joint = has_data ? 1 : 0;
    if (line_too_long || value.size() > event_bytes_max || data.size() + joint > event_bytes_max - value.size()) {
      too_large = true;
    }
    if (!too_large) {
      if (has_data) data += '\n';
      data += value;
    }
    has_data = true;
  }

  void dispatch(const Callback& on_event) {
    if (has_data && too_large) {
      ++oversized;
    } else if (has_data) {
      ++events;
      data.reserve(data.size() + kPadding);
      on_event(Event{name, data});
    }
    name.clear();
    data.clear();
    if (data.capacity() > kKeptBytes) data = {};
    has_data = false;
    bare_json = false;
    too_large = false;
  }
};

EventStreamReader::EventStreamReader(std::size_t event_bytes_max) : state_(std::make_unique<State>()) {
  state_->event_bytes_max = event_bytes_max;
}
EventStreamReader::~EventStreamReader() = default;

std::size_t EventStreamReader::events() const { return state_->events; }
std::size_t EventStreamReader::oversized() const { return state_->oversized; }

void EventStreamReader::feed(std::string_view bytes, const Callback& on_event) {
  State& state = *state_;
  if (bytes.empty()) return;
  if (state.carriage_return && bytes.front() == '\n') bytes.remove_prefix(1);
  state.carriage_return = false;
  std::size_t start = 0;
  std::size_t line_feed = find_byte(bytes, '\n', 0);  // the next one; found again only once it is passed
  while (start < bytes.size()) {
    if (line_feed < start) line_feed = find_byte(bytes, '\n', start);
    const std::size_t end = find_byte(bytes.substr(0, line_feed), '\r', start);
    if (end == bytes.size()) break;
    state.end_line(bytes.substr(start, end - start), on_event);
    start = end + 1;
    if (bytes[end] != '\r') continue;
    if (start == bytes.size()) {
      state.carriage_return = true;
    } else if (bytes[start] == '\n') {
      ++start;
    }
  }
  if (start < bytes.size()) state.keep_partial(bytes.substr(start));
}

void EventStreamReader::end(const Callback& on_event) {
  State& state = *state_;
  if (!state.partial_line.empty()) state.end_line({}, on_event);
  state.dispatch(on_event);
}

}  // namespace reeve::wire
