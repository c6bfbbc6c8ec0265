#include "reeve/console_files.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::app {

namespace {

constexpr std::string_view kDocument = "/console/index.html";
constexpr std::string_view kNamedByContent = "/console/assets/";
/// Nothing inline and nothing from elsewhere: text that somebody put into a name stays text.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const ConsoleFile* find_file(std::string_view path) {
  const auto files = console_files();
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const ConsoleFile& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

/// Whether a client takes a coding; `q=0` says that it does not (RFC 9110 section 12.5.3).
bool takes(const net::Headers& headers, std::string_view coding) {
  for (const std::string_view part : split(headers.get("accept-encoding"), ',')) {
    const std::string_view named = trim(part.substr(0, part.find(';')));
    if (!equal_ignoring_case(named, coding)) continue;
    const std::size_t weight = part.find("q=");
    return weight == std::string_view::npos ||
           part.substr(weight + 2).find_first_not_of("0. ") != std::string_view::npos;
  }
  return false;
}

net::Headers headers_of(const ConsoleFile& file) {
  const bool is_named_by_content = file.path.starts_with(kNamedByContent);
  return {{"content-type", file.type},
          {"etag", file.etag},
          {"cache-control", is_named_by_content ? "public, max-age=31536000, immutable" : "no-cache"},
          {"vary", "accept-encoding"},
          {"content-security-policy", kPolicy},
          {"referrer-policy", "no-referrer"},
          {"x-content-type-options", "nosniff"},
          {"x-frame-options", "DENY"},
          {"cross-origin-opener-policy", "same-origin"},
          {"cross-origin-resource-policy", "same-origin"},
          {"permissions-policy", "camera=(), geolocation=(), microphone=()"}};
}

}  // namespace

Task<void> ConsolePages::handle(net::Exchange& exchange) const {
  const net::RequestHead& head = exchange.head();
  Result<void> sent;
  if (head.method != net::Method::kGet && head.method != net::Method::kHead) {
    sent = co_await exchange.respond(405, {{"allow", "GET, HEAD"}, {"content-type", "text/plain"}}, "GET or HEAD.\n");
    co_return;
  }
  if (head.path == "/console") {
    sent = co_await exchange.respond(308, {{"location", "/console/"}}, "");
    co_return;
  }
  const ConsoleFile* file = find_file(head.path);
  if (file == nullptr && !head.path.starts_with(kNamedByContent)) file = find_file(kDocument);
  if (file == nullptr) {
    // Of a build before this one, or after it; never the document, which a browser would keep under that name.
    sent = co_await exchange.respond(404, {{"content-type", "text/plain"}, {"cache-control", "no-store"}},
                                     "There is no such file. Load the page again.\n");
    co_return;
  }
  net::Headers headers = headers_of(*file);
  if (head.headers.get("if-none-match") == file->etag) {
    sent = co_await exchange.respond(304, headers, "");
    co_return;
  }
  std::string_view body = file->plain;
  if (!file->brotli.empty() && takes(head.headers, "br")) {
    headers.add("content-encoding", "br");
    body = file->brotli;
  } else if (!file->gzip.empty() && takes(head.headers, "gzip")) {
    headers.add("content-encoding", "gzip");
    body = file->gzip;
  }
  sent = co_await exchange.respond(200, headers, body);
}

}  // namespace reeve::app
