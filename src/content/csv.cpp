#include "content/csv.h"

#include <array>

#include "core/bytes.h"

namespace reeve::content {

namespace {

constexpr std::size_t kRecordBytesMax = 4U << 20U;
constexpr std::size_t kReadBytes = 256U << 10U;
constexpr int kEnd = -1;

char most_frequent_delimiter(std::string_view first_line) {
  constexpr std::array<char, 4> kDelimiters = {',', ';', '\t', '|'};
  std::array<std::size_t, kDelimiters.size()> counts{};
  bool quoted = false;
  for (const char c : first_line) {
    if (c == '"') quoted = !quoted;
    for (std::size_t i = 0; i < kDelimiters.size(); ++i) counts[i] += !quoted && c == kDelimiters[i] ? 1 : 0;
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i < counts.size(); ++i) {
    if (counts[i] > counts[best]) best = i;
  }
  return kDelimiters[best];
}

/// Latin-1 as UTF-8: for fields that are not UTF-8 already.
std::string from_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0U | (byte >> 6U));
      out += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return out;
}

}  // namespace

Result<CsvReader> CsvReader::open(const std::filesystem::path& path) {
  CsvReader reader;
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed)) {
    return Error{ErrorCode::kInvalid, path.string() + " is a folder; name a CSV file"};
  }
  reader.file_.open(path, std::ios::binary);
  if (!reader.file_) return Error{ErrorCode::kNotFound, "cannot read " + path.string()};
  reader.buffer_.resize(kReadBytes);
  reader.file_.read(reader.buffer_.data(), static_cast<std::streamsize>(kReadBytes));
  reader.buffer_.resize(static_cast<std::size_t>(reader.file_.gcount()));
  std::string_view head = reader.buffer_;
  if (head.find('\0') != std::string_view::npos) {
    return Error{ErrorCode::kInvalid, path.string() + " is not a table in UTF-8 or Latin-1: save it as CSV (UTF-8)"};
  }
  if (head.starts_with("\xEF\xBB\xBF")) reader.at_ = 3;
  head.remove_prefix(reader.at_);
  reader.delimiter_ = most_frequent_delimiter(head.substr(0, head.find_first_of("\r\n")));
  return reader;
}

int CsvReader::get() {
  if (at_ == buffer_.size()) {
    if (!file_) return kEnd;
    buffer_.resize(kReadBytes);
    file_.read(buffer_.data(), static_cast<std::streamsize>(kReadBytes));
    buffer_.resize(static_cast<std::size_t>(file_.gcount()));
    at_ = 0;
    if (buffer_.empty()) return kEnd;
  }
  return static_cast<unsigned char>(buffer_[at_++]);
}

Result<void> CsvReader::read_quoted(std::string& field) {
  for (;;) {
    const int c = get();
    if (c == kEnd) {
      return Error{ErrorCode::kInvalid, "line " + std::to_string(line_) + ": a quoted field does not end"};
    }
    if (c == '\n') ++next_line_;
    if (c == '"') {
      const int after = get();
      if (after != '"') {
        if (after != kEnd) --at_;  // get() has just read it from the buffer
        return {};
      }
    }
    field += static_cast<char>(c);
    if (field.size() > kRecordBytesMax) {
      return Error{ErrorCode::kTooLarge,
                   "line " + std::to_string(line_) + ": the record is too long; is a quote open?"};
    }
  }
}

Result<bool> CsvReader::next(std::vector<std::string>& fields) {
  for (;;) {
    fields.assign(1, {});
    line_ = next_line_;
    std::size_t bytes = 0;
    int c = kEnd;
    for (c = get(); c != kEnd && c != '\n'; c = get()) {
      if (c == '"' && fields.back().find_first_not_of(' ') == std::string::npos) {
        fields.back().clear();
        const auto read = read_quoted(fields.back());
        if (!read) return read.error();
        bytes += fields.back().size();
      } else if (c == delimiter_) {
        fields.emplace_back();
      } else if (c != '\r') {
        fields.back() += static_cast<char>(c);
      }
      if (++bytes > kRecordBytesMax) {
        return Error{ErrorCode::kTooLarge, "line " + std::to_string(line_) + ": the record is too long"};
      }
    }
    if (c == '\n') ++next_line_;
    const bool empty = fields.size() == 1 && trim(fields[0]).empty();
    if (empty && c == kEnd) return false;
    if (empty) continue;
    for (std::string& field : fields) {
      if (!is_utf8(field)) field = from_latin1(field);
    }
    return true;
  }
}

}  // namespace reeve::content
