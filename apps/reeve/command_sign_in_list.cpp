// reeve sign-in list, end: who is signed in, and the end of others' sign-ins.

#include <algorithm>
#include <cstdio>

#include "core/bytes.h"
#include "reeve/budget_desk.h"
#include "reeve/config.h"
#include "reeve/sign_in_listing.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

constexpr std::size_t kReasonBytesMax = 500;
constexpr std::size_t kNameBytesMax = 256;

/// Where a set-up keeps who is signed in: its own storage, or the one that its nodes share.
struct SignInAccess {
  std::unique_ptr<store::Store> own;
  std::unique_ptr<store::SharedGrants> shared;  // null: this node is alone
  identity::GrantStore& grants() const { return shared ? static_cast<identity::GrantStore&>(*shared) : own->grants(); }
};

Result<SignInAccess> open_sign_ins(const Common& common) {
  SignInAccess access;
  auto store = open_store(common, false);
  if (!store) return std::move(store).error();
  access.own = *std::move(store);
  const auto config = shared_config(common);
  if (!config) return config.error();
  if (!*config) return access;
  auto shared = store::open_shared_grants(*(*config)->postgres, node_name_of(**config));
  if (!shared) return std::move(shared).error();
  access.shared = *std::move(shared);
  return access;
}

bool is_line(std::string_view text, std::size_t bytes_max) {
  return !trim(text).empty() && text.size() <= bytes_max && is_utf8(text) &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

std::string_view state_of(const identity::SignInSession& sign_in, Instant now) {
  if (sign_in.ended) return "ended";
  return sign_in.expires <= now ? "over" : "open";
}

void write_sign_in(JsonWriter& json, const identity::SignInSession& sign_in, Instant now) {
  const auto person = identity::principal_from_json(sign_in.document);
  json.begin_object().member("begun", format_time(sign_in.created)).member_if("client", sign_in.client);
  if (sign_in.ended) json.member("ended", format_time(*sign_in.ended));
  json.member("expires", format_time(sign_in.expires)).member("id", sign_in.id);
  json.member_if("issuer", person ? person->issuer : std::string()).member("person", sign_in.person);
  json.member_if("reason", sign_in.why).member("state", state_of(sign_in, now)).end_object();
}

Result<void> check_end(const identity::SignInEnd& end) {
  if (!is_line(end.why, kReasonBytesMax)) {
    return Error{ErrorCode::kInvalid, "say why, in one line of at most 500 bytes: the ledger keeps it"};
  }
  if (!is_line(end.by, kNameBytesMax)) return Error{ErrorCode::kInvalid, "who ends it must be a short line of text"};
  return {};
}

int sign_in_list_command(const Common& common, const SignInListArguments& arguments) {
  const auto access = open_sign_ins(common);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  auto list = access->grants().sessions(arguments.person);
  if (!list) return fail(common, kFailed, list.error().message);
  const Instant now = system_clock().now();
  if (!arguments.all) {
    std::erase_if(*list, [now](const identity::SignInSession& one) { return state_of(one, now) != "open"; });
  }
  if (common.json) {
    JsonWriter json;
    json.begin_array();
    for (const identity::SignInSession& one : *list) write_sign_in(json, one, now);
    std::printf("%s\n", json.end_array().text().c_str());
    return kDone;
  }
  if (list->empty()) {
    std::printf("Nobody is signed in%s.\n", arguments.person.empty() ? "" : " by that name");
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "PERSON", "CLIENT", "BEGUN", "UNTIL", "STATE", "REASON"}};
  for (const identity::SignInSession& one : *list) {
    rows.push_back({one.id, printable(one.person, 80), printable(one.client, 40),
                    format_time(one.created).substr(0, 19), format_time(one.expires).substr(0, 19),
                    std::string(state_of(one, now)), printable(one.why, 100)});
  }
  std::printf("%s", table(rows).c_str());
  return kDone;
}

int sign_in_end_command(const Common& common, const SignInEndArguments& arguments) {
  if (arguments.id.empty() == arguments.person.empty()) {
    return fail(common, kWrongUse, "name the sign-in by its id, or all of somebody's with --person");
  }
  const identity::SignInEnd end{system_clock().now(), arguments.reason,
                                arguments.by.empty() ? system_user_name() : arguments.by};
  if (const auto checked = check_end(end); !checked) return fail(common, kWrongUse, checked.error().message);
  const auto access = open_sign_ins(common);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  std::vector<std::string> ended;
  if (arguments.id.empty()) {
    auto all = access->grants().end_sessions_of(arguments.person, end);
    if (!all) return fail(common, kFailed, all.error().message);
    ended = *std::move(all);
  } else {
    const auto one = access->grants().end_session(arguments.id, end);
    if (!one) return fail(common, kFailed, one.error().message);
    if (*one) ended.push_back(arguments.id);
  }
  if (ended.empty()) return fail(common, kAnswerIsNo, "there is no such sign-in that has not ended");
  if (common.json) {
    JsonWriter json;
    json.begin_object().key("ended").begin_array();
    for (const std::string& id : ended) json.value(id);
    std::printf("%s\n", json.end_array().end_object().text().c_str());
  } else {
    for (const std::string& id : ended) std::printf("Ended %s. Its tokens are refused from now on.\n", id.c_str());
  }
  return kDone;
}

}  // namespace reeve::app
