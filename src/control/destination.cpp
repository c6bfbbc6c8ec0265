// Notification documents.

#include <algorithm>

#include "control/control.h"
#include "control/text_checks.h"
#include "core/bytes.h"

namespace reeve::control {

namespace {

bool is_this_machine(std::string_view host) { return host == "127.0.0.1" || host == "::1" || host == "localhost"; }

/// The host of "http://[::1]:8080/x"; empty when there is none. Whoever writes user and password into an address has
/// them in every log, so those are refused.
std::string_view host_of(std::string_view url) {
  const std::size_t start = url.find("://");
  if (start == std::string_view::npos) return {};
  std::string_view rest = url.substr(start + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (rest.find('@') != std::string_view::npos) return {};
  if (rest.starts_with('[')) return rest.substr(1, rest.find(']') == std::string_view::npos ? 0 : rest.find(']') - 1);
  return rest.substr(0, rest.find(':'));
}

class DestinationReader {
 public:
  DestinationReader(const YamlValue& document, std::vector<Diagnostic>& complaints)
      : document_(document), complaints_(complaints) {}

  Destination read() {
    document_.refuse_unknown_keys({"kind", "name", "on", "webhook", "mail", "retry", "timeout", "root_file"},
                                  complaints_);
    destination_.name = text(document_, "name");
    if (!is_line(destination_.name, 63)) complain(document_.find("name"), "a Notification has a name");
    read_events();
    const YamlValue* webhook = document_.find("webhook");
    const YamlValue* mail = document_.find("mail");
    if ((webhook == nullptr) == (mail == nullptr)) {
      complain(webhook, "a Notification goes to one place: 'webhook: {url: https://…}' or 'mail: {to: […], …}'");
    } else if (webhook != nullptr) {
      read_webhook(*webhook);
    } else {
      read_mail(*mail);
    }
    destination_.root_file = text(document_, "root_file");
    read_retry();
    return std::move(destination_);
  }

 private:
  void complain(const YamlValue* at, std::string message) {
    complaints_.push_back((at == nullptr ? document_ : *at).complain(std::move(message)));
  }

  std::string text(const YamlValue& mapping, std::string_view key) {
    const YamlValue* value = mapping.find(key);
    if (value == nullptr) return {};
    if (value->is_scalar() && is_line(value->text(), 2'000)) return value->text();
    complain(value, "'" + std::string(key) + "' is one line of text");
    return {};
  }

  std::vector<std::string> texts(const YamlValue& value) {
    std::vector<std::string> texts;
    if (value.is_scalar()) texts.push_back(value.text());
    for (const YamlValue& item : value.items()) texts.push_back(item.text());
    return texts;
  }

  void read_events() {
    const YamlValue* on = document_.find("on");
    if (on == nullptr) return complain(on, "a Notification says of what: 'on: [exception.requested]'");
    destination_.events = texts(*on);
    for (const std::string& event : destination_.events) {
      const auto kinds = event_kinds();
      if (std::find(kinds.begin(), kinds.end(), event) != kinds.end()) continue;
      std::string known;
      for (const std::string_view kind : kinds) known += (known.empty() ? "" : ", ") + std::string(kind);
      complain(on, "there is no event '" + printable(event, 60) + "'; there are " + known);
    }
  }

  /// From the environment or a file, never from the document: that is reviewed, and read by many.
  std::string secret(const YamlValue& mapping, std::string_view of) {
    const std::string variable = text(mapping, std::string(of) + "_env");
    const std::string file = text(mapping, std::string(of) + "_file");
    if (!variable.empty() && !file.empty()) complain(&mapping, "name one place for the " + std::string(of));
    if (!variable.empty()) return "env:" + variable;
    return file.empty() ? std::string() : "file:" + file;
  }

  void read_webhook(const YamlValue& webhook) {
    if (!webhook.is_mapping()) return complain(&webhook, "'webhook' is a mapping: {url: https://…, secret_env: NAME}");
    webhook.refuse_unknown_keys({"url", "secret_env", "secret_file"}, complaints_);
    destination_.url = text(webhook, "url");
    destination_.secret_from = secret(webhook, "secret");
    const std::string_view host = host_of(destination_.url);
    const bool tls = destination_.url.starts_with("https://");
    const bool near = destination_.url.starts_with("http://") && is_this_machine(host);
    if (host.empty() || (!tls && !near)) {
      complain(webhook.find("url"), "'url' is an https address without a user in it; http is for this machine only");
    }
  }

  void read_mail(const YamlValue& mail) {
    if (!mail.is_mapping()) return complain(&mail, "'mail' is a mapping: {to: […], from: …, host: …}");
    mail.refuse_unknown_keys({"to", "from", "host", "port", "tls", "user", "password_env", "password_file"},
                             complaints_);
    destination_.host = text(mail, "host");
    if (destination_.host.empty()) complain(mail.find("host"), "'mail' needs the mail server's 'host'");
    destination_.from = text(mail, "from");
    if (const YamlValue* to = mail.find("to")) destination_.to = texts(*to);
    destination_.user = text(mail, "user");
    destination_.password_from = secret(mail, "password");
    read_tls(mail);
    if (const YamlValue* port = mail.find("port")) {
      const auto number = port->as_int();
      if (!number || *number < 1 || *number > 65'535) return complain(port, "'port' is a number from 1 to 65535");
      destination_.port = static_cast<std::uint16_t>(*number);
    }
    check_addresses(mail);
    if (destination_.user.empty() != destination_.password_from.empty()) {
      complain(&mail, "a 'user' comes with 'password_env' or 'password_file', and the other way round");
    }
  }

  void read_tls(const YamlValue& mail) {
    const std::string tls = mail.find("tls") == nullptr ? "starttls" : text(mail, "tls");
    destination_.port = tls == "tls" ? 465 : 587;
    if (tls == "tls") {
      destination_.tls = Destination::Tls::kTls;
    } else if (tls == "none" && is_this_machine(destination_.host)) {
      destination_.tls = Destination::Tls::kNone;
      destination_.port = 25;
    } else if (tls == "none") {
      complain(mail.find("tls"), "mail without TLS is for a server on this machine only");
    } else if (tls != "starttls") {
      complain(mail.find("tls"), "'tls' is starttls, tls or none");
    }
  }

  /// They go into commands of the protocol and into headers: nothing that could end one.
  void check_addresses(const YamlValue& mail) {
    std::vector<std::string> addresses = destination_.to;
    addresses.push_back(destination_.from);
    if (destination_.to.empty()) complain(&mail, "'mail' needs 'to': whom it goes to");
    for (const std::string& address : addresses) {
      const bool plain = is_line(address, 254) && address.find('@') != std::string::npos &&
                         address.find_first_of(" <>\"(),;:\\[]") == std::string::npos;
      if (!plain)
        complain(&mail, "'" + printable(address, 80) + "' is no plain e-mail address such as leads@example.com");
    }
  }

  Duration duration(const YamlValue& mapping, std::string_view key, Duration fallback, Duration most) {
    const YamlValue* value = mapping.find(key);
    if (value == nullptr) return fallback;
    const auto read = parse_duration(value->text());
    if (read && *read > Duration::zero() && *read <= most) return *read;
    complain(value, "'" + std::string(key) + "' is a time of at most " + format_duration(most));
    return fallback;
  }

  void read_retry() {
    destination_.timeout = duration(document_, "timeout", destination_.timeout, std::chrono::minutes(2));
    const YamlValue* retry = document_.find("retry");
    if (retry == nullptr) return;
    if (!retry->is_mapping()) return complain(retry, "'retry' is a mapping: {first: 5s, longest: 1h, attempts: 12}");
    retry->refuse_unknown_keys({"first", "longest", "attempts"}, complaints_);
    destination_.first = duration(*retry, "first", destination_.first, std::chrono::hours(24));
    destination_.longest = duration(*retry, "longest", destination_.longest, std::chrono::hours(24));
    if (const YamlValue* attempts = retry->find("attempts")) {
      const auto number = attempts->as_int();
      if (!number || *number < 1 || *number > 100) return complain(attempts, "'attempts' is a number from 1 to 100");
      destination_.attempts = static_cast<int>(*number);
    }
  }

  const YamlValue& document_;
  std::vector<Diagnostic>& complaints_;
  Destination destination_;
};

}  // namespace

std::vector<Destination> read_destinations(const std::vector<YamlValue>& documents,
                                           std::vector<Diagnostic>& complaints) {
  std::vector<Destination> destinations;
  for (const YamlValue& document : documents) {
    const YamlValue* kind = document.find("kind");
    if (kind == nullptr || kind->text() != "Notification") continue;
    Destination destination = DestinationReader(document, complaints).read();
    const bool twice = std::any_of(destinations.begin(), destinations.end(),
                                   [&](const Destination& other) { return other.name == destination.name; });
    if (twice) complaints.push_back(document.complain("the Notification '" + destination.name + "' is there twice"));
    destinations.push_back(std::move(destination));
  }
  return destinations;
}

}  // namespace reeve::control
