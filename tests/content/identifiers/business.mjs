// Valid cards, accounts, securities and device numbers.

import { createHash } from 'node:crypto';
import { luhnDigit, rest, withLuhn } from './check_sums.mjs';

const ibanOf = (country, body) => country + String(98 - rest(body + country + '00', 97)).padStart(2, '0') + body;
const base58 = (version, r) => {
  const body = Buffer.from([version, ...Array.from({ length: 20 }, () => r.int(0, 255))]);
  const hash = (bytes) => createHash('sha256').update(bytes).digest();
  let number = BigInt('0x' + Buffer.concat([body, hash(hash(body)).subarray(0, 4)]).toString('hex'));
  let text = '';
  for (; number > 0n; number /= 58n) text = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'[Number(
    number % 58n)] + text;
  return (version === 0 ? '1' : '') + text;
};
const value36 = (c) => (c >= '0' && c <= '9' ? Number(c) : c.charCodeAt(0) - 55);

export const business = {
  'credit-card': (r) => r.pick([
    () => withLuhn('4' + r.digits(14)),
    () => withLuhn('5' + r.int(1, 5) + r.digits(13)),
    () => withLuhn('3' + r.pick('47') + r.digits(12)),
    () => withLuhn('6011' + r.digits(11)),
    () => withLuhn('36' + r.digits(11)),
    () => withLuhn('3530' + r.digits(11)),
    () => withLuhn('2' + r.int(223, 719) + r.digits(11)),
  ])(),
  iban: (r) => r.pick([
    () => ibanOf('DE', r.digits(18)), () => ibanOf('FR', r.digits(10) + r.from('0123456789ABCDEFGH',
      11) + r.digits(2)),
    () => ibanOf('GB', r.letters(4) + r.digits(14)), () => ibanOf('NL', r.letters(4) + r.digits(10)),
    () => ibanOf('ES', r.digits(20)), () => ibanOf('IT', r.letters(1) + r.digits(22)), () => ibanOf('PL',
      r.digits(24)),
    () => ibanOf('CH', r.digits(17)), () => ibanOf('SE', r.digits(20)), () => ibanOf('NO', r.digits(11)),
    () => ibanOf('SA', r.digits(20)), () => ibanOf('BR', r.digits(23) + 'C1'), () => ibanOf('MT',
      r.letters(4) + r.digits(23)),
  ])(),
  isin: (r) => {
    const body = r.pick(['US', 'DE', 'FR', 'GB', 'JP']) + r.digits(3) + r.from('0123456789ABCDEF', 2) + r.digits(4);
    return body + luhnDigit([...body].map(value36).join(''));
  },
  cusip: (r) => {
    const body = r.digits(3) + r.from('0123456789ABCDEFG', 3) + r.digits(2);
    const sum = [...body].reduce((total, c, i) => { const p = value36(c) * (i % 2 ? 2 : 1);
      return total + Math.floor(p / 10) + (p % 10); }, 0);
    return body + ((10 - (sum % 10)) % 10);
  },
  sedol: (r) => {
    const body = r.from('BCDFGHJKLMNPQRSTVWXYZ', 1) + r.from('0123456789BCDFGHJK', 5);
    return body + ((10 - ([1, 3, 1, 7, 3, 9].reduce((sum, w, i) => sum + w * value36(body[i]), 0) % 10)) % 10);
  },
  'legal-entity-identifier': (r) => {
    const body = r.pick(['5493', '5299', '2138']) + '00' + r.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', 12);
    return body + String(98 - rest(body + '00', 97)).padStart(2, '0');
  },
  'bitcoin-address': (r) => base58(r.pick([0, 5]), r),
  imei: (r) => withLuhn('35' + r.digits(12)),
  iccid: (r) => withLuhn('89' + r.pick(['49', '44', '33', '01']) + r.digits(14)),
  vin: (r) => {
    const alphabet = 'ABCDEFGHJKLMNPRSTUVWXYZ0123456789';
    const plain = r.pick(['1HG', '5YJ', '1FT', 'JHM', '2T1']) + r.from(alphabet, 5) + '0' + r.from(alphabet,
      3) + 'A' + r.digits(4);
    const number = (c) => (c >= '0' && c <= '9' ? Number(c) : [1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9,
      2, 3, 4, 5, 6, 7, 8, 9][c.charCodeAt(0) - 65]);
    const left = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2].reduce((sum, w,
      i) => sum + w * number(plain[i]), 0) % 11;
    return plain.slice(0, 8) + (left === 10 ? 'X' : left) + plain.slice(9);
  },
};
