// The pack: entries, what lies between them and the root, digests of everything. docs/evidence-pack.md has every byte.

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "core/bytes.h"
#include "core/json.h"
#include "evidence/evidence.h"
#include "evidence/hashed_file.h"
#include "evidence/progress_count.h"

namespace reeve::evidence {

namespace {

/// Which entries the pack holds.
IndexSet selected(const Assessment& assessment) {
  if (assessment.whole) return assessment.period;
  std::set<std::uint64_t> indexes;
  const auto take = [&](const std::vector<Sample>& samples) {
    for (const Sample& sample : samples) indexes.insert(sample.index);
  };
  for (const auto& [name, found] : assessment.streams) {
    take(found.samples);
    for (const FigureFound& figure : found.figures) take(figure.samples);
  }
  for (const DownSpan& span : assessment.down) indexes.insert(span.index);
  IndexSet set;
  for (const std::uint64_t index : indexes) set.add(index);
  return set;
}

/// The files of a pack as they are written, with what the manifest says of them.
class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path file(const std::string& name) const { return path_ / name; }
  void note(const std::string& name, const FileFacts& facts) { files_[name] = facts; }
  const std::map<std::string, FileFacts>& files() const { return files_; }

  Result<void> put(const std::string& name, std::string_view content) {
    HashedFile file(this->file(name));
    file.write(content);
    const auto facts = file.finish();
    if (!facts) return facts.error();
    note(name, *facts);
    return {};
  }

 private:
  const std::filesystem::path path_;
  std::map<std::string, FileFacts> files_;
};

/// entries.jsonl and leaves, as the entries come: a pack may be larger than memory. Each is compared with its leaf, so
/// that no pack leaves that nobody can check.
Result<void> put_entries(const std::filesystem::path& ledger, const IndexSet& wanted, std::uint64_t size,
                         Folder& folder, const Progress& progress) {
  auto reader = ledger::LogReader::open(ledger);
  if (!reader) return std::move(reader).error();
  ledger::TileReader tiles(ledger);
  HashedFile lines(folder.file("entries.jsonl"));
  HashedFile leaves(folder.file("leaves"));
  ProgressCount count(progress, wanted.count());
  std::optional<Error> wrong;
  const auto put = [&](const ledger::StoredEntry& stored) {
    const Sha256 leaf = ledger::leaf_hash(stored.bytes);
    const auto expected = tiles.cover(stored.index, stored.index + 1, size);
    if (!expected || expected->front() != leaf) {
      wrong = Error{ErrorCode::kCorrupt, "entry " + std::to_string(stored.index) +
                                             " is not what was signed; 'reeve ledger verify' says more"};
      return false;
    }
    lines.write(stored.bytes);
    lines.write("\n");
    leaves.write(to_base64(as_bytes(leaf)) + "\n");
    if (count.one_more()) return true;
    wrong = ProgressCount::given_up();
    return false;
  };
  for (const IndexSet::Run& run : wanted.runs()) {
    std::uint64_t found = 0;
    auto read = (*reader)->read(run.first,
                                [&](const ledger::StoredEntry& stored) { return put(stored) && ++found < run.count; });
    if (!read) return std::move(read).error();
    if (wrong) return *std::move(wrong);
    if (found != run.count) {
      return Error{ErrorCode::kCorrupt, "entries behind " + std::to_string(run.first) + " are missing"};
    }
  }
  const auto written = lines.finish();
  const auto hashed = leaves.finish();
  if (!written) return written.error();
  if (!hashed) return hashed.error();
  folder.note("entries.jsonl", *written);
  folder.note("leaves", *hashed);
  return {};
}

Result<std::string> proof_json(const std::filesystem::path& ledger, const IndexSet& set, std::uint64_t size) {
  ledger::TileReader tiles(ledger);
  JsonWriter json;
  json.begin_object().member("size", size).key("ranges").begin_array();
  for (const IndexSet::Run& run : set.runs()) {
    json.begin_array().value(run.first).value(run.count).end_array();
  }
  json.end_array().key("hashes").begin_array();
  std::uint64_t at = 0;
  const auto cover = [&](std::uint64_t end) -> Result<void> {
    const auto hashes = tiles.cover(at, end, size);
    if (!hashes) return hashes.error();
    for (const Sha256& hash : *hashes) json.value(to_base64(as_bytes(hash)));
    return {};
  };
  for (const IndexSet::Run& run : set.runs()) {
    if (auto covered = cover(run.first); !covered) return std::move(covered).error();
    at = run.first + run.count;
  }
  if (auto covered = cover(size); !covered) return std::move(covered).error();
  return json.end_array().end_object().take() + "\n";
}

/// Before anything is written: damaged tiles would make a pack that nobody can check.
Result<void> check_tiles(const std::filesystem::path& ledger, const Assessment& assessment, const IndexSet& set) {
  ledger::TileReader tiles(ledger);
  const auto root = tiles.root(assessment.checkpoint.size);
  if (!root) return root.error();
  if (*root == assessment.checkpoint.root || set.runs().empty()) return {};
  return Error{ErrorCode::kCorrupt,
               "the ledger's tiles do not lead to its checkpoint; 'reeve ledger verify' says what is wrong"};
}

std::string manifest_json(const Assessment& assessment, std::uint64_t entries, const Folder& folder) {
  JsonWriter json;
  json.begin_object().member("format", "reeve-evidence-pack@1").member("log", assessment.checkpoint.origin);
  json.member("size", assessment.checkpoint.size).member("entries", entries).key("files").begin_object();
  for (const auto& [name, facts] : folder.files()) {
    json.key(name).begin_object().member("bytes", facts.bytes);
    json.member("sha256", to_hex(as_bytes(facts.sha256))).end_object();
  }
  return json.end_object().end_object().take() + "\n";
}

/// The statements about keys that took over, up to the one of `verifier_key`: whoever checks the pack with an earlier
/// key follows them. Empty where there was one key only.
std::string rotations_until(const std::filesystem::path& ledger, const std::string& verifier_key) {
  std::ifstream file(ledger / "public" / "key-rotations", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::size_t end = 0;
  // A statement is a note, which has one empty line in it, and an empty line behind it; the new key is its line 4.
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t border = text.find("\n\n", begin);
    const std::size_t last = border == std::string::npos ? border : text.find("\n\n", border + 2);
    if (last == std::string::npos) break;
    const auto lines = split(std::string_view(text).substr(begin, border - begin), '\n');
    if (lines.size() > 3 && lines[3] == verifier_key) end = last + 2;
    begin = last + 2;
  }
  return text.substr(0, end);
}

}  // namespace

Result<std::string> write_pack(const std::filesystem::path& ledger, const Assessment& assessment, const Files& others,
                               const std::filesystem::path& directory, const Progress& progress) {
  const IndexSet set = selected(assessment);
  if (auto checked = check_tiles(ledger, assessment, set); !checked) return std::move(checked).error();
  Folder folder(directory);
  if (auto put = put_entries(ledger, set, assessment.checkpoint.size, folder, progress); !put)
    return std::move(put).error();
  auto proof = proof_json(ledger, set, assessment.checkpoint.size);
  if (!proof) return std::move(proof).error();
  Files files = others;
  files["checkpoint"] = assessment.checkpoint_note;
  files["key"] = assessment.verifier_key + "\n";
  if (std::string rotations = rotations_until(ledger, assessment.verifier_key); !rotations.empty()) {
    files["key-rotations"] = std::move(rotations);
  }
  files["proof.json"] = *std::move(proof);
  for (const auto& [name, content] : files) {
    if (auto put = folder.put(name, content); !put) return std::move(put).error();
  }
  std::string manifest = manifest_json(assessment, set.count(), folder);
  if (auto put = folder.put("pack.json", manifest); !put) return std::move(put).error();
  return manifest;
}

}  // namespace reeve::evidence
