// Everything that is registered: the files of a directory, opened, and the finders that look for it.

#include "content/code_index.h"
#include "content/exact_data.h"
#include "content/finders.h"
#include "content/own_data_set.h"
#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::content {

Result<std::shared_ptr<const OwnDataSet>> OwnDataSet::open(const std::filesystem::path& directory) {
  std::vector<std::shared_ptr<const RegistrationFile>> code, tables;
  auto set = std::make_shared<OwnDataSet>();
  std::string summary = "own data 1\n";
  for (const std::filesystem::path& path : registration_paths(directory)) {
    auto file = RegistrationFile::open(path);
    if (!file) return file.error();
    const RegistrationHead& head = (*file)->head();
    set->list_.push_back(head.registration);
    summary += head.registration.kind + "\n" + head.registration.name + "\n" + head.registration.label + "\n" +
               std::to_string((*file)->checksum()) + "\n";
    if (head.registration.kind == "code") {
      set->code_labels_.push_back(head.registration.label);
      code.push_back(std::move(*file));
    } else {
      set->table_labels_.push_back(head.registration.label);
      tables.push_back(std::move(*file));
    }
  }
  auto code_index = CodeIndex::build(std::move(code));
  if (!code_index) return code_index.error();
  auto data_index = DataIndex::build(std::move(tables));
  if (!data_index) return data_index.error();
  set->code_ = std::move(*code_index);
  set->data_ = std::move(*data_index);
  set->digest_ = "sha256:" + to_hex(as_bytes(sha256(summary)));
  return std::shared_ptr<const OwnDataSet>(set);
}

Result<std::shared_ptr<const OwnData>> OwnData::open(const std::filesystem::path& directory) {
  auto set = OwnDataSet::open(directory);
  if (!set) return set.error();
  return std::shared_ptr<const OwnData>(std::move(*set));
}

Result<void> remove_registration(const std::filesystem::path& directory, std::string_view kind, std::string_view name) {
  const std::filesystem::path path = registration_path(directory, kind, name);
  std::error_code failed;
  if (std::filesystem::remove(path, failed)) return {};
  if (failed) return Error{ErrorCode::kUnavailable, "cannot remove " + path.string() + ": " + failed.message()};
  return Error{ErrorCode::kNotFound, "no " + std::string(kind == "code" ? "registered code" : "registered table") +
                                         " is called '" + std::string(name) + "'"};
}

namespace {

/// Code is surer the more of one file stands there.
float code_confidence(const CodeMatch& match) {
  if (match.shared >= 20) return 0.97F;
  if (match.shared >= 10) return 0.9F;
  return match.share >= 0.6F ? 0.85F : 0.75F;
}

float data_confidence(const DataMatch& match) {
  if (match.confirmed >= 2) return 0.98F;
  return match.confirmed == 1 ? 0.92F : 0.75F;
}

class CodeFinder final : public PreparedFinder {
 public:
  CodeFinder(std::shared_ptr<const OwnDataSet> set, std::uint32_t detector)
      : set_(std::move(set)), detector_(detector) {}
  void find(const FinderText& text, std::vector<Candidate>& found) const override {
    thread_local std::vector<CodeMatch> matches;
    set_->code().find(text.text, matches);
    for (const CodeMatch& match : matches) {
      found.push_back({detector_, static_cast<std::uint32_t>(match.start), static_cast<std::uint32_t>(match.end),
                       code_confidence(match), set_->code_label(match.registration)});
    }
  }

 private:
  std::shared_ptr<const OwnDataSet> set_;
  std::uint32_t detector_;
};

class DataFinder final : public PreparedFinder {
 public:
  DataFinder(std::shared_ptr<const OwnDataSet> set, std::uint32_t detector)
      : set_(std::move(set)), detector_(detector) {}
  void find(const FinderText& text, std::vector<Candidate>& found) const override {
    thread_local std::vector<DataMatch> matches;
    set_->data().find(text, matches);
    for (const DataMatch& match : matches) {
      found.push_back({detector_, static_cast<std::uint32_t>(match.start), static_cast<std::uint32_t>(match.end),
                       data_confidence(match), set_->table_label(match.registration)});
    }
  }

 private:
  std::shared_ptr<const OwnDataSet> set_;
  std::uint32_t detector_;
};

/// Null when there is nothing to look for.
std::shared_ptr<const OwnDataSet> set_of(const std::shared_ptr<const OwnData>& own_data) {
  return std::dynamic_pointer_cast<const OwnDataSet>(own_data);
}

std::unique_ptr<PreparedFinder> prepare_code(const std::shared_ptr<const OwnData>& own_data,
                                             std::span<const std::uint32_t> mine) {
  auto set = set_of(own_data);
  if (set == nullptr || set->code().empty() || mine.empty()) return nullptr;
  return std::make_unique<CodeFinder>(std::move(set), mine.front());
}

std::unique_ptr<PreparedFinder> prepare_data(const std::shared_ptr<const OwnData>& own_data,
                                             std::span<const std::uint32_t> mine) {
  auto set = set_of(own_data);
  if (set == nullptr || set->data().empty() || mine.empty()) return nullptr;
  return std::make_unique<DataFinder>(std::move(set), mine.front());
}

}  // namespace

std::vector<NamedFinder> own_data_finders() {
  return {{"registered-code", "code that was registered with 'reeve fingerprint add', by its fingerprints", nullptr,
           prepare_code},
          {"registered-data", "values of tables that were registered with 'reeve edm add', confirmed by their rows",
           nullptr, prepare_data}};
}

}  // namespace reeve::content
