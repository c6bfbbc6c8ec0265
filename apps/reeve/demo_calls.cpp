#include "reeve/demo_calls.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/bytes.h"

namespace reeve::app {

namespace {

constexpr std::size_t kPaddingBytes = 64;  // that scanners may look at behind a text

/// What rules see of a call, as the gateway tells them.
class DemoFacts final : public policy::Facts {
 public:
  explicit DemoFacts(const DemoUnderWay& call) : call_(call), session_(*call.call.session), person_(*session_.person) {}

  void read(policy::Fact fact, policy::FactSink& sink) const override {
    using policy::Fact;
    const auto put = [&](std::string_view text) {
      if (!text.empty()) sink.text(text);
    };
    switch (fact) {
      case Fact::kNow: return sink.time(call_.decided);
      case Fact::kPrincipalId: return put(person_.id);
      case Fact::kPrincipalType: return put("person");
      case Fact::kPrincipalGroups: return sink.texts(std::span<const std::string>(person_.groups));
      case Fact::kPrincipalTeam: return put(person_.team);
      case Fact::kAgentId: return put(session_.agent);
      case Fact::kAgentParent: return put(session_.agent_parent);
      case Fact::kClient: return put(person_.client->name);
      case Fact::kClientVersion: return put(person_.client->version);
      case Fact::kSessionId: return put(session_.id);
      case Fact::kRepo: return put(session_.repo);
      case Fact::kFeature: return put(session_.feature);
      case Fact::kWorkItem: return put(session_.work_item);
      case Fact::kChecks: return sink.flags({});
      case Fact::kModelName: return put(call_.asked->name);
      case Fact::kModelTier: return put(call_.asked->tier);
      case Fact::kModelProvider: return put(call_.asked->provider);
      case Fact::kModelRegion: return put(call_.asked->region);
      case Fact::kModelDialect: return put(call_.asked->dialect);
      case Fact::kModelOperation: return put("chat");
      case Fact::kRequestBytes: return sink.integer(call_.tokens_in * 4);
      case Fact::kRequestTokens: return sink.integer(call_.tokens_in);
      case Fact::kRequestStream: return sink.boolean(true);
      case Fact::kContentFindings: return sink.findings(call_.findings);
      case Fact::kContentClasses: return sink.texts(std::span<const std::string_view>(call_.classes));
      case Fact::kContentLabels: return sink.texts(std::span<const std::string_view>());
      default: return;
    }
  }

 private:
  const DemoUnderWay& call_;
  const DemoSession& session_;
  const DemoPerson& person_;
};

/// The next step of the ladder that has a model of this company; the same model where there is none.
const DemoModel& step_down(const policy::Bundle& policy, std::string_view ladder, const DemoModel* from) {
  for (const policy::LadderInfo& one : policy.ladders()) {
    if (one.name != ladder) continue;
    bool is_below = false;
    for (const std::string& step : one.steps) {
      if (is_below) {
        for (const DemoModel& model : demo_models()) {
          if (glob_match(step, model.name)) return model;
        }
      }
      is_below = is_below || glob_match(step, from->name);
    }
  }
  return *from;
}

spend::CallScope scope_of(const DemoUnderWay& call) {
  using spend::Dimension;
  const DemoSession& session = *call.call.session;
  spend::CallScope scope;
  scope[Dimension::kOrganisation] = spend::kWholeOrganisation;
  scope[Dimension::kTeam] = session.person->team;
  scope[Dimension::kPerson] = session.person->id;
  scope[Dimension::kAgent] = session.agent;
  scope[Dimension::kClient] = session.person->client->name;
  scope[Dimension::kSession] = session.id;
  scope[Dimension::kRepo] = session.repo;
  scope[Dimension::kFeature] = session.feature;
  scope[Dimension::kWorkItem] = session.work_item;
  scope[Dimension::kProvider] = call.served->provider;
  scope[Dimension::kModel] = call.served->name;
  scope.groups = session.person->groups;
  scope.request_id = call.call.request_id;
  scope.attempt = call.call.attempt;
  return scope;
}

std::int64_t percent(float confidence) { return std::lround(confidence * 100); }

}  // namespace

/// One a type and origin, as the gateway groups them.
void DemoCalls::look_into(DemoUnderWay& call) {
  std::string& text = call.call.text;
  if (text.empty() || rules.detectors == nullptr) return;
  const std::size_t size = text.size();
  text.append(kPaddingBytes, '\0');
  const BodyText whole{0, size, TextForm::kPlain, call.call.origin};
  const content::Report& report = scanner_.scan(*rules.detectors, std::string_view(text).substr(0, size), {&whole, 1});
  text.resize(size);
  for (const content::Finding& finding : report.findings) {
    const auto same = std::find_if(call.findings.begin(), call.findings.end(),
                                   [&](const policy::Finding& one) { return one.type == finding.detector->id; });
    if (same != call.findings.end()) {
      ++same->count;
      continue;
    }
    call.findings.push_back({finding.detector->id, finding.detector->class_name,
                             static_cast<double>(percent(finding.confidence)) / 100, 1,
                             text_origin_name(finding.origin), finding.marked_allowed});
    if (std::find(call.classes.begin(), call.classes.end(), finding.detector->class_name) == call.classes.end()) {
      call.classes.emplace_back(finding.detector->class_name);
    }
  }
}

void DemoCalls::decide(DemoUnderWay& call) {
  const DemoFacts facts(call);
  call.policy = rules.policy;
  rules.policy->decide(policy::Point::kModelCall, facts, nullptr, scratch_, decision_);
  call.evaluation_ns = numbers_.around(4'000, 0.3);
  call.effect = policy::effect_name(decision_.effect);
  call.enforced = call.effect;
  if (decision_.rule != nullptr) call.rule = decision_.rule->name;
  for (const policy::RuleInfo* rule : decision_.matched) call.rules.emplace_back(rule->name);
  for (const policy::RuleInfo* rule : decision_.shadow) call.shadow.emplace_back(rule->name);
  for (const policy::ExceptionInfo* one : decision_.exceptions) call.exceptions.emplace_back(one->name);
  if (decision_.shadow_effect != decision_.effect) call.shadow_effect = policy::effect_name(decision_.shadow_effect);
  call.input = policy::input_digest(policy::Point::kModelCall, facts);
  call.bundle = rules.policy->digest();
  call.time = format_time(call.decided);
}

std::string DemoCalls::admit(DemoUnderWay& call) {
  const auto price_of = [&] {
    return rules.prices->find(call.served->vendor, call.served->name, call.decided, call.served->region);
  };
  if (decision_.effect == policy::Effect::kDegrade && decision_.rule != nullptr) {
    call.served = &step_down(*rules.policy, decision_.rule->ladder, call.asked);
    if (call.served != call.asked) call.degraded_by = decision_.rule->name;
  }
  for (const spend::Reached& reached : rules.budgets->look(scope_of(call)).reached) {
    if (reached.threshold->action != spend::Threshold::Action::kDegrade || call.served != call.asked) continue;
    call.served = &step_down(*rules.policy, reached.threshold->ladder, call.asked);
    if (call.served != call.asked) call.degraded_by = reached.budget->name;
  }
  call.shape.model = call.served->name;
  call.shape.client = call.call.session->person->client->name;
  call.shape.input_tokens = call.tokens_in;
  call.shape.body_bytes = static_cast<std::size_t>(call.tokens_in) * 4;
  call.shape.output_max = 8'192;
  call.shape.streamed = true;
  call.shape.tools = call.call.session->tools;
  const spend::PriceMatch price = price_of();
  spend::Amounts likely = estimator_.learned(call.shape, price);
  spend::Amounts most = spend::HoldEstimator::maximum(call.shape, price);
  likely.requests = most.requests = 1;
  spend::Admission admission = rules.budgets->admit_now(scope_of(call), likely, most);
  if (admission.verdict != spend::Admission::Verdict::kAdmitted) return "budget";
  call.reservation = std::move(admission.reservation);
  if (call.served != call.asked) call.enforced = policy::effect_name(policy::Effect::kDegrade);
  return {};
}

void DemoCalls::fill(const DemoUnderWay& call, ledger::Entry& entry) {
  const DemoSession& session = *call.call.session;
  const DemoPerson& person = *session.person;
  entry.request_id = call.call.request_id;
  entry.attempt = call.call.attempt;
  entry.session_id = session.id;
  entry.principal = {person.id, "person", person.team, {}, person.groups};
  entry.agent = {session.agent, session.agent_parent};
  entry.client = person.client->name;
  entry.client_version = person.client->version;
  entry.work_item = session.work_item;
  entry.repo = session.repo;
  entry.feature = session.feature;
  entry.model = {.asked = call.asked->name,
                 .served = call.served->name,
                 .provider = call.served->provider,
                 .region = call.served->region,
                 .dialect = call.asked->dialect,
                 .operation = "chat",
                 .tier = call.served->tier};
  if (call.served != call.asked) entry.model.sent = call.served->name;
  entry.decision.effect = call.effect;
  entry.decision.enforced = call.enforced;
  entry.decision.mode = "enforce";
  entry.decision.rule = call.rule;
  entry.decision.rules = call.rules;
  entry.decision.shadow = call.shadow;
  entry.decision.shadow_effect = call.shadow_effect;
  entry.decision.exceptions = call.exceptions;
  entry.decision.bundle = call.bundle;
  entry.request_tokens = call.tokens_in;
  entry.request_stream = true;
  entry.request_shape = ledger::Entry::Shape{session.tools, session.thinking, 2 + session.context / 2'500};
  entry.budget.degraded_by = call.degraded_by;
}

void DemoCalls::refuse(const DemoUnderWay& call, std::string_view reason) {
  ledger::Entry entry;
  entry.kind = "model.outcome";
  fill(call, entry);
  entry.attempt = 0;
  entry.model.served = entry.model.sent = {};
  entry.decision.enforced = "deny";
  entry.decision.reason = reason;
  entry.decision.input = call.input;
  entry.decision.time = call.time;
  entry.decision.evaluation_ns = call.evaluation_ns;
  entry.content.findings = recorded_;
  entry.timing = ledger::Entry::Timing{250, 260, 240};
  entry.outcome = ledger::Entry::Outcome{"refused", reason, reason == "budget" ? 429 : 403, 0, 0};
  append_(entry);
  ++refused_;
}

std::unique_ptr<DemoUnderWay> DemoCalls::begin(DemoCall call) {
  ++calls_;
  auto under_way = std::make_unique<DemoUnderWay>();
  DemoUnderWay& one = *under_way;
  one.call = std::move(call);
  one.decided = {one.call.at.nanoseconds / 1'000 * 1'000};
  DemoSession& session = *one.call.session;
  one.asked = one.served = &demo_model(session.model);
  one.tokens_in = session.context + (session.small ? numbers_.around(900, 0.5) : numbers_.around(1'800, 0.7));
  look_into(one);
  decide(one);
  recorded_.clear();
  for (const policy::Finding& finding : one.findings) {
    const bool redacted = decision_.effect == policy::Effect::kRedact;
    const std::string_view action = !redacted ? "" : finding.class_name == "secret" ? "masked" : "tokenised";
    recorded_.push_back(
        {finding.type, finding.class_name, finding.origin, percent(finding.confidence), finding.count, action, false});
  }
  if (decision_.refused()) {
    refuse(one, "policy");
    return nullptr;
  }
  if (const std::string why = admit(one); !why.empty()) {
    refuse(one, why);
    return nullptr;
  }
  ledger::Entry entry;
  entry.kind = "model.intent";
  fill(one, entry);
  entry.request_bytes = one.tokens_in * 4;
  entry.decision.input = one.input;
  entry.decision.time = one.time;
  entry.decision.evaluation_ns = one.evaluation_ns;
  entry.content.findings = recorded_;
  if (one.reservation.counted()) {
    entry.budget.held_nanos = one.reservation.amounts().money.nanos;
    entry.budget.held_tokens = one.reservation.amounts().tokens;
  }
  append_(entry);
  imagine(one);
  return under_way;
}

/// What a provider would have answered.
void DemoCalls::imagine(DemoUnderWay& call) {
  DemoSession& session = *call.call.session;
  TokenUsage& usage = call.usage;
  const std::int64_t fresh = std::max<std::int64_t>(1, call.tokens_in - session.context);
  usage.input_reported = usage.output_reported = true;
  if (session.small) {
    usage.input = call.tokens_in;
    usage.output = numbers_.around(220, 0.4);
  } else if (session.person->client->caches && call.served->vendor == "anthropic") {
    const bool expired = numbers_.chance(0.06);
    usage.input = numbers_.around(12, 0.5);
    usage.cache_read = expired ? 0 : session.context;
    usage.cache_write_5m = expired ? session.context + fresh : fresh;
    usage.output = numbers_.around(420, 0.9);
  } else {
    usage.cache_read = session.context * 8 / 10 / 128 * 128;
    usage.input = call.tokens_in - usage.cache_read;
    usage.output = numbers_.around(520, 0.9);
    if (call.served->vendor == "openai") usage.reasoning = usage.output * 4 / 10;
  }
  session.context = std::min<std::int64_t>(session.context + fresh + usage.output, 160'000);
  call.first_byte_us = numbers_.around(900'000, 0.4);
  call.total_us = call.first_byte_us + usage.output * numbers_.around(14'000, 0.2);
  if (call.call.attempt == 1 && numbers_.chance(0.006)) {
    call.status = "upstream_error";
    call.http_status = numbers_.chance(0.5) ? 529 : 503;
    call.usage = {};
    call.total_us = call.first_byte_us;
  }
}

std::optional<DemoCall> DemoCalls::end(std::unique_ptr<DemoUnderWay> call) {
  const bool failed = call->status != "ok";
  ledger::Entry entry;
  entry.kind = "model.outcome";
  fill(*call, entry);
  entry.timing = ledger::Entry::Timing{call->first_byte_us, call->total_us, 180};
  entry.outcome = ledger::Entry::Outcome{call->status, failed ? "overloaded" : "", call->http_status,
                                         failed ? 180 : call->usage.output * 5 + 900,
                                         failed ? 0 : static_cast<std::uint64_t>(call->usage.output / 4 + 6)};
  Money cost;
  if (!failed) {
    const Instant when{ends(*call).nanoseconds / 1'000 * 1'000};
    const auto price = rules.prices->find(call->served->vendor, call->served->name, when, call->served->region);
    const spend::Cost priced = spend::cost_of(price, call->usage, ServiceTier::kStandard);
    cost = priced.total;
    entry.usage = call->usage;
    entry.cost = ledger::Entry::Cost{.total = priced.total,
                                     .price_version = priced.price_version,
                                     .estimated = priced.estimated,
                                     .price_known = priced.price_known,
                                     .provider = call->served->vendor,
                                     .model = call->served->name,
                                     .service_tier = spend::service_tier_name(ServiceTier::kStandard),
                                     .time = when,
                                     .list = priced.list};
    last_ = {};
    last_.index = append_(entry);
    last_.time = when;
    last_.person = call->call.session->person->id;
    last_.team = call->call.session->person->team;
    last_.repo = call->call.session->repo;
    last_.session = call->call.session->id;
    last_.cost = cost;
    estimator_.learn(call->shape, call->usage.input_total(), call->usage.output);
    rules.budgets->settle(std::move(call->reservation), {cost, call->usage.input_total() + call->usage.output, 1});
    return std::nullopt;
  }
  append_(entry);
  last_ = {};
  rules.budgets->release(std::move(call->reservation));
  DemoCall again = std::move(call->call);
  again.at = again.at + std::chrono::microseconds(call->total_us) + std::chrono::seconds(2);
  ++again.attempt;
  return again;
}

}  // namespace reeve::app
