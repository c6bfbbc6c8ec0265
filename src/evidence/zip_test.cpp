#include <minizip/unzip.h>

#include <map>

#include "evidence/test_support.h"

namespace reeve::evidence {
namespace {

std::map<std::string, std::string> files_in(const std::filesystem::path& archive) {
  std::map<std::string, std::string> files;
  const unzFile zip = ::unzOpen64(archive.c_str());
  EXPECT_NE(zip, nullptr);
  for (int at = ::unzGoToFirstFile(zip); at == UNZ_OK; at = ::unzGoToNextFile(zip)) {
    std::array<char, 256> name{};
    unz_file_info64 info{};
    EXPECT_EQ(::unzGetCurrentFileInfo64(zip, &info, name.data(), name.size(), nullptr, 0, nullptr, 0), UNZ_OK);
    std::string content(info.uncompressed_size, '\0');
    EXPECT_EQ(::unzOpenCurrentFile(zip), UNZ_OK);
    EXPECT_EQ(::unzReadCurrentFile(zip, content.data(), static_cast<unsigned>(content.size())),
              static_cast<int>(content.size()));
    EXPECT_EQ(::unzCloseCurrentFile(zip), UNZ_OK);  // tells of a wrong checksum
    files[name.data()] = content;
  }
  ::unzClose(zip);
  return files;
}

class ZipTest : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& content) {
    std::filesystem::create_directories(folder());
    std::ofstream(folder() / name, std::ios::binary) << content;
  }
  std::filesystem::path folder() const { return small_.path() / "pack"; }
  std::filesystem::path archive(const char* name = "pack.zip") const { return small_.path() / name; }
  const SmallLedger small_{1};
};

TEST_F(ZipTest, EveryFileComesOutAsItWentIn) {
  const std::string large(300'000, 'x');
  put("entries.jsonl", large);
  put("nothing", "");
  put("pack.json", std::string("{}\0\n", 4));
  ASSERT_TRUE(zip_pack(folder(), "evidence", archive()).ok());
  EXPECT_EQ(files_in(archive()),
            (std::map<std::string, std::string>{{"evidence/entries.jsonl", large},
                                                {"evidence/nothing", ""},
                                                {"evidence/pack.json", std::string("{}\0\n", 4)}}));
  EXPECT_LT(std::filesystem::file_size(archive()), 10'000U);
}

TEST_F(ZipTest, TheSameFilesMakeTheSameBytes) {
  put("a", "one");
  put("b", "two");
  ASSERT_TRUE(zip_pack(folder(), "evidence", archive("first.zip")).ok());
  std::filesystem::last_write_time(folder() / "a", std::filesystem::file_time_type{});
  ASSERT_TRUE(zip_pack(folder(), "evidence", archive("second.zip")).ok());
  EXPECT_EQ(load(archive("first.zip")), load(archive("second.zip")));
}

TEST_F(ZipTest, WhatIsNotThereIsSaid) {
  EXPECT_FALSE(zip_pack(small_.path() / "nowhere", "evidence", archive()).ok());
  put("a", "one");
  EXPECT_FALSE(zip_pack(folder(), "evidence", small_.path() / "nowhere/pack.zip").ok());
}

}  // namespace
}  // namespace reeve::evidence
