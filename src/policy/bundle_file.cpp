#include "core/bytes.h"
#include "core/crypto.h"
#include "policy/bundle.h"

namespace reeve::policy {

namespace {

std::string signed_text(std::string_view digest, std::string_view issued, std::string_view valid_until) {
  return "reeve-policy-bundle\n" + std::string(digest) + "\n" + std::string(issued) + "\n" + std::string(valid_until) +
         "\n";
}

Error broken(std::string what) { return {ErrorCode::kCorrupt, "the bundle file " + std::move(what)}; }

}  // namespace

std::string write_bundle_file(const Bundle& bundle, Instant issued, Instant valid_until, const BundleSigner& signer) {
  const std::string from = format_time(issued);
  const std::string until = format_time(valid_until);
  JsonWriter json;
  json.begin_object().key("bundle").raw(bundle.canonical()).member("digest", bundle.digest()).member("issued", from);
  json.member("key", to_base64(signer.public_key()));
  json.member("signature", to_base64(signer.sign(signed_text(bundle.digest(), from, until))));
  json.member("valid_until", until).end_object();
  return json.take() + "\n";
}

Result<BundleFile> read_bundle_file(std::string_view text, std::string_view trusted_key, std::optional<Instant> now) {
  const auto document = JsonDocument::parse(text);
  if (!document) return broken("cannot be read: " + document.error().message);
  const JsonValue root = document->root();
  const auto key = from_base64(root["key"].string_or(""));
  const auto signature = from_base64(root["signature"].string_or(""));
  const std::string digest(root["digest"].string_or(""));
  const std::string issued(root["issued"].string_or(""));
  const std::string until(root["valid_until"].string_or(""));
  if (!key || !signature || key->size() != 32 || !root["bundle"].is_array()) return broken("is not a policy bundle");
  if (!trusted_key.empty() && *key != trusted_key) {
    return Error{ErrorCode::kDenied, "the bundle is signed with another key than the trusted one"};
  }
  if (!ed25519_verify(*key, signed_text(digest, issued, until), *signature)) {
    return Error{ErrorCode::kDenied, "the bundle's signature does not fit; it was changed or is not whole"};
  }
  const auto issued_at = parse_time(issued);
  const auto valid_until = parse_time(until);
  if (!issued_at || !valid_until) return broken("has no times");
  if (now && *now >= *valid_until) {
    return Error{ErrorCode::kDenied, "the bundle was good until " + until + " and is stale; fetch a newer one"};
  }
  std::vector<Diagnostic> complaints;
  std::vector<YamlValue> documents;
  for (const JsonValue& item : root["bundle"].items()) documents.push_back(yaml_from_json(item, "bundle"));
  auto bundle = Bundle::build(documents, complaints);
  if (!bundle) return broken("does not compile here: " + complaints.front().to_string());
  // The digest is of what was compiled, so a signature over it covers all that decides.
  if (bundle->digest() != digest) return Error{ErrorCode::kDenied, "the bundle's rules do not have the signed digest"};
  return BundleFile{std::move(bundle), *issued_at, *valid_until, *key};
}

BundleDifference compare_bundles(const Bundle& before, const Bundle& after) {
  const auto read = [](const Bundle& bundle) {
    std::map<std::string, std::map<std::string, std::string>> documents;
    const auto parsed = JsonDocument::parse(bundle.canonical());
    if (!parsed) return documents;
    for (const JsonValue& document : parsed->root().items()) {
      const std::string_view kind = document["kind"].string_or("");
      std::string name = kind == "Policy" ? "" : to_lower(kind) + " ";
      name += document["name"].string_or("");
      for (const auto& [part, value] : document.members()) documents[name][std::string(part)] = value.to_json();
    }
    return documents;
  };
  const auto old_documents = read(before);
  const auto new_documents = read(after);
  BundleDifference difference;
  for (const auto& [name, parts] : old_documents) {
    if (!new_documents.contains(name)) difference.removed.push_back(name);
  }
  for (const auto& [name, parts] : new_documents) {
    const auto known = old_documents.find(name);
    if (known == old_documents.end()) {
      difference.added.push_back(name);
      continue;
    }
    BundleDifference::Changed changed{name, {}};
    for (const auto& [part, value] : known->second) {
      const auto now = parts.find(part);
      if (now == parts.end() || now->second != value) {
        changed.parts.push_back({part, {value, now == parts.end() ? "" : now->second}});
      }
    }
    for (const auto& [part, value] : parts) {
      if (!known->second.contains(part)) changed.parts.push_back({part, {"", value}});
    }
    if (!changed.parts.empty()) difference.changed.push_back(std::move(changed));
  }
  return difference;
}

}  // namespace reeve::policy
