#include "reeve/directory_service.h"

#include <iterator>

#include "core/log.h"

namespace reeve::app {

namespace {
/// Whoever is cut off on another node is cut off here within a second, with room for a slow answer.
constexpr auto kLookInterval = std::chrono::milliseconds(200);
}  // namespace

Result<std::unique_ptr<DirectoryService>> DirectoryService::open(const Config& config, store::Store& store,
                                                                 const std::string& node) {
  if (!config.directory) return std::unique_ptr<DirectoryService>();
  std::unique_ptr<store::SharedDirectory> shared;
  if (config.postgres) {
    auto opened = store::open_shared_directory(*config.postgres, node);
    if (!opened) return std::move(opened).error();
    shared = *std::move(opened);
    if (auto caught_up = shared->catch_up(); !caught_up) return std::move(caught_up).error();
  }
  identity::DirectoryStore& entries = shared ? static_cast<identity::DirectoryStore&>(*shared) : store.directory();
  std::unique_ptr<DirectoryService> service(new DirectoryService(std::move(shared), entries, *config.directory));
  if (auto read = service->directory_.look(); !read) return std::move(read).error();
  log_info("directory", {{"people", service->directory_.people()}, {"groups", service->directory_.groups()}});
  service->looking_.emplace(kLookInterval, [&service = *service] { service.look(); });
  return service;
}

DirectoryService::DirectoryService(std::unique_ptr<store::SharedDirectory> shared, identity::DirectoryStore& entries,
                                   identity::DirectoryMode mode)
    : shared_(std::move(shared)), entries_(entries), directory_(entries_, mode, system_clock()) {
  // A loop may be the first to see it, and must not wait for a database.
  directory_.on_cutoff([this](const identity::Cutoff& cutoff) {
    const std::lock_guard lock(ending_);
    cut_off_.push_back(cutoff);
  });
}

/// Also without any request: calls that are under way end with whoever made them. That it is away is told once.
void DirectoryService::look() {
  auto looked = shared_ ? shared_->catch_up() : Result<void>();
  if (looked) looked = directory_.look();
  if (!looked && !away_) {
    log_error("the directory cannot be followed; it serves as it was for a while", {{"why", looked.error().message}});
  }
  away_ = !looked;
  end_what_is_under_way();
}

void DirectoryService::end_with(End end) {
  // Whoever takes the end away knows that it does not run any more.
  const std::lock_guard one_at_a_time(calling_);
  end_ = std::move(end);
}

/// Not under the lock of the list: ending may wait for a database, and loops write the list.
void DirectoryService::end_what_is_under_way() {
  const std::lock_guard one_at_a_time(calling_);
  std::vector<identity::Cutoff> cut_off;
  if (!end_) return;
  {
    const std::lock_guard lock(ending_);
    cut_off.swap(cut_off_);
  }
  if (cut_off.empty()) return;
  std::vector<identity::Cutoff> again = end_(cut_off);
  const std::lock_guard lock(ending_);
  cut_off_.insert(cut_off_.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
}

}  // namespace reeve::app
