#include "reeve/exception_uses.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

namespace {

std::filesystem::path file_in(const std::filesystem::path& data_directory) {
  return data_directory / "policy" / "exception-uses.json";
}

struct Counts {
  std::uint64_t entries = 0;  // of the ledger, that are counted
  std::string log;            // whose entries: its verifier key
  std::map<std::string, std::uint64_t> uses;
};

/// Counts of another ledger, or of more entries than this one has, are not counts of this one.
Counts kept_counts(const ledger::Log& log, const std::filesystem::path& data_directory) {
  std::ifstream file(file_in(data_directory));
  std::ostringstream text;
  text << file.rdbuf();
  const auto document = JsonDocument::parse(text.view());
  Counts counts;
  if (!file || !document) return counts;
  const JsonValue root = document->root();
  const auto entries = root["entries"].as_int();
  if (!entries || *entries < 0 || static_cast<std::uint64_t>(*entries) > log.size()) return counts;
  if (root["log"].string_or("") != log.verifier_key()) return counts;
  counts.entries = static_cast<std::uint64_t>(*entries);
  for (const auto& [name, uses] : root["uses"].members()) {
    counts.uses[std::string(name)] = static_cast<std::uint64_t>(std::max<std::int64_t>(uses.int_or(0), 0));
  }
  return counts;
}

/// Only the record of the decision itself: its intent, or the outcome of a refused call, which has no attempt.
bool decides(const JsonValue& entry) {
  const bool intent = entry["kind"].string_or("") == "model.intent" && entry["attempt"].int_or(0) == 1;
  return intent || !entry["attempt"].present();
}

}  // namespace

Result<void> restore_exception_uses(const ledger::Log& log, const std::filesystem::path& data_directory,
                                    policy::UseCounter& uses) {
  Counts counts = kept_counts(log, data_directory);
  const auto read = log.read(counts.entries, [&](const ledger::StoredEntry& stored) {
    if (stored.bytes.find("\"exceptions\":[") == std::string_view::npos) return true;
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document || !decides(document->root())) return true;
    for (const JsonValue& name : document->root().at("decision.exceptions").items()) {
      ++counts.uses[std::string(name.string_or(""))];
    }
    return true;
  });
  if (!read) return read.error();
  for (const auto& [name, number] : counts.uses) uses.restore(name, number);
  return {};
}

void keep_exception_uses(const ledger::Log& log, const std::filesystem::path& data_directory,
                         const policy::UseCounter& uses) {
  JsonWriter json;
  json.begin_object().member("entries", log.size()).member("log", log.verifier_key()).key("uses").begin_object();
  for (const auto& [name, number] : uses.all()) json.member(name, number);
  json.end_object().end_object();
  const std::filesystem::path path = file_in(data_directory);
  const std::filesystem::path part = path.string() + ".part";
  std::ofstream file(part, std::ios::trunc);
  file << json.text();
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(part, path, error);
  if (!file || error) log_warning("uses of exceptions not kept; the next start counts them again", {});
}

}  // namespace reeve::app
