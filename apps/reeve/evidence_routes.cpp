#include "reeve/evidence_routes.h"

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/evidence_packs.h"
#include "reeve/ledger_routes.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;

std::string json_of(const EvidencePack& pack) {
  JsonWriter json;
  write_evidence_pack_state(json, pack);
  return json.take();
}

ApiAnswer no_such_pack() {
  return problem(404, "Not found", "There is no pack of that id; they are kept for a day, and not beyond a restart.");
}

}  // namespace

ApiAnswer list_evidence(const Sources& sources, const ApiRequest&) {
  Common common;
  common.config = sources.config_file;
  common.data_dir = sources.data_directory.string();
  const auto catalogue = open_evidence_catalogue(common);
  if (!catalogue) return problem(503, "Unavailable", catalogue.error().message);
  JsonWriter json;
  json.begin_object().key("frameworks");
  write_frameworks(json, *catalogue);
  json.key("packs").begin_array();
  for (const EvidencePack& pack : sources.evidence->list()) write_evidence_pack_state(json, pack);
  return {200, json.end_array().end_object().take(), {}};
}

ApiAnswer begin_evidence(const Sources& sources, const ApiRequest& request) {
  auto texts = read_texts(request, {"framework", "from", "to"});
  if (!texts) return problem_of(texts.error());
  EvidenceAsked asked{(*texts)["framework"], (*texts)["from"], (*texts)["to"], request.who};
  if (asked.framework.empty() || asked.from.empty()) {
    return problem(400, "Bad request", "The body is {\"framework\": \"soc2\", \"from\": \"2026-07-01\"}.");
  }
  const auto pack = sources.evidence->begin(std::move(asked));
  if (!pack) return problem_of(pack.error());
  ApiAnswer answer{202, json_of(*pack), {}};
  answer.location = "/api/v1/evidence/" + pack->id;
  return answer;
}

ApiAnswer show_evidence(const Sources& sources, const ApiRequest& request) {
  const auto pack = sources.evidence->find(request.name);
  return pack ? ApiAnswer{200, json_of(*pack), {}} : no_such_pack();
}

/// Who takes a pack away reads what is in it.
ApiAnswer send_evidence(const Sources& sources, const ApiRequest& request) {
  const auto pack = sources.evidence->find(request.name);
  if (!pack) return no_such_pack();
  if (pack->state != EvidencePack::State::kReady) return problem(409, "Conflict", "The pack is not ready.");
  ApiAnswer answer =
      recorded(sources.ledger,
               {request.who, "pack " + pack->digest, "GET /api/v1/evidence/{id}/file", pack->entries, {}, {}}, {});
  if (answer.status != 200) return answer;
  answer.file = sources.evidence->file_of(pack->id);
  answer.file_name = "evidence-" + pack->asked.framework + "-" + format_time(pack->begun).substr(0, 10) + ".zip";
  return answer;
}

std::vector<ApiRoute> evidence_api_routes() {
  using identity::Permission;
  const std::string_view named = "The pack's id";
  return {{.path = "/api/v1/evidence",
           .summary = "What evidence packs can be made for, and those of the last day",
           .permission = Permission::kReadLedger,
           .answer = list_evidence,
           .gives = "EvidenceList"},
          // Whoever may read the ledger may have it put together: what is written is a copy, and gone after a day.
          {.method = net::Method::kPost,
           .path = "/api/v1/evidence",
           .summary = "Begins to make an evidence pack; one at a time, and recorded when it is made",
           .permission = Permission::kReadLedger,
           .answer = begin_evidence,
           .gives = "EvidencePack",
           .effect = ApiEffect::kWrite,
           .fine = {202},
           .refuses = {404, 409},
           .takes = "EvidenceRequest",
           .body_bytes_max = kReasonBytesMax,
           .scope = "read"},
          {.path = "/api/v1/evidence/{id}",
           .summary = "How far a pack is, and what is in it",
           .permission = Permission::kReadLedger,
           .answer = show_evidence,
           .gives = "EvidencePack",
           .named = named},
          {.path = "/api/v1/evidence/{id}/file",
           .summary = "The pack as a ZIP file",
           .permission = Permission::kReadLedger,
           .answer = send_evidence,
           .gives = "EvidenceFile",
           .effect = ApiEffect::kRecordedRead,
           .refuses = {409},
           .named = named,
           .media_type = "application/zip"}};
}

}  // namespace reeve::app
