#include "policy/document_schema.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"

namespace reeve::policy {

namespace {

enum class Form : std::uint8_t {
  kText,     // also what looks like a number to YAML, such as an amount
  kTexts,    // a text, or a list of texts
  kList,     // a list of texts
  kWhole,    // a whole number
  kFlag,     // true or false
  kChoice,   // one of the words
  kMapping,  // its keys
  kOpen,     // any keys, of texts or lists of texts
  kPeriod,   // one of the words, or a mapping
  kEach,     // a list of mappings with these keys
  kFree,     // a mapping of anything
};

struct Key {
  std::string_view name;
  Form form = Form::kText;
  std::string_view description;
  bool needed = false;
  std::vector<Key> keys = {};
  std::vector<std::string_view> words = {};
};

struct Kind {
  std::string_view name;
  std::vector<Key> keys;
};

void write_value(JsonWriter& json, const Key& key);

/// Writes into the object that is open.
void write_keys(JsonWriter& json, const std::vector<Key>& keys, std::string_view kind = {}) {
  json.member("type", "object").member("additionalProperties", false).key("properties").begin_object();
  if (!kind.empty()) json.key("kind").begin_object().member("const", kind).end_object();
  for (const Key& key : keys) {
    json.key(key.name);
    write_value(json, key);
  }
  json.end_object().key("required").begin_array();
  if (!kind.empty()) json.value("kind");
  for (const Key& key : keys) {
    if (key.needed) json.value(key.name);
  }
  json.end_array();
}

void write_text_type(JsonWriter& json) {
  json.key("type").begin_array().value("string").value("number").value("boolean").end_array();
}

void write_list(JsonWriter& json) {
  json.member("type", "array").member("minItems", 1).key("items").begin_object();
  write_text_type(json);
  json.end_object();
}

void write_words(JsonWriter& json, const std::vector<std::string_view>& words) {
  json.key("enum").begin_array();
  for (const std::string_view word : words) json.value(word);
  json.end_array();
}

/// Two ways to write it.
template <typename First, typename Second>
void write_either(JsonWriter& json, const First& first, const Second& second) {
  json.key("anyOf").begin_array().begin_object();
  first();
  json.end_object().begin_object();
  second();
  json.end_object().end_array();
}

void write_texts(JsonWriter& json) {
  write_either(json, [&] { write_text_type(json); }, [&] { write_list(json); });
}

void write_value(JsonWriter& json, const Key& key) {
  json.begin_object().member("description", key.description);
  switch (key.form) {
    case Form::kText: write_text_type(json); break;
    case Form::kTexts: write_texts(json); break;
    case Form::kList: write_list(json); break;
    case Form::kWhole: json.member("type", "integer"); break;
    case Form::kFlag: json.member("type", "boolean"); break;
    case Form::kChoice: write_words(json, key.words); break;
    case Form::kMapping: write_keys(json, key.keys); break;
    case Form::kOpen:
      json.member("type", "object").key("additionalProperties").begin_object();
      write_texts(json);
      json.end_object();
      break;
    case Form::kFree: json.member("type", "object"); break;
    case Form::kPeriod:
      write_either(json, [&] { write_words(json, key.words); }, [&] { write_keys(json, key.keys); });
      break;
    case Form::kEach:
      json.member("type", "array").key("items").begin_object();
      write_keys(json, key.keys);
      json.end_object();
      break;
  }
  json.end_object();
}

// ---- Keys that several kinds have ----

Key provider_key() { return {"provider", Form::kText, "A provider's name, or a pattern such as azure-*", true}; }
Key model_key(bool needed) { return {"model", Form::kText, "A model, or a pattern such as claude-opus-*", needed}; }
Key region_key() { return {"region", Form::kText, "A region, or a pattern such as eu-*"}; }
Key since_key() { return {"since", Form::kText, "From when: a date or a time"}; }
Key until_key() { return {"until", Form::kText, "Until before when: a date or a time"}; }
Key service_tier_key() {
  return {"service_tier",
          Form::kChoice,
          "Only for calls that were served so",
          false,
          {},
          {"standard", "batch", "priority", "flex"}};
}

std::vector<Key> rate_keys(bool needed) {
  return {{"input", Form::kText, "Dollars for a million tokens of input", needed},
          {"output", Form::kText, "Dollars for a million tokens of output", needed},
          {"cache_read", Form::kText, "Dollars for a million tokens that came from the cache"},
          {"cache_write_5m", Form::kText, "Dollars for a million tokens kept in the cache for five minutes"},
          {"cache_write_1h", Form::kText, "Dollars for a million tokens kept in the cache for an hour"},
          {"reasoning", Form::kText, "Dollars for a million tokens of reasoning"},
          {"input_audio", Form::kText, "Dollars for a million tokens of sound that goes in"},
          {"output_audio", Form::kText, "Dollars for a million tokens of sound that comes out"}};
}

// ---- Kinds ----

std::vector<Key> budget_keys() {
  static constexpr std::array<std::string_view, 12> kDimensions{"org",     "team",      "group",    "person",
                                                                "agent",   "client",    "session",  "repo",
                                                                "feature", "work_item", "provider", "model"};
  std::vector<Key> dimensions;
  dimensions.reserve(kDimensions.size());
  for (const std::string_view name : kDimensions) dimensions.push_back({name, Form::kTexts, "Values or patterns"});
  return {
      {"name", Form::kText, "Small letters, digits and hyphens", true},
      {"title", Form::kText, "For lists and reports"},
      {"owner", Form::kText, "Whom to ask"},
      {"message", Form::kText, "What a person hears who is refused"},
      {"for", Form::kMapping, "Which calls it is about; all of them without it", false, dimensions},
      {"each", Form::kTexts, "A counter for each person, team, repo, ... instead of one for all"},
      {"window",
       Form::kPeriod,
       "In what time it may be spent",
       true,
       {{"rolling", Form::kText, "The last 1m to 92d, such as 24h", true}},
       {"session", "hour", "day", "week", "month", "quarter"}},
      {"time_zone", Form::kText, "Where a day begins, such as Europe/Berlin; UTC without it"},
      {"limit",
       Form::kMapping,
       "How much",
       true,
       {{"money", Form::kText, "Dollars, such as $2000"},
        {"tokens", Form::kText, "Such as 50M"},
        {"requests", Form::kText, "Such as 10k"},
        {"concurrent", Form::kText, "Calls at one time"},
        {"tokens_per_minute", Form::kText, "Such as 400k"},
        {"requests_per_minute", Form::kText, "Such as 60"}}},
      {"carry_over", Form::kText, "What may be left over for the next window: a share of the limit, such as 10%"},
      {"thresholds",
       Form::kEach,
       "What happens before the limit is reached",
       false,
       {{"at", Form::kText, "A share of the limit, such as 80%", true},
        {"do", Form::kChoice, "Tell, or go on with cheaper models", true, {}, {"notify", "degrade"}},
        {"ladder", Form::kText, "With degrade: the Ladder's name"}}},
      {"reserve", Form::kChoice, "How much a call holds until its cost is known", false, {}, {"learned", "maximum"}}};
}

std::vector<Key> approval_policy_keys() {
  return {{"name", Form::kText, "Its name", true},
          {"for", Form::kTexts, "What requests: budget, rule, approval; all of them without it"},
          {"match", Form::kOpen, "Only requests about these: budgets, rules, or a key of the scope such as team"},
          {"reviewers",
           Form::kMapping,
           "Who decides",
           true,
           {{"groups", Form::kTexts, "Groups of keys' owners"}, {"people", Form::kTexts, "People by name"}}},
          {"up_to", Form::kText, "Dollars, such as $500"},
          {"up_to_tokens", Form::kWhole, "Tokens"},
          {"up_to_requests", Form::kWhole, "Requests"},
          {"second_person", Form::kChoice, "A second reviewer has to agree", false, {}, {"always"}},
          {"second_person_over", Form::kText, "A second reviewer has to agree above so many dollars"},
          {"longest", Form::kText, "For how long at most, such as 30d"},
          {"renewals", Form::kWhole, "How many renewals in a row, 0 to 100"}};
}

std::vector<Key> notification_keys() {
  return {{"name", Form::kText, "Its name", true},
          {"on", Form::kTexts, "Of what it tells, such as exception.requested or budget.threshold", true},
          {"webhook",
           Form::kMapping,
           "An address that gets a signed POST; this or mail",
           false,
           {{"url", Form::kText, "An https address", true},
            {"secret_env", Form::kText, "The variable that holds the secret of the signature"},
            {"secret_file", Form::kText, "The file that holds the secret of the signature"}}},
          {"mail",
           Form::kMapping,
           "People who get a mail; this or webhook",
           false,
           {{"to", Form::kTexts, "E-mail addresses", true},
            {"from", Form::kText, "An e-mail address", true},
            {"host", Form::kText, "The mail server", true},
            {"port", Form::kWhole, "1 to 65535"},
            {"tls", Form::kChoice, "none: a server on this machine only", false, {}, {"starttls", "tls", "none"}},
            {"user", Form::kText, "The user at the mail server"},
            {"password_env", Form::kText, "The variable that holds its password"},
            {"password_file", Form::kText, "The file that holds its password"}}},
          {"retry",
           Form::kMapping,
           "When it is tried again",
           false,
           {{"first", Form::kText, "After the first failure, such as 5s"},
            {"longest", Form::kText, "The longest pause, such as 1h"},
            {"attempts", Form::kWhole, "1 to 100"}}},
          {"timeout", Form::kText, "How long one attempt may take, at most 2m"},
          {"root_file", Form::kText, "A file of certificates to trust"}};
}

std::vector<Key> price_keys() {
  std::vector<Key> keys{{"contract", Form::kText, "Its name in reports"},
                        provider_key(),
                        model_key(true),
                        region_key(),
                        since_key(),
                        until_key()};
  for (Key& rate : rate_keys(true)) keys.push_back(std::move(rate));
  std::vector<Key> tier{{"above", Form::kWhole, "For calls with more tokens of input than this", true}};
  for (Key& rate : rate_keys(false)) tier.push_back(std::move(rate));
  keys.push_back({"request", Form::kText, "Dollars for each call"});
  keys.push_back({"web_search", Form::kText, "Dollars for each search"});
  keys.push_back({"tiers", Form::kEach, "Other rates for calls with more input", false, std::move(tier)});
  keys.push_back({"batch", Form::kText, "The factor of the batch tier, such as 0.5"});
  keys.push_back({"priority", Form::kText, "The factor of the priority tier, such as 2"});
  keys.push_back({"flex", Form::kText, "The factor of the flex tier, such as 0.5"});
  return keys;
}

std::vector<Key> adjustment_keys(Key name, std::string_view percent) {
  return {std::move(name),    provider_key(), model_key(false), region_key(),
          service_tier_key(), since_key(),    until_key(),      {"percent", Form::kText, percent, true}};
}

Key contract_key() { return {"contract", Form::kText, "The contract's name, one for all its documents", true}; }

std::vector<Key> commitment_keys() {
  return {contract_key(),
          provider_key(),
          model_key(false),
          {"monthly", Form::kText, "The dollars that are owed each month", true},
          {"percent", Form::kText, "The discount that comes with it, such as 12.5%"},
          since_key(),
          until_key()};
}

std::vector<Key> alert_keys() {
  return {{"name", Form::kText, "Its name", true},
          {"over",
           Form::kChoice,
           "Whose days are compared; person without it",
           false,
           {},
           {"person", "team", "client", "session", "repo", "feature", "work_item", "model", "provider", "agent"}},
          {"minimum", Form::kText, "Days below so many dollars are not looked at"},
          {"times", Form::kText, "So many times the usual, 1 to 1000"},
          {"score", Form::kText, "How far out of the usual spread, 1 to 1000"},
          {"history", Form::kText, "What is usual is learned from so long: 7d to 366d"},
          {"team", Form::kText, "Only calls of this team"},
          {"notify", Form::kList, "Names of Notification documents; all that tell of anomalies without it"}};
}

std::vector<Key> advice_keys() {
  return {{"name", Form::kText, "Its name", true},
          {"from", Form::kText, "A model or a pattern", true},
          {"to", Form::kText, "One model", true},
          {"input_max", Form::kWhole, "Only calls with at most so many tokens of input"},
          {"output_max", Form::kWhole, "Only calls with at most so many tokens of output"},
          {"tools", Form::kFlag, "Whether calls that offered tools count too"},
          {"thinking", Form::kFlag, "Whether calls with thinking count too"},
          {"more_tokens", Form::kText, "So many more tokens the other model is taken to need, such as 20%"},
          {"minimum", Form::kText, "Only what saves at least so many dollars"}};
}

std::vector<Key> client_settings_keys() {
  return {{"name", Form::kText, "Its name", true},
          {"owner", Form::kText, "Whom to ask"},
          {"description", Form::kText, "What it is for"},
          {"client", Form::kChoice, "The program that takes them", true, {}, {"claude-code"}},
          {"match",
           Form::kMapping,
           "Who gets them; everybody without it",
           false,
           {{"groups", Form::kList, "Groups or patterns"}, {"people", Form::kList, "People or patterns"}}},
          {"priority", Form::kWhole, "Where several match, the higher one holds; 0 without it"},
          {"settings", Form::kFree, "As the client's own file of settings has them", true}};
}

std::vector<Key> role_binding_keys() {
  return {{"name", Form::kText, "Its name", true},
          {"role",
           Form::kChoice,
           "What they may do in the control plane; docs/roles.md has the table",
           true,
           {},
           {"viewer", "developer", "approver", "policy-author", "auditor", "incident-commander", "administrator"}},
          {"groups", Form::kList, "Groups that have the role; these or people"},
          {"people", Form::kList, "People who have it, by name"},
          {"owner", Form::kText, "Whom to ask"},
          {"description", Form::kText, "Why they have it"}};
}

Key people_key(std::string_view name, std::string_view description) {
  return {name,
          Form::kMapping,
          description,
          true,
          {{"groups", Form::kList, "Groups"}, {"people", Form::kList, "People by name"}}};
}

std::vector<Key> intake_questions_keys() {
  const std::vector<Key> answer{{"id", Form::kText, "Its name", true},
                                {"text", Form::kText, "As people read it", true},
                                {"points", Form::kWhole, "What it adds, 0 to 100"},
                                {"at_least", Form::kWhole, "The tier is no lower: 1 to 3"},
                                {"why", Form::kText, "Why it weighs so much"},
                                {"value", Form::kText, "What the item gets; its id without it"}};
  return {{"name", Form::kText, "Its name", true},
          {"version", Form::kText, "Another one with each change", true},
          {"owner", Form::kText, "Whom to ask"},
          {"description", Form::kText, "What it is for"},
          {"tiers",
           Form::kMapping,
           "From how many points on",
           true,
           {{"2", Form::kWhole, "Points", true}, {"3", Form::kWhole, "Points", true}}},
          {"questions",
           Form::kEach,
           "At most ten",
           true,
           {{"id", Form::kText, "Its name", true},
            {"text", Form::kText, "The question", true},
            {"help", Form::kText, "What helps to answer it"},
            {"fills", Form::kText, "The member of the item that gets the answer"},
            {"many", Form::kFlag, "Several answers may be given"},
            {"optional", Form::kFlag, "It may be left out"},
            {"answers", Form::kEach, "What can be answered; a text without them", false, answer}}}};
}

std::vector<Key> checklist_keys() {
  return {{"name", Form::kText, "Its name", true},
          {"title", Form::kText, "As people read it", true},
          {"owner", Form::kText, "Whom to ask"},
          {"description", Form::kText, "What it is for"},
          people_key("reviewers", "Who fills it"),
          {"questions",
           Form::kEach,
           "At most thirty",
           true,
           {{"id", Form::kText, "Its name", true}, {"text", Form::kText, "The question", true}}}};
}

std::vector<Key> review_keys() {
  return {{"name", Form::kText, "Its name", true},
          {"tier", Form::kWhole, "1 to 3", true},
          {"owner", Form::kText, "Whom to ask"},
          {"description", Form::kText, "What it is for"},
          {"due", Form::kText, "From the last answer to the decision; 10d without it"},
          {"review_again", Form::kText, "From the decision to the next one; 180d without it"},
          {"grace", Form::kText, "After that the approval ends; 30d without it"},
          {"checklists", Form::kList, "Checklist documents that have to be filled"},
          people_key("deciders", "Who decides"),
          {"decisions", Form::kWhole, "How many people have to decide in favour: 1 or 2"},
          {"longest_exception", Form::kText, "For how long at most; 90d without it"}};
}

constexpr std::array<std::string_view, 15> kKinds{"Budget",       "ApprovalPolicy", "Notification",   "Price",
                                                  "UnknownPrice", "Discount",       "Surcharge",      "Commitment",
                                                  "SpendAlert",   "AdviceRule",     "ClientSettings", "RoleBinding",
                                                  "Review",       "Checklist",      "IntakeQuestions"};

std::vector<Key> keys_of(std::string_view kind) {
  if (kind == "Budget") return budget_keys();
  if (kind == "ApprovalPolicy") return approval_policy_keys();
  if (kind == "Notification") return notification_keys();
  if (kind == "Price") return price_keys();
  if (kind == "UnknownPrice") return {rate_keys(true)[0], rate_keys(true)[1]};
  if (kind == "Discount") return adjustment_keys(contract_key(), "Off the price, such as 12.5%");
  if (kind == "Surcharge") {
    return adjustment_keys({"name", Form::kText, "Its name", true}, "On top of the price, such as 10%");
  }
  if (kind == "Commitment") return commitment_keys();
  if (kind == "SpendAlert") return alert_keys();
  if (kind == "ClientSettings") return client_settings_keys();
  if (kind == "RoleBinding") return role_binding_keys();
  if (kind == "IntakeQuestions") return intake_questions_keys();
  if (kind == "Checklist") return checklist_keys();
  if (kind == "Review") return review_keys();
  return advice_keys();
}

}  // namespace

std::span<const std::string_view> described_kinds() { return kKinds; }

void write_document_schemas(JsonWriter& json) {
  for (const std::string_view kind : kKinds) {
    json.begin_object().member("title", kind);
    write_keys(json, keys_of(kind), kind);
    json.end_object();
  }
}

}  // namespace reeve::policy
