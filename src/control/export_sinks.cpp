#include "control/export_sinks.h"

#include <unistd.h>

#include <algorithm>

#include <atomic>

#include "control/aws_signature.h"
#include "control/control.h"
#include "control/http_transfer.h"
#include "control/secret.h"
#include "core/bytes.h"
#include "core/crypto.h"
#include "net/net.h"

namespace reeve::control {

namespace {

using ledger::ExportBatch;
using ledger::ExportMapping;
using ledger::ExportSettings;

Result<void> taken(const Result<int>& status, const std::string& who) {
  if (!status) return with_context(status.error(), who + " cannot be reached");
  if (*status >= 200 && *status < 300) return {};
  return Error{ErrorCode::kUnavailable, who + " answered " + std::to_string(*status)};
}

class HttpSink final : public ledger::ExportSink {
 public:
  HttpSink(const ExportSettings& settings, const ledger::HttpSinkSettings& http) : settings_(settings), http_(http) {}

  Result<void> deliver(const ExportBatch& batch, Instant now) override {
    const ExportMapping::Batch form = http_.batch.value_or(batch.mapping->batch);
    HttpRequest request;
    request.url = http_.url;
    request.body = batch.body(form);
    request.root_file = settings_.root_file;
    request.timeout = settings_.timeout;
    request.headers = {"Content-Type: " + std::string(batch.content_type(form)), "Idempotency-Key: " + batch.key()};
    if (!http_.secret_from.empty()) {
      const auto secret = read_secret(http_.secret_from);
      if (!secret) return secret.error();
      request.headers.push_back("X-Reeve-Signature: " + webhook_signature(*secret, request.body, now));
    }
    if (!http_.authorization_from.empty()) {
      const auto authorization = read_secret(http_.authorization_from);
      if (!authorization) return authorization.error();
      request.headers.push_back("Authorization: " + *authorization);
    }
    return taken(http_transfer(request, stopping_), "the receiver");
  }
  void stop() override { stopping_.store(true); }

 private:
  const ExportSettings settings_;
  const ledger::HttpSinkSettings http_;
  std::atomic<bool> stopping_{false};
};

class S3Sink final : public ledger::ExportSink {
 public:
  S3Sink(const ExportSettings& settings, const ledger::S3SinkSettings& s3) : settings_(settings), s3_(s3) {}

  Result<void> deliver(const ExportBatch& batch, Instant now) override {
    auto credentials = read_credentials();
    if (!credentials) return std::move(credentials).error();
    HttpRequest request;
    request.method = "PUT";
    request.body = batch.body(ExportMapping::Batch::kLines);
    request.root_file = settings_.root_file;
    request.timeout = settings_.timeout;
    const std::string address = s3_.endpoint.substr(s3_.endpoint.find("://") + 3);
    const std::size_t path_at = address.find('/');
    const std::string before = path_at == std::string::npos ? "" : address.substr(path_at);
    AwsRequest to_sign{"PUT",
                       before + aws_encoded("/" + s3_.bucket + "/" + object_name(s3_, batch), true),
                       {},
                       {},
                       to_hex(as_bytes(sha256(request.body)))};
    to_sign.headers = {{"host", host_header(address.substr(0, path_at))},
                       {"content-type", std::string(batch.content_type(ExportMapping::Batch::kLines))},
                       {"x-amz-content-sha256", to_sign.body_hash},
                       {"x-amz-date", aws_time(now)},
                       {"x-amz-meta-reeve-key", batch.key()}};
    if (!credentials->session_token.empty()) {
      to_sign.headers.emplace_back("x-amz-security-token", credentials->session_token);
    }
    for (const auto& [name, value] : to_sign.headers) {
      if (name != "host") request.headers.push_back(name + ": " + value);
    }
    request.headers.push_back("authorization: " + aws_authorization(to_sign, *credentials, s3_.region, "s3", now));
    request.url = s3_.endpoint.substr(0, s3_.endpoint.size() - before.size()) + to_sign.path;
    return taken(http_transfer(request, stopping_), "the object store");
  }
  void stop() override { stopping_.store(true); }

 private:
  Result<AwsCredentials> read_credentials() const {
    AwsCredentials credentials;
    for (const auto& [from, into] : {std::pair(&s3_.access_key_from, &credentials.access_key),
                                     std::pair(&s3_.secret_key_from, &credentials.secret_key),
                                     std::pair(&s3_.session_token_from, &credentials.session_token)}) {
      if (from->empty()) continue;
      auto secret = read_secret(*from);
      if (!secret) return std::move(secret).error();
      *into = *std::move(secret);
    }
    return credentials;
  }

  /// Ports that go without saying are not said.
  std::string host_header(std::string host) const {
    const std::string usual = s3_.endpoint.starts_with("https://") ? ":443" : ":80";
    if (host.ends_with(usual)) host.resize(host.size() - usual.size());
    return host;
  }

  const ExportSettings settings_;
  const ledger::S3SinkSettings s3_;
  std::atomic<bool> stopping_{false};
};

std::string this_host() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0' ? "-" : name;
}

/// RFC 5425. Syslog has no answers, so each batch has a connection of its own: when the other side has closed it in
/// order, it has read to the end.
class SyslogSink final : public ledger::ExportSink {
 public:
  SyslogSink(const ExportSettings& settings, const ledger::SyslogSinkSettings& syslog)
      : settings_(settings), syslog_(syslog) {}

  Result<void> deliver(const ExportBatch& batch, Instant) override {
    net::TlsStreamOptions options;
    options.host = syslog_.host;
    options.port = syslog_.port;
    options.root_file = settings_.root_file;
    options.certificate = syslog_.certificate;
    options.key = syslog_.key;
    options.deadline = std::chrono::steady_clock::now() + settings_.timeout;
    options.stopping = &stopping_;
    auto stream = net::TlsStream::connect(options);
    if (!stream) return std::move(stream).error();
    std::string bytes;
    for (const ledger::ExportRecord& record : batch.records) {
      const std::string message = syslog_message(syslog_, host_, batch.mapping->name, batch.log, record);
      bytes.append(std::to_string(message.size())).append(" ").append(message);
    }
    if (auto written = (*stream)->write(bytes); !written) return written;
    return (*stream)->close();
  }
  void stop() override { stopping_.store(true); }

 private:
  const ExportSettings settings_;
  const ledger::SyslogSinkSettings syslog_;
  const std::string host_ = this_host();
  std::atomic<bool> stopping_{false};
};

/// A value of structured data: three characters have a backslash before them.
std::string data_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string syslog_message(const ledger::SyslogSinkSettings& settings, std::string_view host, std::string_view format,
                           std::string_view log, const ledger::ExportRecord& record) {
  const int priority = settings.facility * 8 + std::min(std::max(record.severity, 0), 7);
  std::string message = "<" + std::to_string(priority) + ">1 " + format_time(record.time) + " ";
  message.append(host).append(" ").append(settings.application).append(" - ").append(format.substr(0, 32));
  message.append(" [").append(settings.data_id).append(" log=\"").append(data_value(log)).append("\" index=\"");
  return message.append(std::to_string(record.index)).append("\"] ").append(record.text);
}

std::string object_name(const ledger::S3SinkSettings& settings, const ledger::ExportBatch& batch) {
  const auto padded = [](std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(20 - digits.size(), '0') + digits;
  };
  CHECK(!batch.records.empty());
  std::string day = format_time(batch.records.front().time).substr(0, 10);
  std::replace(day.begin(), day.end(), '-', '/');
  const std::string& extension = batch.mapping->extension;
  return settings.prefix + batch.log + "/" + day + "/" + padded(batch.records.front().index) + "-" +
         padded(batch.records.back().index) + "." + extension;
}

std::unique_ptr<ledger::ExportSink> make_export_sink(const ledger::ExportSettings& settings) {
  if (const auto* file = std::get_if<ledger::FileSinkSettings>(&settings.sink)) return ledger::make_file_sink(*file);
  if (const auto* http = std::get_if<ledger::HttpSinkSettings>(&settings.sink)) {
    return std::make_unique<HttpSink>(settings, *http);
  }
  if (const auto* s3 = std::get_if<ledger::S3SinkSettings>(&settings.sink)) {
    return std::make_unique<S3Sink>(settings, *s3);
  }
  return std::make_unique<SyslogSink>(settings, std::get<ledger::SyslogSinkSettings>(settings.sink));
}

}  // namespace reeve::control
