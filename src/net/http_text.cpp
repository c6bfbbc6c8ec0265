#include "net/http_text.h"

#include <charconv>

namespace reeve::net {

namespace {

constexpr std::size_t kDigitsMax = 20;

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 425: return "Too Early";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 451: return "Unavailable For Legal Reasons";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return {};
  }
}

RefusalText refusal_text(const ServerOptions& options, const Refusal& refusal, std::string_view path) {
  if (options.refusal_body) {
    auto [content_type, body] = options.refusal_body(refusal.status, refusal.reason, path);
    return {std::move(content_type), std::move(body)};
  }
  std::string body = std::to_string(refusal.status) + " " + std::string(reason_phrase(refusal.status));
  if (!refusal.reason.empty()) body += ": " + std::string(refusal.reason);
  return {"text/plain; charset=utf-8", body + "\n"};
}

char* write_decimal(char* to, std::uint64_t value) { return std::to_chars(to, to + kDigitsMax, value).ptr; }

char* write_hex(char* to, std::uint64_t value) { return std::to_chars(to, to + kDigitsMax, value, 16).ptr; }

}  // namespace reeve::net
