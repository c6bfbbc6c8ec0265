#include "ledger/add_checkpoint.h"

namespace reeve::ledger {

namespace {
constexpr std::string_view kOld = "old ";
}

std::string encode_add_checkpoint(std::uint64_t old_size, const HashPath& proof, std::string_view note) {
  std::string body(kOld);
  body.append(std::to_string(old_size)) += '\n';
  append_hash_lines(body, proof);
  return body.append("\n").append(note);
}

Result<AddCheckpoint> parse_add_checkpoint(std::string_view body) {
  const std::size_t end = body.find('\n');
  if (end == std::string_view::npos || !body.starts_with(kOld)) {
    return Error{ErrorCode::kInvalid, "the first line does not read 'old SIZE'"};
  }
  const auto old_size = parse_count(body.substr(kOld.size(), end - kOld.size()));
  if (!old_size) return Error{ErrorCode::kInvalid, "the old size is not a number"};
  std::string_view rest = body.substr(end + 1);
  auto proof = take_hash_lines(rest, kConsistencyHashesMax);
  if (!proof) return std::move(proof).error();
  return AddCheckpoint{*old_size, *std::move(proof), rest, body.substr(0, body.size() - rest.size())};
}

std::optional<std::uint64_t> size_in_conflict(std::string_view body) {
  if (body.empty() || body.back() != '\n') return std::nullopt;
  return parse_count(body.substr(0, body.size() - 1));
}

}  // namespace reeve::ledger
