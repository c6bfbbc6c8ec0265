#include "reeve/register_access.h"

#include <cstdio>
#include <thread>

#include "core/json.h"
#include "core/log.h"
#include "reeve/budget_desk.h"
#include "reeve/kept_value.h"

namespace reeve::app {

namespace {

/// In the data directory, once its registers were taken over.
constexpr const char* kTakenOverFile = "registers.shared";
constexpr auto kUntilKnown = std::chrono::milliseconds(100);

std::string sentence_of(const store::TakenOver& taken) {
  const auto count = [](std::size_t number, const char* one, const char* many) {
    return std::to_string(number) + " " + (number == 1 ? one : many);
  };
  return count(taken.keys, "key", "keys") + ", " + count(taken.exceptions, "exception", "exceptions") + ", " +
         count(taken.items, "item of the inventory", "items of the inventory") + ", " +
         count(taken.intakes, "intake", "intakes") + " and " + count(taken.seals, "sealed code", "sealed codes");
}

}  // namespace

Result<RegisterAccess> open_registers(const Common& common, bool make) {
  RegisterAccess access;
  const auto config = shared_config(common);
  if (!config) return config.error();
  if (*config) {
    auto shared = store::open_shared_registers(*(*config)->postgres, node_name_of(**config));
    if (!shared) return std::move(shared).error();
    access.shared = *std::move(shared);
    return access;
  }
  auto store = open_store(common, make);
  if (!store) return std::move(store).error();
  access.own = *std::move(store);
  return access;
}

void wait_until_known(const RegisterAccess& access) {
  if (access.shared) std::this_thread::sleep_for(kUntilKnown);
}

Result<void> take_over_once(store::Store& own, store::SharedRegisters& shared, const std::filesystem::path& directory) {
  std::error_code ignored;
  if (std::filesystem::exists(directory / kTakenOverFile, ignored)) return {};
  const auto taken = shared.take_over(own);
  if (!taken) return with_context(taken.error(), "taking over what this node had for itself");
  if (taken->any()) {
    log_info("what this node had for itself is in the shared database now", {{"taken", sentence_of(*taken)}});
  }
  // From now on what is written there by a command without the configuration stays there.
  const auto kept = kept_value(directory / kTakenOverFile, [] { return std::string("yes"); });
  return kept ? Result<void>() : Result<void>(kept.error());
}

int storage_move_command(const Common& common) {
  const auto config = shared_config(common);
  if (!config) return fail(common, exit_code_of(config.error()), config.error().message);
  if (!*config) {
    return fail(common, kWrongUse,
                "the configuration names no database that nodes share: there is nowhere to move to (storage.postgres)");
  }
  auto own = open_store(common, false);
  if (!own) return fail(common, exit_code_of(own.error()), own.error().message);
  auto access = open_registers(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto taken = access->shared->take_over(**own);
  if (!taken) return fail(common, kFailed, taken.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("exceptions", taken->exceptions).member("intakes", taken->intakes);
    json.member("items", taken->items).member("keys", taken->keys).member("sealed_codes", taken->seals).end_object();
    std::printf("%s\n", json.text().c_str());
  } else if (taken->any()) {
    std::printf("Moved %s. They are good on every node from now on.\n", sentence_of(*taken).c_str());
  } else {
    std::printf("The shared database has all of it already.\n");
  }
  return kDone;
}

}  // namespace reeve::app
