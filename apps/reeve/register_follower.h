#pragma once

// Where nodes share their registers: a thread that hears of what other nodes change, and renews the table of keys. A
// database may be slow or away, so neither the loops nor the main thread ask it.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "identity/identity.h"
#include "store/store.h"

namespace reeve::app {

class RegisterFollower {
 public:
  /// What it is given must outlive it. `besides`: called on its thread after each look that went well, some times a
  /// second; it may block.
  RegisterFollower(store::SharedRegisters& registers, identity::KeyTable& keys, std::function<void()> besides);
  ~RegisterFollower();
  RegisterFollower(const RegisterFollower&) = delete;
  RegisterFollower& operator=(const RegisterFollower&) = delete;

 private:
  void run();

  store::SharedRegisters& registers_;
  identity::KeyTable& keys_;
  const std::function<void()> besides_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace reeve::app
