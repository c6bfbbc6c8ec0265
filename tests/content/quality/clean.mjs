// Set g: windows of real files of this machine and of lists that hold nothing to find.
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';

import {base62, negative} from './sample.mjs';

const root = new URL('../../..', import.meta.url).pathname;

// What a window is drawn from; a missing directory is left out.
const trees = {
  'c-headers': [['/usr/include'], /\.(h|hpp)$/],
  python: [['/usr/lib/python3', '/usr/lib/python3.11'], /\.py$/],
  javascript: [[join(root, 'tests/clients/node_modules'), '/usr/lib/node_modules'], /(?<!\.min)\.(js|mjs|cjs|ts)$/],
  minified: [
    [join(root, 'tests/clients/node_modules'), '/usr/lib/node_modules', '/usr/share/javascript'],
    /\.min\.(js|css)$|cli\.js$/
  ],
  reeve: [
    ['src', 'apps', 'bench', 'cmake', 'docs'].map((x) => join(root, x)),
    /(?<!_test|testing|example\w*)\.(cpp|h|md|txt|cmake)$/
  ],
  lockfile: [[root, '/usr/lib/node_modules'], /(package-lock\.json|yarn\.lock|Cargo\.lock|go\.sum)$/],
  vector: [['/usr/share/icons', '/usr/share/pixmaps', '/usr/share/doc', '/usr/share/gtk-doc'], /\.(svg|css)$/],
  perl: [['/usr/share/perl', '/usr/share/perl5', '/usr/lib/x86_64-linux-gnu/perl'], /\.(pm|pl)$/],
  markdown: [[join(root, 'tests/clients/node_modules'), '/usr/lib/node_modules'], /\.md$/],
  data: [
    ['/usr/share/mime', '/usr/share/iso-codes', '/usr/share/publicsuffix', '/usr/lib/node_modules'],
    /\.(json|xml|dat|yaml|yml|toml)$/
  ],
};
const skipped = /node_modules\/\.cache|\/build\/|\/\.git\/|governance\/detectors|lint_sample|dist-packages\/.*\/locale/;

function filesUnder(directory, wanted, found, depth = 0) {
  if (found.length > 6000 || depth > 12) return found;
  let entries;
  try {
    entries = readdirSync(directory, {withFileTypes: true});
  } catch {
    return found;
  }
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (skipped.test(path)) continue;
    if (entry.isDirectory())
      filesUnder(path, wanted, found, depth + 1);
    else if (entry.isFile() && wanted.test(entry.name))
      found.push(path);
  }
  return found;
}

function windowOf(c, path) {
  if (statSync(path).size > 30e6) return '';
  const bytes = readFileSync(path);
  const size = c.between(2000, 8000);
  const from = c.below(Math.max(1, bytes.length - size));
  return bytes.subarray(from, from + size).toString('utf8').replace(/\ufffd/g, '');
}

const lists = {
  'hash-list': (c) =>
      Array.from({length: 60}, () => `${c.hex(c.pick([32, 40, 64]))}  ${c.from('abcdefgh', 8)}.tar.gz`).join('\n'),
  'uuid-list': (c) => Array.from({length: 80}, (_, i) => `${i},${c.uuid()},${c.pick(['open', 'done'])}`).join('\n'),
  'lock-made': (c) => JSON.stringify(
      Object.fromEntries(
          Array.from({length: 25}, () => [`node_modules/${c.from('abcdefgh', 6)}`, {
                                     version: `${c.below(9)}.${c.below(30)}.${c.below(9)}`,
                                     resolved: `https://packages.example/${c.from('abcdefgh', 6)}/-/x-1.0.0.tgz`,
                                     integrity: 'sha512-' + c.bytes(64).toString('base64')
                                   }])),
      null, 2),
  'cargo-made': (c) =>
      Array
          .from(
              {length: 25},
              () => `[[package]]\nname = "${c.from('abcdefgh', 6)}"\nversion = "0.${c.below(30)}.1"\n` +
                  `source = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "${c.hex(64)}"\n`)
          .join('\n'),
  'go-made': (c) =>
      Array
          .from(
              {length: 40},
              () => `github.com/${c.from('abcdef', 5)}/${c.from('abcdef', 5)} v1.${c.below(30)}.0 h1:` +
                  `${c.bytes(32).toString('base64')}`)
          .join('\n'),
  'float-table': (c) =>
      Array
          .from(
              {length: 80},
              () => Array.from({length: 6}, () => (c.next() * 1000 - 300).toFixed(c.between(3, 15))).join(', '))
          .join('\n'),
  'access-log': (c) => Array
                           .from(
                               {length: 50},
                               () => `{"ts":${1700000000000 + c.below(1e10)},"trace_id":"${c.hex(32)}","span":"${
                                   c.hex(16)}","ms":${c.below(900)},"path":"/v1/items/${c.digits(8)}"}`)
                           .join('\n'),
  'integer-table': (c) =>
      Array
          .from(
              {length: 80},
              () => Array.from({length: 5}, () => c.pick('123456789') + c.digits(c.between(3, 17))).join(','))
          .join('\n'),
  'binary-base64': (c) => `const icon = "data:image/png;base64,${c.bytes(3000).toString('base64')}";`,
  'source-map': (c) => JSON.stringify({
    version: 3,
    sources: ['a.ts'],
    mappings: Array.from({length: 400}, () => c.from(base62 + '+/', c.between(4, 8))).join(c.pick([',', ';']))
  }),
  'hex-dump': (c) =>
      Array
          .from(
              {length: 80},
              (_, i) =>
                  `${(i * 16).toString(16).padStart(8, '0')}  ${Array.from({length: 16}, () => c.hex(2)).join(' ')}`)
          .join('\n'),
  'byte-array': (c) =>
      `static const uint8_t table[] = {${Array.from({length: 600}, () => '0x' + c.hex(2)).join(', ')}};`,
  'svg-path': (c) => `<svg><path d="M${
      Array.from({length: 400}, () => `${(c.next() * 99).toFixed(3)} ${(c.next() * 99).toFixed(2)}`)
          .join('L')}z"/></svg>`,
  'order-list': (c) => Array
                           .from(
                               {length: 60},
                               () => `${c.digits(10)};ORD-${c.digits(8)};20${c.between(10, 25)}-0${c.between(1, 9)}-1${
                                   c.below(9)};${c.digits(3)}.${c.digits(2)}`)
                           .join('\n'),
};

export function cleanSamples(c, perKind, more = []) {
  const out = [];
  const all = {
    ...trees,
    ...Object.fromEntries(more.map((path) => [path, [[path], /\.(js|ts|py|c|h|md|json|css|html|go|rs|java)$/]]))
  };
  for (const [kind, [directories, wanted]] of Object.entries(all)) {
    const files = directories.flatMap((directory) => filesUnder(directory, wanted, []));
    for (let i = 0; files.length && i < perKind; i++) {
      const path = c.pick(files);
      const text = windowOf(c, path);
      if (text.trim()) out.push({...negative(kind, text), path});
    }
  }
  for (const [kind, make] of Object.entries(lists))
    for (let i = 0; i < Math.max(2, perKind / 8); i++) out.push(negative(kind, make(c)));
  return out;
}
