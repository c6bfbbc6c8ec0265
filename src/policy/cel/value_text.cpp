#include <cmath>
#include <string>

#include "core/bytes.h"
#include "core/json.h"
#include "policy/cel/scalar_text.h"
#include "policy/cel/utf8.h"
#include "policy/cel/value.h"

// Values as JSON and as a person would write them.

namespace reeve::policy::cel {
namespace {

void append_json_scalar(std::string& out, const Value& value) {
  switch (value.kind) {
    case Kind::kBool: out += value.boolean ? "true" : "false"; return;
    case Kind::kInt: out += std::to_string(value.integer); return;
    case Kind::kUint: out += std::to_string(value.unsigned_integer); return;
    case Kind::kDouble:
      if (std::isfinite(value.real)) {
        out += double_text(value.real);
      } else {
        append_json_string(out, double_text(value.real));
      }
      return;
    case Kind::kString:
    case Kind::kType: append_json_string(out, value.text()); return;
    case Kind::kBytes: append_json_string(out, to_base64(value.text())); return;
    case Kind::kTimestamp: append_json_string(out, timestamp_text(value.integer, value.nanos())); return;
    case Kind::kDuration: append_json_string(out, duration_text(value.integer, value.nanos())); return;
    default: out += "null"; return;
  }
}

void append_json_key(std::string& out, const Value& key) {
  if (key.is(Kind::kString)) {
    append_json_string(out, key.text());
    return;
  }
  out += '"';
  append_json_scalar(out, key);
  out += '"';
}

bool append_json_value(std::string& out, const Value& value, std::size_t size_max, int depth) {
  if (!value.is(Kind::kList) && !value.is(Kind::kMap)) {
    append_json_scalar(out, value);
    return out.size() <= size_max;
  }
  if (depth == 0) return false;
  const bool is_list = value.is(Kind::kList);
  const std::size_t size = is_list ? value.list->size : value.map->size;
  out += is_list ? '[' : '{';
  for (std::size_t i = 0; i < size; ++i) {
    if (i > 0) out += ',';
    if (!is_list) {
      append_json_key(out, value.map->entries[i].key);
      out += ':';
    }
    const Value& element = is_list ? value.list->items[i] : value.map->entries[i].value;
    if (!append_json_value(out, element, size_max, depth - 1)) return false;
  }
  out += is_list ? ']' : '}';
  return out.size() <= size_max;
}

void append_hexadecimal(std::string& out, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\x";
  out += kDigits[byte >> 4U];
  out += kDigits[byte & 15U];
}

void append_quoted(std::string& out, std::string_view text, std::size_t size_max, bool is_text) {
  out += '"';
  for (std::size_t i = 0; i < text.size() && out.size() < size_max; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (text[i] == '"' || text[i] == '\\') {
      out += '\\';
      out += text[i];
    } else if (text[i] == '\n') {
      out += "\\n";
    } else if (byte < 0x20U || byte == 0x7FU || (!is_text && byte > 0x7FU)) {
      append_hexadecimal(out, byte);
    } else if (is_text && byte >= 0x80U) {
      const std::size_t bytes = character_bytes(text, i);
      out += text.substr(i, bytes);
      i += bytes - 1;
    } else {
      out += text[i];
    }
  }
  out += '"';
}

void append_display(std::string& out, const Value& value, std::size_t size_max, int depth);

void append_elements(std::string& out, const Value& value, std::size_t size_max, int depth) {
  const bool is_list = value.is(Kind::kList);
  const std::size_t size = is_list ? value.list->size : value.map->size;
  out += is_list ? '[' : '{';
  for (std::size_t i = 0; i < size && out.size() < size_max; ++i) {
    if (i > 0) out += ", ";
    if (!is_list) {
      append_display(out, value.map->entries[i].key, size_max, depth);
      out += ": ";
    }
    append_display(out, is_list ? value.list->items[i] : value.map->entries[i].value, size_max, depth);
  }
  out += is_list ? ']' : '}';
}

void append_display_double(std::string& out, double number) {
  const std::string text = double_text(number);
  if (!std::isfinite(number)) {
    out.append("double(\"").append(text).append("\")");
    return;
  }
  out += text;
  if (text.find_first_of(".e") == std::string::npos) out += ".0";
}

void append_display(std::string& out, const Value& value, std::size_t size_max, int depth) {
  if (out.size() >= size_max || depth == 0) return;
  switch (value.kind) {
    case Kind::kNull: out += "null"; return;
    case Kind::kBool:
    case Kind::kInt: append_json_scalar(out, value); return;
    case Kind::kUint: append_json_scalar(out, value), out += 'u'; return;
    case Kind::kDouble: append_display_double(out, value.real); return;
    case Kind::kString: append_quoted(out, value.text(), size_max, true); return;
    case Kind::kBytes: out += 'b', append_quoted(out, value.text(), size_max, false); return;
    case Kind::kList:
    case Kind::kMap: append_elements(out, value, size_max, depth - 1); return;
    case Kind::kTimestamp:
      out.append("timestamp(\"").append(timestamp_text(value.integer, value.nanos())).append("\")");
      return;
    case Kind::kDuration:
      out.append("duration(\"").append(duration_text(value.integer, value.nanos())).append("\")");
      return;
    case Kind::kType: out += value.text(); return;
    case Kind::kError: out.append("error: ").append(value.error->message); return;
    case Kind::kUnknown: out.append("unknown: ").append(value.text()); return;
  }
}

}  // namespace

bool append_json(std::string& out, const Value& value, std::size_t bytes_max) {
  const std::size_t before = out.size();
  if (append_json_value(out, value, before + bytes_max, kValueDepthMax)) return true;
  out.resize(before);
  return false;
}

std::string to_display(const Value& value, std::size_t bytes_max) {
  std::string out;
  append_display(out, value, bytes_max, kValueDepthMax);
  if (out.size() <= bytes_max) return out;
  std::size_t cut = bytes_max;
  while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0U) == 0x80U) --cut;
  out.resize(cut);
  return out + "…";
}

}  // namespace reeve::policy::cel
