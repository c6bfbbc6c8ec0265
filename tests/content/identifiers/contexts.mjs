// Texts around a value: sentences, keys, columns, code, logs. Each returns [text, start] with start in UTF-16 units.

const around = (before, value, after) => [before + value + after, before.length];

export const identifierContexts = [
  (r, label, value) => around(`My ${label} is `, value, r.pick(['.', ', thanks', ' - please update it'])),
  (r, label, value) => around(`${label}: `, value, r.pick(['', '\n', '\nnext line'])),
  (r, label, value) => around(`{"id": ${r.int(1, 99)}, "${label.replace(/ /g, '_')}": "`, value,
    '", "active": true}'),
  (r, label, value) => around(`${label.replace(/[ -]/g, '_')} = "`, value, '"'),
  (r, label, value) => around(`name,${label},city\nx,`, value, ',Rome\n'),
  (r, label, value) => around(`| name | ${label} |\n|---|---|\n| x | `, value, ' |\n'),
  (r, label, value) => around(`INSERT INTO people (id, ${label.replace(/[ -]/g, '_')}) VALUES (7, '`, value, "');"),
  (r, label, value) => around(`2024-05-02T10:11:12Z INFO updated ${label}=`, value, ' for request 88'),
  (r, label, value) => around(`Could you check the ${label} `, value, ' in our system?'),
  (r, label, value) => around(`<field name="${label}">`, value, '</field>'),
  (r, label, value) => around(`customer record\n  ${label}: `, value, '\n  status: open\n'),
  (r, label, value) => around(`const ${label.replace(/[^A-Za-z]/g, '') || 'value'}Value = '`, value,
    `'; // ${label}`),
];

const given = ['Marta', 'Jonas', 'Aylin', 'Chidi', 'Priya', 'Kenji', 'Svetlana', 'Andrzej', 'Fatima', 'Luc',
  'Isabela', 'Hyejin', 'Omar', 'Eirik', 'Zsofia', 'Thandi', 'Rohan', 'Mei', 'Oksana', 'Giulia', 'Nkechi', 'Bjarne',
  'Xavier', 'Yusra', 'Callum'];
const family = ['Lindqvist', 'Okonjo', 'Ferreira', 'Schuster', 'Nakagawa', 'Wojciechowska', 'Rahimi', 'Delacroix',
  'Bhandari', 'Petrenko', 'Moretti', 'van Dijk', 'O\u2019Hara', 'Yilmazer', 'Castellanos', 'Mbeki', 'Halloran',
  'Kovalenko', 'Strand', 'Abubakar', 'Nguyen', 'Whitlock', 'Szabo', 'Toivonen', 'Quispe'];
export const person = (r) => [r.pick(given), r.pick(family)];

export const personContexts = [
  (r, [a, b]) => around('first_name: ', a, `\nlast_name: ${b}\n`),
  (r, [a, b]) => around(`{"firstName": "${a}", "lastName": "`, b, '"}'),
  (r, [a, b]) => around('"full_name": "', `${a} ${b}`, '",'),
  (r, [a, b]) => around('Name: ', `${a} ${b}`, '\n'),
  (r, [a, b]) => around('customer: ', `${a} ${b}`, '\nid: 17\n'),
  (r, [a, b]) => around('customer_name,amount\n', `${a} ${b}`, ',12.90\n'),
  (r, [a, b]) => around('id;Vorname;Nachname\n1;', a, `;${b}\n`),
  (r, [a, b]) => around("INSERT INTO users (id, name, age) VALUES (3, '", `${a} ${b}`.replace("'", ''), "', 44);"),
  (r, [a, b]) => around('<lastName>', b, '</lastName>'),
  (r, [a, b]) => around('patient: ', `${a} ${b}`, ', admitted'),
  (r, [a, b]) => around('Dear ', `${a} ${b}`, ',\nthank you for your letter'),
  (r, [a, b]) => around('Kontakt: Frau ', `${a} ${b}`, ', Abteilung 4'),
  (r, [a, b]) => around('employee = { name: "', `${a} ${b}`, '", grade: 4 }'),
  (r, [a, b]) => around('nombre: ', `${a} ${b}`, '\n'),
];

export const address = (r) => {
  const n = r.int(1, 299);
  return r.pick([
    n + ' ' + r.pick(['Willow', 'Harbour', 'Station', 'Cedar', 'King']) + ' ' +
      r.pick(['Street', 'Road', 'Ave', 'Lane', 'Drive']),
    `${r.pick(['Ahorn', 'Garten', 'Schiller', 'Bahnhof'])}stra\u00dfe ${n}`,
    `${n} rue ${r.pick(['Victor Hugo', 'de la Paix', 'Pasteur'])}`,
      `Calle ${r.pick(['Mayor', 'de Serrano', 'Luna'])} ${n}`, `Via ${r.pick(['Garibaldi', 'Roma', 'Dante'])} ${n}`,
      `Rua ${r.pick(['Augusta', 'das Flores'])}, ${n}`,
    `ul. ${r.pick(['Polna', 'D\u0142uga', 'Mickiewicza'])} ${n}`, `${r.pick(['Keizers', 'Prinsen'])}gracht ${n}`,
      `${n} ${r.pick(['Elm', 'Birch'])} Court, Apt ${r.int(1, 40)}`,
  ]);
};
export const addressContexts = [
  (r, v) => around('address: ', v, '\n'), (r, v) => around('"street": "', v, '", "city": "X"'), (r,
    v) => around('shipping_address = "', v, '"'), (r, v) => around('id,street_address,city\n4,', v.replace(',', ''),
    ',Town\n'),
  (r, v) => around('Adresse: ', v, '\n'), (r, v) => around("INSERT INTO a (id, address) VALUES (1, '", v, "')"), (r,
    v) => around('"addressLine1": "', v, '",'), (r, v) => around('Direcci\u00f3n: ', v, '\n'),
];

export const mail = (r) => {
  const [a, b] = person(r).map((x) => x.toLowerCase().replace(/[^a-z]/g, ''));
  return r.pick([`${a}.${b}`, `${a[0]}${b}`, `${a}_${b}${r.int(1, 99)}`, `${b}${r.int(60, 99)}`, `${a}+shop`]) + '@' +
    r.pick(['gmail.com', 'outlook.com', 'web.de', 'orange.fr', 'uni-graz.at', 'kontor-nord.de', 'mail.ru', 'qq.com',
      'yahoo.co.jp', 'hospital.nhs.uk', 'bigcorp.io', 'nowak-meble.pl', 'tecnologia.com.br']);
};
export const mailContexts = [
  (r, v) => around('Contact me at ', v, ' please'), (r, v) => around('email: ', v, '\n'), (r,
    v) => around('{"email":"', v, '"}'), (r, v) => around('id,mail\n1,', v, '\n'), (r,
    v) => around('<a href="mailto:', v, '">'), (r, v) => around('From: X <', v, '>'), (r, v) => around('user=', v,
    '&x=1'), (r, v) => around('login failed for ', v, ' from app'),
];

export const phone = (r) => r.pick([
  () => `+1 ${r.int(201, 989)} ${r.int(220, 989)} ${r.int(1000, 9999)}`,
    () => `(${r.int(201, 989)}) ${r.int(220, 989)}-${r.int(1000, 9999)}`,
    () => `${r.int(201, 989)}-${r.int(220, 989)}-${r.int(1000, 9999)}`,
  () => `+49 ${r.int(151, 179)} ${r.int(1000000, 9999999)}`, () => `+49${r.int(1511111111, 1799999999)}`,
    () => `+33 6 ${r.int(10, 99)} ${r.int(10, 99)} ${r.int(10, 99)} ${r.int(10, 99)}`,
    () => `06 ${r.int(10, 99)} ${r.int(10, 99)} ${r.int(10, 99)} ${r.int(10, 99)}`,
  () => `+44 20 7${r.int(100, 999)} ${r.int(1000, 9999)}`, () => `07${r.int(100, 999)} ${r.int(100000, 999999)}`,
    () => `+91 ${r.int(70000, 99999)} ${r.int(10000, 99999)}`,
    () => `+86 138 ${r.int(1000, 9999)} ${r.int(1000, 9999)}`,
    () => `+55 11 9${r.int(1000, 9999)}-${r.int(1000, 9999)}`,
  () => `+81 90-${r.int(1000, 9999)}-${r.int(1000, 9999)}`,
    () => `+34 6${r.int(10, 99)} ${r.int(100, 999)} ${r.int(100, 999)}`,
    () => `+39 3${r.int(20, 99)} ${r.int(1000000, 9999999)}`,
    () => `+48 ${r.int(500, 899)} ${r.int(100, 999)} ${r.int(100, 999)}`,
    () => `${r.int(201, 989)}${r.int(220, 989)}${r.int(1000, 9999)}`,
  () => `030 ${r.int(1000000, 9999999)}`, () => `+971 50 ${r.int(100, 999)} ${r.int(1000, 9999)}`,
    () => `+61 4${r.int(10, 99)} ${r.int(100, 999)} ${r.int(100, 999)}`,
])();
export const phoneContexts = [
  (r, v) => around('phone: ', v, '\n'), (r, v) => around('Call me on ', v, ' tomorrow'), (r,
    v) => around('{"mobile": "', v, '"}'), (r, v) => around('Tel. ', v, ', Mo-Fr'), (r,
    v) => around('id,phone_number\n1,', v, '\n'), (r, v) => around('contact_phone = "', v, '"'), (r,
    v) => around('Telefon: ', v, '\n'), (r, v) => around('my cell is ', v, '.'),
];

const group = (r, count) => r.from('123456789abcdef', count);
export const ip = (r) => r.pick([
  () => [r.pick([23, 31, 45, 62, 78, 91, 109, 134, 151, 178, 185, 193, 212]), r.int(1, 254), r.int(1, 254),
    r.int(41, 254)].join('.'),
  () => `2a0${r.int(0, 9)}:${group(r, 4)}:${group(r, 3)}::${group(r, 4)}`,
  () => ['2001', ...Array.from({ length: 7 }, () => group(r, 4))].join(':'),
])();
export const ipContexts = [
  (r, v) => around('Failed login from ', v, ' port 22'), (r, v) => around('client_ip=', v, ' status=200'), (r,
    v) => around('{"remote_addr":"', v, '"}'), (r, v) => around('', v,
    ' - - [10/Oct/2024:13:55:36 +0000] "GET / HTTP/1.1" 200'), (r, v) => around('ping ', v, '\n'), (r,
    v) => around('host: ', v, '\n'), (r, v) => around('The server at ', v, ' is down'),
];

export const birth = (r) => { const [y, m, d] = r.birthday(); const t = (n) => String(n).padStart(2, '0');
  return r.pick([`${y}-${t(m)}-${t(d)}`, `${t(d)}.${t(m)}.${y}`, `${t(m)}/${t(d)}/${y}`, `${d} March ${y}`]); };
export const birthContexts = [(r, v) => around('dob: ', v, '\n'), (r, v) => around('"date_of_birth": "', v, '"'), (r,
  v) => around('Geburtsdatum: ', v, '\n'), (r, v) => around('id,birth_date\n1,', v, '\n'), (r,
  v) => around('She was born on ', v, ' in Oslo')];
