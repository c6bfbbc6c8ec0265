// Runs `reeve scan --jsonl` over sets made from a seed and reports, kind by kind, what was found and what was flagged
// that is nothing.
//
//   node generate.mjs --reeve build/reeve [--seed 1] [--count 40] [--misses] [--floors]
//
// Sets that nobody looks into line by line should be the ones that count: look at misses of one seed, and at the
// totals of another.

import { spawnSync } from 'node:child_process';
import { Random } from './random.mjs';
import { grouped } from './check_sums.mjs';
import { europe } from './europe.mjs';
import { elsewhere } from './elsewhere.mjs';
import { business } from './business.mjs';
import { labels, layouts } from './labels.mjs';
import * as contexts from './contexts.mjs';
import { codeWindows, hardNegatives, wrongDigit } from './negatives.mjs';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const flag = (name) => process.argv.includes(`--${name}`);
const reeve = option('reeve', process.env.REEVE_PROGRAM ?? 'build/reeve');
const detectors = option('detectors', undefined);
const seed = Number(option('seed', 1)), count = Number(option('count', 40));
const r = new Random(seed);
const cases = [];  // {kind, text, start, end}: with a value, or without one: nothing may be found

const add = (kind, [text, at], value) => {
  const start = Buffer.byteLength(text.slice(0, at));
  cases.push({ kind, text, start, end: start + Buffer.byteLength(value) });
};
const identifiers = { ...europe, ...elsewhere, ...business };
for (const [id, make] of Object.entries(identifiers)) {
  for (let i = 0; i < count; ++i) {
    const bare = make(r);
    const layout = layouts[id] && r.chance(0.5) ? r.pick(layouts[id]) : undefined;
    let value = layout && layout.replace(/\D/g, ' ').split(' ').reduce((a, b) => a + Number(b),
      0) === bare.length ? grouped(bare, layout) : bare;
    if (id === 'iban' && r.chance(0.5)) value = bare.replace(/(.{4})(?=.)/g, '$1 ');
    if (id === 'credit-card' && bare.length === 16 && r.chance(0.5)) value = bare.replace(/(.{4})(?=.)/g,
      `$1${r.pick([' ', '-'])}`);
    if (id === 'cl-rut' && r.chance(0.6)) value = bare.slice(0, -1).replace(/\B(?=(\d{3})+(?!\d))/g,
      '.') + '-' + bare.slice(-1);
    if (id === 'se-personnummer' && r.chance(0.6)) value = bare.slice(0, -4) + '-' + bare.slice(-4);
    if (id === 'hk-identity-card' && r.chance(0.5)) value = `${bare.slice(0, 7)}(${bare.slice(7)})`;
    const context = r.pick(contexts.identifierContexts);
    add(`identifier ${id}`, context(r, r.pick(labels[id]), value), value);
    const unchecked = ['us-ssn', 'us-itin', 'in-pan', 'id-nik', 'my-nric', 'pk-cnic', 'eg-national-id',
      'dk-cpr-number', 'uk-national-insurance-number', 'uk-driving-licence',
      'us-medicare-number', 'ca-quebec-health-number', 'is-kennitala', 'au-medicare-number', 'ca-business-number',
        'br-cnpj', 'kr-resident-number'];
    if (!unchecked.includes(id) && i % 4 === 0) {
      const wrong = wrongDigit(r, value);
      cases.push({ kind: 'negative: wrong check digit', text: context(r, r.pick(labels[id]), wrong)[0], id });
    }
  }
}
const kinds = { person: [contexts.person, contexts.personContexts], address: [contexts.address,
  contexts.addressContexts], email: [contexts.mail, contexts.mailContexts],
  phone: [contexts.phone, contexts.phoneContexts], ip: [contexts.ip, contexts.ipContexts], birth: [contexts.birth,
    contexts.birthContexts] };
for (const [kind, [make, forms]] of Object.entries(kinds)) {
  for (let i = 0; i < count * 10; ++i) {
    const made = make(r);
    const [text, at] = r.pick(forms)(r, made);
    add(kind, [text, at], text.slice(at, at + 1));
    cases[cases.length - 1].whole = true;
  }
}
for (let i = 0; i < count * 40; ++i) cases.push({ kind: 'negative: look-alike', text: r.pick(hardNegatives)(r) });
for (const { text, path } of codeWindows(r, option('code',
  '/usr/include:/usr/share:/usr/lib/node_modules').split(':'), count * 40)) {
  cases.push({ kind: 'negative: code window', text, path });
}

const run = spawnSync(reeve, ['scan', '--jsonl', ...(detectors ? ['--detectors', detectors] : [])],
  { input: cases.map((one, id) => JSON.stringify({ id: String(id), text: one.text })).join('\n') + '\n',
    maxBuffer: 1 << 30 });
const lines = run.stdout.toString().trim().split('\n');
if (lines.length !== cases.length) {
  console.error(`reeve wrote ${lines.length} lines for ${cases.length}: ${run.stderr.toString().slice(0, 500)}`);
  process.exit(3);
}
const totals = new Map();
const misses = [];
for (const line of lines) {
  const { id, findings } = JSON.parse(line);
  const one = cases[Number(id)];
  const own = findings.filter((finding) => finding.confidence === undefined || finding.confidence >= 0.5);
  const total = totals.get(one.kind) ?? { all: 0, right: 0 };
  ++total.all;
  const right = one.start === undefined ? own.length === 0 : own.some((finding) => finding.start < one.end &&
    finding.end > one.start);
  if (right) ++total.right;
  else misses.push([one.kind, one.text, own, one.path, one.id]);
  totals.set(one.kind, total);
}
const share = ({ all, right }) => ((100 * right) / all).toFixed(2);
const sum = { all: 0, right: 0 };
for (const [kind, total] of totals) {
  if (!kind.startsWith('identifier ')) { console.log(`${kind.padEnd(34)} ${share(total)} % of ${total.all}`);
    continue; }
  sum.all += total.all;
  sum.right += total.right;
  if (total.right < total.all) console.log(`${kind.padEnd(44)} ${share(total)} %`);
}
console.log(`${'identifiers'.padEnd(34)} ${share(sum)} % of ${sum.all}`);
totals.set('identifiers', sum);
if (flag('misses')) for (const miss of misses) console.log(JSON.stringify(miss[0].startsWith('negative: code')
  ? [miss[0], miss[2].map((f) => [f.type, Buffer.from(miss[1]).subarray(f.start - 25, f.end + 15).toString()]),
  miss[3]] : miss));
if (flag('floors')) {
  const floors = { identifiers: 97, email: 97, phone: 97, ip: 97, person: 70, address: 70, birth: 90,
    'negative: wrong check digit': 98, 'negative: look-alike': 99, 'negative: code window': 98 };
  const low = Object.entries(floors).filter(([kind,
    floor]) => totals.has(kind) && Number(share(totals.get(kind))) < floor);
  for (const [kind, floor] of low) console.error(`${kind}: ${share(totals.get(kind))} % is less than ${floor} %`);
  process.exit(low.length > 0 ? 1 : 0);
}
