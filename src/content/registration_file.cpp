#include "content/registration_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"

namespace reeve::content {

namespace {

constexpr std::string_view kMagic = "RVOWNDAT";
constexpr std::uint32_t kFormat = 1;
constexpr std::string_view kExtension = ".own";

static_assert(std::endian::native == std::endian::little, "files are little-endian and read in place");

struct Place {
  std::uint64_t offset = 0, bytes = 0;
};

struct Header {
  std::array<char, 8> magic{};
  std::uint32_t format = kFormat;
  std::uint32_t reserved = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t body_checksum = 0;  // XXH3 of everything behind the header
  Place description;
  std::array<Place, kRegistrationSections> sections;
  std::uint64_t header_checksum = 0;  // XXH3 of everything above
};
static_assert(std::is_trivially_copyable_v<Header> && sizeof(Header) % 8 == 0);

std::string describe(const RegistrationHead& head) {
  const Registration& r = head.registration;
  JsonWriter json;
  json.begin_object().member("kind", r.kind).member("name", r.name).member("label", r.label).member("added", r.added);
  json.member("files", r.files).member("entries", r.entries).member("bytes", r.bytes);
  json.member("salt", to_hex(head.salt)).member("version", std::uint64_t{head.version});
  json.member("confirm", std::uint64_t{head.confirm}).member("window", std::uint64_t{head.window});
  json.member("columns", std::uint64_t{head.columns});
  json.member("digit_lengths", std::to_string(head.digit_lengths));
  json.member("mixed_lengths", std::to_string(head.mixed_lengths)).end_object();
  return json.take();
}

Result<RegistrationHead> read_description(std::string_view text) {
  const auto document = JsonDocument::parse(text);
  if (!document) return Error{ErrorCode::kCorrupt, "its description is not JSON"};
  const JsonValue root = document->root();
  const auto number = [&](std::string_view key) { return static_cast<std::uint64_t>(root[key].int_or(0)); };
  RegistrationHead head;
  head.registration = {std::string(root["kind"].string_or("")),
                       std::string(root["name"].string_or("")),
                       std::string(root["label"].string_or("")),
                       std::string(root["added"].string_or("")),
                       number("files"),
                       number("entries"),
                       number("bytes")};
  const auto salt = from_hex(root["salt"].string_or(""));
  const auto bits = [&](std::string_view key) {
    return std::strtoull(std::string(root[key].string_or("0")).c_str(), nullptr, 10);
  };
  if (!salt || salt->size() != 16 || head.registration.name.empty() ||
      (head.registration.kind != "code" && head.registration.kind != "table")) {
    return Error{ErrorCode::kCorrupt, "its description lacks what it must say"};
  }
  head.salt = *salt;
  head.version = static_cast<std::uint32_t>(number("version"));
  head.confirm = static_cast<std::uint32_t>(number("confirm"));
  head.window = static_cast<std::uint32_t>(number("window"));
  head.columns = static_cast<std::uint32_t>(number("columns"));
  head.digit_lengths = bits("digit_lengths");
  head.mixed_lengths = bits("mixed_lengths");
  return head;
}

Error system_error(const std::filesystem::path& path, std::string_view doing) {
  return {ErrorCode::kUnavailable,
          "cannot " + std::string(doing) + " " + path.string() + ": " + std::generic_category().message(errno)};
}

}  // namespace

struct RegistrationWriter::State {
  std::filesystem::path path, unfinished;
  int file = -1;
  Header header;
  std::uint64_t at = 0;
  std::string buffer;
  XXH3_state_t* hash = XXH3_createState();
  int failed = 0;  // errno of the first write that failed
  std::size_t section = 0;

  ~State() {
    XXH3_freeState(hash);
    if (file >= 0) ::close(file);
    std::error_code ignored;
    if (!unfinished.empty()) std::filesystem::remove(unfinished, ignored);
  }
  void flush() {
    std::string_view rest = buffer;
    while (!rest.empty() && failed == 0) {
      const ssize_t count = ::write(file, rest.data(), rest.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) failed = errno;
      if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    }
    buffer.clear();
  }
  void append(const void* bytes, std::size_t count) {
    XXH3_64bits_update(hash, bytes, count);
    buffer.append(static_cast<const char*>(bytes), count);
    at += count;
    if (buffer.size() >= (1U << 20U)) flush();
  }
  void align() {
    constexpr std::array<char, 64> kZeros{};
    if (at % 64 != 0) append(kZeros.data(), 64 - at % 64);
  }
};

RegistrationWriter::RegistrationWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
RegistrationWriter::RegistrationWriter(RegistrationWriter&&) noexcept = default;
RegistrationWriter::~RegistrationWriter() = default;

Result<RegistrationWriter> RegistrationWriter::create(const std::filesystem::path& path) {
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  if (failed) return Error{ErrorCode::kUnavailable, "cannot make " + path.parent_path().string()};
  auto state = std::make_unique<State>();
  state->path = path;
  state->unfinished = path.string() + "." + to_hex(random_bytes(6)) + ".unfinished";
  state->file = ::open(state->unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (state->file < 0) return system_error(state->unfinished, "write");
  XXH3_64bits_reset(state->hash);
  state->buffer.assign(sizeof(Header), '\0');  // filled in at the end
  state->at = sizeof(Header);
  state->align();
  return RegistrationWriter(std::move(state));
}

void RegistrationWriter::begin_section(std::size_t section) {
  state_->align();
  state_->section = section;
  state_->header.sections.at(section).offset = state_->at;
}

void RegistrationWriter::write(const void* bytes, std::size_t count) {
  state_->append(bytes, count);
  state_->header.sections.at(state_->section).bytes += count;
}

Result<void> RegistrationWriter::finish(const RegistrationHead& head) {
  State& state = *state_;
  const std::string description = describe(head);
  state.align();
  state.header.description = {state.at, description.size()};
  state.append(description.data(), description.size());
  state.flush();
  Header& header = state.header;
  std::copy(kMagic.begin(), kMagic.end(), header.magic.begin());
  header.file_bytes = state.at;
  header.body_checksum = XXH3_64bits_digest(state.hash);
  header.header_checksum = XXH3_64bits(&header, offsetof(Header, header_checksum));
  if (state.failed == 0 && ::pwrite(state.file, &header, sizeof(header), 0) != sizeof(header)) state.failed = errno;
  if (state.failed == 0 && ::fsync(state.file) != 0) state.failed = errno;
  if (state.failed != 0) {
    errno = state.failed;
    return system_error(state.path, "write");
  }
  if (::rename(state.unfinished.c_str(), state.path.c_str()) != 0) return system_error(state.path, "write");
  state.unfinished.clear();
  const int directory = ::open(state.path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return {};
}

Result<std::shared_ptr<const RegistrationFile>> RegistrationFile::open(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return system_error(path, "read");
  struct stat status{};
  const bool known = ::fstat(file, &status) == 0;
  const auto bytes = static_cast<std::size_t>(known ? status.st_size : 0);
  void* mapped = bytes >= sizeof(Header) ? ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
  ::close(file);
  const auto damaged = [&](const std::string& why) {
    return Error{ErrorCode::kCorrupt,
                 path.string() + " is damaged: " + why + "; remove it and register its source again"};
  };
  if (mapped == MAP_FAILED) return damaged("it is too short");
  std::shared_ptr<RegistrationFile> opened(new RegistrationFile());
  opened->mapped_ = mapped;
  opened->mapped_bytes_ = bytes;
  const auto read = opened->read({static_cast<const char*>(mapped), bytes});
  if (!read) return damaged(read.error().message);
  return std::shared_ptr<const RegistrationFile>(opened);
}

RegistrationFile::~RegistrationFile() {
  if (mapped_ != nullptr) ::munmap(mapped_, mapped_bytes_);
}

Result<void> RegistrationFile::read(std::string_view bytes) {
  Header header;
  std::memcpy(static_cast<void*>(&header), bytes.data(), sizeof(header));
  if (std::string_view(header.magic.data(), header.magic.size()) != kMagic) {
    return Error{ErrorCode::kCorrupt, "it is not a registration"};
  }
  if (header.format != kFormat) return Error{ErrorCode::kCorrupt, "it is of a format that this version does not know"};
  if (header.header_checksum != XXH3_64bits(&header, offsetof(Header, header_checksum)) ||
      header.file_bytes != bytes.size()) {
    return Error{ErrorCode::kCorrupt, "its header does not check out"};
  }
  const std::string_view body = bytes.substr(sizeof(Header));
  if (XXH3_64bits(body.data(), body.size()) != header.body_checksum) {
    return Error{ErrorCode::kCorrupt, "its checksum is wrong"};
  }
  checksum_ = header.body_checksum;
  const auto inside = [&](const Place& place) {
    return place.offset <= bytes.size() && place.bytes <= bytes.size() - place.offset && place.offset % 8 == 0;
  };
  if (!inside(header.description)) return Error{ErrorCode::kCorrupt, "its description lies outside"};
  auto head = read_description(bytes.substr(header.description.offset, header.description.bytes));
  if (!head) return head.error();
  head_ = std::move(*head);
  for (std::size_t i = 0; i < kRegistrationSections; ++i) {
    if (!inside(header.sections[i])) return Error{ErrorCode::kCorrupt, "a section lies outside"};
    sections_[i] = bytes.substr(header.sections[i].offset, header.sections[i].bytes);
  }
  return {};
}

std::filesystem::path registration_path(const std::filesystem::path& directory, std::string_view kind,
                                        std::string_view name) {
  std::string readable;
  for (const char c : to_lower(name.substr(0, 40))) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    readable += plain ? c : '-';
  }
  const std::string hash = to_hex(as_bytes(sha256(std::string(kind) + "\n" + std::string(name)))).substr(0, 12);
  return directory / (std::string(kind) + "-" + readable + "-" + hash + std::string(kExtension));
}

std::vector<std::filesystem::path> registration_paths(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(directory, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (entry->path().extension() == kExtension) paths.push_back(entry->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

KeyFilter::KeyFilter(std::uint64_t entries)
    : words_(std::bit_ceil(std::max<std::uint64_t>(entries / 6, 8))), mask_(words_.size() - 1) {}

SortedKeys::SortedKeys(std::span<const std::uint64_t> keys, std::span<const std::uint32_t> starts)
    : keys_(keys), starts_(starts) {
  if (starts.size() > 2) shift_ = 64 - static_cast<unsigned>(std::countr_zero(starts.size() - 1));
}

unsigned SortedKeys::lead_bits(std::uint64_t keys) {
  return keys < 8 ? 0 : std::min(28U, static_cast<unsigned>(std::bit_width(keys / 8)));
}

bool SortedKeys::sound() const {
  return starts_.size() >= 2 && std::has_single_bit(starts_.size() - 1) && starts_.front() == 0 &&
         starts_.back() == keys_.size() && std::is_sorted(starts_.begin(), starts_.end());
}

StartsBuilder::StartsBuilder(std::uint64_t keys_expected)
    : bits_(SortedKeys::lead_bits(keys_expected)), starts_((1ULL << bits_) + 1, 0) {}

void StartsBuilder::add(std::uint64_t key) {
  ++count_;
  const std::uint64_t lead = bits_ == 0 ? 0 : key >> (64 - bits_);
  starts_[lead + 1] = count_;
}

std::vector<std::uint32_t> StartsBuilder::finish() {
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] = std::max(starts_[i], starts_[i - 1]);
  return std::move(starts_);
}

}  // namespace reeve::content
