#include "ledger/index_appender.h"

#include <cstring>

#include "core/bytes.h"

namespace reeve::ledger {

namespace {

using duckdb::State;
using duckdb::TypeId;

constexpr std::size_t kChunkRows = 2048;  // what DuckDB's vectors hold
constexpr std::size_t kInPlace = 12;      // the longest text that a vector holds itself
constexpr std::size_t kBlockBytes = 256UL << 10U;
// Filled while the thread compresses a group of 122,880 rows, in which time nearly as many are read; some 2 MB each,
// and only as many as are needed.
constexpr std::size_t kChunksAhead = 48;

bool needs_no_check(std::string_view text) {
  unsigned special = 0;
  for (const char c : text) special |= static_cast<unsigned char>(c) & 0x80U;
  return special == 0;
}

}  // namespace

// ---- A chunk

RowChunk::RowChunk(const duckdb::Library& library, const std::vector<TypeId>& types)
    : library_(library), columns_(types.size()) {
  std::vector<duckdb::Type> logical;
  logical.reserve(types.size());
  for (const TypeId type : types) logical.push_back(library_.create_logical_type(type));
  chunk_ = library_.create_data_chunk(logical.data(), logical.size());
  for (duckdb::Type& type : logical) library_.destroy_logical_type(&type);
  clear();
}

RowChunk::~RowChunk() { library_.destroy_data_chunk(&chunk_); }

void RowChunk::clear() {
  library_.data_chunk_reset(chunk_);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    duckdb::Vector vector = library_.data_chunk_get_vector(chunk_, i);
    library_.vector_ensure_validity_writable(vector);
    columns_[i] = {library_.vector_get_data(vector), library_.vector_get_validity(vector)};
    std::memset(columns_[i].validity, 0, kChunkRows / 8);
  }
  row_ = 0;
  block_ = 0;
  filled_ = 0;
}

char* RowChunk::room_for(std::size_t bytes) {
  static_assert(kBlockBytes > 65'535, "the longest text of an entry fits");
  if (blocks_.empty() || filled_ + bytes > kBlockBytes) {
    if (!blocks_.empty()) ++block_;
    if (block_ == blocks_.size()) blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
    filled_ = 0;
  }
  char* const room = blocks_[block_].get() + filled_;
  filled_ += bytes;
  return room;
}

void RowChunk::put_text(std::size_t column, std::string_view text) {
  duckdb::Text& into = static_cast<duckdb::Text*>(columns_[column].data)[row_];
  into.length = static_cast<std::uint32_t>(text.size());
  if (text.size() <= kInPlace) {
    std::memset(into.prefix, 0, kInPlace);               // NOLINT: goes on into `rest`
    std::memcpy(into.prefix, text.data(), text.size());  // NOLINT: likewise
  } else {
    char* const room = room_for(text.size());
    std::memcpy(room, text.data(), text.size());
    std::memcpy(into.prefix, text.data(), sizeof into.prefix);
    into.far = room;
  }
  set_valid(column);
}

bool RowChunk::end_row() { return ++row_ == kChunkRows; }

duckdb::Chunk RowChunk::finished() {
  library_.data_chunk_set_size(chunk_, row_);
  return chunk_;
}

// ---- One table

RowAppender::RowAppender(const duckdb::Library& library, std::vector<TypeId> types)
    : library_(library), types_(std::move(types)) {
  chunks_.push_back(std::make_unique<RowChunk>(library_, types_));
}

RowAppender::~RowAppender() {
  if (appender_ != nullptr) library_.appender_destroy(&appender_);
}

Error RowAppender::failure() const {
  const char* const why = appender_ == nullptr ? nullptr : library_.appender_error(appender_);
  return Error{ErrorCode::kUnavailable, "the index cannot be written: " + std::string(why == nullptr ? "" : why)};
}

Result<void> RowAppender::open(duckdb::Connection connection, const std::string& catalog, const std::string& table,
                               AppendThread* thread) {
  const State state = library_.appender_create_ext(connection, catalog.c_str(), "main", table.c_str(), &appender_);
  if (state == State::kSuccess) {
    thread_ = thread;
    at_ = 0;
    for (const auto& chunk : chunks_) chunk->ticket = 0;
    chunk().clear();
    return {};
  }
  Error error = failure();
  library_.appender_destroy(&appender_);
  appender_ = nullptr;
  return error;
}

void RowAppender::put_text(std::size_t column, std::string_view text) {
  if (text.empty() || (!needs_no_check(text) && !is_utf8(text))) return;
  chunk().put_text(column, text);
}

Result<void> RowAppender::end_row() { return chunk().end_row() ? hand_over() : Result<void>(); }

Result<void> RowAppender::append(RowChunk& chunk) {
  if (library_.append_data_chunk(appender_, chunk.finished()) != State::kSuccess) return failure();
  return {};
}

/// The chunk that is being filled is appended, now or by the thread; the next one is empty.
Result<void> RowAppender::hand_over() {
  if (thread_ == nullptr) {
    auto done = append(chunk());
    chunk().clear();
    return done;
  }
  chunk().ticket = thread_->put([this, full = &chunk()] { return append(*full); });
  if (++at_ == chunks_.size() && chunks_.size() < kChunksAhead) {
    chunks_.push_back(std::make_unique<RowChunk>(library_, types_));
  }
  at_ %= chunks_.size();
  auto done = thread_->wait_for(chunk().ticket);
  chunk().ticket = 0;
  chunk().clear();
  return done;
}

Result<void> RowAppender::close() {
  if (appender_ == nullptr) return {};
  auto done = chunk().is_empty() ? Result<void>() : hand_over();
  const auto end = [this]() -> Result<void> {
    return library_.appender_close(appender_) == State::kSuccess ? Result<void>() : failure();
  };
  if (thread_ != nullptr) {
    // After everything that was handed over, whatever came of it.
    auto ended = thread_->wait_for(thread_->put(end));
    if (done) done = std::move(ended);
  } else if (done) {
    done = end();
  }
  library_.appender_destroy(&appender_);
  appender_ = nullptr;
  thread_ = nullptr;
  chunks_.resize(1);
  at_ = 0;
  return done;
}

}  // namespace reeve::ledger
