#include "net/client_fixture_test.h"

namespace reeve::net::testing {

Task<Reply> call(Client& client, Url url, ClientRequest request) {
  Reply reply;
  Client::Sent sent = co_await client.send(url, request);
  if (!sent.ok()) {
    reply.error = sent.failure.error.message;
    reply.code = sent.failure.error.code;
    reply.request_sent = sent.failure.request_sent;
    reply.request_complete = sent.failure.request_complete;
    reply.stale = sent.failure.stale_connection;
    co_return reply;
  }
  reply.status = sent.response->status();
  Result<std::string> body = co_await sent.response->read_all(64UL << 20U);
  if (body) {
    reply.body = *std::move(body);
  } else {
    reply.error = body.error().message;
    reply.code = body.error().code;
  }
  co_return reply;
}

ClientTest::ClientTest() : runtime_(started_runtime()), client_(*Client::create(runtime_->loop(0), {})) {}

ClientTest::~ClientTest() { runtime_->stop(); }

Reply ClientTest::send(const Url& url, ClientRequest request) {
  return run_on<Reply>(runtime_->loop(0), [&] { return call(*client_, url, request); });
}

std::future<Reply> ClientTest::send_later(ClientRequest request, const std::string& url) {
  auto promise = std::make_shared<std::promise<Reply>>();
  std::future<Reply> reply = promise->get_future();
  const auto deliver_to = [](std::shared_ptr<std::promise<Reply>> to, Client& client, Url where,
                             ClientRequest what) -> Task<void> { to->set_value(co_await call(client, where, what)); };
  runtime_->loop(0).post([this, promise, request = std::move(request), parsed = *parse_url(url), deliver_to] {
    start_detached(deliver_to(promise, *client_, parsed, request));
  });
  return reply;
}

void ClientTest::restart_client(const std::function<void(ClientLimits&)>& change, ClientTls tls) {
  ClientLimits limits;
  change(limits);
  on_loop(runtime_->loop(0), [&] { client_ = *Client::create(runtime_->loop(0), limits, tls); });
}

}  // namespace reeve::net::testing
