// Lines that look as if a secret stood there, and none does.

import { readFileSync } from 'node:fs';
import { BASE62, BASE64, DIGITS, HEX, LOWER } from './random.mjs';
import { KEYS, ASSIGNMENTS, place } from './contexts.mjs';

const lines = (file) => readFileSync(new URL(file, import.meta.url), 'utf8').split('\n').filter(Boolean);

const REFERENCES = lines('references.txt');
const STAND_INS = lines('stand_ins.txt');
const NAMES = lines('names.txt');
const CODE = lines('harmless_lines.txt');

export function lookalike(c) {
  const words = c.pick(KEYS[c.pick(Object.keys(KEYS))]);
  const template = c.pick(ASSIGNMENTS);
  switch (c.below(6)) {
    case 0:
      return place(c, template, words, c.pick(REFERENCES));
    case 1:
      return place(c, template, words, c.pick(STAND_INS));
    case 2:
      return place(c, template, words, c.pick(NAMES));
    case 3:
      return harmlessKey(c, template);
    default:
      return c.pick(CODE);
  }
}

/// Random values behind keys that make them harmless.
function harmlessKey(c, template) {
  const hex = (n) => () => c.text(HEX, n);
  const keys = [
    [['commit'], hex(40)],
    [['sha256'], hex(64)],
    [['etag'], hex(32)],
    [['checksum'], hex(64)],
    [['integrity'], () => 'sha512-' + c.bytes(64).toString('base64')],
    [['request', 'id'], () => c.uuid()],
    [['user', 'id'], () => c.uuid()],
    [['build', 'number'], () => c.text(DIGITS, 8)],
    [['content', 'hash'], hex(32)],
    [['trace', 'id'], hex(32)],
    [['image'], () => `acme/api@sha256:${c.text(HEX, 64)}`],
    [['public', 'key'], () => c.text(BASE64, 43) + '='],
    [['fingerprint'], hex(40)],
    [['cache', 'id'], () => c.text(BASE62, 22)],
    [['revision'], hex(12)],
    [['file', 'name'], () => `${c.text(LOWER, 8)}.${c.text(HEX, 8)}.js`],
    [['password', 'hash', 'algorithm'], () => 'pbkdf2_sha256'],
    [['token', 'url'], () => `https://login.internal/${c.text(LOWER, 6)}/token`],
    [['key', 'id'], () => c.uuid()],
    [['version'], () => `${c.below(9)}.${c.below(40)}.${c.below(9)}`],
    [['color'], () => '#' + c.text(HEX, 6)],
    [['password', 'changed', 'at'], () => '2026-01-12T10:00:00Z'],
    [['token', 'type'], () => 'bearer'],
    [['max', 'tokens'], () => c.text(DIGITS, 4)],
  ];
  const [words, make] = c.pick(keys);
  return place(c, template, words, make());
}

function rows(count, make, between = '\n') {
  return Array.from({ length: count }, make).join(between);
}

function pem(c, label, size) {
  const body = c.bytes(size).toString('base64').match(/.{1,64}/g).join('\n');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`;
}

function npmPackage(c, name) {
  return [
    `    "node_modules/${name}": {`,
    `      "version": "${c.below(9)}.${c.below(20)}.${c.below(9)}",`,
    `      "resolved": "https://mirror.internal/${name}.tgz",`,
    `      "integrity": "sha512-${c.bytes(64).toString('base64')}"`,
    '    },',
  ].join('\n');
}

function minified(c, name) {
  const variable = () => `var ${c.text(LOWER, 2)}=${c.text(LOWER, 2)}(${c.below(999)});`;
  return (
    `!function(e,t){var n=${c.below(99)};function r(a){return a.key?a.token:e[${c.below(9)}]}` +
    `t.exports={k:r,p:"${name}",v:"${c.text(HEX, 8)}"};${rows(30, variable, '')}}(window,module);`
  );
}

function sourceMap(c) {
  const map = `{"version":3,"sources":["a.js"],"mappings":"${c.text(BASE64, 300)}"}`;
  return `sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}`;
}

function logLine(c) {
  const time = `2026-03-0${c.between(1, 9)}T10:${c.between(10, 59)}:12Z`;
  return `${time} INFO [${c.text(HEX, 16)}] GET /api/items/${c.uuid()} 200 ${c.below(900)}ms trace=${c.text(HEX, 32)}`;
}

/// Whole pieces of text without a secret in them.
export function clean(c) {
  const hex = (n) => c.text(HEX, n);
  const name = () => c.text(LOWER, c.between(4, 10));
  const base64 = (n) => c.bytes(n).toString('base64');
  const kinds = [
    () => rows(6, () => npmPackage(c, name())),
    () => rows(6, () => `[[package]]\nname = "${name()}"\nversion = "1.${c.below(90)}.0"\nchecksum = "${hex(64)}"`),
    () => rows(6, () => `github.com/${name()}/${name()} v1.${c.below(20)}.0 h1:${base64(32)}`),
    () => rows(6, () => `${name()}==2.${c.below(9)}.1 \\\n    --hash=sha256:${hex(64)}`),
    () => rows(8, () => `${hex(64)}  ${name()}.tar.gz`),
    () => rows(8, () => `commit ${hex(40)}\nAuthor: dev <dev@acme.internal>\n\n    ${name()} ${name()}`),
    () => rows(8, () => `{"id": "${c.uuid()}", "parent": "${c.uuid()}", "etag": "${hex(32)}"}`),
    () => `<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA${base64(600)}" alt="">`,
    () => minified(c, name()),
    () => `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ${base64(260).replace(/=+$/, '')} dev@laptop`,
    () => pem(c, 'CERTIFICATE', 400),
    () => pem(c, 'PUBLIC KEY', 200),
    () => rows(8, () => logLine(c)),
    () => sourceMap(c),
    () => rows(5, () => `#define MAGIC_${name().toUpperCase()} 0x${hex(16)}ULL`),
    () => `const TABLE = [${rows(40, () => '0x' + hex(8), ', ')}];`,
    () => `<svg><path d="M${c.below(20)} ${c.below(20)}l${rows(40, () => (c.next() * 10).toFixed(2), ' ')}z"/></svg>`,
    () => `.${name()}-${hex(6)}{background:url(/static/${name()}.${hex(20)}.woff2);color:#${hex(6)}}`,
    () => `FROM acme/base@sha256:${hex(64)}\nRUN echo "${hex(64)}  x.tgz" | sha256sum -c`,
    () => `assert digest("${name()}") == "${hex(64)}"\nassert md5("${name()}") == "${hex(32)}"`,
    () => `"Resource": "arn:aws:s3:::${name()}-${c.text(DIGITS, 12)}/*", "aws:SourceAccount": "${c.text(DIGITS, 12)}"`,
    () => `expect(wrapper.find('input[name="password"]').props().value).toEqual("${name()}")`,
  ];
  return c.pick(kinds)();
}
