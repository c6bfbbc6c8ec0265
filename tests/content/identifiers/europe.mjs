// Valid identifiers of Europe.

import { two } from './random.mjs';
import { dot, iso1110, luhnDigit, rest, until, verhoeffDigit, withLuhn } from './check_sums.mjs';

const eleven = (body, weights) => {
  const check = (11 - (dot(body, weights) % 11)) % 11;
  return check === 10 ? undefined : String(check);
};
const append = (r, count, digit, prefix = '') =>
  until(() => {
    const body = prefix + r.digits(count - prefix.length);
    const check = digit(body);
    return check === undefined || /^(\d)\1*$/.test(body) ? undefined : body + check;
  });
const crossSum = (products) => products.reduce((sum, p) => sum + Math.floor(p / 10) + (p % 10), 0);
const nifLetter = (number) => 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23];

const oddCode = {};
[1, 0, 5, 7, 9, 13, 15, 17, 19, 21].forEach((v, i) => { oddCode[i] = v; });
[1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
  .forEach((v, i) => { oddCode[String.fromCharCode(65 + i)] = v; });
const evenCode = (c) => (c >= '0' && c <= '9' ? Number(c) : c.charCodeAt(0) - 65);

const jmbg = (r) => until(() => {
  const [y, m, d] = r.birthday(1930, 2006);
  const body = two(d) + two(m) + String(y % 1000).padStart(3, '0') + r.int(10, 96) + r.digits(3);
  const check = eleven(body, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
  return check === undefined ? undefined : body + check;
});
const baltic = (r) => {
  const [y, m, d] = r.birthday(1940, 2006);
  const body = (y < 2000 ? r.int(3, 4) : r.int(5, 6)) + two(y % 100) + two(m) + two(d) + r.digits(3);
  let check = dot(body, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
  if (check === 10) check = (dot(body, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11) % 10;
  return body + check;
};

export const europe = {
  'uk-nhs-number': (r) => append(r, 9, (b) => eleven(b, [10, 9, 8, 7, 6, 5, 4, 3, 2]), r.pick(['4', '6', '7'])),
  'uk-chi-number': (r) => until(() => {
    const [y, m, d] = r.birthday();
    const body = two(d) + two(m) + two(y % 100) + r.digits(3);
    const check = eleven(body, [10, 9, 8, 7, 6, 5, 4, 3, 2]);
    return check === undefined ? undefined : body + check;
  }),
  'uk-national-insurance-number': (r) => r.from('ABCEGHJKLMPRSTWXY', 1) + r.from('ABCEHJLMPRSTWXY',
    1) + r.digits(6) + r.pick('ABCD'),
  'uk-unique-taxpayer-reference': (r) => until(() => {
    const body = r.digits(9);
    return '21987654321'[dot(body, [6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11] + body;
  }),
  'uk-vat-number': (r) => {
    const body = r.int(1, 9) + r.digits(6);
    const check = 97 - ((dot(body, [8, 7, 6, 5, 4, 3, 2]) + (r.chance(0.5) ? 55 : 0)) % 97);
    return 'GB' + body + two(check);
  },
  'uk-driving-licence': (r) => {
    const [y, m, d] = r.birthday();
    const year = two(y % 100);
    return r.pick(['MORGA', 'SMITH', 'JONES', 'PATEL',
      'WALKE']) + year[0] + two(m + (r.chance(0.5) ? 50 : 0)) + two(d) +
      year[1] + r.letters(1) + r.pick(['9', 'A', 'M']) + '9' + r.letters(2);
  },
  'ie-pps-number': (r) => {
    const body = r.digits(7);
    const second = r.chance(0.5) ? r.pick('AB') : '';
    const sum = dot(body, [8, 7, 6, 5, 4, 3, 2]) + (second ? 9 * (second.charCodeAt(0) - 64) : 0);
    return body + 'WABCDEFGHIJKLMNOPQRSTUV'[sum % 23] + second;
  },
  'de-tax-id': (r) => {
    const order = [...'0123456789'].sort(() => r.next() - 0.5);
    order[9] = order[r.int(0, 8)];
    let body = order.sort(() => r.next() - 0.5).join('');
    while (body[0] === '0') body = body.slice(1) + body[0];
    return body + iso1110(body);
  },
  'de-pension-insurance-number': (r) => {
    const [y, m, d] = r.birthday();
    const letter = r.letters(1);
    const front = r.pick(['12', '15', '38', '65']) + two(d) + two(m) + two(y % 100);
    const serial = two(r.int(0, 99));
    const places = front + two(letter.charCodeAt(0) - 64) + serial;
    return front + letter + serial + (crossSum([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1].map((w,
      i) => w * places[i])) % 10);
  },
  'de-health-insurance-number': (r) => {
    const letter = r.letters(1), body = r.digits(8);
    const places = two(letter.charCodeAt(0) - 64) + body;
    return letter + body + (crossSum([...places].map((p, i) => p * (i % 2 === 0 ? 1 : 2))) % 10);
  },
  'at-social-insurance-number': (r) => until(() => {
    const [y, m, d] = r.birthday();
    const serial = r.int(100, 999), day = two(d) + two(m) + two(y % 100);
    const check = dot(String(serial) + day, [3, 7, 9, 5, 8, 4, 2, 1, 6]) % 11;
    return check === 10 ? undefined : serial + String(check) + day;
  }),
  'ch-ahv-number': (r) => {
    const body = '756' + r.digits(9);
    return body + ((10 - ([...body].reduce((sum, d, i) => sum + d * (i % 2 ? 3 : 1), 0) % 10)) % 10);
  },
  'ch-uid': (r) => 'CHE' + append(r, 8, (b) => eleven(b, [5, 4, 3, 2, 7, 6, 5, 4]), '1'),
  'fr-nir': (r) => {
    const body = r.pick(['1', '2']) + two(r.int(40, 99)) + two(r.int(1, 12)) + two(r.int(1,
      19)) + r.digits(3) + r.digits(3);
    return body + two(97 - Number(BigInt(body) % 97n));
  },
  'fr-siren': (r) => append(r, 8, luhnDigit, r.pick(['3', '4', '8'])),
  'fr-siret': (r) => withLuhn(append(r, 8, luhnDigit, '5') + '000' + r.int(1, 9)),
  'fr-tax-number': (r) => {
    const body = r.pick('0123') + r.digits(9);
    return body + String(Number(body) % 511).padStart(3, '0');
  },
  'be-national-number': (r) => {
    const [y, m, d] = r.birthday();
    const body = two(y % 100) + two(m) + two(d) + String(r.int(1, 997)).padStart(3, '0');
    return body + two(97 - Number(BigInt((y >= 2000 ? '2' : '') + body) % 97n));
  },
  'be-enterprise-number': (r) => {
    const body = '0' + r.int(2, 8) + r.digits(6);
    return body + two(97 - (Number(body) % 97));
  },
  'nl-bsn': (r) => until(() => {
    const body = r.int(1, 9) + r.digits(7);
    const check = dot(body, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    return check === 10 ? undefined : body + check;
  }),
  'lu-national-id': (r) => {
    const [y, m, d] = r.birthday();
    const body = String(y) + two(m) + two(d) + r.digits(3);
    return withLuhn(body) + verhoeffDigit(body);
  },
  'it-codice-fiscale': (r) => {
    const [y, m, d] = r.birthday();
    const body = r.from('BCDFGLMNPRSTVZ',
      6) + two(y % 100) + 'ABCDEHLMPRST'[m - 1] + two(d + (r.chance(0.5) ? 40 : 0)) +
      r.pick('ABCDEFGHIL') + r.digits(3);
    const sum = [...body].reduce((total, c, i) => total + (i % 2 === 0 ? oddCode[c] : evenCode(c)), 0);
    return body + String.fromCharCode(65 + (sum % 26));
  },
  'it-partita-iva': (r) => withLuhn(r.pick(['0', '1']) + r.digits(6) + String(r.int(1, 100)).padStart(3, '0')),
  'es-nif': (r) => {
    const body = r.int(1, 9) + r.digits(7);
    return body + nifLetter(Number(body));
  },
  'es-nie': (r) => {
    const first = r.int(0, 2), body = r.digits(7);
    return 'XYZ'[first] + body + nifLetter(Number(first + body));
  },
  'es-cif': (r) => {
    const kind = r.pick('ABEHNPQS'), body = r.digits(7);
    const check = (10 - (crossSum([...body].map((d, i) => d * (i % 2 === 0 ? 2 : 1))) % 10)) % 10;
    return kind + body + ('NPQS'.includes(kind) ? 'JABCDEFGHI'[check] : check);
  },
  'es-social-security-number': (r) => {
    const body = two(r.int(1, 53)) + r.int(1, 9) + r.digits(7);
    return body + two(Number(body) % 97);
  },
  'pt-nif': (r) => append(r, 8, (b) => {
    const left = dot(b, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    return String(left < 2 ? 0 : 11 - left);
  }, r.pick(['1', '2', '5'])),
  'pt-citizen-card': (r) => until(() => {
    const text = r.digits(9) + 'Z' + r.from('XYZ', 1) + r.digits(1);
    const sum = [...text].reduce((total, c, i) => {
      let value = c >= 'A' ? c.charCodeAt(0) - 55 : Number(c);
      if (i % 2 === 0) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
      return total + value;
    }, 0);
    return sum % 10 === 0 ? text : undefined;
  }),
  'gr-afm': (r) => append(r, 8, (b) => String((dot(b, [256, 128, 64, 32, 16, 8, 4, 2]) % 11) % 10), r.pick(['0',
    '1'])),
  'gr-amka': (r) => {
    const [y, m, d] = r.birthday();
    return withLuhn(two(d) + two(m) + two(y % 100) + r.digits(4));
  },
  'hr-oib': (r) => append(r, 10, iso1110),
  'yu-jmbg': jmbg,
  'si-tax-number': (r) => append(r, 7, (b) => {
    const check = 11 - (dot(b, [8, 7, 6, 5, 4, 3, 2]) % 11);
    return check === 11 ? undefined : String(check % 10);
  }, r.pick('12345678')),
  'se-personnummer': (r) => {
    const [y, m, d] = r.birthday();
    const body = withLuhn(two(y % 100) + two(m) + two(d) + r.digits(3));
    return r.chance(0.4) ? String(y).slice(0, 2) + body : body;
  },
  'fi-hetu': (r) => {
    const [y, m, d] = r.birthday();
    const day = two(d) + two(m) + two(y % 100), serial = String(r.int(2, 899)).padStart(3, '0');
    return day + (y < 2000 ? '-' : 'A') + serial + '0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(day + serial) % 31];
  },
  'fi-business-id': (r) => append(r, 7, (b) => {
    const left = dot(b, [7, 9, 10, 5, 8, 4, 2]) % 11;
    return left === 1 ? undefined : String(left === 0 ? 0 : 11 - left);
  }),
  'dk-cpr-number': (r) => until(() => {
    const [y, m, d] = r.birthday(1940, 1999);
    const body = two(d) + two(m) + two(y % 100) + r.int(0, 3) + r.digits(2);
    const check = eleven(body, [4, 3, 2, 7, 6, 5, 4, 3, 2]);
    return check === undefined ? undefined : body + check;
  }),
  'dk-cvr-number': (r) => append(r, 7, (b) => eleven(b, [2, 7, 6, 5, 4, 3, 2]), r.pick(['1', '2', '3'])),
  'no-fodselsnummer': (r) => until(() => {
    const [y, m, d] = r.birthday();
    const body = two(d) + two(m) + two(y % 100) + r.digits(3);
    const first = eleven(body, [3, 7, 6, 1, 8, 9, 4, 5, 2]);
    if (first === undefined) return undefined;
    const second = eleven(body + first, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    return second === undefined ? undefined : body + first + second;
  }),
  'no-organisation-number': (r) => append(r, 8, (b) => eleven(b, [3, 2, 7, 6, 5, 4, 3, 2]), '9'),
  'is-kennitala': (r) => until(() => {
    const [y, m, d] = r.birthday(1940, 1999);
    const body = two(d) + two(m) + two(y % 100) + r.int(20, 99);
    const check = eleven(body, [3, 2, 7, 6, 5, 4, 3, 2]);
    return check === undefined ? undefined : body + check + '9';
  }),
  'ee-personal-code': baltic,
  'lt-personal-code': baltic,
  'lv-personal-code': (r) => until(() => {
    const [y, m, d] = r.birthday();
    const body = two(d) + two(m) + two(y % 100) + (y < 2000 ? 1 : 2) + r.digits(3);
    const check = (1101 - dot(body, [1, 6, 3, 7, 9, 10, 5, 8, 4, 2])) % 11;
    return check === 10 ? undefined : body + check;
  }),
  'pl-pesel': (r) => {
    const [y, m, d] = r.birthday();
    const body = two(y % 100) + two(m + (y >= 2000 ? 20 : 0)) + two(d) + r.digits(4);
    return body + ((10 - (dot(body, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10);
  },
  'pl-nip': (r) => append(r, 9, (b) => {
    const check = dot(b, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
    return check === 10 ? undefined : String(check);
  }, r.pick(['5', '6', '7'])),
  'pl-regon': (r) => append(r, 8, (b) => String((dot(b, [8, 9, 2, 3, 4, 5, 6, 7]) % 11) % 10)),
  'pl-identity-card': (r) => until(() => {
    const letters = r.letters(3), serial = r.digits(5);
    const value = (c) => c.charCodeAt(0) - 55;
    const sum = 7 * value(letters[0]) + 3 * value(letters[1]) + value(letters[2]) + dot(serial, [7, 3, 1, 7, 3]);
    return letters + (sum % 10) + serial;
  }),
  'cz-birth-number': (r) => until(() => {
    const [y, m, d] = r.birthday(1954, 2006);
    const body = two(y % 100) + two(m + (r.chance(0.5) ? 50 : 0)) + two(d) + r.digits(3);
    return body + ((Number(body) % 11) % 10);
  }),
  'cz-company-number': (r) => append(r, 7, (b) => String((11 - (dot(b, [8, 7, 6, 5, 4, 3, 2]) % 11)) % 10),
    r.pick(['2', '4'])),
  'hu-tax-id': (r) => append(r, 9, (b) => {
    const check = dot(b, [1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11;
    return check === 10 ? undefined : String(check);
  }, '8'),
  'hu-social-security-number': (r) => append(r, 8, (b) => String(dot(b, [3, 7, 3, 7, 3, 7, 3, 7]) % 10)),
  'ro-cnp': (r) => {
    const [y, m, d] = r.birthday();
    const body = (y < 2000 ? r.int(1, 2) : r.int(5, 6)) + two(y % 100) + two(m) + two(d) + two(r.int(1,
      46)) + r.digits(3);
    const check = dot(body, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    return body + (check === 10 ? 1 : check);
  },
  'ro-company-number': (r) => append(r, 7, (b) => String(((dot('00' + b, [7, 5, 3, 2, 1, 7, 5, 3,
    2]) * 10) % 11) % 10), r.pick(['1', '3'])),
  'bg-egn': (r) => {
    const [y, m, d] = r.birthday();
    const body = two(y % 100) + two(m + (y >= 2000 ? 40 : 0)) + two(d) + r.digits(3);
    return body + ((dot(body, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10);
  },
  'md-idnp': (r) => append(r, 12, (b) => String(dot(b, [7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1]) % 10), '20'),
  'ua-tax-number': (r) => append(r, 9, (b) => String((((dot(b, [-1, 5, 7, 9, 4, 6, 10, 5,
    7]) % 11) + 11) % 11) % 10), r.pick(['2', '3'])),
  'ru-inn': (r) => {
    const body = '77' + r.digits(8);
    const first = (dot(body, [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10;
    return body + first + ((dot(body + first, [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10);
  },
  'ru-snils': (r) => {
    const body = r.int(2, 9) + r.digits(8);
    return body + two((dot(body, [9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101) % 100);
  },
  'ru-ogrn': (r) => {
    const body = '1' + r.digits(11);
    return body + (Number(BigInt(body) % 11n) % 10);
  },
  'kz-iin': (r) => until(() => {
    const [y, m, d] = r.birthday();
    const body = two(y % 100) + two(m) + two(d) + (y < 2000 ? r.int(3, 4) : r.int(5, 6)) + r.digits(4);
    let check = dot(body, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
    if (check === 10) check = dot(body, [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11;
    return check === 10 ? undefined : body + check;
  }),
  'eu-vat-number': (r) => r.pick([
    () => 'DE' + append(r, 8, iso1110, r.pick(['1', '2', '8'])),
    () => 'PL' + europe['pl-nip'](r),
    () => 'NL' + europe['nl-bsn'](r) + 'B0' + r.int(1, 9),
    () => 'IT' + europe['it-partita-iva'](r),
    () => 'ES' + europe['es-cif'](r),
    () => 'BE' + europe['be-enterprise-number'](r),
    () => 'DK' + europe['dk-cvr-number'](r),
    () => 'PT' + europe['pt-nif'](r),
    () => { const siren = europe['fr-siren'](r); return 'FR' + two((12 + 3 * (Number(siren) % 97)) % 97) + siren; },
    () => { const body = r.digits(7); const sum = crossSum([...body].map((d, i) => d * (i % 2 === 0 ? 1 : 2)));
      return 'ATU' + body + ((96 - sum) % 10); },
    () => 'SE' + append(r, 9, luhnDigit, '55') + '01',
    () => 'FI' + europe['fi-business-id'](r),
    () => 'EL' + europe['gr-afm'](r),
    () => 'HR' + europe['hr-oib'](r),
    () => { const body = String(r.int(100000, 999999)); return 'LU' + body + two(Number(body) % 89); },
  ])(),
};
export const reuse = { eleven, append, crossSum, rest };
