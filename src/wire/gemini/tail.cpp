// Sentences of ours in Gemini's answers. A text that carries a signature is left as it is.

#include "core/json.h"
#include "wire/gemini/gemini.h"

namespace reeve::wire::gemini {

namespace {

JsonNode find_either(JsonNode object, std::string_view name, std::string_view other) {
  const JsonNode found = object.find(name);
  return found.present() ? found : object.find(other);
}

// The texts of one candidate's content.
struct Parts {
  JsonNode last_text;  // not empty, not a thought
  bool signed_text = false;
  bool calls = false;
};

Parts read_parts(JsonNode candidate) {
  Parts parts;
  for (const JsonNode part : candidate.find("content").find("parts").elements()) {
    if (find_either(part, "functionCall", "function_call").is_object()) parts.calls = true;
    const JsonNode text = part.find("text");
    if (text.raw_string().empty() || part.find("thought").as_bool().value_or(false)) continue;
    parts.last_text = text;
    parts.signed_text = find_either(part, "thoughtSignature", "thought_signature").is_string();
  }
  return parts;
}

bool ends_well(JsonNode candidate) {
  return find_either(candidate, "finishReason", "finish_reason").raw_string() == "STOP";
}

class Tail final : public TailRules {
 public:
  TailStep look(JsonNode event) override {
    const JsonNode candidates = event.find("candidates");
    if (head_.empty()) head_ = copy_members(event, {"modelVersion", "responseId"});
    if (candidates.count() == 0) return TailStep::kNeutral;
    started_ = true;
    several_ = several_ || candidates.count() > 1;
    const JsonNode candidate = *candidates.elements().begin();
    if (candidate.find("index").as_int().value_or(0) != 0) several_ = true;
    const Parts parts = read_parts(candidate);
    calls_ = calls_ || parts.calls;
    has_text_ = has_text_ || parts.last_text.present();
    ends_with_text_ = parts.last_text.present();
    if (find_either(candidate, "finishReason", "finish_reason").is_string()) ended_ = true;
    const bool place = has_text_ && !calls_ && !several_ && !(ends_with_text_ && parts.signed_text);
    return ends_well(candidate) && place ? TailStep::kEnd : TailStep::kPass;
  }

  std::vector<OwnEvent> note_events(const TailText& note) override {
    if (ends_with_text_) return {};
    return {chunk(note.apart, false)};
  }
  void edit(JsonNode event, const TailText& note, std::vector<BodyEdit>& edits) override {
    if (!ends_with_text_) return;
    edits.push_back(at_end_of(read_parts(*event.find("candidates").elements().begin()).last_text, note.apart));
  }

  bool edit_whole(JsonNode answer, const TailText& note, std::vector<BodyEdit>& edits) override {
    const JsonNode candidates = answer.find("candidates");
    if (candidates.count() != 1) return false;
    const JsonNode candidate = *candidates.elements().begin();
    const Parts parts = read_parts(candidate);
    if (!ends_well(candidate) || parts.calls || parts.signed_text || !parts.last_text.present()) return false;
    edits.push_back(at_end_of(parts.last_text, note.apart));
    return true;
  }

  std::vector<OwnEvent> end_early(const TailText& sentence, std::int64_t) override {
    if (!started_ || ended_) return {};
    return {chunk(has_text_ ? sentence.apart : sentence.alone, true)};
  }

 private:
  OwnEvent chunk(std::string_view text, bool last) const {
    return {"", "{" + head_ + "\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" + std::string(text) +
                    "\"}],\"role\":\"model\"}," + (last ? "\"finishReason\":\"STOP\"," : "") + "\"index\":0}]}"};
  }

  std::string head_;  // JSON members that every chunk carries, each with its comma
  bool started_ = false;
  bool ended_ = false;
  bool several_ = false;
  bool calls_ = false;
  bool has_text_ = false;
  bool ends_with_text_ = false;  // the last chunk has text
};

}  // namespace

std::unique_ptr<TailRules> make_tail() { return std::make_unique<Tail>(); }

}  // namespace reeve::wire::gemini
