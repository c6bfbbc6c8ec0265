// Set d, the identifiers of Europe.
import {codiceFiscale, falling, icao, luhn, mod11of10, weighted} from './check_digits.mjs';
import {born, dashed, drawn, first, kinds, mod11, shaped, spaced, two, until} from './identifier_forms.mjs';
import {upper} from './sample.mjs';

const ddmmyy = (c) => {
  const {yy, mm, dd} = born(c);
  return dd + mm + yy;
};
const yymmdd = (c) => {
  const {yy, mm, dd} = born(c);
  return yy + mm + dd;
};
const rising = (n) => Array.from({length: n}, (_, i) => i + 1);
const ten = (sum) => (10 - (sum % 10)) % 10;
const digitSum = (number) => Math.floor(number / 10) + (number % 10);
const zeroFor11 = (value) => (value === 11 ? 0 : value);

function germanTax(c) {
  return until(() => {
    const all = [...'0123456789'];
    for (let i = 9; i > 0; i--) {
      const j = c.below(i + 1);
      [all[i], all[j]] = [all[j], all[i]];
    }
    const at = c.below(10);
    all[at] = all[(at + 2 + c.below(7)) % 10];
    return all[0] !== '0' && all.join('') + mod11of10(all.join(''));
  });
}

function germanPension(c) {
  const body = `${c.pick(['12', '15', '53', '65', '04', '24'])}${ddmmyy(c)}`;
  const letter = c.from(upper, 1);
  const serial = c.digits(2);
  const text = body + two(letter.charCodeAt(0) - 64) + serial;
  const sum =
      [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1].reduce((total, weight, i) => total + digitSum(weight * Number(text[i])), 0);
  return body + letter + serial + (sum % 10);
}

function baltic(c) {
  const body = c.pick('34') + yymmdd(c) + c.digits(3);
  let rest = weighted(body, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
  if (rest === 10) rest = (weighted(body, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11) % 10;
  return body + rest;
}

function norwegian(c) {
  return until(() => {
    const body = ddmmyy(c) + c.between(100, 499);
    const one = mod11(body, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11;
    const other = mod11(body + one, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    return one < 10 && other < 10 && body + one + other;
  });
}

function spanishCompany(c) {
  const letter = c.pick('ABCDEFGHJ');
  const body = two(c.between(1, 52)) + c.digits(5);
  const sum = [...body].reduce((total, x, i) => total + (i % 2 ? Number(x) : digitSum(Number(x) * 2)), 0);
  return letter + body + ten(sum);
}

function italian(c) {
  const {yy, dd} = born(c);
  const consonants = 'BCDFGLMNPRSTVZ';
  return codiceFiscale(
      `${c.from(consonants, 6)}${yy}${c.pick('ABCDEHLMPRST')}${dd}${c.pick(['H501', 'F205', 'L219', 'G273', 'D612'])}`);
}

const letterOf = (text) => 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(text) % 23];
const nino = (c) => `${c.pick(['AB', 'CE', 'JK', 'PX', 'SR', 'HL', 'WM'])}${c.digits(6)}${c.pick('ABCD')}`;

function russianPerson(c) {
  let text = c.pick(['77', '50', '78', '66']) + c.digits(8);
  text += (weighted(text, [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10;
  return text + ((weighted(text, [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10);
}

function snils(c) {
  const body = first(c, 9);
  const sum = weighted(body, falling(9, 1)) % 101;
  return body + two(sum === 100 ? 0 : sum);
}

kinds['gb-nhs'] = [
  ['NHS number', 'nhs_number', 'NHS No'],
  (c) => drawn(c, () => c.pick('4679') + c.digits(8), (t) => zeroFor11(mod11(t, falling(10, 2)))), spaced(3, 3, 4)
];
kinds['gb-utr'] = [
  ['UTR', 'unique taxpayer reference'],
  (c) => {
    const b = c.digits(9);
    return '21987654321'[weighted(b, [6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11] + b;
  },
  {at: 0}
];
kinds['gb-nino'] = [
  ['National Insurance number', 'NINO', 'nino', 'NI number'], nino, spaced(2, 2, 2, 2, 1),
  {bad: (t) => 'QQ' + t.slice(2)}
];
kinds['gb-vat'] = [
  ['VAT number', 'VAT registration', 'vat_id'],
  (c) => {
    const b = first(c, 7);
    let s = weighted(b, falling(8, 2));
    while (s > 0) s -= 97;
    return `GB${b}${two(-s)}`;
  }
];
kinds['de-tax-id'] = [['Steuer-ID', 'Steueridentifikationsnummer', 'IdNr', 'steuer_id'], germanTax, spaced(2, 3, 3, 3)];
kinds['de-vat'] = [
  ['USt-IdNr', 'VAT ID', 'Umsatzsteuer-ID'],
  (c) => {
    const b = first(c, 8);
    return 'DE' + b + mod11of10(b);
  }
];
kinds['de-pension'] = [['Rentenversicherungsnummer', 'Sozialversicherungsnummer', 'RVNR'], germanPension];
kinds['de-id-card'] = [
  ['Personalausweis', 'Ausweisnummer', 'Personalausweisnummer'],
  (c) => {
    const b = c.pick('LMNPRTVWXY') + c.from('0123456789CFGHJKLMNPRTVWXYZ', 8);
    return b + icao(b);
  }
];
kinds['fr-nir'] = [
  ['NIR', 'numéro de sécurité sociale', 'num_secu', 'INSEE'],
  (c) => {
    const {yy, mm} = born(c);
    const b = `${c.pick('12')}${yy}${mm}${two(c.between(21, 95))}${c.digits(3).replace(/^0/, '1')}${c.digits(3)}`;
    return b + two(97 - Number(BigInt(b) % 97n));
  },
  (t) =>
      `${t[0]} ${t.slice(1, 3)} ${t.slice(3, 5)} ${t.slice(5, 7)} ${t.slice(7, 10)} ${t.slice(10, 13)} ${t.slice(13)}`
];
kinds['fr-siren'] = [
  ['SIREN', 'siren'],
  (c) => {
    const b = c.pick('345789') + c.digits(7);
    return b + luhn(b);
  },
  spaced(3, 3, 3)
];
kinds['fr-siret'] = [
  ['SIRET', 'siret'],
  (c) => {
    let b = c.pick('3458') + c.digits(7);
    b += luhn(b) + '000' + c.digits(1);
    return b + luhn(b);
  },
  spaced(3, 3, 3, 5)
];
kinds['fr-vat'] = [
  ['TVA intracommunautaire', 'numéro de TVA', 'VAT number'],
  (c) => {
    let b = c.pick('3458') + c.digits(7);
    b += luhn(b);
    return `FR${two((12 + 3 * (Number(b) % 97)) % 97)}${b}`;
  }
];
kinds['it-codice-fiscale'] = [['codice fiscale', 'codice_fiscale', 'CF'], italian];
kinds['it-iva'] = [
  ['partita IVA', 'P.IVA', 'partita_iva'],
  (c) => {
    const b = first(c, 7) + '0' + two(c.between(1, 99));
    return b + luhn(b);
  }
];
kinds['es-nif'] = [
  ['NIF', 'DNI', 'dni'],
  (c) => {
    const b = first(c, 8);
    return b + letterOf(b);
  },
  dashed(8, 1)
];
kinds['es-nie'] = [
  ['NIE', 'nie'],
  (c) => {
    const i = c.below(3);
    const b = c.digits(7);
    return 'XYZ'[i] + b + letterOf(i + b);
  },
  dashed(1, 7, 1)
];
kinds['es-cif'] = [['CIF', 'cif'], spanishCompany];
kinds['nl-bsn'] =
    [['BSN', 'burgerservicenummer', 'bsn'], (c) => drawn(c, () => first(c, 8), (t) => weighted(t, falling(9, 2)) % 11)];
kinds['be-national'] = [
  ['rijksregisternummer', 'numéro national', 'national number', 'NISS'],
  (c) => {
    const b = yymmdd(c) + two(c.between(1, 9)).padStart(3, '1');
    return b + two(97 - (Number(b) % 97));
  },
  shaped('##.##.##-###.##')
];
kinds['be-vat'] = [
  ['BTW-nummer', 'ondernemingsnummer', 'VAT BE'],
  (c) => {
    const b = '0' + c.pick('4567') + c.digits(6);
    return `BE${b}${two(97 - (Number(b) % 97))}`;
  }
];
kinds['pt-nif'] = [
  ['NIF', 'contribuinte', 'nif'],
  (c) => {
    const b = c.pick('1235') + c.digits(7);
    const r = mod11(b, falling(9, 2));
    return b + (r > 9 ? 0 : r);
  },
  spaced(3, 3, 3)
];
kinds['ie-pps'] = [
  ['PPS number', 'PPSN', 'ppsn'],
  (c) => {
    const b = c.digits(7);
    const l = c.pick('AB');
    return b + 'WABCDEFGHIJKLMNOPQRSTUV'[(weighted(b, falling(8, 2)) + (l.charCodeAt(0) - 64) * 9) % 23] + l;
  },
  {at: 7}
];
kinds['ch-ahv'] = [
  ['AHV-Nummer', 'AVS', 'ahv', 'AHV'],
  (c) => {
    const b = '756' + c.digits(9);
    return b + ten([...b].reduce((t, x, i) => t + Number(x) * (i % 2 ? 3 : 1), 0));
  },
  shaped('###.####.####.##')
];
kinds['ch-uid'] = [
  ['UID', 'Unternehmens-ID', 'MWST-Nr'],
  (c) =>
      'CHE-' + shaped('###.###.###')(drawn(c, () => first(c, 8), (t) => zeroFor11(mod11(t, [5, 4, 3, 2, 7, 6, 5, 4]))))
];
kinds['at-svnr'] = [
  ['Sozialversicherungsnummer', 'SVNR', 'svnr'],
  (c) => until(() => {
    const n = first(c, 3);
    const d = ddmmyy(c);
    const s = (weighted(n, [3, 7, 9]) + weighted(d, [5, 8, 4, 2, 1, 6])) % 11;
    return s < 10 && n + s + d;
  }),
  spaced(4, 6), {at: 3}
];
kinds['at-vat'] = [
  ['UID', 'UID-Nummer', 'ATU'],
  (c) => {
    const b = c.digits(7);
    return `ATU${b}${ten([...b].reduce((t, x, i) => t + (i % 2 ? digitSum(Number(x) * 2) : Number(x)), 0) + 4)}`;
  }
];
kinds['lu-vat'] = [
  ['TVA', 'VAT LU', 'numéro TVA'],
  (c) => {
    const b = first(c, 6);
    return `LU${b}${two(Number(b) % 89)}`;
  }
];
kinds['se-personnummer'] = [
  ['personnummer', 'personal identity number'],
  (c) => {
    const b = yymmdd(c) + c.digits(3);
    return b + luhn(b);
  },
  dashed(6, 4)
];
kinds['se-org'] = [
  ['organisationsnummer', 'org.nr', 'orgnr'],
  (c) => {
    const b = '556' + c.digits(6);
    return b + luhn(b);
  },
  dashed(6, 4)
];
kinds['fi-hetu'] = [
  ['henkilötunnus', 'HETU', 'hetu'],
  (c) => {
    const d = ddmmyy(c);
    const n = two(c.between(10, 89)) + c.digits(1);
    return `${d}-${n}${'0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(d + n) % 31]}`;
  }
];
kinds['fi-business'] = [
  ['Y-tunnus', 'y_tunnus'],
  (c) => {
    const t =
        drawn(c, () => c.pick('0123') + c.digits(6), (b) => (11 - (weighted(b, [7, 9, 10, 5, 8, 4, 2]) % 11)) % 11);
    return `${t.slice(0, 7)}-${t[7]}`;
  }
];
kinds['dk-cpr'] = [
  ['CPR-nummer', 'CPR', 'cpr'],
  (c) =>
      drawn(c, () => ddmmyy(c) + c.pick('123') + c.digits(2), (t) => zeroFor11(mod11(t, [4, 3, 2, 7, 6, 5, 4, 3, 2]))),
  dashed(6, 4)
];
kinds['dk-cvr'] = [
  ['CVR', 'CVR-nummer'],
  (c) => drawn(c, () => c.pick('1234') + c.digits(6), (t) => zeroFor11(mod11(t, [2, 7, 6, 5, 4, 3, 2])))
];
kinds['no-fnr'] = [['fødselsnummer', 'fnr', 'fodselsnummer'], norwegian, spaced(6, 5)];
kinds['no-org'] = [
  ['organisasjonsnummer', 'orgnr'],
  (c) => drawn(c, () => c.pick('89') + c.digits(7), (t) => zeroFor11(mod11(t, [3, 2, 7, 6, 5, 4, 3, 2]))),
  spaced(3, 3, 3)
];
kinds['is-kennitala'] = [
  ['kennitala', 'kt.'], (c) => until(() => {
                          const b = ddmmyy(c) + c.between(20, 99);
                          const k = zeroFor11(mod11(b, [3, 2, 7, 6, 5, 4, 3, 2]));
                          return k < 10 && `${b}${k}9`;
                        }),
  dashed(6, 4), {at: 8}
];
kinds['pl-pesel'] = [
  ['PESEL', 'pesel'],
  (c) => {
    const b = yymmdd(c) + c.digits(4);
    return b + ten(weighted(b, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]));
  }
];
kinds['pl-nip'] = [
  ['NIP', 'nip'],
  (c) => drawn(
      c, () => c.pick('5678') + c.pick('123456789') + c.digits(7),
      (t) => weighted(t, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11),
  dashed(3, 3, 2, 2)
];
kinds['pl-regon'] = [
  ['REGON', 'regon'],
  (c) => {
    const b = c.pick('0123') + c.digits(7);
    return b + ((weighted(b, [8, 9, 2, 3, 4, 5, 6, 7]) % 11) % 10);
  }
];
kinds['cz-birth'] = [
  ['rodné číslo', 'rodne_cislo', 'RČ'],
  (c) => until(() => {
    const t = `${c.between(55, 99)}${two(c.between(1, 12) + c.pick([0, 50]))}${two(c.between(1, 28))}${c.digits(4)}`;
    return Number(t) % 11 === 0 && t;
  }),
  (t) => `${t.slice(0, 6)}/${t.slice(6)}`
];
kinds['cz-ico'] = [
  ['IČO', 'ico'],
  (c) => {
    const b = c.pick('24567') + c.digits(6);
    return b + (mod11(b, falling(8, 2)) % 10);
  }
];
kinds['ro-cnp'] = [
  ['CNP', 'cnp'],
  (c) => {
    const b = c.pick('12') + yymmdd(c) + two(c.between(1, 46)) + c.between(100, 999);
    const r = weighted(b, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    return b + (r === 10 ? 1 : r);
  }
];
kinds['ro-cui'] = [
  ['CUI', 'CIF', 'cod fiscal'],
  (c) => {
    const b = first(c, 7);
    return `RO${b}${((weighted('00' + b, [7, 5, 3, 2, 1, 7, 5, 3, 2]) * 10) % 11) % 10}`;
  }
];
kinds['hu-tax'] = [
  ['adóazonosító jel', 'adoazonosito'],
  (c) => drawn(c, () => '8' + c.between(20000, 40000) + c.digits(3), (t) => weighted(t, rising(9)) % 11)
];
kinds['hu-taj'] = [
  ['TAJ szám', 'TAJ'],
  (c) => {
    const b = c.pick('01') + c.digits(7);
    return b + (weighted(b, [3, 7, 3, 7, 3, 7, 3, 7]) % 10);
  },
  spaced(3, 3, 3)
];
kinds['ee-id'] = [['isikukood', 'personal code'], baltic];
kinds['lt-id'] = [['asmens kodas', 'asmens_kodas'], baltic];
kinds['bg-egn'] = [
  ['ЕГН', 'EGN', 'egn'],
  (c) => {
    const b = yymmdd(c) + c.digits(3);
    return b + ((weighted(b, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10);
  }
];
kinds['hr-oib'] = [
  ['OIB', 'oib'],
  (c) => {
    const b = first(c, 10);
    return b + mod11of10(b);
  }
];
kinds['si-emso'] = [
  ['EMŠO', 'JMBG', 'emso'],
  (c) => {
    return drawn(c, () => {
      const {yy, mm, dd} = born(c);
      return `${dd}${mm}9${yy}50${c.pick('05')}${c.digits(2)}`;
    }, (t) => zeroFor11(mod11(t, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])));
  }
];
kinds['gr-afm'] = [
  ['ΑΦΜ', 'AFM', 'afm'],
  (c) => {
    const b = c.pick('01') + first(c, 7);
    return b + ((weighted(b, [256, 128, 64, 32, 16, 8, 4, 2]) % 11) % 10);
  }
];
kinds['gr-amka'] = [
  ['ΑΜΚΑ', 'AMKA'],
  (c) => {
    const b = ddmmyy(c) + c.digits(4);
    return b + luhn(b);
  }
];
kinds['ua-rnokpp'] = [
  ['РНОКПП', 'ІПН', 'RNOKPP'],
  (c) => {
    const b = c.pick('23') + c.digits(8);
    const s = weighted(b, [-1, 5, 7, 9, 4, 6, 10, 5, 7]);
    return b + ((((s % 11) + 11) % 11) % 10);
  }
];
kinds['ru-inn-company'] = [
  ['ИНН', 'INN', 'inn'],
  (c) => {
    const b = '77' + c.digits(7);
    return b + ((weighted(b, [2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10);
  }
];
kinds['ru-inn-person'] = [['ИНН', 'INN'], russianPerson];
kinds['ru-snils'] = [['СНИЛС', 'SNILS', 'snils'], snils, shaped('###-###-### ##')];
kinds['ru-ogrn'] = [
  ['ОГРН', 'OGRN'],
  (c) => {
    const b = '1' + two(c.between(2, 20)) + '77' + c.digits(7);
    return b + String(Number(BigInt(b) % 11n) % 10);
  }
];
