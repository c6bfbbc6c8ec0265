// Sentences of ours in Anthropic's answers. A note goes behind the last text, in the same block: Claude Code takes the
// last block alone for the result of a run without a screen. Nothing may follow it, because thinking is signed together
// with what stands before it.

#include "core/json.h"
#include "wire/anthropic/anthropic.h"

namespace reeve::wire::anthropic {

namespace {

OwnEvent text_delta(std::int64_t index, std::string_view text) {
  const std::string at = std::to_string(index);
  return {"content_block_delta", R"({"type":"content_block_delta","index":)" + at +
                                     R"(,"delta":{"type":"text_delta","text":")" + std::string(text) + "\"}}"};
}

OwnEvent block_stop(std::int64_t index) {
  return {"content_block_stop", R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}"};
}

class Tail final : public TailRules {
 public:
  TailStep look(JsonNode event) override {
    const std::string_view type = event.find("type").raw_string();
    if (type == "ping") return TailStep::kNeutral;
    if (type == "content_block_delta") return look_at_delta(event.find("delta"));
    if (type == "content_block_start") return look_at_start(event);
    if (type == "content_block_stop") return look_at_stop();
    if (type == "message_start") started_ = true;
    if (type == "message_stop" || type == "error") ended_ = true;
    if (type == "message_delta" && last_is_text_ && !asks_for_tools_ &&
        event.find("delta").find("stop_reason").raw_string() == "end_turn") {
      return TailStep::kEnd;
    }
    return TailStep::kPass;
  }

  std::vector<OwnEvent> note_events(const TailText& note) override { return {text_delta(index_, note.apart)}; }
  void edit(JsonNode, const TailText&, std::vector<BodyEdit>&) override {}

  bool edit_whole(JsonNode answer, const TailText& note, std::vector<BodyEdit>& edits) override {
    if (answer.find("stop_reason").raw_string() != "end_turn") return false;
    JsonNode last;
    for (const JsonNode block : answer.find("content").elements()) {
      last = block;
      if (block.find("type").raw_string() == "tool_use") return false;
    }
    const JsonNode text = last.find("text");
    if (last.find("type").raw_string() != "text" || text.raw_string().empty()) return false;
    edits.push_back(at_end_of(text, note.apart));
    return true;
  }

  // A block of thinking or of a tool's input that is not complete stays open: clients drop it, where a closed one would
  // be believed, and unsigned thinking or half a call would spoil the next turn.
  std::vector<OwnEvent> end_early(const TailText& sentence, std::int64_t output_tokens) override {
    if (!started_ || ended_) return {};
    std::vector<OwnEvent> events;
    if (open_ && is_text_) {
      events.push_back(text_delta(index_, has_text_ ? sentence.apart : sentence.alone));
    } else {
      ++index_;
      events.push_back({"content_block_start", R"({"type":"content_block_start","index":)" + std::to_string(index_) +
                                                   R"(,"content_block":{"type":"text","text":""}})"});
      events.push_back(text_delta(index_, sentence.alone));
    }
    events.push_back(block_stop(index_));
    events.push_back(
        {"message_delta", R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                          R"("usage":{"output_tokens":)" +
                              std::to_string(output_tokens) + "}}"});
    events.push_back({"message_stop", R"({"type":"message_stop"})"});
    return events;
  }

 private:
  TailStep look_at_start(JsonNode event) {
    const JsonNode block = event.find("content_block");
    const std::string_view type = block.find("type").raw_string();
    open_ = true;
    index_ = event.find("index").as_int().value_or(index_ + 1);
    is_text_ = type == "text";
    has_text_ = !block.find("text").raw_string().empty();
    last_is_text_ = false;
    asks_for_tools_ = asks_for_tools_ || type == "tool_use";
    return TailStep::kPass;
  }
  TailStep look_at_delta(JsonNode delta) {
    has_text_ = has_text_ || !delta.find("text").raw_string().empty();
    return TailStep::kPass;
  }
  TailStep look_at_stop() {
    open_ = false;
    last_is_text_ = is_text_ && has_text_;
    return last_is_text_ ? TailStep::kHold : TailStep::kPass;
  }

  bool started_ = false;
  bool ended_ = false;
  bool asks_for_tools_ = false;
  // The last block.
  std::int64_t index_ = -1;
  bool open_ = false;
  bool is_text_ = false;
  bool has_text_ = false;
  bool last_is_text_ = false;  // and it is closed
};

}  // namespace

std::unique_ptr<TailRules> make_tail() { return std::make_unique<Tail>(); }

}  // namespace reeve::wire::anthropic
