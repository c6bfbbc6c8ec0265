// Set c: secrets and identifiers written otherwise than plainly; the span is that of the encoded run in the text.
import {gzipSync} from 'node:zlib';

import {negative, positive} from './sample.mjs';
import {providers} from './tokens.mjs';

const subjects = [
  'github-classic', 'stripe', 'slack-bot', 'anthropic', 'aws-access-key', 'sendgrid', 'gitlab', 'jwt', 'npm',
  'digitalocean', 'shopify', 'huggingface'
];

const bytes = (text) => Buffer.from(text);
const utf16 = (text) => Buffer.from(text, 'utf16le');
const percent = (text) => [...bytes(text)].map((b) => '%' + b.toString(16).toUpperCase().padStart(2, '0')).join('');
const unicode = (text) => [...text].map((x) => '\\u' + x.charCodeAt(0).toString(16).padStart(4, '0')).join('');
const named = {
  _: '&lowbar;',
  '-': '&hyphen;',
  '.': '&period;',
  '/': '&sol;',
  '+': '&plus;',
  '=': '&equals;'
};
const wrap = (text, width) => text.match(new RegExp(`.{1,${width}}`, 'gs')).join('\n');

const greekAndCyrillic = {
  a: 'а',
  e: 'е',
  o: 'о',
  p: 'р',
  c: 'с',
  x: 'х',
  y: 'у',
  A: 'Α',
  B: 'Β',
  E: 'Ε',
  K: 'Κ',
  M: 'М',
  H: 'Н',
  T: 'Т',
  i: 'і',
  s: 'ѕ'
};

function between(text, mark, every) { return [...text].map((x, i) => (i && i % every === 0 ? mark + x : x)).join(''); }

function concatenated(text, c) {
  const pieces = text.match(/.{1,12}/g);
  const style = c.below(4);
  if (style === 0) return pieces.map((p) => `"${p}"`).join(' +\n    ');
  if (style === 1) return pieces.map((p) => `'${p}'`).join(' . ');
  if (style === 2) return `(${pieces.map((p) => `"${p}"`).join('\n ')})`;
  return pieces.map((p) => `"${p}"`).join(' + ');
}

function quotedPrintable(text) {
  const escaped = text.replace(/=/g, '=3D').replace(/_/g, '=5F').replace(/-/g, '=2D');
  return escaped.match(/(?:=..|.){1,24}/g).join('=\n');
}

const inJson = (text) => JSON.stringify(JSON.stringify({token: text, n: 1}));
const sentence = (text) => `deploy with this token ${text} please, then report`;

// Each takes the secret and gives the text that stands for it; nests name the layers, outermost last.
export const writings = {
  base64: (t) => bytes(sentence(t)).toString('base64'),
  'base64-bare': (t) => bytes(t).toString('base64'),
  base64url: (t) => bytes(`{"k":"${t}","é":"ü?>~"}`).toString('base64url'),
  hex: (t) => bytes(t).toString('hex'),
  'hex-upper': (t) => bytes(t).toString('hex').toUpperCase(),
  'hex-escapes': (t) => [...bytes(t)].map((b) => '\\x' + b.toString(16)).join(''),
  percent,
  'percent-double': (t) => percent(t).replace(/%/g, '%25'),
  unicode,
  'unicode-braces': (t) => [...t].map((x) => `\\u{${x.charCodeAt(0).toString(16)}}`).join(''),
  'entities-decimal': (t) => [...t].map((x) => `&#${x.charCodeAt(0)};`).join(''),
  'entities-hex': (t) => [...t].map((x) => `&#x${x.charCodeAt(0).toString(16)};`).join(''),
  'entities-named': (t) => [...t].map((x) => named[x] ?? x).join(''),
  'utf16-base64': (t) => utf16(sentence(t)).toString('base64'),
  'gzip-base64': (t) => gzipSync(bytes(sentence(t))).toString('base64'),
  'zero-width': (t, c) => between(t, c.pick(['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff']), c.between(1, 6)),
  'soft-hyphen': (t, c) => between(t, '\u00ad', c.between(2, 7)),
  tags: (t, c) => between(t, c.pick(['\u{e0041}', '\ufe0f', '\u180e', '\u034f']), c.between(3, 7)),
  'full-width': (t) => [...t].map((x) => String.fromCharCode(x.charCodeAt(0) + 0xfee0)).join(''),
  confusables: (t, c) => [...t].map((x) => (greekAndCyrillic[x] && c.true(0.6) ? greekAndCyrillic[x] : x)).join(''),
  concatenated,
  'line-wrapped': (t) => wrap(bytes(sentence(t) + ' '.repeat(90)).toString('base64'), 76),
  'base64-wrapped-64': (t) =>
      wrap(bytes(`[default]\nuser = svc\ntoken = ${t}\nregion = eu-west-1\n`).toString('base64'), 64),
  'quoted-printable': quotedPrintable,
  'base64-of-base64': (t) => bytes(bytes(t).toString('base64')).toString('base64'),
  'base64-of-hex': (t) => bytes(bytes(t).toString('hex')).toString('base64'),
  'percent-of-base64': (t) => percent(bytes(t).toString('base64')),
  'hex-of-base64': (t) => bytes(bytes(t).toString('base64')).toString('hex'),
  'base64-of-percent': (t) => bytes(percent(t)).toString('base64'),
  'base64-of-json': (t) => bytes(inJson(t)).toString('base64'),
  'base64-of-unicode': (t) => bytes(unicode(t)).toString('base64'),
  'entities-of-base64': (t) => writings['entities-hex'](bytes(t).toString('base64')),
  'gzip-of-base64': (t) => gzipSync(bytes(bytes(t).toString('base64'))).toString('base64'),
  'base64-three-deep': (t) => bytes(bytes(bytes(t).toString('base64')).toString('base64')).toString('base64'),
  'base64-four-deep': (t) => bytes(writings['base64-three-deep'](t)).toString('base64'),
  'mixed-four-deep': (t) => percent(bytes(bytes(unicode(t)).toString('hex')).toString('base64')),
};
const frames = [
  'value: {}', 'please decode {} for me', '{"payload":"{}"}', 'data = "{}"', '{}', '# note\n{}\n', 'x=\'{}\';',
  'body: {}\nend'
];
const codeFrames = ['token = {}', 'const secret = {};', 'x = {}\nrun(x)'];

export function evasionSamples(c, perKind) {
  const out = [];
  for (const [kind, write] of Object.entries(writings))
    for (let i = 0; i < perKind; i++) {
      const secret = providers[c.pick(subjects)](c);
      const frame = kind === 'concatenated' ? c.pick(codeFrames) : c.pick(frames);
      out.push(positive(kind, frame, write(secret, c)));
    }
  for (let i = 0; i < perKind; i++) {
    const secret = providers[c.pick(subjects)](c);
    const twice = inJson(secret);
    out.push(positive('json-in-json', '{"event":{},"n":2}', twice, secret));
    const thrice = JSON.stringify({message: JSON.stringify({body: JSON.stringify({auth: {secret}})})});
    out.push(positive('json-three-deep', '{}', thrice, secret));
  }
  return out;
}

const prose = [
  'the order was shipped on monday and the customer wrote back to thank the whole team for it',
  '{"name":"blue shirt","size":"L","stock":12,"tags":["cotton","summer"]}', '<ul><li>one</li><li>two</li></ul>',
  'SELECT id, total FROM orders WHERE shipped = true ORDER BY id', 'def add(a, b):\n    return a + b\n'
];

// Innocent text through the same writings, and encodings of random bytes.
export function innocentWritings(c, perKind) {
  const out = [];
  for (const [kind, write] of Object.entries(writings))
    for (let i = 0; i < perKind; i++) {
      const text = kind === 'full-width' ? c.pick(prose).replace(/[^!-~]/g, '_') : c.pick(prose);
      const value =
          write(c.true(0.7) ? text : `${text} ${c.hex(40)}`.replace(/ /g, kind === 'full-width' ? '_' : ' '), c);
      out.push(negative(kind, c.pick(frames).replace('{}', () => value)));
    }
  for (let i = 0; i < perKind * 4; i++)
    out.push(negative(
        'random-bytes',
        c.pick(frames).replace(
            '{}', () => c.bytes(c.between(24, 300)).toString(c.pick(['base64', 'hex', 'base64url'])))));
  return out;
}
