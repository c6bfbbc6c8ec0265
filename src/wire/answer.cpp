// make_answer_reader: streams, whole answers and answers that cannot be read.

#include "wire/answer.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/reused_text.h"
#include "wire/dialect.h"

namespace reeve::wire {

bool is_media_type(std::string_view content_type, std::string_view wanted) {
  return equal_ignoring_case(trim(content_type.substr(0, content_type.find(';'))), wanted);
}

namespace {

constexpr std::size_t kAnswerBytesMax = 16UL << 20U;
constexpr std::size_t kErrorMessageBytesMax = 500;
constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kToolBytesMax = 128;

// docs/metering.md, "Usage": two tokens for seven bytes of generated text.
std::int64_t tokens_of_generated(std::uint64_t bytes) {
  constexpr std::uint64_t kBytesMax = 1ULL << 50U;
  return static_cast<std::int64_t>((std::min(bytes, kBytesMax) * 2 + 6) / 7);
}

// One per thread: events are read one at a time, and the index memory is used again.
JsonScan& answer_scan() {
  thread_local JsonScan scan;
  return scan;
}

TokenUsage sum(TokenUsage left, const TokenUsage& right) {
  left.input += right.input;
  left.cache_read += right.cache_read;
  left.cache_write_5m += right.cache_write_5m;
  left.cache_write_1h += right.cache_write_1h;
  left.output += right.output;
  left.reasoning += right.reasoning;
  left.input_audio += right.input_audio;
  left.output_audio += right.output_audio;
  left.web_searches += right.web_searches;
  return left;
}

bool is_free(Operation operation) {
  return operation == Operation::kCountTokens || operation == Operation::kListModels ||
         operation == Operation::kGetModel;
}

// What is known before a byte of the answer has come, and how the summary is completed at its end.
class ReaderBase : public AnswerReader {
 public:
  ReaderBase(const Route& route, const RequestView& request, int status)
      : rules_(rules_of(route.dialect)),
        operation_(route.operation),
        estimated_input_(request.estimated_input_tokens),
        error_status_(status >= 400) {}

  TokenUsage so_far() const override {
    if (is_free(operation_) || error_status_) return {};
    TokenUsage usage = state_.summary.usage;
    usage.output_reported = state_.usage_final;
    if (!usage.input_reported) usage.input = estimated_input_;
    if (!state_.usage_final) usage.output = std::max(usage.output, tokens_of_generated(state_.summary.generated_bytes));
    return sum(usage, state_.extra);
  }

 protected:
  AnswerSummary complete() {
    AnswerSummary& summary = state_.summary;
    TokenUsage& usage = summary.usage;
    const bool failed_at_once =
        !summary.error_type.empty() && summary.generated_bytes == 0 && !usage.input_reported && usage.output == 0;
    if (is_free(operation_) || error_status_ || failed_at_once) {
      usage = {.input_reported = true, .output_reported = true};
      return std::move(summary);
    }
    if (!usage.input_reported) usage.input = estimated_input_;
    if (operation_ == Operation::kEmbed || state_.usage_final) {
      usage.output_reported = true;
    } else {
      usage.output = std::max(usage.output, tokens_of_generated(summary.generated_bytes));
    }
    usage = sum(usage, state_.extra);
    usage.reasoning = std::min(usage.reasoning, usage.output);
    return std::move(summary);
  }

  const DialectRules& rules_;
  const Operation operation_;
  const std::int64_t estimated_input_;
  const bool error_status_;
  AnswerState state_;
};

class StreamReader final : public ReaderBase {
 public:
  using ReaderBase::ReaderBase;

  void feed(std::string_view bytes) override {
    state_.summary.bytes += bytes.size();
    events_.feed(bytes, [this](const EventStreamReader::Event& event) { read(event); });
  }

  AnswerSummary finish() override {
    events_.end([this](const EventStreamReader::Event& event) { read(event); });
    state_.summary.events = events_.events() + events_.oversized();
    return complete();
  }

 private:
  void read(const EventStreamReader::Event& event) {
    if (event.data == "[DONE]") {
      state_.summary.complete = true;
      return;
    }
    // Cut or foreign events carry no usage; the others still count.
    const Result<JsonNode> root = answer_scan().read(event.data);
    if (root) rules_.read_event(state_, *root);
    answer_scan().release_excess();
  }

  EventStreamReader events_;
};

class WholeReader final : public ReaderBase {
 public:
  using ReaderBase::ReaderBase;

  void feed(std::string_view bytes) override {
    state_.summary.bytes += bytes.size();
    if (state_.summary.bytes <= kAnswerBytesMax) {
      *body_ += bytes;
    } else {
      body_->clear();
    }
  }

  AnswerSummary finish() override {
    AnswerSummary& summary = state_.summary;
    const bool whole = summary.bytes <= kAnswerBytesMax;
    const Result<JsonNode> root = whole ? answer_scan().read(*body_) : Result<JsonNode>(ErrorCode::kTooLarge, "");
    if (root) {
      summary.complete = true;
      const JsonNode error = (root->is_array() ? *root->elements().begin() : *root).find("error");
      if (error.is_object()) state_.set_error(error);
      if (!error_status_) rules_.read_answer(state_, *root);
    } else if (!error_status_) {
      summary.generated_bytes = summary.bytes;
    }
    answer_scan().release_excess();
    return complete();
  }

 private:
  ReusedText body_;
};

class SealedReader final : public ReaderBase {
 public:
  using ReaderBase::ReaderBase;
  void feed(std::string_view bytes) override { state_.summary.bytes += bytes.size(); }
  AnswerSummary finish() override {
    if (!error_status_) state_.summary.generated_bytes = state_.summary.bytes;
    return complete();
  }
};

}  // namespace

void AnswerState::set_model(JsonNode model) {
  if (summary.model.empty()) summary.model = printable(model.raw_string(), kNameBytesMax);
}

void AnswerState::set_response_id(JsonNode id) {
  if (summary.response_id.empty()) summary.response_id = printable(id.raw_string(), kNameBytesMax);
}

void AnswerState::set_stop_reason(JsonNode reason) {
  if (reason.is_string()) summary.stop_reason = printable(reason.raw_string(), kNameBytesMax);
}

void AnswerState::add_tool(std::string_view name, std::string_view server) {
  if (name.empty() || summary.tools.size() == kToolsToldMax) return;
  std::string told;
  if (!server.empty()) told = "mcp__" + printable(server, kToolBytesMax / 2) + "__";
  told += printable(name, kToolBytesMax - told.size());
  if (std::find(summary.tools.begin(), summary.tools.end(), told) == summary.tools.end()) {
    summary.tools.push_back(std::move(told));
  }
}

void AnswerState::set_error(JsonNode error) {
  for (const std::string_view name : {"type", "status", "code"}) {
    if (summary.error_type.empty()) summary.error_type = printable(error.find(name).raw_string(), kNameBytesMax);
  }
  if (summary.error_type.empty()) summary.error_type = "error";
  summary.error_message = printable(error.find("message").as_string().value_or(""), kErrorMessageBytesMax);
}

std::int64_t token_count(JsonNode node) {
  constexpr std::int64_t kLargest = 1'000'000'000'000;
  return std::clamp<std::int64_t>(node.as_int().value_or(0), 0, kLargest);
}

std::unique_ptr<AnswerReader> make_answer_reader(const Route& route, const RequestView& request, int status,
                                                 std::string_view content_type, std::string_view content_encoding) {
  const std::string_view encoding = trim(content_encoding);
  if (!encoding.empty() && !equal_ignoring_case(encoding, "identity")) {
    return std::make_unique<SealedReader>(route, request, status);
  }
  const bool unnamed = trim(content_type).empty();
  if (is_media_type(content_type, "text/event-stream") || (unnamed && request.stream)) {
    return std::make_unique<StreamReader>(route, request, status);
  }
  return std::make_unique<WholeReader>(route, request, status);
}

}  // namespace reeve::wire
