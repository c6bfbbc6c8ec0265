// Signed notes, checkpoints, keys, bundles and tiles, as a verifier meets them: no bytes stop it; nothing is taken that
// the key did not sign; what is taken reads the same when it is written again.

#include <cstddef>
#include <cstdint>

#include "core/bytes.h"
#include "ledger/memory_file_system.h"
#include "ledger/note.h"
#include "ledger/tiles.h"

namespace {

using namespace reeve;
using namespace reeve::ledger;

const NoteSigner& signer() {
  static const NoteSigner instance("log.example.com", *Ed25519Key::from_seed(std::string(32, 's')));
  return instance;
}

void check_note(std::string_view bytes) {
  // Nobody but the holder of the key can make this succeed, and the corpus has only the kept texts.
  const auto text = open_note(bytes, signer().verifier_key());
  if (text && signer().sign(*text).substr(0, text->size()) != *text) __builtin_trap();
  // The same text, rightly signed, must open unless it cannot be a note's text.
  const std::string own = std::string(bytes) + "\n";
  const auto opened = open_note(signer().sign(own), signer().verifier_key());
  if (opened && *opened != own) __builtin_trap();
  if (const auto checkpoint = parse_checkpoint(own)) {
    const std::string again = checkpoint->origin + "\n" + std::to_string(checkpoint->size) + "\n" +
                              to_base64(as_bytes(checkpoint->root)) + "\n";
    if (!own.starts_with(again)) __builtin_trap();
  }
  if (const auto checkpoint = open_checkpoint(signer().sign(own), signer().verifier_key())) {
    if (checkpoint->origin != "log.example.com") __builtin_trap();
  }
}

void check_keys(std::string_view bytes) {
  const std::size_t line = bytes.find('\n');
  if (line != std::string_view::npos) {
    static_cast<void>(open_note(bytes.substr(line + 1), bytes.substr(0, line)).ok());
  }
  MemoryFileSystem system;
  system.files["key"] = std::string(bytes);
  for (const std::string name : {"log.example.com", "PeterNeumann"}) {
    const auto loaded = load_signer(system, "key", name, false);
    if (loaded && !loaded->verifier_key().starts_with(name + "+")) __builtin_trap();
  }
}

void check_tiles(std::string_view bytes) {
  if (const auto entries = split_bundle(bytes)) {
    std::string bundle;
    for (const std::string_view entry : *entries) append_to_bundle(bundle, entry);
    if (bundle != bytes) __builtin_trap();
  }
  const auto hashes = decode_tile(bytes);
  if (!hashes.empty() && encode_tile(hashes) != bytes) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_note(bytes);
  check_keys(bytes);
  check_tiles(bytes);
  return 0;
}
