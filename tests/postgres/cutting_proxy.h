#pragma once

// A proxy on loopback between a node and its database that loses answers: the question arrives and is acted on, and
// the connection breaks before the answer is through.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace reeve::postgres_test {

class CuttingProxy {
 public:
  explicit CuttingProxy(std::uint16_t target_port);
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;
  ~CuttingProxy();

  std::uint16_t port() const { return port_; }
  /// The next thing the server says is lost, with its connection.
  void cut_next_answer() { cuts_ = 1; }
  /// From now on, of a thousand answers so many are.
  void cut_at_random(unsigned of_thousand) { chance_ = of_thousand; }
  /// From now on nothing passes, and nobody is told.
  void fall_silent(bool silent) { silent_ = silent; }
  /// How often a client spoke after its server had.
  std::uint64_t round_trips() const { return round_trips_; }
  std::uint64_t lost_answers() const { return lost_; }

 private:
  void accept_all();
  void carry(int client);
  bool cuts_now();

  const std::uint16_t target_port_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false}, silent_{false};
  std::atomic<int> cuts_{0};
  std::atomic<unsigned> chance_{0};
  std::atomic<std::uint64_t> round_trips_{0}, lost_{0}, random_{1};
  std::mutex mutex_;  // guards carriers_
  std::vector<std::thread> carriers_;
  std::thread acceptor_;  // last: it uses all of the above
};

}  // namespace reeve::postgres_test
