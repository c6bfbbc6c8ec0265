// Runs the plain-text cases of src/wire/cases: see its README.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "wire/case_file.h"
#include "wire/restoring_filter.h"
#include "wire/wire.h"

namespace reeve::wire {
namespace {

std::string text(bool flag) { return flag ? "true" : "false"; }

std::string text(std::optional<ServiceTier> tier) {
  if (!tier) return "none";
  switch (*tier) {
    case ServiceTier::kStandard: return "standard";
    case ServiceTier::kBatch: return "batch";
    case ServiceTier::kPriority: return "priority";
    case ServiceTier::kFlex: return "flex";
  }
  return "?";
}

std::string setting(const Case& test, const std::string& name, const std::string& fallback) {
  const auto found = test.settings.find(name);
  return found == test.settings.end() ? fallback : found->second;
}

// Checks what `expect` names; a name that `seen` does not have is a mistake in the case.
void compare(const Case& test, const Fields& seen) {
  for (const auto& [name, wanted] : test.expect) {
    const auto found = seen.find(name);
    ASSERT_NE(found, seen.end()) << "unknown name: " << name;
    EXPECT_EQ(found->second, wanted) << name;
  }
}

std::string_view form_name(TextForm form) {
  switch (form) {
    case TextForm::kPlain: return "plain";
    case TextForm::kJsonString: return "string";
    case TextForm::kJsonValue: return "value";
  }
  return "?";
}

// "user string: hello": origin, form and the bytes as sent, in order.
std::vector<std::string> describe(std::string_view body, const std::vector<BodyText>& texts) {
  std::vector<std::string> lines;
  std::size_t end = 0;
  for (const BodyText& each : texts) {
    EXPECT_GE(each.offset, end);
    EXPECT_GT(each.length, 0U);
    end = each.offset + each.length;
    EXPECT_LE(end, body.size());
    lines.push_back(std::string(text_origin_name(each.origin)) + " " + std::string(form_name(each.form)) + ": " +
                    std::string(body.substr(each.offset, each.length)));
  }
  return lines;
}

Fields describe(const CallNeeds& needs) {
  return {{"images", text(needs.images)},
          {"documents", text(needs.documents)},
          {"audio", text(needs.audio)},
          {"schema", text(needs.structured_output)},
          {"effort", needs.effort},
          {"thinking_budget", needs.thinking_budget ? std::to_string(*needs.thinking_budget) : "none"},
          {"caches", text(needs.caches)},
          {"turns", std::to_string(needs.assistant_turns)},
          {"summary", text(needs.opens_with_summary)},
          {"bound", needs.bound_by}};
}

// The body as it goes to another model, and what else changes.
void run_swap(const Case& test) {
  const auto route = find_route(test.settings.at("path"), true);
  ASSERT_TRUE(route);
  const std::string body = test.body.substr(0, test.body.size() - 1);
  const std::string betas = setting(test, "betas", "");
  const HeaderLookup header = [&betas](std::string_view name) {
    return name == "anthropic-beta" ? std::string_view(betas) : std::string_view();
  };
  ASSERT_TRUE(read_request(*route, body).ok());
  const Result<ModelSwap> swap = plan_model_swap(*route, body, test.settings.at("model"), header);
  if (const auto wanted = test.expect.find("error"); wanted != test.expect.end()) {
    ASSERT_FALSE(swap.ok());
    EXPECT_EQ(swap.error().message, wanted->second);
    return;
  }
  ASSERT_TRUE(swap.ok()) << swap.error().message;
  const std::string swapped = apply_edits(body, swap->edits);
  if (test.swapped) EXPECT_EQ(swapped + "\n", *test.swapped);
  const Result<RequestView> again = read_request(swap->route, swapped);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->model, test.settings.at("model"));
  std::string reduced;
  for (const std::string& name : swap->reduced) reduced += (reduced.empty() ? "" : ", ") + name;
  compare(test, {{"betas", swap->headers.empty() ? betas : swap->headers.front().second},
                 {"path", swap->route.upstream_path},
                 {"reduced", reduced}});
}

void run_request(Case test) {
  const auto route = find_route(test.settings.at("path"), true);
  ASSERT_TRUE(route);
  const std::string_view body = std::string_view(test.body).substr(0, test.body.empty() ? 0 : test.body.size() - 1);
  std::vector<BodyText> texts(1);  // what an earlier request left there
  CallNeeds needs;
  const Result<RequestView> view = read_request(*route, body, &texts, &needs);
  const std::vector<std::string> described = describe(body, texts);
  if (!view.ok()) EXPECT_THAT(described, testing::IsEmpty());
  if (test.expect.contains("error")) {
    ASSERT_FALSE(view.ok());
    EXPECT_NE(view.error().message.find(test.expect["error"]), std::string::npos) << view.error().message;
    return;
  }
  ASSERT_TRUE(view.ok()) << view.error().message;
  if (const auto most = test.expect.find("estimate_max"); most != test.expect.end()) {
    EXPECT_LE(view->estimated_input_tokens, std::stoll(most->second));
    test.expect.erase(most);
  }
  if (test.texts) EXPECT_EQ(described, *test.texts);
  Fields seen = describe(needs);
  seen.insert({{"model", view->model},
               {"model_span", std::string(body.substr(view->model_span.offset, view->model_span.length))},
               {"stream", text(view->stream)},
               {"max_output_tokens", view->max_output_tokens ? std::to_string(*view->max_output_tokens) : "none"},
               {"tier", text(view->service_tier)},
               {"tools", text(view->has_tools)},
               {"thinking", text(view->has_thinking)},
               {"messages", std::to_string(view->messages)},
               {"session", view->session_in_body},
               {"estimate", std::to_string(view->estimated_input_tokens)}});
  compare(test, seen);
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

Fields summarize(const AnswerSummary& summary) {
  const TokenUsage& usage = summary.usage;
  return {{"input", std::to_string(usage.input)},
          {"cache_read", std::to_string(usage.cache_read)},
          {"cache_write_5m", std::to_string(usage.cache_write_5m)},
          {"cache_write_1h", std::to_string(usage.cache_write_1h)},
          {"output", std::to_string(usage.output)},
          {"reasoning", std::to_string(usage.reasoning)},
          {"input_audio", std::to_string(usage.input_audio)},
          {"output_audio", std::to_string(usage.output_audio)},
          {"web_searches", std::to_string(usage.web_searches)},
          {"input_reported", text(usage.input_reported)},
          {"output_reported", text(usage.output_reported)},
          {"model", summary.model},
          {"id", summary.response_id},
          {"stop", summary.stop_reason},
          {"complete", text(summary.complete)},
          {"error_type", summary.error_type},
          {"error_message", summary.error_message},
          {"tier", text(summary.service_tier)},
          {"events", std::to_string(summary.events)},
          {"bytes", std::to_string(summary.bytes)},
          {"generated", std::to_string(summary.generated_bytes)},
          {"tools", listed(summary.tools)}};
}

// Feeds the answer in pieces whose sizes `next_size` gives.
template <typename NextSize>
Fields read_in_pieces(const Case& test, NextSize next_size) {
  const auto route = find_route(test.settings.at("path"), true);
  RequestView request;
  request.estimated_input_tokens = std::stoll(setting(test, "estimate", "1000"));
  request.stream = setting(test, "stream", "false") == "true";
  const auto reader =
      make_answer_reader(*route, request, std::stoi(setting(test, "status", "200")),
                         setting(test, "content-type", "application/json"), setting(test, "content-encoding", ""));
  for (std::size_t at = 0; at < test.body.size();) {
    // A piece of its own, so that reading past its end is found by a sanitizer.
    const std::string piece = test.body.substr(at, next_size());
    reader->feed(piece);
    at += piece.size();
  }
  return summarize(reader->finish());
}

void run_answer(const Case& test) {
  ASSERT_TRUE(find_route(test.settings.at("path"), true));
  const Fields whole = read_in_pieces(test, [&test] { return test.body.size(); });
  compare(test, whole);
  for (const std::string count : {"input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning",
                                  "input_audio", "output_audio", "web_searches"}) {
    if (!test.expect.contains(count)) EXPECT_EQ(whole.at(count), "0") << count;
  }
  EXPECT_EQ(whole.at("bytes"), std::to_string(test.body.size()));

  EXPECT_EQ(read_in_pieces(test, [] { return std::size_t{1}; }), whole);
  std::mt19937 random(4711);
  for (int round = 0; round < 50; ++round) {
    std::uniform_int_distribution<std::size_t> size(1, round < 25 ? 7 : 400);
    EXPECT_EQ(read_in_pieces(test, [&] { return size(random); }), whole) << "round " << round;
  }
}

// What comes out, up to the first error, whose sentence follows.
template <typename NextSize>
std::string rewrite_in_pieces(const Case& test, NextSize next_size) {
  const Originals originals = {{"RVAA0000000000000001", "it's \"x\" \\ y\n"}, {"RVAA0000000000000002", "😀"}};
  RestoringFilter filter(originals);
  const auto rewriter = make_answer_rewriter(
      *find_route(test.settings.at("path"), true), std::stoi(setting(test, "status", "200")),
      setting(test, "content-type", "application/json"), setting(test, "content-encoding", ""), filter);
  if (rewriter == nullptr) return "none\n";
  std::string out;
  for (std::size_t at = 0; at < test.body.size();) {
    const std::string piece = test.body.substr(at, next_size());
    if (const Result<void> fed = rewriter->feed(piece, out); !fed) return out + fed.error().message + "\n";
    at += piece.size();
  }
  const Result<void> finished = rewriter->finish(out);
  return finished ? out : out + finished.error().message + "\n";
}

void run_rewrite(const Case& test) {
  ASSERT_EQ(rewrite_in_pieces(test, [&test] { return test.body.size(); }), *test.rewritten);
  ASSERT_EQ(rewrite_in_pieces(test, [] { return std::size_t{1}; }), *test.rewritten);
  std::mt19937 random(4711);
  for (int round = 0; round < 50; ++round) {
    std::uniform_int_distribution<std::size_t> size(1, round < 25 ? 7 : 400);
    ASSERT_EQ(rewrite_in_pieces(test, [&] { return size(random); }), *test.rewritten) << "round " << round;
  }
}

class WireCases : public testing::TestWithParam<Case> {};

TEST_P(WireCases, ReadAsWritten) {
  const Case& test = GetParam();
  SCOPED_TRACE(test.name);
  ASSERT_TRUE(test.settings.contains("path"));
  ASSERT_TRUE(test.texts || test.rewritten || test.swapped || !test.expect.empty());
  if (test.settings.contains("model")) {
    run_swap(test);
  } else if (test.kind == "request") {
    run_request(test);
  } else if (test.rewritten) {
    run_rewrite(test);
  } else {
    ASSERT_EQ(test.kind, "answer");
    run_answer(test);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, WireCases, testing::ValuesIn(all_cases()),
                         [](const testing::TestParamInfo<Case>& info) {
                           std::string name;
                           for (const char byte : info.param.name) name += std::isalnum(byte) != 0 ? byte : '_';
                           return name;
                         });

}  // namespace
}  // namespace reeve::wire
