// Sentences of ours in the answers of Chat Completions.

#include "core/json.h"
#include "wire/openai/openai.h"

namespace reeve::wire::openai {

namespace {

class ChatTail final : public TailRules {
 public:
  TailStep look(JsonNode event) override {
    const JsonNode choices = event.find("choices");
    if (choices.count() == 0) return TailStep::kNeutral;
    if (head_.empty()) head_ = copy_members(event, {"id", "object", "created", "model", "system_fingerprint"});
    for (const JsonNode choice : choices.elements()) {
      if (choice.find("index").as_int().value_or(0) != 0) several_ = true;
    }
    const JsonNode choice = *choices.elements().begin();
    const JsonNode delta = choice.find("delta");
    ends_with_text_ = !delta.find("content").raw_string().empty();
    has_text_ = has_text_ || ends_with_text_;
    asks_for_tools_ =
        asks_for_tools_ || delta.find("tool_calls").count() > 0 || delta.find("function_call").is_object();
    const std::string_view reason = choice.find("finish_reason").raw_string();
    if (!reason.empty()) ended_ = true;
    const bool ends = reason == "stop" && has_text_ && !asks_for_tools_ && !several_;
    return ends ? TailStep::kEnd : TailStep::kPass;
  }

  std::vector<OwnEvent> note_events(const TailText& note) override {
    if (ends_with_text_) return {};
    return {chunk("{\"content\":\"" + note.apart + "\"}", "null")};
  }
  void edit(JsonNode event, const TailText& note, std::vector<BodyEdit>& edits) override {
    if (!ends_with_text_) return;
    const JsonNode choice = *event.find("choices").elements().begin();
    edits.push_back(at_end_of(choice.find("delta").find("content"), note.apart));
  }

  bool edit_whole(JsonNode answer, const TailText& note, std::vector<BodyEdit>& edits) override {
    const JsonNode choices = answer.find("choices");
    if (choices.count() != 1) return false;
    const JsonNode choice = *choices.elements().begin();
    const JsonNode message = choice.find("message");
    const JsonNode content = message.find("content");
    if (choice.find("finish_reason").raw_string() != "stop" || message.find("tool_calls").count() > 0 ||
        content.raw_string().empty()) {
      return false;
    }
    edits.push_back(at_end_of(content, note.apart));
    return true;
  }

  std::vector<OwnEvent> end_early(const TailText& sentence, std::int64_t) override {
    if (head_.empty() || ended_) return {};
    const std::string& text = has_text_ ? sentence.apart : sentence.alone;
    return {chunk("{\"content\":\"" + text + "\"}", "null"), chunk("{}", "\"stop\""), {"", "[DONE]"}};
  }

 private:
  OwnEvent chunk(std::string_view delta, std::string_view reason) const {
    return {"", "{" + head_ + "\"choices\":[{\"index\":0,\"delta\":" + std::string(delta) +
                    ",\"finish_reason\":" + std::string(reason) + "}]}"};
  }

  std::string head_;  // JSON members that every chunk carries, each with its comma
  bool several_ = false;
  bool asks_for_tools_ = false;
  bool has_text_ = false;
  bool ends_with_text_ = false;  // the last chunk has text
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<TailRules> make_chat_tail() { return std::make_unique<ChatTail>(); }

}  // namespace reeve::wire::openai
