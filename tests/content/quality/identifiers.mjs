// Set d: identifiers with check digits, beside their names in prose, tables and code; and numbers that only look so.
import './identifiers_europe.mjs';
import './identifiers_world.mjs';

import {alnum, first, kinds, two} from './identifier_forms.mjs';
import {digits, hexadecimal, lower, negative, positive, upper} from './sample.mjs';

// Changes the check character to another one of its kind.
function spoiled(c, text, at) {
  const i = at < 0 ? text.length + at : at;
  const x = text[i];
  const another =
      /\d/.test(x) ? (Number(x) + c.between(1, 8)) % 10 : c.pick([...upper].filter((y) => y !== x.toUpperCase()));
  return text.slice(0, i) + (/[a-z]/.test(x) ? String(another).toLowerCase() : another) + text.slice(i + 1);
}

const plain = (name) => name.normalize('NFD').replace(/[\u0300-\u036f]/g, '').normalize('NFC');
const key = (name) => plain(name).replace(/[^\p{L}\p{N}]+/gu, '_').toLowerCase();
const frames = [
  (n) => `my ${n} is {}, please update the file`, (n) => `${n}: {}`, (n) => `"${key(n)}": "{}"`,
  (n) => `id,${key(n)},city\n12,{},Oslo\n`, (n) => `${key(n)} = "{}"`, (n) => `The ${n} {} was rejected by the form.`,
  (n) => `const customer = { ${/ ^[a - z_] /.test(key(n)) ? key(n) : 'id'}: '{}' }; // ${n}`,
  (n) => `INSERT INTO people (name, ${key(n)}) VALUES ('x', '{}');`, (n) => `<td>${n}</td><td>{}</td>`,
  (n) => `${n} {}`, (n) => `${key(n)}={}&ok=1`, (n) => `- ${n}: {}`
];

export function identifierSamples(c, perKind, from = kinds) {
  const out = [];
  for (const [kind, [names, make, ...rest]] of Object.entries(from)) {
    const ways = rest.filter((one) => typeof one === 'function');
    for (let i = 0; i < perKind * 2; i++) {
      const plain = make(c);
      const value = ways.length && c.true() ? c.pick(ways)(plain) : plain;
      out.push(positive(kind, c.pick(frames)(c.pick(names)), value));
    }
  }
  return out;
}

const around = [
  'id={}', '"ref": {},', 'order {}', '{}', 'x,{},y', 'const id = "{}";', 'row {} updated', 'key: {}', 'seq {} of 900',
  'total {}'
];
const numbers = {
  timestamp: (c) => String(1600000000 + c.below(2e8)),
  milliseconds: (c) => String(1600000000000 + c.below(2e11)),
  microseconds: (c) => `${1600000000 + c.below(2e8)}${c.digits(6)}`,
  nanoseconds: (c) => `${1600000000 + c.below(2e8)}${c.digits(9)}`,
  'random-9': (c) => first(c, 9),
  'random-10': (c) => first(c, 10),
  'random-11': (c) => first(c, 11),
  'random-12': (c) => first(c, 12),
  'random-13': (c) => first(c, 13),
  'random-14': (c) => first(c, 14),
  'random-18': (c) => first(c, 18),
  'random-16': (c) => c.pick('012789') + c.digits(15),
  uuid: (c) => c.uuid(),
  'digit-uuid': (c) => `${c.digits(8)}-${c.digits(4)}-4${c.digits(3)}-9${c.digits(3)}-${c.digits(12)}`,
  hex: (c) => c.from(hexadecimal, c.pick([8, 12, 16, 24, 32, 40])),
  'order-number': (c) => `ORD-${c.digits(4)}-${c.digits(6)}`,
  float: (c) => `${c.digits(2)}.${c.digits(c.between(9, 16))}`,
  version: (c) => `${c.digits(1)}.${c.digits(2)}.${c.digits(4)}`,
  'date-time': (c) => `20${c.between(10, 25)}${two(c.between(1, 12))}${two(c.between(1, 28))}${two(c.between(0, 23))}${
      two(c.between(0, 59))}${two(c.between(0, 59))}`,
  tracking: (c) => `1Z${c.from(alnum, 16)}`,
  isbn: (c) => `978${c.digits(10)}`,
  snowflake: (c) => `1${c.digits(18)}`,
  account: (c) => `AC${c.digits(8)}`,
  ticket: (c) => `${c.from(upper, 3)}-${c.digits(5)}`,
  coordinates: (c) => `${c.digits(2)}.${c.digits(7)},${c.digits(2)}.${c.digits(7)}`,
  'phone-like': (c) => `${c.digits(3)}-${c.digits(3)}-${c.digits(3)}`,
  'issue-word': (c) => `${c.from(lower, 4)}${c.digits(9)}`,
  'object-id': (c) => c.hex(24),
  part: (c) => `PN ${c.digits(3)}-${c.digits(2)}-${c.digits(3)}`,
  bigint: (c) => `${first(c, 17)}n`,
};

export function hardNumbers(c, perKind, from = kinds) {
  const out = [];
  for (const [kind, [names, make, ...rest]] of Object.entries(from)) {
    const ways = rest.filter((one) => typeof one === 'function');
    const {at = -1, bad, only} = rest.find((one) => typeof one === 'object') ?? {};
    for (let i = 0; i < perKind && !only; i++) {
      const plain = bad ? bad(make(c)) : spoiled(c, make(c), at);
      out.push(negative(
          `wrong-${kind}`,
          c.pick(frames)(c.pick(names)).replace('{}', ways.length && c.true() ? c.pick(ways)(plain) : plain)));
    }
  }
  for (const [kind, make] of Object.entries(numbers))
    for (let i = 0; i < perKind * 3; i++) out.push(negative(kind, c.pick(around).replace('{}', make(c))));
  return out;
}
