// What strangers send to the pages and endpoints of signing in: forms, cookies, codes as people type them, the fields
// with which proxies say whom they speak for, and kept documents that somebody damaged. The first byte says which.
// Crashes and hangs are findings; so is a form that is another one when it was written and read again, a cookie that is
// not inside of its field, or an address that nobody named.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/check.h"
#include "identity/grant_documents.h"
#include "identity/identity.h"
#include "net/net.h"

namespace reeve::identity {
namespace {

void try_form(std::string_view text) {
  const auto fields = parse_web_form(text);
  if (!fields) return;
  const std::vector<std::pair<std::string, std::string>> listed(fields->begin(), fields->end());
  const auto again = parse_web_form(web_form(listed));
  // A field without name and value is written as "=", which is read as one again.
  CHECK(again.ok() && *again == *fields);
}

void try_cookies(std::string_view text) {
  for (const std::string_view name : {"__Host-reeve-browser", "reeve-browser", ""}) {
    for (const std::string_view value : cookies_of(text, name)) {
      CHECK(value.data() >= text.data() && value.data() + value.size() <= text.data() + text.size());
      CHECK(value.find(';') == std::string_view::npos);
    }
  }
}

void try_addresses(std::string_view text) {
  static const std::vector<std::string> networks{"10.0.0.0/8", "::1", "fd00::/8"};
  for (const char* header : {"x-forwarded-for", "forwarded"}) {
    static const auto both = std::pair(TrustedProxies::create("x-forwarded-for", networks).value(),
                                       TrustedProxies::create("forwarded", networks).value());
    const auto& proxies = std::string_view(header) == "forwarded" ? both.second : both.first;
    const net::Headers headers{{header, text}};
    CHECK(proxies.client_address("203.0.113.9", headers) == "203.0.113.9");
    const std::string address = proxies.client_address("10.0.0.1", headers);
    CHECK(address == "10.0.0.1" || text.find(address) != std::string_view::npos);
    CHECK(!address_group(address).empty());
  }
}

void try_document(std::string_view text) {
  const auto document = grant_document_from_json(text);
  if (!document) return;
  const std::string written = to_json(*document);
  const auto again = grant_document_from_json(written);
  CHECK(again.ok() && to_json(*again) == written);
}

void try_code(std::string_view text) {
  const std::string code = normal_user_code(text);
  CHECK(code.empty() || (code.size() == 8 && normal_user_code(code) == code));
}

}  // namespace
}  // namespace reeve::identity

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::identity;  // NOLINT: the entry point has a fixed name outside of it
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'c': try_cookies(rest); break;
    case 'a': try_addresses(rest); break;
    case 'd': try_document(rest); break;
    case 'u': try_code(rest); break;
    default: try_form(rest);
  }
  return 0;
}
