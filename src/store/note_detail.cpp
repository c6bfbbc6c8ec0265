#include "store/note_detail.h"

#include <map>

#include "core/bytes.h"
#include "core/json.h"
#include "core/json_members.h"

namespace reeve::store {

namespace {

constexpr std::string_view kMore = " ...";
constexpr std::string_view kCut = "cut";

/// The beginning of a text, as JSON, whole characters only.
std::string cut_text(std::string_view text, std::size_t bytes) {
  while (bytes > 0 && bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  JsonWriter json;
  json.value(std::string(text.substr(0, bytes)) + std::string(kMore));
  return json.take();
}

/// The items of a list of texts or numbers that fit. Other lists have none.
std::string cut_list(const JsonValue& list, std::size_t bytes) {
  JsonWriter json;
  json.begin_array();
  std::size_t length = 2;
  for (const JsonValue& item : list.items()) {
    JsonWriter one;
    if (const auto text = item.as_string()) {
      one.value(*text);
    } else if (const auto number = item.as_int()) {
      one.value(*number);
    } else {
      break;
    }
    length += one.text().size() + 1;
    if (length > bytes) break;
    json.raw(one.text());
  }
  return json.end_array().take();
}

/// With no member longer than so many bytes.
std::string with_short_members(std::string_view detail, const JsonValue& root, std::size_t bytes) {
  std::map<std::string, std::string, std::less<>> members;
  std::map<std::string, bool, std::less<>> cut;
  JsonMembers walk(detail);
  std::string_view name;
  std::string_view value;
  while (walk.next(name, value)) {
    std::string& kept = members[std::string(name)];
    kept = value;
    if (value.size() <= bytes) continue;
    cut[std::string(name)] = true;
    const JsonValue member = root[name];
    if (const auto text = member.as_string()) {
      // Escapes may make six bytes of one.
      for (std::size_t most = bytes; kept.size() > bytes && most > 0; most /= 2) kept = cut_text(*text, most);
    } else {
      kept = member.is_array() ? cut_list(member, bytes) : "{}";
    }
  }
  JsonWriter names;
  names.begin_array();
  for (const auto& [which, is_cut] : cut) names.value(which);
  members[std::string(kCut)] = names.end_array().take();
  JsonWriter json;
  json.begin_object();
  for (const auto& [which, text] : members) json.key(which).raw(text);
  return json.end_object().take();
}

}  // namespace

std::string shortened_detail(std::string_view detail, std::size_t bytes_max) {
  if (detail.size() <= bytes_max) return std::string(detail);
  const auto document = JsonDocument::parse(detail);
  if (document) {
    for (std::size_t bytes = bytes_max / 2; bytes >= 16; bytes /= 2) {
      std::string shorter = with_short_members(detail, document->root(), bytes);
      if (shorter.size() <= bytes_max) return shorter;
    }
  }
  return R"({"cut":["detail"]})";
}

}  // namespace reeve::store
