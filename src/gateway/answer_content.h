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

/// Belongs to one answer. Looks at streamed texts before they are passed on: whole words wait for their end, so that
/// nothing that must not come out has begun to come out, and what may pass does so in the bytes in which it came.
class AnswerContent final : public wire::AnswerFilter {
 public:
  /// What to do about a finding in the answer.
  enum class Verdict { kPass, kTakeOut, kCut };
  /// Asked whenever something new was found; `found` holds all so far. With kCut, `why` takes the sentence for the
  /// caller.
  using Judge = std::function<Verdict(const FindingGroups& found, const content::Finding& finding, std::string& why)>;
  /// Asked once when a text is more than can be looked at, for the reason given; kPass or kCut.
  using JudgeIncomplete = std::function<Verdict(const FindingGroups& found, std::string_view reason, std::string& why)>;

  struct Options {
    std::shared_ptr<const content::Detectors> detectors;  // null: the answer is not looked at
    content::Scanner* scanner = nullptr;                  // for texts that are all there; borrowed, with detectors
    std::optional<content::Vault::Session> session;       // nothing: nothing to restore
    Judge judge;
    JudgeIncomplete judge_incomplete;
  };
  explicit AnswerContent(Options options) : options_(std::move(options)) {}

  Result<void> feed(std::uint32_t number, Kind kind, std::string_view text, std::string& out) override;
  Result<void> end(std::uint32_t number, Kind kind, std::string& out) override;
  Result<void> whole(std::uint32_t number, Kind kind, std::string_view text, std::string& out) override;
  bool looks_ahead() const override { return options_.detectors != nullptr; }
  Result<std::uint64_t> look(std::uint32_t number, Kind kind, std::string_view text) override;
  Result<void> look_end(std::uint32_t number, Kind kind) override;

  const FindingGroups& found() const { return found_; }

 private:
  /// Places are counted in bytes from the channel's start.
  struct Channel {
    std::optional<content::StreamScanner> scanner;
    std::optional<content::Restorer> restorer;
    std::uint64_t looked = 0;  // bytes that the scanner saw
    std::uint64_t passed = 0;  // bytes that went on, or were taken out
    std::string word;          // the end of what was looked at: a word that may go on
    std::string held;          // fed, not passed: only where nothing was shown before it was fed
    bool looked_to_the_end = false;
    std::vector<content::Finding> undecided;  // in words that may go on
    std::vector<content::Replacement> taken_out;
  };

  Channel& channel(std::uint32_t number, Kind kind);
  Result<std::uint64_t> look_at(Channel& channel, std::string_view text);
  Result<void> look_to_the_end(Channel& channel);
  /// What was found, and whether all of it was, is judged as far as it is settled.
  Result<void> judge(Channel& channel, std::uint64_t settled);
  Result<void> judge_incomplete(std::string_view reason);
  /// Judges the findings that end by then. Of those that overlap, the surer, then the longer counts.
  Result<void> judge_until(Channel& channel, std::uint64_t end);
  /// Passes on the text that follows what was passed, without what is taken out of it.
  Result<void> pass_on(Channel& channel, std::string_view text, std::string& out);
  Result<void> restore(Channel& channel, std::string_view text, std::string& out);

  Options options_;
  std::map<std::uint32_t, Channel> channels_;
  FindingGroups found_;
  bool told_incomplete_ = false;
  std::vector<content::Finding> new_findings_;  // memory for one look
};

}  // namespace reeve::gateway
