// Measures `reeve scan --jsonl` on the acceptance sets: node measure.mjs --program build/reeve [--seed N] [--set a]
// [--misses 20] [--scale 1] [--tree DIR] [--json] [--floors]. The sets follow from the seed alone (and, for set g, from
// the files of the machine).
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {parseArgs} from 'node:util';

import {cleanSamples} from './clean.mjs';
import {codeLineSamples, lookAlikeLines} from './code_lines.mjs';
import {contactSamples, otherNumbers} from './contacts.mjs';
import {evasionSamples, innocentWritings} from './evasion.mjs';
import {hardNumbers, identifierSamples} from './identifiers.mjs';
import {impersonalSamples, personSamples} from './persons.mjs';
import {Chance} from './sample.mjs';
import {innocentSamples, tokenSamples, uncheckedTokenSamples} from './tokens.mjs';

const personal = ['pii', 'payment-card', 'financial', 'health', 'customer'];
const flagging = ['secret', ...personal];

// For each set: its samples, which classes of finding flag a negative, and the bars that --floors holds.
const sets = {
  a: {
    title: 'provider tokens',
    counts: ['secret'],
    recall: 0.95,
    precision: 0.98,
    flagged: 0.02,
    make: (c, n) => [...tokenSamples(c, n), ...innocentSamples(c, n)]
  },
  'a-unchecked':
      {title: 'tokens with a random check sum', counts: ['secret'], make: (c, n) => uncheckedTokenSamples(c, n)},
  b: {
    title: 'code lines',
    counts: ['secret'],
    recall: 0.8,
    flagged: 0.02,
    make: (c, n) => [...codeLineSamples(c, n * 6), ...lookAlikeLines(c, n * 5)]
  },
  c: {
    title: 'encoded and evasive',
    counts: ['secret'],
    recall: 0.9,
    flagged: 0.02,
    make: (c, n) => [...evasionSamples(c, n * 2), ...innocentWritings(c, n)]
  },
  d: {
    title: 'identifiers with check digits',
    counts: personal,
    recall: 0.97,
    flagged: 0.01,
    make: (c, n) => [...identifierSamples(c, n), ...hardNumbers(c, n)]
  },
  e: {
    title: 'e-mail, phone, IP',
    counts: personal,
    recall: 0.97,
    flagged: 0.02,
    make: (c, n) => [...contactSamples(c, n * 2), ...otherNumbers(c, n)]
  },
  f: {
    title: 'persons and addresses',
    counts: personal,
    recall: 0.7,
    flagged: 0.02,
    make: (c, n) => [...personSamples(c, n * 2), ...impersonalSamples(c, n)]
  },
  g: {
    title: 'clean windows',
    counts: flagging,
    present: ['email'],
    flagged: 0.01,
    make: (c, n, trees) => cleanSamples(c, n * 25, trees)
  },
};

function scan(program, samples) {
  const data = mkdtempSync(join(tmpdir(), 'reeve-quality-'));
  const input = samples.map(({text}, i) => JSON.stringify({id: String(i), text}) + '\n').join('');
  const run = spawnSync(resolve(program), ['scan', '--jsonl', '--data', data], {input, maxBuffer: 1 << 30, cwd: data});
  rmSync(data, {recursive: true, force: true});
  const lines = String(run.stdout).split('\n').filter(Boolean).map((line) => JSON.parse(line));
  if (lines.length !== samples.length)
    throw new Error(`scan answered ${lines.length} of ${samples.length}: ${run.stderr}`);
  return lines.map((line) => line.findings.filter((finding) => finding.confidence >= 0.5));
}

// A finding finds a span when it covers at least half of it and is not much larger than it.
function covers(finding, span) {
  const shared = Math.min(finding.end, span.end) - Math.max(finding.start, span.start);
  return shared * 2 >= span.end - span.start;
}

// `present`: types that such text truly holds (authors' addresses in sources), which count for nothing.
function judge(sample, findings, {counts, present = []}) {
  const counted = findings.filter((finding) => counts.includes(finding.class) && !present.includes(finding.type));
  const [span] = sample.spans;
  if (!span) return {...sample, findings: counted, all: findings, flagged: counted.length > 0, wrong: counted.length};
  const hits = counted.filter((finding) => covers(finding, span));
  const strict = hits.some((finding) => finding.start === span.start && finding.end === span.end);
  // `also`: where another value stands that may be found, such as the first name beside the last.
  const apart = counted.filter(
      (finding) => (finding.end <= span.start || finding.start >= span.end) && finding.start !== sample.also);
  const otherwise = hits.length ? [] : findings.filter((finding) => covers(finding, span));
  return {...sample, findings, found: hits.length > 0, strict, wrong: apart.length, otherwise};
}

const chanceOf = (seed, name) => new Chance(Number(seed) * 31 + name.charCodeAt(0) + name.length);

const share = (part, whole) => (whole ? part / whole : NaN);
const percent = (number) => (Number.isNaN(number) ? '     -' : (number * 100).toFixed(1).padStart(6));

function figures(judged) {
  const wanted = judged.filter((one) => one.spans.length);
  const clean = judged.filter((one) => !one.spans.length);
  const found = wanted.filter((one) => one.found).length;
  const wrong = judged.filter((one) => one.wrong > 0).length;
  return {
    wanted: wanted.length,
    clean: clean.length,
    recall: share(found, wanted.length),
    strict: share(wanted.filter((one) => one.strict).length, wanted.length),
    flagged: share(clean.filter((one) => one.flagged).length, clean.length),
    precision: share(found, found + wrong)
  };
}

function line(label, {wanted, clean, recall, strict, flagged, precision}) {
  return `${label.padEnd(34)} ${String(wanted).padStart(5)} ${percent(recall)} ${percent(strict)} ` +
      `${String(clean).padStart(6)} ${percent(flagged)} ${percent(precision)}`;
}

function show(text) {
  const flat = JSON.stringify(text);
  return flat.length > 260 ? `${flat.slice(0, 257)}...` : flat;
}

function around(sample) {
  const bytes = Buffer.from(sample.text);
  return sample.findings.slice(0, 4)
      .map(
          (finding) => `${finding.type}(${finding.confidence}) ${
                           show(bytes.subarray(finding.start, finding.end).toString())} in ` +
              show(bytes.subarray(Math.max(0, finding.start - 50), finding.end + 20).toString()))
      .join('\n      ');
}

function tellMisses(judged, most) {
  const missed = judged.filter((one) => one.spans.length && !one.found);
  const alarms = judged.filter((one) => one.wrong > 0);
  const some = (list) =>
      (list.length > most ? Array.from({length: most}, (_, i) => list[Math.floor((i * list.length) / most)]) : list);
  for (const one of some(missed))
    console.log(
        `  missed ${one.kind}: ${show(one.text)}${one.otherwise.map((x) => ` [as ${x.class} ${x.type}]`).join('')}`);
  for (const one of some(alarms))
    console.log(`  alarm ${one.kind}${one.path ? ` ${one.path}` : ''}:\n      ${around(one)}`);
}

function tellSet(title, judged, values) {
  const kinds = [...new Set(judged.map((one) => one.kind))];
  console.log(`\n${title}\n${'kind'.padEnd(34)}  want recall strict  clean  flag%  prec%`);
  for (const kind of kinds) {
    const here = figures(judged.filter((one) => one.kind === kind));
    if (values.all || here.recall < 1 || here.flagged > 0 || here.precision < 1) console.log(line(kind, here));
  }
  console.log(line('ALL', figures(judged)));
  const clean = judged.filter((one) => !one.spans.length);
  const types = {};
  for (const one of clean)
    for (const type of new Set(one.all.map((x) => `${x.class} ${x.type}`))) types[type] = (types[type] ?? 0) + 1;
  const told =
      Object.entries(types).sort((x, y) => y[1] - x[1]).map(([
                                                              type, n
                                                            ]) => `${type} ${((n * 100) / clean.length).toFixed(2)}`);
  if (told.length) console.log(`  share of clean samples with each type (%): ${told.join(', ')}`);
}

function options() {
  return parseArgs({
    options: {
      program: {type: 'string', default: process.env.REEVE_PROGRAM ?? 'build/reeve'},
      seed: {type: 'string', default: '1'},
      set: {type: 'string', default: ''},
      misses: {type: 'string', default: '0'},
      scale: {type: 'string', default: '4'},
      tree: {type: 'string', multiple: true, default: []},
      all: {type: 'boolean'},
      json: {type: 'boolean'},
      floors: {type: 'boolean'}
    }
  }).values;
}

// What a set's figures fall short of.
function shortfalls(name, reached) {
  const {recall = 0, precision = 0, flagged = 1} = sets[name];
  const out = [];
  if (reached.recall < recall) out.push(`${name}: recall ${reached.recall}, wanted ${recall}`);
  if (reached.precision < precision) out.push(`${name}: precision ${reached.precision}, wanted ${precision}`);
  if (reached.flagged > flagged) out.push(`${name}: flagged ${reached.flagged}, at most ${flagged}`);
  return out;
}

function main() {
  const values = options();
  const wanted = values.set ? values.set.split(',') : Object.keys(sets);
  const summary = {};
  const made = wanted.map((name) => sets[name].make(chanceOf(values.seed, name), Number(values.scale), values.tree));
  const answers = scan(values.program, made.flat());
  for (const [i, name] of wanted.entries()) {
    const found = answers.splice(0, made[i].length);
    const judged = made[i].map((sample, at) => judge(sample, found[at], sets[name]));
    summary[name] = figures(judged);
    if (!values.json) tellSet(`${name}: ${sets[name].title}`, judged, values);
    if (Number(values.misses)) tellMisses(judged, Number(values.misses));
  }
  if (values.json)
    console.log(JSON.stringify(summary));
  else {
    console.log(`\n${'set'.padEnd(34)}  want recall strict  clean  flag%  prec%`);
    for (const [name, one] of Object.entries(summary)) console.log(line(`${name} ${sets[name].title}`, one));
  }
  const below = values.floors ? wanted.flatMap((name) => shortfalls(name, summary[name])) : [];
  if (below.length) {
    console.error(below.join('\n'));
    process.exitCode = 1;
  }
}

main();
