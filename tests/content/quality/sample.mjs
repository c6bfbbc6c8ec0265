// What the acceptance sets share: a seeded source of chance, and samples with the spans that must be found.

export const digits = '0123456789';
export const lower = 'abcdefghijklmnopqrstuvwxyz';
export const upper = lower.toUpperCase();
export const letters = lower + upper;
export const base62 = digits + upper + lower;
export const hexadecimal = digits + 'abcdef';
export const base64 = letters + digits + '+/';
export const base64url = letters + digits + '-_';
export const base32 = upper + '234567';

export class Chance {
  constructor(seed) {
    this.state = (seed * 2654435761) >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  below(n) { return Math.floor(this.next() * n); }
  between(low, high) { return low + this.below(high - low + 1); }
  pick(list) { return list[this.below(list.length)]; }
  true(share = 0.5) { return this.next() < share; }
  from(alphabet, n) {
    let out = '';
    for (let i = 0; i < n; i++) out += alphabet[this.below(alphabet.length)];
    return out;
  }
  digits(n) { return this.from(digits, n); }
  hex(n) { return this.from(hexadecimal, n); }
  b62(n) { return this.from(base62, n); }
  b64(n) { return this.from(base64, n); }
  b64u(n) { return this.from(base64url, n); }
  uuid() {
    return [this.hex(8), this.hex(4), '4' + this.hex(3), this.pick('89ab') + this.hex(3), this.hex(12)].join('-');
  }
  bytes(n) { return Buffer.from(Array.from({length: n}, () => this.below(256))); }
}

// A sample to find: `frame` holds {} where `value` goes; the span is that of the value unless `part` of it is given.
export function positive(kind, frame, value, part = value) {
  const at = frame.indexOf('{}');
  const text = frame.slice(0, at) + value + frame.slice(at + 2);
  const first = at + value.indexOf(part);
  const start = Buffer.byteLength(text.slice(0, first));
  return {kind, text, spans: [{start, end: start + Buffer.byteLength(part)}]};
}

// A sample in which nothing of the set's kind may be found.
export function negative(kind, text) { return {kind, text, spans: []}; }

export function shuffled(chance, list) {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = chance.below(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}
