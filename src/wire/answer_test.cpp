// Properties of answer readers that no single transcript shows. Transcripts are in cases/.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>

#include "core/json.h"
#include "wire/wire.h"

namespace {
std::atomic<std::size_t> allocations{0};
}

// Counts every allocation of this test program.
void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace reeve::wire {
namespace {

std::unique_ptr<AnswerReader> stream_reader(std::string_view path, std::int64_t estimated_input = 0) {
  RequestView request;
  request.estimated_input_tokens = estimated_input;
  return make_answer_reader(*find_route(path, false), request, 200, "text/event-stream", "");
}

std::string anthropic_delta(const std::string& text) {
  JsonWriter data;
  data.begin_object().member("type", "content_block_delta").member("index", 0).key("delta").begin_object();
  data.member("type", "text_delta").member("text", text).end_object().end_object();
  return "event: content_block_delta\ndata: " + data.take() + "\n\n";
}

std::string chat_delta(const std::string& text) {
  JsonWriter data;
  data.begin_object().member("id", "c").key("choices").begin_array().begin_object().key("delta").begin_object();
  data.member("content", text).end_object().end_object().end_array().end_object();
  return "data: " + data.take() + "\n\n";
}

std::string responses_delta(const std::string& text) {
  JsonWriter data;
  data.begin_object().member("type", "response.output_text.delta").member("delta", text).end_object();
  return "event: response.output_text.delta\ndata: " + data.take() + "\n\n";
}

std::string gemini_delta(const std::string& text) {
  JsonWriter data;
  data.begin_object().key("candidates").begin_array().begin_object().key("content").begin_object().key("parts");
  data.begin_array().begin_object().member("text", text).end_object().end_array().end_object().end_object();
  data.end_array().end_object();
  return "data: " + data.take() + "\r\n\r\n";
}

struct Stream {
  std::string_view path;
  std::string (*delta)(const std::string& text);
};
constexpr Stream kStreams[] = {{"/v1/messages", anthropic_delta},
                               {"/v1/chat/completions", chat_delta},
                               {"/v1/responses", responses_delta},
                               {"/v1beta/models/g:streamGenerateContent", gemini_delta}};

// docs/metering.md, "The bound": for 2 to 8 bytes a token the estimate of a cut stream is within 4/7 and 16/7 (+ 1).
TEST(AnswerSoFar, GrowsWithWhatWasGeneratedAndTakesReportedFiguresOverEstimates) {
  const auto reader = stream_reader("/v1/messages", 40);
  EXPECT_EQ(reader->so_far().input, 40);
  EXPECT_EQ(reader->so_far().output, 0);
  reader->feed(anthropic_delta(std::string(70, 'a')));
  EXPECT_EQ(reader->so_far().output, 20);
  reader->feed(
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":12,"
      "\"cache_read_input_tokens\":100,\"output_tokens\":1}}}\n\n");
  EXPECT_EQ(reader->so_far().input, 12);
  EXPECT_EQ(reader->so_far().cache_read, 100);
  EXPECT_EQ(reader->so_far().output, 20);
  reader->feed(
      "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
      "\"usage\":{\"output_tokens\":17}}\n\n");
  EXPECT_EQ(reader->so_far().output, 17);
  EXPECT_EQ(reader->finish().usage.output, 17);
}

TEST(AnswerReader, TheEstimateOfACutStreamKeepsItsBound) {
  const std::vector<std::string> words = {"token ", "{\"path\": ", "naïve ", "日本語",
                                          "\n\t",   "\"quoted\" ", "a",      "🙂"};
  std::mt19937 random(4);
  for (const Stream& stream : kStreams) {
    for (int round = 0; round < 200; ++round) {
      const auto reader = stream_reader(stream.path, 77);
      std::size_t generated = 0;
      for (std::size_t events = random() % 30; events > 0; --events) {
        std::string text;
        for (std::size_t i = random() % 6; i > 0; --i) text += words[random() % words.size()];
        generated += text.size();
        reader->feed(stream.delta(text));
      }
      const AnswerSummary summary = reader->finish();
      ASSERT_EQ(summary.generated_bytes, generated);
      EXPECT_FALSE(summary.complete);
      EXPECT_FALSE(summary.usage.input_reported);
      EXPECT_FALSE(summary.usage.output_reported);
      EXPECT_EQ(summary.usage.input, 77);
      const double estimate = static_cast<double>(summary.usage.output);
      for (const double bytes_per_token : {2.0, 3.5, 4.0, 8.0}) {
        const double tokens = static_cast<double>(generated) / bytes_per_token;
        EXPECT_GE(estimate, tokens * 4 / 7);
        EXPECT_LE(estimate, tokens * 16 / 7 + 1);
      }
    }
  }
}

TEST(AnswerReader, AnEventCostsNoAllocation) {
  for (const Stream& stream : kStreams) {
    const auto reader = stream_reader(stream.path);
    const std::string event = stream.delta("Some words\nof an \"answer\" with \t escapes, longer than a short string.");
    const auto feed = [&](int times) {
      for (int i = 0; i < times; ++i) {
        reader->feed(std::string_view(event).substr(0, 30));
        reader->feed(std::string_view(event).substr(30));
      }
    };
    feed(10);
    const std::size_t before = allocations.load();
    feed(1000);
    EXPECT_EQ(allocations.load(), before) << stream.path;
  }
}

TEST(AnswerReader, AnAnswerThatIsTooLargeToKeepIsEstimated) {
  RequestView request;
  request.estimated_input_tokens = 5;
  const auto reader = make_answer_reader(*find_route("/v1/messages", false), request, 200, "application/json", "");
  const std::string piece(1 << 20, ' ');
  for (int i = 0; i < 17; ++i) reader->feed(piece);
  reader->feed(R"({"usage":{"input_tokens":1,"output_tokens":1}})");
  const AnswerSummary summary = reader->finish();
  EXPECT_FALSE(summary.complete);
  EXPECT_EQ(summary.usage.input, 5);
  EXPECT_GT(summary.usage.output, 17 << 18);
  EXPECT_FALSE(summary.usage.reported());
}

TEST(AnswerReader, EventsThatCannotBeReadAreCountedAndPassedOver) {
  const auto reader = stream_reader("/v1/messages");
  reader->feed("data: " + std::string(9UL << 20U, 'x') + "\n\n");
  reader->feed("data: " + std::string(500, '[') + "\n\n");
  reader->feed("data: \xFF\xFE\n\n");
  reader->feed("data: [1,2]\n\ndata: \"text\"\n\ndata: null\n\n");
  reader->feed(anthropic_delta("1234567"));
  const AnswerSummary summary = reader->finish();
  EXPECT_EQ(summary.events, 7U);
  EXPECT_EQ(summary.generated_bytes, 7U);
  EXPECT_EQ(summary.usage.output, 2);
}

TEST(AnswerReader, ErrorMessagesAreBoundedAndPrintable) {
  const auto reader = make_answer_reader(*find_route("/v1/messages", false), {}, 400, "application/json", "");
  reader->feed(R"({"type":"error","error":{"type":"invalid_request_error","message":"\u001b[31m)" +
               std::string(5'000, 'm') + R"("}})");
  const AnswerSummary summary = reader->finish();
  EXPECT_EQ(summary.error_type, "invalid_request_error");
  EXPECT_LT(summary.error_message.size(), 600U);
  EXPECT_EQ(summary.error_message.find('\x1b'), std::string::npos);
}

TEST(AnswerReader, HeadersDecideHowAnAnswerIsRead) {
  const std::string event = anthropic_delta("1234567");
  const auto generated = [&event](std::string_view type, std::string_view encoding, bool asked_stream) {
    RequestView request;
    request.stream = asked_stream;
    const auto reader = make_answer_reader(*find_route("/v1/messages", false), request, 200, type, encoding);
    reader->feed(event);
    return reader->finish().generated_bytes;
  };
  EXPECT_EQ(generated("text/event-stream", "", false), 7U);
  EXPECT_EQ(generated("Text/Event-Stream ; charset=utf-8", "identity", false), 7U);
  EXPECT_EQ(generated("", "", true), 7U);
  EXPECT_EQ(generated("text/event-stream", "gzip", true), event.size());
  EXPECT_EQ(generated("application/json", "", true), event.size());
}

}  // namespace
}  // namespace reeve::wire
