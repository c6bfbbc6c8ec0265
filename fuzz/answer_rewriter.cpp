// Answers of every dialect on their way through filters. The first byte chooses the call and how it is answered, the
// second seeds the cuts; the rest is the answer. Cuts must not matter; a filter that changes nothing changes no byte,
// but for halves of characters; one that holds back everything to the end of a channel loses nothing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/check.h"
#include "wire/json_scan.h"
#include "wire/wire.h"

namespace {

using reeve::Result;
using reeve::wire::AnswerFilter;

struct Call {
  std::string_view path;
  std::string_view content_type;
};

constexpr Call kCalls[] = {
    {"/v1/messages", "text/event-stream"},
    {"/v1/chat/completions", "text/event-stream"},
    {"/v1/responses", "text/event-stream"},
    {"/v1beta/models/g:streamGenerateContent", "text/event-stream"},
    {"/v1beta/models/g:streamGenerateContent", "application/json"},
    {"/v1/messages", "application/json"},
    {"/v1/chat/completions", "application/json"},
    {"/v1/responses", "application/json"},
    {"/v1beta/models/g:generateContent", "application/json"},
};

// Keeps what every channel said; passes it on at once, or all of it at the channel's end.
class Keeping final : public AnswerFilter {
 public:
  explicit Keeping(bool at_once, std::uint64_t lag = 0) : at_once_(at_once), lag_(lag) {}
  Result<void> feed(std::uint32_t channel, Kind, std::string_view text, std::string& out) override {
    CHECK(!text.empty() && reeve::is_utf8(text));
    (at_once_ ? out : held_[channel]) += text;
    said += text;
    return {};
  }
  Result<void> end(std::uint32_t channel, Kind, std::string& out) override {
    out += held_[channel];
    held_.erase(channel);
    return {};
  }
  bool looks_ahead() const override { return lag_ > 0; }
  Result<std::uint64_t> look(std::uint32_t channel, Kind, std::string_view text) override {
    std::uint64_t& shown = shown_[channel];
    shown += text.size();
    return shown - std::min(shown, lag_);
  }
  bool nothing_held() const { return held_.empty(); }
  std::string said;

 private:
  const bool at_once_;
  const std::uint64_t lag_;  // more than 0: looks ahead, and settles what lies so many bytes back
  std::map<std::uint32_t, std::uint64_t> shown_;
  std::map<std::uint32_t, std::string> held_;
};

struct Passed {
  std::string bytes;
  bool whole = true;
};

template <typename NextSize>
Passed pass(const Call& call, std::string_view answer, AnswerFilter& filter, NextSize next_size) {
  const auto rewriter =
      reeve::wire::make_answer_rewriter(*reeve::wire::find_route(call.path, false), 200, call.content_type, "", filter);
  Passed passed;
  while (!answer.empty() && passed.whole) {
    const std::string piece(answer.substr(0, next_size()));
    passed.whole = rewriter->feed(piece, passed.bytes).ok();
    answer.remove_prefix(piece.size());
  }
  passed.whole = passed.whole && rewriter->finish(passed.bytes).ok();
  return passed;
}

bool has_half_characters(std::string_view answer) {
  return answer.find("\\ud") != std::string_view::npos || answer.find("\\uD") != std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Call& call = kCalls[data[0] % std::size(kCalls)];
  const std::string_view answer(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto at_once = [&answer] { return answer.size(); };

  Keeping same(true);
  const Passed whole = pass(call, answer, same, at_once);
  if (!has_half_characters(answer)) CHECK(whole.whole ? whole.bytes == answer : answer.starts_with(whole.bytes));

  std::minstd_rand random(data[1]);
  Keeping cut_filter(true);
  const Passed cut = pass(call, answer, cut_filter, [&random] { return 1 + random() % 40; });
  CHECK(cut.whole == whole.whole && cut.bytes == whole.bytes && cut_filter.said == same.said);

  // Looking ahead changes when an event goes on, but not what it says.
  Keeping ahead_filter(true, 1 + data[1] % 30);
  const Passed ahead = pass(call, answer, ahead_filter, at_once);
  CHECK(ahead.whole == whole.whole);
  if (whole.whole) CHECK(ahead_filter.said == same.said && ahead.bytes.size() == whole.bytes.size());

  // What comes out after everything was held back says the same as what went in.
  Keeping late(false);
  const Passed held = pass(call, answer, late, at_once);
  CHECK(held.whole == whole.whole && late.said == same.said);
  if (!held.whole) return 0;
  CHECK(late.nothing_held());
  Keeping again(true);
  const Passed second = pass(call, held.bytes, again, at_once);
  CHECK(second.whole && second.bytes == held.bytes && again.said.size() == late.said.size());
  return 0;
}
