#include "net/buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace reeve::net {
namespace {

TEST(Buffer, IsAQueueOfBytesThatGrows) {
  BufferStock stock;
  Buffer buffer(stock);
  std::string expected;
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    const std::string bytes(random() % 2000, static_cast<char>('a' + round % 26));
    buffer.append(bytes);
    expected += bytes;
    const std::size_t used = random() % (expected.size() + 1) / (round % 50 == 0 ? 1 : 4);
    buffer.consume(used);
    expected.erase(0, used);
    ASSERT_EQ(buffer.view(), expected);
  }
}

TEST(Buffer, KeepsItsBytesAcrossTheBorderOfMappedMemory) {
  BufferStock stock;
  Buffer buffer(stock);
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const std::string piece(10'000, static_cast<char>(i));
    buffer.append(piece);
    expected += piece;
    // The padding is readable; the sanitizers object if it is not.
    volatile char padding = 0;
    for (std::size_t at = 0; at < kBufferPadding; ++at) {
      padding = static_cast<char>(padding + buffer.data()[buffer.capacity() + at]);
    }
  }
  EXPECT_EQ(buffer.view(), expected);
}

TEST(Buffer, GivesItsMemoryBack) {
  BufferStock stock;
  {
    Buffer buffer(stock);
    EXPECT_FALSE(buffer.has_memory());
    buffer.append("x");
    EXPECT_TRUE(buffer.has_memory());
    EXPECT_EQ(stock.kept_bytes(), 0U);
    Buffer moved(std::move(buffer));
    EXPECT_EQ(moved.view(), "x");
    moved.release();
    EXPECT_TRUE(moved.empty());
    EXPECT_EQ(stock.kept_bytes(), 4096U);
    moved.append("y");
    EXPECT_EQ(stock.kept_bytes(), 0U);
  }
  EXPECT_EQ(stock.kept_bytes(), 4096U);
}

TEST(BufferStock, KeepsWhatIsUsedAndLetsGoOfTheRest) {
  BufferStock stock;
  std::vector<BufferStock::Block> blocks;
  for (int i = 0; i < 64; ++i) blocks.push_back(stock.take(60'000));
  for (const BufferStock::Block& block : blocks) stock.give_back(block);
  EXPECT_EQ(stock.kept_bytes(), 64U * 65536U);
  stock.trim();  // from here on one block is in use again and again
  for (int i = 0; i < 12; ++i) {
    const BufferStock::Block block = stock.take(60'000);
    stock.give_back(block);
    stock.trim();
  }
  EXPECT_EQ(stock.kept_bytes(), 65536U);
  for (int i = 0; i < 4; ++i) stock.trim();
  EXPECT_EQ(stock.kept_bytes(), 0U);
}

TEST(BufferStock, IsBounded) {
  BufferStock stock;
  std::vector<BufferStock::Block> blocks;
  for (int i = 0; i < 32; ++i) blocks.push_back(stock.take(1UL << 20U));
  blocks.push_back(stock.take(5UL << 20U));  // too large to keep
  for (const BufferStock::Block& block : blocks) stock.give_back(block);
  EXPECT_EQ(stock.kept_bytes(), 8UL << 20U);
}

}  // namespace
}  // namespace reeve::net
