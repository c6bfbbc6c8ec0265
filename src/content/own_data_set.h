#pragma once

// What OwnData is inside: the opened registrations and what looks things up in them. Private to the room.

#include <memory>
#include <string>
#include <vector>

#include "content/code_index.h"
#include "content/exact_data.h"
#include "content/own_data.h"

namespace reeve::content {

class OwnDataSet final : public OwnData {
 public:
  static Result<std::shared_ptr<const OwnDataSet>> open(const std::filesystem::path& directory);
  const std::vector<Registration>& list() const override { return list_; }
  const std::string& digest() const override { return digest_; }

  const CodeIndex& code() const { return code_; }
  const DataIndex& data() const { return data_; }
  std::string_view code_label(std::size_t registration) const { return code_labels_.at(registration); }
  std::string_view table_label(std::size_t registration) const { return table_labels_.at(registration); }

 private:
  std::vector<Registration> list_;
  std::vector<std::string> code_labels_, table_labels_;
  CodeIndex code_;
  DataIndex data_;
  std::string digest_;
};

}  // namespace reeve::content
