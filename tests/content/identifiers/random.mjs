// A seeded source of choices, so that a set can be made again from its seed.

export class Random {
  constructor(seed) {
    this.state = (seed * 2654435761 + 12345) >>> 0;
  }
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  int(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }
  pick(list) {
    return list[this.int(0, list.length - 1)];
  }
  chance(share) {
    return this.next() < share;
  }
  from(alphabet, count) {
    let text = '';
    for (let i = 0; i < count; ++i) text += alphabet[this.int(0, alphabet.length - 1)];
    return text;
  }
  digits(count) {
    return this.from('0123456789', count);
  }
  letters(count) {
    return this.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ', count);
  }
  /** A day of birth: [year, month, day] as numbers. */
  birthday(first = 1940, last = 2006) {
    return [this.int(first, last), this.int(1, 12), this.int(1, 28)];
  }
}

export const two = (number) => String(number).padStart(2, '0');
