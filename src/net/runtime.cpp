#include <pthread.h>
#include <signal.h>

#include <thread>

#include "core/check.h"
#include "net/loop.h"
#include "net/runtime.h"

namespace reeve::net {

namespace {

constexpr std::size_t kLoopsMax = 256;

}  // namespace

RuntimeCore::RuntimeCore(std::size_t loop_count) {
  for (std::size_t index = 0; index < loop_count; ++index) loops_.push_back(std::make_shared<LoopCore>(index));
}

RuntimeCore::~RuntimeCore() { stop(); }

Loop& RuntimeCore::loop(std::size_t index) {
  CHECK(index < loops_.size());
  return *loops_[index];
}

void RuntimeCore::start() {
  for (const auto& loop : loops_) loop->start();
}

void RuntimeCore::stop() {
  for (const auto& loop : loops_) loop->request_stop();
  for (const auto& loop : loops_) loop->join();
}

RuntimeCore& core_of(Runtime& runtime) { return static_cast<RuntimeCore&>(runtime); }

Result<std::unique_ptr<Runtime>> Runtime::create(std::size_t loop_count) {
  if (loop_count < 1 || loop_count > kLoopsMax) {
    return Error{ErrorCode::kInvalid, "the number of event loops must be 1 to 256, not " + std::to_string(loop_count)};
  }
  try {
    return std::unique_ptr<Runtime>(std::make_unique<RuntimeCore>(loop_count));
  } catch (const std::exception& error) {
    return Error{ErrorCode::kUnavailable, std::string("cannot make an event loop: ") + error.what()};
  }
}

void handle_signals(std::initializer_list<int> signals, std::function<void(int)> handler) {
  sigset_t set;
  ::sigemptyset(&set);
  for (int signal : signals) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // Lives as long as the process: a signal may come at any time, and its handler only hands it on.
  std::thread([set, handler = std::move(handler)] {
    while (true) {
      int signal = 0;
      if (::sigwait(&set, &signal) == 0) handler(signal);
    }
  }).detach();
}

}  // namespace reeve::net
