#pragma once

// Cuts a streamed answer into frames that keep every byte: the frames and what lies between them, one after the other,
// are the answer. The readers of event_stream.cpp give what an event says; these also give where it says it, so that
// it can be changed in its place.
//
// Private to the wire room.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace reeve::wire {

/// One event with its bytes. Valid during the call.
struct Frame {
  enum class Kind { kEvent, kBetween, kClose };
  Kind kind = Kind::kEvent;
  std::string_view bytes;  // all of it, as it came
  std::string_view name;   // of a server-sent event; empty when it has none
  std::string_view data;   // the JSON; empty when there is none. Followed by 64 readable bytes
};

using OnFrame = std::function<Result<void>(const Frame&)>;

class FrameCutter {
 public:
  static constexpr std::size_t kFrameBytesMax = 8UL << 20U;

  virtual ~FrameCutter() = default;
  /// Calls back for each frame that is complete. The first error ends it and is returned.
  virtual Result<void> feed(std::string_view bytes, const OnFrame& on_frame) = 0;
  /// The answer is over. A last frame that only lacks its end is reported; half a frame is an error.
  virtual Result<void> end(const OnFrame& on_frame) = 0;
  /// The frame with other data.
  virtual void write_changed(const Frame& frame, std::string_view data, std::string& out) = 0;
  /// An event of ours in the form of this stream. `before` is true when an event follows.
  virtual void write_event(std::string_view name, std::string_view data, bool before, std::string& out) = 0;
};

/// text/event-stream, as EventStreamReader reads it: comments and empty events are frames without data.
class EventFrames final : public FrameCutter {
 public:
  Result<void> feed(std::string_view bytes, const OnFrame& on_frame) override;
  Result<void> end(const OnFrame& on_frame) override;
  void write_changed(const Frame& frame, std::string_view data, std::string& out) override;
  void write_event(std::string_view name, std::string_view data, bool before, std::string& out) override;

 private:
  Result<void> line_ended(std::size_t line_end, std::size_t next_line, const OnFrame& on_frame);
  Result<void> report(std::size_t frame_end, const OnFrame& on_frame);
  void read_lines(Frame& frame);
  void drop_reported();

  std::string buffer_;
  std::size_t frame_start_ = 0;     // in buffer_
  std::size_t line_start_ = 0;      // in buffer_, of the line in the making
  std::size_t scanned_ = 0;         // no line ends before it
  bool line_feed_belongs_ = false;  // the last frame ended with CR: a LF now is its
  bool first_line_ = true;          // may start with a byte order mark
  bool first_frame_ = true;
  bool names_events_ = false;
  int missing_line_ends_ = 0;  // of the last frame, when the answer ended without them
  std::string_view line_end_ = "\n";
  std::string joined_;      // data of several lines
  bool is_joined_ = false;  // of the frame that is reported
  bool is_bare_ = false;    // its data are lines of bare JSON
};

/// A JSON array that arrives element by element: Gemini's streams without ?alt=sse. A bare object is one element.
class ArrayFrames final : public FrameCutter {
 public:
  Result<void> feed(std::string_view bytes, const OnFrame& on_frame) override;
  Result<void> end(const OnFrame& on_frame) override;
  void write_changed(const Frame& frame, std::string_view data, std::string& out) override;
  void write_event(std::string_view name, std::string_view data, bool before, std::string& out) override;

 private:
  Result<void> outside(char byte, const OnFrame& on_frame);
  bool inside(char byte);

  std::string element_;
  std::size_t depth_ = 0;  // brackets open in the element
  bool in_string_ = false;
  bool escaped_ = false;
  bool in_array_ = false;
  bool over_ = false;
};

}  // namespace reeve::wire
