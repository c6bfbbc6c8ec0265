// What a witness is sent, and what it answers: no bytes stop either side, what is read is inside the input, and reads
// the same when it is written again.

#include <cstddef>
#include <cstdint>

#include "ledger/add_checkpoint.h"

namespace {

using namespace reeve;
using namespace reeve::ledger;

void check_request(std::string_view bytes) {
  const auto request = parse_add_checkpoint(bytes);
  if (!request) return;
  if (encode_add_checkpoint(request->old_size, request->proof, request->note) != bytes) __builtin_trap();
  if (request->lines.size() + request->note.size() != bytes.size()) __builtin_trap();
  if (request->proof.size() > kConsistencyHashesMax) __builtin_trap();
  const auto note = split_note(request->note);
  if (!note) return;
  std::string again = std::string(note->text) + "\n";
  for (const SignatureLine& line : note->signatures) again += line.line;
  if (again != request->note) __builtin_trap();
}

void check_answer(std::string_view bytes) {
  const auto size = size_in_conflict(bytes);
  if (size && std::to_string(*size) + "\n" != bytes) __builtin_trap();
  static const Cosigner witness("w", *Ed25519Key::from_seed(std::string(32, 'w')));
  const std::string note = "log\n1\n" + std::string(43, 'A') + "=\n\n";
  // Nobody else can sign as the witness; the corpus has none of its signatures.
  if (find_cosignature(note + std::string(bytes), witness.verifier().text())) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_request(bytes);
  check_answer(bytes);
  return 0;
}
