#include "reeve/kept_value.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace reeve::app {
namespace {

class KeptValue : public testing::Test {
 protected:
  KeptValue() {
    std::string name = (std::filesystem::temp_directory_path() / "reeve-kept-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~KeptValue() override { std::filesystem::remove_all(directory_); }
  std::filesystem::path file() const { return directory_ / "value"; }

  std::filesystem::path directory_;
};

TEST_F(KeptValue, IsMadeOnceAndForItsOwnerOnly) {
  EXPECT_EQ(*kept_value(file(), [] { return std::string("first\0\n", 7); }), std::string("first\0\n", 7));
  EXPECT_EQ(*kept_value(file(), [] { return "second"; }), std::string("first\0\n", 7));
  struct stat status{};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(KeptValue, IsNeverReplaced) {
  std::ofstream(file()).close();
  EXPECT_FALSE(kept_value(file(), [] { return "another"; }).ok());
  std::filesystem::remove(file());
  std::filesystem::create_directory(file());
  EXPECT_FALSE(kept_value(file(), [] { return "another"; }).ok());
}

TEST_F(KeptValue, IsTheSameForWhoeverCameFirst) {
  // Another process is through between our look and our writing.
  const auto value = kept_value(file(), [&] {
    std::ofstream(file()) << "theirs";
    return "ours";
  });
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, "theirs");
}

TEST_F(KeptValue, NeedsItsDirectory) {
  EXPECT_FALSE(kept_value(directory_ / "missing" / "value", [] { return "a"; }).ok());
}

}  // namespace
}  // namespace reeve::app
