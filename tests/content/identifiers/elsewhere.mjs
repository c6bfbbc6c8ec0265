// Valid identifiers of the Americas, Asia, Australia, Africa and the Middle East.

import { two } from './random.mjs';
import { dot, luhnDigit, until, verhoeffDigit, withLuhn } from './check_sums.mjs';
import { reuse } from './europe.mjs';

const { append, crossSum, eleven } = reuse;
const cpfDigit = (body, weights) => {
  const left = dot(body, weights) % 11;
  return String(left < 2 ? 0 : 11 - left);
};
const pan = (r) => r.letters(3) + r.pick('PCHFT') + r.letters(1) + String(r.int(1, 9999)).padStart(4,
  '0') + r.letters(1);

export const elsewhere = {
  'us-ssn': (r) => until(() => {
    const area = r.int(1, 899);
    return area === 666 ? undefined : String(area).padStart(3, '0') + two(r.int(1, 99)) + String(r.int(1,
      9999)).padStart(4, '0');
  }),
  'us-itin': (r) => '9' + r.digits(2) + r.pick([r.int(50, 65), r.int(70, 88), r.int(90, 92), r.int(94,
    99)]) + r.digits(4),
  'us-npi': (r) => { const body = '1' + r.digits(8); return body + luhnDigit('80840' + body); },
  'us-dea-number': (r) => {
    const body = r.digits(6);
    return r.pick('ABCFGMPR') + r.letters(1) + body + ((dot(body, [1, 2, 1, 2, 1, 2])) % 10);
  },
  'us-medicare-number': (r) => {
    const letter = () => r.from('ACDEFGHJKMNPQRTUVWXY', 1), any = () => r.from('ACDEFGHJKMNPQRTUVWXY0123456789', 1);
    return r.int(1, 9) + letter() + any() + r.digits(1) + letter() + any() + r.digits(1) + letter() + letter() +
      r.digits(2);
  },
  'us-bank-routing-number': (r) => append(r, 8, (b) => String((10 - (dot(b, [3, 7, 1, 3, 7, 1, 3, 7]) % 10)) % 10),
    r.pick(['02', '11', '26', '31'])),
  'ca-sin': (r) => append(r, 8, luhnDigit, r.pick(['1', '4', '5', '7'])),
  'ca-business-number': (r) => append(r, 8, luhnDigit, '1') + r.pick(['RT', 'RP', 'RC']) + '000' + r.int(1, 9),
  'ca-ontario-health-number': (r) => append(r, 9, luhnDigit, '5') + r.letters(2),
  'ca-bc-health-number': (r) => until(() => {
    const body = r.digits(8);
    const check = 11 - ([2, 4, 8, 5, 10, 9, 7, 3].reduce((sum, w, i) => sum + ((w * body[i]) % 11), 0) % 11);
    return check > 9 ? undefined : '9' + body + check;
  }),
  'ca-quebec-health-number': (r) => {
    const [y, m, d] = r.birthday();
    return r.from('BCDFGLMNPRSTV', 4) + two(y % 100) + two(m + (r.chance(0.5) ? 50 : 0)) + two(d) + r.digits(2);
  },
  'au-tfn': (r) => until(() => {
    const text = r.int(1, 9) + r.digits(8);
    return dot(text, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0 ? text : undefined;
  }),
  'au-abn': (r) => until(() => {
    const text = r.int(1, 9) + r.digits(10);
    return (dot(text, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10) % 89 === 0 ? text : undefined;
  }),
  'au-acn': (r) => append(r, 8, (b) => String((10 - (dot(b, [8, 7, 6, 5, 4, 3, 2, 1]) % 10)) % 10), '0'),
  'au-medicare-number': (r) => {
    const body = r.int(2, 6) + r.digits(7);
    return body + (dot(body, [1, 3, 7, 9, 1, 3, 7, 9]) % 10) + r.int(1, 9);
  },
  'nz-ird-number': (r) => until(() => {
    const body = r.pick(['4', '5', '6', '7', '8', '9']) + r.digits(6);
    const check = (11 - (dot('0' + body, [3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
    return check > 9 ? undefined : body + check;
  }),
  'nz-health-number': (r) => until(() => {
    const text = r.from('ABCDEFGHJKLMNPQRSTUVWXYZ', 3) + r.digits(3);
    const sum = [...text].reduce((total, c,
      i) => total + ('ABCDEFGHJKLMNPQRSTUVWXYZ'.includes(c) ? 'ABCDEFGHJKLMNPQRSTUVWXYZ'.indexOf(c) + 1
      : Number(c)) * (7 - i), 0);
    return sum % 11 === 0 ? undefined : text + ((11 - (sum % 11)) % 10);
  }),
  'br-cpf': (r) => {
    const body = r.digits(9), first = cpfDigit(body, [10, 9, 8, 7, 6, 5, 4, 3, 2]);
    return body + first + cpfDigit(body + first, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  },
  'br-cnpj': (r) => {
    const body = r.digits(8) + '0001', first = cpfDigit(body, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
    return body + first + cpfDigit(body + first, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
  },
  'br-pis': (r) => { const body = '1' + r.digits(9); return body + cpfDigit(body, [3, 2, 9, 8, 7, 6, 5, 4, 3, 2]); },
  'br-voter-title': (r) => {
    const serial = r.digits(8), state = two(r.int(3, 28));
    const digit = (sum) => (sum % 11 === 10 ? 0 : sum % 11);
    const first = digit(dot(serial, [2, 3, 4, 5, 6, 7, 8, 9]));
    return serial + state + first + digit(dot(state + first, [7, 8, 9]));
  },
  'mx-curp': (r) => {
    const [y, m, d] = r.birthday(1940, 1999);
    const body = r.from('BCDGLMPRSV', 1) + r.pick('AEIOU') + r.from('BCDGLMPRSV',
      2) + two(y % 100) + two(m) + two(d) + r.pick('HM') +
      r.pick(['DF', 'JC', 'NL', 'PL']) + r.from('BCDFGLMNPRSTV', 3) + r.digits(1);
    const alphabet = '0123456789ABCDEFGHIJKLMN\u00d1OPQRSTUVWXYZ';
    const sum = [...body].reduce((total, c, i) => total + alphabet.indexOf(c) * (18 - i), 0);
    return body + ((10 - (sum % 10)) % 10);
  },
  'mx-rfc': (r) => {
    const [y, m, d] = r.birthday();
    const body = r.from('BCDGLMPRSV', 1) + r.pick('AEIOU') + r.from('BCDGLMPRSV',
      2) + two(y % 100) + two(m) + two(d) + r.from('ABCDEFGH123456789', 2);
    const alphabet = '0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ \u00d1';
    const left = [...body].reduce((total, c, i) => total + alphabet.indexOf(c) * (13 - i), 0) % 11;
    return body + (left === 0 ? '0' : left === 1 ? 'A' : 11 - left);
  },
  'mx-clabe': (r) => {
    const body = r.pick(['002', '012', '014', '072']) + r.digits(14);
    return body + ((10 - ([...body].reduce((sum, d, i) => sum + ((d * [3, 7, 1][i % 3]) % 10), 0) % 10)) % 10);
  },
  'mx-social-security-number': (r) => append(r, 10, luhnDigit),
  'ar-cuit': (r) => until(() => {
    const body = r.pick(['20', '23', '27', '30']) + r.digits(8);
    const check = (11 - (dot(body, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
    return check === 10 ? undefined : body + check;
  }),
  'ar-cbu': (r) => {
    const bank = r.digits(7), account = r.digits(13);
    return bank + ((10 - (dot(bank, [7, 1, 3, 9, 7, 1, 3]) % 10)) % 10) + account +
      ((10 - (dot(account, [3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3]) % 10)) % 10);
  },
  'cl-rut': (r) => {
    const body = String(r.int(4000000, 24999999));
    const sum = [...body].reverse().reduce((total, d, i) => total + d * (2 + (i % 6)), 0);
    return body + '0K987654321'[sum % 11];
  },
  'co-nit': (r) => {
    const body = r.pick(['8', '9']) + r.digits(8);
    const left = [...body].reverse().reduce((sum, d, i) => sum + d * [3, 7, 13, 17, 19, 23, 29, 37, 41][i], 0) % 11;
    return body + (left < 2 ? left : 11 - left);
  },
  'pe-ruc': (r) => append(r, 10, (b) => String((11 - (dot(b, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 10),
    r.pick(['10', '20'])),
  'ec-cedula': (r) => withLuhn(two(r.int(1, 24)) + r.int(0, 5) + r.digits(6)),
  'uy-cedula': (r) => append(r, 7, (b) => String((10 - (dot(b, [2, 9, 8, 7, 6, 3, 4]) % 10)) % 10), r.pick('1234')),
  've-rif': (r) => {
    const kind = r.int(0, 4), body = r.digits(8);
    return 'VEJPG'[kind] + body + '00987654321'[(4 * (kind + 1) + dot(body, [3, 2, 7, 6, 5, 4, 3, 2])) % 11];
  },
  'do-cedula': (r) => append(r, 10, luhnDigit, '00'),
  'in-aadhaar': (r) => { const body = r.int(2, 9) + r.digits(10); return body + verhoeffDigit(body); },
  'in-pan': pan,
  'in-gstin': (r) => {
    const body = two(r.int(1, 37)) + pan(r) + r.int(1, 9) + 'Z';
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
    const sum = [...body].reduce((total, c, i) => {
      const product = alphabet.indexOf(c) * (i % 2 === 0 ? 1 : 2);
      return total + Math.floor(product / 36) + (product % 36);
    }, 0);
    return body + alphabet[(36 - (sum % 36)) % 36];
  },
  'in-voter-id': (r) => r.letters(3) + append(r, 6, luhnDigit),
  'cn-resident-id': (r) => {
    const [y, m, d] = r.birthday();
    const body = r.pick(['110101', '310104', '440305', '510107']) + y + two(m) + two(d) + r.digits(3);
    return body + '10X98765432'[dot(body, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11];
  },
  'cn-social-credit-code': (r) => {
    const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';
    const body = '91' + r.pick(['110108', '310115', '440300']) + r.from(alphabet, 9);
    const sum = [...body].reduce((total, c, i) => total + alphabet.indexOf(c) * Number(3n ** BigInt(i) % 31n), 0);
    return body + alphabet[(31 - (sum % 31)) % 31];
  },
  'hk-identity-card': (r) => {
    const letter = r.letters(1), body = r.digits(6);
    const sum = 324 + (letter.charCodeAt(0) - 55) * 8 + dot(body, [7, 6, 5, 4, 3, 2]);
    const check = (11 - (sum % 11)) % 11;
    return letter + body + (check === 10 ? 'A' : check);
  },
  'tw-national-id': (r) => {
    const letter = r.letters(1), order = 'ABCDEFGHJKLMNPQRSTUVXYWZIO', place = order.indexOf(letter) + 10;
    const body = r.pick('12') + r.digits(7);
    const sum = Math.floor(place / 10) + (place % 10) * 9 + dot(body, [8, 7, 6, 5, 4, 3, 2, 1]);
    return letter + body + ((10 - (sum % 10)) % 10);
  },
  'jp-my-number': (r) => append(r, 11, (b) => cpfDigit(b, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])),
  'kr-resident-number': (r) => {
    const [y, m, d] = r.birthday(1950, 1999);
    const body = two(y % 100) + two(m) + two(d) + r.int(1, 2) + r.digits(5);
    return body + ((11 - (dot(body, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10);
  },
  'kr-business-number': (r) => {
    const body = r.int(101, 699) + r.digits(6);
    const sum = dot(body, [1, 3, 7, 1, 3, 7, 1, 3, 5]) + Math.floor((body[8] * 5) / 10);
    return body + ((10 - (sum % 10)) % 10);
  },
  'th-national-id': (r) => {
    const body = r.int(1, 8) + r.digits(11);
    return body + ((11 - (dot(body, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 10);
  },
  'sg-nric': (r) => {
    const kind = r.pick('STFG'), body = r.digits(7);
    const sum = dot(body, [2, 7, 6, 5, 4, 3, 2]) + (kind === 'T' || kind === 'G' ? 4 : 0);
    return kind + body + (kind === 'S' || kind === 'T' ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK')[sum % 11];
  },
  'my-nric': (r) => { const [y, m, d] = r.birthday(); return two(y % 100) + two(m) + two(d) + two(r.int(1,
    14)) + r.digits(4); },
  'id-nik': (r) => { const [y, m, d] = r.birthday(); return r.pick(['317101', '327304',
    '357806']) + two(d + (r.chance(0.5) ? 40 : 0)) + two(m) + two(y % 100) + '000' + r.int(1, 9); },
  'pk-cnic': (r) => r.int(1, 7) + r.digits(11) + r.int(1, 9),
  'tr-tckn': (r) => {
    const body = r.int(1, 9) + r.digits(8);
    const odd = dot(body, [1, 0, 1, 0, 1, 0, 1, 0, 1]), even = dot(body, [0, 1, 0, 1, 0, 1, 0, 1]);
    const tenth = (((odd * 7 - even) % 10) + 10) % 10;
    return body + tenth + ((odd + even + tenth) % 10);
  },
  'tr-vkn': (r) => append(r, 9, (b) => {
    const sum = [...b].reduce((total, d, i) => {
      const shifted = (Number(d) + 9 - i) % 10;
      return total + (shifted === 0 ? 0 : (shifted * 2 ** (9 - i)) % 9 || 9);
    }, 0);
    return String((10 - (sum % 10)) % 10);
  }),
  'il-id': (r) => append(r, 8, luhnDigit, r.pick(['0', '2', '3'])),
  'ae-emirates-id': (r) => withLuhn('784' + r.int(1950, 2006) + r.digits(7)),
  'sa-national-id': (r) => append(r, 9, luhnDigit, r.pick(['1', '2'])),
  'ir-national-code': (r) => append(r, 9, (b) => {
    const left = dot(b, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    return String(left < 2 ? left : 11 - left);
  }),
  'eg-national-id': (r) => { const [y, m, d] = r.birthday(1940, 1999);
    return '2' + two(y % 100) + two(m) + two(d) + '01' + r.digits(5); },
  'za-id-number': (r) => { const [y, m, d] = r.birthday();
    return withLuhn(two(y % 100) + two(m) + two(d) + r.digits(4) + r.pick('01') + '8'); },
};
export { crossSum, eleven };
