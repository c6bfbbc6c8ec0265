// What looks like identifiers and is none.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { two } from './random.mjs';

const hex = (r, count) => r.from('0123456789abcdef', count);
const uuid = (r) => [8, 4, 4, 4, 12].map((n) => hex(r, n)).join('-');

const day = (r) => r.int(2015, 2025) + two(r.int(1, 12)) + two(r.int(1, 28));
const time = (r, between) => [r.int(0, 23), r.int(0, 59), r.int(0, 59)].map(two).join(between);

export const hardNegatives = [
  (r) => `"timestamp": ${r.int(1500000000, 1800000000)}${r.digits(3)}`,
  (r) => `ts=${r.int(1500000000, 1800000000)} level=info`,
  (r) => `commit ${hex(r, 40)}\n`, (r) => `id: ${uuid(r)}`, (r) => `sha256:${hex(r, 64)}`,
    (r) => `md5 = "${hex(r, 32)}"`,
  (r) => `order number ${r.digits(10)} shipped`, (r) => `Tracking: 1Z${r.from('0123456789ABCDEFGH', 16)}`,
    (r) => `order_id: ${r.digits(r.int(8, 16))}`, (r) => `ticket #${r.digits(9)}`,
  (r) => `version ${r.int(1, 20)}.${r.int(0, 40)}.${r.int(0, 20)}.${r.int(0, 20)}`,
    (r) => `x = ${r.int(0, 9)}.${r.digits(16)};`,
    (r) => `{"lat": ${r.int(-89, 89)}.${r.digits(6)}, "lng": ${r.int(-179, 179)}.${r.digits(6)}}`,
  (r) => `const MASK = 0x${hex(r, 16)};`, (r) => `[${Array.from({ length: 8 }, () => r.digits(9)).join(', ')}]`,
    (r) => `[${Array.from({ length: 6 }, () => r.digits(11)).join(', ')}]`,
  (r) => `backup-${day(r)}-${time(r, '')}.tar`,
  (r) => `d="M${r.int(1, 99)}.${r.digits(3)} ${r.int(1, 99)}.${r.digits(3)}l1.${r.digits(2)}-0.${r.digits(2)}"`,
  (r) => `snowflake ${r.int(100000000, 999999999)}${r.digits(9)}`,
    (r) => `invoice INV-${r.int(2015, 2025)}-${r.digits(6)}`,
    (r) => `SKU ${r.letters(3)}-${r.digits(5)}-${r.letters(2)}`,
  (r) => `Date: ${r.int(2000, 2030)}-${two(r.int(1, 12))}-${two(r.int(1, 28))} ${time(r, ':')}`,
  (r) => `0000${hex(r, 4)}: ${Array.from({ length: 8 }, () => hex(r, 4)).join(' ')}`,
    (r) => `integrity sha512-${r.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 86)}==`,
    (r) => `--color: #${hex(r, 6)}; margin: ${r.int(1, 99)}px ${r.int(1, 99)}px`,
  (r) => `seed: ${r.digits(10)}`, (r) => `expect(sum).toBe(${r.digits(r.int(6, 12))})`,
    (r) => `ISBN 978-${r.int(0, 9)}-${r.digits(3)}-${r.digits(5)}-${r.int(0, 9)}`,
    (r) => `pid ${r.int(1000, 99999)} took ${r.digits(6)} ns of ${r.digits(12)}`,
    (r) => `listening on 127.0.0.1:${r.int(1024, 65000)}`,
  (r) => `git clone git@github.com:${r.pick(['acme', 'widgets'])}/repo.git`,
    (r) => `npm i @types/node@${r.int(1, 20)}.${r.int(0, 20)}.${r.int(0, 9)}`,
    (r) => `part no. ${r.digits(3)}-${r.digits(4)}`, (r) => `Parcel ${r.digits(12)} is on its way`,
    (r) => `{"bytes": ${r.digits(11)}, "blocks": ${r.digits(9)}}`,
];

/** One digit wrong, in the same place and words as a right one. */
export const wrongDigit = (r, value) => {
  const places = [...value].map((c, i) => (c >= '0' && c <= '9' ? i : -1)).filter((i) => i >= 0);
  const at = places[places.length - 1];
  return value.slice(0, at) + ((Number(value[at]) + r.int(1, 8)) % 10) + value.slice(at + 1);
};

const isText = (name) =>
  /\.(js|mjs|cjs|ts|tsx|css|json|h|hpp|c|cpp|py|pl|sh|rb|go|java|html|map|lock|svg|cmake|m4)$/.test(name);
/** Windows of files that stand on any machine of this kind: packages, headers, scripts. */
export const codeWindows = (r, roots, count) => {
  const files = [];
  const walk = (folder, depth) => {
    let names = [];
    try { names = readdirSync(folder).sort(); } catch { return; }
    for (const name of names) {
      const path = `${folder}/${name}`;
      let stat;
      try { stat = statSync(path); } catch { continue; }
      if (stat.isDirectory() && depth < 7 && files.length < 30000) walk(path, depth + 1);
      else if (stat.isFile() && stat.size > 400 && stat.size < 2e6 && isText(name)) files.push(path);
    }
  };
  for (const root of roots) walk(root, 0);
  const windows = [];
  for (let i = 0; files.length > 0 && windows.length < count && i < count * 4; ++i) {
    const path = r.pick(files);
    const text = readFileSync(path, 'utf8');
    if (text.includes('\ufffd')) continue;
    const from = r.int(0, Math.max(0, text.length - 1500));
    windows.push({ text: text.slice(from, from + 1500), path });
  }
  return windows;
};
