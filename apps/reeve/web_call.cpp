#include "reeve/web_call.h"

#include <future>

#include "identity/identity.h"
#include "net/net.h"

namespace reeve::app {

namespace {

constexpr std::size_t kReplyBytesMax = 1UL << 20U;
using Reply = std::shared_ptr<std::promise<Result<WebReply>>>;

Task<Result<WebReply>> send(net::Client& client, net::Url url, std::string path, std::string form) {
  net::ClientRequest request{.method = form.empty() ? "GET" : "POST",
                             .path_and_query = path,
                             .headers = {{"accept", "application/json"}, {"user-agent", "reeve"}},
                             .body = form};
  if (!form.empty()) request.headers.add("content-type", "application/x-www-form-urlencoded");
  const auto sent = co_await client.send(url, request);
  if (!sent.ok()) co_return sent.failure.error;
  auto body = co_await sent.response->read_all(kReplyBytesMax);
  if (!body) co_return std::move(body).error();
  co_return WebReply{sent.response->status(), *std::move(body)};
}

Task<void> send_into(net::Client& client, net::Url url, std::string path, std::string form, Reply reply) {
  reply->set_value(co_await send(client, std::move(url), std::move(path), std::move(form)));
}

}  // namespace

Result<WebReply> call_web(const std::string& address, const std::vector<std::pair<std::string, std::string>>& fields) {
  const std::size_t scheme = address.find("://");
  const std::size_t path = scheme == std::string::npos ? std::string::npos : address.find('/', scheme + 3);
  const auto url = net::parse_url(address.substr(0, path));
  if (!url) return url.error();
  auto runtime = net::Runtime::create(1);
  if (!runtime) return std::move(runtime).error();
  net::Loop& loop = (*runtime)->loop(0);
  auto client = net::Client::create(loop, identity::Authenticator::client_limits());
  if (!client) return std::move(client).error();
  (*runtime)->start();
  const auto reply = std::make_shared<std::promise<Result<WebReply>>>();
  const std::string target = path == std::string::npos ? "/" : address.substr(path);
  loop.post([&client, url = *url, target, form = identity::web_form(fields), reply] {
    start_detached(send_into(**client, url, target, form, reply));
  });
  auto answered = reply->get_future().get();
  (*runtime)->stop();
  if (!answered) {
    return Error{ErrorCode::kUnavailable,
                 "Reeve at " + url->authority() + " does not answer: " + answered.error().message};
  }
  return answered;
}

}  // namespace reeve::app
