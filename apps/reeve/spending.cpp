#include "reeve/spending.h"

#include <fstream>
#include <sstream>

#include "core/json.h"
#include "core/log.h"
#include "gateway/gateway.h"

namespace reeve::app {

namespace {

constexpr auto kKeepInterval = std::chrono::minutes(1);

std::filesystem::path books_file(const std::filesystem::path& data) { return data / "spend" / "books.json"; }
std::filesystem::path estimates_file(const std::filesystem::path& data) { return data / "spend" / "estimates.json"; }

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return file ? text.str() : std::string();
}

/// Not synced: what is lost is read again from the ledger.
bool write_file(const std::filesystem::path& path, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::filesystem::permissions(path.parent_path(), std::filesystem::perms::owner_all, error);
  const std::filesystem::path part = path.string() + ".part";
  std::ofstream file(part, std::ios::trunc | std::ios::binary);
  file << text;
  file.close();
  if (file) std::filesystem::rename(part, path, error);
  return file && !error;
}

/// The books that were kept, bound to the log that they were read from.
std::string kept_books(const std::filesystem::path& data, const ledger::Log& log) {
  const std::string text = read_file(books_file(data));
  const std::size_t line = text.find('\n');
  if (line == std::string::npos || text.compare(0, line, log.verifier_key()) != 0) return {};
  return text.substr(line + 1);
}

/// Whether an entry may be an outcome, before it is parsed: most of a ledger is not. Looked for by its first letter,
/// which is rarer in an entry than the quote before it.
bool may_be_outcome(std::string_view entry) { return entry.find(R"(kind":"model.outcome")") != std::string_view::npos; }

}  // namespace

bool SettledEntry::read(const JsonValue& entry) {
  using spend::Dimension;
  const std::int64_t attempt = entry["attempt"].int_or(0);
  if (attempt == 0 || entry["kind"].string_or("") != "model.outcome") return false;
  call_ = {};
  call_.request_id = entry["request_id"].string_or("");
  call_.attempt = attempt;
  // It counts where it was admitted, also when it ended in the next window.
  const JsonValue admitted = entry.at("budget.admitted");
  const auto time = parse_time((admitted.present() ? admitted : entry["time"]).string_or(""));
  if (!time) return false;
  call_.time = *time;
  const auto put = [&](Dimension dimension, std::string_view path) {
    std::string& value = values_[static_cast<std::size_t>(dimension)];
    value = entry.at(path).string_or("");
    call_.scope[dimension] = value;
  };
  call_.scope[Dimension::kOrganisation] = spend::kWholeOrganisation;
  put(Dimension::kTeam, "principal.team");
  put(Dimension::kPerson, "principal.id");
  put(Dimension::kAgent, "agent.id");
  put(Dimension::kClient, "client");
  put(Dimension::kSession, "session_id");
  put(Dimension::kRepo, "repo");
  put(Dimension::kFeature, "feature");
  put(Dimension::kWorkItem, "work_item");
  put(Dimension::kProvider, "model.provider");
  // What was asked of the provider, as it was admitted; what answered may bear a date in its name.
  put(Dimension::kModel, entry.at("model.sent").present() ? "model.sent" : "model.asked");
  groups_.clear();
  for (const JsonValue& group : entry.at("principal.groups").items()) groups_.emplace_back(group.string_or(""));
  call_.scope.groups = groups_;
  call_.amounts.money = {entry.at("cost.nanos").int_or(0)};
  const JsonValue usage = entry["usage"];
  for (const std::string_view kind : {"input", "cache_read", "cache_write_5m", "cache_write_1h", "output"}) {
    call_.amounts.tokens += usage[kind].int_or(0);
  }
  // Counted where it was sent: an attempt that failed before cost nothing and counts as none.
  call_.amounts.requests = entry["cost"].present() ? 1 : 0;
  return true;
}

Spending::Spending(ledger::Log& log, Options options) : log_(log), options_(std::move(options)) {
  spend::BudgetsOptions budgets;
  budgets.slices = options_.slices;
  budgets.node = options_.node;
  budgets_ = spend::Budgets::create(budgets);
  if (const std::string estimates = read_file(estimates_file(options_.data_directory)); !estimates.empty()) {
    if (auto restored = estimator_.restore(estimates); !restored) {
      log_warning("what was learned of the cost of calls cannot be read; it is learned anew",
                  {{"why", restored.error().message}});
    }
  }
}

Spending::~Spending() = default;

Result<void> Spending::publish(std::shared_ptr<const spend::BudgetSet> set) {
  const bool begins_anew = budgets_->prepare(*set);
  auto published = read_and_publish(std::move(set), begins_anew);
  if (!published) budgets_->abandon();
  return published;
}

/// Until the ledger can be read with every outcome that was given to it: the entry waits for its turn behind them.
Result<void> Spending::wait_for_outcomes(const spend::BudgetSet& set) {
  JsonWriter detail;
  detail.begin_object().key("budgets").begin_array();
  for (const spend::Budget& budget : set.list()) detail.value(budget.name);
  const std::string text = detail.end_array().end_object().take();
  ledger::Entry entry;
  entry.kind = "budgets.in_force";
  entry.producer = &log_.producer(gateway::kServiceProducer);
  entry.detail = text;
  const auto placed = log_.append_and_wait(entry);
  return placed ? Result<void>() : placed.error();
}

Result<void> Spending::read_and_publish(std::shared_ptr<const spend::BudgetSet> set, bool begins_anew) {
  // Before the first set there are no calls.
  if (begins_anew && books_) {
    if (auto waited = wait_for_outcomes(*set); !waited) return waited;
  }
  const std::string before = books_ ? books_->snapshot(next_) : kept_books(options_.data_directory, log_);
  spend::Books books(set);
  const Instant now = system_clock().now();
  auto reader = ledger::LogReader::open(options_.data_directory / "ledger");
  std::uint64_t from = reader ? (*reader)->first_at(books.needed_from(now)) : 0;
  if (!before.empty()) {
    auto restored = books.restore(before);
    if (restored && *restored <= log_.size()) {
      from = *restored;
    } else {
      books = spend::Books(set);
    }
  }
  books_.emplace(std::move(books));
  next_ = from;
  if (auto read = follow(); !read) return read;
  budgets_->publish(std::move(set), *books_);
  return {};
}

Result<void> Spending::follow() {
  SettledEntry settled;
  return log_.read(next_, [&](const ledger::StoredEntry& stored) {
    next_ = stored.index + 1;
    if (!may_be_outcome(stored.bytes)) return true;
    const auto document = JsonDocument::parse(stored.bytes);
    if (document && settled.read(document->root())) books_->add(settled.call());
    return true;
  });
}

void Spending::look() {
  if (!books_) return;
  if (auto read = follow(); !read) log_error("the ledger cannot be followed", {{"why", read.error().message}});
  const Moment now = system_clock().steady();
  if (now - kept_ < kKeepInterval) return;
  kept_ = now;
  keep();
}

void Spending::keep() {
  if (!books_) return;
  const bool kept =
      write_file(books_file(options_.data_directory), log_.verifier_key() + "\n" + books_->snapshot(next_)) &&
      write_file(estimates_file(options_.data_directory), estimator_.snapshot());
  if (!kept) log_warning("the books were not kept; the next start reads them from the ledger", {});
}

Result<spend::Books> read_books(ledger::LogReader& reader, const std::shared_ptr<const spend::BudgetSet>& set,
                                Instant now) {
  spend::Books books(set);
  SettledEntry settled;
  const auto read = reader.read(reader.first_at(books.needed_from(now)), [&](const ledger::StoredEntry& stored) {
    if (!may_be_outcome(stored.bytes)) return true;
    const auto document = JsonDocument::parse(stored.bytes);
    if (document && settled.read(document->root())) books.add(settled.call());
    return true;
  });
  if (!read) return read.error();
  return books;
}

}  // namespace reeve::app
