// A seeded source of chance, so that a set is the same wherever it is made.

export const LOWER = 'abcdefghijklmnopqrstuvwxyz';
export const UPPER = LOWER.toUpperCase();
export const DIGITS = '0123456789';
export const HEX = '0123456789abcdef';
export const BASE62 = DIGITS + UPPER + LOWER;
export const BASE64 = BASE62 + '+/';
export const BASE64URL = BASE62 + '-_';
export const BASE32 = UPPER + '234567';

export class Chance {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(limit) {
    return Math.floor(this.next() * limit);
  }

  between(from, to) {
    return from + this.below(to - from + 1);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  text(alphabet, length) {
    let out = '';
    for (let i = 0; i < length; i += 1) out += alphabet[this.below(alphabet.length)];
    return out;
  }

  bytes(count) {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }

  uuid() {
    const hex = this.text(HEX, 32).split('');
    hex[12] = '4';
    hex[16] = '89ab'[this.below(4)];
    const h = hex.join('');
    return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join('-');
  }

  chance(share) {
    return this.next() < share;
  }
}
