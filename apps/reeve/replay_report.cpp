#include "reeve/replay_report.h"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <span>

#include "core/bytes.h"
#include "reeve/ledger_reading.h"
#include "reeve/policy_source.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

constexpr std::uint64_t kInputsCheckedEvery = 16;
constexpr std::size_t kGroupsShown = 20;

/// The server's kept bundles, for several threads.
class SharedArchive {
 public:
  explicit SharedArchive(const std::filesystem::path& data_directory) : archive_(data_directory) {}
  std::shared_ptr<const policy::Bundle> find(const std::string& digest) {
    const std::scoped_lock lock(mutex_);
    return archive_.find(digest);
  }

 private:
  std::mutex mutex_;
  BundleArchive archive_;
};

/// "201 allow -> deny for 14 people, $312.40 of recorded spend"
std::string told(const policy::ReplayGroup& group) {
  std::string text = grouped(group.decisions) + " " + group.name + " for " + counted(group.people, "person", "people");
  if (group.now_refused > 0) text += ", " + format_money(group.refused_cost) + " of recorded spend";
  if (group.now_allowed > 0) text += ", whose cost nobody knows";
  return text;
}

std::string headline(const policy::ReplayReport& report, const CallWindow& window, bool same_rules) {
  std::string text = counted(report.decisions, "decision", "decisions") + " of " + window.length();
  if (report.decisions == 0) return text;
  if (same_rules) {
    const std::uint64_t again = report.agreed + report.differing;
    text += ", " + grouped(again) + " made again by the rules of their time: ";
    if (report.differing == 0) return text + green(again == 0 ? "nothing to compare" : "all agree");
    return text + red(counted(report.differing, "differs", "differ") + " (" + percent(report.differing, again) + ")");
  }
  const std::uint64_t changed = report.changes.decisions;
  text += "; " + grouped(changed) + " (" + percent(changed, report.decisions) + ") would end differently";
  for (std::size_t i = 0; i < report.by_effect.size(); ++i) text += (i == 0 ? ": " : "; ") + told(report.by_effect[i]);
  const std::uint64_t others = report.differing - changed;
  if (others > 0) text += "\n" + counted(others, "other ends", "others end") + " as before, but by other rules";
  return text;
}

void print_not_replayed(const policy::ReplayReport& report) {
  const auto note = [](std::uint64_t number, const char* one, const char* many) {
    if (number > 0) std::printf("%s\n", yellow(counted(number, one, many)).c_str());
  };
  note(report.bundle_unknown, "decision could not be made again: its rules are not kept here, or not as they were",
       "decisions could not be made again: their rules are not kept here, or not as they were");
  note(report.unreadable, "entry cannot be read; 'reeve ledger verify' says more",
       "entries cannot be read; 'reeve ledger verify' says more");
  note(report.facts_cut, "decision could not be made again: its entry was too long to keep all facts",
       "decisions could not be made again: their entries were too long to keep all facts");
  note(report.inputs_differing, "decision's recorded facts are not those it was made on",
       "decisions' recorded facts are not those they were made on");
  std::printf("%s\n", dim("the digest of the facts was compared for " + grouped(report.inputs_checked)).c_str());
}

void print_groups(const char* heading, const std::vector<policy::ReplayGroup>& groups) {
  if (groups.empty()) return;
  std::vector<std::vector<std::string>> rows{
      {heading, "DECISIONS", "PEOPLE", "REFUSED NOW", "THEIR SPEND", "ALLOWED NOW"}};
  for (const policy::ReplayGroup& group : std::span(groups).first(std::min(groups.size(), kGroupsShown))) {
    rows.push_back({printable(group.name, 80), grouped(group.decisions), grouped(group.people),
                    grouped(group.now_refused), format_money(group.refused_cost), grouped(group.now_allowed)});
  }
  std::printf("\n%s", table(rows).c_str());
  if (groups.size() > kGroupsShown) std::printf("%s\n", dim("the first 20; --json has all").c_str());
}

void print_differences(const std::vector<policy::ReplayDifference>& differences) {
  if (differences.empty()) return;
  const auto with_rule = [](const std::string& effect, const std::string& rule) {
    return effect + " by " + (rule.empty() ? "default" : printable(rule, 70));
  };
  std::vector<std::vector<std::string>> rows{
      {"ENTRY", "TIME", "REQUEST", "PERSON", "MODEL", "WAS", "WOULD BE", "DIFFERS IN"}};
  for (const policy::ReplayDifference& one : differences) {
    rows.push_back({std::to_string(one.seq), printable(one.time.substr(0, 19)), printable(one.request_id, 40),
                    printable(one.person, 60), printable(one.model, 60), with_rule(one.before, one.before_rule),
                    with_rule(one.after, one.after_rule), one.parts});
  }
  std::printf("\n%s", table(rows).c_str());
}

void append_group(JsonWriter& json, const policy::ReplayGroup& group, const char* named) {
  json.begin_object();
  if (named != nullptr) json.member(named, group.name);
  json.member("decisions", group.decisions).member("people", group.people).member("now_refused", group.now_refused);
  json.member("now_allowed", group.now_allowed).member("refused_cost_nanos", group.refused_cost.nanos).end_object();
}

void append_groups(JsonWriter& json, const char* member, const char* named,
                   const std::vector<policy::ReplayGroup>& groups) {
  json.key(member).begin_array();
  for (const policy::ReplayGroup& group : groups) append_group(json, group, named);
  json.end_array();
}

}  // namespace

Result<policy::ReplayReport> replay_calls(const Common& common, const CallWindow& window,
                                          policy::ReplayQuestion question) {
  const auto data = data_directory(common);
  if (!data) return data.error();
  auto reader = open_ledger(common);
  if (!reader) return reader.error();
  SharedArchive archive(*data);
  policy::UseCounter uses_before;
  policy::UseCounter uses_after;
  question.find_bundle = [&archive](const std::string& digest) { return archive.find(digest); };
  question.uses_before = &uses_before;
  question.uses_after = &uses_after;
  // Where the question is whether all is as it was, every digest is compared.
  question.check_inputs = question.after ? kInputsCheckedEvery : 1;
  if (!window.open_end) question.until = window.until;
  std::vector<policy::Replayer> replayers;
  replayers.reserve(call_stream_workers());
  for (std::size_t i = 0; i < call_stream_workers(); ++i) replayers.emplace_back(question);
  const auto read = stream_calls(**reader, window, !common.json,
                                 [&](std::size_t worker, std::string_view entry) { replayers[worker].feed(entry); });
  if (!read) return read.error();
  for (std::size_t i = 1; i < replayers.size(); ++i) replayers[0].merge(replayers[i]);
  policy::ReplayReport report = replayers[0].report();
  if (common.through.empty()) return report;
  if (auto noted = note_reading(common, report.decisions); !noted) return std::move(noted).error();
  return report;
}

void print_replay(const policy::ReplayReport& report, const CallWindow& window, bool same_rules) {
  std::printf("%s\n", headline(report, window, same_rules).c_str());
  if (report.decisions == 0) return;
  print_not_replayed(report);
  print_groups("RULE", report.by_rule);
  print_groups("PERSON", report.by_person);
  print_differences(report.differences);
}

void append_replay(JsonWriter& json, const policy::ReplayReport& report, const CallWindow& window) {
  json.member("since", format_time(window.since)).member("until", format_time(window.until));
  json.member("decisions", report.decisions).member("agreed", report.agreed).member("differing", report.differing);
  json.key("not_replayed").begin_object().member("bundle_unknown", report.bundle_unknown);
  json.member("unreadable", report.unreadable).member("facts_cut", report.facts_cut).end_object();
  json.member("inputs_checked", report.inputs_checked).member("inputs_differing", report.inputs_differing);
  json.key("changes");
  append_group(json, report.changes, nullptr);
  append_groups(json, "by_effect", "change", report.by_effect);
  append_groups(json, "by_rule", "rule", report.by_rule);
  append_groups(json, "by_person", "person", report.by_person);
  json.key("differences").begin_array();
  for (const policy::ReplayDifference& one : report.differences) {
    json.begin_object().member("seq", one.seq).member("time", one.time).member("request_id", one.request_id);
    json.member("person", one.person).member("model", one.model);
    json.key("was").begin_object().member("effect", one.before).member_if("rule", one.before_rule).end_object();
    json.key("would_be").begin_object().member("effect", one.after).member_if("rule", one.after_rule).end_object();
    json.member("parts", one.parts).end_object();
  }
  json.end_array();
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (part == 0 || whole == 0) return "0 %";
  // In tenths; what is there at all is not shown as nothing.
  const std::uint64_t tenths = (part * 1000 + whole / 2) / whole;
  if (tenths == 0) return "under 0.1 %";
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

std::string counted(std::uint64_t number, const char* one, const char* many) {
  return grouped(number) + " " + (number == 1 ? one : many);
}

}  // namespace reeve::app
