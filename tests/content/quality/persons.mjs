// Set f: names of persons and street addresses of several cultures beside keys that say so.
import { negative, positive } from './sample.mjs';

const names = {
  english: [['James', 'Emily', 'Oliver', 'Charlotte', 'Harold', 'Abigail'], ['Whitfield', 'Carter', "O'Brien", 'Pemberton', 'Hughes']],
  german: [['Jürgen', 'Annelies', 'Matthias', 'Ulrike'], ['Müller', 'Bauer', 'von Stetten', 'Kästner', 'Vogelsang']],
  french: [['Élodie', 'Jean-Pierre', 'Mathilde', 'Bastien'], ['Lefèvre', 'Moreau', 'de La Tour', 'Chevalier']],
  spanish: [['María José', 'Alejandro', 'Lucía', 'Íñigo'], ['García Márquez', 'Fernández', 'Ibáñez Ruiz', 'Ortega']],
  italian: [['Giuseppe', 'Chiara', 'Lorenzo'], ["D'Angelo", 'Esposito', 'Ferrari', 'Colombo']],
  polish: [['Agnieszka', 'Wojciech', 'Małgorzata'], ['Kowalska', 'Wiśniewski', 'Zieliński']],
  nordic: [['Bjørn', 'Astrid', 'Søren', 'Åsa'], ['Håkansson', 'Kristiansen', 'Lindqvist', 'Nygård']],
  russian: [['Dmitri', 'Ekaterina', 'Sergei'], ['Volkov', 'Ivanova', 'Smirnov']],
  cyrillic: [['Сергей', 'Анна', 'Ольга'], ['Петров', 'Смирнова', 'Кузнецова']],
  indian: [['Priya', 'Arjun', 'Lakshmi', 'Rajesh'], ['Krishnamurthy', 'Sharma', 'Patel', 'Venkataraman']],
  arabic: [['Fatima', 'Omar', 'Yusuf', 'Layla'], ['Al-Hashimi', 'bin Khalid', 'El Sayed', 'Haddad']],
  chinese: [['Wei', 'Xiaoming', 'Mei', 'Jian'], ['Zhang', 'Wang', 'Ouyang', 'Chen']], japanese: [['Haruto', 'Yuki', 'Sakura'], ['Tanaka', 'Watanabe', 'Kobayashi']],
  african: [['Chinedu', 'Amara', 'Kwame', 'Thandiwe'], ['Okafor', 'Mensah', 'Nkosi', 'Adeyemi']], vietnamese: [['Minh', 'Thu Hà'], ['Nguyễn', 'Trần', 'Phạm']],
};
const scripts = { hanzi: ['王小明', '李娜', '张伟'], kanji: ['田中太郎', '佐藤花子', '渡辺健'], hangul: ['김민준', '이서연'] };

const person = (c) => {
  const [given, family] = c.pick(Object.values(names));
  return [c.pick(given), c.pick(family)];
};

const n = (c, high = 199) => String(c.between(2, high));
const addresses = {
  us: (c) => `${n(c, 9899)} ${c.pick(['Maple', 'Oak Hill', 'Jefferson', 'W 42nd', 'Sunset'])} ${c.pick(['St', 'Street', 'Ave', 'Avenue', 'Blvd', 'Drive', 'Ln', 'Road'])}`,
  'us-full': (c) => `${n(c, 9899)} ${c.pick(['Elm', 'Pine', 'Lincoln'])} ${c.pick(['St', 'Ave', 'Court'])}, ${c.pick(['Springfield, IL', 'Austin, TX', 'Portland, OR'])} ${c.between(10000, 98999)}`,
  gb: (c) => `${n(c)} ${c.pick(['High', 'Church', 'Victoria', "King's"])} ${c.pick(['Street', 'Road', 'Lane', 'Close', 'Terrace'])}, ${c.pick(['London SW1A 2AB', 'Leeds LS1 4DY', 'Bristol BS8 1TH'])}`,
  de: (c) => `${c.pick(['Hauptstraße', 'Goethestr.', 'Am Markt', 'Lindenallee', 'Bahnhofstrasse', 'Kirchweg'])} ${n(c)}, ${c.between(10000, 99000)} ${c.pick(['Berlin', 'München', 'Köln'])}`,
  fr: (c) => `${n(c)} ${c.pick(['rue de la République', 'avenue Victor Hugo', 'boulevard Saint-Michel', 'place du Marché'])}, ${c.between(10000, 95000)} ${c.pick(['Paris', 'Lyon', 'Nantes'])}`,
  es: (c) => `${c.pick(['Calle Mayor', 'Avda. de la Constitución', 'C/ Serrano', 'Paseo de Gracia'])} ${n(c)}, ${c.between(10000, 52000)} ${c.pick(['Madrid', 'Sevilla'])}`,
  it: (c) => `${c.pick(['Via Garibaldi', 'Corso Italia', 'Piazza San Marco', 'Viale Europa'])} ${n(c)}, ${c.between(10000, 98000)} ${c.pick(['Roma', 'Milano', 'Torino'])}`,
  nl: (c) => `${c.pick(['Kerkstraat', 'Prinsengracht', 'Dorpsweg', 'Stationsplein'])} ${n(c)}, ${c.between(1000, 9900)} ${c.pick(['AB', 'KL', 'XD'])} ${c.pick(['Amsterdam', 'Utrecht'])}`,
  pl: (c) => `ul. ${c.pick(['Marszałkowska', 'Długa', 'Kościuszki'])} ${n(c)}/${c.between(1, 40)}, 0${c.between(0, 9)}-${c.between(100, 999)} Warszawa`,
  se: (c) => `${c.pick(['Storgatan', 'Kungsgatan', 'Skolvägen'])} ${n(c)}, ${c.between(100, 980)} ${c.between(10, 99)} ${c.pick(['Stockholm', 'Malmö'])}`,
  br: (c) => `${c.pick(['Rua das Flores', 'Av. Paulista', 'Rua XV de Novembro'])}, ${n(c, 2999)}`, in: (c) => `${n(c)}, ${c.pick(['MG Road', 'Nehru Nagar', 'Park Street'])}, ${c.pick(['Bengaluru 560001', 'Mumbai 400050'])}`,
  jp: (c) => `東京都${c.pick(['渋谷区神南', '新宿区西新宿', '港区六本木'])}${c.between(1, 9)}-${c.between(1, 30)}-${c.between(1, 20)}`,
  cn: (c) => `${c.pick(['北京市朝阳区建国路', '上海市浦东新区世纪大道'])}${c.between(1, 300)}号`, ru: (c) => `${c.pick(['ул. Ленина', 'пр. Мира', 'ул. Садовая'])}, д. ${n(c)}, кв. ${c.between(1, 99)}`,
};

// Each gives [frame, value]; the value alone is the span.
const personForms = {
  json: (c, [g, f]) => [`{"id":${c.between(1, 900)},"${c.pick(['name', 'fullName', 'full_name', 'customerName', 'customer_name', 'contactPerson'])}":"{}","tier":"gold"}`, `${g} ${f}`],
  'json-given': (c, [g]) => [`{"${c.pick(['firstName', 'first_name', 'given_name', 'givenName'])}":"{}","age":${c.between(20, 80)}}`, g],
  'json-family': (c, [, f]) => [`{"${c.pick(['lastName', 'last_name', 'surname', 'family_name'])}": "{}", "active": true}`, f],
  yaml: (c, [g, f]) => [`customer:\n  ${c.pick(['name', 'full_name', 'contact', 'holder'])}: {}\n  since: 2021\n`, `${g} ${f}`],
  csv: (c, [g, f]) => [`id,${c.pick(['name', 'full_name', 'customer_name'])},amount\n${c.digits(4)},{},${c.digits(2)}.90\n`, `${g} ${f}`],
  'csv-split': (c, [g, f]) => [`first_name,last_name,city\n${g},{},Utrecht\n`, f],
  sql: (c, [g, f]) => [`INSERT INTO customers (id, full_name, plan) VALUES (${c.digits(3)}, '{}', 'pro');`, `${g} ${f}`.replace(/'/g, ' ')],
  form: (c, [g, f]) => [`${c.pick(['Name', 'Full name', 'Patient name', 'Customer', 'Employee', 'Nom', 'Vorname und Name', 'Nombre', 'Contact person'])}: {}\nStatus: open`, `${g} ${f}`],
  log: (c, [g, f]) => [`2024-03-02 12:00:01 INFO order ${c.digits(5)} ${c.pick(['customer_name', 'patient', 'recipient', 'name'])}="{}" total=20`, `${g} ${f}`],
  'log-title': (c, [g, f]) => [`ticket ${c.digits(4)}: ${c.pick(['Mr.', 'Mrs.', 'Dr.', 'Ms.', 'Herr', 'Frau', 'Mme'])} {} called about the invoice`, `${g} ${f}`],
  'query-string': (c, [g, f]) => [`POST /checkout firstName=${encodeURIComponent(g.split(' ')[0])}&lastName={}&plan=2`, f.replace(/ /g, '+').replace(/'/g, '')],
  xml: (c, [g, f]) => [`<customer><fullName>{}</fullName><age>4</age></customer>`, `${g} ${f}`],
  'code-object': (c, [g, f]) => [`const customer = { fullName: '{}', plan: 'pro' };`, `${g} ${f}`.replace(/'/g, ' ')],
};
const addressForms = {
  json: (c) => `{"order":${c.digits(4)},"${c.pick(['address', 'street', 'streetAddress', 'street_address', 'shippingAddress', 'billing_address', 'address_line1'])}":"{}"}`,
  yaml: (c) => `customer:\n  ${c.pick(['address', 'street', 'home_address'])}: {}\n  vip: true\n`, sql: () => "INSERT INTO users (id, address, plan) VALUES (7, '{}', 'x');",
  csv: (c) => `id,address,total\n${c.digits(3)},"{}",20\n`, form: (c) => `${c.pick(['Address', 'Street address', 'Shipping address', 'Adresse', 'Anschrift', 'Dirección', 'Home address'])}: {}\nOrder: 12`,
  log: (c) => `INFO shipping id=${c.digits(4)} address="{}" carrier=dhl`, xml: () => '<shipTo><street>{}</street></shipTo>', code: () => "ship({ streetAddress: '{}', express: true });",
};

export function personSamples(c, perKind) {
  const out = [];
  for (const [kind, make] of Object.entries(personForms))
    for (let i = 0; i < perKind * 2; i++) {
      const [given, family] = person(c);
      const sample = positive(`person-${kind}`, ...make(c, [given, family]));
      const also = [given, encodeURIComponent(given.split(' ')[0])].map((part) => sample.text.indexOf(part)).find((at) => at >= 0);
      if (also !== undefined) sample.also = Buffer.byteLength(sample.text.slice(0, also));
      out.push(sample);
    }
  for (const [script, list] of Object.entries(scripts))
    for (let i = 0; i < perKind; i++)
      out.push(positive(`person-${script}`, c.pick(['{"name":"{}","id":2}', '姓名: {}\n', 'customer_name: {}\n', 'id,name\n3,{}\n']), c.pick(list)));
  for (const [country, make] of Object.entries(addresses))
    for (let i = 0; i < perKind; i++) {
      const form = c.pick(Object.keys(addressForms));
      const value = /sql|code/.test(form) ? make(c).replace(/'/g, ' ') : make(c);
      out.push(positive(`address-${country}`, addressForms[form](c), value));
    }
  return out;
}

// Keys that promise a name or an address in code, and hold neither.
const impersonal = ['"name": "react-dom"', 'name: build-and-test', '"name": "Payment Service"', 'filename: "Main Street.png"', '"name": "lodash.merge"', 'name = "user_table"',
  '"displayName": "Visual Studio Code"', 'class_name: "Button Primary"', '"hostname": "db-primary"', 'font-family: "Helvetica Neue"', 'address: 0x7ffeefbff5c8', '"address": "10.2.3.4:8080"',
  'listen_address: 0.0.0.0:9090', '"name": "Content-Type"', 'name: Checkout Repository', '  - name: Install Dependencies', '"title": "Quarterly Report"', '"name":"Order Status"', 'event_name="Page View"',
  '"city": "string"', 'tableName: "Customers"', 'const name = getName();', '<input name="first name">', 'env_name: Production East', '"label": "First Name"', 'street: string;', 'let address = &buffer[0];',
  '"name": "Deep Blue"', 'name: "Linear Regression"', '"fullName": null', 'firstName: { type: String, required: true }', 'lastName VARCHAR(80)', 'username = "root"', 'theme: "Solarized Dark"',
  'name: Azure Pipelines', '"product": "Blue Jeans"', '"name": "Hello World"', 'company: "General Electric"', '"name": "New York"', '"model": "Claude Opus"', 'name: Ubuntu Linux', 'author_name: string'];

export function impersonalSamples(c, perKind) {
  return impersonal.flatMap((text) => Array.from({ length: Math.max(1, perKind / 3) }, () =>
    negative('impersonal', c.pick(['{}', '{\n  {}\n}', 'x: 1\n{}\ny: 2', '// {}']).replace('{}', () => text))));
}
