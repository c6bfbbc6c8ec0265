#include "content/exact_data.h"

#include <gmock/gmock.h>

#include "content/csv.h"
#include "content/own_data_for_tests.h"
#include "content/table_values.h"

namespace reeve::content {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kCustomers =
    "\xEF\xBB\xBF"
    "customer;first name;last name;e-mail;phone;city;status\n"
    "KD-2004711;Jürgen;Müller-Lüdenscheidt;j.mueller@kunde.example;+49 170 5550123;Köln;active\n"
    "KD-2004712;Zoë;O'Brien;zoe.obrien@kunde.example;+353 1 555 0199;Dublin;active\n"
    "KD-2004713;\"Smith; John\";\"The \"\"Rock\"\"\";john@kunde.example;+1 (202) 555-0147;Washington;closed\n";

struct Table {
  TestFolder folder;
  DataIndex index;

  Result<Registration> add(std::string_view csv, AddTable how = {}) {
    how.csv = folder.write("customers.csv", csv);
    auto added = add_table(folder.path() / "content", how, nullptr);
    if (!added) return added;
    std::vector<std::shared_ptr<const RegistrationFile>> files;
    for (const auto& path : registration_paths(folder.path() / "content")) {
      files.push_back(RegistrationFile::open(path).value());
    }
    index = std::move(DataIndex::build(files).value());
    return added;
  }
  std::vector<std::string> find(const std::string& text) const {
    TextMasks masks;
    masks.compute(text);
    const std::string padded = text + std::string(64, '\0');
    std::vector<DataMatch> matches;
    index.find({std::string_view(padded).substr(0, text.size()), masks, TextOrigin::kUser}, matches);
    std::vector<std::string> found;
    for (const DataMatch& match : matches) found.push_back(text.substr(match.start, match.end - match.start));
    return found;
  }
};

TEST(ExactData, APrimaryIsFoundWhereItsRowConfirmsIt) {
  Table table;
  const auto added = table.add(kCustomers);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->name, "customers");
  EXPECT_EQ(added->label, "customer-data");
  EXPECT_EQ(added->entries, 9U);
  EXPECT_THAT(table.find("ticket of Jürgen, KD-2004711, please call"), ElementsAre("KD-2004711"));
  EXPECT_THAT(table.find("{\"id\": \"kd2004711\", \"name\": \"MULLER LUDENSCHEIDT\"}"), ElementsAre("kd2004711"));
  EXPECT_THAT(table.find("Zoe OBrien wrote from zoe.obrien@kunde.example."), ElementsAre("zoe.obrien@kunde.example"));
  EXPECT_THAT(table.find("John Smith, Washington: +1 202 555 0147"), ElementsAre("1 202 555 0147"));
  EXPECT_THAT(table.find("call Dublin 353-1-5550199"), ElementsAre("353-1-5550199"));
}

TEST(ExactData, WithoutItsRowOrTooFarAwayItIsNot) {
  Table table;
  ASSERT_TRUE(table.add(kCustomers));
  EXPECT_THAT(table.find("KD-2004711 alone"), IsEmpty());
  EXPECT_THAT(table.find("KD-2004711 of Zoe O'Brien, Dublin"), IsEmpty());  // another row's fields
  EXPECT_THAT(table.find("KD-2004711" + std::string(400, ' ') + "Köln"), IsEmpty());
  EXPECT_THAT(table.find("KD-2004711" + std::string(200, ' ') + "Köln"), SizeIs(1));
  EXPECT_THAT(table.find("KD-20047112 Köln, XKD-2004711 Köln"), IsEmpty());  // parts of longer values
}

TEST(ExactData, MoreConfirmationCanBeAskedForAndNone) {
  Table two;
  AddTable how;
  how.confirm = 2;
  ASSERT_TRUE(two.add(kCustomers, how));
  EXPECT_THAT(two.find("KD-2004711 Köln"), IsEmpty());
  EXPECT_THAT(two.find("KD-2004711 Jürgen, Köln"), SizeIs(1));
  Table none;
  how.confirm = 0;
  ASSERT_TRUE(none.add(kCustomers, how));
  EXPECT_THAT(none.find("KD-2004711"), SizeIs(1));
}

TEST(ExactData, ManyRowsInOneTextAreAllFound) {
  std::string csv = "account,name\n", text;
  for (int i = 0; i < 2000; ++i) {
    const std::string account = std::to_string(7'100'000'003LL + i * 7919LL),
                      name = made_up_code(static_cast<unsigned>(i), 1).substr(6, 5) + std::to_string(i);
    csv += account + "," + name + "\n";
    text += account + " | " + name + "\n";
  }
  Table table;
  ASSERT_TRUE(table.add(csv));
  EXPECT_THAT(table.find(text), SizeIs(2000));
}

TEST(ExactData, LooseColumnsAreRefusedWithTheReason) {
  Table table;
  AddTable how;
  how.primary = {"city"};
  auto refused = table.add(kCustomers, how);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("'city' cannot find rows"));
  how.primary = {"town"};
  refused = table.add(kCustomers, how);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("there is no column 'town'"));
  refused = table.add("name,born,paid\nAda,1815-12-10,1200.50\nGrace,09.12.1906,3400.00\n");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("born"));
  std::string repeated = "zip,name\n";
  for (int i = 0; i < 100; ++i) repeated += std::to_string(110000 + i % 9) + ",n" + std::to_string(i) + "\n";
  refused = table.add(repeated);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("its values repeat"));
  EXPECT_THAT(registration_paths(table.folder.path() / "content"), IsEmpty());
}

TEST(ExactData, FieldsOfFewKindsConfirmNothing) {
  std::string csv = "account,status,name\n";
  for (int i = 0; i < 500; ++i) {
    csv += std::to_string(81'000'007 + i * 131) + (i % 2 == 0 ? ",active," : ",closed,") + "Person" +
           std::to_string(i) + "\n";
  }
  Table table;
  ASSERT_TRUE(table.add(csv));
  EXPECT_THAT(table.find("81000007 active"), IsEmpty());
  EXPECT_THAT(table.find("81000007 person0"), SizeIs(1));
}

TEST(ExactData, TheFileHoldsNoValue) {
  Table table;
  ASSERT_TRUE(table.add(kCustomers));
  std::ifstream file(registration_paths(table.folder.path() / "content").at(0), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  for (const std::string_view value : {"2004711", "kunde.example", "Dublin", "5550123", "Brien"}) {
    EXPECT_THAT(bytes, Not(HasSubstr(value)));
  }
}

TEST(TableValues, ShapesTellPatternedFromLoose) {
  for (const char* cell : {"a.b@example.org", " j+x@mail.example.com "})
    EXPECT_EQ(cell_shape_of(cell), CellShape::kEmail);
  for (const char* cell : {"123456", "4111 1111 1111 1111", "+49 (170) 555-0123", "078-05-1120"}) {
    EXPECT_EQ(cell_shape_of(cell), CellShape::kDigits) << cell;
  }
  for (const char* cell : {"KD-2004711", "DE89 3704 0044 0532 0130 00", "9f1c2b7a-03d4-4e6f-8a91-5c2d7e8f9012"}) {
    EXPECT_EQ(cell_shape_of(cell), CellShape::kMixed) << cell;
  }
  for (const char* cell : {"", "12345", "2024-01-31", "31.01.2024", "20240131", "1234567.89", "1.234.567,8", "Anna",
                           "room 12", "12 Main Street, 90210 Town", "a@b", "2024-01-31 10:00:00"}) {
    EXPECT_EQ(cell_shape_of(cell), CellShape::kLoose) << cell;
  }
}

TEST(TableValues, PlainFormsFoldAccents) {
  EXPECT_EQ(plain_form("Müller-Lüdenscheidt"), "mullerludenscheidt");
  EXPECT_EQ(plain_form("STRAẞE Łódź Ærø Þór"), plain_form("STRAẞE lodz aero thor"));
  EXPECT_EQ(plain_form("Straße"), "strasse");
  EXPECT_EQ(plain_form("O\xE2\x80\x99"
                       "Brien"),
            "obrien");
  EXPECT_EQ(plain_form("e\xCC\x81t\xC3\xA9"), "ete");
  EXPECT_EQ(plain_form("ИВАН"), plain_form("иван"));
  EXPECT_EQ(plain_form("\xC3"), "");  // cut off
}

TEST(TableValues, SipHashIsTheSpecified) {
  std::string key, message;
  for (char i = 0; i < 16; ++i) key += i;
  for (char i = 0; i < 15; ++i) message += i;
  EXPECT_EQ(siphash(key, message), 0xa129ca6149be45e5ULL);  // the vector in the paper's appendix
}

TEST(Csv, QuotesDelimitersAndLineEnds) {
  TestFolder folder;
  auto reader = CsvReader::open(folder.write("a.csv", "a,\"b \"\"c\"\"\n,d\",e\r\n\r\n 1 ,,\"\"\nlast,x"));
  ASSERT_TRUE(reader);
  std::vector<std::string> fields;
  ASSERT_TRUE(*reader->next(fields));
  EXPECT_THAT(fields, ElementsAre("a", "b \"c\"\n,d", "e"));
  ASSERT_TRUE(*reader->next(fields));
  EXPECT_THAT(fields, ElementsAre(" 1 ", "", ""));
  EXPECT_EQ(reader->line(), 4U);
  ASSERT_TRUE(*reader->next(fields));
  EXPECT_THAT(fields, ElementsAre("last", "x"));
  EXPECT_FALSE(*reader->next(fields));
}

TEST(Csv, SpreadsheetsHabits) {
  TestFolder folder;
  std::vector<std::string> fields;
  auto latin = CsvReader::open(folder.write("a.csv", "name\tcity\nJ\xFCrgen\tK\xF6ln\n"));
  ASSERT_TRUE(latin);
  EXPECT_EQ(latin->delimiter(), '\t');
  ASSERT_TRUE(*latin->next(fields));
  ASSERT_TRUE(*latin->next(fields));
  EXPECT_THAT(fields, ElementsAre("Jürgen", "Köln"));
  EXPECT_FALSE(CsvReader::open(folder.write("b.csv", std::string_view("a\0b\0", 4))));
  EXPECT_FALSE(CsvReader::open(folder.path()));
  auto open_quote = CsvReader::open(folder.write("c.csv", "a,b\n\"1,2\n3,4\n"));
  ASSERT_TRUE(*open_quote->next(fields));
  EXPECT_FALSE(open_quote->next(fields));
}

}  // namespace
}  // namespace reeve::content
