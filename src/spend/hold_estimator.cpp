// How much a call may cost, before it is made.
//
// What is learned of a model, a client and a phase of the session are two distributions: how many tokens were answered,
// and how the real input compares with the estimate. Each is a histogram of logarithmic steps whose counts are halved
// now and then, so that it follows changes.

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <unordered_map>

#include "core/json.h"
#include "spend/adjustment_factor.h"
#include "spend/budgets.h"
#include "spend/spend.h"

namespace reeve::spend {

namespace {

__extension__ using Wide = __int128;

/// More than any model writes in one answer.
constexpr std::int64_t kOutputOfAnyModel = 128'000;
constexpr std::int64_t kTokensMax = 1'000'000'000;
constexpr std::size_t kKeysMax = 4'096;
/// Before anything is known of such calls: nine of ten answers of coding agents are shorter, and what an answer grows
/// beyond it is held while it comes.
constexpr std::int64_t kOutputUnknown = 4'096;
constexpr double kInputUnknown = 4;                    // real tokens for an estimated one: no text has more
constexpr std::int64_t kInputElsewhere = 32'768;       // what the provider adds, until such calls were seen
constexpr std::int64_t kWindowOfAnyModel = 2'000'000;  // no model reads more
/// What providers write before the tools of a call: the largest known is near 1,500.
constexpr std::int64_t kToolWords = 2'048;
constexpr std::uint32_t kSeenMin = 20;  // below, one bad call would be outside of the 95 of a hundred
constexpr std::uint32_t kSeenMax = 2'000;

/// Steps of an eighth of a doubling, from 1 to 2^20.
class Histogram {
 public:
  static constexpr std::size_t kSteps = 20 * 8 + 1;
  void add(double value) {
    const double step = value <= 1 ? 0 : std::ceil(std::log2(value) * 8);
    ++counts_[static_cast<std::size_t>(std::min(step, static_cast<double>(kSteps - 1)))];
  }
  void halve() {
    for (std::uint16_t& count : counts_) count /= 2;
  }
  /// What 95 of a hundred did not pass; the upper end of its step.
  double percentile_95() const {
    std::uint32_t total = 0;
    for (const std::uint16_t count : counts_) total += count;
    // One more counts as seen, and as the largest: few samples make it careful.
    const std::uint32_t rank = std::min(total, (total + 1) * 95 / 100 + 1);
    std::uint32_t sum = 0;
    for (std::size_t step = 0; step < kSteps; ++step) {
      sum += counts_[step];
      if (sum >= rank) return std::exp2(static_cast<double>(step) / 8);
    }
    return std::exp2(20);
  }
  void write(JsonWriter& json) const {
    json.begin_array();
    for (std::size_t step = 0; step < kSteps; ++step) {
      if (counts_[step] == 0) continue;
      json.begin_array().value(static_cast<std::int64_t>(step)).value(static_cast<std::int64_t>(counts_[step]));
      json.end_array();
    }
    json.end_array();
  }
  bool read(const JsonValue& json) {
    for (const JsonValue& pair : json.items()) {
      const auto parts = pair.items();
      if (parts.size() != 2) return false;
      const std::int64_t step = parts[0].int_or(-1);
      const std::int64_t count = parts[1].int_or(-1);
      if (step < 0 || step >= static_cast<std::int64_t>(kSteps) || count < 0 || count > kSeenMax) return false;
      counts_[static_cast<std::size_t>(step)] = static_cast<std::uint16_t>(count);
    }
    return json.is_array();
  }

 private:
  std::array<std::uint16_t, kSteps> counts_{};
};

/// Answers of a session's first calls are unlike those in the middle of its work.
int phase_of(std::size_t messages) { return messages <= 2 ? 0 : messages <= 10 ? 1 : messages <= 40 ? 2 : 3; }

std::string key_of(const CallShape& shape) {
  std::string key;
  key.reserve(std::min<std::size_t>(shape.model.size(), 100) + std::min<std::size_t>(shape.client.size(), 100) + 4);
  key += shape.model.substr(0, 100);
  key += '\n';
  key += shape.client.substr(0, 100);
  key += '\n';
  key += static_cast<char>('0' + phase_of(shape.messages));
  if (shape.input_elsewhere) key += '+';
  return key;
}

std::int64_t dearest(std::initializer_list<const std::optional<TieredRate>*> rates, std::int64_t input_total) {
  std::int64_t most = 0;
  for (const auto* rate : rates) {
    if (!*rate) continue;
    most = std::max(most, (*rate)->base.nanos_per_million);
    for (const TieredRate::Tier& tier : (*rate)->tiers) {
      if (input_total > tier.above_input_tokens) most = std::max(most, tier.rate.nanos_per_million);
    }
  }
  return most;
}

std::int64_t output_most(const CallShape& shape) {
  return shape.output_max.value_or(kOutputOfAnyModel *
                                   std::clamp<std::int64_t>(shape.choices, 1, kTokensMax / kOutputOfAnyModel));
}

std::int64_t input_most(const CallShape& shape, const Price& price) {
  const auto bytes = static_cast<std::int64_t>(std::min<std::size_t>(shape.body_bytes, kTokensMax));
  // A token is a byte of text at least, and the estimate counts four; pictures it counts by what they are.
  const std::int64_t estimated = std::min(shape.input_tokens, kTokensMax);
  std::int64_t most = std::max(estimated, std::min(bytes, 4 * estimated));
  if (shape.tools) most += kToolWords;
  if (!shape.input_elsewhere) return most;
  const std::int64_t window = std::max(price.context_window, shape.context_window);
  return std::max(most, window > 0 ? window : kWindowOfAnyModel);
}

/// Whoever asks for a cheaper tier may be served at the standard one.
std::int64_t factor_of(ServiceTier tier, const Price& price) {
  switch (tier) {
    case ServiceTier::kPriority: return std::max<std::int64_t>(1000, price.priority_thousandths);
    case ServiceTier::kFlex: return std::max<std::int64_t>(1000, price.flex_thousandths);
    case ServiceTier::kBatch:
    case ServiceTier::kStandard: return 1000;
  }
  return 1000;
}

/// The dearest that the call may be served at: as asked, or at the standard tier instead.
Wide dearest_factor(ServiceTier tier, const PriceMatch& match) {
  const Wide asked = Wide{factor_of(tier, *match.price)} * adjustment_millionths(match, tier);
  const Wide standard = Wide{1000} * adjustment_millionths(match, ServiceTier::kStandard);
  return std::max(asked, standard);
}

/// Rounded up, at the dearest rates that the tokens may be billed at: never below what cost_of() makes of them.
Amounts priced(std::int64_t input, std::int64_t output, ServiceTier tier, const PriceMatch& match) {
  const Price& price = *match.price;
  input = std::clamp<std::int64_t>(input, 0, kTokensMax);
  output = std::clamp<std::int64_t>(output, 0, kTokensMax);
  const Wide in = dearest(
      {&price.input, &price.cache_read, &price.cache_write_5m, &price.cache_write_1h, &price.input_audio}, input);
  const Wide out = dearest({price.output ? &price.output : &price.input, &price.reasoning, &price.output_audio}, input);
  constexpr Wide kScale = Wide{1'000'000} * 1'000 * 1'000'000;  // per million tokens, thousandths, millionths
  const Wide pieces =
      Wide{price.nanos_per_request.value_or(0)} *
      std::max(adjustment_millionths(match, tier), adjustment_millionths(match, ServiceTier::kStandard));
  const Wide nanos = (Wide{input} * in + Wide{output} * out) * dearest_factor(tier, match);
  const Wide whole = (nanos + kScale - 1) / kScale + (pieces + 999'999) / 1'000'000;
  constexpr Wide kMost = std::int64_t{1} << 62;
  return {{static_cast<std::int64_t>(std::min(whole, kMost))}, input + output, 1};
}

}  // namespace

struct HoldEstimator::State {
  struct Learned {
    std::uint32_t seen = 0;
    Histogram output;
    Histogram input;  // real tokens for 1,024 estimated ones
  };
  mutable std::mutex mutex;
  std::unordered_map<std::string, Learned> learned;
};

HoldEstimator::HoldEstimator() : state_(std::make_unique<State>()) {}
HoldEstimator::~HoldEstimator() = default;

Amounts HoldEstimator::maximum(const CallShape& shape, const PriceMatch& price) {
  return priced(input_most(shape, *price.price), output_most(shape), shape.tier, price);
}

Amounts HoldEstimator::learned(const CallShape& shape, const PriceMatch& price) const {
  const Amounts most = maximum(shape, price);
  if (!shape.streamed) return most;
  double output = 0;
  double input = 0;
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->learned.find(key_of(shape));
    if (found == state_->learned.end() || found->second.seen < kSeenMin) {
      output = static_cast<double>(kOutputUnknown);
      input = kInputUnknown * static_cast<double>(shape.input_tokens);
      if (shape.input_elsewhere) input += static_cast<double>(kInputElsewhere);
    } else {
      output = found->second.output.percentile_95();
      input = found->second.input.percentile_95() / 1'024 * static_cast<double>(shape.input_tokens);
    }
  }
  const auto output_tokens = std::min(static_cast<std::int64_t>(output) + 1, output_most(shape));
  const auto input_tokens = static_cast<std::int64_t>(std::min(input, static_cast<double>(kTokensMax))) + 1;
  Amounts likely = priced(input_tokens, output_tokens, shape.tier, price);
  likely.money = std::min(likely.money, most.money);
  likely.tokens = std::min(likely.tokens, most.tokens);
  return likely;
}

void HoldEstimator::learn(const CallShape& shape, std::int64_t input_tokens, std::int64_t output_tokens) {
  const double ratio = 1'024.0 * static_cast<double>(std::max<std::int64_t>(1, input_tokens)) /
                       static_cast<double>(std::max<std::int64_t>(1, shape.input_tokens));
  const std::lock_guard lock(state_->mutex);
  auto& learned = state_->learned;
  // Names come from callers. Whoever invents some pushes out others, which are learned again.
  std::string key = key_of(shape);
  if (learned.size() >= kKeysMax && !learned.contains(key)) learned.erase(learned.begin());
  State::Learned& one = learned[std::move(key)];
  one.output.add(static_cast<double>(output_tokens));
  one.input.add(ratio);
  if (++one.seen < kSeenMax) return;
  one.output.halve();
  one.input.halve();
  one.seen /= 2;
}

std::string HoldEstimator::snapshot() const {
  JsonWriter json;
  json.begin_object().member("version", 1).key("learned").begin_array();
  const std::lock_guard lock(state_->mutex);
  for (const auto& [key, one] : state_->learned) {
    json.begin_object().member("key", key).member("seen", static_cast<std::int64_t>(one.seen));
    one.output.write(json.key("output"));
    one.input.write(json.key("input"));
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

Result<void> HoldEstimator::restore(std::string_view snapshot) {
  const Error broken{ErrorCode::kCorrupt, "this is no snapshot of what calls cost; it is learned again"};
  const auto document = JsonDocument::parse(snapshot);
  if (!document || document->root()["version"].int_or(0) != 1) return broken;
  std::unordered_map<std::string, State::Learned> learned;
  for (const JsonValue& entry : document->root()["learned"].items()) {
    const std::int64_t seen = entry["seen"].int_or(-1);
    State::Learned one;
    if (seen < 0 || seen > kSeenMax || !one.output.read(entry["output"]) || !one.input.read(entry["input"])) {
      return broken;
    }
    one.seen = static_cast<std::uint32_t>(seen);
    if (learned.size() < kKeysMax) learned.emplace(entry["key"].string_or(""), one);
  }
  const std::lock_guard lock(state_->mutex);
  state_->learned = std::move(learned);
  return {};
}

}  // namespace reeve::spend
