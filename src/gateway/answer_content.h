#pragma once

// What an answer says on its way to the client: originals are put back, and what must not come out is looked for.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/call_content.h"

namespace reeve::gateway {

class AnswerContent final : public wire::AnswerFilter {
 public:
  /// What to do about a finding in the answer.
  enum class Verdict { kPass, kTakeOut, kCut };
  /// Asked whenever something new was found; `found` holds all so far. With kCut, `why` takes the sentence for the
  /// caller.
  using Judge = std::function<Verdict(const FindingGroups& found, const content::Finding& finding, std::string& why)>;

  struct Options {
    std::shared_ptr<const content::Detectors> detectors;  // null: the answer is not looked at
    std::optional<content::Vault::Session> session;       // nothing: nothing to restore
    bool takes_out = false;  // a rule may redact answers: words are held back until they are whole
    Judge judge;
  };
  explicit AnswerContent(Options options) : options_(std::move(options)) {}

  Result<void> feed(std::uint32_t channel, Kind kind, std::string_view text, std::string& out) override;
  Result<void> end(std::uint32_t channel, Kind kind, std::string& out) override;

  const FindingGroups& found() const { return found_; }
  std::uint64_t restored() const;

 private:
  struct Channel {
    std::optional<content::StreamScanner> scanner;
    std::optional<content::Restorer> restorer;
    std::uint64_t scanned = 0;                    // bytes given to the scanner
    std::string held;                             // given to the scanner, not passed on yet
    std::vector<content::Replacement> taken_out;  // places counted from the channel's start
  };

  Channel& channel(std::uint32_t number, Kind kind);
  Result<void> judge_new(Channel& channel);
  /// Passes on all of `held` up to the place `end`, counted from the channel's start.
  Result<void> pass_on(Channel& channel, std::uint64_t end, std::string& out);
  Result<void> restore(Channel& channel, std::string_view text, std::string& out);

  Options options_;
  std::map<std::pair<std::uint32_t, Kind>, Channel> channels_;
  FindingGroups found_;
  std::vector<content::Finding> new_findings_;
};

}  // namespace reeve::gateway
