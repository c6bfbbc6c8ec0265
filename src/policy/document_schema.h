#pragma once

// The schema of the governance documents that the policy engine itself does not read: money, approvals, notifications.
// Their readers are in other rooms and say exactly what is wrong; this is what an editor offers and underlines. A test
// in apps/ holds both against each other. Private to the policy room.

#include <span>
#include <string_view>

namespace reeve {
class JsonWriter;
}

namespace reeve::policy {

/// "Budget", "Notification" and so on.
std::span<const std::string_view> described_kinds();

/// One schema for each of described_kinds(), into the array that is open.
void write_document_schemas(JsonWriter& json);

}  // namespace reeve::policy
