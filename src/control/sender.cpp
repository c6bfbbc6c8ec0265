// Webhooks, and mail over libcurl.

#include <curl/curl.h>

#include <atomic>

#include "control/control.h"
#include "control/curl_parts.h"
#include "control/http_transfer.h"
#include "control/secret.h"

namespace reeve::control {

namespace {

std::size_t read_from(char* to, std::size_t size, std::size_t count, void* from) {
  auto& rest = *static_cast<std::string_view*>(from);
  const std::size_t taken = std::min(size * count, rest.size());
  rest.copy(to, taken);
  rest.remove_prefix(taken);
  return taken;
}

class CurlSender final : public Sender {
 public:
  Result<void> send(const Destination& destination, const Event& event, Instant now) override {
    if (destination.is_webhook()) return post(destination, event, now);
    begin_libcurl();
    // A new one each time: a connection that is used again was checked against the roots of another destination.
    transfer_.reset(curl_easy_init());
    if (!transfer_) return Error{ErrorCode::kUnavailable, "no memory for a transfer"};
    error_[0] = '\0';
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, error_);
    set(CURLOPT_WRITEFUNCTION, &ignore_answer);
    set(CURLOPT_XFERINFOFUNCTION, &give_up_when);
    set(CURLOPT_XFERINFODATA, &stopping_);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(destination.timeout / std::chrono::milliseconds(1)));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    // Addresses are what the document says, whatever the environment or the receiver would rather have.
    set(CURLOPT_PROXY, "");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    if (!destination.root_file.empty()) {
      set(CURLOPT_CAINFO, destination.root_file.c_str());
      set(CURLOPT_CAPATH, "/etc/ssl/certs");
    }
    return mail(destination, event);
  }
  void stop() override { stopping_.store(true); }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    CHECK(curl_easy_setopt(transfer_.get(), option, value) == CURLE_OK);
  }

  Result<void> perform(const char* what) {
    const CURLcode code = curl_easy_perform(transfer_.get());
    if (code == CURLE_OK) return {};
    const std::string why = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
    const ErrorCode kind = code == CURLE_OPERATION_TIMEDOUT ? ErrorCode::kTimeout : ErrorCode::kUnavailable;
    return Error{kind, std::string(what) + ": " + why};
  }

  Result<void> post(const Destination& destination, const Event& event, Instant now) {
    HttpRequest request;
    request.url = destination.url;
    request.body = webhook_body(event);
    request.headers = {"Content-Type: application/json", "Idempotency-Key: " + event.key};
    request.root_file = destination.root_file;
    request.timeout = destination.timeout;
    if (!destination.secret_from.empty()) {
      const auto secret = read_secret(destination.secret_from);
      if (!secret) return secret.error();
      request.headers.push_back("X-Reeve-Signature: " + webhook_signature(*secret, request.body, now));
    }
    const auto status = http_transfer(request, stopping_);
    if (!status) return with_context(status.error(), "the webhook cannot be reached");
    if (*status >= 200 && *status < 300) return {};
    return Error{ErrorCode::kUnavailable, "the webhook answered " + std::to_string(*status)};
  }

  Result<void> mail(const Destination& destination, const Event& event) {
    const bool tls = destination.tls == Destination::Tls::kTls;
    const bool v6 = destination.host.find(':') != std::string::npos;
    const std::string url = std::string(tls ? "smtps://" : "smtp://") +
                            (v6 ? "[" + destination.host + "]" : destination.host) + ":" +
                            std::to_string(destination.port) + "/reeve.invalid";
    const std::string message = mail_message(destination, event);
    std::string_view rest = message;
    const std::string from = "<" + destination.from + ">";
    HeaderList to;
    for (const std::string& address : destination.to) append(to, "<" + address + ">");
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_URL, url.c_str());
    // STARTTLS that is only tried can be taken away on the wire.
    const bool plain = destination.tls == Destination::Tls::kNone;
    set(CURLOPT_USE_SSL, static_cast<long>(plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    set(CURLOPT_MAIL_FROM, from.c_str());
    set(CURLOPT_MAIL_RCPT, to.get());
    set(CURLOPT_READFUNCTION, &read_from);
    set(CURLOPT_READDATA, &rest);
    set(CURLOPT_UPLOAD, 1L);
    if (!destination.user.empty()) {
      const auto password = read_secret(destination.password_from);
      if (!password) return password.error();
      set(CURLOPT_USERNAME, destination.user.c_str());
      set(CURLOPT_PASSWORD, password->c_str());
    }
    return perform("the mail was not taken");
  }

  Transfer transfer_;
  char error_[CURL_ERROR_SIZE] = {};
  std::atomic<bool> stopping_{false};
};

}  // namespace

std::unique_ptr<Sender> make_sender() { return std::make_unique<CurlSender>(); }

}  // namespace reeve::control
