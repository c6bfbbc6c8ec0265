// What holds for every answer that passes a filter, whatever it says.

#include <gtest/gtest.h>

#include <random>

#include "wire/case_file.h"
#include "wire/restoring_filter.h"
#include "wire/wire.h"

namespace reeve::wire {
namespace {

// Leaves everything as it is.
class Untouched final : public AnswerFilter {
 public:
  Result<void> feed(std::uint32_t, Kind, std::string_view text, std::string& out) override {
    out += text;
    return {};
  }
  Result<void> end(std::uint32_t, Kind, std::string&) override { return {}; }
};

class Refusing final : public AnswerFilter {
 public:
  Result<void> feed(std::uint32_t, Kind, std::string_view text, std::string& out) override {
    if (text.find("no") != std::string_view::npos) return Error{ErrorCode::kDenied, "Not that."};
    out += text;
    return {};
  }
  Result<void> end(std::uint32_t, Kind, std::string&) override { return {}; }
};

std::unique_ptr<AnswerRewriter> rewriter_for(std::string_view path, std::string_view content_type,
                                             AnswerFilter& filter) {
  return make_answer_rewriter(*find_route(path, true), 200, content_type, "", filter);
}

std::string delta(std::string_view text) {
  return "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
         "{\"type\":\"text_delta\",\"text\":\"" +
         std::string(text) + "\"}}\n\n";
}

TEST(AnswerRewriter, WhatIsLeftAsItIsGoesOnByteForByte) {
  std::vector<Case> answers = all_cases();
  std::erase_if(answers, [](const Case& each) { return each.kind != "answer"; });
  ASSERT_GE(answers.size(), 50U);
  std::mt19937 random(4711);
  std::size_t unread = 0;
  constexpr int kChunkings = 10'000;
  for (int round = 0; round < kChunkings; ++round) {
    const Case& test = answers[static_cast<std::size_t>(round) % answers.size()];
    // Halves of characters are put together, which changes bytes but not what they say.
    if (test.body.find("\\ud83d") != std::string::npos) continue;
    const auto content_type = test.settings.find("content-type");
    Untouched filter;
    const auto rewriter =
        rewriter_for(test.settings.at("path"),
                     content_type == test.settings.end() ? "application/json" : content_type->second, filter);
    if (rewriter == nullptr) continue;
    std::uniform_int_distribution<std::size_t> size(1, round % 3 == 0 ? 7 : 300);
    std::string out;
    bool read = true;
    for (std::size_t at = 0; at < test.body.size() && read;) {
      const std::string piece = test.body.substr(at, size(random));
      read = rewriter->feed(piece, out).ok();
      at += piece.size();
    }
    read = read && rewriter->finish(out).ok();
    unread += read ? 0 : 1;
    if (read) {
      ASSERT_EQ(out, test.body) << test.name;
    } else {
      ASSERT_TRUE(test.body.starts_with(out)) << test.name;
    }
  }
  EXPECT_LT(unread, kChunkings / 5);  // some cases are about answers that cannot be read
}

TEST(AnswerRewriter, AnEventGoesOnAsSoonAsItIsComplete) {
  Untouched filter;
  const auto rewriter = rewriter_for("/v1/messages", "text/event-stream", filter);
  std::string sent;
  std::string out;
  for (const std::string& each : {std::string(": ping\n\n"), delta("a"), std::string("data:\n\n"), delta("b")}) {
    sent += each;
    ASSERT_TRUE(rewriter->feed(each.substr(0, each.size() - 1), out).ok());
    EXPECT_EQ(out.size(), sent.size() - each.size());
    ASSERT_TRUE(rewriter->feed("\n", out).ok());
    EXPECT_EQ(out, sent);
  }
}

TEST(AnswerRewriter, AllLineEndsAreKept) {
  Untouched filter;
  for (const std::string_view end : {"\n", "\r\n", "\r"}) {
    const auto rewriter = rewriter_for("/v1/messages", "text/event-stream", filter);
    std::string stream = "\xEF\xBB\xBF";
    for (const std::string_view line :
         {"event: ping", R"(data: {"type":"ping"})", "", R"(data: {"type":"ping"})", ""}) {
      stream.append(line).append(end);
    }
    std::string out;
    for (const char byte : stream) ASSERT_TRUE(rewriter->feed({&byte, 1}, out).ok());
    EXPECT_EQ(out, stream);
    EXPECT_TRUE(rewriter->finish(out).ok());
    EXPECT_EQ(out, stream);
  }
}

TEST(AnswerRewriter, EventsOfOursEndTheirLinesAsTheStreamDoes) {
  const Originals originals = {{"RVAA0000000000000001", "x"}};
  RestoringFilter filter(originals);
  const auto rewriter = rewriter_for("/v1beta/models/g:streamGenerateContent", "text/event-stream", filter);
  std::string out;
  ASSERT_TRUE(
      rewriter->feed("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"aR\"}]}}]}\r\n\r\n", out).ok());
  ASSERT_TRUE(rewriter->finish(out).ok());
  EXPECT_TRUE(out.ends_with("\"index\":0}]}\r\n\r\n")) << out;
}

TEST(AnswerRewriter, WhatWasHeldBackGoesInFrontOfAnArraysEnd) {
  const Originals originals = {{"RVAA0000000000000001", "x"}};
  RestoringFilter filter(originals);
  const auto rewriter = rewriter_for("/v1beta/models/g:streamGenerateContent", "application/json", filter);
  const std::string start = R"([{"candidates":[{"content":{"parts":[{"text":"[{\"}\\ )";
  std::string out;
  ASSERT_TRUE(rewriter->feed(start + "RVAA0000000000000001 R\"}]}}]}\n,\r\n{\"candidates\":[]}\n]\n", out).ok());
  ASSERT_TRUE(rewriter->finish(out).ok());
  EXPECT_EQ(out, start + "x \"}]}}]}\n,\r\n{\"candidates\":[]}\n,\r\n" +
                     R"({"candidates":[{"content":{"parts":[{"text":"R"}],"role":"model"},"index":0}]}])" + "\n");
}

TEST(AnswerRewriter, HalfALineAtTheEndOvertakesNothing) {
  const Originals originals = {{"RVAA0000000000000001", "x"}};
  RestoringFilter filter(originals, 100);
  const auto rewriter = rewriter_for("/v1/messages", "text/event-stream", filter);
  const std::string stream = ": ping\n\n" + delta("a word") + ": pi";
  std::string out;
  ASSERT_TRUE(rewriter->feed(stream, out).ok());
  ASSERT_TRUE(rewriter->finish(out).ok());
  EXPECT_EQ(out, stream);
}

TEST(AnswerRewriter, WhatSaysSomethingElsewhereOvertakesNothing) {
  const std::string word = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"}}]}\n\n";
  for (const std::string& start : {std::string("\xEF\xBB\xBF"), std::string("event: ping\n")}) {
    const std::string sly = start + word;
    const Originals originals = {{"RVAA0000000000000001", "x"}};
    RestoringFilter filter(originals, 100);
    const auto rewriter = rewriter_for("/v1/chat/completions", "text/event-stream", filter);
    std::string out;
    ASSERT_TRUE(rewriter->feed(word + sly, out).ok());
    EXPECT_EQ(out, "") << sly;
    ASSERT_TRUE(rewriter->finish(out).ok()) << sly;
    EXPECT_EQ(out, word + sly);
  }
}

TEST(AnswerRewriter, AnEventThatOnlySpeaksAtTheBeginningIsNotOvertaken) {
  const std::string mark = "\xEF\xBB\xBF";
  const std::string word = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"}}]}\n\n";
  const std::string comment = ": still there\n\n";
  const Originals originals = {{"RVAA0000000000000001", "x"}};
  RestoringFilter filter(originals, 100);
  const auto rewriter = rewriter_for("/v1/chat/completions", "text/event-stream", filter);
  std::string out;
  ASSERT_TRUE(rewriter->feed(mark + word + comment, out).ok());
  EXPECT_EQ(out, "") << "readers skip the mark at the very beginning only";
  ASSERT_TRUE(rewriter->finish(out).ok());
  EXPECT_EQ(out, mark + word + comment);
}

TEST(AnswerRewriter, TheFiltersErrorEndsTheAnswer) {
  Refusing filter;
  const auto rewriter = rewriter_for("/v1/messages", "text/event-stream", filter);
  std::string out;
  const Result<void> fed = rewriter->feed(delta("yes") + delta("no") + delta("yes"), out);
  ASSERT_FALSE(fed.ok());
  EXPECT_EQ(fed.error().message, "Not that.");
  EXPECT_EQ(out, delta("yes"));
  EXPECT_FALSE(rewriter->feed(delta("yes"), out).ok());
  EXPECT_FALSE(rewriter->finish(out).ok());
  EXPECT_EQ(out, delta("yes"));

  const auto whole = rewriter_for("/v1/messages", "application/json", filter);
  ASSERT_TRUE(whole->feed(R"({"content":[{"type":"text","text":"no"}]})", out).ok());
  EXPECT_FALSE(whole->finish(out).ok());
  EXPECT_EQ(out, delta("yes"));
}

TEST(AnswerRewriter, WhatIsTooLargeToLookIntoDoesNotGoOn) {
  Untouched filter;
  const std::string piece(1 << 20, 'a');
  for (const auto& [path, type, start] :
       {std::tuple("/v1/messages", "text/event-stream", "data: {\"a\":\""),
        std::tuple("/v1beta/models/g:streamGenerateContent", "application/json", "[{\"a\":\"")}) {
    const auto rewriter = rewriter_for(path, type, filter);
    std::string out;
    ASSERT_TRUE(rewriter->feed(start, out).ok());
    const std::size_t before = out.size();
    Result<void> fed;
    for (int i = 0; i < 9 && fed; ++i) fed = rewriter->feed(piece, out);
    ASSERT_FALSE(fed.ok());
    EXPECT_EQ(fed.error().code, ErrorCode::kTooLarge);
    EXPECT_EQ(out.size(), before);
  }
  const auto whole = rewriter_for("/v1/messages", "application/json", filter);
  std::string out;
  Result<void> fed;
  for (int i = 0; i < 17 && fed; ++i) fed = whole->feed(piece, out);
  ASSERT_FALSE(fed.ok());
  EXPECT_EQ(fed.error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(out.empty());
}

TEST(AnswerRewriter, ChannelsThatNeverEndAreBounded) {
  Untouched filter;
  const auto rewriter = rewriter_for("/v1/messages", "text/event-stream", filter);
  std::string out;
  Result<void> fed;
  for (int i = 0; i < 2'000 && fed; ++i) {
    fed = rewriter->feed("data: {\"type\":\"content_block_delta\",\"index\":" + std::to_string(i) +
                             ",\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n",
                         out);
  }
  EXPECT_FALSE(fed.ok());
}

}  // namespace
}  // namespace reeve::wire
