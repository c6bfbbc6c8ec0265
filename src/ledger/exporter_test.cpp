#include <gmock/gmock.h>
#include <fstream>

#include "ledger/export_position.h"
#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class RecordingSink final : public ExportSink {
 public:
  struct State {
    std::vector<std::vector<std::uint64_t>> batches;
    bool broken = false;
    int attempts = 0;
    std::vector<std::uint64_t> indexes() const {
      std::vector<std::uint64_t> all;
      for (const auto& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
      return all;
    }
  };
  explicit RecordingSink(State& state) : state_(state) {}
  Result<void> deliver(const ExportBatch& batch, Instant) override {
    ++state_.attempts;
    if (state_.broken) return Error{ErrorCode::kUnavailable, "it is broken"};
    state_.batches.emplace_back();
    for (const ExportRecord& record : batch.records) state_.batches.back().push_back(record.index);
    return {};
  }

 private:
  State& state_;
};

class ExporterTest : public testing::Test {
 protected:
  ExporterTest() {
    LogOptions options;
    options.directory = directory_.ledger();
    options.origin = "log.example";
    options.node = "n1";
    options.segment_bytes = 1U << 20U;
    auto log = Log::open(options);
    CHECK(log.ok());
    log_ = *std::move(log);
    settings_.name = "s";
    settings_.format = "jsonl";
    settings_.from_start = true;
    settings_.entries_max = 4;
    settings_.wait = Duration::zero();
    std::vector<Diagnostic> complaints;
    mappings_ = ExportMappings::build(
        parse_yaml("kind: ExportMapping\nname: jsonl\nrecord: entry\n", "m.yaml", complaints), complaints);
  }

  void append(int count, std::string_view kind = "test.happened") {
    for (int i = 0; i < count; ++i) {
      Entry entry;
      entry.kind = kind;
      ASSERT_TRUE(log_->append_and_wait(entry));
    }
    // What a reader beside the writer sees is what a checkpoint covers.
    const auto reader = LogReader::open(directory_.ledger());
    ASSERT_TRUE(reader);
    for (int i = 0; i < 500 && (*reader)->size() < log_->size(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

  std::unique_ptr<Exporter> exporter() {
    Exporter::Options options;
    options.settings = settings_;
    options.mapping = *mappings_->find("jsonl");
    options.source = {"log.example", "1"};
    options.directory = directory_.path() / "exports";
    options.ledger = directory_.ledger();
    options.tell = [this](const std::string& detail) {
      Entry entry;
      entry.kind = "ledger.exported";
      entry.detail = detail;
      CHECK(log_->append_and_wait(entry).ok());
      ++told_;
    };
    options.clock = &clock_;
    auto made = Exporter::create(std::move(options), std::make_unique<RecordingSink>(sink_));
    CHECK(made.ok());
    return *std::move(made);
  }

  /// Steps until nothing more comes of it.
  void run(Exporter& exporter) {
    for (int quiet = 0; quiet < 3;) {
      const auto before = sink_.attempts;
      exporter.step();
      clock_.advance(std::chrono::milliseconds(300));
      quiet = sink_.attempts == before ? quiet + 1 : 0;
    }
  }

  std::filesystem::path position() const { return export_position_file(directory_.path() / "exports", "s"); }

  TemporaryDirectory directory_;
  std::unique_ptr<Log> log_;
  std::shared_ptr<const ExportMappings> mappings_;
  ExportSettings settings_;
  RecordingSink::State sink_;
  ManualClock clock_{from_unix_seconds(1'800'000'000)};
  int told_ = 0;
};

TEST_F(ExporterTest, DeliversInOrderAndGoesOnWhereItWas) {
  append(6);
  auto first = exporter();
  run(*first);
  EXPECT_THAT(sink_.batches.front(), ElementsAre(0, 1, 2, 3));
  const std::size_t so_far = sink_.indexes().size();
  first->finish();
  first.reset();
  append(3);
  auto second = exporter();
  run(*second);
  const auto indexes = sink_.indexes();
  ASSERT_GT(indexes.size(), so_far);
  for (std::size_t i = 0; i < indexes.size(); ++i) EXPECT_EQ(indexes[i], i);
}

TEST_F(ExporterTest, KeepsTryingTheSameBatchWithLongerWaits) {
  settings_.first = std::chrono::seconds(1);
  settings_.longest = std::chrono::seconds(4);
  append(5);
  sink_.broken = true;
  auto exporter = this->exporter();
  std::vector<Moment> attempts;
  for (int i = 0; i < 400 && attempts.size() < 5; ++i) {
    const int before = sink_.attempts;
    exporter->step();
    if (sink_.attempts > before) attempts.push_back(clock_.steady());
    clock_.advance(std::chrono::milliseconds(100));
  }
  ASSERT_THAT(attempts, SizeIs(5));
  EXPECT_EQ(attempts[1] - attempts[0], std::chrono::seconds(1));
  EXPECT_EQ(attempts[2] - attempts[1], std::chrono::seconds(2));
  EXPECT_EQ(attempts[3] - attempts[2], std::chrono::seconds(4));
  EXPECT_EQ(attempts[4] - attempts[3], std::chrono::seconds(4));
  EXPECT_EQ(exporter->status().failures, 5U);
  EXPECT_EQ(exporter->status().last_error, "it is broken");
  EXPECT_TRUE(std::filesystem::exists(export_trouble_file(directory_.path() / "exports", "s")));
  sink_.broken = false;
  clock_.advance(std::chrono::seconds(5));
  run(*exporter);
  EXPECT_THAT(sink_.batches.front(), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(exporter->status().failed_in_a_row, 0);
  EXPECT_FALSE(std::filesystem::exists(export_trouble_file(directory_.path() / "exports", "s")));
}

TEST_F(ExporterTest, PositionIsNeverAheadOfTheSink) {
  append(5);
  sink_.broken = true;
  auto exporter = this->exporter();
  exporter->step();
  exporter->finish();
  const auto kept = read_export_position(position(), "log.example");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->next, 0U);
}

TEST_F(ExporterTest, ALostPositionIsFoundInTheLedger) {
  append(6);
  auto first = exporter();
  run(*first);
  first->finish();
  first.reset();
  append(2);
  std::ofstream(position()) << "next 3 read-fr";
  const std::size_t before = sink_.indexes().size();
  auto second = exporter();
  run(*second);
  const auto indexes = sink_.indexes();
  ASSERT_GT(indexes.size(), before);
  // Not from the beginning, and nothing left out.
  EXPECT_GE(indexes[before], 6U);
  EXPECT_LE(indexes[before], before);
}

TEST_F(ExporterTest, BeginsNowWhenNotToldOtherwise) {
  settings_.from_start = false;
  append(6);
  auto exporter = this->exporter();
  exporter->step();
  append(2);
  run(*exporter);
  EXPECT_EQ(sink_.indexes().front(), 6U);
}

TEST_F(ExporterTest, AFilterLeavesOutAndMovesOn) {
  settings_.filter = "kind == \"wanted\"";
  append(3);
  append(2, "wanted");
  append(3);
  auto exporter = this->exporter();
  run(*exporter);
  EXPECT_THAT(sink_.indexes(), ElementsAre(3, 4));
  EXPECT_GE(exporter->status().acknowledged, 8U);
}

TEST_F(ExporterTest, ProgressIsToldAtABoundedRateAndNotOfItself) {
  settings_.progress = std::chrono::hours(1);
  append(9);
  auto exporter = this->exporter();
  run(*exporter);
  EXPECT_EQ(told_, 1);  // that it begins
  clock_.advance(std::chrono::hours(2));
  append(1);
  run(*exporter);
  EXPECT_EQ(told_, 2);
  for (int i = 0; i < 5; ++i) {
    clock_.advance(std::chrono::hours(2));
    run(*exporter);
  }
  EXPECT_EQ(told_, 2);
}

TEST_F(ExporterTest, ALedgerFromAnOlderCopyIsExportedFromItsEnd) {
  append(2);
  ASSERT_TRUE(write_export_position(position(), "log.example", {1'000, 900}));
  auto exporter = this->exporter();
  exporter->step();
  append(2);
  run(*exporter);
  EXPECT_THAT(sink_.indexes(), ElementsAre(2, 3));
}

TEST(ExportPosition, IsOfOneLogAndWhole) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "exports" / "a.position";
  EXPECT_EQ(read_export_position(file, "log").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(write_export_position(file, "log", {12, 7}));
  const auto read = read_export_position(file, "log");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->next, 12U);
  EXPECT_EQ(read->read_from, 7U);
  EXPECT_EQ(read_export_position(file, "other").error().code, ErrorCode::kCorrupt);
  std::string text;
  std::getline(std::ifstream(file), text);
  for (std::size_t size = 0; size < text.size(); ++size) {
    std::ofstream(file, std::ios::trunc) << text.substr(0, size);
    EXPECT_FALSE(read_export_position(file, "log")) << size;
  }
}

class FileSinkTest : public testing::Test {
 protected:
  ExportBatch batch(std::uint64_t index, const std::string& text) {
    ExportBatch made;
    made.mapping = &mapping_;
    made.records.push_back({index, {}, 6, text});
    return made;
  }
  std::string content(const std::filesystem::path& file) const {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path() / "out"))
      all.push_back(entry.path().filename());
    std::sort(all.begin(), all.end());
    return all;
  }

  TemporaryDirectory directory_;
  ExportMapping mapping_;
  FileSinkSettings settings_{directory_.path() / "out" / "a.jsonl", 20, true, 2};
  const Instant noon_ = *parse_time("2026-11-21T12:00:00Z");
};

TEST_F(FileSinkTest, CutsOffALineThatWasTorn) {
  std::filesystem::create_directories(settings_.path.parent_path());
  std::ofstream(settings_.path) << "{\"a\":1}\n{\"b\":";
  settings_.daily = false;
  ASSERT_TRUE(make_file_sink(settings_)->deliver(batch(1, "{\"b\":2}"), noon_));
  EXPECT_EQ(content(settings_.path), "{\"a\":1}\n{\"b\":2}\n");
}

TEST_F(FileSinkTest, BeginsANewFileBySizeAndDayAndForgetsOldOnes) {
  const auto sink = make_file_sink(settings_);
  ASSERT_TRUE(sink->deliver(batch(1, "0123456789"), noon_));
  ASSERT_TRUE(sink->deliver(batch(2, "0123456789"), noon_));  // over 20 bytes
  ASSERT_TRUE(sink->deliver(batch(3, "x"), noon_ + std::chrono::hours(12)));
  EXPECT_THAT(names(), ElementsAre("a.jsonl", "a.jsonl.20261121T120000Z", "a.jsonl.20261122T000000Z"));
  ASSERT_TRUE(sink->deliver(batch(4, "y"), noon_ + std::chrono::hours(36)));
  EXPECT_THAT(names(), ElementsAre("a.jsonl", "a.jsonl.20261122T000000Z", "a.jsonl.20261123T000000Z"));
  EXPECT_EQ(content(settings_.path), "y\n");
}

TEST_F(FileSinkTest, SaysWhyItCannotWrite) {
  settings_.path = "/proc/nowhere/a.jsonl";
  const auto done = make_file_sink(settings_)->deliver(batch(1, "x"), noon_);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("/proc/nowhere"));
}

}  // namespace
}  // namespace reeve::ledger
