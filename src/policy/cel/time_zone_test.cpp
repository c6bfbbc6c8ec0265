#include "policy/cel/time_zone.h"

#include <gtest/gtest.h>

#include <string>

#include "policy/cel/zone_file.h"

namespace reeve::policy::cel {
namespace {

constexpr std::int64_t kWinter = 1'705'320'000;  // 2024-01-15T12:00:00Z
constexpr std::int64_t kSummer = 1'721'044'800;  // 2024-07-15T12:00:00Z

TEST(TimeZone, FixedDistances) {
  EXPECT_EQ(zone_offset("UTC", 0), 0);
  EXPECT_EQ(zone_offset("+02:00", 0), 7200);
  EXPECT_EQ(zone_offset("02:00", 0), 7200);
  EXPECT_EQ(zone_offset("-09:30", 0), -34200);
  EXPECT_EQ(zone_offset("-00:00", 0), 0);
  for (const char* wrong : {"", "+2:00", "+0200", "+24:00", "+01:60", "++1:00", "+01:00x", "1"}) {
    EXPECT_EQ(zone_offset(wrong, 0), std::nullopt) << wrong;
  }
}

TEST(TimeZone, NamesFromTheMachinesFiles) {
  EXPECT_EQ(zone_offset("Europe/Berlin", kWinter), 3600);
  EXPECT_EQ(zone_offset("Europe/Berlin", kSummer), 7200);
  EXPECT_EQ(zone_offset("America/St_Johns", kWinter), -12600);
  EXPECT_EQ(zone_offset("Asia/Kathmandu", kSummer), 20700);
  EXPECT_EQ(zone_offset("Australia/Sydney", kWinter), 39600);
  EXPECT_EQ(zone_offset("Europe/Berlin", 4'102'444'800 + 180 * 86'400), 7200);  // 2100, beyond the listed changes
}

TEST(TimeZone, NoNameLeavesTheFolder) {
  for (const char* wrong : {"../../../etc/passwd", "/etc/localtime", "Europe/../Europe/Berlin", "Europe",
                            "Nowhere/Town", "Europe/Berlin/", "tzdata.zi", "zone.tab"}) {
    EXPECT_EQ(zone_offset(wrong, 0), std::nullopt) << wrong;
  }
  EXPECT_EQ(zone_offset(std::string(1000, 'A'), 0), std::nullopt);
}

std::int32_t by_rule(std::string_view rule, std::int64_t at) {
  ZoneFile zone;
  zone.rule = parse_zone_rule(rule);
  EXPECT_TRUE(zone.rule) << rule;
  return zone.rule ? offset_at(zone, at) : 0;
}

TEST(ZoneFile, RulesForTheYearsAfterTheLastChange) {
  EXPECT_EQ(by_rule("<+0330>-3:30", kWinter), 12600);
  EXPECT_EQ(by_rule("CET-1CEST,M3.5.0,M10.5.0/3", kWinter), 3600);
  EXPECT_EQ(by_rule("CET-1CEST,M3.5.0,M10.5.0/3", kSummer), 7200);
  EXPECT_EQ(by_rule("CET-1CEST,M3.5.0,M10.5.0/3", 1'711'846'799), 3600);  // 2024-03-31T00:59:59Z
  EXPECT_EQ(by_rule("CET-1CEST,M3.5.0,M10.5.0/3", 1'711'846'800), 7200);
  EXPECT_EQ(by_rule("CET-1CEST,M3.5.0,M10.5.0/3", 1'729'990'799), 7200);  // 2024-10-27T00:59:59Z
  EXPECT_EQ(by_rule("CET-1CEST,M3.5.0,M10.5.0/3", 1'729'990'800), 3600);
  EXPECT_EQ(by_rule("AEST-10AEDT,M10.1.0,M4.1.0/3", kWinter), 39600);  // southern summer
  EXPECT_EQ(by_rule("AEST-10AEDT,M10.1.0,M4.1.0/3", kSummer), 36000);
  EXPECT_EQ(by_rule("IST-1GMT0,M10.5.0,M3.5.0/1", kWinter), 0);  // the standard time is the later one
  EXPECT_EQ(by_rule("AAA3BBB,J60,J300", kSummer), -7200);
  EXPECT_EQ(by_rule("AAA3BBB,59,300/24", kSummer), -7200);
  EXPECT_EQ(by_rule("AAA3BBB,J60/-1:30,J300", kWinter), -10800);
}

TEST(ZoneFile, WrongRulesAreNone) {
  for (const char* wrong :
       {"", "CET", "-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0x", "<+03-3", "CET-999"}) {
    EXPECT_FALSE(parse_zone_rule(wrong)) << wrong;
  }
}

void append_number(std::string& out, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(number >> (8U * static_cast<unsigned>(i)));
}

/// A file of one change, from one hour to two hours east, at second 1000.
std::string small_file() {
  std::string file = "TZif2" + std::string(15, '\0');
  file.append(24, '\0');  // the 32-bit part is empty
  file += "TZif2" + std::string(15, '\0');
  for (const int count : {0, 0, 0, 1, 2, 4}) append_number(file, static_cast<std::uint64_t>(count), 4);
  append_number(file, 1000, 8);
  file += '\1';
  append_number(file, 3600, 4), file += std::string("\0\0", 2);
  append_number(file, 7200, 4), file += std::string("\1\0", 2);
  return file + std::string("A\0B\0", 4) + "\nAAA-2\n";
}

TEST(ZoneFile, ChangesAreReadFromTheFile) {
  const auto zone = parse_zone_file(small_file());
  ASSERT_TRUE(zone);
  EXPECT_EQ(offset_at(*zone, 999), 3600);
  EXPECT_EQ(offset_at(*zone, 1000), 7200);
  ASSERT_TRUE(zone->rule);
  EXPECT_EQ(zone->rule->standard_offset, 7200);
}

TEST(ZoneFile, CutAndForgedFilesAreNone) {
  const std::string file = small_file();
  const std::size_t footer = file.size() - 7;
  for (std::size_t size = 0; size < footer; ++size) EXPECT_FALSE(parse_zone_file(file.substr(0, size))) << size;
  std::string many = file;
  many[44 + 32] = '\x7F';  // two billion changes
  EXPECT_FALSE(parse_zone_file(many));
  std::string wrong_type = file;
  wrong_type[88 + 8] = '\x05';
  EXPECT_FALSE(parse_zone_file(wrong_type));
  std::string old = file;
  old[4] = '\0';
  EXPECT_FALSE(parse_zone_file(old));
}

}  // namespace
}  // namespace reeve::policy::cel
