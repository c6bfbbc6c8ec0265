#include "reeve/list_page.h"

#include "core/bytes.h"

namespace reeve::app {

std::string value_of(const ApiRequest& request, std::string_view name) {
  const auto found = request.parameters.find(name);
  return found == request.parameters.end() ? std::string() : found->second;
}

std::string asked_of(const ApiRequest& request) {
  std::string text;
  for (const auto& [name, value] : request.parameters) text += (text.empty() ? "" : "&") + name + "=" + value;
  return text;
}

Result<ListPage> ListPage::of(const ApiRequest& request) {
  ListPage page;
  const Instant now = system_clock().now();
  for (const auto& [name, into] : {std::pair("since", &page.since), std::pair("until", &page.until)}) {
    const std::string text = value_of(request, name);
    if (text.empty()) continue;
    const auto time = parse_since(text, now);
    if (!time) return with_context(time.error(), name);
    *into = *time;
  }
  if (const std::string text = value_of(request, "cursor"); !text.empty()) {
    const auto cursor = parse_int(text);
    if (!cursor || *cursor < 0) return Error{ErrorCode::kInvalid, "'cursor' is what an earlier answer gave as 'next'"};
    page.cursor = static_cast<std::uint64_t>(*cursor);
  }
  if (const std::string text = value_of(request, "limit"); !text.empty()) {
    const auto limit = parse_int(text);
    if (!limit || *limit < 1 || *limit > kLimitMax) {
      return Error{ErrorCode::kInvalid, "'limit' is a number from 1 to " + std::to_string(kLimitMax)};
    }
    page.limit = static_cast<std::uint64_t>(*limit);
  }
  return page;
}

}  // namespace reeve::app
