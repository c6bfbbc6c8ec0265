// Set b: lines of code and configuration in which a name promises a secret: half hold one, half only look so.
import {base62, digits, lower, negative, positive, upper} from './sample.mjs';

const words =
    ('summer winter dragon monkey football shadow master sunshine coffee rocket orange tiger falcon silver garden ' +
     'purple planet hammer bridge castle forest thunder pepper cookie marble window jordan london berlin phoenix')
        .split(' ');

const capital = (text) => text[0].toUpperCase() + text.slice(1);
const leet = (text) => text.replace(/a/g, '@').replace(/o/g, '0').replace(/e/g, '3').replace(/i/g, '1');

// Passwords as people choose them, from weak to strong.
const passwords = {
  'word-digits': (c) => c.pick(words) + c.digits(c.between(2, 4)),
  'word-year-sign': (c) =>
      capital(c.pick(words)) + c.pick(['2019', '2021', '2023', '2024']) + c.pick(['!', '#', '$', '@']),
  leet: (c) => capital(leet(c.pick(words))) + c.digits(2) + c.pick(['!', '#', '']),
  'two-words': (c) => `${capital(c.pick(words))}${c.pick(['-', '_', '.', ''])}${capital(c.pick(words))}${c.digits(2)}`,
  'short-random': (c) => c.from(base62, 7) + c.digits(1),
  'mixed-12': (c) => c.from(base62 + '!@#%^*-_=+', 11) + c.digits(1),
  'strong-20': (c) => c.from(base62 + '!@#%^*-_=+.', 19) + c.from(upper, 1),
  'generated-4x4': (c) => Array.from({length: 4}, () => c.from(lower + digits, 4)).join('-'),
};
const keys = {
  'key-hex-32': (c) => c.hex(32),
  'key-hex-64': (c) => c.hex(64),
  'key-b64-44': (c) => c.bytes(32).toString('base64'),
  'key-b62-24': (c) => c.b62(24),
  'key-b62-40': (c) => c.b62(40),
  'key-uuid': (c) => c.uuid(),
  'key-url-32': (c) => c.b64u(31) + 'k',
};
const passwordNames = [
  'password', 'passwd', 'db_password', 'DB_PASS', 'adminPassword', 'smtp_pass', 'rootPassword', 'PGPASSWORD',
  'MYSQL_ROOT_PASSWORD', 'userPwd', 'ldap_bind_password', 'keystorePassword', 'pass', 'pwd', 'redis-password',
  'mailPassword'
];
const keyNames = [
  'api_key',     'apiKey',      'API_KEY',        'secret',      'client_secret', 'clientSecret',  'auth_token',
  'accessToken', 'SECRET_KEY',  'jwt_secret',     'signing_key', 'encryptionKey', 'private_token', 'webhook_secret',
  'x-api-key',   'license_key', 'session_secret', 'hmacKey',     'bot_token',     'refresh_token'
];

const name = (text, style) => (style === 'id' ? text.replace(/-/g, '_') : text);

// One frame list for each language or format: {n} is the name, {} the value.
const languages = {
  python: [
    '{n} = "{}"', '    self.{n} = \'{}\'', 'connect(host="db1", {n}="{}")', 'config["{n}"] = "{}"', '{\'{n}\': \'{}\'}'
  ],
  javascript:
      ['const {n} = \'{}\';', '  {n}: "{}",', 'process.env.{n} = "{}";', 'app.set(\'{n}\', \'{}\')', 'let {n} = `{}`;'],
  java: ['private static final String {n} = "{}";', 'props.setProperty("{n}", "{}");', 'builder.{n}("{}")'],
  go: ['{n} := "{}"', 'const {n} = "{}"', '\t{n}: "{}",', 'os.Setenv("{n}", "{}")'],
  csharp: ['string {n} = "{}";', 'public string {n} { get; set; } = "{}";', 'var cs = "Server=db;User Id=sa;{n}={};";'],
  ruby: ['{n} = \'{}\'', '  {n}: \'{}\',', ':{n} => \'{}\''],
  php: ['${n} = \'{}\';', '\'{n}\' => \'{}\',', 'define(\'{n}\', \'{}\');'],
  shell: ['export {n}={}', '{n}=\'{}\'', 'mytool --{n} {} --verbose', '{n}="{}" ./start.sh'],
  yaml: ['{n}: {}', '  {n}: "{}"', '- {n}: {}', '    - name: {n}\n      value: {}'],
  json: ['"{n}": "{}"', '{"name": "{n}", "value": "{}"}', '{"user":"svc","{n}":"{}"}'],
  properties: ['{n}={}', 'spring.datasource.{n}={}', 'app.{n} = {}'],
  toml: ['{n} = "{}"', 'auth = { {n} = "{}" }'],
  terraform: ['  {n} = "{}"', 'variable "{n}" { default = "{}" }'],
  xml: ['<{n}>{}</{n}>', '<property name="{n}" value="{}"/>', '<add key="{n}" value="{}" />'],
  docker: ['ENV {n}={}', 'ARG {n}={}', '      {n}: {}', 'docker run -e {n}={} app'],
  sql: [
    'CREATE USER app WITH PASSWORD \'{}\';', 'ALTER USER \'root\'@\'%\' IDENTIFIED BY \'{}\';', 'SET @{n} = \'{}\';'
  ],
};
const bare = new Set(['shell', 'yaml', 'properties', 'docker', 'xml']);

// Characters that would end or change an unquoted value are not used in one.
function fit(value, frame, c) {
  if (frame.includes('"{}"') || frame.includes('\'{}\'') || frame.includes('`{}`')) return value;
  return value.replace(/[#@!%^*&$]/g, () => c.pick([...'7kQz']));
}

export function codeLineSamples(c, perKind) {
  const out = [];
  for (const [group, makers, names] of [['password', passwords, passwordNames], ['key', keys, keyNames]])
    for (const [kind, make] of Object.entries(makers))
      for (let i = 0; i < perKind; i++) {
        const language = c.pick(Object.keys(languages));
        if (group === 'key' && language === 'sql') continue;
        const frame = c.pick(languages[language]);
        const id = name(c.pick(names), bare.has(language) || frame.includes('"{n}"') ? '' : 'id');
        out.push(positive(kind, frame.replaceAll('{n}', id), fit(make(c), frame, c)));
      }
  return out;
}

const pascal = (c) => capital(c.pick(words)) + capital(c.pick(words));
const camel = (c) => c.pick(words) + capital(c.pick(words));
const snake = (c) => `${c.pick(words)}_${c.pick(words)}`;

// What stands to the right of a promising name, and is no secret.
const lookAlikes = {
  environment: (c) => c.pick([
    'os.environ["{N}"]', 'process.env.{N}', 'os.Getenv("{N}")', 'ENV[\'{N}\']', 'env(\'{N}\')', 'getenv("{N}")',
    'System.getenv("{N}")', 'Environment.GetEnvironmentVariable("{N}")', 'std::env::var("{N}")?'
  ]),
  template: (c) => c.pick([
    '"${{N}}"', '"{{ .Values.auth.{n} }}"', '${{ secrets.{N} }}', '"%({n})s"', '"<%= {n} %>"', '"$({N})"',
    '\'{{ vault_{n} }}\'', '"#{{n}}"', '"@@{N}@@"', '"__{N}__"', '"%{N}%"', '"${var.{n}}"'
  ]),
  call: (c) => c.pick([
    `get_${snake(c)}()`, `this.${camel(c)}.read('${snake(c)}')`, `await fetch${pascal(c)}(ctx, "${snake(c)}")`,
    `hash_password(${camel(c)})`, `bcrypt.hashSync(${camel(c)}, 10)`, `crypto.randomBytes(32).toString('hex')`,
    'generateToken(user)', `vault.read("secret/data/${snake(c)}")`, `request.form['${snake(c)}']`,
    'input("Password: ")', 'getpass.getpass()'
  ]),
  reference: (c) => c.pick([
    `self.${snake(c)}`, `config.${camel(c)}`, `${camel(c)}.${camel(c)}`, `props.${camel(c)}.value`, `args.${snake(c)}`,
    `data.${snake(c)}.${snake(c)}.id`, `module.${snake(c)}.arn`, `&${camel(c)}`,
    `${pascal(c)}.${snake(c).toUpperCase()}`
  ]),
  type: (c) => c.pick([
    'string', 'str', 'Optional[str]', 'String;', 'string | undefined', 'SecretStr', 'Option<String>', 'char *', 'null',
    'None', 'undefined', 'nil', 'true', 'false', 'required', 'z.string().min(8)', 'models.CharField(max_length=128)',
    'VARCHAR(255) NOT NULL'
  ]),
  dummy: (c) => c.pick([
    '"password"',
    '"changeme"',
    '"xxxxxxxx"',
    '"********"',
    '"your-password-here"',
    '"<password>"',
    '"tbd"',
    '""',
    '"secret"',
    '"example"',
    '"test"',
    '"dummy"',
    '"foo"',
    '"[REDACTED]"',
    '"REPLACE_ME"',
    '"placeholder"',
    '"fake-token"',
    '"..."',
    '"YOUR_API_KEY"',
    '"insert-your-key"',
    '"not-a-real-secret"',
    '"my-secret"',
    '"mysecretpassword"',
    '"1234"',
    '"token"'
  ]),
  message: (c) => c.pick([
    '"Password must be at least 8 characters"', '"Enter your password"', '"Passwort vergessen?"', '"Invalid token"',
    '"Le mot de passe est incorrect"', '"Reset your API key"', '"Password changed successfully"',
    '"Contraseña incorrecta"', '"Show password"'
  ]),
  key: (c) => c.pick([
    `"${snake(c)}"`, `"auth.${camel(c)}.label"`, `"${c.pick(words)}-${c.pick(words)}"`,
    `"x-${c.pick(words)}-${c.pick(words)}"`, `"${camel(c)}"`, `"forms/${snake(c)}"`, `"${snake(c).toUpperCase()}"`,
    `"com.${c.pick(words)}.${camel(c)}"`, '"Ctrl+Shift+P"'
  ]),
  path: (c) => c.pick([
    `"/run/secrets/${snake(c)}"`, `"./certs/${snake(c)}.pem"`, `"/etc/${c.pick(words)}/${c.pick(words)}.key"`,
    `"https://${c.pick(words)}.com/oauth/token"`, `"C:\\\\keys\\\\${snake(c)}.txt"`,
    `"~/.config/${c.pick(words)}/token"`, `"secret/data/${c.pick(words)}/${c.pick(words)}"`,
    `"arn:aws:secretsmanager:eu-west-1:${c.digits(12)}:secret:${c.pick(words)}"`
  ]),
  colour: (c) => c.pick([
    `"#${c.hex(6)}"`, `"${c.between(1, 9)}.${c.between(0, 20)}.${c.between(0, 20)}"`,
    `"v${c.between(1, 9)}.${c.between(0, 9)}.0-rc1"`
  ]),
};
// Whole lines that carry random looking text and no secret.
const quietLines = {
  hash: (c) => c.pick([
    `"integrity": "sha512-${c.bytes(64).toString('base64')}",`, `checksum = "${c.hex(64)}"`, `commit: ${c.hex(40)}`,
    `  sha256: ${c.hex(64)}`, `ETag: "${c.hex(32)}"`, `"md5": "${c.hex(32)}"`,
    `com.google.guava:guava:31.1=${c.hex(40)}`
  ]),
  uuid: (c) => c.pick([
    `id: "${c.uuid()}"`, `"requestId": "${c.uuid()}"`, `<ProjectGuid>{${c.uuid()}}</ProjectGuid>`,
    `tenant_id = "${c.uuid()}"`
  ]),
  'public-key': (c) => c.pick([
    `public_key = "${c.b64(44)}"`, `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ${c.b64(80)} a@b`,
    `"publicKeyToken": "${c.hex(16)}"`, `"pubkey": "${c.hex(66)}"`, `fingerprint: SHA256:${c.b64(43)}`
  ]),
  compare: (c) => c.pick([
    'if (password !== confirmPassword) {', 'assert token == expected_token', 'while (token != NULL && *token) {',
    'if not password:', 'return password == other.password', 'password?.length >= 8', 'token = tokens[index++];'
  ]),
  'not-secret-name': (c) => c.pick([
    `primary_key = "${snake(c)}"`, `foreign_key: "${snake(c)}_id"`, `key = "${c.b62(16)}"`, `sortKey: "${camel(c)}"`,
    `cache_key = "${snake(c)}:${c.hex(32)}"`, `"partitionKey": "${c.uuid()}"`, `next_token = "${c.b64(24)}"`,
    `max_tokens: ${c.between(100, 9000)}`, `"tokenizer": "${camel(c)}Tokenizer"`,
    `secret_name = "${c.pick(words)}-${c.pick(words)}"`, `password_field = "${snake(c)}"`,
    `pass_rate: ${c.below(100)}.5`, `keyCode: ${c.below(200)}`, `token_type: "Bearer"`,
    `password_min_length = ${c.between(6, 16)}`, `tokenUrl: "https://${c.pick(words)}.io/token"`
  ]),
  style: (c) => c.pick([
    `.btn-${c.pick(words)}{background:url(data:image/png;base64,iVBORw0KGgo${c.b64(80)})}`,
    `<path d="M${c.below(99)} ${c.below(99)}l4-4 4 4z"/>`, `import { ${pascal(c)} } from './${camel(c)}';`,
    `<div class="${c.pick(words)}__${c.pick(words)}--active">`
  ]),
  signature: (c) => c.pick([
    `def login(self, username: str, password: str) -> Token:`, `func NewClient(apiKey string, secret []byte) *Client {`,
    `public void setPassword(String password) { this.password = password; }`,
    `fn verify(token: &str, secret: &str) -> bool {`, `const { password, token, ...rest } = user;`,
    `SELECT id, password_hash FROM ${snake(c)};`, `curl -u "$USER:$PASSWORD" https://x.io`
  ]),
};
const falseFrames = [
  '{n} = {v}', '  {n}: {v},', 'const {n} = {v};', '"{n}": {v},', '{n}={v}', 'client = Client({n}={v})', '{n} := {v}',
  'String {n} = {v};', '  \'{n}\' => {v},', '{n}: {v}'
];

export function lookAlikeLines(c, perKind) {
  const out = [];
  for (const [kind, make] of Object.entries(lookAlikes))
    for (let i = 0; i < perKind; i++) {
      const id = c.pick([...passwordNames, ...keyNames]).replace(/-/g, '_');
      const value = make(c).replaceAll('{N}', id.toUpperCase()).replaceAll('{n}', id);
      out.push(negative(kind, c.pick(falseFrames).replace('{n}', id).replace('{v}', () => value)));
    }
  for (const [kind, make] of Object.entries(quietLines))
    for (let i = 0; i < perKind; i++) out.push(negative(kind, make(c)));
  return out;
}
