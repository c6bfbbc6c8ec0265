// Makes src/content/rarity_table.h: how unexpected a letter is after the two before it, in words and identifiers.
//
//   node tools/rarity/make_table.mjs WORDS HEADERS > src/content/rarity_table.h
//
// WORDS is a word list, one a line: american-english of Debian's package wamerican (SCOWL, free to use with notice).
// HEADERS is a folder of C and C++ headers, whose identifiers are taken apart into words: /usr/include.
// Only counts of letter triples leave this script; no word does.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const [wordFile, headerFolder] = process.argv.slice(2);
const kSymbols = 27; // 0: the border of a word; 1 to 26: letters, case aside
const counts = new Float64Array(kSymbols ** 3);

function add(word, weight) {
  let before = 0, last = 0;
  for (const c of [...word, '']) {
    const symbol = c === '' ? 0 : c.charCodeAt(0) - 96;
    counts[(before * kSymbols + last) * kSymbols + symbol] += weight;
    before = last;
    last = symbol;
  }
}

for (const word of readFileSync(wordFile, 'utf8').split('\n')) {
  const letters = word.toLowerCase().replace(/'s$/, '');
  if (/^[a-z]+$/.test(letters)) add(letters, 1);
}

const parts = new Map();
function read(folder, depth) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory() && depth < 6) read(path, depth + 1);
    if (!stat?.isFile() || stat.size > 300_000) continue;
    for (const [identifier] of readFileSync(path, 'latin1').matchAll(/[A-Za-z_]+/g)) {
      for (const [part] of identifier.matchAll(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g)) {
        const letters = part.toLowerCase();
        parts.set(letters, (parts.get(letters) ?? 0) + 1);
      }
    }
  }
}
read(headerFolder, 0);
for (const [part, count] of parts) if (count > 2) add(part, Math.min(20, 2 * Math.log2(count)));

// Costs in half bits, 0 to 25, one letter of the alphabet each. A triple never seen falls back to its pair.
const pairs = new Float64Array(kSymbols ** 2), singles = new Float64Array(kSymbols);
for (let i = 0; i < counts.length; ++i) {
  pairs[i % kSymbols ** 2] += counts[i];
  singles[i % kSymbols] += counts[i];
}
const total = singles.reduce((a, b) => a + b, 0);
const rowSum = (row) => counts.subarray(row * kSymbols, (row + 1) * kSymbols).reduce((a, b) => a + b, 0);
const pairRowSum = (row) => pairs.subarray(row * kSymbols, (row + 1) * kSymbols).reduce((a, b) => a + b, 0);
const lines = [];
for (let row = 0; row < kSymbols ** 2; ++row) {
  const sum = rowSum(row), pairSum = pairRowSum(row % kSymbols);
  let line = '';
  for (let next = 0; next < kSymbols; ++next) {
    const single = (singles[next] + 1) / (total + kSymbols);
    const pair = (pairs[(row % kSymbols) * kSymbols + next] + 5 * single) / (pairSum + 5);
    const triple = (counts[row * kSymbols + next] + 5 * pair) / (sum + 5);
    const cost = Math.max(0, Math.min(25, Math.round(-2 * Math.log2(triple))));
    line += String.fromCharCode(97 + cost);
  }
  lines.push(line);
}

console.log(`#pragma once

// Made by tools/rarity/make_table.mjs from the letter triples of an English word list (wamerican 2020.12.07, SCOWL) and
// of the identifiers in /usr/include; not written by hand. Private to the room.
//
// One character for each triple, by first, second and third letter (0: a word's border, 1 to 26: a to z): the cost of
// the third after the other two in half bits, 'a' for none.

namespace reeve::content {

inline constexpr char kTripleCosts[] =`);
for (let i = 0; i < lines.length; i += 4) {
  const end = i + 4 >= lines.length ? ';' : '';
  console.log(`    "${lines.slice(i, i + 4).join('')}"${end}`);
}
console.log(`
}  // namespace reeve::content`);
