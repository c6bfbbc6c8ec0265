#include "provider_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <functional>
#include <future>

extern char** environ;

namespace reeve::oidc_test {

namespace {

constexpr std::size_t kAnswerBytesMax = 1U << 20U;

/// One line from a pipe; what there is when it ends.
std::string read_line(int descriptor) {
  std::string line;
  char c = 0;
  while (::read(descriptor, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

// What both threads touch is shared: the one that waits may be gone before the other has left set_value.
template <typename T>
using Answer = std::shared_ptr<std::promise<T>>;
template <typename T>
Answer<T> make_answer() {
  return std::make_shared<std::promise<T>>();
}

/// Runs `work` on the loop and waits for its end.
void run_on(net::Loop& loop, const std::function<void()>& work) {
  const auto done = make_answer<void>();
  loop.post([work, done] {
    work();
    done->set_value();
  });
  done->get_future().get();
}

Task<void> authenticate_into(identity::Authenticator& authenticator, std::string credential,
                             Answer<identity::AuthOutcome> answer) {
  auto outcome = co_await authenticator.authenticate(credential);
  answer->set_value(std::move(outcome));
}

Task<void> command_into(net::Client& client, net::Url url, std::string method, std::string path,
                        Answer<Result<std::string>> answer) {
  const net::ClientRequest request{.method = method, .path_and_query = path, .headers = {}, .body = {}};
  auto sent = co_await client.send(url, request);
  if (!sent.ok()) {
    answer->set_value(sent.failure.error);
    co_return;
  }
  auto body = co_await sent.response->read_all(kAnswerBytesMax);
  if (body && sent.response->status() != 200) body = Error{ErrorCode::kInternal, *body};
  answer->set_value(std::move(body));
}

}  // namespace

ProviderProcess::ProviderProcess() {
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  CHECK(::pipe2(input.data(), O_CLOEXEC) == 0 && ::pipe2(output.data(), O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  CHECK(::posix_spawn_file_actions_init(&actions) == 0);
  CHECK(::posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO) == 0);
  CHECK(::posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO) == 0);
  std::string program = NODE;
  std::string script = PROVIDER;
  std::array<char*, 3> arguments = {program.data(), script.data(), nullptr};
  CHECK(::posix_spawn(&child_, NODE, &actions, nullptr, arguments.data(), environ) == 0);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(input[0]);
  ::close(output[1]);
  input_ = input[1];

  const std::string ready = read_line(output[0]);
  ::close(output[0]);
  const auto json = JsonDocument::parse(ready);
  CHECK(json.ok());
  issuer_ = json->root()["issuer"].string_or("");
  control_ = json->root()["control"].string_or("");
  CHECK(!issuer_.empty() && !control_.empty());
}

ProviderProcess::~ProviderProcess() {
  ::close(input_);
  int status = 0;
  ::waitpid(child_, &status, 0);
}

AuthenticatorOnLoop::AuthenticatorOnLoop(std::vector<identity::OidcIssuer> issuers, const Clock& clock)
    : runtime_(net::Runtime::create(1).value()) {
  runtime_->start();
  run_on(runtime_->loop(0), [&] {
    client_ = net::Client::create(runtime_->loop(0), identity::Authenticator::client_limits()).value();
    authenticator_ = identity::Authenticator::create({.issuers = issuers, .clock = &clock}, *keys_, *client_);
  });
}

AuthenticatorOnLoop::~AuthenticatorOnLoop() {
  run_on(runtime_->loop(0), [&] {
    authenticator_.reset();
    client_.reset();
  });
  runtime_->stop();
}

identity::AuthOutcome AuthenticatorOnLoop::authenticate(const std::string& credential) {
  return authenticate_all({credential}).front();
}

std::vector<identity::AuthOutcome> AuthenticatorOnLoop::authenticate_all(const std::vector<std::string>& credentials) {
  std::vector<Answer<identity::AuthOutcome>> answers;
  for (std::size_t i = 0; i < credentials.size(); ++i) answers.push_back(make_answer<identity::AuthOutcome>());
  run_on(runtime_->loop(0), [&] {
    for (std::size_t i = 0; i < credentials.size(); ++i) {
      start_detached(authenticate_into(*authenticator_, credentials[i], answers[i]));
    }
  });
  std::vector<identity::AuthOutcome> outcomes;
  for (const auto& answer : answers) outcomes.push_back(answer->get_future().get());
  return outcomes;
}

std::string AuthenticatorOnLoop::command(const std::string& control, const std::string& method,
                                         const std::string& path) {
  const auto answer = make_answer<Result<std::string>>();
  run_on(runtime_->loop(0),
         [&] { start_detached(command_into(*client_, net::parse_url(control).value(), method, path, answer)); });
  const auto body = answer->get_future().get();
  if (!body) {
    static_cast<void>(std::fprintf(stderr, "%s %s: %s\n", method.c_str(), path.c_str(), body.error().message.c_str()));
  }
  return body.value();
}

}  // namespace reeve::oidc_test
