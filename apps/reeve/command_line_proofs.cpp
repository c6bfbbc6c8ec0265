// The command line of proofs and witnesses.

#include <CLI/CLI.hpp>

#include "reeve/command_line.h"

namespace reeve::app {

namespace {

constexpr const char* kOfflineText = "A copied ledger directory instead";

void add_witness(CLI::App& ledger, Line& line) {
  CLI::App& witness = family(ledger, "witness", "Watch other logs: cosign them while they grow without contradiction");
  CLI::App& serve = command(witness, line, "serve", "Answer add-checkpoint calls; SIGTERM stops",
                            [&line] { return witness_serve_command(line.common, line.witness); });
  serve.add_option("--listen", line.witness.listen, "HOST:PORT")->capture_default_str();
  serve.add_option("--log", line.witness.logs, "A log's verifier key ('reeve ledger key'); repeat for more")
      ->required();
  serve.add_option("--name", line.witness.name, "The witness's name, where it has no key yet");
  CLI::Option* certificate =
      serve.add_option("--certificate", line.witness.certificate, "PEM chain: serve TLS (with --private-key)");
  serve.add_option("--private-key", line.witness.key_file, "PEM key of --certificate")->needs(certificate);
  serve.footer("Run it on another machine than the log, under other hands. Its --data is its own and nobody else's.");
  CLI::App& key = command(witness, line, "key", "Print the witness's verifier key",
                          [&line] { return witness_key_command(line.common, line.witness); });
  key.add_option("--name", line.witness.name, "Make the key when there is none: witness.example.com/w1");
}

void add_evidence(CLI::App& ledger, Line& line) {
  CLI::App& evidence =
      command(ledger, line, "evidence", "Write an evidence pack for a framework over a period", [&line] {
        return line.list ? ledger_evidence_list_command(line.common)
                         : ledger_evidence_command(line.common, line.evidence);
      });
  evidence.add_option("--framework", line.evidence.framework, "Its name, as --list prints it, or all");
  evidence.add_option("--from", line.evidence.from, "Entries from this time or date on, or a duration ago");
  evidence.add_option("--to", line.evidence.to, "Before this time, or up to and with this date (default: now)");
  evidence.add_option("-o,--output", line.evidence.output, "The folder to write; it must not be there yet");
  evidence.add_option("--by", line.evidence.by, "Who asks (default: who runs this)");
  evidence
      .add_option("--entries-max", line.evidence.entries_max,
                  "Put all entries of the period into the pack up to so many; samples and exceptions beyond")
      ->capture_default_str();
  evidence.add_flag("--list", line.list, "List the frameworks instead");
  evidence.footer("The ledger records who made which pack.");
}

}  // namespace

void add_ledger_proofs(CLI::App& ledger, Line& line) {
  CLI::App& prove = command(ledger, line, "prove", "Write a proof that an entry is in the log",
                            [&line] { return ledger_prove_command(line.common, line.prove); });
  reads_ledger(prove, line);
  prove.add_option("SEQ", line.prove.index, "The entry's seq")->required();
  prove.add_option("--at", line.prove.size, "In the tree of so many entries, of which there must be a checkpoint");
  prove.add_option("--checkpoint", line.prove.checkpoint,
                   "A checkpoint file to prove it against, such as an older one");
  prove.add_option("-o,--output", line.prove.output, "The file to write (default: standard output)");
  prove.add_flag("--without-entry", line.prove.without_entry, "Leave the entry itself out");
  prove.add_option("--offline", line.prove.directory, kOfflineText);
  CLI::App& check = command(ledger, line, "check-proof", "Check such a proof; needs nothing but the keys",
                            [&line] { return ledger_check_proof_command(line.common, line.check_proof); });
  check.add_option("FILE", line.check_proof.file, "The proof")->required();
  check.add_option("--key", line.check_proof.key, "The log's verifier key, got by another way than the proof")
      ->required();
  check.add_option("--witness", line.check_proof.witnesses, "A witness's verifier key; repeat for more");
  check.add_option("--quorum", line.check_proof.quorum, "How many of them must have cosigned (default: all)");
  check.add_option("--entry", line.check_proof.entry,
                   "The entry, as 'query --json' prints it, where the proof has none");
  CLI::App& consistency = command(ledger, line, "consistency", "Check that the log goes on from an older checkpoint",
                                  [&line] { return ledger_consistency_command(line.common, line.consistency); });
  consistency.add_option("OLD-CHECKPOINT", line.consistency.checkpoint, "A file with the older one")->required();
  consistency.add_option("--key", line.consistency.key, "The log's verifier key (default: the one in its folder)");
  consistency.add_option("-o,--output", line.consistency.output, "Write the proof there");
  consistency.add_option("--offline", line.consistency.directory, kOfflineText);
  add_evidence(ledger, line);
  add_witness(ledger, line);
}

}  // namespace reeve::app
