#include "ledger/parquet.h"

#include <fstream>

#include "core/bytes.h"
#include "core/id.h"
#include "ledger/duckdb_library.h"
#include "ledger/index_database.h"
#include "ledger/index_filter.h"
#include "ledger/test_support.h"

namespace reeve::ledger {

namespace {

constexpr int kCalls = 1'600;  // more entries than DuckDB takes at once

void make_log(const std::filesystem::path& directory) {
  auto log = open_or_die(test_options(directory));
  const std::vector<std::string> groups{"eng", "pay\"ments"};
  for (int i = 0; i < kCalls; ++i) {
    const std::string id = make_id("req");
    Entry entry = test_entry("model.intent", id);
    entry.producer = &log->producer("worker-1");
    entry.session_id = i % 3 == 0 ? "say \"hi\"\n" : "";
    if (i % 2 == 0) entry.principal.groups = groups;
    ASSERT_TRUE(log->append_later(entry));
    entry.kind = "model.outcome";
    entry.cost = Entry::Cost{.total = {i}, .estimated = i % 5 == 0};
    entry.outcome = Entry::Outcome{"ok", "", 200, 10, 1};
    ASSERT_TRUE(log->append_later(entry));
  }
  Entry last;
  last.kind = "check.reported";
  last.detail = R"({"by":"someone","green":true})";
  ASSERT_TRUE(log->append_and_wait(last).ok());
  log->close();
}

/// Rows of the file, every value a text, read by a database of its own.
IndexRows read_back(const std::filesystem::path& file, const std::string& columns) {
  const auto library = duckdb::open_library(index_library());
  EXPECT_TRUE(library.ok());
  const auto database = IndexDatabase::open(**library, {});
  EXPECT_TRUE(database.ok());
  const auto connection = (*database)->connect();
  const auto rows = (*connection)->rows("SELECT " + columns + " FROM read_parquet(" + *sql_text(file.string()) + ")");
  EXPECT_TRUE(rows.ok()) << (rows ? "" : rows.error().message);
  return rows ? *rows : IndexRows{};
}

std::string text(const IndexCell& cell) {
  const auto* value = std::get_if<std::string>(&cell);
  return value == nullptr ? "" : *value;
}

std::string groups_of(const JsonValue& entry) {
  std::string joined;
  for (const JsonValue& group : entry.at("principal.groups").items()) {
    joined += (joined.empty() ? "" : "|") + std::string(group.string_or(""));
  }
  return joined;
}

ParquetExport export_to(const TemporaryDirectory& directory) {
  ParquetExport what;
  what.library = index_library();
  what.file = directory.path() / "it's.parquet";
  what.log = "reeve.example.com/test";
  return what;
}

}  // namespace

TEST(Parquet, HasEveryEntryAsTheLogHasIt) {
  const TemporaryDirectory directory;
  make_log(directory.ledger());
  auto log = LogReader::open(directory.ledger());
  ASSERT_TRUE(log.ok());
  const ParquetExport what = export_to(directory);
  const auto written = write_parquet(**log, what);
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(*written, (*log)->size());
  const IndexRows rows = read_back(
      what.file,
      "entry, seq::VARCHAR, leaf_hash, kind, strftime(time, '%Y-%m-%dT%H:%M:%S.%fZ'), session_id, "
      "array_to_string(principal_groups, '|'), cost_nanos::VARCHAR, cost_estimated::VARCHAR, producer_number::VARCHAR, "
      "detail");
  ASSERT_EQ(rows.rows.size(), (*log)->size());
  std::size_t at = 0;
  const auto read = (*log)->read(0, [&](const StoredEntry& stored) {
    const std::vector<IndexCell>& row = rows.rows[at++];
    const auto document = JsonDocument::parse(stored.bytes);
    const JsonValue entry = document->root();
    EXPECT_EQ(text(row[0]), stored.bytes);
    EXPECT_EQ(text(row[1]), std::to_string(stored.index));
    EXPECT_EQ(text(row[2]), to_hex(as_bytes(leaf_hash(stored.bytes))));
    EXPECT_EQ(text(row[3]), entry["kind"].string_or(""));
    EXPECT_EQ(text(row[4]), entry["time"].string_or(""));
    EXPECT_EQ(text(row[5]), entry["session_id"].string_or(""));
    EXPECT_EQ(text(row[6]), groups_of(entry));
    const auto nanos = entry.at("cost.nanos").as_int();
    EXPECT_EQ(text(row[7]), nanos ? std::to_string(*nanos) : "");
    EXPECT_EQ(text(row[8]) == "true", entry.at("cost.estimated").as_bool().value_or(false));
    EXPECT_EQ(text(row[9]), entry.at("producer.number").present() ? std::to_string(stored.index + 1) : "");
    EXPECT_EQ(text(row[10]), entry["detail"].present() ? entry["detail"].to_json() : "");
    return !testing::Test::HasFailure();
  });
  EXPECT_TRUE(read.ok());
}

TEST(Parquet, TakesWhatIsAskedForAndSaysWhatWentWrong) {
  const TemporaryDirectory directory;
  make_log(directory.ledger());
  auto log = LogReader::open(directory.ledger());
  ASSERT_TRUE(log.ok());
  ParquetExport what = export_to(directory);
  what.from = 101;
  what.takes = [](const StoredEntry& entry) { return entry.bytes.find("\"model.outcome\"") != entry.bytes.npos; };
  const auto written = write_parquet(**log, what);
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(*written, kCalls - 50U);
  const IndexRows rows = read_back(what.file, "min(seq)::VARCHAR, count(*)::VARCHAR, any_value(kind)");
  EXPECT_EQ(text(rows.rows[0][0]), "101");
  EXPECT_EQ(text(rows.rows[0][1]), std::to_string(kCalls - 50));
  EXPECT_EQ(text(rows.rows[0][2]), "model.outcome");

  what.takes = [](const StoredEntry&) { return false; };
  EXPECT_EQ(*write_parquet(**log, what), 0U);
  EXPECT_TRUE(read_back(what.file, "seq").rows.empty());

  what.file = directory.path() / "nowhere" / "file.parquet";
  EXPECT_NE(write_parquet(**log, what).error().message.find("nowhere/file.parquet cannot be written"),
            std::string::npos);

  // A damaged entry ends it with the log's own words.
  const std::filesystem::path segment = directory.ledger() / "segments" / "00000000.seg";
  std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(20'000);
  file << "damage";
  file.close();
  auto damaged = LogReader::open(directory.ledger());
  ASSERT_TRUE(damaged.ok());
  what = export_to(directory);
  const auto failed = write_parquet(**damaged, what);
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message.find("is damaged"), std::string::npos) << failed.error().message;
}

}  // namespace reeve::ledger
