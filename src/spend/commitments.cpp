#include "core/bytes.h"
#include "core/json.h"
#include "spend/report_text.h"
#include "spend/spend.h"

namespace reeve::spend {

void CommitmentUse::add(const SpendRow& row) {
  if (!row.priced || row.cost.nanos == 0) return;
  const std::string& provider = row.price_provider.empty() ? row.provider : row.price_provider;
  const std::string& model = row.price_model.empty() ? row.model : row.price_model;
  for (const Commitment& commitment : catalogue_->commitments()) {
    if (!glob_match(commitment.provider, provider) || !glob_match(commitment.model, model)) continue;
    if (commitment.since && row.time < *commitment.since) continue;
    if (commitment.until && row.time >= *commitment.until) continue;
    std::int64_t& drawn = drawn_[{commitment.contract, month_of(row.time).name}];
    drawn = saturated_sum(drawn, row.cost.nanos);
    return;
  }
}

void CommitmentUse::merge(const CommitmentUse& other) {
  for (const auto& [key, drawn] : other.drawn_) drawn_[key] = saturated_sum(drawn_[key], drawn);
}

std::vector<CommitmentUse::Month> CommitmentUse::months(Instant since, Instant until) const {
  std::vector<Month> months;
  for (const Commitment& commitment : catalogue_->commitments()) {
    for (MonthSpan month = month_of(since); month.begin < until; month = month_of(month.end)) {
      if (commitment.since && month.end <= *commitment.since) continue;
      if (commitment.until && month.begin >= *commitment.until) break;
      const auto drawn = drawn_.find({commitment.contract, month.name});
      months.push_back(
          {commitment.contract, month.name, commitment.monthly, Money{drawn == drawn_.end() ? 0 : drawn->second}});
    }
  }
  return months;
}

std::string CommitmentUse::to_table(Instant since, Instant until) const {
  const auto all = months(since, until);
  if (all.empty()) return "There is no commitment.\n";
  std::vector<Cells> lines{{"contract", "month", "owed", "drawn down", "not used"}};
  for (const Month& month : all) {
    lines.push_back({month.contract, month.month, format_money(month.owed), format_money(month.drawn),
                     format_money(month.unused())});
  }
  return align(lines, 2);
}

std::string CommitmentUse::to_json(Instant since, Instant until) const {
  JsonWriter json;
  json.begin_object().key("commitments").begin_array();
  for (const Month& month : months(since, until)) {
    json.begin_object().member("contract", month.contract).member("month", month.month);
    json.member("owed_nanos", month.owed.nanos).member("drawn_nanos", month.drawn.nanos);
    json.member("unused_nanos", month.unused().nanos).end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace reeve::spend
