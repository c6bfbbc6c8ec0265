#include "reeve/ledger_entry_proofs.h"

#include <fstream>
#include <iterator>
#include <thread>

#include "core/bytes.h"

namespace reeve::app {

namespace {

constexpr auto kSignedWithin = std::chrono::milliseconds(1500);  // the log signs ten times a second
constexpr auto kLookAgain = std::chrono::milliseconds(50);

Result<std::string> published(const std::filesystem::path& ledger, const char* name) {
  const std::filesystem::path path = ledger / "public" / name;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file || text.empty()) return Error{ErrorCode::kNotFound, "cannot read " + path.string()};
  return text;
}

}  // namespace

Result<void> EntryProofs::read_checkpoint(std::uint64_t index) {
  const auto key = published(ledger_, "key");
  if (!key) return key.error();
  const std::string_view verifier_key = trim(*key);
  Error why{ErrorCode::kNotFound, ""};
  for (const bool cosigned : {true, false}) {
    auto note = cosigned ? ledger::read_cosigned_checkpoint(ledger_) : published(ledger_, "checkpoint");
    if (!note) {
      why = note.error();
      continue;
    }
    auto checkpoint = ledger::open_checkpoint(*note, verifier_key);
    if (!checkpoint) return std::move(checkpoint).error();
    if (checkpoint->size <= index) {
      why = Error{ErrorCode::kNotFound, "entry " + std::to_string(index) + " is not signed yet"};
      continue;
    }
    note_ = *std::move(note);
    checkpoint_ = *std::move(checkpoint);
    return {};
  }
  return why;
}

Result<void> EntryProofs::look_for_checkpoint(std::uint64_t index) {
  const auto until = std::chrono::steady_clock::now() + kSignedWithin;
  while (true) {
    auto read = read_checkpoint(index);
    if (read || read.error().code != ErrorCode::kNotFound || std::chrono::steady_clock::now() > until) return read;
    std::this_thread::sleep_for(kLookAgain);
  }
}

Result<std::string> EntryProofs::proof_of(const ledger::StoredEntry& entry) {
  if (checkpoint_.size <= entry.index) {
    if (auto found = look_for_checkpoint(entry.index); !found) return std::move(found).error();
  }
  auto path = tiles_.inclusion(entry.index, checkpoint_.size);
  if (!path) return std::move(path).error();
  if (!ledger::proves_inclusion(*path, ledger::leaf_hash(entry.bytes), entry.index, checkpoint_.size,
                                checkpoint_.root)) {
    return Error{ErrorCode::kCorrupt, "the ledger's tiles do not lead from entry " + std::to_string(entry.index) +
                                          " to its checkpoint; 'reeve ledger verify' says what is wrong"};
  }
  return ledger::encode_proof({entry.index, *std::move(path), note_, std::string(entry.bytes)});
}

void EntryProofs::write(JsonWriter& json, const ledger::StoredEntry& entry) {
  const auto proof = proof_of(entry);
  json.begin_object().member("index", entry.index).key("entry").raw(entry.bytes);
  if (proof) {
    json.member("proof", *proof);
  } else {
    json.member("unproven", proof.error().message);
  }
  json.end_object();
}

}  // namespace reeve::app
