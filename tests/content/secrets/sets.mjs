// The development sets, by class: each sample is a text and the spans of its secrets (none: nothing may be found).

import { Chance } from './random.mjs';
import { SHAPED, NAMED, named, password } from './tokens.mjs';
import { ASSIGNMENTS, PLACES, KEYS, place } from './contexts.mjs';
import { lookalike, clean } from './lookalikes.mjs';
import { BASE62, BASE64, BASE64URL, HEX } from './random.mjs';

function sample(kind, label, text, value) {
  const at = value === undefined ? -1 : text.indexOf(value);
  if (value !== undefined && at < 0) throw new Error(`the value is not in its text: ${label}`);
  const start = value === undefined ? 0 : Buffer.byteLength(text.slice(0, at));
  const spans = value === undefined ? [] : [[start, start + Buffer.byteLength(value)]];
  return { kind, label, text, spans };
}

function shaped(c) {
  const name = c.pick(Object.keys(SHAPED));
  const value = SHAPED[name](c);
  const alone = /\n|^Authorization|^SSWS|^\w+\+?\w*:\/\/|=/.test(value);
  const words = [...name.split(/[ -]/).map((w) => w.replace(/\W/g, '')), c.pick(['token', 'key', 'secret'])];
  const text = alone ? `${c.pick(['', 'value: ', '# '])}${value}` : place(c, c.pick(PLACES), words, value);
  return sample('shaped', name, text, value);
}

function vendor(c) {
  const name = c.pick(Object.keys(NAMED));
  const value = named(c, name);
  const endings = [['api', 'key'], ['token'], ['secret'], ['access', 'token'], ['client', 'secret'], ['key']];
  const words = [name, ...c.pick(endings)];
  return sample('named', name, place(c, c.pick(ASSIGNMENTS), words, value), value);
}

/// Lines of code with a secret in them that no provider's shape tells.
function assigned(c) {
  const kind = c.pick(Object.keys(KEYS));
  const words = c.pick(KEYS[kind]);
  const generated = () => {
    switch (c.below(6)) {
      case 0: return c.text(HEX, c.pick([16, 32, 40, 64]));
      case 1: return c.text(BASE62, c.between(16, 48));
      case 2: return c.text(BASE64, c.pick([22, 32, 43])) + c.below(10);
      case 3: return 'x' + c.text(BASE64URL, c.between(18, 40)) + c.below(10);
      case 4: return c.uuid();
      default: return c.text(BASE62, c.between(10, 15)) + c.below(10);
    }
  };
  const value = kind === 'password' || c.chance(0.15) ? password(c) : generated();
  return sample('assigned', kind, place(c, c.pick(ASSIGNMENTS), words, value), value);
}

/// What a set holds; the order is fixed by the seed.
export function makeSet(seed, size) {
  const c = new Chance(seed);
  const samples = [];
  for (let i = 0; i < size; i += 1) {
    samples.push(shaped(c), vendor(c), assigned(c));
    samples.push({ kind: 'lookalike', label: 'line', text: lookalike(c), spans: [] });
    if (i % 3 === 0) samples.push({ kind: 'clean', label: 'text', text: clean(c), spans: [] });
  }
  return samples.map((entry, index) => ({ id: String(index), ...entry }));
}
