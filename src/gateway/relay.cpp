// Relaying: how a provider's answer comes back. As it is, unless a rule wants to know what it says or originals must be
// put back.

#include <algorithm>

#include "core/bytes.h"
#include "core/reused_text.h"
#include "gateway/hop_headers.h"
#include "gateway/model_call.h"

namespace reeve::gateway {

namespace {

/// Of longer answers the beginning is kept.
constexpr std::size_t kKeptAnswerMax = 16UL << 20U;

bool is_event_stream(std::string_view content_type) { return content_type.starts_with("text/event-stream"); }

/// A conversation that the provider keeps: earlier turns, whose placeholders may come back, are not in this request.
bool goes_on_elsewhere(wire::Dialect dialect, std::string_view body) {
  return dialect == wire::Dialect::kOpenAiResponses &&
         (body.find("\"previous_response_id\"") != std::string_view::npos ||
          body.find("\"conversation\"") != std::string_view::npos);
}

bool speaks_of_answers(const policy::RuleInfo& rule) {
  return rule.mode != policy::Mode::kOff &&
         std::find(rule.points.begin(), rule.points.end(), policy::Point::kModelResponse) != rule.points.end();
}

}  // namespace

/// An answer under way.
struct ModelCall::Relay {
  int status = 0;
  bool event_stream = false;
  std::optional<std::uint64_t> length;  // as stated to the client
  net::Headers headers;
  std::unique_ptr<wire::AnswerReader> reader;
  std::unique_ptr<wire::AnswerTools> tools;        // null: no tool is asked about
  std::unique_ptr<AnswerContent> content;          // null: the answer passes as it is
  std::unique_ptr<wire::AnswerRewriter> rewriter;  // with content
  std::optional<wire::UsageEventRemover> remover;  // of what the client did not ask for
  std::unique_ptr<wire::AnswerTail> tail;          // a sentence of ours may stand in the answer; null: none
  bool started = false;                            // the client has the head
  Result<void> to_client;
  std::string kept;                           // the answer as the provider gave it, where the house keeps content
  std::optional<Error> cut;                   // the provider's answer broke off
  std::optional<Error> stopped;               // we do not pass on the rest
  bool killed = false;                        // and that is because the kill switch says so
  ReusedText rewritten;                       // of one piece
  std::string judged, tailed, without_usage;  // of one piece

  /// The piece as it goes on to the client. What cannot go on sets `stopped`.
  std::string_view change(std::string_view piece, bool ended);
  /// What stopped the answer first is what its client hears and what is recorded.
  void kill() {
    if (stopped) return;
    stopped = Error{ErrorCode::kDenied, "what this call uses was cut off"};
    killed = true;
  }
};

std::string_view ModelCall::Relay::change(std::string_view piece, bool ended) {
  const auto pass_through = [&](auto& stage, std::string& out) {
    out.clear();
    Result<void> done = stage.feed(piece, out);
    if (done && ended) done = stage.finish(out);
    if (!done) stopped = done.error();
    piece = out;
  };
  if (tools) pass_through(*tools, judged);
  if (rewriter && !stopped) pass_through(*rewriter, *rewritten);
  if (tail && !stopped) pass_through(*tail, tailed);
  if (remover && !stopped) pass_through(*remover, without_usage);
  return piece;
}

std::unique_ptr<AnswerContent> ModelCall::answer_content(int status) {
  if (route_.operation != wire::Operation::kGenerate || status < 200 || status >= 300) return nullptr;
  AnswerContent::Options options;
  options.session = content_.session();
  if (!options.session && worker_.vault != nullptr && goes_on_elsewhere(route_.dialect, body_)) {
    options.session = worker_.vault->session(principal_->id, hints_.session_id);
  }
  const auto rules = settings_->policy->rules();
  const bool asked =
      std::any_of(rules.begin(), rules.end(), [](const policy::RuleInfo* rule) { return speaks_of_answers(*rule); });
  if (asked && settings_->detectors) options.detectors = settings_->detectors;
  options.scanner = &worker_.scanner;
  if (!options.detectors && !options.session) return nullptr;
  options.judge = [this](const FindingGroups& found, const content::Finding& finding, std::string& why) {
    return judge_answer(found, &finding, why);
  };
  options.judge_incomplete = [this](const FindingGroups& found, std::string_view reason, std::string& why) {
    answer_incomplete_ = reason;
    return judge_answer(found, nullptr, why);
  };
  return std::make_unique<AnswerContent>(std::move(options));
}

AnswerContent::Verdict ModelCall::judge_answer(const FindingGroups& found, const content::Finding* finding,
                                               std::string& why) {
  answer_found_ = found;
  const Instant now{worker_.clock.now().nanoseconds / 1000 * 1000};
  static const std::map<std::string, bool> kNoChecks;
  const bool asks_checks = settings_->policy->needs(policy::Point::kModelResponse, policy::Fact::kChecks);
  const auto approvals = approvals_for(*settings_, policy::Point::kModelResponse, *principal_, hints_, now);
  const CallFacts::Parts parts{*principal_,
                               hints_,
                               exchange_.head().headers,
                               route_,
                               view_,
                               body_.size(),
                               sent_model(),
                               *model_,
                               *provider_,
                               now,
                               asks_checks ? worker_.checks(now) : kNoChecks,
                               &found,
                               {},
                               answer_incomplete_.empty(),
                               approvals};
  UsesOfOneCall uses(worker_, exception_uses_);
  settings_->policy->decide(policy::Point::kModelResponse, CallFacts(parts), &uses, worker_.scratch, answer_decision_);
  if (answer_decision_.refused()) {
    why = answer_decision_.message;
    return AnswerContent::Verdict::kCut;
  }
  const bool has_place = finding != nullptr && !finding->is_document;
  if (!has_place || finding->confidence < kTakenOutFrom) return AnswerContent::Verdict::kPass;
  return redacts(answer_decision_, *finding) ? AnswerContent::Verdict::kTakeOut : AnswerContent::Verdict::kPass;
}

/// Where an answer has to be looked into on its way: which tools it calls, what it says.
void ModelCall::look_into(Relay& relay, std::string_view content_type, std::string_view content_encoding) {
  const bool asks_tools = is_held_to_tools();
  if (asks_tools) {
    relay.tools = wire::make_answer_tools(route_, relay.status, content_type, content_encoding, tool_judge());
  }
  relay.content = answer_content(relay.status);
  if (relay.content) {
    relay.rewriter = wire::make_answer_rewriter(route_, relay.status, content_type, content_encoding, *relay.content);
  }
  if (!asks_tools && !relay.content) return;
  relay.length.reset();
  if ((asks_tools && !relay.tools) || (relay.content && !relay.rewriter)) {
    const std::string form = std::string(content_type) + " " + std::string(content_encoding);
    relay.stopped = Error{ErrorCode::kInvalid,
                          "The provider's answer came in a form that cannot be read (" + printable(form, 60) + ")."};
  }
}

Task<void> ModelCall::relay(net::ClientResponse& response) {
  if (response.status() >= 300 && response.status() < 400) co_return co_await answer_redirect(response.status());
  if (response.status() == 401) co_return co_await answer_refused_key();
  Relay relay;
  relay.status = response.status();
  // Whoever is told of our budgets is not told of the limits of the key that everybody shares; nor is Claude Code that
  // is signed in here, which would show them as its owner's.
  const auto use = budget_use();
  relay.headers = worker_.take_headers();
  add_for_client(response.headers(), relay.headers, use.has_value() || is_of_claude_code());
  if (use) {
    budget_headers_ = wire::encode_budget_use(hints_.kind, *use);
    for (const auto& [name, value] : budget_headers_) relay.headers.add(name, value);
  }
  add_reeve_headers(relay.headers);
  const std::string_view content_type = response.headers().get("content-type");
  const std::string_view content_encoding = response.headers().get("content-encoding");
  relay.event_stream = is_event_stream(content_type);
  relay.reader = wire::make_answer_reader(sent_route(), view_, relay.status, content_type, content_encoding);
  relay.length = response.content_length();
  look_into(relay, content_type, content_encoding);
  const std::string note = note_in_answer();
  if (!note.empty() || (relay.event_stream && spend_.may_outgrow())) {
    relay.tail = wire::make_answer_tail(sent_route(), relay.status, content_type, content_encoding, note);
    if (relay.tail) relay.length.reset();
  }
  const bool plain = content_encoding.empty() || equal_ignoring_case(content_encoding, "identity");
  if (body_asking_usage_ && relay.event_stream && plain && relay.status < 300) {
    relay.remover.emplace();
    relay.length.reset();
  }
  cancel_upstream_ = [&response] { response.cancel(); };
  first_byte_ = worker_.clock.steady();
  if (cut() != nullptr) relay.kill();
  if (!relay.stopped) co_await pass_on(response, relay);
  cancel_upstream_ = nullptr;
  co_await end_relay(response, relay);
  worker_.give_back_headers(std::move(relay.headers));
}

/// Brings the answer to the client, piece by piece. A plain answer that is looked at begins when it was: until then it
/// can still become a refusal.
Task<void> ModelCall::pass_on(net::ClientResponse& response, Relay& relay) {
  const bool at_once = (!relay.rewriter && !relay.tools) || relay.event_stream;
  answers_ = gives_ = true;
  if (at_once) {
    relay.started = true;
    relay.to_client = co_await exchange_.start(relay.status, relay.headers, relay.length);
  }
  std::uint64_t relayed = 0;
  bool ended = false;
  while (relay.to_client.ok() && !ended) {
    gives_ = false;
    auto piece = co_await response.read();
    if (cut() != nullptr) co_return relay.kill();
    if (!piece) {
      relay.cut = piece.error();
      co_return;
    }
    relayed += piece->size();
    answer_bytes_ = relayed;
    relay.reader->feed(*piece);
    const TokenUsage so_far = relay.event_stream ? relay.reader->so_far() : TokenUsage();
    const bool goes_on =
        !relay.event_stream || spend_.may_go_on(so_far) || co_await spend_.may_go_on_with_others(so_far);
    if (spend_.grew()) record_growth();
    if (cut() != nullptr) co_return relay.kill();
    gives_ = true;
    if (!goes_on) {
      relay.stopped = Error{ErrorCode::kTooLarge, budget_sentence(*spend_.refusal())};
      co_return;
    }
    if (worker_.sealed_content != nullptr && relay.kept.size() < kKeptAnswerMax) relay.kept += *piece;
    // The last bytes and the end leave in one packet where the length tells which bytes are the last.
    ended = piece->empty() || (relay.length && relayed == *relay.length);
    const std::string_view passing = relay.change(*piece, ended);
    if (!relay.started && !relay.stopped && (!passing.empty() || ended)) {
      relay.started = true;
      if (ended) relay.length = passing.size();
      relay.to_client = co_await exchange_.start(relay.status, relay.headers, relay.length);
      if (!relay.to_client.ok()) co_return;
    }
    if (relay.stopped) {
      if (relay.started && !passing.empty()) relay.to_client = co_await exchange_.write(passing);
      co_return;
    }
    if (ended) {
      relay.to_client = co_await exchange_.finish(passing);
    } else if (!passing.empty()) {
      relay.to_client = co_await exchange_.write(passing);
    }
  }
}

/// Tells the client why there is no more, where its dialect has a form for it.
Task<void> ModelCall::tell_of_end(Relay& relay) {
  gives_ = true;
  if (relay.stopped) {
    const wire::Refusal why = refusal_of_stop(relay);
    if (!relay.started) {
      co_await answer_in_place(why);
    } else if (relay.tail && (relay.killed || spend_.refusal())) {
      std::string end;
      relay.tail->end_early(why, relay.reader->so_far().output, end);
      relay.to_client = co_await exchange_.finish(end);
    } else {
      relay.to_client = co_await exchange_.finish(
          relay.event_stream ? "\n\n" + wire::encode_stream_error(route_.dialect, why) : std::string());
    }
    // What was given before and waits for the client to take it is part of what was stopped.
    if (relay.killed && relay.to_client.ok()) relay.to_client = co_await exchange_.flush();
  } else if (relay.cut && relay.event_stream && !relay.length) {
    // The client hears why in its own dialect; the blank line ends whatever event was cut in two. Where a length was
    // stated, there is no room for it, and the missing bytes say that the answer is incomplete.
    const bool late = relay.cut->code == ErrorCode::kTimeout;
    const wire::Refusal why =
        refusal(late ? wire::RefusalReason::kUpstreamTimeout : wire::RefusalReason::kUpstreamUnreachable,
                "The provider's answer broke off: " + relay.cut->message);
    relay.to_client = co_await exchange_.finish("\n\n" + wire::encode_stream_error(route_.dialect, why));
  }
}

/// Ends the answer, and records what came of it.
Task<void> ModelCall::end_relay(net::ClientResponse& response, Relay& relay) {
  // Its client was cut off in the middle of a piece.
  if (cut() != nullptr && !relay.to_client.ok()) relay.kill();
  if (relay.stopped) response.cancel();
  if (!client_gone_) co_await tell_of_end(relay);
  answers_ = gives_ = false;
  ended();

  if (relay.tail && relay.tail->noted() && !told_) {
    told_ = true;
    remember_model();
  }
  if (!relay.kept.empty()) co_await seal_answer(std::move(relay.kept));
  wire::AnswerSummary summary = relay.reader->finish();
  const bool billed = relay.status >= 200 && relay.status < 300;
  if (billed) charge_unheard(summary);
  const auto end_as = [&](std::string_view how, std::string_view reason) {
    record_outcome(summary, how, reason, relay.status, billed);
    count_call(how);
  };
  if (relay.content) answer_found_ = relay.content->found();
  if (relay.killed) co_return end_as("killed", cut()->id + ": " + cut()->reason);
  if (relay.stopped) co_return end_as("answer_refused", relay.stopped->message);
  if (client_gone_ || !relay.to_client.ok())
    co_return end_as("client_gone", "the client closed before the answer ended");
  if (relay.cut) co_return end_as("upstream_cut", relay.cut->message);
  if (relay.status >= 400 || !summary.error_type.empty()) co_return end_as("upstream_error", summary.error_type);
  end_as("ok", summary.stop_reason);
}

wire::Refusal ModelCall::refusal_of_stop(const Relay& relay) const {
  if (relay.killed) return refusal_of_cutoff();
  if (spend_.refusal()) return refusal_of_budget();
  const Error& why = *relay.stopped;
  wire::Refusal no = refusal(
      why.code == ErrorCode::kDenied ? wire::RefusalReason::kPolicy : wire::RefusalReason::kUnavailable, why.message);
  if (why.code == ErrorCode::kDenied && answer_decision_.rule != nullptr) no.rule = answer_decision_.rule->name;
  return no;
}

}  // namespace reeve::gateway
