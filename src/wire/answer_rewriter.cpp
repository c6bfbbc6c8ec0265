// make_answer_rewriter: streams event by event, whole answers at their end.

#include "core/bytes.h"
#include "core/reused_text.h"
#include "wire/answer_frames.h"
#include "wire/dialect.h"
#include "wire/look_ahead.h"
#include "wire/text_flow.h"

namespace reeve::wire {

namespace {

constexpr std::size_t kAnswerBytesMax = 16UL << 20U;
constexpr std::size_t kPadding = 64;

// One per thread: events are read one at a time, and the index memory is used again.
JsonScan& rewriter_scan() {
  thread_local JsonScan scan;
  return scan;
}

Error unreadable() {
  return {ErrorCode::kInvalid, "A part of the provider's answer could not be read, so it was not passed on."};
}

// The filter's own error has the way forward; ours says only what was wrong with the answer.
class RewriterBase : public AnswerRewriter {
 public:
  Result<void> feed(std::string_view bytes, std::string& out) final {
    if (!failed_) note(feed_more(bytes, out));
    return failed_ ? Result<void>(*failed_) : Result<void>();
  }
  Result<void> finish(std::string& out) final {
    if (!failed_) note(end(out));
    return failed_ ? Result<void>(*failed_) : Result<void>();
  }

 protected:
  virtual Result<void> feed_more(std::string_view bytes, std::string& out) = 0;
  virtual Result<void> end(std::string& out) = 0;

 private:
  void note(const Result<void>& result) {
    if (!result) failed_ = result.error();
  }
  std::optional<Error> failed_;
};

class StreamRewriter final : public RewriterBase {
 public:
  StreamRewriter(const DialectRules& rules, std::unique_ptr<FrameCutter> cutter, AnswerFilter& filter)
      : rules_(rules), cutter_(std::move(cutter)), flow_(filter, rules.write_held) {}

 private:
  Result<void> feed_more(std::string_view bytes, std::string& out) override {
    return cutter_->feed(bytes, [this, &out](const Frame& frame) { return pass(frame, out); });
  }

  Result<void> end(std::string& out) override {
    const auto on_frame = [this, &out](const Frame& frame) { return pass(frame, out); };
    if (auto ended = cutter_->end(on_frame); !ended) return ended;
    return end_channels(out, false);
  }

  // A frame goes on as it came, changed, or not at all: with an error.
  Result<void> pass(const Frame& frame, std::string& out) {
    const bool last = frame.data == "[DONE]" || frame.kind == Frame::Kind::kClose;
    if (last) {
      if (auto ended = end_channels(out, frame.kind != Frame::Kind::kClose); !ended) return ended;
    }
    if (last || frame.data.empty()) {
      out += frame.bytes;
      return {};
    }
    JsonScan& scan = rewriter_scan();
    const Result<JsonNode> root = scan.read(frame.data);
    if (!root) return unreadable();
    flow_.begin_event();
    rules_.rewrite_event(flow_, *root);
    scan.release_excess();
    if (flow_.error()) return *flow_.error();
    write_own_events(out, true);
    write(frame, out);
    return {};
  }

  Result<void> end_channels(std::string& out, bool before) {
    flow_.begin_event();
    flow_.end_all();
    if (flow_.error()) return *flow_.error();
    write_own_events(out, before);
    return {};
  }

  void write_own_events(std::string& out, bool before) {
    for (const OwnEvent& event : flow_.take_own_events()) cutter_->write_event(event.name, event.data, before, out);
  }

  void write(const Frame& frame, std::string& out) {
    if (!flow_.changed()) {
      out += frame.bytes;
      return;
    }
    changed_.clear();
    flow_.apply(frame.data, changed_);
    cutter_->write_changed(frame, changed_, out);
  }

  const DialectRules& rules_;
  const std::unique_ptr<FrameCutter> cutter_;
  TextFlow flow_;
  std::string changed_;
};

class WholeRewriter final : public RewriterBase {
 public:
  WholeRewriter(const DialectRules& rules, AnswerFilter& filter) : rules_(rules), flow_(filter, rules.write_held) {}

 private:
  Result<void> feed_more(std::string_view bytes, std::string&) override {
    if (bytes.size() > kAnswerBytesMax - body_->size()) {
      return Error{ErrorCode::kTooLarge, "The provider's answer is too large to look into."};
    }
    // With room for what readers of JSON look at behind it: most answers come in one piece.
    if (body_->empty()) body_->reserve(bytes.size() + kPadding);
    *body_ += bytes;
    return {};
  }

  Result<void> end(std::string& out) override {
    JsonScan& scan = rewriter_scan();
    body_->reserve(body_->size() + kPadding);
    const Result<JsonNode> root = scan.read(*body_);
    if (!root) return unreadable();
    flow_.begin_event();
    rules_.rewrite_answer(flow_, *root);
    flow_.end_all();
    scan.release_excess();
    if (flow_.error()) return *flow_.error();
    flow_.apply(*body_, out);
    return {};
  }

  const DialectRules& rules_;
  TextFlow flow_;
  ReusedText body_;
};

// Before the rewriter sees an event, the filter has seen what comes next.
class LookingAhead final : public RewriterBase {
 public:
  LookingAhead(std::unique_ptr<LookAhead> look_ahead, std::unique_ptr<AnswerRewriter> rewriter)
      : look_ahead_(std::move(look_ahead)), rewriter_(std::move(rewriter)) {}

 private:
  Result<void> feed_more(std::string_view bytes, std::string& out) override {
    settled_.clear();
    Result<void> looked = look_ahead_->feed(bytes, settled_);
    // What was settled before an error still goes on.
    if (Result<void> passed = rewriter_->feed(settled_, out); !passed) return passed;
    return looked;
  }
  Result<void> end(std::string& out) override {
    settled_.clear();
    Result<void> looked = look_ahead_->finish(settled_);
    if (Result<void> passed = rewriter_->feed(settled_, out); !passed) return passed;
    return looked ? rewriter_->finish(out) : looked;
  }

  const std::unique_ptr<LookAhead> look_ahead_;
  const std::unique_ptr<AnswerRewriter> rewriter_;
  std::string settled_;
};

// A stream in one of its two forms.
template <typename Frames>
std::unique_ptr<AnswerRewriter> make_stream_rewriter(const DialectRules& rules, AnswerFilter& filter) {
  auto rewriter = std::make_unique<StreamRewriter>(rules, std::make_unique<Frames>(), filter);
  if (!filter.looks_ahead()) return rewriter;
  return std::make_unique<LookingAhead>(std::make_unique<LookAhead>(rules, std::make_unique<Frames>(), filter),
                                        std::move(rewriter));
}

// Errors of the provider and answers without texts. A placeholder in an error is no secret.
class PassingRewriter final : public AnswerRewriter {
 public:
  Result<void> feed(std::string_view bytes, std::string& out) override {
    out += bytes;
    return {};
  }
  Result<void> finish(std::string&) override { return {}; }
};

}  // namespace

Result<std::uint64_t> AnswerFilter::look(std::uint32_t, Kind, std::string_view) {
  return Error{ErrorCode::kInternal, "The answer's filter cannot look ahead."};
}
Result<void> AnswerFilter::whole(std::uint32_t channel, Kind kind, std::string_view text, std::string& out) {
  if (auto fed = feed(channel, kind, text, out); !fed) return fed;
  return end(channel, kind, out);
}

Result<void> AnswerFilter::look_end(std::uint32_t, Kind) { return {}; }

std::unique_ptr<AnswerRewriter> make_answer_rewriter(const Route& route, int status, std::string_view content_type,
                                                     std::string_view content_encoding, AnswerFilter& filter) {
  const DialectRules& rules = rules_of(route.dialect);
  const bool has_texts = route.operation == Operation::kGenerate && rules.rewrite_event != nullptr;
  if (!has_texts || status >= 400) return std::make_unique<PassingRewriter>();
  const std::string_view encoding = trim(content_encoding);
  if (!encoding.empty() && !equal_ignoring_case(encoding, "identity")) return nullptr;
  if (is_media_type(content_type, "text/event-stream")) {
    return make_stream_rewriter<EventFrames>(rules, filter);
  }
  if (!is_media_type(content_type, "application/json")) return nullptr;
  if (route.stream_in_path) return make_stream_rewriter<ArrayFrames>(rules, filter);
  return std::make_unique<WholeRewriter>(rules, filter);
}

}  // namespace reeve::wire
