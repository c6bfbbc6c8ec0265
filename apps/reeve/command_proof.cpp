// Proofs of the ledger: made from its tiles, checked with keys alone.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/ledger_reading.h"
#include "reeve/log_keys.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Error{ErrorCode::kInvalid, "cannot read " + path};
  return text;
}

Result<void> write_text(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return Error{ErrorCode::kUnavailable, "cannot write " + path};
  return {};
}

Result<std::filesystem::path> ledger_directory(const Common& common, const std::string& offline) {
  if (!offline.empty()) return std::filesystem::path(offline);
  const auto data = data_directory(common);
  if (!data) return data.error();
  return *data / "ledger";
}

int fail(const Common& common, const Error& error) { return fail(common, exit_code_of(error), error.message); }

std::string entries_text(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " entry" : " entries"); }

struct SignedCheckpoint {
  std::string note;
  ledger::Checkpoint checkpoint;
};

/// `keys`: of the log, any of them may have signed.
Result<SignedCheckpoint> opened(Result<std::string> note, const std::vector<std::string>& keys) {
  if (!note) return std::move(note).error();
  auto checkpoint = open_checkpoint_of(*note, keys);
  if (!checkpoint) return std::move(checkpoint).error();
  return SignedCheckpoint{*std::move(note), *std::move(checkpoint)};
}

/// The one to prove an entry against: what was asked for, else what witnesses cosigned, else the newest.
Result<SignedCheckpoint> checkpoint_for(ledger::LogReader& reader, const std::filesystem::path& directory,
                                        const std::vector<std::string>& keys, const LedgerProveArguments& arguments) {
  const auto fits = [&](const Result<SignedCheckpoint>& candidate) {
    if (!candidate || candidate->checkpoint.size <= arguments.index) return false;
    return !arguments.size || candidate->checkpoint.size == *arguments.size;
  };
  if (!arguments.checkpoint.empty()) {
    auto given = opened(read_text(arguments.checkpoint), keys);
    if (!given || fits(given)) return given;
    return Error{ErrorCode::kNotFound, "that checkpoint is of " + entries_text(given->checkpoint.size)};
  }
  auto cosigned = opened(ledger::read_cosigned_checkpoint(directory), keys);
  if (fits(cosigned)) return cosigned;
  auto newest = opened(reader.checkpoint(), keys);
  if (!newest || fits(newest)) return newest;
  if (arguments.size) {
    return Error{ErrorCode::kNotFound,
                 "no checkpoint of " + entries_text(*arguments.size) + " is kept that covers it; the newest is of " +
                     entries_text(newest->checkpoint.size) + ". Give an older one that you have with --checkpoint"};
  }
  return Error{ErrorCode::kNotFound, "entry " + std::to_string(arguments.index) + " is not signed yet; the log has " +
                                         entries_text(newest->checkpoint.size) + " signed, numbered from 0"};
}

Result<std::string> entry_at(ledger::LogReader& reader, std::uint64_t index) {
  std::optional<std::string> entry;
  const auto read = reader.read(index, [&](const ledger::StoredEntry& stored) {
    if (stored.index == index) entry = stored.bytes;
    return false;
  });
  if (!read) return read.error();
  if (!entry) return Error{ErrorCode::kNotFound, "there is no entry " + std::to_string(index)};
  return *std::move(entry);
}

Result<ledger::InclusionProof> make_proof(const Common& common, const LedgerProveArguments& arguments,
                                          SignedCheckpoint& against) {
  const auto directory = ledger_directory(common, arguments.directory);
  if (!directory) return directory.error();
  auto reader = ledger::LogReader::open(*directory);
  if (!reader) return std::move(reader).error();
  const auto key = (*reader)->verifier_key();
  if (!key) return key.error();
  auto checkpoint = checkpoint_for(**reader, *directory, keys_that_lead_to(*directory, *key), arguments);
  if (!checkpoint) return std::move(checkpoint).error();
  against = *std::move(checkpoint);
  auto entry = entry_at(**reader, arguments.index);
  if (!entry) return std::move(entry).error();
  auto path = ledger::TileReader(*directory).inclusion(arguments.index, against.checkpoint.size);
  if (!path) return std::move(path).error();
  if (!ledger::proves_inclusion(*path, ledger::leaf_hash(*entry), arguments.index, against.checkpoint.size,
                                against.checkpoint.root)) {
    return Error{ErrorCode::kCorrupt, "the ledger's tiles do not lead from entry " + std::to_string(arguments.index) +
                                          " to its checkpoint; 'reeve ledger verify' says what is wrong"};
  }
  ledger::InclusionProof proof{arguments.index, *std::move(path), against.note, {}};
  if (!arguments.without_entry) proof.extra = *std::move(entry);
  return proof;
}

}  // namespace

int ledger_prove_command(const Common& common, const LedgerProveArguments& arguments) {
  SignedCheckpoint against;
  const auto proof = make_proof(common, arguments, against);
  if (!proof && proof.error().code == ErrorCode::kNotFound) return fail(common, kAnswerIsNo, proof.error().message);
  if (!proof) return fail(common, proof.error());
  // A copy has nobody who would record it.
  if (arguments.directory.empty()) {
    const auto noted = note_reading(common, arguments.without_entry ? 0 : 1);
    if (!noted) return fail(common, noted.error());
  }
  const std::string text = ledger::encode_proof(*proof);
  if (!arguments.output.empty()) {
    if (const auto written = write_text(arguments.output, text); !written) return fail(common, written.error());
  }
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("index", arguments.index).member("size", against.checkpoint.size);
    json.member("root", to_base64(as_bytes(against.checkpoint.root))).member("proof", text).end_object();
    std::printf("%s\n", json.text().c_str());
  } else if (arguments.output.empty()) {
    std::fwrite(text.data(), 1, text.size(), stdout);
  } else {
    std::printf("wrote %s: entry %llu in the tree of %s\n", arguments.output.c_str(),
                static_cast<unsigned long long>(arguments.index), entries_text(against.checkpoint.size).c_str());
  }
  return kDone;
}

// ---- Checking

namespace {

struct ProofVerdict {
  ledger::InclusionProof proof;
  ledger::Checkpoint checkpoint;
  std::vector<ledger::Cosignature> cosignatures;
  std::vector<std::string> problems;
};

void check_cosignatures(const CheckProofArguments& arguments, ProofVerdict& verdict) {
  std::vector<std::string> missing;
  for (const std::string& key : arguments.witnesses) {
    auto found = ledger::find_cosignature(verdict.proof.checkpoint, key);
    if (found) {
      verdict.cosignatures.push_back(*std::move(found));
    } else {
      missing.push_back(found.error().message);
    }
  }
  const std::size_t quorum = arguments.quorum == 0 ? arguments.witnesses.size() : arguments.quorum;
  if (verdict.cosignatures.size() >= quorum) return;
  verdict.problems.insert(verdict.problems.end(), missing.begin(), missing.end());
  verdict.problems.push_back(std::to_string(verdict.cosignatures.size()) + " of the " + std::to_string(quorum) +
                             " cosignatures that it takes are there");
}

/// An error is wrong use; what is wrong with the proof is in the verdict.
Result<ProofVerdict> judge(const CheckProofArguments& arguments) {
  for (const std::string& key : arguments.witnesses) {
    if (const auto name = ledger::witness_key_name(key); !name) return with_context(name.error(), "--witness");
  }
  if (arguments.quorum > arguments.witnesses.size()) {
    return Error{ErrorCode::kInvalid, "--quorum asks for more cosignatures than there are --witness keys"};
  }
  const auto text = read_text(arguments.file);
  if (!text) return text.error();
  ProofVerdict verdict;
  auto proof = ledger::parse_proof(*text);
  if (!proof) {
    verdict.problems.push_back(proof.error().message);
    return verdict;
  }
  verdict.proof = *std::move(proof);
  std::optional<std::string> entry = verdict.proof.extra;
  if (!arguments.entry.empty()) {
    auto given = read_text(arguments.entry);
    if (!given) return std::move(given).error();
    // An entry is one line and holds no newline itself.
    if (given->ends_with('\n')) given->pop_back();
    entry = *std::move(given);
  }
  if (!entry) return Error{ErrorCode::kInvalid, "the proof does not carry its entry; give that with --entry FILE"};
  auto checkpoint = ledger::open_checkpoint(verdict.proof.checkpoint, arguments.key);
  if (!checkpoint && checkpoint.error().code == ErrorCode::kInvalid) return with_context(checkpoint.error(), "--key");
  if (!checkpoint) {
    verdict.problems.push_back(checkpoint.error().message);
    return verdict;
  }
  verdict.checkpoint = *std::move(checkpoint);
  if (!ledger::proves_inclusion(verdict.proof.path, ledger::leaf_hash(*entry), verdict.proof.index,
                                verdict.checkpoint.size, verdict.checkpoint.root)) {
    verdict.problems.emplace_back("the entry is not the one in this place of the signed tree");
  }
  check_cosignatures(arguments, verdict);
  return verdict;
}

void print_json(const ProofVerdict& verdict) {
  JsonWriter json;
  json.begin_object().member("ok", verdict.problems.empty()).member("origin", verdict.checkpoint.origin);
  json.member("index", verdict.proof.index).member("size", verdict.checkpoint.size);
  json.member("root", to_base64(as_bytes(verdict.checkpoint.root))).key("cosignatures").begin_array();
  for (const ledger::Cosignature& cosignature : verdict.cosignatures) {
    json.begin_object().member("witness", cosignature.name);
    json.member("time", format_time(from_unix_seconds(cosignature.time))).end_object();
  }
  json.end_array().key("problems").begin_array();
  for (const std::string& problem : verdict.problems) json.value(problem);
  json.end_array().end_object();
  std::printf("%s\n", json.text().c_str());
}

}  // namespace

int ledger_check_proof_command(const Common& common, const CheckProofArguments& arguments) {
  const auto verdict = judge(arguments);
  if (!verdict) return fail(common, verdict.error());
  const bool good = verdict->problems.empty();
  if (common.json) {
    print_json(*verdict);
    return good ? kDone : kAnswerIsNo;
  }
  for (const std::string& problem : verdict->problems) std::printf("%s\n", red(printable(problem, 1'000)).c_str());
  if (!good) {
    std::printf("%s\n", red("The proof does NOT hold.").c_str());
    return kAnswerIsNo;
  }
  std::printf("%s  Entry %llu is in the log %s of %s.\n", green("The proof holds.").c_str(),
              static_cast<unsigned long long>(verdict->proof.index), printable(verdict->checkpoint.origin).c_str(),
              entries_text(verdict->checkpoint.size).c_str());
  for (const ledger::Cosignature& cosignature : verdict->cosignatures) {
    std::printf("%s saw that tree at %s.\n", printable(cosignature.name).c_str(),
                format_time(from_unix_seconds(cosignature.time)).c_str());
  }
  if (arguments.witnesses.empty()) {
    std::printf("Only the log itself says so: no --witness was asked for.\n");
  }
  return kDone;
}

// ---- Growth

namespace {

struct Growth {
  ledger::Checkpoint old_checkpoint;
  SignedCheckpoint newest;
  ledger::HashPath path;
  std::string problem;  // empty: it goes on
};

Result<Growth> measure_growth(const Common& common, const ConsistencyArguments& arguments) {
  const auto directory = ledger_directory(common, arguments.directory);
  if (!directory) return directory.error();
  auto reader = ledger::LogReader::open(*directory);
  if (!reader) return std::move(reader).error();
  auto key = (*reader)->verifier_key();
  if (!key) return std::move(key).error();
  if (!arguments.key.empty()) {
    auto followed = ledger::follow_keys(*directory, arguments.key);
    if (!followed) return std::move(followed).error();
    key = std::move(followed->back());
  }
  auto old = opened(read_text(arguments.checkpoint), keys_that_lead_to(*directory, *key));
  if (!old) return Error{ErrorCode::kInvalid, arguments.checkpoint + ": " + old.error().message};
  auto newest = opened((*reader)->checkpoint(), {*key});
  if (!newest) return std::move(newest).error();
  Growth growth{old->checkpoint, *std::move(newest), {}, {}};
  const ledger::Checkpoint& now = growth.newest.checkpoint;
  if (growth.old_checkpoint.size > now.size) {
    growth.problem = "the log has fewer entries now than that checkpoint: it was restored from an older copy, or cut";
    return growth;
  }
  ledger::TileReader tiles(*directory);
  const auto root = tiles.root(now.size);
  if (!root) return root.error();
  if (*root != now.root) {
    return Error{ErrorCode::kCorrupt,
                 "the ledger's tiles do not lead to its checkpoint; 'reeve ledger verify' says what is wrong"};
  }
  auto path = tiles.consistency(growth.old_checkpoint.size, now.size);
  if (!path) return std::move(path).error();
  growth.path = *std::move(path);
  if (!ledger::proves_consistency(growth.path, growth.old_checkpoint.size, growth.old_checkpoint.root, now.size,
                                  now.root)) {
    growth.problem = "the first " + entries_text(growth.old_checkpoint.size) +
                     " are not the ones that the older checkpoint signs: the history was changed";
  }
  return growth;
}

}  // namespace

int ledger_consistency_command(const Common& common, const ConsistencyArguments& arguments) {
  const auto growth = measure_growth(common, arguments);
  if (!growth) return fail(common, growth.error());
  const bool good = growth->problem.empty();
  const std::uint64_t old_size = growth->old_checkpoint.size;
  const std::uint64_t size = growth->newest.checkpoint.size;
  if (good && !arguments.output.empty()) {
    const std::string text = ledger::encode_consistency(old_size, growth->path, growth->newest.note);
    if (const auto written = write_text(arguments.output, text); !written) return fail(common, written.error());
  }
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("consistent", good).member("old_size", old_size).member("size", size);
    json.member_if("problem", growth->problem).key("proof").begin_array();
    if (good) {
      for (const Sha256& hash : growth->path) json.value(to_base64(as_bytes(hash)));
    }
    json.end_array().member("checkpoint", growth->newest.note).end_object();
    std::printf("%s\n", json.text().c_str());
  } else if (good) {
    std::printf("%s  Its %s go on from those %llu.\n", green("The log only grew.").c_str(), entries_text(size).c_str(),
                static_cast<unsigned long long>(old_size));
  } else {
    std::printf("%s  %s.\n", red("The log CONTRADICTS that checkpoint:").c_str(), growth->problem.c_str());
  }
  return good ? kDone : kAnswerIsNo;
}

}  // namespace reeve::app
