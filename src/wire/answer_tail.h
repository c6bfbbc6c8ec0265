#pragma once

// What a dialect has to say about the end of its answers: whether an answer ends with a text, and the events that carry
// a sentence of ours there.
//
// Private to the wire room.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire/json_scan.h"
#include "wire/text_flow.h"
#include "wire/wire.h"

namespace reeve::wire {

/// A sentence as JSON: a string without its quotes, an empty line before it.
struct TailText {
  std::string apart;  // behind other text
  std::string alone;
};

/// What an event means for a note behind the last text.
enum class TailStep : std::uint8_t {
  kPass,     // the answer goes on: what waited is no end
  kHold,     // a text ends here, and maybe the answer with it
  kNeutral,  // says nothing either way
  kEnd,      // the answer ends with the text that waits
};

/// One per answer: it remembers what the events said.
class TailRules {
 public:
  virtual ~TailRules() = default;
  virtual TailStep look(JsonNode event) = 0;

  /// After kEnd: an event that goes before those that wait; none when edits say everything.
  virtual std::vector<OwnEvent> note_events(const TailText& note) = 0;
  /// After kEnd, for each event that waits and the one that ended the answer: the note inside it.
  virtual void edit(JsonNode event, const TailText& note, std::vector<BodyEdit>& edits) = 0;

  /// The same for an answer that came whole; false when it has no place for a note.
  virtual bool edit_whole(JsonNode answer, const TailText& note, std::vector<BodyEdit>& edits) = 0;

  /// The events that end the stream here; none when it has not begun.
  virtual std::vector<OwnEvent> end_early(const TailText& sentence, std::int64_t output_tokens) = 0;
};

/// Text at the end of a JSON string.
BodyEdit at_end_of(JsonNode string, std::string_view text);

}  // namespace reeve::wire
