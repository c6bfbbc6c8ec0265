// Places in which people put secrets: code in many languages, configuration, commands, logs, prose. `$V` is the value,
// `$K` a key's name in the style of the place.

const styles = {
  camel: (words) => words.map((w, i) => (i ? w[0].toUpperCase() + w.slice(1) : w)).join(''),
  pascal: (words) => words.map((w) => w[0].toUpperCase() + w.slice(1)).join(''),
  snake: (words) => words.join('_'),
  upper: (words) => words.join('_').toUpperCase(),
  kebab: (words) => words.join('-'),
  label: (words) => [words[0][0].toUpperCase() + words[0].slice(1), ...words.slice(1)].join(' '),
};

/// Assignments: the key's name says what the value is.
export const ASSIGNMENTS = [
  ['snake', `$K = "$V"`],
  ['snake', `    self.$K = '$V'`],
  ['snake', `$K: str = "$V"`],
  ['snake', `def connect(host, $K="$V"):`],
  ['snake', `client = Client(region="eu-west-1", $K="$V")`],
  ['snake', `os.environ["$K"] = "$V"`],
  ['snake', `config['$K'] = '$V'`],
  ['upper', `$K = os.getenv("$K", "$V")`],
  ['camel', `const $K = "$V";`],
  ['camel', `  $K: '$V',`],
  ['camel', `let $K: string = '$V';`],
  ['upper', `const $K = process.env.$K || "$V";`],
  ['camel', `export default { $K: "$V", retries: 3 };`],
  ['camel', `private static final String $K = "$V";`],
  ['camel', `String $K = "$V"; // for the staging system`],
  ['kebab', `    $K: "$V"`],
  ['camel', `    private const string $K = @"$V";`],
  ['camel', `	$K := "$V"`],
  ['pascal', `	cfg := Config{Host: "db1", $K: "$V"}`],
  ['upper', `const $K: &str = "$V";`],
  ['snake', `let $K = String::from("$V");`],
  ['camel', `let $K = "$V"`],
  ['camel', `val $K = "$V"`],
  ['snake', `$$K = '$V';`],
  ['snake', `  '$K' => '$V',`],
  ['snake', `:$K => "$V",`],
  ['snake', `my $$K = "$V";`],
  ['upper', `#define $K "$V"`],
  ['snake', `const char *$K = "$V";`],
  ['snake', `static char $K[] = "$V";`],
  ['snake', `  $K = "$V"`],
  ['snake', `variable "$K" {\n  default = "$V"\n}`],
  ['upper', `$K=$V`],
  ['upper', `export $K="$V"`],
  ['upper', `export $K=$V`],
  ['upper', `ENV $K=$V`],
  ['upper', `      - $K=$V`],
  ['upper', `      - name: $K\n        value: "$V"`],
  ['camel', `{"user": "svc", "$K": "$V", "port": 5432}`],
  ['camel', `  "$K": "$V",`],
  ['upper', `{"name": "$K", "value": "$V"}`],
  ['pascal', `<add key="$K" value="$V" />`],
  ['camel', `<connection user="app" $K="$V"/>`],
  ['kebab', `$K=$V`],
  ['snake', `$K = $V`],
  ['snake', `curl -s "https://api.internal/v2/items?limit=10&$K=$V"`],
  ['kebab', `./deploy.sh --env prod --$K=$V`],
  ['camel', `2026-03-02T10:11:12Z INFO connecting with $K=$V host=db1`],
  ['label', `$K: $V`],
  ['upper', `+$K="$V"`],
  ['upper', `-      $K: "$V"`],
  ['camel', `body: JSON.stringify({ $K: "$V" })`],
  ['camel', `if ($K === "$V") {`],
  ['upper', `sed -i 's/^$K=.*/$K=$V/' .env`],
  ['upper', `docker run -e $K=$V -p 80:80 acme/api`],
  ['snake', `{\\"$K\\": \\"$V\\", \\"region\\": \\"eu\\"}`],
];

/// Places for a token that speaks for itself.
export const PLACES = [
  ...ASSIGNMENTS.filter(([, text]) => !text.includes('&$K') && !text.includes('$$K')),
  ['camel', `curl -H "Authorization: Bearer $V" https://api.internal/v1/users`],
  ['camel', `git clone https://x:$V@git.internal/acme/api.git`],
  ['camel', `I keep getting 401 with $V, what is wrong?`],
  ['camel', `Use this one: $V`],
  ['camel', `    at login (token $V) in auth.js:41`],
  ['camel', `INSERT INTO settings VALUES (7, 'integration', '$V');`],
  ['camel', `| staging | $V | 2026-01-04 |`],
  ['camel', `client.login("$V")`],
  ['camel', `new Client("$V", { timeout: 3000 })`],
  ['camel', `-H 'X-Api-Key: $V'`],
  ['camel', `echo $V | vault login -`],
  ['camel', `<string>$V</string>`],
  ['camel', `$V`],
];

export function place(c, template, words, value) {
  const [style, text] = template;
  const key = styles[style](words);
  return text.replaceAll('$$K', () => '$' + key).replaceAll('$K', () => key).replaceAll('$V', () => value);
}

/// What a value is escaped to in such a place: nothing here has quotes in it.
export const KEYS = {
  password: [
    ['password'], ['db', 'password'], ['admin', 'passwd'], ['user', 'pwd'], ['smtp', 'pass'], ['root', 'password'],
    ['keystore', 'password'], ['ldap', 'bind', 'password'], ['mysql', 'root', 'password'], ['login', 'password'],
  ],
  token: [['auth', 'token'], ['access', 'token'], ['api', 'token'], ['bot', 'token'], ['bearer', 'token'],
    ['deploy', 'token'], ['refresh', 'token'], ['token']],
  key: [['api', 'key'], ['apikey'], ['access', 'key'], ['secret', 'key'], ['encryption', 'key'], ['signing', 'key'],
    ['private', 'key'], ['service', 'account', 'key']],
  secret: [['client', 'secret'], ['app', 'secret'], ['jwt', 'secret'], ['session', 'secret'], ['webhook', 'secret'],
    ['secret'], ['shared', 'secret'], ['cookie', 'secret']],
};
