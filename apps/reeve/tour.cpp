#include "reeve/tour.h"

#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

constexpr std::string_view kWelcomeNote = "made by 'reeve run' for trying Reeve out";
constexpr std::string_view kTourOwner = "tour@reeve.local";
/// Who decides about what the tour asks for: of the group that the starter's ApprovalPolicy names.
constexpr std::string_view kTourApprover = "council@reeve.local", kApprovers = "governance-council";
/// What the starter's budget of the practice model is called.
constexpr std::string_view kTourBudget = "practice";

struct Answer {
  int status = 0;
  bool refused = false;  // by Reeve, so that nothing left
  std::string body;
  std::string request_id;
  std::string failure;
};

struct Call {
  std::string path;
  std::string key;
  std::string body;
  bool anthropic = false;
};

Task<void> make_call(net::Client& client, const net::Url& url, const Call& call, Answer& answer,
                     std::function<void()> done) {
  const std::string authorization = "Bearer " + call.key;
  net::ClientRequest request;
  request.path_and_query = call.path;
  request.headers.add("content-type", "application/json");
  if (!call.key.empty()) request.headers.add("authorization", authorization);
  if (call.anthropic) request.headers.add("anthropic-version", "2023-06-01");
  request.headers.add("user-agent", "reeve-tour");
  request.headers.add("x-reeve-session", "tour");
  request.headers.add("x-reeve-work-item", "TOUR-1");
  request.body = call.body;
  const net::Client::Sent sent = co_await client.send(url, request);
  if (sent.ok()) {
    answer.status = sent.response->status();
    answer.refused = sent.response->headers().get("x-reeve-decision") == "deny";
    answer.request_id = sent.response->headers().get("x-reeve-request-id");
    auto body = co_await sent.response->read_all(1UL << 20U);
    if (!body) answer.failure = body.error().message;
    if (body) answer.body = *std::move(body);
  } else {
    answer.failure = sent.failure.error.message;
  }
  done();
}

/// Makes calls one after another from an ordinary thread.
class Caller {
 public:
  static Result<std::unique_ptr<Caller>> create(const std::string& base_url, net::ClientTls tls) {
    auto url = net::parse_url(base_url);
    if (!url) return url.error();
    auto runtime = net::Runtime::create(1);
    if (!runtime) return runtime.error();
    auto client = net::Client::create((*runtime)->loop(0), {}, std::move(tls));
    if (!client) return client.error();
    (*runtime)->start();
    return std::unique_ptr<Caller>(new Caller(*std::move(url), *std::move(runtime), *std::move(client)));
  }
  ~Caller() {
    // The client's connections end on their own loop, before it stops.
    run_on_loop([this](const std::function<void()>& done) {
      client_.reset();
      done();
    });
    runtime_->stop();
  }

  Answer call(const Call& call) {
    Answer answer;
    run_on_loop(
        [&](const std::function<void()>& done) { start_detached(make_call(*client_, url_, call, answer, done)); });
    return answer;
  }

 private:
  Caller(net::Url url, std::unique_ptr<net::Runtime> runtime, std::unique_ptr<net::Client> client)
      : url_(std::move(url)), runtime_(std::move(runtime)), client_(std::move(client)) {}

  /// Runs `work` on the loop and waits until it has called its `done`.
  void run_on_loop(const std::function<void(const std::function<void()>&)>& work) {
    std::mutex mutex;
    std::condition_variable changed;
    bool finished = false;
    runtime_->loop(0).post([&] {
      work([&] {
        const std::lock_guard lock(mutex);
        finished = true;
        changed.notify_one();
      });
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return finished; });
  }

  net::Url url_;
  std::unique_ptr<net::Runtime> runtime_;
  std::unique_ptr<net::Client> client_;
};

/// What the ledger says of one call: its cost and its usage.
std::optional<std::string> recorded_cost(const Config& config, const std::string& request_id) {
  auto reader = ledger::LogReader::open(config.data_dir / "ledger");
  if (!reader) return std::nullopt;
  std::optional<std::string> found;
  const std::uint64_t size = (*reader)->size();
  const auto read = (*reader)->read(size > 100 ? size - 100 : 0, [&](const ledger::StoredEntry& stored) {
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document) return true;
    const JsonValue entry = document->root();
    if (entry["request_id"].string_or("") != request_id || entry["kind"].string_or("") != "model.outcome") return true;
    const std::int64_t input = entry.at("usage.input").int_or(0);
    const std::int64_t output = entry.at("usage.output").int_or(0);
    const std::int64_t nanos = entry.at("cost.nanos").int_or(0);
    found = format_money({nanos}) + " for " + std::to_string(input) + " tokens in, " + std::to_string(output) +
            " out; ledger entry " + std::to_string(stored.index);
    return false;
  });
  if (!read) return std::nullopt;
  return found;
}

/// The outcome follows the answer by a group commit; wait for it, not for long.
std::string cost_line(const Service& service, const std::string& request_id) {
  for (int attempt = 0; attempt < 40 && !service.stopping(); ++attempt) {
    if (const auto cost = recorded_cost(service.config(), request_id)) return *cost;
    ::usleep(25'000);
  }
  return "not recorded yet";
}

/// "email (tokenised)": what the ledger says was found in the request.
std::string found_line(const Config& config, const std::string& request_id) {
  auto reader = ledger::LogReader::open(config.data_dir / "ledger");
  if (!reader) return "";
  std::string found;
  const std::uint64_t size = (*reader)->size();
  const auto read = (*reader)->read(size > 100 ? size - 100 : 0, [&](const ledger::StoredEntry& stored) {
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document || document->root()["request_id"].string_or("") != request_id) return true;
    for (const JsonValue& finding : document->root().at("content.findings").items()) {
      found += (found.empty() ? "" : ", ") + std::string(finding["type"].string_or(""));
      if (finding["action"].present()) found += " (" + std::string(finding["action"].string_or("")) + ")";
    }
    return found.empty();
  });
  return read ? found : "";
}

/// Of the form of a GitHub token, its check sum included, and nobody's: put together here so that no scanner of this
/// repository takes it for one.
std::string sample_credential() { return std::string("ghp_") + "q7Rk2ZbV9xLmT4cYwN8sJfHdP3aGuE" + "1dnOr2"; }

std::string sentence_of(const std::string& body) {
  const auto document = JsonDocument::parse(body);
  if (!document) return printable(body, 300);
  const JsonValue root = document->root();
  for (const std::string_view path : {"error.message", "message"}) {
    if (const auto text = root.at(path).as_string()) return printable(*text, 400);
  }
  for (const JsonValue& block : root["content"].items()) {
    if (const auto text = block["text"].as_string()) return printable(*text, 400);
  }
  for (const JsonValue& choice : root["choices"].items()) {
    if (const auto text = choice.at("message.content").as_string()) return printable(*text, 400);
  }
  for (const JsonValue& candidate : root["candidates"].items()) {
    for (const JsonValue& part : candidate.at("content.parts").items()) {
      if (const auto text = part["text"].as_string()) return printable(*text, 400);
    }
  }
  return printable(body, 300);
}

/// Secrets of the keys that the tour calls with; they are ended after it.
struct TourKeys {
  std::string calls, asks, decides;
};

class Tour {
 public:
  Tour(Service& service, Caller& caller, TourKeys keys)
      : service_(service), caller_(caller), keys_(std::move(keys)), key_(keys_.calls) {}

  void play() {
    step("An allowed call: Anthropic's dialect, the practice model",
         {"/v1/messages", key_,
          R"({"model":"practice-small","max_tokens":200,"messages":[{"role":"user","content":"Say hello."}]})", true});
    step("The same in OpenAI's dialect",
         {"/v1/chat/completions", key_,
          R"({"model":"practice-large","messages":[{"role":"user","content":"Say hello."}]})"});
    step("And in Gemini's", {"/v1beta/models/practice-small:generateContent", key_,
                             R"({"contents":[{"role":"user","parts":[{"text":"Say hello."}]}]})"});
    step("Personal data in the prompt: replaced before it leaves, put back in the answer",
         {"/v1/messages", key_,
          R"({"model":"practice-small","max_tokens":200,"messages":[{"role":"user","content":)"
          R"("Write to ada.keller@brightwater-tools.com that the invoice over EUR 1,200 is paid."}]})",
          true});
    step("A credential in the prompt: refused, nothing leaves",
         {"/v1/messages", key_,
          R"({"model":"practice-small","max_tokens":200,"messages":[{"role":"user","content":"Why is )" +
              sample_credential() + R"( rejected?"}]})",
          true});
    step("A model that nobody registered: refused, with the way forward",
         {"/v1/messages", key_,
          R"({"model":"mystery-9000","max_tokens":200,"messages":[{"role":"user","content":"Hello?"}]})", true});
    step("A key that nobody issued: refused",
         {"/v1/chat/completions", "rv_not-a-key",
          R"({"model":"practice-small","messages":[{"role":"user","content":"Hello?"}]})"});
    except();
    verify();
  }

 private:
  /// "[3/9] What comes now".
  void head(const std::string& title) {
    ++number_;
    std::printf("\n%s %s\n", bold("[" + std::to_string(number_) + "/9]").c_str(), bold(title).c_str());
    std::fflush(stdout);
  }

  /// What the control API said, and whether it is as wished.
  bool tell(const Answer& answer, const std::string& sentence) {
    const bool good = answer.failure.empty() && answer.status < 300;
    const std::string status = answer.failure.empty() ? std::to_string(answer.status) : "failed";
    const auto document = JsonDocument::parse(answer.body);
    const std::string why = document ? std::string(document->root()["detail"].string_or("")) : answer.failure;
    std::printf("  %s  %s\n", (good ? green(status) : yellow(status)).c_str(),
                good ? sentence.c_str() : printable(why, 400).c_str());
    std::fflush(stdout);
    return good;
  }

  /// Asked by one person, approved by another, and not by whoever asked: so that the register has one to look at.
  void except() {
    if (service_.stopping()) return;
    head("More than a budget allows: asked by one person, approved by another");
    JsonWriter body;
    body.begin_object().member("add", "$5").member("budget", kTourBudget);
    body.member("reason", "To see how an exception is asked for and approved").member("until", "1d").end_object();
    const Answer asked = caller_.call({"/api/v1/exceptions", keys_.asks, body.take()});
    const auto document = JsonDocument::parse(asked.body);
    const std::string what = document ? std::string(document->root()["what"].string_or("")) : "";
    if (!tell(asked, "asked by " + std::string(kTourOwner) + ": " + what)) return;
    const std::string path = "/api/v1/exceptions/" + std::string(document->root().at("exception.id").string_or(""));
    JsonWriter decision;
    decision.begin_object().member("decision", "approve");
    decision.member("digest", document->root().at("exception.digest").string_or("")).end_object();
    const std::string yes = decision.take();
    tell(caller_.call({path, keys_.asks, yes}), "");
    tell(caller_.call({path, keys_.decides, yes}), "approved by " + std::string(kTourApprover) + ", for a day");
  }

  void step(const std::string& title, const Call& call) {
    if (service_.stopping()) return;
    head(title);
    const Answer answer = caller_.call(call);
    if (!answer.failure.empty()) {
      std::printf("  %s\n", red("the call failed: " + answer.failure).c_str());
      return;
    }
    const std::string status = std::to_string(answer.status);
    std::printf("  %s  %s\n", (answer.status < 300 ? green(status) : yellow(status)).c_str(),
                sentence_of(answer.body).c_str());
    if (!answer.refused) {
      std::printf("  %s\n", dim(cost_line(service_, answer.request_id)).c_str());
      if (const std::string found = found_line(service_.config(), answer.request_id); !found.empty()) {
        std::printf("  %s\n", dim("found in it: " + found).c_str());
      }
    } else {
      std::printf("  %s\n",
                  dim("$0.00: nothing left the building; the refusal is recorded under " + answer.request_id).c_str());
    }
    std::fflush(stdout);
  }

  void verify() {
    if (service_.stopping()) return;
    head("reeve ledger verify: can the record be trusted?");
    const auto report = ledger::verify(service_.config().data_dir / "ledger");
    if (!report) {
      std::printf("  %s\n", red(report.error().message).c_str());
    } else if (!report->ok) {
      for (const std::string& problem : report->problems) std::printf("  %s\n", red(problem).c_str());
    } else {
      std::printf("  %s  %llu entries, each in the signed tree of root %s\n", green("yes").c_str(),
                  static_cast<unsigned long long>(report->entries), report->root.c_str());
    }
    std::fflush(stdout);
  }

  Service& service_;
  Caller& caller_;
  const TourKeys keys_;
  const std::string& key_;
  int number_ = 0;
};

/// A key for the person at the keyboard: made once, when nobody has one yet.
std::optional<std::string> first_key(identity::KeyStore& keys) {
  const auto existing = keys.list();
  if (!existing) return std::nullopt;
  const Instant now = system_clock().now();
  for (const identity::VirtualKey& key : *existing) {
    if (key.owner != kTourOwner && key.owner != kTourApprover && !key.revoked && (!key.expires || *key.expires > now))
      return std::nullopt;
  }
  identity::KeyRequest request;
  request.owner = "you@localhost";
  request.note = kWelcomeNote;
  request.time_to_live = std::chrono::hours(24 * 30);
  const auto made = identity::create_key(keys, request, now);
  if (!made) return std::nullopt;
  return made->secret;
}

}  // namespace

void print_welcome(Service& service) {
  const std::string url = service.base_url();
  // Elsewhere it would be kept by whatever collects the output.
  const auto fresh = output_is_terminal() ? first_key(service.keys()) : std::nullopt;
  const std::string key = fresh.value_or("rv_...");
  std::printf("\n%s %s\n", bold("Reeve is serving at").c_str(), bold(green(url)).c_str());
  if (fresh) {
    std::printf("Your key, valid 30 days, shown once:  %s\n", bold(key).c_str());
  } else {
    std::printf("Make a key with: reeve key create --owner you@example.com --data %s\n",
                service.config().data_dir.c_str());
  }
  // Elsewhere the link would be kept, too.
  const auto link = output_is_terminal() ? service.make_console_link() : Result<std::string>(std::string());
  const bool has_link = link && !link->empty();
  std::printf("\n%s  %s\n", bold("Look at it in the console").c_str(),
              has_link ? green(*link).c_str() : (url + "/console/  (a link that signs you in: reeve console)").c_str());
  if (has_link) {
    std::printf("%s\n", dim("  opens once, within ten minutes; for another one: reeve console").c_str());
  }
  std::printf("\n%s\n", bold("Point a coding agent at it").c_str());
  std::printf("  Claude Code   ANTHROPIC_BASE_URL=%s ANTHROPIC_AUTH_TOKEN=%s claude\n", url.c_str(), key.c_str());
  std::printf("  Codex         REEVE_KEY=%s codex -c model_provider=reeve -c model_providers.reeve.name=Reeve \\\n",
              key.c_str());
  std::printf(
      "                  -c model_providers.reeve.base_url=%s/v1 -c model_providers.reeve.env_key=REEVE_KEY \\\n",
      url.c_str());
  std::printf("                  -c model_providers.reeve.wire_api=responses\n");
  std::printf("  Gemini CLI    GOOGLE_GEMINI_BASE_URL=%s GEMINI_API_KEY=%s gemini\n", url.c_str(), key.c_str());
  std::printf("  OpenCode      in opencode.json: {\"provider\":{\"reeve\":{\"npm\":\"@ai-sdk/openai-compatible\",\n");
  std::printf(
      "                  \"options\":{\"baseURL\":\"%s/v1\",\"apiKey\":\"%s\"},\"models\":{\"practice-large\":{}}}}}\n",
      url.c_str(), key.c_str());
  std::printf("  Copilot CLI   COPILOT_PROVIDER_BASE_URL=%s/v1 COPILOT_PROVIDER_API_KEY=%s \\\n", url.c_str(),
              key.c_str());
  std::printf("                  COPILOT_MODEL=practice-large COPILOT_OFFLINE=true copilot\n");
  std::printf("\n%s\n", bold("Then look at what was recorded").c_str());
  std::printf("  reeve spend report --by person,model --since 7d\n  reeve ledger tail\n  reeve ledger verify\n");
  std::printf("  health %s/healthz   metrics %s/metrics\n", url.c_str(), url.c_str());
  std::printf("%s\n", dim("Stop with Ctrl-C; the data stays in " + service.config().data_dir.string() + ".").c_str());
  std::fflush(stdout);
}

namespace {

/// Keys that end with the tour, or within the hour.
class TourKeyring {
 public:
  explicit TourKeyring(identity::KeyStore& store) : store_(store) {}
  TourKeyring(const TourKeyring&) = delete;
  TourKeyring& operator=(const TourKeyring&) = delete;
  ~TourKeyring() {
    for (const std::string& id : ids_) static_cast<void>(store_.revoke(id, system_clock().now()));
  }
  Result<std::string> make(std::string_view owner, std::vector<std::string> scopes, std::vector<std::string> groups) {
    identity::KeyRequest request;
    request.owner = owner;
    request.note = "the tour's own, ended after it";
    request.time_to_live = std::chrono::hours(1);
    request.scopes = std::move(scopes);
    request.groups = std::move(groups);
    auto made = identity::create_key(store_, request, system_clock().now());
    if (!made) return std::move(made).error();
    ids_.push_back(made->key.id);
    return std::move(made->secret);
  }

 private:
  identity::KeyStore& store_;
  std::vector<std::string> ids_;
};

}  // namespace

void play_tour(Service& service) {
  TourKeyring keyring(service.keys());
  const auto calls = keyring.make(kTourOwner, {}, {});
  const auto asks = keyring.make(kTourOwner, {"control:write"}, {});
  const auto decides = keyring.make(kTourApprover, {"control:write"}, {std::string(kApprovers)});
  net::ClientTls tls;
  if (service.config().tls) tls.extra_root_files.push_back(service.config().tls->certificate_file);
  auto caller = Caller::create(service.base_url(), std::move(tls));
  if (!calls || !asks || !decides || !caller) {
    const Error& why = !calls ? calls.error() : !asks ? asks.error() : !decides ? decides.error() : caller.error();
    std::printf("The tour cannot start: %s\n", why.message.c_str());
  } else {
    std::printf("\n%s\n", bold("A short tour: real calls through the gateway you just started").c_str());
    Tour(service, **caller, {*calls, *asks, *decides}).play();
  }
  if (!service.stopping()) print_welcome(service);
}

}  // namespace reeve::app
