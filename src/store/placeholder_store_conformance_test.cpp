#include "store/placeholder_store_conformance.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "store/store.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

class Sqlite {
 public:
  static std::unique_ptr<Sqlite> make() { return std::make_unique<Sqlite>(); }
  content::PlaceholderStore& placeholders() { return store_.value()->placeholders(); }

 private:
  TemporaryDirectory directory_;
  Result<std::unique_ptr<Store>> store_ = Store::open_embedded(directory_.path());
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, PlaceholderStoreConformance, Sqlite);

content::Vault::Options vault_on(Store& store) {
  content::Vault::Options options;
  options.key = std::string(32, 'k');
  options.store = &store.placeholders();
  return options;
}

TEST(SqlitePlaceholderStore, ASessionGoesOnAfterARestart) {
  const TemporaryDirectory directory;
  std::string placeholder;
  {
    auto store = Store::open_embedded(directory.path());
    content::Vault vault(vault_on(**store));
    placeholder = vault.session("dev@example.com", "s1").placeholder("secret", "hunter2").value();
    ASSERT_TRUE(vault.flush().ok());
  }
  auto store = Store::open_embedded(directory.path());
  content::Vault vault(vault_on(**store));
  EXPECT_EQ(vault.session("dev@example.com", "s1").value(placeholder), "hunter2");
  EXPECT_EQ(vault.session("dev@example.com", "s2").value(placeholder), std::nullopt);
}

TEST(SqlitePlaceholderStore, NothingOfAnErasedPersonStaysInTheFiles) {
  const TemporaryDirectory directory;
  auto store = Store::open_embedded(directory.path());
  auto row = sample_row('a', '1', 1);
  row.sealed = "sealed bytes that are to vanish";
  ASSERT_TRUE((*store)->placeholders().put({row, sample_row('b', '1', 2)}).ok());
  ASSERT_EQ((*store)->placeholders().remove_scope(std::string(16, 'a')).value(), 1U);
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(content.find(row.sealed), std::string::npos) << entry.path();
  }
}

}  // namespace
}  // namespace reeve::store
