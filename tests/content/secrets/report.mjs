// Runs a development set through `reeve scan --jsonl` and tells recall and false alarms, by class:
//
//   node tests/content/secrets/report.mjs [--seed N] [--size N] [--show KIND] [--check]
//
// --show prints what was missed and what was found in vain, of one kind: not for the held-out seed. --check fails under
// the bars, over the held-out seed.

import { spawnSync } from 'node:child_process';
import { makeSet } from './sets.mjs';

const HELD_OUT_SEED = 20261122;
const CONFIDENT = 0.5;

function option(name, fallback) {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
}

const check = process.argv.includes('--check');
const show = option('--show', '');
const seed = check ? HELD_OUT_SEED : Number(option('--seed', 7));
const size = Number(option('--size', 1500));
if (show && seed === HELD_OUT_SEED) throw new Error('the held-out set is looked at as totals only');

function scan(samples) {
  const program = process.env.REEVE_PROGRAM ?? 'build/reeve';
  const detectors = new URL('../../../governance/detectors/secrets', import.meta.url).pathname;
  const input = samples.map(({ id, text }) => JSON.stringify({ id, text })).join('\n') + '\n';
  const run = spawnSync(program, ['scan', '--jsonl', '--detectors', detectors, '-'], { input, maxBuffer: 1 << 30 });
  if (run.status !== 0 && run.status !== 1) throw new Error(`reeve scan: ${run.status} ${run.stderr}`);
  const found = new Map();
  for (const line of run.stdout.toString().split('\n').filter(Boolean)) {
    const { id, findings } = JSON.parse(line);
    found.set(String(id), findings);
  }
  return found;
}

const samples = makeSet(seed, size);
const results = scan(samples);
const totals = {};
const misses = {};
for (const { id, kind, label, text, spans } of samples) {
  const findings = (results.get(id) ?? []).filter((f) => f.confidence >= CONFIDENT);
  const total = (totals[kind] ??= { samples: 0, found: 0, flagged: 0, outside: 0 });
  total.samples += 1;
  if (findings.length > 0) total.flagged += 1;
  const hits = spans.filter(([start, end]) => findings.some((f) => f.start < end && f.end > start));
  total.found += hits.length;
  const beside = findings.filter((f) => !spans.some(([start, end]) => f.start < end && f.end > start));
  total.outside += beside.length;
  if (hits.length < spans.length || beside.length > 0) {
    misses[`${kind} ${label}`] = (misses[`${kind} ${label}`] ?? 0) + 1;
    if (show === kind) {
      const what = hits.length < spans.length ? 'missed ' : 'in vain';
      console.log(what, label, '|', text.slice(0, 200), '|', beside.map((f) => f.type).join());
    }
  }
}

const share = (part, all) => (all ? part / all : 1);
const figures = {
  shaped_recall: share(totals.shaped.found, totals.shaped.samples),
  named_recall: share(totals.named.found, totals.named.samples),
  assigned_recall: share(totals.assigned.found, totals.assigned.samples),
  lookalike_flagged: share(totals.lookalike.flagged, totals.lookalike.samples),
  clean_flagged: share(totals.clean.flagged, totals.clean.samples),
  shaped_precision: share(totals.shaped.found, totals.shaped.found + totals.shaped.outside + totals.clean.flagged),
};
for (const [name, figure] of Object.entries(figures)) console.log(name.padEnd(20), figure.toFixed(4));
if (show) console.log(Object.entries(misses).sort((a, b) => b[1] - a[1]).slice(0, 30));

const BARS = { shaped_recall: 0.95, named_recall: 0.9, assigned_recall: 0.8, shaped_precision: 0.98 };
const CEILINGS = { lookalike_flagged: 0.02, clean_flagged: 0.005 };
if (check) {
  const broken = [
    ...Object.entries(BARS).filter(([name, bar]) => figures[name] < bar),
    ...Object.entries(CEILINGS).filter(([name, bar]) => figures[name] > bar),
  ];
  for (const [name, bar] of broken) console.error(`${name} is ${figures[name].toFixed(4)}, the bar is ${bar}`);
  process.exit(broken.length ? 1 : 0);
}
