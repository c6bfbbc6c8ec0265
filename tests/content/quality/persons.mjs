// Set f: names of persons and street addresses of several cultures beside keys that say so.
import {negative, positive} from './sample.mjs';

const names = {
  english: [
    ['James', 'Emily', 'Oliver', 'Charlotte', 'Harold', 'Abigail'],
    ['Whitfield', 'Carter', 'O\'Brien', 'Pemberton', 'Hughes']
  ],
  german: [['Jürgen', 'Annelies', 'Matthias', 'Ulrike'], ['Müller', 'Bauer', 'von Stetten', 'Kästner', 'Vogelsang']],
  french: [['Élodie', 'Jean-Pierre', 'Mathilde', 'Bastien'], ['Lefèvre', 'Moreau', 'de La Tour', 'Chevalier']],
  spanish: [['María José', 'Alejandro', 'Lucía', 'Íñigo'], ['García Márquez', 'Fernández', 'Ibáñez Ruiz', 'Ortega']],
  italian: [['Giuseppe', 'Chiara', 'Lorenzo'], ['D\'Angelo', 'Esposito', 'Ferrari', 'Colombo']],
  polish: [['Agnieszka', 'Wojciech', 'Małgorzata'], ['Kowalska', 'Wiśniewski', 'Zieliński']],
  nordic: [['Bjørn', 'Astrid', 'Søren', 'Åsa'], ['Håkansson', 'Kristiansen', 'Lindqvist', 'Nygård']],
  russian: [['Dmitri', 'Ekaterina', 'Sergei'], ['Volkov', 'Ivanova', 'Smirnov']],
  cyrillic: [['Сергей', 'Анна', 'Ольга'], ['Петров', 'Смирнова', 'Кузнецова']],
  indian: [['Priya', 'Arjun', 'Lakshmi', 'Rajesh'], ['Krishnamurthy', 'Sharma', 'Patel', 'Venkataraman']],
  arabic: [['Fatima', 'Omar', 'Yusuf', 'Layla'], ['Al-Hashimi', 'bin Khalid', 'El Sayed', 'Haddad']],
  chinese: [['Wei', 'Xiaoming', 'Mei', 'Jian'], ['Zhang', 'Wang', 'Ouyang', 'Chen']],
  japanese: [['Haruto', 'Yuki', 'Sakura'], ['Tanaka', 'Watanabe', 'Kobayashi']],
  african: [['Chinedu', 'Amara', 'Kwame', 'Thandiwe'], ['Okafor', 'Mensah', 'Nkosi', 'Adeyemi']],
  vietnamese: [['Minh', 'Thu Hà'], ['Nguyễn', 'Trần', 'Phạm']],
};
const scripts = {
  hanzi: ['王小明', '李娜', '张伟'],
  kanji: ['田中太郎', '佐藤花子', '渡辺健'],
  hangul: ['김민준', '이서연']
};

const person = (c) => {
  const [given, family] = c.pick(Object.values(names));
  return [c.pick(given), c.pick(family)];
};

// {0} is one of the first list, #2-9# a number from 2 to 9.
const at = (pattern, ...lists) => (c) =>
    pattern.replace(/\{(\d)\}/g, (_, i) => c.pick(lists[i].split('|')))
        .replace(/#(\d+)-(\d+)#/g, (_, low, high) => String(c.between(Number(low), Number(high))));
const addresses = {
  us: at('#2-9899# {0} {1}', 'Maple|Oak Hill|Jefferson|W 42nd|Sunset', 'St|Street|Ave|Avenue|Blvd|Drive|Ln|Road'),
  'us-full': at('#2-9899# {0} {1}, {2} #10000-98999#', 'Elm|Pine|Lincoln', 'St|Ave|Court',
    'Springfield, IL|Austin, TX|Portland, OR'),
  gb: at('#2-199# {0} {1}, {2}', 'High|Church|Victoria|King\'s', 'Street|Road|Lane|Close|Terrace',
    'London SW1A 2AB|Leeds LS1 4DY|Bristol BS8 1TH'),
  de: at('{0} #2-199#, #10000-99000# {1}', 'Hauptstraße|Goethestr.|Am Markt|Lindenallee|Bahnhofstrasse|Kirchweg',
    'Berlin|München|Köln'),
  fr: at('#2-199# {0}, #10000-95000# {1}',
    'rue de la République|avenue Victor Hugo|boulevard Saint-Michel|place du Marché', 'Paris|Lyon|Nantes'),
  es: at('{0} #2-199#, #10000-52000# {1}', 'Calle Mayor|Avda. de la Constitución|C/ Serrano|Paseo de Gracia',
    'Madrid|Sevilla'),
  it: at('{0} #2-199#, #10000-98000# {1}', 'Via Garibaldi|Corso Italia|Piazza San Marco|Viale Europa',
    'Roma|Milano|Torino'),
  nl: at('{0} #2-199#, #1000-9900# {1} {2}', 'Kerkstraat|Prinsengracht|Dorpsweg|Stationsplein', 'AB|KL|XD',
    'Amsterdam|Utrecht'),
  pl: at('ul. {0} #2-199#/#1-40#, 0#0-9#-#100-999# Warszawa', 'Marszałkowska|Długa|Kościuszki'),
  se: at('{0} #2-199#, #100-980# #10-99# {1}', 'Storgatan|Kungsgatan|Skolvägen', 'Stockholm|Malmö'),
  br: at('{0}, #2-2999#', 'Rua das Flores|Av. Paulista|Rua XV de Novembro'),
  in: at('#2-199#, {0}, {1}', 'MG Road|Nehru Nagar|Park Street', 'Bengaluru 560001|Mumbai 400050'),
  jp: at('東京都{0}#1-9#-#1-30#-#1-20#', '渋谷区神南|新宿区西新宿|港区六本木'),
  cn: at('{0}#1-300#号', '北京市朝阳区建国路|上海市浦东新区世纪大道'),
  ru: at('{0}, д. #2-199#, кв. #1-99#', 'ул. Ленина|пр. Мира|ул. Садовая'),
};

// Each gives [frame, value]; the value alone is the span.
const personForms = {
  json: (c, [g, f]) =>
      [`{"id":${c.between(1, 900)},"${c.pick([
         'name', 'fullName', 'full_name', 'customerName', 'customer_name', 'contactPerson'
       ])}":"{}","tier":"gold"}`,
       `${g} ${f}`],
  'json-given': (c, [g]) =>
      [`{"${c.pick(['firstName', 'first_name', 'given_name', 'givenName'])}":"{}","age":${c.between(20, 80)}}`, g],
  'json-family':
      (c, [, f]) => [`{"${c.pick(['lastName', 'last_name', 'surname', 'family_name'])}": "{}", "active": true}`, f],
  yaml:
      (c,
       [g,
        f]) => [`customer:\n  ${c.pick(['name', 'full_name', 'contact', 'holder'])}: {}\n  since: 2021\n`, `${g} ${f}`],
  csv: (c, [g, f]) =>
      [`id,${c.pick(['name', 'full_name', 'customer_name'])},amount\n${c.digits(4)},{},${c.digits(2)}.90\n`,
       `${g} ${f}`],
  'csv-split': (c, [g, f]) => [`first_name,last_name,city\n${g},{},Utrecht\n`, f],
  sql: (c, [g, f]) =>
      [`INSERT INTO customers (id, full_name, plan) VALUES (${c.digits(3)}, '{}', 'pro');`,
       `${g} ${f}`.replace(/'/g, ' ')],
  form: (c, [g, f]) =>
      [`${c.pick([
         'Name', 'Full name', 'Patient name', 'Customer', 'Employee', 'Nom', 'Vorname und Name', 'Nombre',
         'Contact person'
       ])}: {}\nStatus: open`,
       `${g} ${f}`],
  log: (c, [g, f]) =>
      [`2024-03-02 12:00:01 INFO order ${c.digits(5)} ${
           c.pick(['customer_name', 'patient', 'recipient', 'name'])}="{}" total=20`,
       `${g} ${f}`],
  'log-title': (c, [g, f]) =>
      [`ticket ${c.digits(4)}: ${
           c.pick(['Mr.', 'Mrs.', 'Dr.', 'Ms.', 'Herr', 'Frau', 'Mme'])} {} called about the invoice`,
       `${g} ${f}`],
  'query-string': (c, [g, f]) =>
      [`POST /checkout firstName=${encodeURIComponent(g.split(' ')[0])}&lastName={}&plan=2`,
       f.replace(/ /g, '+').replace(/'/g, '')],
  xml: (c, [g, f]) => [`<customer><fullName>{}</fullName><age>4</age></customer>`, `${g} ${f}`],
  'code-object': (c, [g, f]) => [`const customer = { fullName: '{}', plan: 'pro' };`, `${g} ${f}`.replace(/'/g, ' ')],
};
const addressForms = {
  json: (c) => `{"order":${c.digits(4)},"${c.pick([
    'address', 'street', 'streetAddress', 'street_address', 'shippingAddress', 'billing_address', 'address_line1'
  ])}":"{}"}`,
  yaml: (c) => `customer:\n  ${c.pick(['address', 'street', 'home_address'])}: {}\n  vip: true\n`,
  sql: () => 'INSERT INTO users (id, address, plan) VALUES (7, \'{}\', \'x\');',
  csv: (c) => `id,address,total\n${c.digits(3)},"{}",20\n`,
  form: (c) => `${c.pick([
    'Address', 'Street address', 'Shipping address', 'Adresse', 'Anschrift', 'Dirección', 'Home address'
  ])}: {}\nOrder: 12`,
  log: (c) => `INFO shipping id=${c.digits(4)} address="{}" carrier=dhl`,
  xml: () => '<shipTo><street>{}</street></shipTo>',
  code: () => 'ship({ streetAddress: \'{}\', express: true });',
};

export function personSamples(c, perKind) {
  const out = [];
  for (const [kind, make] of Object.entries(personForms))
    for (let i = 0; i < perKind * 2; i++) {
      const [given, family] = person(c);
      const sample = positive(`person-${kind}`, ...make(c, [given, family]));
      const also = [given, encodeURIComponent(given.split(' ')[0])]
                       .map((part) => sample.text.indexOf(part))
                       .find((at) => at >= 0);
      if (also !== undefined) sample.also = Buffer.byteLength(sample.text.slice(0, also));
      out.push(sample);
    }
  for (const [script, list] of Object.entries(scripts))
    for (let i = 0; i < perKind; i++)
      out.push(positive(
          `person-${script}`, c.pick(['{"name":"{}","id":2}', '姓名: {}\n', 'customer_name: {}\n', 'id,name\n3,{}\n']),
          c.pick(list)));
  for (const [country, make] of Object.entries(addresses))
    for (let i = 0; i < perKind; i++) {
      const form = c.pick(Object.keys(addressForms));
      const value = /sql|code/.test(form) ? make(c).replace(/'/g, ' ') : make(c);
      out.push(positive(`address-${country}`, addressForms[form](c), value));
    }
  return out;
}

// Keys that promise a name or an address in code, and hold neither.
const impersonal = [
  '"name": "react-dom"',
  'name: build-and-test',
  '"name": "Payment Service"',
  'filename: "Main Street.png"',
  '"name": "lodash.merge"',
  'name = "user_table"',
  '"displayName": "Visual Studio Code"',
  'class_name: "Button Primary"',
  '"hostname": "db-primary"',
  'font-family: "Helvetica Neue"',
  'address: 0x7ffeefbff5c8',
  '"address": "10.2.3.4:8080"',
  'listen_address: 0.0.0.0:9090',
  '"name": "Content-Type"',
  'name: Checkout Repository',
  '  - name: Install Dependencies',
  '"title": "Quarterly Report"',
  '"name":"Order Status"',
  'event_name="Page View"',
  '"city": "string"',
  'tableName: "Customers"',
  'const name = getName();',
  '<input name="first name">',
  'env_name: Production East',
  '"label": "First Name"',
  'street: string;',
  'let address = &buffer[0];',
  '"name": "Deep Blue"',
  'name: "Linear Regression"',
  '"fullName": null',
  'firstName: { type: String, required: true }',
  'lastName VARCHAR(80)',
  'username = "root"',
  'theme: "Solarized Dark"',
  'name: Azure Pipelines',
  '"product": "Blue Jeans"',
  '"name": "Hello World"',
  'company: "General Electric"',
  '"name": "New York"',
  '"model": "Claude Opus"',
  'name: Ubuntu Linux',
  'author_name: string'
];

const things = ['Service', 'Widget', 'Report', 'Button', 'Cluster', 'Manager', 'Plugin', 'Studio', 'Table', 'Pipeline'];
const kinds = ['Payment', 'Blue', 'Main', 'Green', 'Remote', 'Data', 'User', 'Summer', 'Old', 'Cloud', 'Deep', 'Event'];
const thingFrames = [
  '"name": "{}"', 'name: {}', 'displayName: "{}"', '<name>{}</name>', 'title = "{}"', '"label":"{}"', 'service_name={}',
  'id,name,size\n3,{},20\n', 'const name = "{}";', '# {}', 'project: {}', 'product_name: \'{}\''
];

export function impersonalSamples(c, perKind) {
  const out = [];
  for (const text of impersonal)
    for (let i = 0; i < Math.max(1, perKind / 3); i++)
      out.push(
          negative('impersonal', c.pick(['{}', '{\n  {}\n}', 'x: 1\n{}\ny: 2', '// {}']).replace('{}', () => text)));
  for (let i = 0; i < perKind * 15; i++)
    out.push(negative('thing', c.pick(thingFrames).replace('{}', `${c.pick(kinds)} ${c.pick(things)}`)));
  return out;
}
