// One file of a pack's folder, for whoever gets it over a network: ZIP, which every desktop opens.

#include <minizip/zip.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include "evidence/evidence.h"

namespace reeve::evidence {

namespace {

constexpr std::size_t kPieceBytes = 64UL << 10U;

/// An archive that is closed in any case.
class Archive {
 public:
  explicit Archive(const std::filesystem::path& path) : zip_(::zipOpen64(path.c_str(), APPEND_STATUS_CREATE)) {}
  ~Archive() {
    if (zip_ != nullptr) ::zipClose(zip_, nullptr);
  }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  bool is_open() const { return zip_ != nullptr; }
  /// The same content makes the same bytes: no time of a file is in it.
  bool add(const std::string& name, std::istream& content) {
    zip_fileinfo info{};
    info.dosDate = (1U << 21U) | (1U << 16U);  // 1980-01-01, the first day that the format has
    if (::zipOpenNewFileInZip64(zip_, name.c_str(), &info, nullptr, 0, nullptr, 0, nullptr, Z_DEFLATED,
                                Z_DEFAULT_COMPRESSION, 1) != ZIP_OK) {
      return false;
    }
    std::array<char, kPieceBytes> piece{};
    bool fine = true;
    while (fine && (content.read(piece.data(), piece.size()) || content.gcount() > 0)) {
      fine = ::zipWriteInFileInZip(zip_, piece.data(), static_cast<unsigned>(content.gcount())) == ZIP_OK;
    }
    return ::zipCloseFileInZip(zip_) == ZIP_OK && fine && content.eof();
  }
  bool close() {
    const int closed = ::zipClose(zip_, nullptr);
    zip_ = nullptr;
    return closed == ZIP_OK;
  }

 private:
  zipFile zip_;
};

}  // namespace

Result<void> zip_pack(const std::filesystem::path& directory, const std::string& name,
                      const std::filesystem::path& output) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(directory, error)) files.push_back(file.path());
  if (error) return Error{ErrorCode::kUnavailable, "cannot read " + directory.string() + ": " + error.message()};
  std::sort(files.begin(), files.end());
  const Error cannot_write{ErrorCode::kUnavailable, "cannot write " + output.string()};
  Archive archive(output);
  if (!archive.is_open()) return cannot_write;
  for (const std::filesystem::path& path : files) {
    std::ifstream content(path, std::ios::binary);
    if (!content || !archive.add(name + "/" + path.filename().string(), content)) return cannot_write;
  }
  if (!archive.close()) return cannot_write;
  return {};
}

}  // namespace reeve::evidence
