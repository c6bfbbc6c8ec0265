// How sure a document's kind is, by what stands around the pattern that gave it away.

#include "content/document_weighers.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "content/word_search.h"
#include "core/bytes.h"

namespace reeve::content {

namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Words that column types begin with, in the SQL dialects in use.
constexpr std::array<std::string_view, 62> kColumnTypes = {"int",        "integer",
                                                           "bigint",     "smallint",
                                                           "tinyint",    "mediumint",
                                                           "int2",       "int4",
                                                           "int8",       "serial",
                                                           "bigserial",  "decimal",
                                                           "numeric",    "number",
                                                           "float",      "float4",
                                                           "float8",     "double",
                                                           "real",       "money",
                                                           "char",       "character",
                                                           "varchar",    "varchar2",
                                                           "nvarchar",   "nvarchar2",
                                                           "nchar",      "text",
                                                           "tinytext",   "longtext",
                                                           "mediumtext", "clob",
                                                           "nclob",      "blob",
                                                           "bytea",      "binary",
                                                           "varbinary",  "longblob",
                                                           "date",       "time",
                                                           "timestamp",  "datetime",
                                                           "datetime2",  "timestamptz",
                                                           "interval",   "year",
                                                           "boolean",    "bool",
                                                           "bit",        "uuid",
                                                           "json",       "jsonb",
                                                           "xml",        "enum",
                                                           "set",        "inet",
                                                           "cidr",       "string",
                                                           "int64",      "bignumeric",
                                                           "geometry",   "uniqueidentifier"};

/// Parts of names of columns that hold what people would not like to see outside.
constexpr std::array<std::string_view, 26> kPersonalNames = {
    "email",   "phone",   "ssn",      "birth",     "dob",      "first_name", "last_name", "surname",  "passport",
    "address", "iban",    "card",     "salary",    "gender",   "tax_id",     "national",  "password", "diagnosis",
    "patient", "account", "customer", "firstname", "lastname", "mobile",     "postcode",  "zip"};

bool is_column_type(std::string_view word) {
  const std::string lower = to_lower(word);
  return std::find(kColumnTypes.begin(), kColumnTypes.end(), lower) != kColumnTypes.end();
}

struct Columns {
  std::size_t typed = 0, personal = 0;
};

/// Reads "(name type …, name type …)" from behind the bracket; nested brackets are passed over.
Columns read_columns(std::string_view text) {
  constexpr std::size_t kBytesMax = 8192;
  Columns columns;
  text = text.substr(0, kBytesMax);
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ')';
    if (c == '(') ++depth;
    if (c == ')' && depth > 0) {
      --depth;
      continue;
    }
    if (depth > 0 || (c != ',' && c != ')' && c != ';')) continue;
    std::string_view column = text.substr(begin, i - begin);
    begin = i + 1;
    while (!column.empty() && !is_word(column.front())) column.remove_prefix(1);
    const std::string_view name = first_word(column);
    column.remove_prefix(name.size());
    while (!column.empty() && !is_word(column.front()) && column.front() != '\n') column.remove_prefix(1);
    if (!name.empty() && is_column_type(first_word(column))) {
      ++columns.typed;
      const std::string lower = to_lower(name);
      columns.personal += std::any_of(kPersonalNames.begin(), kPersonalNames.end(),
                                      [&](std::string_view part) { return lower.find(part) != std::string::npos; });
    }
    if (c == ')' || c == ';') break;
  }
  return columns;
}

}  // namespace

std::string_view line_at(std::string_view text, std::size_t at) {
  // A text may be one line of a megabyte with thousands of places.
  constexpr std::size_t kSideMax = 512;
  const std::size_t from = at > kSideMax ? at - kSideMax : 0;
  const std::size_t before = text.substr(from, at - from).rfind('\n');
  const std::size_t start = before == std::string_view::npos ? from : from + before + 1;
  const std::string_view behind = text.substr(at, kSideMax);
  return text.substr(start, at + std::min(behind.find('\n'), behind.size()) - start);
}

std::string_view surroundings(std::string_view text, std::size_t start, std::size_t end, std::size_t bytes) {
  const std::size_t from = start > bytes ? start - bytes : 0;
  return text.substr(from, std::min(text.size(), end + bytes) - from);
}

std::string_view first_word(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && is_word(text[end])) ++end;
  return text.substr(0, end);
}

std::size_t count_of(std::string_view lower, std::string_view word, std::size_t most) {
  std::size_t count = 0;
  for (std::size_t at = find_word(lower, word); at != std::string_view::npos && count < most; ++count) {
    at = find_word(lower, word, at + word.size());
  }
  return count;
}

/// CREATE TABLE and ALTER TABLE: by how many columns have types; names of columns with personal data raise.
float weigh_table_definition(const Detector&, std::string_view text, std::size_t start, std::size_t end) {
  const std::size_t bracket = text.substr(0, end).find('(', start);
  if (bracket == std::string_view::npos) return 0;
  const Columns columns = read_columns(text.substr(bracket + 1));
  if (columns.typed == 0) return 0;
  const float by_count = columns.typed >= 6 ? 0.9F : columns.typed >= 3 ? 0.8F : 0.6F;
  return std::min(0.97F, by_count + 0.03F * static_cast<float>(std::min<std::size_t>(columns.personal, 3)));
}

/// Rules come in lists: by how many lines near by begin like this one.
float weigh_repeated_lines(const Detector&, std::string_view text, std::size_t start, std::size_t end) {
  std::string_view line = line_at(text, start);
  while (!line.empty() && !is_word(line.front()) && line.front() != '-') line.remove_prefix(1);
  std::string_view word = first_word(line.substr(line.starts_with('-') ? 1 : 0));
  if (word.empty()) return 0.5F;
  const std::string_view around = surroundings(text, start, end, 2000);
  std::size_t alike = 0, begin = 0;
  while (begin < around.size() && alike < 6) {
    std::string_view other = line_at(around, begin);
    begin += other.size() + 1;
    while (!other.empty() && !is_word(other.front()) && other.front() != '-') other.remove_prefix(1);
    if (other.starts_with('-')) other.remove_prefix(1);
    alike += equal_ignoring_case(first_word(other), word) ? 1 : 0;
  }
  return alike >= 5 ? 0.92F : alike >= 3 ? 0.85F : alike == 2 ? 0.75F : 0.55F;
}

/// Descriptions of programming interfaces: by how much they describe; hosts of the inside and marks say whose they are.
float weigh_api_description(const Detector&, std::string_view text, std::size_t start, std::size_t end) {
  const std::string_view around = lowered(surroundings(text, start, end, 3000));
  std::size_t described = 0;
  for (const std::string_view word : {"get\":", "post\":", "get:", "post:", "put:", "delete:", "returns (", "returns(",
                                      "rpc ", "operationid", "message ", "\n  /", "\"/", "publish:", "subscribe:"}) {
    described += count_of(around, word, 8);
  }
  float weight = described >= 6 ? 0.85F : described >= 2 ? 0.75F : 0.55F;
  for (const std::string_view mark : {".internal", ".corp", ".intranet", ".local/", ".lan/", "x-internal",
                                      "internal use", "internal only", "confidential", "not public"}) {
    if (count_of(around, mark, 1) > 0) return std::min(0.97F, weight + 0.12F);
  }
  return weight;
}

namespace {

/// The line without what surrounds words: comment marks, emphasis, rulers, tags.
std::string_view bare(std::string_view line) {
  constexpr std::string_view kDecoration = " \t\r#*/-=_|<>[](){}\"'`~+.:;!%\\";
  const std::size_t first = line.find_first_not_of(kDecoration);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kDecoration) - first + 1);
}

bool is_comment(std::string_view line) {
  const std::string_view inner = trim(line);
  return inner.starts_with("//") || inner.starts_with("#") || inner.starts_with("*") || inner.starts_with("/*") ||
         inner.starts_with("--") || inner.starts_with("<!--") || inner.starts_with("%") || inner.starts_with(";");
}

bool is_code(std::string_view line) {
  return !is_comment(line) && line.find_first_of("=;{}()$\\@") != std::string_view::npos &&
         !trim(line).starts_with("<");
}

bool holds(std::string_view characters, char c) { return characters.find(c) != std::string_view::npos; }

bool announces(std::string_view line) {
  static constexpr std::array<std::string_view, 8> kWords = {"classification", "sensitivity",     "marking",
                                                             "einstufung",     "confidentiality", "data class",
                                                             "handling",       "protection"};
  const std::string lower = to_lower(line);
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view w) { return count_of(lower, w, 1) > 0; });
}

}  // namespace

/// Words such as CONFIDENTIAL are a label in a heading, a footer, a line of their own or behind "Classification:"; in
/// sentences, names and code they are words.
float weigh_sensitivity_label(const Detector&, std::string_view text, std::size_t start, std::size_t end) {
  const bool part_of_name = (start > 0 && (is_word(text[start - 1]) ||
                                           std::string_view("-.$").find(text[start - 1]) != std::string_view::npos)) ||
                            (end < text.size() && is_word(text[end]));
  if (part_of_name) return 0;
  const std::string_view line = line_at(text, start);
  if (line.size() > 300 || is_code(line)) return 0;
  const std::string_view words = bare(line), label = text.substr(start, end - start);
  const bool upper = std::none_of(label.begin(), label.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  const std::size_t rest = words.size() > label.size() ? words.size() - label.size() : 0;
  const auto capitals =
      static_cast<std::size_t>(std::count_if(words.begin(), words.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
  if (rest <= 2)
    return upper || label.size() >= 12 ? 0.92F : line == label && text.size() > label.size() + 80 ? 0.75F : 0;
  if (announces(line) && rest <= 60) return 0.93F;
  const bool at_edge = start < 400 || text.size() - end < 400;
  if (upper &&
      capitals * 10 >= (words.size() - static_cast<std::size_t>(std::count(words.begin(), words.end(), ' '))) * 8) {
    return 0.85F;  // the whole line is in capitals
  }
  // "Acme Corp - Confidential", "Confidential - do not share", "© 2024 Acme. Company confidential. Page 3"
  const std::size_t in_words = static_cast<std::size_t>(words.data() - text.data());
  const bool first_or_last = start == in_words || end == in_words + words.size();
  const bool apart_before = start < 2 || holds("-|.:([", text[start - 1]) || holds("-|.:([", text[start - 2]);
  const bool apart_behind = end + 1 >= text.size() || holds("-|.:)]\n", text[end]) || holds("-|", text[end + 1]);
  if (words.size() <= 90 && apart_before && apart_behind && upper && !first_or_last) return at_edge ? 0.8F : 0.65F;
  const bool set_apart = (start > in_words && apart_before) || (end < in_words + words.size() && apart_behind);
  if (words.size() <= 90 && first_or_last && set_apart) return upper || at_edge ? 0.8F : 0.6F;
  return upper && at_edge && words.size() <= 120 && first_or_last ? 0.65F : 0;
}

/// A document of some kind has words that belong to it: by how many of those that `with` names stand around.
float weigh_surroundings(const Detector& detector, std::string_view text, std::size_t start, std::size_t end) {
  const std::string_view around = lowered(surroundings(text, start, end, 2000));
  std::size_t found = 0;
  for (const std::string& word : detector.with) {
    if (found < 3) found += count_of(around, word, 1);
  }
  return found == 0 ? 0 : found == 1 ? 0.7F : found == 2 ? 0.82F : 0.9F;
}

/// "All rights reserved" stands above open licences too.
float weigh_rights_reserved(const Detector&, std::string_view text, std::size_t start, std::size_t end) {
  const std::string_view around = lowered(surroundings(text, start, end, 2500));
  for (const std::string_view open :
       {"permission is hereby", "redistribution and use", "licensed under", "spdx-license", "general public license",
        "apache license", "mit license", "bsd", "license that can be found", "permission to use", "mozilla public",
        "license file", "distributed under", "license, version", "subject to the terms", "isc license"}) {
    if (count_of(around, open, 1) > 0) return 0;
  }
  float weight = is_comment(line_at(text, start)) || start < 1000 ? 0.75F : 0.55F;
  for (const std::string_view own :
       {"proprietary", "confidential", "unauthorized", "strictly prohibited", "trade secret"}) {
    if (count_of(around, own, 1) > 0) return 0.93F;
  }
  return weight;
}

std::vector<NamedWeigher> all_weighers() {
  return {
      {"table-definition", "columns with types behind a bracket; names of personal data raise", weigh_table_definition,
       2048},
      {"repeated-lines", "lines near by that begin with the same word, as rules in a list do", weigh_repeated_lines,
       4096},
      {"api-description", "paths, calls and messages around, and signs that they are of the inside",
       weigh_api_description, 6144},
      {"sensitivity-label", "a heading, a footer or a line of its own, not a word in a sentence or in code",
       weigh_sensitivity_label, 256},
      {"surroundings", "how many of the words of `with` stand around", weigh_surroundings, 4096},
      {"rights-reserved", "rights reserved without an open licence near by", weigh_rights_reserved, 5120},
  };
}

const NamedWeigher* find_weigher(std::string_view name) {
  static const std::vector<NamedWeigher> kAll = all_weighers();
  const auto found = std::find_if(kAll.begin(), kAll.end(), [name](const auto& each) { return each.name == name; });
  return found == kAll.end() ? nullptr : &*found;
}

}  // namespace reeve::content
