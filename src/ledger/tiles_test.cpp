#include "ledger/tiles.h"

#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

TEST(TilePath, IsAsTheSpecificationHasIt) {
  EXPECT_EQ(tile_path(0, 0), "tile/0/000");
  EXPECT_EQ(tile_path(0, 999), "tile/0/999");
  EXPECT_EQ(tile_path(1, 1000), "tile/1/x001/000");
  EXPECT_EQ(tile_path(0, 1'234'067), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path(3, 1'234'067, 17), "tile/3/x001/x234/067.p/17");
  EXPECT_EQ(bundle_path(1'234'067), "tile/entries/x001/x234/067");
  EXPECT_EQ(bundle_path(5, 255), "tile/entries/005.p/255");
}

TEST(PublishedName, HasEachFileOfThePublicFolderAndNoOther) {
  using Kind = PublishedName::Kind;
  for (const auto& [name, kind] : {std::pair("checkpoint", Kind::kCheckpoint),
                                   {"cosigned-checkpoint", Kind::kCheckpoint},
                                   {"key", Kind::kKey},
                                   {"key-rotations", Kind::kKey}}) {
    const auto found = parse_published_name(name);
    ASSERT_TRUE(found.has_value()) << name;
    EXPECT_EQ(found->kind, kind) << name;
  }
  for (const char* name : {"key-rotation", "key-rotations.new", "key-rotations/", "../key-rotations", "private-key",
                           "key-rotation.next", ""}) {
    EXPECT_FALSE(parse_published_name(name).has_value()) << name;
  }
}

TEST(Bundle, RoundTrips) {
  std::string bundle;
  const std::vector<std::string> entries{"{}", std::string(65'535, 'x'), std::string(256, 'y')};
  for (const std::string& entry : entries) append_to_bundle(bundle, entry);
  EXPECT_EQ(bundle.substr(0, 4), std::string("\0\2{}", 4));
  const auto parts = split_bundle(bundle);
  ASSERT_TRUE(parts);
  EXPECT_EQ(std::vector<std::string>(parts->begin(), parts->end()), entries);
  for (const std::size_t size : {1UL, 3UL, 5UL, 65'600UL}) {
    EXPECT_FALSE(split_bundle(std::string_view(bundle).substr(0, size))) << size;
  }
  EXPECT_TRUE(split_bundle("")->empty());
}

TEST(TileFiles, GiveHashesFromFullAndPartialTiles) {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path() / "public");
  TileFiles files(real_file_system(), directory.path());
  std::vector<Sha256> hashes;
  for (int i = 0; i < 256; ++i) hashes.push_back(leaf_hash(std::to_string(i)));
  EXPECT_EQ(files.hashes(0, 4, 1).error().code, ErrorCode::kNotFound);
  for (const std::size_t width : {3UL, 100UL, 20UL}) {
    ASSERT_TRUE(files.write(tile_path(0, 4, width), encode_tile(std::span(hashes).first(width))).ok());
  }
  EXPECT_EQ(files.hashes(0, 4, 50)->size(), 50U);
  EXPECT_EQ(files.hashes(0, 4, 50)->back(), hashes[49]);
  EXPECT_FALSE(files.hashes(0, 4, 101).ok());
  ASSERT_TRUE(files.write(tile_path(0, 4), encode_tile(hashes)).ok());
  files.remove_partials(tile_path(0, 4));
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "public/tile/0/004.p"));
  EXPECT_EQ(*files.hashes(0, 4, 256), hashes);
  EXPECT_TRUE(files.present(tile_path(0, 4), 8192));
  EXPECT_FALSE(files.present(tile_path(0, 4), 8191));
  EXPECT_FALSE(files.present(tile_path(0, 5), 0));
}

}  // namespace
}  // namespace reeve::ledger
