#pragma once

// A client on a loop of its own, and replies as values.

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/loopback_test.h"

namespace reeve::net::testing {

struct Reply {
  int status = 0;
  std::string body;
  std::string error;
  ErrorCode code = ErrorCode::kInternal;  // with an error
  bool request_sent = false;
  bool request_complete = false;
  bool stale = false;
};

Task<Reply> call(Client& client, Url url, ClientRequest request);

class ClientTest : public ::testing::Test {
 protected:
  ClientTest();
  ~ClientTest() override;

  static std::string url_text(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }
  static std::string url_text(const RawListener& listener) { return url_text(listener.port()); }
  static Url url_to(std::uint16_t port) { return *parse_url(url_text(port)); }
  Reply send(const Url& url, ClientRequest request);
  /// Sends while the test plays the upstream. What the request points to must outlive the reply.
  std::future<Reply> send_later(ClientRequest request, const std::string& url);
  void restart_client(const std::function<void(ClientLimits&)>& change, ClientTls tls = {});

  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Client> client_;
};

}  // namespace reeve::net::testing
