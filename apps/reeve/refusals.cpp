#include "reeve/refusals.h"

#include "core/bytes.h"
#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

namespace {
constexpr std::size_t kTextBytesMax = 300;
}  // namespace

Task<void> Refusals::tell(Refusal refusal, net::Loop& loop) {
  const std::string whose = refusal.what + " " + identity::address_group(refusal.address);
  if (rate_.admit(whose, loop.now()) != RateLimit::Answer::kYes) {
    ++left_out_;
    co_return;
  }
  const auto shown = [](const std::string& text) { return printable(text, kTextBytesMax); };
  JsonWriter json;
  json.begin_object().member("address", shown(refusal.address)).member_if("by", shown(refusal.who));
  json.member_if("key_id", refusal.key_id);
  const std::uint64_t left_out = left_out_.exchange(0);
  if (left_out > 0) json.member("left_out", left_out);
  json.member("reason", shown(refusal.why)).member_if("request", shown(refusal.request));
  json.member("what", refusal.what).end_object();
  const auto work = [this, detail = json.take()] {
    const auto recorded = record_("identity.refused", detail);
    if (!recorded) log_warning("a refusal is not recorded", {{"why", recorded.error().message}});
    return ApiAnswer{};
  };
  const ApiAnswer done = co_await thread_.answer(work, loop);
  // Too many wait at this moment.
  if (done.status == 503) left_out_ += left_out + 1;
}

}  // namespace reeve::app
