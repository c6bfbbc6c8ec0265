// `reeve notifications`: what waits to be told to people, and what could not be.

#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/register_access.h"
#include "reeve/terminal.h"

namespace reeve::app {

using control::Delivery;

namespace {

void write_delivery(JsonWriter& json, const Delivery& delivery) {
  json.begin_object().member("attempts", delivery.attempts).member("destination", delivery.destination);
  json.member("event", delivery.event.kind)
      .member("key", delivery.event.key)
      .member_if("last_error", delivery.last_error);
  json.member("next", format_time(delivery.next)).member("number", delivery.number);
  json.member("state", control::delivery_state_name(delivery.state)).member("time", format_time(delivery.event.time));
  json.end_object();
}

}  // namespace

int notifications_list_command(const Common& common, const NotificationsArguments& arguments) {
  auto access = open_registers(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  std::optional<Delivery::State> state = Delivery::State::kDead;
  if (arguments.waiting) state = Delivery::State::kWaiting;
  if (arguments.all) state.reset();
  const auto list = access->registers().notifications().list(state, arguments.limit);
  if (!list) return fail(common, kFailed, list.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_array();
    for (const Delivery& delivery : *list) write_delivery(json, delivery);
    std::printf("%s\n", json.end_array().text().c_str());
    return kDone;
  }
  if (list->empty()) {
    std::printf(arguments.all || arguments.waiting ? "None.\n"
                                                   : "Nothing was given up. --waiting and --all show more.\n");
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"NUMBER", "TO", "EVENT", "STATE", "ATTEMPTS", "TIME", "LAST ERROR"}};
  for (const Delivery& delivery : *list) {
    rows.push_back({std::to_string(delivery.number), printable(delivery.destination), printable(delivery.event.kind),
                    std::string(control::delivery_state_name(delivery.state)), std::to_string(delivery.attempts),
                    format_time(delivery.event.time).substr(0, 19) + "Z", printable(delivery.last_error, 100)});
  }
  std::printf("%s", table(rows).c_str());
  return kDone;
}

int notifications_retry_command(const Common& common, std::int64_t number) {
  auto access = open_registers(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto retried = access->registers().notifications().retry(number, system_clock().now());
  if (!retried) {
    return fail(common, retried.error().code == ErrorCode::kNotFound ? kAnswerIsNo : kFailed, retried.error().message);
  }
  if (common.json) {
    std::printf("{\"number\":%lld,\"state\":\"waiting\"}\n", static_cast<long long>(number));
  } else {
    std::printf("It is tried again, by the running server or at the next start.\n");
  }
  return kDone;
}

}  // namespace reeve::app
