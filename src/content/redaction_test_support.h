#pragma once

// What the tests of redaction share: a store in memory, and vaults with a clock that stands still.

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "content/redaction.h"

namespace reeve::content {

class MemoryPlaceholderStore final : public PlaceholderStore {
 public:
  Result<void> put(const std::vector<Row>& rows) override {
    const std::scoped_lock lock(mutex_);
    if (fails) return Error{ErrorCode::kUnavailable, "the disk is full"};
    for (const Row& row : rows) rows_[{row.scope, row.placeholder}] = row;
    puts += rows.size();
    return {};
  }
  Result<std::optional<Row>> get(std::string_view scope, std::string_view placeholder) override {
    const std::scoped_lock lock(mutex_);
    if (fails) return Error{ErrorCode::kUnavailable, "the disk is gone"};
    ++gets;
    const auto found = rows_.find({std::string(scope), std::string(placeholder)});
    if (found == rows_.end()) return std::optional<Row>();
    return std::optional<Row>(found->second);
  }
  Result<std::uint64_t> remove_expired(Instant now) override {
    const std::scoped_lock lock(mutex_);
    return std::uint64_t{std::erase_if(rows_, [&](const auto& row) { return row.second.expires <= now; })};
  }
  Result<std::uint64_t> remove_scope(std::string_view scope) override {
    const std::scoped_lock lock(mutex_);
    return std::uint64_t{std::erase_if(rows_, [&](const auto& row) { return row.first.first.starts_with(scope); })};
  }
  std::vector<Row> rows() const {
    const std::scoped_lock lock(mutex_);
    std::vector<Row> all;
    for (const auto& [key, row] : rows_) all.push_back(row);
    return all;
  }
  void change(const Row& row) {
    const std::scoped_lock lock(mutex_);
    rows_[{row.scope, row.placeholder}] = row;
  }

  bool fails = false;
  std::size_t puts = 0, gets = 0;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Row> rows_;
};

inline const std::string kTestRoot(32, 'k');
inline const Instant kTestStart = from_unix_seconds(1'790'000'000);

inline Vault::Options test_vault(PlaceholderStore* store = nullptr, const Clock* clock = &system_clock()) {
  Vault::Options options;
  options.key = kTestRoot;
  options.store = store;
  options.clock = clock;
  return options;
}

/// The whole text through a restorer; an error's message with "error: " before it.
inline std::string restore(const Vault::Session& session, std::string_view text,
                           Restorer::Writing writing = Restorer::Writing::kPlain) {
  Restorer restorer(session, writing);
  std::string out;
  auto fed = restorer.feed(text, out);
  if (fed) fed = restorer.end(out);
  return fed ? out : "error: " + fed.error().message;
}

}  // namespace reeve::content
