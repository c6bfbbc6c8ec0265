// Sentences of ours in the answers of Responses. A text is said there up to four times, piece by piece and then whole,
// in the events that end the part, the item and the response; a sentence of ours has to be in all of them.

#include "core/json.h"
#include "wire/openai/openai.h"

namespace reeve::wire::openai {

namespace {

constexpr std::size_t kKeptBytesMax = 1UL << 20U;  // of texts and items that may have to be said again

// The text of a message's last part.
JsonNode last_text_of(JsonNode item) {
  JsonNode text;
  for (const JsonNode part : item.find("content").elements()) {
    text = part.find("type").raw_string() == "output_text" ? part.find("text") : JsonNode();
  }
  return text;
}

bool is_message(JsonNode item) { return item.find("type").raw_string() == "message"; }

bool is_call(JsonNode item) { return item.find("type").raw_string().ends_with("_call"); }

JsonNode last_item(JsonNode response) {
  JsonNode last;
  for (const JsonNode item : response.find("output").elements()) last = item;
  return last;
}

class ResponsesTail final : public TailRules {
 public:
  TailStep look(JsonNode event) override {
    if (const auto number = event.find("sequence_number").as_int()) {
      numbered_ = true;
      sequence_ = *number + 1;
    }
    const TailStep step = look_at(event);
    if (step == TailStep::kHold && !waiting_) first_held_ = sequence_ - 1;
    waiting_ = step == TailStep::kHold;
    return step;
  }

  std::vector<OwnEvent> note_events(const TailText& note) override {
    if (place_.empty()) return {};
    moved_up_ = 1;
    return {text_delta(first_held_, note.apart)};
  }

 private:
  TailStep look_at(JsonNode event) {
    const std::string_view type = event.find("type").raw_string();
    if (type == "response.output_text.delta") return look_at_text(event);
    if (type == "response.output_item.added") return look_at_item(event);
    if (type == "response.output_item.done") return look_at_done(event);
    if (type == "response.output_text.done" || type == "response.content_part.done") {
      return in_message_ && !text_.empty() ? TailStep::kHold : TailStep::kPass;
    }
    const JsonNode response = event.find("response");
    if (!response.is_object()) return TailStep::kPass;
    if (head_.empty()) head_ = copy_members(response, {"id", "object", "created_at", "model"});
    const bool begins = type == "response.created" || type == "response.queued" || type == "response.in_progress";
    ended_ = ended_ || !begins;
    return type == "response.completed" && last_is_text_ && !calls_ ? TailStep::kEnd : TailStep::kPass;
  }

 public:
  void edit(JsonNode event, const TailText& note, std::vector<BodyEdit>& edits) override {
    const JsonNode number = event.find("sequence_number");
    const std::string_view type = event.find("type").raw_string();
    JsonNode text;
    if (type == "response.output_text.done") text = event.find("text");
    if (type == "response.content_part.done") text = event.find("part").find("text");
    if (type == "response.output_item.done") text = last_text_of(event.find("item"));
    if (type == "response.completed") text = last_text_of(last_item(event.find("response")));
    if (text.is_string()) edits.push_back(at_end_of(text, note.apart));
    if (number.as_int() && moved_up_ > 0) {
      edits.push_back({{number.offset(), number.raw().size()}, std::to_string(*number.as_int() + moved_up_)});
    }
    if (edits.size() == 2 && edits[1].span.offset < edits[0].span.offset) std::swap(edits[0], edits[1]);
  }

  bool edit_whole(JsonNode answer, const TailText& note, std::vector<BodyEdit>& edits) override {
    if (answer.find("status").raw_string() != "completed") return false;
    for (const JsonNode item : answer.find("output").elements()) {
      if (is_call(item)) return false;
    }
    const JsonNode last = last_item(answer);
    const JsonNode text = last_text_of(last);
    if (!is_message(last) || text.raw_string().empty()) return false;
    edits.push_back(at_end_of(text, note.apart));
    return true;
  }

  // The message at hand is completed with the sentence, or a message of ours follows; half a call is never said to be
  // done, so that no client makes it.
  std::vector<OwnEvent> end_early(const TailText& sentence, std::int64_t output_tokens) override {
    if (head_.empty() || ended_) return {};
    std::vector<OwnEvent> events;
    std::string text = sentence.alone;
    if (in_message_ && !place_.empty() && kept_all_) {
      text = text_ + sentence.apart;
      events.push_back(text_delta(sequence_++, sentence.apart));
    } else {
      open_message(events);
      events.push_back(text_delta(sequence_++, sentence.alone));
    }
    close_message(text, events);
    const std::string usage = R"({"input_tokens":0,"input_tokens_details":{"cached_tokens":0},"output_tokens":)" +
                              std::to_string(output_tokens) +
                              R"(,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":)" +
                              std::to_string(output_tokens) + "}";
    events.push_back(event("response.completed", "\"response\":{" + head_ + R"("status":"completed","output":[)" +
                                                     items_ + R"(],"usage":)" + usage + "}"));
    return events;
  }

 private:
  TailStep look_at_text(JsonNode event) {
    const JsonNode delta = event.find("delta");
    std::string place = copy_members(event, {"item_id", "output_index", "content_index"});
    if (place != place_) text_.clear();
    place_ = std::move(place);
    kept_all_ = kept_all_ && text_.size() + delta.raw_string().size() <= kKeptBytesMax;
    if (kept_all_) text_ += delta.raw_string();
    return TailStep::kPass;
  }

  TailStep look_at_item(JsonNode event) {
    const JsonNode item = event.find("item");
    in_message_ = is_message(item);
    calls_ = calls_ || is_call(item);
    last_is_text_ = false;
    output_index_ = event.find("output_index").as_int().value_or(output_index_ + 1);
    item_id_ = item.find("id").raw_string();
    place_.clear();
    text_.clear();
    kept_all_ = true;
    return TailStep::kPass;
  }

  TailStep look_at_done(JsonNode event) {
    const JsonNode item = event.find("item");
    calls_ = calls_ || is_call(item);
    in_message_ = false;
    last_is_text_ = is_message(item) && !last_text_of(item).raw_string().empty();
    add_item(item.raw());
    return last_is_text_ ? TailStep::kHold : TailStep::kPass;
  }

  void add_item(std::string_view json) {
    if (items_.size() + json.size() > kKeptBytesMax) return;
    if (!items_.empty()) items_ += ',';
    items_ += json;
  }

  std::string number(std::int64_t sequence) const {
    return numbered_ ? "\"sequence_number\":" + std::to_string(sequence) + "," : "";
  }

  OwnEvent event(const std::string& type, const std::string& members) {
    return {type, "{\"type\":\"" + type + "\"," + number(sequence_++) + members + "}"};
  }

  OwnEvent text_delta(std::int64_t sequence, std::string_view text) const {
    return {"response.output_text.delta", "{\"type\":\"response.output_text.delta\"," + number(sequence) + place_ +
                                              "\"delta\":\"" + std::string(text) + "\"}"};
  }

  void open_message(std::vector<OwnEvent>& events) {
    ++output_index_;
    item_id_ = "msg_reeve_" + std::to_string(output_index_);
    const std::string at = "\"output_index\":" + std::to_string(output_index_);
    place_ = "\"item_id\":\"" + item_id_ + "\"," + at + ",\"content_index\":0,";
    events.push_back(event("response.output_item.added",
                           at + ",\"item\":{\"id\":\"" + item_id_ +
                               R"(","type":"message","status":"in_progress","role":"assistant","content":[]})"));
    events.push_back(
        event("response.content_part.added", place_ + R"("part":{"type":"output_text","text":"","annotations":[]})"));
  }

  void close_message(const std::string& text, std::vector<OwnEvent>& events) {
    const std::string part = R"({"type":"output_text","text":")" + text + R"(","annotations":[]})";
    const std::string item = "{\"id\":\"" + item_id_ +
                             R"(","type":"message","status":"completed","role":"assistant","content":[)" + part + "]}";
    events.push_back(event("response.output_text.done", place_ + "\"text\":\"" + text + "\""));
    events.push_back(event("response.content_part.done", place_ + "\"part\":" + part));
    events.push_back(
        event("response.output_item.done", "\"output_index\":" + std::to_string(output_index_) + ",\"item\":" + item));
    add_item(item);
  }

  std::string head_;   // JSON members of the response, each with its comma
  std::string items_;  // that are done, as JSON with commas between
  bool calls_ = false;
  bool ended_ = false;
  std::int64_t sequence_ = 0;  // of the next event
  bool numbered_ = false;
  bool waiting_ = false;         // the last event was the end of a text
  std::int64_t first_held_ = 0;  // number of the first of such events
  std::int64_t moved_up_ = 0;    // by how much an event of ours moves the numbers of those behind it
  // The last item.
  std::int64_t output_index_ = -1;
  std::string item_id_;
  bool in_message_ = false;
  bool last_is_text_ = false;  // and it is done
  std::string place_;          // JSON members of its last text, each with its comma
  std::string text_;           // of that text, escapes as sent
  bool kept_all_ = true;
};

}  // namespace

std::unique_ptr<TailRules> make_responses_tail() { return std::make_unique<ResponsesTail>(); }

}  // namespace reeve::wire::openai
