// Set e: e-mail addresses, telephone numbers of many countries and network addresses; and what is none of them.
import {digits, letters, lower, negative, positive} from './sample.mjs';

const word = (c) => c.from(lower, c.between(4, 9));
const given = ['anna', 'marco', 'li.wei', 'fatima', 'john', 'sven', 'priya', 'olga', 'tom', 'ines'];
const family = ['schmidt', 'rossi', 'oconnor', 'garcia', 'tanaka', 'novak', 'khan', 'berg', 'dubois', 'silva'];
const ends =
    ['com', 'org', 'net', 'de', 'fr', 'co.uk', 'io', 'com.br', 'co.jp', 'se', 'museum', 'tech', 'eu', 'in', 'gov.au'];

const emails = {
  'email-plain': (c) => `${c.pick(given)}.${c.pick(family)}@${word(c)}.${c.pick(ends)}`,
  'email-plus': (c) => `${c.pick(given)}+${word(c)}@${c.pick(['gmail.com', 'outlook.com', 'proton.me'])}`,
  'email-digits': (c) => `${c.pick(family)}${c.digits(3)}@${word(c)}-${word(c)}.${c.pick(ends)}`,
  'email-sub': (c) => `${c.pick(given)}_${c.pick(family)}@mail.${word(c)}.${c.pick(ends)}`,
  'email-short': (c) => `${c.from(lower, 1)}.${c.pick(family)}@${c.from(lower, 3)}.${c.pick(ends)}`,
};
const emailFrames = [
  'write to {} today', '"email": "{}"', 'From: <{}>', 'mailto:{}', 'user={}&id=3', '(\'Li\', \'{}\', 4)',
  '{},active,2023-01-04', 'Author: x <{}>', '- {}', '({})', '{}', 'git config user.email {}', '[info] login ok for {}.',
  '<td>{}</td>'
];

// # is a digit, N one from 2 to 9; numbers follow each country's own plan.
const phones = {
  US: ['+1 N1N-N##-####', '(N1N) N##-####', '+1N1NN######', 'N1N-N##-####', '+1 (N1N) N##-####', 'N1N.N##.####'],
  GB: ['+44 7700 ######', '+44 20 7### ####', '07### ######', '020 7### ####', '+447#########', '0161 ### ####'],
  DE: ['+49 30 ########', '+49 151 ########', '030 / ########', '0151 ########', '+4917########0', '089/#######'],
  FR: ['+33 6 ## ## ## ##', '06 ## ## ## ##', '+336########', '01 42 ## ## ##', '06.##.##.##.##'],
  IT: ['+39 347 ### ####', '+39 06 #### ####', '347 ### ####', '+39347#######'],
  ES: ['+34 6## ### ###', '6## ### ###', '+34 91 ### ## ##', '+346########'],
  NL: ['+31 6 ########', '06-########', '+31 20 ### ####', '020-#######'],
  BE: ['+32 47# ## ## ##', '047#/##.##.##', '+32 2 ### ## ##'],
  CH: ['+41 79 ### ## ##', '079 ### ## ##', '+41 44 ### ## ##'],
  AT: ['+43 664 #######', '0664 #######', '+43 1 #######'],
  SE: ['+46 70 ### ## ##', '070-### ## ##', '+4670#######'],
  NO: ['+47 4## ## ###', '+47 9#######'],
  DK: ['+45 2# ## ## ##', '+452#######'],
  FI: ['+358 40 #######', '040 #######'],
  PL: ['+48 60# ### ###', '+48 22 ### ## ##', '60# ### ###'],
  CZ: ['+420 60# ### ###', '+42077#######'],
  PT: ['+351 91# ### ###', '91# ### ###'],
  GR: ['+30 69# ### ####'],
  IE: ['+353 87 ### ####', '087 ### ####'],
  HU: ['+36 30 ### ####'],
  RO: ['+40 72# ### ###', '072# ### ###'],
  UA: ['+380 67 ### ## ##'],
  RU: ['+7 916 ###-##-##', '8 (916) ###-##-##'],
  TR: ['+90 532 ### ## ##', '0532 ### ## ##'],
  IL: ['+972 54-###-####', '054-###-####'],
  AE: ['+971 50 ### ####'],
  SA: ['+966 50 ### ####'],
  IN: ['+91 98### #####', '+9198########', '098### #####'],
  CN: ['+86 138 #### ####', '138 #### ####', '+86138########'],
  JP: ['+81 90-####-####', '090-####-####', '03-####-####'],
  KR: ['+82 10-####-####', '010-####-####'],
  SG: ['+65 9### ####'],
  HK: ['+852 9### ####'],
  AU: ['+61 412 ### ###', '0412 ### ###', '(02) 9### ####'],
  NZ: ['+64 21 ### ####', '021 ### ####'],
  ZA: ['+27 82 ### ####', '082 ### ####'],
  NG: ['+234 803 ### ####', '0803 ### ####'],
  KE: ['+254 712 ######'],
  EG: ['+20 100 ### ####'],
  BR: ['+55 11 9####-####', '(11) 9####-####'],
  MX: ['+52 55 #### ####'],
  AR: ['+54 9 11 ####-####'],
  CL: ['+56 9 #### ####'],
  CO: ['+57 310 ### ####'],
  TH: ['+66 81 ### ####'],
  VN: ['+84 90 ### ## ##'],
  PH: ['+63 917 ### ####'],
  ID: ['+62 812-####-####'],
  MY: ['+60 12-### ####'],
};
const shape = (c, pattern) => pattern.replace(/#/g, () => c.digits(1)).replace(/N/g, () => c.pick('23456789'));
const phoneFrames = [
  'call me at {} after five', 'Tel: {}', '"phone": "{}"', 'phone_number={}', 'mobile: {}', 'Telefon {}',
  'INSERT INTO contacts (name, phone) VALUES (\'Li\', \'{}\');', '<a href="tel:{}">', 'whatsapp {}',
  'name,phone\nAnna,{}\n', 'fax: {}', 'contact_phone = "{}"'
];
const worldFrames = [...phoneFrames, 'reach us: {}', '{}', '- {} (office)', 'SMS sent to {} ok', '["{}"]'];

const byte = (c) => c.between(1, 254);
const networks = {
  'ipv4-public': (c) => `${c.pick([5, 23, 46, 52, 81, 93, 104, 151, 185, 203])}.${byte(c)}.${byte(c)}.${byte(c)}`,
  'ipv4-private': (c) => c.pick([
    `10.${byte(c)}.${byte(c)}.${byte(c)}`, `192.168.${byte(c)}.${byte(c)}`,
    `172.${c.between(16, 31)}.${byte(c)}.${byte(c)}`
  ]),
  'ipv6-full': (c) =>
      `2a0${c.between(0, 9)}:${Array.from({length: 7}, () => c.pick('123456789abcdef') + c.hex(3)).join(':')}`,
  'ipv6-short': (c) => `2001:${c.hex(3)}a:${c.hex(3)}1::${c.hex(3)}b`,
  'ipv6-long-zero': (c) => `2620:1${c.hex(2)}:${c.hex(3)}4:${c.hex(2)}::${c.hex(2)}:1`,
  'ipv6-local': (c) => `fd${c.hex(2)}:${c.hex(3)}a:${c.hex(4)}::${c.hex(3)}1`,
};
const networkFrames = [
  'server at {} is down', 'host: {}', '"ip": "{}"', 'ssh root@{}', 'client_ip={}',
  '{} - - [12/May/2024:10:00:00 +0000] "GET / HTTP/1.1" 200', 'ping {}', 'X-Forwarded-For: {}', 'allow {};',
  'remote_addr={} status=200', 'from {} port 51234 ssh2', '{}'
];

export function contactSamples(c, perKind) {
  const out = [];
  const add = (kinds, frames) => Object.entries(kinds).forEach(([kind, make]) => {
    for (let i = 0; i < perKind; i++) out.push(positive(kind, c.pick(frames), make(c)));
  });
  add(emails, emailFrames);
  add(networks, networkFrames);
  for (const [country, patterns] of Object.entries(phones))
    for (const pattern of patterns)
      for (let i = 0; i < Math.max(1, perKind / 4); i++) {
        const world = pattern.startsWith('+');
        out.push(positive(
            `phone-${world ? 'world' : 'national'}-${country}`, c.pick(world ? worldFrames : phoneFrames),
            shape(c, pattern)));
      }
  return out;
}

const others = {
  decorator: (c) => `@${word(c)}.${word(c)}(${word(c)})`,
  'package-at': (c) => `npm i @${word(c)}/${word(c)}@${c.between(1, 9)}.${c.below(20)}.${c.below(9)}`,
  'version-at': (c) => `${word(c)}@${c.between(1, 9)}.${c.below(20)}.${c.below(9)}`,
  'image-digest': (c) => `${word(c)}@sha256:${c.hex(64)}`,
  'css-media': (c) => `@media (min-width: ${c.digits(3)}px) { .a { margin: 0 } }`,
  handle: (c) => `thanks @${word(c)} and @${word(c)}`,
  matrix: (c) => `y = x@w.${c.pick(['T', 'data', 'grad'])}`,
  'asset-scale': (c) => `logo@${c.between(2, 3)}x.png`,
  version: (c) => `version ${c.below(9)}.${c.below(20)}.${c.below(40)}`,
  'four-part-version': (c) => `AssemblyVersion("${c.between(1, 9)}.${c.below(9)}.${c.digits(4)}.${c.digits(3)}")`,
  section: (c) => `see section ${c.between(1, 9)}.${c.between(1, 9)}.${c.between(1, 9)}`,
  oid: (c) => `oid 1.3.6.1.4.1.${c.digits(5)}.${c.below(9)}`,
  timestamp: (c) => `ts=${1600000000 + c.below(1e8)}`,
  milliseconds: (c) => `"at": ${1600000000000 + c.below(1e11)}`,
  date: (c) => `20${c.between(10, 25)}-0${c.between(1, 9)}-1${c.below(9)} 10:${c.between(10, 59)}:00`,
  uuid: (c) => c.uuid(),
  'order-number': (c) => `order ${c.digits(10)} shipped`,
  float: (c) => `${c.digits(3)}.${c.digits(8)}`,
  sku: (c) => `SKU ${c.digits(4)}-${c.digits(4)}`,
  'build-number': (c) => `build ${c.digits(8)}`,
  'id-column': (c) => `${c.digits(9)},${c.digits(7)},ok`,
  time: (c) => `${c.between(10, 23)}:${c.between(10, 59)}:${c.between(10, 59)}`,
  scope: (c) => `std::${word(c)}::${word(c)}`,
  slice: (c) => `a[${c.below(9)}::${c.below(9)}]`,
  selector: (c) => `a::before { content: "${c.from(letters, 3)}" }`,
  hexadecimal: (c) => `0x${c.hex(8)}, 0x${c.hex(8)}`,
  sizes: (c) => `${c.digits(4)} x ${c.digits(4)} px`,
  coordinates: (c) => `lat ${c.digits(2)}.${c.digits(6)}, lng -${c.digits(2)}.${c.digits(6)}`,
  range: (c) => `lines ${c.digits(3)}-${c.digits(3)} of ${c.digits(4)}`,
  constant: (c) => `#define MAX_${word(c).toUpperCase()} ${c.from(digits, 10)}`,
  array: (c) => `[${c.digits(3)}, ${c.digits(3)}, ${c.digits(4)}]`,
  isbn: (c) => `ISBN 978-${c.digits(1)}-${c.digits(4)}-${c.digits(4)}-${c.digits(1)}`,
  price: (c) => `total ${c.digits(3)},${c.digits(3)}.${c.digits(2)}`,
  'git-hash': (c) => `commit ${c.hex(40)}`,
};

export function otherNumbers(c, perKind) {
  return Object.entries(others).flatMap(([kind, make]) => Array.from({length: perKind}, () => negative(kind, make(c))));
}
