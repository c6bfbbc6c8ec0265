// `reeve ledger hold`: legal holds on kept content. Whoever places or ends one leaves a note for the ledger first.

#include <algorithm>
#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/content_setup.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

std::string whose(const std::string& subject) { return subject.empty() ? "everybody" : printable(subject); }

void write_hold(JsonWriter& json, const ledger::ContentHold& hold) {
  json.begin_object().member("by", hold.by).member("everybody", hold.subject.empty()).member("reason", hold.reason);
  json.member("since", format_time(hold.since)).member_if("subject", hold.subject).end_object();
}

/// What is wrong with the arguments, or nothing.
std::string complaint_about(const HoldArguments& arguments) {
  if (arguments.everybody == !trim(arguments.subject).empty()) {
    return "say whose content: --subject, as entries name a person, or --everybody";
  }
  if (trim(arguments.reason).empty()) return "--reason: a hold is recorded with its reason";
  return {};
}

ledger::ContentHold hold_of(const HoldArguments& arguments) {
  ledger::ContentHold hold;
  hold.subject = trim(arguments.subject);
  hold.by = arguments.by.empty() ? system_user_name() : arguments.by;
  hold.reason = trim(arguments.reason);
  hold.since = system_clock().now();
  return hold;
}

Result<void> note_hold(const Common& common, std::string_view kind, const ledger::ContentHold& hold) {
  JsonWriter note;
  note.begin_object().member("at", format_time(hold.since)).member("by", hold.by);
  note.member("everybody", hold.subject.empty()).member("reason", hold.reason);
  note.member_if("subject", hold.subject).end_object();
  return leave_note(common, kind, note.text());
}

void tell(const Common& common, const ledger::ContentHold& hold, const std::string& sentence) {
  if (common.json) {
    JsonWriter json;
    write_hold(json, hold);
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("%s\n", sentence.c_str());
  }
}

}  // namespace

int hold_place_command(const Common& common, const HoldArguments& arguments) {
  if (const std::string wrong = complaint_about(arguments); !wrong.empty()) return fail(common, kWrongUse, wrong);
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  const auto key = content_key(common);
  if (!key) return fail(common, kFailed, key.error().message);
  const ledger::ContentHold hold = hold_of(arguments);
  if (auto noted = note_hold(common, "hold.placed", hold); !noted) {
    return fail(common, kFailed, "nothing is held, because it cannot be recorded: " + noted.error().message);
  }
  if (auto held = ledger::hold_content(content_directory(*data), *key, hold); !held) {
    return fail(common, kFailed, held.error().message);
  }
  tell(common, hold,
       "Held: the content of " + whose(hold.subject) +
           " stays, whatever its age and whoever asks for its erasure, until 'reeve ledger hold release'.");
  return kDone;
}

int hold_release_command(const Common& common, const HoldArguments& arguments) {
  if (const std::string wrong = complaint_about(arguments); !wrong.empty()) return fail(common, kWrongUse, wrong);
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  const auto key = content_key(common);
  if (!key) return fail(common, kFailed, key.error().message);
  const ledger::ContentHold hold = hold_of(arguments);
  const auto holds = ledger::content_holds(content_directory(*data), *key);
  if (!holds) return fail(common, kFailed, holds.error().message);
  if (std::ranges::none_of(*holds, [&hold](const auto& each) { return each.subject == hold.subject; })) {
    return fail(common, kAnswerIsNo, "there is no hold on the content of " + whose(hold.subject));
  }
  if (auto noted = note_hold(common, "hold.released", hold); !noted) {
    return fail(common, kFailed, "the hold stays, because its end cannot be recorded: " + noted.error().message);
  }
  const auto released = ledger::release_content(content_directory(*data), *key, hold.subject);
  if (!released) return fail(common, kFailed, released.error().message);
  tell(common, hold, "Released: the content of " + whose(hold.subject) + " ends when its time is over.");
  return kDone;
}

int hold_list_command(const Common& common) {
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  std::vector<ledger::ContentHold> holds;
  const auto key = content_key(common);
  if (!key && key.error().code != ErrorCode::kNotFound) return fail(common, kFailed, key.error().message);
  if (key) {
    auto read = ledger::content_holds(content_directory(*data), *key);
    if (!read) return fail(common, kFailed, read.error().message);
    holds = *std::move(read);
  }
  if (common.json) {
    JsonWriter json;
    json.begin_array();
    for (const ledger::ContentHold& hold : holds) write_hold(json, hold);
    std::printf("%s\n", json.end_array().text().c_str());
    return kDone;
  }
  if (holds.empty()) {
    std::printf("No holds. Place one with: reeve ledger hold place --subject you@example.com --reason 'case 12'\n");
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"WHOSE", "SINCE", "BY", "REASON"}};
  for (const ledger::ContentHold& hold : holds) {
    rows.push_back({whose(hold.subject), format_time(hold.since).substr(0, 16) + "Z", printable(hold.by),
                    printable(hold.reason, 200)});
  }
  std::printf("%s", table(rows).c_str());
  return kDone;
}

}  // namespace reeve::app
