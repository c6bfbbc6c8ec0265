#include <algorithm>

#include "core/bytes.h"
#include "ledger/add_checkpoint.h"
#include "ledger/note.h"
#include "ledger/proof.h"

namespace reeve::ledger {

namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
/// A tree of 2^63 leaves has no longer path.
constexpr std::size_t kPathMax = 63;
/// The entry as extra data, a path, a checkpoint with many cosignatures.
constexpr std::size_t kProofBytesMax = 2UL << 20U;

/// Takes the first line off, without its newline; nothing when there is none that ends.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

Error wrong(std::string_view what) { return {ErrorCode::kInvalid, "not a proof: " + std::string(what)}; }

}  // namespace

std::string encode_proof(const InclusionProof& proof) {
  std::string text(kFirstLine);
  text += '\n';
  if (proof.extra) text.append(kExtra).append(to_base64(*proof.extra)) += '\n';
  text.append(kIndex).append(std::to_string(proof.index)) += '\n';
  append_hash_lines(text, proof.path);
  text += '\n';
  return text + proof.checkpoint;
}

Result<InclusionProof> parse_proof(std::string_view text) {
  if (text.size() > kProofBytesMax) return Error{ErrorCode::kTooLarge, "the proof is larger than any can be"};
  if (take_line(text) != kFirstLine) return wrong("its first line is not " + std::string(kFirstLine));
  InclusionProof proof;
  auto line = take_line(text);
  if (line && line->starts_with(kExtra)) {
    auto extra = from_strict_base64(line->substr(kExtra.size()));
    if (!extra) return wrong("the extra data is not base64");
    proof.extra = *std::move(extra);
    line = take_line(text);
  }
  if (!line || !line->starts_with(kIndex)) return wrong("the line 'index NUMBER' is missing");
  const auto index = parse_count(line->substr(kIndex.size()));
  if (!index) return wrong("the index is not a number");
  proof.index = *index;
  auto path = take_hash_lines(text, kPathMax);
  if (!path) return wrong(path.error().message);
  proof.path = *std::move(path);
  const auto note = split_note(text);
  if (!note) return wrong("what follows the path is not a signed checkpoint");
  if (!parse_checkpoint(note->text)) return wrong("what follows the path is not a checkpoint");
  proof.checkpoint = text;
  return proof;
}

std::string encode_consistency(std::uint64_t old_size, const HashPath& path, std::string_view checkpoint) {
  return encode_add_checkpoint(old_size, path, checkpoint);
}

}  // namespace reeve::ledger
