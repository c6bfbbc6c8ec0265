#pragma once

// What every storage of the directory checks of a change, and how rows hold lists.

#include "core/bytes.h"
#include "identity/identity.h"

namespace reeve::store {

/// So many touched rows are remembered; who knows less reads everything.
inline constexpr std::int64_t kDirectoryChangesKept = 200'000;

inline std::string joined_logins(const std::vector<std::string>& logins) {
  std::string text;
  for (const std::string& login : logins) text += (text.empty() ? "" : "\n") + login;
  return text;
}

inline std::vector<std::string> split_logins(std::string_view text) {
  std::vector<std::string> logins;
  if (text.empty()) return logins;
  for (const std::string_view login : split(text, '\n')) logins.emplace_back(login);
  return logins;
}

inline Result<void> check_directory_change(const identity::DirectoryChange& change) {
  constexpr std::size_t kDetailBytesMax = 8'192;  // an entry keeps it whole then
  const identity::DirectoryEntry& entry = change.entry;
  const bool whole = !entry.id.empty() && !entry.name.empty() && entry.version > 0 && !change.kind.empty();
  if (whole && change.detail.size() <= kDetailBytesMax && is_utf8(entry.document)) return {};
  return Error{ErrorCode::kInvalid,
               "a change of the directory needs id, name, version and what the ledger tells of it"};
}

}  // namespace reeve::store
