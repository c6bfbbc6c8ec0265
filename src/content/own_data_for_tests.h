#pragma once

// A folder that is removed again, and source text that looks like a program. For tests of the room only.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>

namespace reeve::content {

class TestFolder {
 public:
  TestFolder() {
    static int number = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("reeve-content-test-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
    std::filesystem::create_directories(path_);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

 private:
  std::filesystem::path path_;
};

/// Lines of made-up code; the same seed gives the same lines.
inline std::string made_up_code(unsigned seed, int lines) {
  std::mt19937 random(seed);
  const auto word = [&] {
    std::string text;
    const auto length = 3 + random() % 6;
    for (unsigned i = 0; i < length; ++i) text += static_cast<char>('a' + random() % 26);
    return text;
  };
  std::string code;
  for (int i = 0; i < lines; ++i) {
    const std::string name = word();
    switch (random() % 4) {
      case 0: code += "  if (" + name + "." + word() + "() > " + word() + ") return " + word() + ";\n"; break;
      case 1: code += "  const auto " + name + " = " + word() + "(" + word() + ", " + word() + ");\n"; break;
      case 2: code += "  for (auto& " + name + " : " + word() + "_" + word() + ") {\n"; break;
      default:
        code += "  " + name + "->" + word() + " += " + std::to_string(random() % 1000) + ";  // " + word() + "\n";
    }
  }
  return code;
}

}  // namespace reeve::content
