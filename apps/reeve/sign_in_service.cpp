#include "reeve/sign_in_service.h"

#include "core/log.h"
#include "reeve/console_link.h"
#include "reeve/demo_history.h"

namespace reeve::app {

namespace {

constexpr auto kLookInterval = std::chrono::milliseconds(500);
constexpr int kLooksOfAMinute = 120;
constexpr const char* kKeyFile = "tokens.key";

}  // namespace

Result<std::unique_ptr<SignInService>> SignInService::open(const Config& config, store::Store& store,
                                                           identity::Grants::Record record, const std::string& node,
                                                           identity::Directory* directory) {
  std::unique_ptr<SignInService> service(new SignInService);
  service->directory_ = directory;
  service->store_ = &store.grants();
  service->record_ = std::move(record);
  if (config.postgres) {
    auto shared = store::open_shared_grants(*config.postgres, node);
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
                                                           const std::string& address, Refusals& refusals,
                                                           const Callers& callers) {
  tokens_->serve_as(config.public_url.empty() ? address : config.public_url);
  grants_ = std::make_unique<identity::Grants>(*store_, *tokens_, system_clock(), record_, directory_, client_traits());
  browsers_.emplace(*store_, *tokens_, *grants_, system_clock());
  SignInRoutes::Sources sources{grants_.get(),       &*browsers_, tokens_.get(),          config.issuers,
                                config.upstream_tls, &refusals,   config.trusted_proxies, callers.kill_switch};
  sources.is_demonstration = is_demonstration(config.data_dir);
  if (takes_visitors(config)) sources.visitors = read_visitors(config.data_dir);
  sources.store = store_;
  if (callers.agents != nullptr) {
    trust_ = config.agents;
    agent_tokens_ =
        std::make_unique<identity::AgentTokens>(*callers.agents, *store_, *tokens_, system_clock(), record_);
    sources.agent_tokens = agent_tokens_.get();
    sources.agents = callers.agents;
    sources.trust = &*trust_;
    sources.keys = callers.keys;
    sources.directory = directory_;
  }
  auto routes = SignInRoutes::create(runtime, std::move(sources));
  if (!routes) return std::move(routes).error();
  keeper_ = std::thread([this] { run(); });
  return routes;
}

Result<std::string> SignInService::make_console_link(const std::string& person) {
  const auto secret = identity::make_sign_in_link(*store_, console_visitor(person), system_clock().now());
  if (!secret) return secret.error();
  return console_link(tokens_->issuer(), *secret);
}

Result<void> SignInService::end_sign_ins_of(const std::string& person, const identity::SignInEnd& end) {
  const auto ended = store_->end_sessions_of(person, end);
  return ended ? Result<void>() : Result<void>(ended.error());
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
