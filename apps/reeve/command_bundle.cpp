// `reeve policy bundle`, `verify` and `diff`: sets of rules as one thing.

#include <cstdio>
#include <fstream>
#include <sstream>

#include "core/bytes.h"
#include "reeve/commands.h"
#include "reeve/policy_source.h"
#include "reeve/replay_report.h"
#include "reeve/terminal.h"

namespace reeve::app {

int policy_bundle_command(const Common& common, const std::string& source, const std::string& output,
                          const std::string& good_for) {
  const auto duration = parse_duration(good_for);
  if (!duration) return fail(common, kWrongUse, "--good-for: " + duration.error().message);
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  const auto bundle = open_policy(common, source);
  if (!bundle) return fail(common, kAnswerIsNo, bundle.error().message);
  BundleArchive archive(*data);
  const Instant now = system_clock().now();
  const auto text = archive.sign(**bundle, now, now + *duration);
  if (!text) return fail(common, kFailed, text.error().message);
  std::ofstream file(output, std::ios::binary | std::ios::trunc);
  file << *text;
  file.flush();
  if (!file) return fail(common, kFailed, "cannot write " + output);
  const std::string key = to_base64(*archive.public_key());
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("file", output).member("digest", (*bundle)->digest()).member("key", key);
    json.member("valid_until", format_time(now + *duration)).end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("%s\n  digest       %s\n  signed with  %s\n  good until   %s\n", output.c_str(),
                (*bundle)->digest().c_str(), key.c_str(), format_time(now + *duration).c_str());
  }
  return kDone;
}

int policy_verify_command(const Common& common, const std::string& path, const std::string& key) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) return fail(common, kWrongUse, "cannot read " + path);
  std::string trusted;
  if (!key.empty()) {
    const auto bytes = from_base64(key);
    if (!bytes || bytes->size() != 32) return fail(common, kWrongUse, "--key: expected 32 bytes in base64");
    trusted = *bytes;
  }
  const auto bundle = policy::read_bundle_file(text.view(), trusted, system_clock().now());
  if (!bundle) return fail(common, kAnswerIsNo, bundle.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("ok", true).member("digest", bundle->bundle->digest());
    json.member("key", to_base64(bundle->public_key)).member("issued", format_time(bundle->issued));
    json.member("valid_until", format_time(bundle->valid_until)).end_object();
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  std::printf("%s: %s\n  %zu rules, signed with %s%s\n  issued %s, good until %s\n", green("good").c_str(),
              bundle->bundle->digest().c_str(), bundle->bundle->rules().size(), to_base64(bundle->public_key).c_str(),
              key.empty() ? " (any key was accepted; --key says which to trust)" : "",
              format_time(bundle->issued).c_str(), format_time(bundle->valid_until).c_str());
  return kDone;
}

namespace {

bool same_rules(const policy::BundleDifference& difference) {
  return difference.added.empty() && difference.removed.empty() && difference.changed.empty();
}

void append_difference(JsonWriter& json, const policy::BundleDifference& difference) {
  json.key("added").begin_array();
  for (const std::string& name : difference.added) json.value(name);
  json.end_array().key("removed").begin_array();
  for (const std::string& name : difference.removed) json.value(name);
  json.end_array().key("changed").begin_array();
  for (const auto& changed : difference.changed) {
    json.begin_object().member("name", changed.name).key("parts").begin_array();
    for (const auto& [part, values] : changed.parts) {
      json.begin_object().member("part", part).key("before").raw(values.first.empty() ? "null" : values.first);
      json.key("after").raw(values.second.empty() ? "null" : values.second).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void print_difference(const policy::BundleDifference& difference) {
  for (const std::string& name : difference.added) std::printf("%s\n", green("+ " + name).c_str());
  for (const std::string& name : difference.removed) std::printf("%s\n", red("- " + name).c_str());
  for (const auto& changed : difference.changed) {
    std::printf("%s\n", yellow("~ " + changed.name).c_str());
    for (const auto& [part, values] : changed.parts) {
      if (!values.first.empty()) std::printf("    %s %s\n", red("- " + part + ":").c_str(), values.first.c_str());
      if (!values.second.empty()) std::printf("    %s %s\n", green("+ " + part + ":").c_str(), values.second.c_str());
    }
  }
}

}  // namespace

int policy_diff_command(const Common& common, const PolicyDiffArguments& arguments) {
  if (arguments.since.empty() && !arguments.until.empty()) {
    return fail(common, kWrongUse, "--until needs --since: they say over which recorded calls to compare");
  }
  const auto window = CallWindow::parse(arguments.since.empty() ? "0s" : arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  const auto before = open_policy(common, arguments.before);
  if (!before) return fail(common, exit_code_of(before.error()), before.error().message);
  const auto after = open_policy(common, arguments.after);
  if (!after) return fail(common, exit_code_of(after.error()), after.error().message);
  const policy::BundleDifference difference = policy::compare_bundles(**before, **after);
  const bool same = same_rules(difference);
  std::optional<policy::ReplayReport> replayed;
  if (!arguments.since.empty()) {
    policy::ReplayQuestion question;
    question.before = *before;
    question.after = *after;
    auto report = replay_calls(common, *window, question);
    if (!report) return fail(common, exit_code_of(report.error()), report.error().message);
    replayed = *std::move(report);
  }
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("same", same).member("before", (*before)->digest()).member("after", (*after)->digest());
    append_difference(json, difference);
    if (replayed) {
      json.key("replay").begin_object();
      append_replay(json, *replayed, *window);
      json.end_object();
    }
    std::printf("%s\n", json.end_object().text().c_str());
    return same ? kDone : kAnswerIsNo;
  }
  print_difference(difference);
  if (same) std::printf("the same rules: %s\n", (*before)->digest().c_str());
  if (replayed) {
    std::printf("\n");
    print_replay(*replayed, *window, false);
  }
  return same ? kDone : kAnswerIsNo;
}

}  // namespace reeve::app
