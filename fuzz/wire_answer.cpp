// Answer readers of every dialect, whole and streamed. The first byte chooses the call and how it is answered, the
// second seeds the cuts; the rest is the answer. Cuts must not matter and no count may be negative.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "core/check.h"
#include "wire/wire.h"

namespace {

using reeve::wire::AnswerSummary;

constexpr std::string_view kPaths[] = {
    "/v1/messages", "/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1beta/models/g:generateContent",
};

template <typename NextSize>
AnswerSummary read(std::string_view path, int status, bool stream, std::string_view answer, NextSize next_size) {
  reeve::wire::RequestView request;
  request.estimated_input_tokens = 100;
  const auto reader = reeve::wire::make_answer_reader(*reeve::wire::find_route(path, false), request, status,
                                                      stream ? "text/event-stream" : "application/json", "");
  while (!answer.empty()) {
    const std::string piece(answer.substr(0, next_size()));
    reader->feed(piece);
    answer.remove_prefix(piece.size());
  }
  return reader->finish();
}

void check_counts(const AnswerSummary& summary) {
  const reeve::TokenUsage& usage = summary.usage;
  for (const std::int64_t count :
       {usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h, usage.output, usage.reasoning,
        usage.input_audio, usage.output_audio, usage.web_searches}) {
    CHECK(count >= 0);
  }
  CHECK(usage.reasoning <= usage.output && usage.input_audio <= usage.input && usage.output_audio <= usage.output);
}

bool same(const AnswerSummary& left, const AnswerSummary& right) {
  return left.usage.input_total() == right.usage.input_total() && left.usage.output == right.usage.output &&
         left.usage.reported() == right.usage.reported() && left.model == right.model &&
         left.stop_reason == right.stop_reason && left.complete == right.complete &&
         left.error_type == right.error_type && left.events == right.events && left.bytes == right.bytes &&
         left.generated_bytes == right.generated_bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view path = kPaths[data[0] % std::size(kPaths)];
  const bool stream = (data[0] & 0x80U) == 0;
  const int status = (data[0] & 0x40U) != 0 ? 400 : 200;
  const std::string_view answer(reinterpret_cast<const char*>(data) + 2, size - 2);
  const AnswerSummary whole = read(path, status, stream, answer, [&answer] { return answer.size(); });
  check_counts(whole);
  std::minstd_rand random(data[1]);
  const AnswerSummary cut = read(path, status, stream, answer, [&random] { return 1 + random() % 40; });
  CHECK(same(whole, cut));
  return 0;
}
