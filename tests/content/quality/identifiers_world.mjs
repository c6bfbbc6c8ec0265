// Set d, the identifiers of everywhere but Europe.
import {bitcoin, curp, cusip, falling, gstin, iban, isin, luhn, mod97, sedol, segwit, socialCredit, verhoeff, vin,
  weighted} from './check_digits.mjs';
import {alnum, born, dashed, drawn, first, kinds, mod11, shaped, spaced, two, until} from './identifier_forms.mjs';
import {digits, upper} from './sample.mjs';

kinds['card-visa'] = [
  ['card number', 'credit card', 'card_number', 'pan'],
  (c) => {
    const b = '4' + c.digits(14);
    return b + luhn(b);
  },
  spaced(4, 4, 4, 4), dashed(4, 4, 4, 4)
];
kinds['card-mastercard'] = [
  ['card number', 'cc_number', 'Kreditkarte'],
  (c) => {
    const b = (c.pick(['51', '52', '53', '55', '2221', '2500']) + c.digits(13)).slice(0, 15);
    return b + luhn(b);
  },
  spaced(4, 4, 4, 4)
];
kinds['card-amex'] = [
  ['card', 'amex', 'card number'],
  (c) => {
    const b = c.pick(['34', '37']) + c.digits(12);
    return b + luhn(b);
  },
  spaced(4, 6, 5)
];
kinds['card-discover'] = [
  ['card number', 'creditCard'],
  (c) => {
    const b = '6011' + c.digits(11);
    return b + luhn(b);
  },
  dashed(4, 4, 4, 4)
];
kinds['card-jcb'] = [
  ['card number'],
  (c) => {
    const b = `35${c.between(28, 89)}${c.digits(11)}`;
    return b + luhn(b);
  },
  spaced(4, 4, 4, 4)
];
kinds['card-diners'] = [
  ['card number', 'diners'],
  (c) => {
    const b = '36' + c.digits(11);
    return b + luhn(b);
  },
  spaced(4, 6, 4)
];
kinds['card-unionpay'] = [
  ['card number', 'unionpay'],
  (c) => {
    const b = '62' + c.digits(13);
    return b + luhn(b);
  },
  spaced(4, 4, 4, 4)
];
kinds['imei'] = [
  ['IMEI', 'imei', 'device_imei'],
  (c) => {
    const b = '35' + c.digits(12);
    return b + luhn(b);
  }
];
kinds['lei'] = [
  ['LEI', 'lei_code'],
  (c) => {
    const b = c.digits(4) + '00' + c.from(alnum, 12);
    return b + mod97(b);
  }
];
kinds['isin'] =
    [['ISIN', 'isin'], (c) => isin(c.pick(['US', 'DE', 'FR', 'GB', 'CH', 'NL']) + c.from(alnum, 3) + c.digits(6))];
kinds['cusip'] = [['CUSIP', 'cusip'], (c) => cusip(c.digits(6) + c.from(alnum, 2))];
kinds['sedol'] = [
  ['SEDOL', 'sedol'], (c) => sedol(c.from('BCDFGHJKLMNPQRSTVWXYZ', 1) + c.from('BCDFGHJKLMNPQRSTVWXYZ' + digits, 5))
];
kinds['vin'] =
    [['VIN', 'vin', 'vehicle_vin'], (c) => vin(c.from('ABCDEFGHJKLMNPRSTUVWXYZ123456789', 11) + c.digits(6)), {at: 8}];
kinds['bitcoin'] = [['BTC address', 'wallet'], (c) => bitcoin(c.bytes(20))];
kinds['segwit'] = [['BTC address', 'bitcoin_address'], (c) => segwit(c.bytes(20))];
const accounts = {
  DE: '#'.repeat(18),
  FR: '#'.repeat(23),
  GB: 'AAAA' +
      '#'.repeat(14),
  NL: 'AAAA##########',
  ES: '#'.repeat(20),
  IT: 'A' +
      '#'.repeat(22),
  CH: '#'.repeat(17),
  AT: '#'.repeat(16),
  PL: '#'.repeat(24),
  SE: '#'.repeat(20),
  DK: '#'.repeat(14),
  PT: '#'.repeat(21),
  IE: 'AAAA' +
      '#'.repeat(14),
  LU: '#'.repeat(16),
  CZ: '#'.repeat(20),
  SA: '#'.repeat(20),
  TR: '#####0' +
      '#'.repeat(16),
  RO: 'AAAA' +
      '#'.repeat(16)
};
for (const [country, form] of Object.entries(accounts))
  kinds[`iban-${country}`] = [
    ['IBAN', 'iban', 'IBAN-Nr', 'customer_iban'],
    (c) => iban(country, form.replace(/#/g, () => c.digits(1)).replace(/A/g, () => c.from(upper, 1))),
    (text) => text.match(/.{1,4}/g).join(' '), {at: 3}
  ];

kinds['us-ssn'] = [
  ['SSN', 'ssn', 'social security number', 'Social Security'],
  (c) => `${c.pick('12345')}${c.digits(2)}${two(c.between(1, 99))}${c.between(1000, 9999)}`, dashed(3, 2, 4),
  {bad: (t) => '000' + t.slice(3)}
];
kinds['us-itin'] = [
  ['ITIN', 'itin', 'taxpayer id'], (c) => `9${c.digits(2)}${c.between(70, 88)}${c.between(1000, 9999)}`,
  dashed(3, 2, 4), {bad: (t) => t.slice(0, 3) + '10' + t.slice(5)}
];
kinds['us-routing'] = [
  ['routing number', 'ABA', 'aba_routing', 'routing_number'],
  (c) => {
    const b = `${two(c.between(1, 12))}${first(c, 6)}`;
    return b + ((10 - (weighted(b, [3, 7, 1, 3, 7, 1, 3, 7]) % 10)) % 10);
  }
];
kinds['us-npi'] = [
  ['NPI', 'npi', 'provider NPI'],
  (c) => {
    const b = '1' + c.digits(8);
    return b + luhn('80840' + b);
  }
];
kinds['us-dea'] = [
  ['DEA number', 'dea', 'DEA'],
  (c) => {
    const b = c.digits(6);
    return c.pick('ABFM') + c.from(upper, 1) + b + (weighted(b, [1, 2, 1, 2, 1, 2]) % 10);
  }
];
kinds['us-mbi'] = [
  ['MBI', 'medicare beneficiary', 'mbi'],
  (c) => {
    const a = 'ACDEFGHJKMNPQRTUVWXY';
    const x = (s) => c.from(s, 1);
    return x('123456789') + x(a) + x(a + digits) + x(digits) + x(a) + x(a + digits) + x(digits) + x(a) + x(a) +
        c.digits(2);
  },
  dashed(4, 3, 4), {bad: (t) => t[0] + 'S' + t.slice(2)}
];
kinds['ca-sin'] = [
  ['SIN', 'social insurance number', 'sin'],
  (c) => {
    const b = c.pick('1234567') + c.digits(7);
    return b + luhn(b);
  },
  spaced(3, 3, 3), dashed(3, 3, 3)
];
kinds['br-cpf'] = [
  ['CPF', 'cpf'],
  (c) => {
    const d = (t, n) => {
      const r = (weighted(t, falling(n, 2)) * 10) % 11;
      return r % 10;
    };
    let b = c.digits(9);
    b += d(b, 10);
    return b + d(b, 11);
  },
  shaped('###.###.###-##')
];
kinds['br-cnpj'] = [
  ['CNPJ', 'cnpj'],
  (c) => {
    const d = (t, w) => {
      const r = weighted(t, w) % 11;
      return r < 2 ? 0 : 11 - r;
    };
    const w = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let b = c.digits(8) + '0001';
    b += d(b, w);
    return b + d(b, [6, ...w]);
  },
  shaped('##.###.###/####-##')
];
kinds['mx-curp'] = [
  ['CURP', 'curp'],
  (c) => {
    const {yy, mm, dd} = born(c);
    const n = 'BCDFGLMNPRST';
    return curp(`${c.from(n, 1)}${c.pick('AEIOU')}${c.from(n, 2)}${yy}${mm}${dd}${c.pick('HM')}${
        c.pick(['DF', 'JC', 'NL', 'MC'])}${c.from(n, 3)}0`);
  }
];
kinds['mx-clabe'] = [
  ['CLABE', 'clabe'],
  (c) => {
    const b = '0' + c.pick(['02', '12', '14', '72']) + c.digits(14);
    const s = [...b].reduce((t, x, i) => t + ((Number(x) * [3, 7, 1][i % 3]) % 10), 0);
    return b + ((10 - (s % 10)) % 10);
  }
];
kinds['ar-cuit'] = [
  ['CUIT', 'CUIL', 'cuit'],
  (c) => drawn(
      c, () => c.pick(['20', '23', '27', '30']) + c.digits(8), (t) => mod11(t, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11),
  dashed(2, 8, 1)
];
kinds['ar-cbu'] = [
  ['CBU', 'cbu'],
  (c) => {
    const d = (t, w) => (10 - (weighted(t, w) % 10)) % 10;
    const a = c.pick(['007', '011', '017', '072', '191']) + c.digits(4);
    const b = c.digits(13);
    return a + d(a, [7, 1, 3, 9, 7, 1, 3]) + b + d(b, [3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3]);
  }
];
kinds['cl-rut'] = [
  ['RUT', 'rut', 'RUN'],
  (c) => {
    const b = c.pick(['12', '15', '9', '18', '20']).padStart(2, '1') + c.digits(6);
    const r = mod11(b, [3, 2, 7, 6, 5, 4, 3, 2]);
    return b + '-' +
        '0123456789K0'[r];
  },
  (t) => `${t.slice(0, 2)}.${t.slice(2, 5)}.${t.slice(5)}`
];
kinds['co-nit'] = [
  ['NIT', 'nit'],
  (c) => {
    const b = c.pick(['8', '9']) + c.digits(8);
    const r = weighted(b, [41, 37, 29, 23, 19, 17, 13, 7, 3]) % 11;
    return `${b}-${r > 1 ? 11 - r : r}`;
  }
];
kinds['ec-cedula'] = [
  ['cédula', 'cedula', 'CI'],
  (c) => {
    const b = two(c.between(1, 24)) + c.pick('012345') + c.digits(6);
    return b + luhn(b);
  },
  {only: true}
];
kinds['pe-ruc'] = [
  ['RUC', 'ruc'],
  (c) => {
    const b = c.pick(['10', '20']) + c.digits(8);
    const r = mod11(b, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    return b + (r === 10 ? 0 : r === 11 ? 1 : r);
  }
];
kinds['uy-ci'] = [
  ['cédula de identidad', 'CI', 'cedula'],
  (c) => {
    const b = first(c, 7);
    return b + ((10 - (weighted(b, [2, 9, 8, 7, 6, 3, 4]) % 10)) % 10);
  },
  shaped('#.###.###-#'), {only: true}
];
kinds['do-cedula'] = [
  ['cédula', 'cedula'],
  (c) => {
    const b = '00' + first(c, 8);
    return b + luhn(b);
  },
  dashed(3, 7, 1)
];
kinds['in-aadhaar'] = [
  ['Aadhaar', 'aadhaar_number', 'UIDAI'],
  (c) => {
    const b = c.pick('23456789') + c.digits(10);
    return b + verhoeff(b);
  },
  spaced(4, 4, 4)
];
kinds['in-gstin'] = [
  ['GSTIN', 'gstin'], (c) => gstin(`${c.pick([
                        '27', '29', '07', '33'
                      ])}${c.from(upper, 3)}${c.pick('PCF')}${c.from(upper, 1)}${c.digits(4)}${c.from(upper, 1)}1Z`)
];
kinds['cn-id'] = [
  ['身份证号', 'id_card', 'resident ID', 'identity card'],
  (c) => {
    const {yy, mm, dd} = born(c);
    const b = `${c.pick(['110105', '310104', '440106', '510107'])}19${yy}${mm}${dd}${c.digits(3)}`;
    return b + '10X98765432'[weighted(b, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11];
  }
];
kinds['cn-uscc'] = [
  ['统一社会信用代码', 'USCC', 'social credit code'],
  (c) => socialCredit(`91${c.pick(['110108', '310115', '440300'])}${c.from('0123456789ABCDEFGHJKLMNPQRTUWXY', 9)}`)
];
kinds['kr-rrn'] = [
  ['주민등록번호', 'RRN', 'resident registration number'],
  (c) => {
    const {yy, mm, dd} = born(c);
    const b = `${yy}${mm}${dd}${c.pick('12')}${c.digits(5)}`;
    return b + (mod11(b, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 10);
  },
  dashed(6, 7)
];
kinds['kr-brn'] = [
  ['사업자등록번호', 'business registration number', 'BRN'],
  (c) => {
    const b = c.between(101, 799) + c.digits(6);
    return b + ((10 - ((weighted(b, [1, 3, 7, 1, 3, 7, 1, 3, 5]) + Math.floor((Number(b[8]) * 5) / 10)) % 10)) % 10);
  },
  dashed(3, 2, 5)
];
kinds['jp-my-number'] = [
  ['マイナンバー', 'My Number', 'individual number', '個人番号'],
  (c) => {
    const b = first(c, 11);
    const r = weighted(b, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    return b + (r <= 1 ? 0 : 11 - r);
  },
  spaced(4, 4, 4)
];
kinds['jp-corporate'] = [
  ['法人番号', 'corporate number'],
  (c) => {
    const b = '0' + c.pick('12') + '00' + c.digits(8);
    const s = [...b].reverse().reduce((t, x, i) => t + Number(x) * (i % 2 ? 2 : 1), 0);
    return (9 - (s % 9)) + b;
  },
  {at: 0}
];
kinds['th-id'] = [
  ['เลขประจำตัวประชาชน', 'Thai ID', 'national ID', 'TNIN'],
  (c) => {
    const b = c.pick('12345') + c.digits(11);
    return b + (mod11(b, falling(13, 2)) % 10);
  },
  dashed(1, 4, 5, 2, 1)
];
kinds['sg-nric'] = [
  ['NRIC', 'FIN', 'nric'],
  (c) => {
    const p = c.pick('STFG');
    const b = c.digits(7);
    const s = (weighted(b, [2, 7, 6, 5, 4, 3, 2]) + ('TG'.includes(p) ? 4 : 0)) % 11;
    return p + b + ('ST'.includes(p) ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK')[s];
  }
];
kinds['tw-id'] = [
  ['身分證字號', 'National ID', 'ROC ID'],
  (c) => {
    const l = c.from(upper, 1);
    const code = 'ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf(l) + 10;
    const b = c.pick('12') + c.digits(7);
    const s = Math.floor(code / 10) + (code % 10) * 9 + weighted(b, [8, 7, 6, 5, 4, 3, 2, 1]);
    return l + b + ((10 - (s % 10)) % 10);
  }
];
kinds['hk-id'] = [
  ['HKID', 'Hong Kong ID'],
  (c) => {
    const l = c.from(upper, 1);
    const b = c.digits(6);
    const s = 36 * 9 + parseInt(l, 36) * 8 + weighted(b, [7, 6, 5, 4, 3, 2]);
    return `${l}${b}(${'0123456789A0'[11 - (s % 11)]})`;
  },
  {at: -2}
];
kinds['tr-tckn'] = [
  ['TC Kimlik No', 'TCKN', 'tckn'],
  (c) => {
    const b = first(c, 9);
    const n = [...b].map(Number);
    const odd = n[0] + n[2] + n[4] + n[6] + n[8];
    const even = n[1] + n[3] + n[5] + n[7];
    const t = (((odd * 7 - even) % 10) + 10) % 10;
    return b + t + ((odd + even + t) % 10);
  }
];
kinds['il-id'] = [
  ['תעודת זהות', 'Israeli ID', 'teudat zehut'],
  (c) => {
    const b = c.pick('0123') + c.digits(7);
    return b + luhn(b);
  }
];
kinds['za-id'] = [
  ['SA ID', 'South African ID', 'id_number'],
  (c) => {
    const {yy, mm, dd} = born(c);
    const b = `${yy}${mm}${dd}${c.digits(4)}08`;
    return b + luhn(b);
  }
];
kinds['au-tfn'] = [
  ['TFN', 'tax file number', 'tfn'],
  (c) => drawn(c, () => first(c, 8), (t) => until(() => {
                                       const s = weighted(t, [1, 4, 3, 7, 5, 8, 6, 9]) % 11;
                                       for (let d = 0; d < 10; d++)
                                         if ((s + d * 10) % 11 === 0) return String(d);
                                       return '-1';
                                     })),
  spaced(3, 3, 3)
];
kinds['au-abn'] = [
  ['ABN', 'abn'], (c) => until(() => {
                    const t = first(c, 11);
                    return (weighted(t, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10) % 89 === 0 && t;
                  }),
  spaced(2, 3, 3, 3)
];
kinds['au-acn'] = [
  ['ACN', 'acn'],
  (c) => {
    const b = c.digits(8);
    return b + ((10 - (weighted(b, falling(8, 1)) % 10)) % 10);
  },
  spaced(3, 3, 3)
];
kinds['au-medicare'] = [
  ['Medicare number', 'medicare'],
  (c) => {
    const b = c.pick('23456') + c.digits(7);
    return b + (weighted(b, [1, 3, 7, 9, 1, 3, 7, 9]) % 10) + c.pick('123');
  },
  spaced(4, 5, 1), {at: 8}
];
kinds['nz-ird'] = [
  ['IRD number', 'ird'],
  (c) => drawn(
      c, () => `${c.between(12, 99)}${c.digits(5)}`,
      (t) => (11 - (weighted('0' + t, [3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11),
  (t) => `${t.slice(0, 2)}-${t.slice(2, 5)}-${t.slice(5)}`
];
