#include "stress_node.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

#include "core/check.h"

namespace reeve::postgres_test {

namespace {

constexpr auto kPause = std::chrono::milliseconds(10);  // before trying again
constexpr std::int64_t kLargestCall = 12;

/// A window lies far ahead, so that nothing sweeps it.
Instant window_begin(std::int64_t number) { return from_unix_seconds(4'000'000'000 + number * 1000); }
std::int64_t window_number(Instant begin) { return (unix_seconds(begin) - 4'000'000'000) / 1000; }

class StressNode {
 public:
  explicit StressNode(const StressNodeOptions& options);
  int run();

 private:
  struct Row {
    std::int64_t granted = 0, spent = 0, reserved = 0;
  };
  struct OpenCall {
    Journal::Row row;
    std::int64_t reserved = 0;
  };

  bool recover();
  bool operate();
  bool admit(const Journal::Row& row);
  void settle_one();
  bool exchange(const std::vector<Journal::Row>& rows, bool give_all_back);
  bool give_everything_back();
  void write(char kind, const Journal::Row& row, std::int64_t reserved, std::int64_t spent);
  bool wrong(const Journal::Row& row, const std::string& what) const;
  std::int64_t random(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(generator_);
  }
  Journal::Row random_row() {
    return {"c" + std::to_string(random(0, kStressCounters - 1)), stress_window(operation_)};
  }

  const StressNodeOptions& options_;
  std::mt19937 generator_;
  int journal_ = -1;
  int operation_ = 0;  // lines in the journal
  std::map<Journal::Row, Row> rows_;
  std::vector<OpenCall> calls_;
  std::unique_ptr<spend::SliceStore> store_;
};

StressNode::StressNode(const StressNodeOptions& options) : options_(options) {
  const Journal journal = Journal::read(options.journal);
  operation_ = journal.operations;
  generator_.seed(options.seed + static_cast<unsigned>(operation_));
  journal_ = ::open(options.journal.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  CHECK(journal_ >= 0);
  for (const auto& [row, sums] : journal.rows) {
    rows_[row] = {0, sums.spent, sums.reserved};
    // Nobody knows what calls under way cost: all they held, as a real node says of calls whose end it did not see.
    if (sums.reserved > 0) calls_.push_back({row, sums.reserved});
  }
}

void StressNode::write(char kind, const Journal::Row& row, std::int64_t reserved, std::int64_t spent) {
  std::ostringstream line;
  line << kind << ' ' << row.first << ' ' << row.second << ' ' << reserved << ' ' << spent << " .\n";
  const std::string text = line.str();
  CHECK(::write(journal_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ++operation_;
}

bool StressNode::wrong(const Journal::Row& row, const std::string& what) const {
  static_cast<void>(std::fprintf(stderr, "WRONG: %s, %s in window %lld: %s\n", options_.name.c_str(), row.first.c_str(),
                                 static_cast<long long>(row.second), what.c_str()));
  return false;
}

/// What the journal says was spent or promised must lie within what the database says was granted.
bool StressNode::recover() {
  while (true) {
    auto store = store::open_slices(options_.database);
    if (store) store_ = *std::move(store);
    auto held = store ? store_->held_by(options_.name) : store.error();
    if (!held) {
      std::this_thread::sleep_for(kPause);
      continue;
    }
    for (const spend::SliceRequest& request : *held) {
      const Journal::Row name{request.counter, window_number(request.window_begin)};
      Row& row = rows_[name];
      row.granted = request.wanted;
      if (request.spent > row.spent) return wrong(name, "the database knows of more than was spent");
    }
    for (const auto& [name, row] : rows_) {
      if (row.spent + row.reserved > row.granted) {
        return wrong(
            name, "used " + std::to_string(row.spent + row.reserved) + " of a slice of " + std::to_string(row.granted));
      }
    }
    return true;
  }
}

bool StressNode::admit(const Journal::Row& name) {
  Row& row = rows_[name];
  const std::int64_t amount = random(1, kLargestCall);
  if (row.spent + row.reserved + amount > row.granted) return false;
  write('r', name, amount, 0);  // recorded before it may be spent
  row.reserved += amount;
  calls_.push_back({name, amount});
  return true;
}

void StressNode::settle_one() {
  const std::size_t at = static_cast<std::size_t>(random(0, static_cast<std::int64_t>(calls_.size()) - 1));
  const OpenCall call = calls_[at];
  calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(at));
  const std::int64_t cost = random(call.reserved / 2, call.reserved);
  write('s', call.row, -call.reserved, cost);
  rows_[call.row].reserved -= call.reserved;
  rows_[call.row].spent += cost;
}

bool StressNode::exchange(const std::vector<Journal::Row>& names, bool give_all_back) {
  std::vector<spend::SliceRequest> requests;
  for (const Journal::Row& name : names) {
    Row& row = rows_[name];
    const std::int64_t wanted = row.spent + row.reserved + (give_all_back ? 0 : random(0, 80));
    // Whether or not the answer arrives: what is offered may be somebody else's from now on.
    row.granted = std::min(row.granted, wanted);
    requests.push_back({name.first, window_begin(name.second), window_begin(name.second + 1), kStressLimit, row.spent,
                        row.reserved, wanted});
  }
  const auto slices = store_->exchange(options_.name, requests);
  if (!slices) {
    if (slices.error().code != ErrorCode::kUnavailable && slices.error().code != ErrorCode::kTimeout) {
      return wrong(names.front(), slices.error().message);
    }
    std::this_thread::sleep_for(kPause);
    return true;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    Row& row = rows_[names[i]];
    const spend::Slice& slice = (*slices)[i];
    if (slice.granted_all > kStressLimit) return wrong(names[i], "more is granted than the limit");
    if (slice.spent_all > kStressLimit) return wrong(names[i], "more is spent than the limit");
    if (slice.granted < row.granted) return wrong(names[i], "a slice shrank that was not given back");
    row.granted = slice.granted;
  }
  write('n', {"-", 0}, 0, 0);
  return true;
}

bool StressNode::operate() {
  const std::int64_t what = random(0, 99);
  if (what < 45 && admit(random_row())) return true;
  if (what < 75 && !calls_.empty()) {
    settle_one();
    return true;
  }
  std::vector<Journal::Row> names;
  for (std::int64_t i = random(1, 6); i > 0; --i) {
    const Journal::Row name = random_row();
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return exchange(names, false);
}

/// Settles what is open and tells all of it, until the database has it.
bool StressNode::give_everything_back() {
  while (!calls_.empty()) settle_one();
  std::vector<Journal::Row> names;
  for (const auto& [name, row] : rows_) names.push_back(name);
  while (true) {
    if (!exchange(names, true)) return false;
    const auto held = store_->held_by(options_.name);
    if (!held) continue;
    const bool all_told = std::all_of(held->begin(), held->end(), [&](const spend::SliceRequest& request) {
      const Row& row = rows_[{request.counter, window_number(request.window_begin)}];
      return request.spent == row.spent && request.wanted == row.spent && request.reserved == 0;
    });
    if (all_told) return true;
  }
}

int StressNode::run() {
  if (!recover()) return 1;
  while (operation_ < options_.operations) {
    if (!operate()) return 1;
  }
  return give_everything_back() ? 0 : 1;
}

}  // namespace

Journal Journal::read(const std::filesystem::path& file) {
  Journal journal;
  std::ifstream stream(file);
  std::string line;
  while (std::getline(stream, line)) {
    std::istringstream fields(line);
    char kind = 0;
    Row row;
    std::int64_t reserved = 0, spent = 0;
    std::string end;
    if (!(fields >> kind >> row.first >> row.second >> reserved >> spent >> end)) continue;
    ++journal.operations;
    if (kind == 'n') continue;
    Sums& sums = journal.rows[row];
    sums.reserved += reserved;
    sums.spent += spent;
  }
  return journal;
}

int run_stress_node(const StressNodeOptions& options) { return StressNode(options).run(); }

}  // namespace reeve::postgres_test
