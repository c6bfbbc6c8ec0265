#pragma once

// The loops of a process. Private to the room.

#include <memory>
#include <vector>

#include "net/loop.h"

namespace reeve::net {

class RuntimeCore final : public Runtime {
 public:
  explicit RuntimeCore(std::size_t loop_count);
  ~RuntimeCore() override;

  Loop& loop(std::size_t index) override;
  std::size_t loop_count() const override { return loops_.size(); }
  void start() override;
  void stop() override;

  const std::vector<std::shared_ptr<LoopCore>>& loops() const { return loops_; }

 private:
  std::vector<std::shared_ptr<LoopCore>> loops_;
};

/// The runtime behind the public face. Every Runtime of this room is a RuntimeCore.
RuntimeCore& core_of(Runtime& runtime);

}  // namespace reeve::net
