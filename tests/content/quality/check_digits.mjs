// The check algorithms of the identifiers of set d, written from their public definitions.
import {createHash} from 'node:crypto';

import {bech32} from './tokens.mjs';

export const weighted = (text, weights) => weights.reduce((sum, weight, i) => sum + weight * Number(text[i]), 0);
export const falling = (from, to) => Array.from({length: from - to + 1}, (_, i) => from - i);

export function luhn(text) {
  const sum = [...text].reverse().reduce((total, x, i) => {
    const doubled = i % 2 === 0 ? Number(x) * 2 : Number(x);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return String((10 - (sum % 10)) % 10);
}

export function mod11of10(text) {
  let product = 10;
  for (const x of text) {
    const sum = (Number(x) + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return String((11 - product) % 10);
}

const asNumbers = (text) => [...text].map((x) => parseInt(x, 36)).join('');
export const mod97 = (text) => String(98n - (BigInt(asNumbers(text) + '00') % 97n)).padStart(2, '0');

export function iban(country, account) { return country + mod97(account + country) + account; }

export const isin = (body) => body + luhn(asNumbers(body));

export function cusip(body) {
  const sum = [...body].reduce((total, x, i) => {
    const value = parseInt(x, 36) * (i % 2 ? 2 : 1);
    return total + Math.floor(value / 10) + (value % 10);
  }, 0);
  return body + ((10 - (sum % 10)) % 10);
}

export function sedol(body) {
  const sum = [1, 3, 1, 7, 3, 9].reduce((total, weight, i) => total + weight * parseInt(body[i], 36), 0);
  return body + ((10 - (sum % 10)) % 10);
}

export function verhoeff(text) {
  const d = (a, b) =>
      (a < 5     ? (b < 5 ? (a + b) % 5 : ((a + b - 5) % 5) + 5) :
           b < 5 ? ((a - 5 - b + 5) % 5) + 5 :
                   (a - b + 5) % 5);
  const once = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
  const permute = (value, times) => (times ? permute(once[value], times - 1) : value);
  let check = 0;
  [...text].reverse().forEach((x, i) => {
    check = d(check, permute(Number(x), (i + 1) % 8));
  });
  return String([0, 4, 3, 2, 1, 5, 6, 7, 8, 9][check]);
}

export function icao(text) {
  return String([...text].reduce((sum, x, i) => sum + parseInt(x, 36) * [7, 3, 1][i % 3], 0) % 10);
}

export function codiceFiscale(body) {
  const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
  const value = (x) => (/\d/.test(x) ? Number(x) : x.charCodeAt(0) - 65);
  const sum = [...body].reduce((total, x, i) => total + (i % 2 === 0 ? odd[value(x)] : value(x)), 0);
  return body + String.fromCharCode(65 + (sum % 26));
}

export function gstin(body) {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const sum = [...body].reduce((total, x, i) => {
    const product = alphabet.indexOf(x) * (i % 2 ? 2 : 1);
    return total + Math.floor(product / 36) + (product % 36);
  }, 0);
  return body + alphabet[(36 - (sum % 36)) % 36];
}

export function vin(body) {
  const values = '0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ';
  const value = (x) => (x < 'A' ? Number(x) : {
    A: 1,
    B: 2,
    C: 3,
    D: 4,
    E: 5,
    F: 6,
    G: 7,
    H: 8,
    J: 1,
    K: 2,
    L: 3,
    M: 4,
    N: 5,
    P: 7,
    R: 9,
    S: 2,
    T: 3,
    U: 4,
    V: 5,
    W: 6,
    X: 7,
    Y: 8,
    Z: 9
  }[x]);
  const weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
  const sum =
      [...body].reduce((total, x, i) => total + (weights[i] && values.includes(x) ? weights[i] * value(x) : 0), 0);
  return body.slice(0, 8) + '0123456789X'[sum % 11] + body.slice(9);
}

export function bitcoin(hash) {
  const payload = Buffer.concat([Buffer.from([0]), hash]);
  const sha = (bytes) => createHash('sha256').update(bytes).digest();
  let number = BigInt('0x' + Buffer.concat([payload, sha(sha(payload)).subarray(0, 4)]).toString('hex'));
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let out = '';
  for (; number > 0n; number /= 58n) out = alphabet[Number(number % 58n)] + out;
  return '1' + out;
}

export function segwit(hash) {
  const bits = [...hash].map((b) => b.toString(2).padStart(8, '0')).join('');
  return bech32('bc', [0, ...bits.match(/.{5}/g).map((five) => parseInt(five, 2))]);
}

export function curp(body) {
  const alphabet = '0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ';
  const sum = [...body].reduce((total, x, i) => total + alphabet.indexOf(x) * (18 - i), 0);
  return body + ((10 - (sum % 10)) % 10);
}

export function socialCredit(body) {
  const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';
  let weight = 1;
  let sum = 0;
  for (const x of body) {
    sum += alphabet.indexOf(x) * weight;
    weight = (weight * 3) % 31;
  }
  return body + alphabet[(31 - (sum % 31)) % 31];
}
