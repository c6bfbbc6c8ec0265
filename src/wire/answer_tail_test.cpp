// Sentences of ours inside answers: where a note stands, that all else is as it came, and how a stream ends early.
// Every answer is fed whole, byte by byte and in random pieces.

#include <gtest/gtest.h>

#include <random>

#include "core/json.h"
#include "wire/wire.h"

namespace reeve::wire {
namespace {

constexpr std::string_view kNote = "Reeve: \"small\" answers.";
constexpr std::string_view kNoteJson = R"(\n\nReeve: \"small\" answers.)";

struct Outcome {
  std::string out;
  bool noted = false;
  bool operator==(const Outcome&) const = default;
};

std::string content_type_of(const std::string& answer) {
  return answer.starts_with('{') || answer.starts_with('[') ? "application/json" : "text/event-stream";
}

template <typename NextSize>
Outcome pass(const std::string& path, const std::string& answer, std::string_view note, NextSize next_size) {
  const auto tail = make_answer_tail(*find_route(path, true), 200, content_type_of(answer), "", note);
  Outcome outcome;
  for (std::size_t at = 0; at < answer.size();) {
    const std::string piece = answer.substr(at, next_size());
    EXPECT_TRUE(tail->feed(piece, outcome.out).ok());
    at += piece.size();
  }
  EXPECT_TRUE(tail->finish(outcome.out).ok());
  outcome.noted = tail->noted();
  return outcome;
}

Outcome pass(const std::string& path, const std::string& answer, std::string_view note = kNote) {
  const Outcome whole = pass(path, answer, note, [&answer] { return answer.size(); });
  EXPECT_EQ(pass(path, answer, note, [] { return std::size_t{1}; }), whole);
  std::mt19937 random(4711);
  for (int round = 0; round < 40; ++round) {
    std::uniform_int_distribution<std::size_t> size(1, round < 20 ? 7 : 300);
    EXPECT_EQ(pass(path, answer, note, [&] { return size(random); }), whole) << "round " << round;
  }
  return whole;
}

// The answer goes on with the note in it, and without a note, or with one that has no place, as it came.
void expect_note(const std::string& path, const std::string& answer, const std::string& with_note) {
  EXPECT_EQ(pass(path, answer), (Outcome{with_note, true}));
  EXPECT_EQ(pass(path, answer, ""), (Outcome{answer, false}));
}
void expect_none(const std::string& path, const std::string& answer) {
  EXPECT_EQ(pass(path, answer), (Outcome{answer, false}));
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

// ---- Anthropic

constexpr std::string_view kMessages = "/v1/messages";

std::string event(const std::string& type, const std::string& members) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + (members.empty() ? "" : "," + members) + "}\n\n";
}

const std::string kStart = event("message_start", R"("message":{"id":"m","usage":{"input_tokens":5}})");
const std::string kThinking =
    event("content_block_start", R"("index":0,"content_block":{"type":"thinking"})") +
    event("content_block_delta", R"("index":0,"delta":{"type":"signature_delta","signature":"s"})") +
    event("content_block_stop", R"("index":0)");
const std::string kText =
    event("content_block_start", R"("index":1,"content_block":{"type":"text","text":""})") +
    event("content_block_delta", R"("index":1,"delta":{"type":"text_delta","text":"hi \ud83d\ude00"})");
const std::string kTextStop = event("content_block_stop", R"("index":1)");
const std::string kPing = event("ping", "");

std::string message_end(const std::string& reason) {
  return event("message_delta", R"("delta":{"stop_reason":")" + reason + R"("},"usage":{"output_tokens":7})") +
         event("message_stop", "");
}

TEST(AnswerTail, ANoteStandsBehindTheLastTextOfAnthropicsStream) {
  const std::string note = event("content_block_delta",
                                 R"("index":1,"delta":{"type":"text_delta","text":")" + std::string(kNoteJson) + "\"}");
  for (const std::string& between : {std::string(), kPing, std::string(": comment\n\n")}) {
    expect_note(std::string(kMessages), kStart + kThinking + kText + kTextStop + between + message_end("end_turn"),
                kStart + kThinking + kText + note + kTextStop + between + message_end("end_turn"));
  }
}

TEST(AnswerTail, NoNoteWhereTheTurnGoesOnOrTheTextIsNotTheEnd) {
  const std::string path(kMessages);
  const std::string tool = event("content_block_start", R"("index":2,"content_block":{"type":"tool_use","id":"t"})") +
                           event("content_block_stop", R"("index":2)");
  const std::string more_thinking = event("content_block_start", R"("index":2,"content_block":{"type":"thinking"})") +
                                    event("content_block_stop", R"("index":2)");
  expect_none(path, kStart + kText + kTextStop + tool + message_end("tool_use"));
  expect_none(path, kStart + kText + kTextStop + tool + message_end("end_turn"));
  expect_none(path, kStart + kText + kTextStop + more_thinking + message_end("end_turn"));
  expect_none(path, kStart + kText + kTextStop + message_end("max_tokens"));
  expect_none(path, kStart + kThinking + message_end("end_turn"));
  expect_none(path, kStart + kText + kTextStop);  // cut
  expect_none(path, kStart + kText + kTextStop + "data: {not json\n\n" + kTextStop);
  EXPECT_EQ(make_answer_tail(*find_route(path, true), 429, "text/event-stream", "", kNote), nullptr);
  EXPECT_EQ(make_answer_tail(*find_route(path, true), 200, "text/event-stream", "gzip", kNote), nullptr);
}

TEST(AnswerTail, ANoteInAWholeAnswerOfAnthropic) {
  const std::string answer =
      R"({ "content": [ {"type":"thinking","signature":"s"}, {"type": "text", "text": "hi"} ], "stop_reason": "end_turn" })";
  expect_note("/v1/messages", answer, replaced(answer, "\"hi\"", "\"hi" + std::string(kNoteJson) + "\""));
  expect_none("/v1/messages", replaced(answer, "end_turn", "tool_use"));
  expect_none("/v1/messages", replaced(answer, "\"text\", \"text\"", "\"tool_use\", \"text\""));
}

// ---- Chat

std::string chunk(const std::string& delta, const std::string& reason = "null") {
  return R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":)" +
         delta + R"(,"finish_reason":)" + reason + "}]}\n\n";
}

TEST(AnswerTail, ANoteStandsBeforeTheChunkThatEndsAChat) {
  const std::string path = "/v1/chat/completions";
  const std::string begin = chunk(R"({"role":"assistant","content":""})") + chunk(R"({"content":"hi"})");
  const std::string usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\ndata: [DONE]\n\n";
  const std::string note = chunk("{\"content\":\"" + std::string(kNoteJson) + "\"}");
  expect_note(path, begin + chunk("{}", "\"stop\"") + usage, begin + note + chunk("{}", "\"stop\"") + usage);
  // The last text in the chunk that ends it.
  const std::string last = chunk(R"({"content":"ho"})", "\"stop\"");
  expect_note(path, begin + last + usage,
              begin + replaced(last, "\"ho\"", "\"ho" + std::string(kNoteJson) + "\"") + usage);
  expect_none(path, begin + chunk("{}", "\"tool_calls\"") + usage);
  expect_none(path, begin + chunk(R"({"tool_calls":[{"index":0}]})") + chunk("{}", "\"stop\"") + usage);
  expect_none(path, begin + chunk("{}", "\"length\"") + usage);
  expect_none(path, chunk(R"({"content":""})") + chunk("{}", "\"stop\"") + usage);
}

TEST(AnswerTail, ANoteInAWholeChat) {
  const std::string answer =
      R"({"choices":[{"index":0,"message":{"role":"assistant","content":"hi","tool_calls":[]},"finish_reason":"stop"}]})";
  expect_note("/v1/chat/completions", answer, replaced(answer, "\"hi\"", "\"hi" + std::string(kNoteJson) + "\""));
  expect_none("/v1/chat/completions", replaced(answer, "\"stop\"", "\"length\""));
  expect_none("/v1/chat/completions", replaced(answer, "[]", "[{}]"));
}

// ---- Responses

std::string numbered(int number, const std::string& type, const std::string& members) {
  return event(type, "\"sequence_number\":" + std::to_string(number) + "," + members);
}

// Created, an item of reasoning, a message of one text, completed; with the note there is one event more.
std::string response(bool with_note, const std::string& after = "") {
  const std::string place = R"("item_id":"i","output_index":1,"content_index":0)";
  const std::string text = "hi" + std::string(with_note ? kNoteJson : "");
  const std::string item = R"({"id":"i","type":"message","content":[{"type":"output_text","text":")" + text + "\"}]}";
  const int moved = with_note ? 1 : 0;
  std::string out = numbered(0, "response.created", R"("response":{"id":"r","object":"response","model":"m"})");
  out += numbered(1, "response.output_item.done", R"("output_index":0,"item":{"type":"reasoning"})");
  out += numbered(2, "response.output_item.added", R"("output_index":1,"item":{"id":"i","type":"message"})");
  out += numbered(3, "response.output_text.delta", place + R"(,"delta":"hi")");
  if (with_note) {
    out += numbered(4, "response.output_text.delta", place + ",\"delta\":\"" + std::string(kNoteJson) + "\"");
  }
  out += numbered(4 + moved, "response.output_text.done", place + ",\"text\":\"" + text + "\"");
  out += numbered(5 + moved, "response.content_part.done",
                  place + R"(,"part":{"type":"output_text","text":")" + text + "\"}");
  out += numbered(6 + moved, "response.output_item.done", "\"output_index\":1,\"item\":" + item);
  out += after;
  out += numbered(7 + moved, "response.completed",
                  R"("response":{"id":"r","status":"completed","output":[{"type":"reasoning"},)" + item +
                      R"(],"usage":{"output_tokens":3}})");
  return out;
}

TEST(AnswerTail, ANoteIsInEveryRepetitionOfAResponse) {
  expect_note("/v1/responses", response(false), response(true));
  expect_none("/v1/responses", response(false, numbered(7, "response.output_item.added",
                                                        R"("output_index":2,"item":{"type":"function_call"})")));
}

TEST(AnswerTail, ANoteInAWholeResponse) {
  const std::string answer =
      R"({"status":"completed","output":[{"type":"reasoning"},{"type":"message","content":[{"type":"output_text","text":"hi"}]}]})";
  expect_note("/v1/responses", answer, replaced(answer, "\"hi\"", "\"hi" + std::string(kNoteJson) + "\""));
  expect_none("/v1/responses", replaced(answer, "reasoning", "function_call"));
}

// ---- Gemini

constexpr std::string_view kSse = "/v1beta/models/gemini-3.8-flash:streamGenerateContent";

std::string candidate(const std::string& parts, const std::string& reason = "") {
  return R"({"candidates":[{"content":{"parts":[)" + parts + R"(],"role":"model"},)" + reason +
         R"("index":0}],"modelVersion":"g","responseId":"r"})";
}

std::string note_of_gemini() {
  return R"({"modelVersion":"g","responseId":"r","candidates":[{"content":{"parts":[{"text":")" +
         std::string(kNoteJson) + R"("}],"role":"model"},"index":0}]})";
}

TEST(AnswerTail, ANoteInAStreamOfGemini) {
  const std::string path(kSse);
  const std::string stop = R"("finishReason":"STOP",)";
  const auto data = [](const std::string& json) { return "data: " + json + "\r\n\r\n"; };
  const std::string first = data(candidate(R"({"text":"hi"})"));
  const std::string sealed = data(candidate(R"({"text":"","thoughtSignature":"s"})", stop));
  expect_note(path, first + sealed, first + data(note_of_gemini()) + sealed);
  const std::string last = data(candidate(R"({"text":"ho"})", stop));
  expect_note(path, first + last, first + replaced(last, "\"ho\"", "\"ho" + std::string(kNoteJson) + "\""));
  expect_none(path, first + data(candidate(R"({"text":"ho","thoughtSignature":"s"})", stop)));
  expect_none(path, first + data(candidate(R"({"functionCall":{"name":"n"}})", stop)));
  expect_none(path, data(candidate(R"({"text":"hm","thought":true})", stop)));
  expect_none(path, first + data(candidate("", R"("finishReason":"MAX_TOKENS",)")));
  // The same as elements of an array.
  const std::string array = "[" + candidate(R"({"text":"hi"})") + ",\n" + candidate("", stop) + "]";
  expect_note(path, array,
              "[" + candidate(R"({"text":"hi"})") + ",\n" + note_of_gemini() + ",\r\n" + candidate("", stop) + "]");
}

// ---- Ending early

const Refusal kRefusal = {RefusalReason::kBudget, "The \"team\" has spent its budget.", "", "req", {}, {}};

// What the client has, when the stream ends after `answer`.
std::string ended(const std::string& path, const std::string& answer, const std::string& unfinished = "") {
  const auto tail = make_answer_tail(*find_route(path, true), 200, content_type_of(answer), "", kNote);
  std::string out;
  EXPECT_TRUE(tail->feed(answer + unfinished, out).ok());
  EXPECT_TRUE(out.starts_with(answer));
  out.clear();
  tail->end_early(kRefusal, 42, out);
  const auto again = make_answer_tail(*find_route(path, true), 200, content_type_of(answer), "", "");
  std::string other;
  for (const char byte : answer + unfinished) EXPECT_TRUE(again->feed({&byte, 1}, other).ok());
  other.clear();
  again->end_early(kRefusal, 42, other);
  EXPECT_EQ(other, out);
  return out;
}

// The stream as a whole, as our own reader takes it.
AnswerSummary read_all(const std::string& path, const std::string& answer) {
  const auto reader = make_answer_reader(*find_route(path, true), RequestView(), 200, content_type_of(answer), "");
  reader->feed(answer);
  return reader->finish();
}

TEST(AnswerTail, AnthropicsStreamEndsAsATurnThatIsOver) {
  const std::string path(kMessages);
  const std::string said = R"(The \"team\" has spent its budget.)";
  const std::string end = event("message_delta", R"("delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                                                 R"("usage":{"output_tokens":42})") +
                          event("message_stop", "");
  EXPECT_EQ(ended(path, kStart + kText, "event: content_blo"),
            event("content_block_delta", R"("index":1,"delta":{"type":"text_delta","text":"\n\n)" + said + "\"}") +
                kTextStop + end);
  // Half a call, half a thought: left open, since a client would believe what is closed.
  const std::string apart =
      event("content_block_start", R"("index":1,"content_block":{"type":"text","text":""})") +
      event("content_block_delta", R"("index":1,"delta":{"type":"text_delta","text":")" + said + "\"}") + kTextStop +
      end;
  EXPECT_EQ(ended(path, kStart + event("content_block_start", R"("index":0,"content_block":{"type":"tool_use"})") +
                            event("content_block_delta", R"("index":0,"delta":{"type":"input_json_delta"})")),
            apart);
  EXPECT_EQ(ended(path, kStart + event("content_block_start", R"("index":0,"content_block":{"type":"thinking"})")),
            apart);
  const AnswerSummary summary = read_all(path, kStart + kText + ended(path, kStart + kText));
  EXPECT_TRUE(summary.complete);
  EXPECT_EQ(summary.stop_reason, "end_turn");
  EXPECT_EQ(summary.usage.output, 42);
}

TEST(AnswerTail, OtherStreamsEndLikewise) {
  const std::string chat = chunk(R"({"content":"hi"})");
  EXPECT_EQ(
      ended("/v1/chat/completions", chat, "data: {"),
      chunk(R"({"content":"\n\nThe \"team\" has spent its budget."})") + chunk("{}", "\"stop\"") + "data: [DONE]\n\n");
  const std::string gemini = "data: " + candidate(R"({"text":"hi"})") + "\r\n\r\n";
  const AnswerSummary of_gemini = read_all(std::string(kSse), gemini + ended(std::string(kSse), gemini));
  EXPECT_EQ(of_gemini.stop_reason, "STOP");
  for (const std::string& array : {"[" + candidate(R"({"text":"hi"})"), "[" + candidate(R"({"text":"hi"})") + ","}) {
    const std::string whole = array + ended(std::string(kSse), array, array.ends_with(',') ? "\n{\"cand" : "");
    EXPECT_TRUE(JsonDocument::parse(whole).ok()) << whole;
  }
}

TEST(AnswerTail, AResponseIsCompletedWithTheSentence) {
  const std::string path = "/v1/responses";
  const std::string place = R"("item_id":"i","output_index":0,"content_index":0)";
  const std::string head = numbered(0, "response.created", R"("response":{"id":"r","object":"response","model":"m"})");
  const std::string open =
      head + numbered(1, "response.output_item.added", R"("output_index":0,"item":{"id":"i","type":"message"})") +
      numbered(2, "response.output_text.delta", place + R"(,"delta":"h\u00ef")");
  const std::string end = ended(path, open);
  EXPECT_NE(end.find(R"("sequence_number":3,"item_id":"i","output_index":0,"content_index":0,"delta":"\n\nThe)"),
            std::string::npos);
  EXPECT_NE(end.find(R"("text":"h\u00ef\n\nThe \"team\" has spent its budget.")"), std::string::npos);
  const AnswerSummary summary = read_all(path, open + end);
  EXPECT_TRUE(summary.complete);
  EXPECT_EQ(summary.stop_reason, "completed");
  EXPECT_EQ(summary.usage.output, 42);

  const std::string calling =
      head + numbered(1, "response.output_item.added", R"("output_index":0,"item":{"id":"f","type":"function_call"})") +
      numbered(2, "response.function_call_arguments.delta", R"("item_id":"f","output_index":0,"delta":"{")");
  const std::string after_call = ended(path, calling);
  EXPECT_NE(after_call.find(R"("output_index":1,"item":{"id":"msg_reeve_1")"), std::string::npos);
  EXPECT_EQ(after_call.find("function_call"), std::string::npos);
}

TEST(AnswerTail, WhatHasNotBegunOrIsOverEndsWithAnError) {
  const std::string path(kMessages);
  const std::string over = kStart + kText + kTextStop + message_end("max_tokens");
  EXPECT_EQ(ended(path, over), encode_stream_error(Dialect::kAnthropic, kRefusal));
  EXPECT_EQ(ended("/v1/chat/completions", ": waiting\n\n"), encode_stream_error(Dialect::kOpenAiChat, kRefusal));
}

}  // namespace
}  // namespace reeve::wire
