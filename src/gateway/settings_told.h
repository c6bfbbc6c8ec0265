#pragma once

// Which sessions of a client have said lately with which settings they run, so that each is told of once. One per loop;
// its thread only.

#include <map>
#include <string>
#include <string_view>

namespace reeve::gateway {

class SettingsTold {
 public:
  static constexpr std::size_t kSessionsMax = 10'000;

  /// True for what the session did not say last.
  bool admit(std::string_view session, std::string_view checksum) {
    const auto known = said_.find(session);
    if (known != said_.end()) {
      if (known->second == checksum) return false;
      known->second = checksum;
      return true;
    }
    // Told again is better than grown without bound.
    if (said_.size() >= kSessionsMax) said_.clear();
    said_.emplace(session, checksum);
    return true;
  }

 private:
  std::map<std::string, std::string, std::less<>> said_;
};

}  // namespace reeve::gateway
