// Tokens in the shapes that providers give out, each by its own small maker. Check sums are computed here again, apart
// from the program's own code.

import { crc32 } from 'node:zlib';
import { createHash } from 'node:crypto';
import { BASE32, BASE62, BASE64, BASE64URL, DIGITS, HEX, LOWER, UPPER } from './random.mjs';

const A = BASE62;
const W = BASE64URL;
const LA = LOWER + DIGITS;
const UA = UPPER + DIGITS;

function crcOf(text) {
  if (crc32) return crc32(text) >>> 0;
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let i = 0; i < 8; i += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function base62(number, width) {
  let out = '';
  for (let n = number; n > 0; n = Math.floor(n / 62)) out = BASE62[n % 62] + out;
  return out.padStart(width, '0');
}

function github(prefix) {
  return (c) => {
    const random = c.text(A, 30);
    return prefix + random + base62(crcOf(random), 6);
  };
}

function crc16(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let i = 0; i < 8; i += 1) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

function base32(bytes) {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  let out = '';
  for (let i = 0; i < bits.length; i += 5) out += BASE32[parseInt(bits.slice(i, i + 5).padEnd(5, '0'), 2)];
  return out;
}

function natsSeed(c) {
  const body = Buffer.concat([Buffer.from([(18 << 3) | (20 >> 2), (20 & 3) << 6]), c.bytes(32)]);
  const crc = crc16(body);
  return base32(Buffer.concat([body, Buffer.from([crc & 0xff, crc >> 8])]));
}

function base58check(body) {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  const hash = (b) => createHash('sha256').update(b).digest();
  const all = Buffer.concat([body, hash(hash(body)).subarray(0, 4)]);
  let number = BigInt('0x' + all.toString('hex'));
  let out = '';
  for (; number > 0n; number /= 58n) out = alphabet[Number(number % 58n)] + out;
  return out;
}

function jwt(c) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = { alg: c.pick(['HS256', 'RS256', 'ES256']), typ: 'JWT' };
  const claims = { sub: c.text(LA, 12), iat: 1700000000 + c.below(40000000), scope: c.pick(['read', 'admin', 'api']) };
  return `${part(header)}.${part(claims)}.${c.text(W, c.pick([43, 86, 342]))}`;
}

function shape(...parts) {
  return (c) => parts.map((part) => (typeof part === 'string' ? part : c.text(part[0], part[1]))).join('');
}

/// Tokens that tell by themselves what they are.
export const SHAPED = {
  'github personal': github('ghp_'),
  'github oauth': github('gho_'),
  'github server': github('ghs_'),
  'github fine-grained': shape('github_pat_', [A, 22], '_', [A, 59]),
  gitlab: shape('glpat-', [W, 20]),
  'gitlab trigger': shape('glptt-', [HEX, 40]),
  'gitlab runner': shape('glrt-', [W, 20]),
  npm: (c) => {
    const random = 'npm_' + c.text(A, 30);
    return random + base62(crcOf(random), 6);
  },
  pypi: shape('pypi-AgEIcHlwaS5vcmc', [W, 160]),
  rubygems: shape('rubygems_', [HEX, 48]),
  nuget: shape('oy2', [LA, 43]),
  docker: shape('dckr_pat_', [W, 27]),
  clojars: shape('CLOJARS_', [HEX, 60]),
  artifactory: shape('AKCp', [A, 69]),
  'aws id': shape('AKIA', [BASE32, 16]),
  'aws temporary id': shape('ASIA', [BASE32, 16]),
  'aws bedrock': shape('ABSK', [BASE64, 128]),
  'aws mws': (c) => 'amzn.mws.' + c.uuid(),
  'google api': shape('AIza', [W, 35]),
  'google client': shape('GOCSPX-', [W, 28]),
  'google access': shape('ya29.', [W, 120]),
  firebase: shape('AAAA', [W, 7], ':APA91b', [W, 133]),
  'azure client': shape([A, 3], '8Q~', [W, 34]),
  'azure storage': (c) => `AccountKey=${c.bytes(64).toString('base64')}`,
  'azure devops': shape([A, 76], 'AZDO', [A, 4]),
  'azure function': shape([W, 44], 'AzFu', [A, 5], 'A=='),
  'azure search': shape([A, 42], 'AzSeB', [A, 5]),
  digitalocean: shape('dop_v1_', [HEX, 64]),
  alibaba: shape('LTAI', [A, 20]),
  tencent: shape('AKID', [A, 32]),
  yandex: shape('AQVN', [W, 36]),
  databricks: shape('dapi', [HEX, 32]),
  heroku: (c) => 'HRKU-' + c.uuid(),
  fly: shape('fo1_', [W, 43]),
  terraform: shape([A, 14], '.atlasv1.', [W, 64]),
  pulumi: shape('pul-', [HEX, 40]),
  vault: shape('hvs.', [W, 92]),
  doppler: shape('dp.pt.', [A, 43]),
  '1password': shape('ops_eyJ', [BASE64, 260]),
  planetscale: shape('pscale_tkn_', [W, 43]),
  supabase: shape('sbp_', [HEX, 40]),
  sentry: shape('sntryu_', [HEX, 64]),
  grafana: (c) => {
    const token = 'glsa_' + c.text(A, 32);
    return `${token}_${crcOf(token).toString(16).padStart(8, '0')}`;
  },
  'new relic': shape('NRAK-', [UA, 27]),
  dynatrace: shape('dt0c01.', [UA, 24], '.', [UA, 64]),
  posthog: shape('phx_', [A, 43]),
  openai: shape('sk-proj-', [W, 74], 'T3BlbkFJ', [W, 74]),
  'openai first': shape('sk-', [A, 20], 'T3BlbkFJ', [A, 20]),
  anthropic: shape('sk-ant-api03-', [W, 93], 'AA'),
  huggingface: shape('hf_', [UPPER + LOWER, 34]),
  replicate: shape('r8_', [A, 37]),
  groq: shape('gsk_', [A, 52]),
  xai: shape('xai-', [A, 80]),
  perplexity: shape('pplx-', [A, 48]),
  openrouter: shape('sk-or-v1-', [HEX, 64]),
  langsmith: shape('lsv2_pt_', [HEX, 32], '_', [HEX, 10]),
  nvidia: shape('nvapi-', [W, 64]),
  'slack bot': shape('xoxb-', [DIGITS, 12], '-', [DIGITS, 13], '-', [A, 24]),
  'slack user': shape('xoxp-', [DIGITS, 12], '-', [DIGITS, 12], '-', [DIGITS, 13], '-', [HEX, 32]),
  'slack app': shape('xapp-1-A', [UA, 10], '-', [DIGITS, 13], '-', [HEX, 64]),
  'slack webhook': shape('https://hooks.slack.com/services/T', [UA, 8], '/B', [UA, 10], '/', [A, 24]),
  'discord bot': shape('MT', [A, 22], '.', [W, 6], '.', [W, 38]),
  'discord webhook': shape('https://discord.com/api/webhooks/', [DIGITS, 18], '/', [W, 68]),
  telegram: shape([DIGITS, 10], ':AA', [W, 33]),
  twilio: shape('SK', [HEX, 32]),
  sendgrid: shape('SG.', [W, 22], '.', [W, 43]),
  mailgun: shape('key-', [HEX, 32]),
  mailchimp: shape([HEX, 32], '-us12'),
  brevo: shape('xkeysib-', [HEX, 64], '-', [A, 16]),
  resend: shape('re_', [A, 8], '_', [A, 24]),
  stripe: shape('sk_live_', [A, 24]),
  'stripe long': shape('rk_live_', [A, 99]),
  'stripe webhook': shape('whsec_', [A, 32]),
  square: shape('sq0atp-', [W, 22]),
  braintree: shape('access_token$production$', [LA, 16], '$', [HEX, 32]),
  razorpay: shape('rzp_live_', [A, 14]),
  shopify: shape('shpat_', [HEX, 32]),
  plaid: (c) => 'access-production-' + c.uuid(),
  easypost: shape('EZAK', [A, 54]),
  bitcoin: (c) => base58check(Buffer.concat([Buffer.from([0x80]), c.bytes(32), Buffer.from([1])])),
  nats: natsSeed,
  jwt,
  'okta header': shape('SSWS 00', [W, 40]),
  tailscale: shape('tskey-auth-', [A, 12], '-', [A, 32]),
  airtable: shape('pat', [A, 14], '.', [HEX, 64]),
  linear: shape('lin_api_', [A, 40]),
  notion: shape('ntn_', [DIGITS, 11], [A, 35]),
  figma: shape('figd_', [W, 40]),
  hubspot: (c) => 'pat-na1-' + c.uuid(),
  postman: shape('PMAK-', [HEX, 24], '-', [HEX, 34]),
  contentful: shape('CFPAT-', [W, 43]),
  dropbox: shape('sl.', [W, 136]),
  mapbox: shape('sk.eyJ', [W, 80], '.', [W, 22]),
  typeform: shape('tfp_', [W, 44], '_', [A, 14]),
  'private key': (c) => privateKey(c),
  'database url': (c) => {
    const scheme = c.pick(['postgres', 'mysql', 'mongodb+srv', 'redis', 'amqp']);
    return `${scheme}://app:${password(c)}@db${c.below(9)}.internal/main`;
  },
  'basic header': (c) => `Authorization: Basic ${Buffer.from(`ops:${password(c)}`).toString('base64')}`,
};

function privateKey(c) {
  const body = c.bytes(300);
  const sequence = Buffer.concat([Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff]), body]);
  const lines = sequence.toString('base64').match(/.{1,64}/g).join('\n');
  const label = c.pick(['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']);
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----`;
}

/// Tokens that only the vendor's name beside them tells.
export const NAMED = {
  algolia: [HEX, 32],
  asana: [LA, 32],
  auth0: [W, 64],
  bitbucket: [W, 64],
  cloudflare: [W, 40],
  codecov: [LA, 32],
  cohere: [A, 40],
  confluent: [BASE64, 64],
  contentful: [W, 43],
  datadog: [HEX, 32],
  deepgram: [HEX, 40],
  discord: [W, 32],
  dropbox: [LA, 15],
  drone: [LA, 32],
  etsy: [LA, 24],
  fastly: [W, 32],
  finicity: [LA, 32],
  flickr: [HEX, 32],
  freshbooks: [LA, 64],
  gitter: [W, 40],
  jfrog: [LA, 64],
  kraken: [BASE64, 80],
  kucoin: [HEX, 24],
  launchdarkly: [W, 40],
  linkedin: [LA, 16],
  mailgun: [HEX, 32],
  mattermost: [LA, 26],
  messagebird: [LA, 25],
  mistral: [A, 32],
  netlify: [W, 43],
  newrelic: [HEX, 40],
  nytimes: [W, 32],
  okta: [W, 42],
  plaid: [LA, 30],
  pusher: [HEX, 20],
  rapidapi: [W, 50],
  sendbird: [HEX, 40],
  sentry: [HEX, 64],
  snyk: 'uuid',
  sonar: [HEX, 40],
  splunk: 'uuid',
  spotify: [HEX, 32],
  squarespace: 'uuid',
  sumologic: [A, 64],
  travisci: [A, 22],
  trello: [A, 32],
  twilio: [HEX, 32],
  twitch: [LA, 30],
  twitter: [A, 50],
  yelp: [W, 128],
  zendesk: [LA, 40],
};

export function named(c, vendor) {
  const made = NAMED[vendor];
  return made === 'uuid' ? c.uuid() : c.text(made[0], made[1]);
}

const WORDS = ('summer winter harbor dragon monkey silver orange tiger forest garden rocket planet coffee shadow ' +
  'falcon thunder marble copper velvet meadow castle river stone bridge')
  .split(' ');

/// A password: as a person makes it, or as a generator does.
export function password(c) {
  const word = c.pick(WORDS);
  const capital = word[0].toUpperCase() + word.slice(1);
  switch (c.below(6)) {
    case 0:
      return capital + c.between(10, 2030) + c.pick(['!', '#', '$', '.', '%']);
    case 1:
      return word + c.pick(WORDS) + c.between(1, 99);
    case 2:
      return capital + '_' + c.text(LA, 5) + c.below(10);
    case 3:
      return c.text(A, c.between(8, 16)) + c.below(10);
    case 4:
      return c.text(A + '!#%*-_+.', c.between(10, 20)) + c.below(10);
    default:
      return c.text(LOWER, 3) + c.below(10) + c.text(LA, c.between(4, 9));
  }
}
