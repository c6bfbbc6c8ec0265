#include "core/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <thread>
#include <vector>

#include "core/bytes.h"
#include "core/json.h"

namespace reeve {
namespace {

using ::testing::HasSubstr;

class Log : public ::testing::Test {
 protected:
  void TearDown() override { configure_log(LogLevel::kInfo, LogFormat::kText); }

  /// What `write` puts on standard error.
  template <typename F>
  std::string captured(F write) {
    ::testing::internal::CaptureStderr();
    write();
    return ::testing::internal::GetCapturedStderr();
  }
};

TEST_F(Log, WritesOneTextLineAnEvent) {
  const std::string line = captured([] {
    log_warning("upstream slow",
                {{"provider", "anthropic"}, {"ms", 1500}, {"retry", true}, {"empty", ""}, {"said", "a b=c"}});
  });
  EXPECT_EQ(line.substr(27),
            " warning upstream slow provider=anthropic ms=1500 retry=true empty=\"\" said=\"a b=c\"\n");
}

TEST_F(Log, WritesJsonThatReadsBack) {
  configure_log(LogLevel::kInfo, LogFormat::kJson);
  const std::string line = captured([] {
    log_error("bad \"thing\"", {{"name", "é\n\xff"},
                                {"count", std::uint64_t{7}},
                                {"share", 0.5},
                                {"nan", std::nan("")},
                                {"inf", HUGE_VAL},
                                {"flag", false}});
  });
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  const auto document = JsonDocument::parse(line);
  ASSERT_TRUE(document.ok()) << line;
  EXPECT_EQ(document->root()["event"].as_string(), "bad \"thing\"");
  EXPECT_EQ(document->root()["level"].as_string(), "error");
  EXPECT_EQ(document->root()["count"].as_int(), 7);
  EXPECT_EQ(document->root()["flag"].as_bool(), false);
  EXPECT_EQ(document->root()["name"].as_string(), "é\\x0a\\xff");
}

TEST_F(Log, AValueCannotForgeALineOrFloodTheLog) {
  const std::string line = captured([] {
    log_info("event", {{"value", std::string("x\n2026-01-01 error forged\x1b[2J") + std::string(100'000, 'y')}});
  });
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_LT(line.size(), 700U);
}

TEST_F(Log, LevelsBelowTheSetOneAreSilent) {
  EXPECT_EQ(captured([] { log_debug("quiet"); }), "");
  configure_log(LogLevel::kError, LogFormat::kText);
  EXPECT_EQ(log_level(), LogLevel::kError);
  EXPECT_EQ(captured([] { log_warning("quiet"); }), "");
  EXPECT_THAT(captured([] { log_error("loud"); }), HasSubstr("error loud"));
}

TEST_F(Log, LinesOfThreadsDoNotMix) {
  const std::string all = captured([] {
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 200; ++i) log_info("together", {{"filler", std::string(200, 'z')}});
      });
    }
    for (auto& thread : threads) thread.join();
  });
  std::size_t lines = 0;
  for (const std::string_view line : split(all, '\n')) {
    if (line.empty()) continue;
    ++lines;
    EXPECT_EQ(line.size(), 27 + std::string(" info together filler=").size() + 200);
  }
  EXPECT_EQ(lines, 800U);
}

}  // namespace
}  // namespace reeve
