// Streams of Chat Completions tell their usage only when they are asked to, and thinking is nowhere else to be seen. So
// they are asked, and what only answers that is taken out again.

#include "wire/answer_frames.h"
#include "wire/json_scan.h"
#include "wire/wire.h"

namespace reeve::wire {

namespace {

JsonScan& usage_scan() {
  thread_local JsonScan scan;
  return scan;
}

constexpr std::string_view kAsked = "{\"include_usage\":true}";

bool is_usage_event(std::string_view data) {
  // Most events are not, and need not be read.
  if (data.find("\"usage\"") == std::string_view::npos) return false;
  JsonScan& scan = usage_scan();
  const Result<JsonNode> root = scan.read(data);
  bool found = false;
  if (root) {
    const JsonNode choices = root->find("choices");
    found = choices.is_array() && choices.count() == 0 && root->find("usage").is_object();
  }
  scan.release_excess();
  return found;
}

/// Before the first member of an object, or as its only one.
BodyEdit as_first_member(JsonNode object, std::string_view member) {
  const bool empty = !(object.members().begin() != object.members().end());
  return {{object.offset() + 1, 0}, std::string(member) + (empty ? "" : ",")};
}

}  // namespace

std::optional<BodyEdit> ask_for_usage(const Route& route, const RequestView& request, std::string_view body) {
  if (route.dialect != Dialect::kOpenAiChat || route.operation != Operation::kGenerate || !request.stream) return {};
  JsonScan& scan = usage_scan();
  const Result<JsonNode> root = scan.read(body);
  if (!root || !root->is_object()) return {};
  std::optional<BodyEdit> edit;
  const JsonNode options = root->find("stream_options");
  const JsonNode asked = options.find("include_usage");
  if (!options.present()) {
    edit = as_first_member(*root, "\"stream_options\":" + std::string(kAsked));
  } else if (!options.is_object()) {
    edit = BodyEdit{{options.offset(), options.raw().size()}, std::string(kAsked)};
  } else if (!asked.present()) {
    edit = as_first_member(options, "\"include_usage\":true");
  } else if (!asked.as_bool().value_or(false)) {
    edit = BodyEdit{{asked.offset(), asked.raw().size()}, "true"};
  }
  scan.release_excess();
  return edit;
}

struct UsageEventRemover::State {
  EventFrames frames;
};

UsageEventRemover::UsageEventRemover() : state_(std::make_unique<State>()) {}
UsageEventRemover::~UsageEventRemover() = default;

Result<void> UsageEventRemover::feed(std::string_view bytes, std::string& out) {
  return state_->frames.feed(bytes, [&out](const Frame& frame) -> Result<void> {
    if (!is_usage_event(frame.data)) out += frame.bytes;
    return {};
  });
}

Result<void> UsageEventRemover::finish(std::string& out) {
  return state_->frames.end([&out](const Frame& frame) -> Result<void> {
    if (!is_usage_event(frame.data)) out += frame.bytes;
    return {};
  });
}

}  // namespace reeve::wire
