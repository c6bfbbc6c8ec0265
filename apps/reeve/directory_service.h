#pragma once

// The directory of people as the server has it: where it is kept, what is in memory of it, and the following of other
// nodes and processes.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "identity/identity.h"
#include "reeve/config.h"
#include "reeve/repeated_look.h"
#include "store/store.h"

namespace reeve::app {

class DirectoryService {
 public:
  /// Reads everything, so that the first call finds it. Null when the configuration puts no directory in force. The
  /// store must outlive it.
  static Result<std::unique_ptr<DirectoryService>> open(const Config& config, store::Store& store,
                                                        const std::string& node);
  DirectoryService(const DirectoryService&) = delete;
  DirectoryService& operator=(const DirectoryService&) = delete;

  identity::Directory& directory() { return directory_; }
  identity::DirectoryStore& entries() { return entries_; }

  /// Ends what whoever was cut off has under way: calls, sign-ins; gives back those with whom that failed, who come
  /// again with the next look. Called on the follower's thread; null: nothing more.
  using End = std::function<std::vector<identity::Cutoff>(const std::vector<identity::Cutoff>&)>;
  void end_with(End end);

 private:
  DirectoryService(std::unique_ptr<store::SharedDirectory> shared, identity::DirectoryStore& entries,
                   identity::DirectoryMode mode);
  void look();
  void end_what_is_under_way();

  std::unique_ptr<store::SharedDirectory> shared_;  // null: of this node alone
  identity::DirectoryStore& entries_;
  identity::Directory directory_;
  bool away_ = false;   // it could not be read the last time
  std::mutex calling_;  // guards end_
  End end_;
  std::mutex ending_;  // guards cut_off_
  std::vector<identity::Cutoff> cut_off_;
  std::optional<RepeatedLook> looking_;  // last: it uses all of the above
};

}  // namespace reeve::app
