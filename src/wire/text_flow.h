#pragma once

// The texts of an answer on their way through a filter: channels that grow piece by piece, and the edits of the event
// at hand. A dialect walks an event, names the pieces, and says when a channel ends; what a filter leaves as it is
// causes no edit, so that the event's bytes go on as they came.
//
// Private to the wire room.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/reused_text.h"
#include "wire/json_scan.h"
#include "wire/wire.h"

namespace reeve::wire {

/// Which text a piece belongs to. `family` is the dialect's own; `index` and `part` are numbers of the answer.
struct ChannelKey {
  std::uint32_t family = 0;
  std::int64_t index = 0;
  std::int64_t part = 0;
  bool operator==(const ChannelKey&) const = default;
};

struct Channel {
  ChannelKey key;
  AnswerFilter::Kind kind = AnswerFilter::Kind::kText;
  std::uint32_t id = 0;          // for the filter
  std::string label;             // JSON members that events of this channel carry, as the dialect needs them
  std::string half;              // an escape that ended a piece and stands for half a character
  std::uint64_t event = 0;       // the last event with a piece of it
  std::size_t end_of_piece = 0;  // in that event: where its closing quote is
};

/// An event of ours: the JSON, and its name in dialects that name their events.
struct OwnEvent {
  std::string name;
  std::string data;
};

class TextFlow;
/// Writes the event that carries `text` (a JSON string with its quotes) on as one more piece of a channel.
using WriteHeld = OwnEvent (*)(TextFlow& flow, const Channel& channel, std::string_view text);

class TextFlow {
 public:
  TextFlow(AnswerFilter& filter, WriteHeld write_held) : filter_(filter), write_held_(write_held) {}

  // ---- For dialects. After an error nothing more happens; the error is asked for once an event.

  /// The open channel of that key; a new one when there is none. Valid until a channel is opened or ends.
  Channel& channel(ChannelKey key, AnswerFilter::Kind kind);
  void piece(Channel& channel, JsonNode string);
  /// A text that comes at once, or once more: a channel of its own. Other kinds of values are left alone.
  void whole(AnswerFilter::Kind kind, JsonNode string);
  /// Every string of a JSON value, keys included.
  void values(JsonNode value);
  /// What was held back goes behind the channel's piece in this event, or else into an event of ours before it.
  void end(ChannelKey key);
  void end_index(std::int64_t index);  // every channel of that index
  void end_all();
  /// Replaces a value by JSON.
  void replace(JsonNode node, std::string_view json);
  std::size_t own_events_count() const { return own_events_count_; }

  std::string head;                      // JSON members that every event of the answer carries, each with its comma
  std::optional<std::int64_t> sequence;  // the number of the next event, where the dialect numbers them

  // ---- For the rewriter

  void begin_event();
  const std::optional<Error>& error() const { return error_; }
  bool changed() const { return !edits_.empty(); }
  /// The event's JSON with its edits, onto `out`.
  void apply(std::string_view data, std::string& out);
  /// Events of ours that go before the event at hand; empty afterwards.
  std::vector<OwnEvent> take_own_events();

 private:
  struct Edit {
    std::size_t offset;
    std::size_t length;
    std::size_t text;  // in texts_
    std::size_t text_length;
  };

  void end(std::size_t at);
  void check(const Result<void>& result);
  void edit_inside(std::size_t offset, std::size_t length, std::string_view text);
  std::string_view decode(std::string_view raw);

  AnswerFilter& filter_;
  const WriteHeld write_held_;
  std::vector<Channel> channels_;
  std::uint32_t next_id_ = 0;
  std::uint64_t event_ = 0;
  std::vector<Edit> edits_;
  std::string texts_;    // of the edits
  std::string decoded_;  // one piece
  ReusedText passed_;    // what the filter let go of it
  std::vector<OwnEvent> own_events_;
  std::size_t own_events_count_ = 0;
  std::optional<Error> error_;
};

/// Members of `from` that are there, as `"name":value,` each, in the order of `names`.
std::string copy_members(JsonNode from, std::initializer_list<std::string_view> names);

}  // namespace reeve::wire
