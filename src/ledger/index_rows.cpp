#include "ledger/index_rows.h"

#include "core/json.h"

namespace reeve::ledger {

namespace {

using duckdb::TypeId;

std::vector<TypeId> types_of(std::span<const NamedType> columns) {
  std::vector<TypeId> types;
  for (const NamedType& column : columns) types.push_back(column.type);
  return types;
}

std::vector<TypeId> call_types() {
  std::vector<TypeId> types;
  for (const CallColumn& column : call_columns()) types.push_back(column.type);
  return types;
}

}  // namespace

/// What a row of `calls` is made of.
struct IndexTables::Call {
  const EntryFields* intent = nullptr;
  const EntryFields* outcome = nullptr;
  const EntryFields* any = nullptr;  // the outcome where there is one
  CallPlace intent_place, place;     // of the intent; of the entry that names the row
  bool is_refused = false;           // without an attempt
  bool has_made_id = false;          // the request id is one that Reeve made, in these numbers
  std::uint64_t id_high = 0, id_low = 0;
};

IndexTables::IndexTables(const duckdb::Library& library)
    : calls_(library, call_types()),
      events_(library, types_of(event_columns())),
      places_(library, types_of(place_columns())),
      spend_(library) {}

Result<void> IndexTables::open(duckdb::Connection connection, const std::string& catalog, const std::string& prefix,
                               AppendThread* thread) {
  if (auto opened = calls_.open(connection, catalog, prefix + "calls", thread); !opened) return opened;
  if (auto opened = events_.open(connection, catalog, prefix + "events", thread); !opened) return opened;
  if (auto opened = places_.open(connection, catalog, prefix + "places", thread); !opened) return opened;
  return spend_.open(connection, catalog, prefix + "spend", thread);
}

Result<void> IndexTables::close() {
  auto calls = calls_.close();
  auto events = events_.close();
  auto places = places_.close();
  auto spend = spend_.close();
  return !calls ? calls : !events ? events : !places ? places : spend;
}

void IndexTables::put_field(std::size_t number, const EntryFields* fields, Field field) {
  if (fields == nullptr || !fields->has(field)) return;
  const std::string_view raw = fields->text(field);
  switch (field_info(field).type) {
    case FieldType::kText:
      return raw.find('\\') == std::string_view::npos ? calls_.put_text(number, raw)
                                                      : calls_.put_text(number, unescaped(raw));
    case FieldType::kNumber:
      if (call_columns()[number].type == TypeId::kVarchar) {
        return calls_.put_text(number, std::to_string(fields->number(field)));
      }
      return calls_.put_number(number, fields->number(field));
    case FieldType::kFlag: return calls_.put_flag(number, fields->number(field) != 0);
    case FieldType::kTexts: return calls_.put_text(number, joined_list(raw));
    case FieldType::kRaw: return calls_.put_text(number, joined_finding_types(raw));
  }
}

void IndexTables::put_unless_same(std::size_t number, const EntryFields* fields, Field field, Field other) {
  if (fields == nullptr || !fields->has(field)) return;
  const std::string_view raw = fields->text(field);
  if (raw == fields->text(other)) return calls_.put_text(number, kSame);
  if (raw.starts_with(kSame)) return calls_.put_text(number, std::string(kSame) + unescaped(raw));
  put_field(number, fields, field);
}

void IndexTables::put_call_column(std::size_t number, const Call& call) {
  const CallColumn& column = call_columns()[number];
  switch (column.source) {
    case CallSource::kField: {
      const FieldSide side = field_info(column.field).side;
      return put_field(number,
                       side == FieldSide::kShared   ? call.any
                       : side == FieldSide::kIntent ? call.intent
                                                    : call.outcome,
                       column.field);
    }
    case CallSource::kSeq: return calls_.put_number(number, static_cast<std::int64_t>(call.place.seq));
    case CallSource::kIntent:
      if (call.intent != nullptr) calls_.put_number(number, static_cast<std::int64_t>(call.intent_place.seq));
      return;
    case CallSource::kTime: return calls_.put_number(number, call.place.time);
    case CallSource::kStarted:
      if (call.intent != nullptr) calls_.put_number(number, call.intent_place.time);
      return;
    case CallSource::kIdHigh:
      if (call.has_made_id) calls_.put_unsigned(number, call.id_high);
      return;
    case CallSource::kIdLow:
      if (call.has_made_id) calls_.put_unsigned(number, call.id_low);
      return;
    case CallSource::kIdText:
      if (!call.has_made_id) put_field(number, call.any, Field::kRequestId);
      return;
    case CallSource::kModelServed: return put_field(number, call.outcome, Field::kModelServed);
    case CallSource::kPriceProvider:
      return put_unless_same(number, call.outcome, Field::kCostProvider, Field::kModelProvider);
    case CallSource::kPriceModel: return put_unless_same(number, call.outcome, Field::kCostModel, Field::kModelServed);
    // A call that was refused at once has its outcome only, which then tells of the request.
    case CallSource::kFindings:
      return put_field(number, call.is_refused ? call.outcome : call.intent, Field::kContentFindings);
    case CallSource::kAnswerFindings:
      return put_field(number, call.is_refused ? nullptr : call.outcome, Field::kContentFindings);
    case CallSource::kLabels:
      return put_field(number, call.intent != nullptr ? call.intent : call.outcome, Field::kContentLabels);
  }
}

Result<void> IndexTables::add_call(const EntryFields* intent, CallPlace intent_place, const EntryFields* outcome,
                                   CallPlace outcome_place) {
  Call call{.intent = intent, .outcome = outcome, .any = outcome != nullptr ? outcome : intent};
  call.intent_place = intent_place;
  call.place = outcome != nullptr ? outcome_place : intent_place;
  call.is_refused = intent == nullptr && outcome->text(Field::kOutcomeStatus) == "refused";
  call.has_made_id = read_request_id(call.any->text(Field::kRequestId), call.id_high, call.id_low);
  const std::size_t columns = call_columns().size();
  for (std::size_t i = 0; i < columns; ++i) put_call_column(i, call);
  // Intents that wait have rows of another table, and are in no sum yet.
  if (spend_.is_open()) {
    const CallPlace begun = intent != nullptr ? intent_place : call.place;
    const bool is_new = intent != nullptr || (call.is_refused && outcome->number(Field::kAttempt) == 0);
    spend_.add(*call.any, {outcome != nullptr, is_new, begun.seq, begun.time, call.place.seq, call.place.time});
  }
  return calls_.end_row();
}

void IndexTables::put_event_detail(std::string_view detail) {
  const auto document = JsonDocument::parse(detail);
  if (!document) return;
  const JsonValue root = document->root();
  events_.put_text(6, root["by"].string_or(root["owner"].string_or("")));
  for (const char* const name :
       {"id", "check", "key_id", "subject", "request_id", "bundle", "filter", "name", "commit", "new"}) {
    if (const std::string_view text = root[name].string_or(""); !text.empty()) {
      events_.put_text(7, text);
      break;
    }
  }
  events_.put_text(8, root["reason"].string_or(""));
}

Result<void> IndexTables::add_event(std::uint64_t seq, const EntryFields& fields) {
  std::int64_t time = 0;
  events_.put_number(0, static_cast<std::int64_t>(seq));
  if (!fields.regular || !read_ledger_time(fields.text(Field::kTime), time)) return events_.end_row();
  events_.put_number(1, time);
  events_.put_text(2, unescaped(fields.text(Field::kKind)));
  events_.put_text(3, unescaped(fields.text(Field::kRequestId)));
  events_.put_text(4, unescaped(fields.text(Field::kSessionId)));
  events_.put_text(5, unescaped(fields.text(Field::kPrincipalId)));
  events_.put_text(9, unescaped(fields.text(Field::kProducerName)));
  if (fields.has(Field::kProducerNumber)) events_.put_number(10, fields.number(Field::kProducerNumber));
  if (fields.has(Field::kDetail)) put_event_detail(fields.text(Field::kDetail));
  return events_.end_row();
}

Result<void> IndexTables::add_place(std::uint64_t seq, std::uint32_t segment, std::uint64_t offset) {
  places_.put_number(0, static_cast<std::int64_t>(seq));
  places_.put_number(1, segment);
  places_.put_number(2, static_cast<std::int64_t>(offset));
  return places_.end_row();
}

}  // namespace reeve::ledger
