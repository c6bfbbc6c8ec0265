#pragma once

// Holds a stream's events back until the filter knows what it thinks of their texts. What comes out is the same bytes,
// later: by a word, mostly. Only then is an event rewritten, or passed on as it came.
//
// Private to the wire room.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/answer_frames.h"
#include "wire/dialect.h"
#include "wire/text_flow.h"

namespace reeve::wire {

class LookAhead {
 public:
  LookAhead(const DialectRules& rules, std::unique_ptr<FrameCutter> cutter, AnswerFilter& filter)
      : rules_(rules), cutter_(std::move(cutter)), shown_(filter), flow_(shown_, rules.write_held) {}

  /// Appends to `settled` what may be rewritten now.
  Result<void> feed(std::string_view bytes, std::string& settled);
  Result<void> finish(std::string& settled);

 private:
  /// Shows the filter what it will be fed, and remembers how much of each channel it has settled.
  class Shown final : public AnswerFilter {
   public:
    explicit Shown(AnswerFilter& filter) : filter_(filter) {}
    Result<void> feed(std::uint32_t channel, Kind kind, std::string_view text, std::string& out) override;
    Result<void> end(std::uint32_t channel, Kind kind, std::string& out) override;
    bool is_settled(std::uint32_t channel, std::uint64_t bytes) const;
    /// The channels that grew since the last call, with their sizes.
    std::vector<std::pair<std::uint32_t, std::uint64_t>> take_grown() { return std::exchange(grown_, {}); }

   private:
    struct Channel {
      std::uint64_t shown = 0, settled = 0;
    };
    AnswerFilter& filter_;
    std::map<std::uint32_t, Channel> open_;  // a channel that has ended is settled, and forgotten
    std::vector<std::pair<std::uint32_t, std::uint64_t>> grown_;
  };
  struct Waiting {
    std::size_t bytes = 0;
    std::vector<std::pair<std::uint32_t, std::uint64_t>> needs;
  };

  Result<void> show(const Frame& frame, std::string& settled);
  void release(std::string& settled);

  const DialectRules& rules_;
  const std::unique_ptr<FrameCutter> cutter_;
  Shown shown_;
  TextFlow flow_;
  bool is_over_ = false;
  std::string held_;
  std::deque<Waiting> waiting_;
};

}  // namespace reeve::wire
