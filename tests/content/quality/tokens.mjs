// Set a: tokens that have their provider's shape, in frames of many kinds; and what only looks like them.
import {crc32} from 'node:zlib';

import {base32, base62, base64url, digits, hexadecimal, letters, lower, negative, positive, upper} from './sample.mjs';

export function crcOf(text) {
  if (crc32) return crc32(text);
  let crc = -1;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

function inBase62(number, width) {
  let out = '';
  for (; number > 0; number = Math.floor(number / 62)) out = base62[number % 62] + out;
  return out.padStart(width, '0');
}

// The last six characters of GitHub's and npm's tokens are the CRC-32 of the thirty before them.
function withCrc(prefix) {
  return (c) => {
    const body = c.b62(30);
    return prefix + body + inBase62(crcOf(body), 6);
  };
}

function grafana(c) {
  const body = 'glsa_' + c.b62(32);
  return `${body}_${crcOf(body).toString(16).padStart(8, '0')}`;
}

function bech32Checksum(prefix, values) {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  const expanded = [...prefix].map((x) => x.charCodeAt(0) >> 5).concat(0, [...prefix].map((x) => x.charCodeAt(0) & 31));
  let sum = 1;
  for (const value of [...expanded, ...values, 0, 0, 0, 0, 0, 0]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    generators.forEach((generator, i) => {
      if ((top >> i) & 1) sum ^= generator;
    });
  }
  sum ^= 1;
  return Array.from({length: 6}, (_, i) => (sum >>> (5 * (5 - i))) & 31);
}

export function bech32(prefix, values) {
  const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
  return prefix + '1' + [...values, ...bech32Checksum(prefix, values)].map((v) => alphabet[v]).join('');
}

function ageKey(c) {
  const bits = [...c.bytes(32)].map((b) => b.toString(2).padStart(8, '0')).join('') + '0000';
  return bech32('age-secret-key-', bits.match(/.{5}/g).map((five) => parseInt(five, 2))).toUpperCase();
}

function natsSeed(c) {
  const body = Buffer.concat([Buffer.from([(18 << 3) | (20 << 3 >> 5), (20 << 3 & 31) << 3]), c.bytes(32)]);
  let crc = 0;
  for (const byte of body) {
    crc ^= byte << 8;
    for (let i = 0; i < 8; i++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  const bits = [...body, crc & 255, crc >> 8].map((b) => b.toString(2).padStart(8, '0')).join('');
  return bits.match(/.{1,5}/g).map((five) => base32[parseInt(five.padEnd(5, '0'), 2)]).join('');
}

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function webToken(c) {
  const claims = {sub: c.digits(10), iss: 'https://sso.' + c.from(lower, 7) + '.io', exp: 1700000000 + c.below(1e8)};
  return `${encode({alg: c.pick(['HS256', 'RS256']), typ: 'JWT'})}.${encode(claims)}.${c.b64u(43)}`;
}

function pem(kind, bytes) {
  return (c) => {
    const head =
        bytes < 128 ? [0x30, bytes - 2, 2, 1, 1, 4, 32] : [0x30, 0x82, (bytes - 4) >> 8, (bytes - 4) & 255, 2, 1, 0];
    const der = Buffer.concat([Buffer.from(head), c.bytes(bytes)]);
    const lines = der.subarray(0, bytes).toString('base64').match(/.{1,64}/g).join('\n');
    return `-----BEGIN ${kind}-----\n${lines}\n-----END ${kind}-----`;
  };
}

const word = (c) => c.from(lower, c.between(5, 9));

// Formats where the value may follow any name or none.
export const providers = {
  'aws-access-key': (c) => c.pick(['AKIA', 'ASIA']) + c.from(base32, 16),
  'github-classic': withCrc('ghp_'),
  'github-oauth': withCrc('gho_'),
  'github-user': withCrc('ghu_'),
  'github-server': withCrc('ghs_'),
  npm: withCrc('npm_'),
  'github-fine-grained': (c) => `github_pat_11${c.from(upper + digits, 20)}_${c.b62(59)}`,
  gitlab: (c) => 'glpat-' + c.b64u(19) + c.b62(1),
  'gitlab-trigger': (c) => 'glptt-' + c.hex(40),
  'gitlab-runner': (c) => 'glrt-' + c.b62(20),
  'gitlab-deploy': (c) => 'gldt-' + c.b62(20),
  'slack-bot': (c) => `xoxb-${c.pick('123456789')}${c.digits(11)}-${c.digits(13)}-${c.b62(24)}`,
  'slack-user': (c) => `xoxp-${c.digits(12)}-${c.digits(12)}-${c.digits(13)}-${c.hex(32)}`,
  'slack-app': (c) => `xapp-1-A0${c.from(upper + digits, 9)}-${c.digits(13)}-${c.hex(64)}`,
  'slack-webhook': (c) => `https://hooks.slack.com/services/T0${c.from(upper + digits, 8)}/B0` +
      `${c.from(upper + digits, 8)}/${c.b62(24)}`,
  stripe: (c) => c.pick(['sk_live_', 'rk_live_']) + c.b62(24),
  'stripe-long': (c) => 'sk_live_51' + c.b62(97),
  'stripe-webhook': (c) => 'whsec_' + c.b62(32),
  'openai-project': (c) => `sk-proj-${c.b64u(74)}T3BlbkFJ${c.b64u(73)}a`,
  'openai-old': (c) => `sk-${c.b62(20)}T3BlbkFJ${c.b62(20)}`,
  anthropic: (c) => `sk-ant-api03-${c.b64u(93)}AA`,
  'anthropic-admin': (c) => `sk-ant-admin01-${c.b64u(93)}AA`,
  'google-api': (c) => 'AIzaSy' + c.b62(32) + c.b62(1),
  'google-client': (c) => 'GOCSPX-' + c.b64u(27) + c.b62(1),
  'google-access': (c) => 'ya29.a0' + c.b64u(160) + 'x',
  'twilio-key': (c) => 'SK' + c.hex(32),
  sendgrid: (c) => `SG.${c.b64u(22)}.${c.b64u(42)}k`,
  mailgun: (c) => 'key-' + c.hex(32),
  mailchimp: (c) => `${c.hex(32)}-us${c.between(1, 21)}`,
  digitalocean: (c) => c.pick(['dop_v1_', 'doo_v1_', 'dor_v1_']) + c.hex(64),
  shopify: (c) => c.pick(['shpat_', 'shpss_', 'shpca_', 'shppa_']) + c.hex(32),
  'square-access': (c) => 'sq0atp-' + c.b62(22),
  'square-secret': (c) => 'sq0csp-' + c.b62(43),
  pypi: (c) => 'pypi-AgEIcHlwaS5vcmcC' + c.b64u(150) + 'a',
  rubygems: (c) => 'rubygems_' + c.hex(48),
  nuget: (c) => 'oy2' + c.from(lower + '234567', 43),
  crates: (c) => 'cio' + c.b62(32),
  'docker-personal': (c) => 'dckr_pat_' + c.b62(27),
  huggingface: (c) => 'hf_' + c.from(letters, 34),
  databricks: (c) => 'dapi' + c.hex(32) + c.pick(['', '-2']),
  grafana,
  'grafana-cloud': (c) => 'glc_' + encode({o: c.digits(6), n: word(c), k: c.b64(24), m: {r: 'us'}}),
  newrelic: (c) => 'NRAK-' + c.from(upper + digits, 27),
  heroku: (c) => 'HRKU-AA' + c.b62(58),
  linear: (c) => 'lin_api_' + c.b62(40),
  notion: (c) => 'ntn_' + c.digits(11) + c.b62(35),
  'notion-old': (c) => 'secret_' + c.b62(43),
  figma: (c) => 'figd_' + c.b62(40),
  postman: (c) => `PMAK-${c.hex(24)}-${c.hex(34)}`,
  airtable: (c) => `pat${c.b62(14)}.${c.hex(64)}`,
  atlassian: (c) => `ATATT3xFfGF0${c.b64u(171)}=${c.hex(8).toUpperCase()}`,
  telegram: (c) => `${c.pick('123456789')}${c.digits(9)}:AA${c.b64u(32)}x`,
  'discord-bot': (c) => `${encode(c.pick('123456789') + c.digits(17))}.G${c.b62(5)}.${c.b62(38)}`,
  'discord-webhook': (c) => `https://discord.com/api/webhooks/1${c.digits(17)}/${c.b62(68)}`,
  'azure-storage': (c) => `DefaultEndpointsProtocol=https;AccountName=${word(c)};AccountKey=` +
      `${c.bytes(64).toString('base64')};EndpointSuffix=core.windows.net`,
  'azure-client': (c) => `${c.b62(3)}8Q~${c.b62(34)}`,
  'vault-service': (c) => 'hvs.CAES' + c.b64u(90) + 'a',
  'vault-batch': (c) => 'hvb.' + c.b64u(150) + 'b',
  terraform: (c) => `${c.b62(14)}.atlasv1.${c.b62(67)}`,
  pulumi: (c) => 'pul-' + c.hex(40),
  doppler: (c) => 'dp.pt.' + c.b62(43),
  'doppler-service': (c) => `dp.st.prd.${c.b62(43)}`,
  planetscale: (c) => c.pick(['pscale_tkn_', 'pscale_pw_']) + c.b62(43),
  supabase: (c) => 'sbp_' + c.hex(40),
  netlify: (c) => 'nfp_' + c.b62(36),
  fly: (c) => 'fo1_' + c.b64u(42) + 'a',
  'sentry-user': (c) => 'sntryu_' + c.hex(64),
  'sentry-org': (c) => `sntrys_${encode({iat: 1700000000 + c.below(1e7), url: 'https://sentry.io', org: word(c)})}` +
      `_${c.b62(43)}`,
  dynatrace: (c) => `dt0c01.${c.from(base32, 24)}.${c.from(base32, 64)}`,
  sonarqube: (c) => c.pick(['sqp_', 'squ_', 'sqa_']) + c.hex(40),
  artifactory: (c) => 'AKCp8' + c.b62(68),
  mapbox: (c) => `sk.${encode({u: word(c), a: c.from(lower + digits, 25)})}.${c.b64u(21)}w`,
  paypal: (c) => `access_token$production$${c.from(lower + digits, 16)}$${c.hex(32)}`,
  plaid: (c) => 'access-production-' + c.uuid(),
  facebook: (c) => 'EAAC' + c.b62(170),
  alibaba: (c) => 'LTAI5t' + c.b62(18),
  tencent: (c) => 'AKID' + c.b62(32),
  yandex: (c) => 'AQVN' + c.b64u(34) + 'a',
  age: ageKey,
  nats: natsSeed,
  jwt: webToken,
  'pem-rsa': pem('RSA PRIVATE KEY', 608),
  'pem-pkcs8': pem('PRIVATE KEY', 1190),
  'pem-ec': pem('EC PRIVATE KEY', 121),
  typeform: (c) => 'tfp_' + c.b64u(58) + 'a',
  readme: (c) => 'rdme_' + c.from(lower + digits, 70),
  prefect: (c) => c.pick(['pnu_', 'pnb_']) + c.b62(36),
  easypost: (c) => 'EZAK' + c.b62(54),
  duffel: (c) => 'duffel_live_' + c.b64u(42) + 'a',
  frameio: (c) => 'fio-u-' + c.b64u(63) + 'a',
  flutterwave: (c) => `FLWSECK-${c.hex(32)}-X`,
  shippo: (c) => 'shippo_live_' + c.hex(40),
  clojars: (c) => 'CLOJARS_' + c.hex(60),
  brevo: (c) => `xkeysib-${c.hex(64)}-${c.b62(16)}`,
  contentful: (c) => 'CFPAT-' + c.b64u(42) + 'a',
  groq: (c) => 'gsk_' + c.b62(52),
  xai: (c) => 'xai-' + c.b62(80),
  perplexity: (c) => 'pplx-' + c.b62(48),
  replicate: (c) => 'r8_' + c.b62(37),
  langsmith: (c) => `lsv2_pt_${c.hex(32)}_${c.hex(10)}`,
  openrouter: (c) => 'sk-or-v1-' + c.hex(64),
  nvidia: (c) => 'nvapi-' + c.b64u(63) + 'a',
  tailscale: (c) => `tskey-auth-k${c.b62(10)}CNTRL-${c.b62(32)}`,
  pinecone: (c) => `pcsk_${c.b62(6)}_${c.b62(63)}`,
  adafruit: (c) => 'aio_' + c.b62(28),
  dropbox: (c) => 'sl.' + c.b64u(135) + 'a',
  buildkite: (c) => 'bkua_' + c.hex(40),
  circleci: (c) => `CCIPAT_${c.b62(22)}_${c.hex(40)}`,
  infracost: (c) => 'ico-' + c.b62(32),
  aiven: (c) => 'AVNS_' + c.b64u(18) + 'a',
  harness: (c) => `pat.${c.b64u(22)}.${c.hex(24)}.${c.b62(20)}`,
  octopus: (c) => 'API-' + c.from(upper + digits, 27),
  sourcegraph: (c) => `sgp_${c.hex(16)}_${c.hex(40)}`,
  'defined-networking': (c) => `dnkey-${c.from(upper + digits, 26)}-${c.from(upper + digits, 52)}`,
  openshift: (c) => 'sha256~' + c.b62(43),
  hubspot: (c) => `pat-${c.pick(['na1', 'eu1'])}-${c.uuid()}`,
  razorpay: (c) => 'rzp_live_' + c.b62(14),
  resend: (c) => `re_${c.b62(8)}_${c.b62(24)}`,
  scalingo: (c) => 'tk-us-' + c.b62(48),
  intra42: (c) => 's-s4t2ud-' + c.hex(64),
  'onepassword-service': (c) => 'ops_' + encode({
                                  signInAddress: 'x.1password.com',
                                  userAuth: {method: 'SRPg-4096', salt: c.b64u(22)},
                                  email: `${word(c)}@1passwordserviceaccounts.com`,
                                  srpX: c.hex(64),
                                  deviceUuid: c.from(lower + digits, 26)
                                }),
  'cloudflare-origin': (c) => `v1.0-${c.hex(24)}-${c.hex(146)}`,
};

// Formats that only a name beside them gives away: [names, body].
export const named = {
  'aws-secret':
      [['aws_secret_access_key', 'AWS_SECRET_ACCESS_KEY', 'secretAccessKey', 'aws.secretKey'], (c) => c.b64(40)],
  datadog: [['DD_API_KEY', 'datadog_api_key', 'DATADOG_API_KEY'], (c) => c.hex(32)],
  'datadog-app': [['DD_APP_KEY', 'datadog_app_key'], (c) => c.hex(40)],
  'twilio-token': [['TWILIO_AUTH_TOKEN', 'twilio_auth_token'], (c) => c.hex(32)],
  okta: [['OKTA_API_TOKEN', 'okta_token'], (c) => '00' + c.b64u(39) + 'a'],
  cloudflare: [['CLOUDFLARE_API_TOKEN', 'CF_API_TOKEN', 'cloudflare_api_token'], (c) => c.b62(40)],
  cohere: [['COHERE_API_KEY', 'cohere_api_key'], (c) => c.b62(40)],
  mistral: [['MISTRAL_API_KEY'], (c) => c.b62(32)],
  deepseek: [['DEEPSEEK_API_KEY'], (c) => 'sk-' + c.hex(32)],
  snyk: [['SNYK_TOKEN', 'snyk_token'], (c) => c.uuid()],
  codecov: [['CODECOV_TOKEN'], (c) => c.uuid()],
  'heroku-old': [['HEROKU_API_KEY', 'heroku_api_key'], (c) => c.uuid()],
  'azure-devops': [['AZURE_DEVOPS_EXT_PAT', 'azure_devops_pat'], (c) => c.from(lower + '234567', 52)],
  fastly: [['FASTLY_API_TOKEN', 'FASTLY_API_KEY'], (c) => c.b64u(31) + 'a'],
  algolia: [['ALGOLIA_ADMIN_KEY', 'algolia_admin_api_key'], (c) => c.hex(32)],
  pagerduty: [['PAGERDUTY_TOKEN', 'pagerduty_api_key'], (c) => 'u+' + c.b62(18)],
  rollbar: [['ROLLBAR_ACCESS_TOKEN', 'rollbar_access_token'], (c) => c.hex(32)],
  'mongo-atlas': [['MONGODB_ATLAS_PRIVATE_KEY'], (c) => c.uuid()],
  sumo: [['SUMO_ACCESS_KEY'], (c) => c.b62(64)],
  circle: [['CIRCLE_TOKEN', 'CIRCLECI_TOKEN'], (c) => c.hex(40)],
  travis: [['TRAVIS_TOKEN'], (c) => c.b62(22)],
  vercel: [['VERCEL_TOKEN'], (c) => c.b62(24)],
  ngrok: [['NGROK_AUTHTOKEN'], (c) => `2${c.b62(26)}_${c.b62(21)}`],
  django: [['SECRET_KEY'], (c) => c.from(lower + digits + '!@#$%^&*(-_=+)', 50)],
  rails: [['secret_key_base', 'SECRET_KEY_BASE'], (c) => c.hex(128)],
};

// Credentials inside a URL or a header: [whole with {}, body].
const carried = {
  'url-postgres':
      (c) => [`postgres${c.pick(['', 'ql'])}://${word(c)}:{}@db.${word(c)}.internal:5432/${word(c)}`, c.b62(16)],
  'url-mongo': (c) => [`mongodb+srv://${word(c)}:{}@cluster0.${c.from(lower + digits, 5)}.mongodb.net/app`, c.b62(14)],
  'url-redis': (c) => [`redis://:{}@cache.${word(c)}.com:6379/0`, c.b62(20)],
  'url-amqp': (c) => [`amqps://${word(c)}:{}@mq.${word(c)}.net/prod`, c.b62(18)],
  'url-https': (c) => [`git clone https://${word(c)}:{}@git.${word(c)}.com/${word(c)}/${word(c)}.git`, c.b62(24)],
  'header-bearer': (c) => [`Authorization: Bearer {}`, c.b62(48)],
  'header-basic': (c) => [`Authorization: Basic {}`, Buffer.from(`${word(c)}:${c.b62(14)}`).toString('base64')],
  'curl-user': (c) => [`curl -u ${word(c)}:{} https://api.${word(c)}.com/v2/orders`, c.b62(16)],
};

const frames = [
  'here is the key, please try it: {}',
  'it fails with {} and I do not know why',
  'export TOKEN={}',
  'value = "{}"',
  '{"config":{"value":"{}","retries":3}}',
  '  - name: SERVICE_TOKEN\n    value: {}\n',
  'client = Client("{}")',
  'const client = new Client(\'{}\', { timeout: 30 });',
  'curl -H "Authorization: Bearer {}" https://api.test/v1/items',
  '2024-05-11T09:13:22Z WARN auth: rejected credential {} from 10.2.3.4',
  '+  secret: {}',
  '| prod | {} | rotated |',
  '# old one: {}',
  'ENV APP_CREDENTIAL={}',
  '<add key="ServiceKey" value="{}" />',
  '{}',
  'token:{},',
  '(see {})',
  'fmt.Println("{}")',
  'X-Api-Key: {}\r\n',
  'INSERT INTO settings VALUES (4, \'{}\');',
  '`{}`',
  'echo {} | docker login',
];
const namedFrames = [
  '{n}={}', '{n}: {}', 'export {n}="{}"', '{n} = \'{}\'', '"{n}": "{}",', '- {n}={}', 'ENV {n} {}',
  'os.environ["{n}"] = "{}"', 'set {n} to {} and run it again'
];

export function tokenSamples(c, perKind) {
  const out = [];
  for (const [kind, make] of Object.entries(providers))
    for (let i = 0; i < perKind; i++) {
      const value = make(c);
      const line = value.includes('\n') ? c.pick(['{}', 'key = """{}"""', 'cat > id <<EOF\n{}\nEOF']) : c.pick(frames);
      const account = kind === 'azure-storage' && value.match(/AccountKey=([^;]+)/)[1];
      out.push(positive(kind, line, value, account || value));
    }
  for (const [kind, [names, make]] of Object.entries(named))
    for (let i = 0; i < perKind; i++)
      out.push(positive(kind, c.pick(namedFrames).replace('{n}', c.pick(names)), make(c)));
  for (const [kind, make] of Object.entries(carried))
    for (let i = 0; i < perKind; i++) out.push(positive(kind, ...make(c)));
  return out;
}

// The same shapes with a check sum left to chance: they are not real tokens, yet some makers' examples are such.
export function uncheckedTokenSamples(c, perKind) {
  const bodies = {
    github: () => c.pick(['ghp_', 'gho_', 'ghs_', 'ghu_']) + c.b62(36),
    npm: () => 'npm_' + c.b62(36),
    grafana: () => `glsa_${c.b62(32)}_${c.hex(8)}`,
    age: () => ageKey(c).slice(0, -6) + c.from('QPZRY9X8GF2TVDW0', 6),
    nats: () => natsSeed(c).slice(0, -4) + c.from(base32, 4),
  };
  return Object.entries(bodies).flatMap(
      ([kind, make]) => Array.from({length: perKind}, () => positive(kind, c.pick(frames), make())));
}

const placeholders = [
  'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  'ghp_YOUR_TOKEN_HERE',
  'sk_live_xxxxxxxxxxxxxxxxxxxxxxxx',
  'sk-ant-api03-...',
  'sk-proj-your-key-here',
  'AKIAIOSFODNN7EXAMPLE',
  'AKIAXXXXXXXXXXXXXXXX',
  'AIzaSy...',
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'xoxb-your-token',
  'xoxb-xxxxxxxxxxxx-xxxxxxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx',
  '<YOUR_API_KEY>',
  '${GITHUB_TOKEN}',
  '{{ secrets.NPM_TOKEN }}',
  '$(cat token.txt)',
  'glpat-********************',
  'hf_XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX',
  'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
  'SG.xxxxxx.yyyyyy',
  'npm_[A-Za-z0-9]{36}',
  'ghp_[0-9a-zA-Z]{36}',
  'AKIA[0-9A-Z]{16}',
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----',
  'your_api_key_here',
  'changeme',
  '[REDACTED]',
  'dapiXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX',
  'postgres://user:password@localhost:5432/db',
  'sk-...abcd',
  'key-00000000000000000000000000000000',
  'https://user:${PASS}@example.com/repo.git',
  'Bearer <token>',
  'Authorization: Basic <credentials>',
  'pypi-...',
];

// Identifiers that are no credentials, and values that miss a provider's shape.
const innocent = {
  'git-sha': (c) => c.hex(40),
  sha256: (c) => c.hex(64),
  md5: (c) => c.hex(32),
  uuid: (c) => c.uuid(),
  'stripe-object': (c) => c.pick(['cus_', 'evt_', 'price_', 'prod_', 'sub_', 'pi_']) + c.b62(14),
  'twilio-sid': (c) => 'AC' + c.hex(32),
  'object-id': (c) => c.hex(24),
  'docker-digest': (c) => 'sha256:' + c.hex(64),
  integrity: (c) => 'sha512-' + c.bytes(64).toString('base64'),
  'go-sum': (c) => `h1:${c.bytes(32).toString('base64')}`,
  arn: (c) => `arn:aws:iam::${c.digits(12)}:role/${word(c)}-${word(c)}`,
  ulid: (c) => '01H' + c.from(upper.replace(/[ILOU]/g, '') + digits, 23),
  'google-client-id': (c) => `${c.digits(12)}-${c.from(lower + digits, 32)}.apps.googleusercontent.com`,
  'instance-id': (c) => c.pick(['i-0', 'vpc-0', 'sg-0', 'subnet-0', 'ami-0']) + c.hex(16),
  'slack-channel': (c) => 'C0' + c.from(upper + digits, 9),
  trace: (c) => `00-${c.hex(32)}-${c.hex(16)}-01`,
  'public-key': (c) => 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI' + c.b64(43),
  etag: (c) => `W/"${c.hex(32)}"`,
  'css-class': (c) => `css-${c.from(lower + digits, 7)}-${word(c)}`,
  asset: (c) => `/assets/index-${c.b62(8)}.js`,
  'youtube-url': (c) => 'https://youtu.be/' + c.b64u(11),
  'drive-url': (c) => `https://docs.google.com/document/d/1${c.b64u(43)}/edit`,
  'bucket-path': (c) => `s3://${word(c)}/${word(c)}/${c.hex(32)}.parquet`,
  base58: (c) => c.from(letters + '123456789', 12),
  certificate: (c) => `-----BEGIN CERTIFICATE-----\n${c.b64(64)}\n${c.b64(64)}\n-----END CERTIFICATE-----`,
  'short-github': (c) => 'ghp_' + c.b62(20),
  'short-aws': (c) => 'AKIA' + c.from(base32, 9),
  'short-slack': (c) => 'xoxb-' + c.digits(5),
  'camel-case':
      (c) => ['sk', 'skip', 'task', 'risk'][c.below(4)] + '-' + [word(c), word(c), word(c), word(c)].join('-'),
  'google-analytics': (c) => `G-${c.from(upper + digits, 10)}`,
  'data-uri': (c) => `data:image/png;base64,iVBORw0KGgo${c.b64(60)}`,
  'k8s-pod': (c) =>
      `${word(c)}-${c.from('bcdfghjklmnpqrstvwxz2456789', 9)}-${c.from('bcdfghjklmnpqrstvwxz2456789', 5)}`,
  hexadecimal: (c) => '0x' + c.from(hexadecimal, 16),
  cursor: (c) => `?cursor=${encode({id: c.below(1e6), dir: 'next'})}`,
  'base64-words': (c) => encode(`the quick brown ${word(c)} jumps over the lazy ${word(c)}`),
  sri: (c) => 'sha384-' + c.b64(64),
  numbers: (c) => c.from(digits, 18),
  url: (c) => `https://${word(c)}.example.org/${word(c)}/${c.b64u(12)}?v=${c.hex(8)}`,
};
const plainFrames = [
  'see {} for more', 'id = "{}"', '{"id":"{}","n":3}', 'commit {}', 'resource: {}', '  "resolved": "{}",', '{}',
  'const id = "{}";', '<link href="{}">', 'log: handled {} in 32 ms', '- {}', 'assertEqual(got, "{}")', 'ref={}',
  'etag: {}'
];

export function innocentSamples(c, perKind) {
  const out = [];
  for (const value of placeholders)
    for (let i = 0; i < Math.max(1, perKind / 2); i++)
      out.push(negative('placeholder', c.pick(frames).replace('{}', () => value)));
  for (const [kind, make] of Object.entries(innocent))
    for (let i = 0; i < perKind; i++) out.push(negative(kind, c.pick(plainFrames).replace('{}', () => make(c))));
  return out;
}
