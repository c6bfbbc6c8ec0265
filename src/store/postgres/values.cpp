// PostgreSQL's binary form of the few types we use: big-endian integers, bytes as they are, arrays of one dimension.

#include <libpq-fe.h>

#include <bit>
#include <concepts>
#include <cstring>

#include "core/bytes.h"
#include "core/check.h"
#include "store/postgres/connection.h"

namespace reeve::store {

namespace {

// Object ids of types, fixed in PostgreSQL's catalogue.
constexpr std::uint32_t kBytea = 17;
constexpr std::uint32_t kBigint = 20;

template <std::unsigned_integral Number>
void append_big_endian(std::string& out, Number number) {
  for (int shift = static_cast<int>(sizeof(Number)) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(number >> static_cast<unsigned>(shift))));
  }
}

/// How an array begins; each element follows with its length.
std::string array_head(std::uint32_t element_type, std::size_t count) {
  std::string head;
  append_big_endian(head, std::uint32_t{count == 0 ? 0U : 1U});  // dimensions
  append_big_endian(head, std::uint32_t{0});                     // no element is null
  append_big_endian(head, element_type);
  if (count == 0) return head;
  append_big_endian(head, static_cast<std::uint32_t>(count));
  append_big_endian(head, std::uint32_t{1});  // the first element's index
  return head;
}

}  // namespace

PostgresParameters& PostgresParameters::integer(std::int64_t number) {
  std::string value;
  append_big_endian(value, static_cast<std::uint64_t>(number));
  values_.emplace_back(std::move(value));
  return *this;
}

PostgresParameters& PostgresParameters::truth(bool value) {
  values_.emplace_back(std::string(1, value ? '\1' : '\0'));
  return *this;
}

PostgresParameters& PostgresParameters::bytes(std::string_view bytes) {
  values_.emplace_back(std::string(bytes));
  return *this;
}

PostgresParameters& PostgresParameters::null() {
  values_.emplace_back(std::nullopt);
  return *this;
}

PostgresParameters& PostgresParameters::integers(std::span<const std::int64_t> numbers) {
  std::string value = array_head(kBigint, numbers.size());
  for (const std::int64_t number : numbers) {
    append_big_endian(value, static_cast<std::uint32_t>(sizeof number));
    append_big_endian(value, static_cast<std::uint64_t>(number));
  }
  values_.emplace_back(std::move(value));
  return *this;
}

PostgresParameters& PostgresParameters::byte_strings(std::span<const std::string_view> elements) {
  std::string value = array_head(kBytea, elements.size());
  for (const std::string_view element : elements) {
    append_big_endian(value, static_cast<std::uint32_t>(element.size()));
    value.append(element);
  }
  values_.emplace_back(std::move(value));
  return *this;
}

void PostgresRows::Clear::operator()(pg_result* result) const { PQclear(result); }

std::size_t PostgresRows::size() const { return static_cast<std::size_t>(PQntuples(result_.get())); }

std::size_t PostgresRows::changed() const {
  return static_cast<std::size_t>(parse_int(PQcmdTuples(result_.get())).value_or(0));
}

bool PostgresRows::is_null(std::size_t row, std::size_t column) const {
  return PQgetisnull(result_.get(), static_cast<int>(row), static_cast<int>(column)) != 0;
}

std::string_view PostgresRows::bytes(std::size_t row, std::size_t column) const {
  const auto at_row = static_cast<int>(row);
  const auto at_column = static_cast<int>(column);
  return {PQgetvalue(result_.get(), at_row, at_column),
          static_cast<std::size_t>(PQgetlength(result_.get(), at_row, at_column))};
}

std::int64_t PostgresRows::integer(std::size_t row, std::size_t column) const {
  const std::string_view value = bytes(row, column);
  CHECK(value.size() == 2 || value.size() == 4 || value.size() == 8);  // our own statements say the types
  std::uint64_t number = static_cast<unsigned char>(value.front()) >= 0x80U ? ~std::uint64_t{0} : 0;
  for (const char c : value) number = (number << 8U) | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(number);
}

bool PostgresRows::truth(std::size_t row, std::size_t column) const { return bytes(row, column) == "\1"; }

}  // namespace reeve::store
