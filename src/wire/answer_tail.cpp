// make_answer_tail: what the dialects share.

#include "wire/answer_tail.h"

#include "core/bytes.h"
#include "core/json.h"
#include "wire/answer_frames.h"
#include "wire/dialect.h"

namespace reeve::wire {

BodyEdit at_end_of(JsonNode string, std::string_view text) {
  return {{string.offset() + string.raw().size() - 1, 0}, std::string(text)};
}

namespace {

constexpr std::size_t kAnswerBytesMax = 16UL << 20U;
constexpr std::size_t kHeldFramesMax = 64;
constexpr std::size_t kPadding = 64;

JsonScan& tail_scan() {
  thread_local JsonScan scan;
  return scan;
}

std::string as_json(std::string_view text) {
  JsonWriter json;
  json.value(text);
  const std::string quoted = json.take();
  return quoted.substr(1, quoted.size() - 2);
}

TailText tail_text(std::string_view text) { return {"\\n\\n" + as_json(text), as_json(text)}; }

// An event that waits. The data are a run of the bytes, but where they came in several lines.
struct HeldFrame {
  std::string bytes;
  std::size_t data_offset = 0;
  std::size_t data_length = 0;
  bool editable = false;
};

HeldFrame hold(const Frame& frame) {
  HeldFrame held{.bytes = std::string(frame.bytes)};
  const char* const begin = frame.bytes.data();
  held.editable = frame.data.data() >= begin && frame.data.data() + frame.data.size() <= begin + frame.bytes.size();
  if (held.editable) held.data_offset = static_cast<std::size_t>(frame.data.data() - begin);
  held.data_length = frame.data.size();
  held.bytes.reserve(held.bytes.size() + kPadding);
  return held;
}

class StreamTail final : public AnswerTail {
 public:
  StreamTail(const Route& route, std::unique_ptr<FrameCutter> cutter, bool in_array, std::string_view note)
      : dialect_(route.dialect), cutter_(std::move(cutter)), in_array_(in_array), wanted_(!note.empty()) {
    if (wanted_) note_ = tail_text(note);
    rules_ = rules_of(dialect_).make_tail();
  }

  Result<void> feed(std::string_view bytes, std::string& out) override {
    return cutter_->feed(bytes, [this, &out](const Frame& frame) { return pass(frame, out); });
  }
  Result<void> finish(std::string& out) override {
    const Result<void> ended = cutter_->end([this, &out](const Frame& frame) { return pass(frame, out); });
    release(out);
    return ended;
  }
  bool noted() const override { return noted_; }

  void end_early(const Refusal& refusal, std::int64_t output_tokens, std::string& out) override {
    release(out);
    const std::string text = refusal.rule.empty() ? refusal.message : refusal.message + " [" + refusal.rule + "]";
    const std::vector<OwnEvent> events = rules_->end_early(tail_text(text), output_tokens);
    if (events.empty()) {
      out += encode_stream_error(dialect_, refusal);
      return;
    }
    for (const OwnEvent& event : events) {
      if (in_array_) {
        write_element(event.data, out);
      } else {
        cutter_->write_event(event.name, event.data, true, out);
      }
    }
    if (in_array_) out += "\r\n]";
  }

 private:
  Result<void> pass(const Frame& frame, std::string& out) {
    if (in_array_) note_place(frame);
    const TailStep step = look(frame);
    if (step == TailStep::kEnd && wanted_ && !noted_) {
      held_.push_back(hold(frame));
      write_note(out);
      return {};
    }
    const bool waits = wanted_ && !noted_ && held_.size() < kHeldFramesMax &&
                       (step == TailStep::kHold || (step == TailStep::kNeutral && !held_.empty()));
    if (waits) {
      held_.push_back(hold(frame));
      return {};
    }
    release(out);
    out += frame.bytes;
    return {};
  }

  // Of what cannot be read nothing is known: it goes on, and nothing of ours goes before it.
  TailStep look(const Frame& frame) {
    if (frame.kind != Frame::Kind::kEvent || frame.data.empty()) return TailStep::kNeutral;
    if (frame.data == "[DONE]") return TailStep::kPass;
    JsonScan& scan = tail_scan();
    const Result<JsonNode> root = scan.read(frame.data);
    const TailStep step = root ? rules_->look(*root) : TailStep::kPass;
    scan.release_excess();
    return step;
  }

  void release(std::string& out) {
    for (const HeldFrame& frame : held_) out += frame.bytes;
    held_.clear();
  }

  void write_note(std::string& out) {
    for (const HeldFrame& frame : held_) {
      if (frame.data_length > 0 && !frame.editable) return release(out);
    }
    for (const OwnEvent& event : rules_->note_events(note_)) cutter_->write_event(event.name, event.data, true, out);
    JsonScan& scan = tail_scan();
    for (const HeldFrame& frame : held_) {
      const std::string_view data = std::string_view(frame.bytes).substr(frame.data_offset, frame.data_length);
      std::vector<BodyEdit> edits;
      if (frame.data_length > 0) {
        if (const Result<JsonNode> root = scan.read(data)) rules_->edit(*root, note_, edits);
      }
      out += std::string_view(frame.bytes).substr(0, frame.data_offset);
      out += apply_edits(data, edits);
      out += std::string_view(frame.bytes).substr(frame.data_offset + frame.data_length);
    }
    held_.clear();
    noted_ = true;
  }

  // Where an array stands: before it, right after its bracket or a comma, or after an element.
  void note_place(const Frame& frame) {
    if (frame.kind == Frame::Kind::kEvent) place_ = '}';
    if (frame.bytes == "[" || frame.bytes == ",") place_ = frame.bytes.front();
  }
  void write_element(std::string_view data, std::string& out) {
    if (place_ == '}') out += ",\r\n";
    if (place_ == '\0') out += '[';
    out += data;
    place_ = '}';
  }

  const Dialect dialect_;
  const std::unique_ptr<FrameCutter> cutter_;
  std::unique_ptr<TailRules> rules_;
  const bool in_array_;
  const bool wanted_;
  bool noted_ = false;
  char place_ = '\0';
  TailText note_;
  std::vector<HeldFrame> held_;
};

// An answer that comes whole. What cannot be read or is too large goes on as it is.
class WholeTail final : public AnswerTail {
 public:
  WholeTail(const Route& route, std::string_view note) : rules_(rules_of(route.dialect).make_tail()) {
    waits_ = !note.empty();
    if (waits_) note_ = tail_text(note);
  }

  Result<void> feed(std::string_view bytes, std::string& out) override {
    if (waits_ && bytes.size() <= kAnswerBytesMax - body_.size()) {
      body_ += bytes;
      return {};
    }
    waits_ = false;
    out += std::exchange(body_, {});
    out += bytes;
    return {};
  }

  Result<void> finish(std::string& out) override {
    body_.reserve(body_.size() + kPadding);
    std::vector<BodyEdit> edits;
    JsonScan& scan = tail_scan();
    if (waits_) {
      const Result<JsonNode> root = scan.read(body_);
      noted_ = root && rules_->edit_whole(*root, note_, edits);
      scan.release_excess();
    }
    out += noted_ ? apply_edits(body_, edits) : body_;
    return {};
  }
  bool noted() const override { return noted_; }
  void end_early(const Refusal&, std::int64_t, std::string&) override {}

 private:
  std::unique_ptr<TailRules> rules_;
  bool waits_ = false;
  bool noted_ = false;
  TailText note_;
  std::string body_;
};

}  // namespace

std::unique_ptr<AnswerTail> make_answer_tail(const Route& route, int status, std::string_view content_type,
                                             std::string_view content_encoding, std::string_view note) {
  const bool has_texts = route.operation == Operation::kGenerate && rules_of(route.dialect).make_tail != nullptr;
  const std::string_view encoding = trim(content_encoding);
  if (!has_texts || status >= 400) return nullptr;
  if (!encoding.empty() && !equal_ignoring_case(encoding, "identity")) return nullptr;
  if (is_media_type(content_type, "text/event-stream")) {
    return std::make_unique<StreamTail>(route, std::make_unique<EventFrames>(), false, note);
  }
  if (!is_media_type(content_type, "application/json")) return nullptr;
  if (route.stream_in_path) return std::make_unique<StreamTail>(route, std::make_unique<ArrayFrames>(), true, note);
  return std::make_unique<WholeTail>(route, note);
}

}  // namespace reeve::wire
