#pragma once

// The thread that tells people. Nothing else waits for it: who has something to tell writes it into the queue.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "control/control.h"

namespace reeve::app {

class NotificationThread {
 public:
  /// Starts at once. The queue must outlive it.
  NotificationThread(control::NotificationQueue& queue, std::vector<control::Destination> destinations);
  /// Ends an attempt that is under way; it is made again later.
  ~NotificationThread();
  NotificationThread(const NotificationThread&) = delete;

  void use(std::vector<control::Destination> destinations);

 private:
  void run();

  control::NotificationQueue& queue_;
  std::unique_ptr<control::Sender> sender_ = control::make_sender();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<control::Destination> destinations_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace reeve::app
