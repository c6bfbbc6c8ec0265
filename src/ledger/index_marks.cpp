#include "ledger/index_marks.h"

#include <algorithm>

#include "core/bytes.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

namespace {

constexpr std::uint64_t kMarksLookedAt = 16;

}  // namespace

std::string create_marks_sql() {
  return "CREATE TABLE stored.main.marks (size BIGINT, last_hash VARCHAR, root_size BIGINT, root VARCHAR);";
}

std::string insert_mark_sql(const IndexMark& mark) {
  const std::string size = std::to_string(mark.size);
  return "DELETE FROM stored.main.marks WHERE size = " + size + "; INSERT INTO stored.main.marks VALUES (" + size +
         ", '" + mark.last_hash + "', " + std::to_string(mark.root_size) + ", '" + mark.root + "');";
}

Result<std::vector<IndexMark>> read_marks(IndexConnection& connection) {
  // Counted from the newest, every so many-th.
  auto rows = connection.rows(
      "SELECT size, last_hash, root_size, root FROM (SELECT *, row_number() OVER (ORDER BY size DESC) - 1 AS nth, "
      "count(*) OVER () AS marks FROM stored.main.marks) WHERE nth % ((marks - 1) // " +
      std::to_string(kMarksLookedAt) + " + 1) = 0 ORDER BY size");
  if (!rows) return std::move(rows).error();
  std::vector<IndexMark> marks;
  for (const std::vector<IndexCell>& cells : rows->rows) {
    const auto* size = std::get_if<std::int64_t>(&cells[0]);
    const auto* last = std::get_if<std::string>(&cells[1]);
    const auto* root_size = std::get_if<std::int64_t>(&cells[2]);
    const auto* root = std::get_if<std::string>(&cells[3]);
    if (size == nullptr || last == nullptr || root_size == nullptr || root == nullptr || *size < 1 || *root_size < 0) {
      return Error{ErrorCode::kCorrupt, "its marks are not whole"};
    }
    marks.push_back({static_cast<std::uint64_t>(*size), *last, static_cast<std::uint64_t>(*root_size), *root});
  }
  return marks;
}

std::uint64_t LogRoots::signed_size(std::uint64_t most) {
  const auto note = log_.checkpoint();
  const auto key = log_.verifier_key();
  if (!note || !key) return 0;
  const auto checkpoint = open_checkpoint(*note, *key);
  return checkpoint ? std::min(checkpoint->size, most) : 0;
}

std::string LogRoots::root(std::uint64_t size) {
  const std::uint64_t all = signed_size(UINT64_MAX);
  if (size == 0 || size > all) return {};
  // The perfect trees that a tree of this size is made of, as the larger tree has them.
  const auto parts = TileReader(ledger_).cover(0, size, all);
  if (!parts || parts->empty()) return {};
  Sha256 root = parts->back();
  for (auto left = parts->rbegin() + 1; left != parts->rend(); ++left) root = node_hash(*left, root);
  return to_hex(as_bytes(root));
}

}  // namespace reeve::ledger
