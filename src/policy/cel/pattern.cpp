#include "policy/cel/pattern.h"

#include <re2/re2.h>

#include <algorithm>

#include "policy/cel/cost.h"
#include "policy/cel/functions.h"

namespace reeve::policy::cel {
namespace {

class Re2Pattern final : public Pattern {
 public:
  Re2Pattern(std::string_view pattern, const RE2::Options& options)
      : re2_(re2::StringPiece(pattern.data(), pattern.size()), options) {}
  bool matches(std::string_view text) const override {
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), re2_);
  }
  int instructions() const override { return re2_.ProgramSize(); }
  const RE2& re2() const { return re2_; }

 private:
  RE2 re2_;
};

}  // namespace

Result<std::unique_ptr<const Pattern>> Pattern::compile(std::string_view pattern, std::int64_t memory_max) {
  if (pattern.size() > kPatternBytesMax) return Error{ErrorCode::kTooLarge, "the pattern is longer than 8 KiB"};
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory_max);
  auto compiled = std::make_unique<const Re2Pattern>(pattern, options);
  if (!compiled->re2().ok()) {
    const bool large = compiled->re2().error_code() == RE2::ErrorPatternTooLarge;
    return Error{large ? ErrorCode::kTooLarge : ErrorCode::kInvalid,
                 "the pattern is wrong: " + compiled->re2().error()};
  }
  return std::unique_ptr<const Pattern>(std::move(compiled));
}

Value matches(Frame& frame, Arguments arguments) {
  if (arguments.size() != 2 || !arguments[0].is(Kind::kString) || !arguments[1].is(Kind::kString)) {
    return no_overload(frame, "matches", arguments);
  }
  constexpr std::uint64_t kCompileCost = 1000;
  constexpr std::uint64_t kInstructionCost = 100;
  constexpr std::uint64_t kFailureCost = 300'000;
  const std::string_view pattern = arguments[1].text();
  if (pattern.size() > kDynamicPatternBytesMax) {
    return fail(frame, ErrorKind::kOutOfRange, "a pattern that is no literal is at most 1 KiB long");
  }
  // A step of matching such a pattern may take longer than reading a byte.
  if (!charge(frame, kCompileCost + pattern.size() * 4 + arguments[0].extra / 4)) return cost_exceeded();
  const auto compiled = Pattern::compile(pattern, kDynamicPatternMemory);
  if (!compiled) {
    if (!charge(frame, kFailureCost)) return cost_exceeded();  // much may have been read before the fault
    return fail_with(frame, ErrorKind::kInvalidArgument, compiled.error().message);
  }
  // A few letters may stand for thousands of instructions: \pL, (a{30}){30}.
  const auto instructions = static_cast<std::size_t>(std::max((*compiled)->instructions(), 0));
  if (!charge(frame, instructions * kInstructionCost)) return cost_exceeded();
  // Where the automaton outgrows its memory, each byte costs as much as the pattern is large.
  if (!charge_bytes(frame, arguments[0].extra * (instructions / 8))) return cost_exceeded();
  return Value::of_bool((*compiled)->matches(arguments[0].text()));
}

}  // namespace reeve::policy::cel
