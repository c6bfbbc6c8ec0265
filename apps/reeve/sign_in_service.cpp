#include "reeve/sign_in_service.h"

#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

namespace {

constexpr auto kLookInterval = std::chrono::milliseconds(500);
constexpr int kLooksOfAMinute = 120;
constexpr const char* kKeyFile = "tokens.key";

}  // namespace

Result<std::unique_ptr<SignInService>> SignInService::open(const Config& config, store::Store& store,
                                                           identity::Grants::Record record) {
  std::unique_ptr<SignInService> service(new SignInService);
  service->store_ = &store.grants();
  service->record_ = std::move(record);
  if (config.postgres) {
    auto shared = store::open_shared_grants(*config.postgres);
    if (!shared) return std::move(shared).error();
    service->shared_ = *std::move(shared);
    service->store_ = service->shared_.get();
  }
  auto tokens = identity::OwnTokens::open(config.data_dir / kKeyFile, config.tokens, *service->store_, system_clock());
  if (!tokens) return std::move(tokens).error();
  service->tokens_ = *std::move(tokens);
  if (service->shared_) {
    if (auto seen = service->shared_->catch_up(); !seen) return std::move(seen).error();
  }
  return service;
}

Result<std::unique_ptr<SignInRoutes>> SignInService::start(net::Runtime& runtime, const Config& config,
                                                           const std::string& address, const Callers& callers) {
  tokens_->serve_as(config.public_url.empty() ? address : config.public_url);
  grants_ = std::make_unique<identity::Grants>(*store_, *tokens_, system_clock(), record_);
  SignInRoutes::Sources sources{grants_.get(), tokens_.get(), config.issuers, config.upstream_tls, record_};
  if (callers.agents != nullptr) {
    trust_ = config.agents;
    agent_tokens_ =
        std::make_unique<identity::AgentTokens>(*callers.agents, *store_, *tokens_, system_clock(), record_);
    sources.agent_tokens = agent_tokens_.get();
    sources.agents = callers.agents;
    sources.trust = &*trust_;
    sources.keys = callers.keys;
    sources.directory = callers.directory;
  }
  auto routes = SignInRoutes::create(runtime, std::move(sources));
  if (!routes) return std::move(routes).error();
  keeper_ = std::thread([this] { run(); });
  return routes;
}

Result<void> SignInService::end_sign_ins_of(const std::string& person, Instant when, const std::string& why) {
  const auto ended = store_->end_sessions_of(person, when, why);
  if (!ended) return ended.error();
  for (const std::string& sign_in : *ended) {
    JsonWriter json;
    json.begin_object().member("person", person).member("reason", why).member("sign_in", sign_in).end_object();
    // They have ended whether or not it can be written.
    if (auto recorded = record_("identity.sign_in_ended", json.text()); !recorded) return recorded;
  }
  return {};
}

void SignInService::run() {
  std::unique_lock lock(mutex_);
  for (int looks = 0; !wake_.wait_for(lock, kLookInterval, [this] { return stopping_; }); ++looks) {
    lock.unlock();
    if (shared_) {
      // While the database is away nobody signs in, and tokens of before last for their minutes.
      if (const auto seen = shared_->catch_up(); !seen && looks % kLooksOfAMinute == 0) {
        log_warning("who signed out elsewhere is not known at the moment", {{"why", seen.error().message}});
      }
    }
    if (looks % kLooksOfAMinute == kLooksOfAMinute - 1) {
      if (const auto looked = grants_->look(); !looked) {
        log_error("sign-ins cannot be tidied", {{"why", looked.error().message}});
      }
    }
    lock.lock();
  }
}

SignInService::~SignInService() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (keeper_.joinable()) keeper_.join();
}

}  // namespace reeve::app
