// How a ledger tells of what registers keep: canonical JSON, members in the order of their names.

#include "core/json.h"
#include "store/store.h"

namespace reeve::store {

EntryText entry_of(const KeyChange& change) {
  JsonWriter detail;
  detail.begin_object().member("at", format_time(change.at));
  detail.member("key_id", change.key_id).member("owner", change.owner).end_object();
  return {change.revoked ? "identity.revoked" : "identity.key_created", detail.take()};
}

EntryText entry_of(const policy::CheckState& state) {
  JsonWriter json;
  json.begin_object().member("at", format_time(state.reported_at)).member("by", state.reported_by);
  json.member("check", state.name).member("green", state.green).member("reason", state.reason);
  return {"check.reported", json.member("until", format_time(state.until)).end_object().take()};
}

}  // namespace reeve::store
