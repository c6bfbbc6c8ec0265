// Lines that look as if a secret stood there, and none does.

import { BASE62, BASE64, DIGITS, HEX, LOWER } from './random.mjs';
import { KEYS, ASSIGNMENTS, place } from './contexts.mjs';

const REFERENCES = ['${DB_PASSWORD}', '$(cat /run/secrets/db)', '{{ vault_password }}', '<your-password>', '%s', '$PASSWORD',
  'ENC[AES256_GCM]', '{{ .Values.auth.password }}', '${{ secrets.TOKEN }}', 'vault:secret/data/app#password', '%(password)s',
  'arn:aws:secretsmanager:eu-west-1:123456789012:secret:app', '@Microsoft.KeyVault(SecretUri=x)', 'op://prod/db/password',
  '#{ENV["TOKEN"]}', '${env.API_KEY}', '!vault', 'ssm:/app/db/password', '$secret$', '__TOKEN__', '@@PASSWORD@@', '{0}', '{password}'];

const STAND_INS = ['changeme', 'password', 'your-api-key', 'YOUR_TOKEN', 'xxxxxxxxxxxx', 'XXXXXXXX-XXXX', '********', 'secret',
  'example', 'test', 'dummy', 'none', 'null', 'foobar', 'placeholder', 'my-secret-token', 'insert-key-here', 'TBD',
  'REPLACE_ME', 'redacted', 'token', 'abc', 'hidden', 'mysecret', '<redacted>', 'some_password', 'not-a-real-secret',
  '0000000000000000', 'aaaaaaaaaaaaaaaaaaaa', '1234567890', 'abcdefghijklmnop', 'fake-token-for-tests', 'sample_key'];

const WORDY = ['user_password', 'auth.token', 'password-field', 'accessToken', 'getPassword', 'passwordInput', 'login-form',
  'X-Auth-Token', 'access_token', 'Authorization', 'client_credentials', 'authorization_code', 'refresh_token', 'Bearer',
  'api_key_required', 'invalid_token', 'PASSWORD_RESET', 'hunter', 'keyboard', 'primary', 'SecretStr', 'String', 'string',
  'required', 'optional', 'AuthService', 'com.example.auth.TokenProvider', 'application/json', 'text/plain', 'en-US', 'id_rsa',
  'config/secrets.yml', '/etc/ssl/private/server.key', './certs/client.pem', 'https://auth.internal/oauth/token',
  'database.password', 'spring.datasource.password', 'users.password_hash', 'key', 'ArrowDown', 'ctrl+shift+p', 'Ctrl-C'];

const CODE = [
  `password = getpass.getpass("Password: ")`, `const token = await getToken(user);`, `token = parser.next_token()`,
  `password: string;`, `password?: string | null;`, `  apiKey: process.env.API_KEY,`, `secret = os.environ["APP_SECRET"]`,
  `String password = request.getParameter("password");`, `self.password = password`, `this.accessToken = accessToken;`,
  `password := r.FormValue("password")`, `if password != confirm_password:`, `token: Token = field(default=None)`,
  `var apiKey = Configuration["Stripe:ApiKey"];`, `$password = $_POST['password'];`, `password = params[:password]`,
  `let secret = env::var("SECRET")?;`, `val token = intent.getStringExtra("token")`, `password: { type: String, required: true },`,
  `<input type="password" name="password" placeholder="Password" id="password-1">`, `<label for="password">Password:</label>`,
  `"password": "Enter your password",`, `"forgotPassword": "Forgot your password?",`, `password_label: "Mot de passe",`,
  `"tokenExpired": "Your session has expired. Please sign in again.",`, `ALTER TABLE users ADD COLUMN password VARCHAR(255);`,
  `password VARCHAR(64) NOT NULL,`, `SELECT id, password FROM users WHERE token = ?`, `max_tokens: 4096,`, `"max_tokens": 1024`,
  `pad_token = "<pad>"`, `eos_token: "</s>"`, `special_tokens = ["[CLS]", "[SEP]"]`, `nextPageToken: response.nextPageToken`,
  `csrf_token = generate_csrf()`, `tokens = tokenizer.encode(text)`, `kind: Secret`, `type: kubernetes.io/basic-auth`,
  `secretKeyRef: {name: db, key: password}`, `        key: password`, `secretName: db-credentials`, `existingSecret: redis-auth`,
  `passwordEncoder = new BCryptPasswordEncoder(12);`, `hash = bcrypt.hash(password, 10)`, `assert token.type == TokenType.STRING`,
  `password_regex = r"^[A-Za-z0-9@#$%]{8,}$"`, `PASSWORD_MIN_LENGTH = 12`, `token_url = "https://login.internal/token"`,
  `"@types/passport-local": "^1.0.34",`, `"jsonwebtoken": "9.0.2"`, `import { Token } from "./token";`, `authToken: authToken!,`,
  `if (!apiKey) throw new Error("apiKey is required");`, `password: faker.internet.password(),`, `"key": "user.name.first",`,
  `key: 'ArrowLeft',`, `<Item key={item.id} secret={false} />`, `key = f"user:{user_id}:session"`, `cache_key = "users/list/active"`,
  `passwordField.sendKeys(config.get("password"))`, `.password { color: #a0b1c2; }`, `#token-input { width: 120px; }`,
  `usage: login --password PASSWORD --token TOKEN`, `  -p, --password string   password of the user`, `token (string): the access token`,
  `@param password the password in plain text`, `# password: see 1Password`, `// later: secret should come from vault`,
  `password=`, `TOKEN=""`, `API_KEY=`, `password: ""`, `password: ~`, `secret: !Ref AppSecret`, `token: ${'$'}{{ github.token }}`,
  `resource "random_password" "db" { length = 32 }`, `password = random_password.db.result`, `secret = data.vault_generic_secret.app.data["key"]`,
  `password: "{{ lookup('env', 'PASS') }}"`, `ssh-keygen -t ed25519 -N "" -f key`, `openssl rand -hex 32 > secret.txt`,
  `token = hashlib.sha256(data).hexdigest()`, `private_key = ec.generate_private_key(ec.SECP256R1())`, `key_type: rsa-4096`,
  `encryption_key_size = 256`, `signing_algorithm: RS256`, `auth: basic`, `auth: { type: "oauth2", flow: "implicit" }`, `credentials: 'include',`,
  `credentials: "same-origin"`, `Access-Control-Allow-Credentials: true`, `salt_length: 16`, `salt = os.urandom(16)`, `pass: true`, `pass = 3`,
];

export function lookalike(c) {
  const words = c.pick(KEYS[c.pick(Object.keys(KEYS))]);
  const template = c.pick(ASSIGNMENTS);
  switch (c.below(6)) {
    case 0:
      return place(c, template, words, c.pick(REFERENCES));
    case 1:
      return place(c, template, words, c.pick(STAND_INS));
    case 2:
      return place(c, template, words, c.pick(WORDY));
    case 3:
      return harmlessKey(c, template);
    default:
      return c.pick(CODE);
  }
}

/// Random values behind keys that make them harmless.
function harmlessKey(c, template) {
  const keys = [
    [['commit'], () => c.text(HEX, 40)], [['sha256'], () => c.text(HEX, 64)], [['etag'], () => c.text(HEX, 32)],
    [['checksum'], () => c.text(HEX, 64)], [['integrity'], () => 'sha512-' + c.bytes(64).toString('base64')],
    [['request', 'id'], () => c.uuid()], [['user', 'id'], () => c.uuid()], [['build', 'number'], () => c.text(DIGITS, 8)],
    [['content', 'hash'], () => c.text(HEX, 32)], [['trace', 'id'], () => c.text(HEX, 32)], [['image'], () => `acme/api@sha256:${c.text(HEX, 64)}`],
    [['public', 'key'], () => c.text(BASE64, 43) + '='], [['fingerprint'], () => c.text(HEX, 40)], [['cache', 'id'], () => c.text(BASE62, 22)],
    [['revision'], () => c.text(HEX, 12)], [['file', 'name'], () => `${c.text(LOWER, 8)}.${c.text(HEX, 8)}.js`],
    [['password', 'hash', 'algorithm'], () => 'pbkdf2_sha256'], [['token', 'url'], () => `https://login.internal/${c.text(LOWER, 6)}/token`],
    [['key', 'id'], () => c.uuid()], [['version'], () => `${c.below(9)}.${c.below(40)}.${c.below(9)}`], [['color'], () => '#' + c.text(HEX, 6)],
    [['password', 'changed', 'at'], () => '2026-01-12T10:00:00Z'], [['token', 'type'], () => 'bearer'], [['max', 'tokens'], () => c.text(DIGITS, 4)],
  ];
  const [words, make] = c.pick(keys);
  return place(c, template, words, make());
}

/// Whole pieces of text without a secret in them.
export function clean(c) {
  const hex = (n) => c.text(HEX, n);
  const name = () => c.text(LOWER, c.between(4, 10));
  const kinds = [
    () => Array.from({ length: 6 }, () => {
      const n = name();
      return `    "node_modules/${n}": {\n      "version": "${c.below(9)}.${c.below(20)}.${c.below(9)}",\n      "resolved": "https://mirror.internal/${n}.tgz",\n      "integrity": "sha512-${c.bytes(64).toString('base64')}"\n    },`;
    }).join('\n'),
    () => Array.from({ length: 6 }, () => `[[package]]\nname = "${name()}"\nversion = "1.${c.below(90)}.0"\nsource = "registry"\nchecksum = "${hex(64)}"`).join('\n\n'),
    () => Array.from({ length: 6 }, () => `github.com/${name()}/${name()} v1.${c.below(20)}.0 h1:${c.bytes(32).toString('base64')}`).join('\n'),
    () => Array.from({ length: 6 }, () => `${name()}==2.${c.below(9)}.1 \\\n    --hash=sha256:${hex(64)}`).join('\n'),
    () => Array.from({ length: 8 }, () => `${hex(64)}  ${name()}.tar.gz`).join('\n'),
    () => Array.from({ length: 8 }, () => `commit ${hex(40)}\nAuthor: dev <dev@acme.internal>\n\n    ${name()} ${name()}`).join('\n'),
    () => Array.from({ length: 8 }, () => `{"id": "${c.uuid()}", "parent": "${c.uuid()}", "etag": "${hex(32)}"}`).join('\n'),
    () => `<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA${c.bytes(600).toString('base64')}" alt="">`,
    () => `!function(e,t){var n=${c.below(99)};function r(a){return a.key?a.token:e[${c.below(9)}]}t.exports={k:r,p:"${name()}",v:"${hex(8)}"};${Array.from({ length: 30 }, () => `var ${c.text(LOWER, 2)}=${c.text(LOWER, 2)}(${c.below(999)});`).join('')}}(window,module);`,
    () => `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ${c.bytes(260).toString('base64').replace(/=+$/, '')} dev@laptop`,
    () => `-----BEGIN CERTIFICATE-----\n${c.bytes(400).toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----`,
    () => `-----BEGIN PUBLIC KEY-----\n${c.bytes(200).toString('base64').match(/.{1,64}/g).join('\n')}\n-----END PUBLIC KEY-----`,
    () => Array.from({ length: 8 }, () => `2026-03-0${c.between(1, 9)}T10:${c.between(10, 59)}:12Z INFO [${hex(16)}] GET /api/items/${c.uuid()} 200 ${c.below(900)}ms trace=${hex(32)}`).join('\n'),
    () => `sourceMappingURL=data:application/json;base64,${Buffer.from('{"version":3,"sources":["a.js"],"mappings":"' + c.text(BASE64, 300) + '"}').toString('base64')}`,
    () => Array.from({ length: 5 }, () => `#define MAGIC_${name().toUpperCase()} 0x${hex(16)}ULL`).join('\n'),
    () => `const TABLE = [${Array.from({ length: 40 }, () => '0x' + hex(8)).join(', ')}];`,
    () => `<svg viewBox="0 0 24 24"><path d="M${c.below(20)} ${c.below(20)}l${Array.from({ length: 40 }, () => (c.next() * 10).toFixed(2)).join(' ')}z"/></svg>`,
    () => `.${name()}-${hex(6)}{background:url(/static/${name()}.${hex(20)}.woff2);color:#${hex(6)}}`,
    () => `FROM acme/base@sha256:${hex(64)}\nRUN curl -fsSL https://dl.internal/x.tgz -o x.tgz && echo "${hex(64)}  x.tgz" | sha256sum -c`,
    () => `assert digest("${name()}") == "${hex(64)}"\nassert md5("${name()}") == "${hex(32)}"`,
    () => `"Sid": "AllowList", "Resource": "arn:aws:s3:::${name()}-${c.text(DIGITS, 12)}/*", "aws:SourceAccount": "${c.text(DIGITS, 12)}"`,
    () => `expect(wrapper.find('input[name="password"]').props().value).toEqual("${name()}")`,
  ];
  return c.pick(kinds)();
}
