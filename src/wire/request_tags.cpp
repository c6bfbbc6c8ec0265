// Request tags of the Anthropic API: labels of a request that Claude Code sends to the gateway that it is signed in to,
// and that no provider is to see. Names as in its gateway protocol (docs/claude-code.md).

#include <algorithm>

#include "core/bytes.h"
#include "wire/json_scan.h"
#include "wire/wire.h"

namespace reeve::wire {

namespace {

constexpr std::string_view kBetaBegins = "request-tags-";
constexpr std::size_t kTagBytesMax = 256;
constexpr std::size_t kPadding = 64;

struct Place {
  std::size_t begin, end;  // from the key to behind the value
  bool is_tags;
};

/// The text without the members that are tags, and without the commas that held them apart.
std::string without_tags(std::string_view body, const std::vector<Place>& places) {
  std::string out;
  out.reserve(body.size() + kPadding);
  std::size_t from = 0;
  std::size_t last_kept = places.size();
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!places[i].is_tags) last_kept = i;
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool followed = last_kept < places.size() && i < last_kept;
    if (!places[i].is_tags || !followed) continue;
    out += body.substr(from, places[i].begin - from);
    from = places[i + 1].begin;
  }
  if (places.back().is_tags) {
    const std::size_t begin = last_kept < places.size() ? places[last_kept].end : places.front().begin;
    out += body.substr(from, begin - from);
    from = places.back().end;
  }
  out += body.substr(from);
  return out;
}

}  // namespace

std::optional<TaggedRequest> take_request_tags(std::string_view body, std::string_view name) {
  if (body.find("tags") == std::string_view::npos && body.find("\\u") == std::string_view::npos) return std::nullopt;
  JsonScan scan;
  const Result<JsonNode> root = scan.read(body);
  if (!root || !root->is_object()) return std::nullopt;  // whoever reads the request says what is wrong with it
  TaggedRequest taken;
  std::vector<Place> places;
  bool any = false;
  for (const JsonMember member : root->members()) {
    const bool is_tags = member.key.as_string() == "tags";
    places.push_back({member.key.offset(), member.value.offset() + member.value.raw().size(), is_tags});
    if (!is_tags) continue;
    any = true;
    for (const JsonMember tag : member.value.members()) {
      if (tag.key.as_string() != name) continue;
      taken.value = printable(trim(tag.value.as_string().value_or("")), kTagBytesMax);
    }
  }
  if (!any) return std::nullopt;
  taken.bytes = without_tags(body, places);
  taken.size = taken.bytes.size();
  taken.bytes.append(kPadding, '\0');
  return taken;
}

std::string betas_without_request_tags(std::string_view betas) {
  std::string rest;
  for (const std::string_view part : split(betas, ',')) {
    const std::string_view beta = trim(part);
    if (beta.empty() || beta.starts_with(kBetaBegins)) continue;
    rest.append(rest.empty() ? "" : ",").append(beta);
  }
  return rest;
}

}  // namespace reeve::wire
