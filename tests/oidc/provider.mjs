// A real OpenID Connect provider on a free loopback port, and a second port on which a test tells it what to do. Prints
// one line of JSON when it is ready: {"issuer", "control"}. Ends when its standard input does.
//
//   POST /keys?add=ES256,RS256   makes new keys, which sign from now on
//   POST /keys?keep=N            publishes the newest N keys of each algorithm only
//   POST /down, POST /up         closes and opens the provider's own port
//   GET  /access-token?alg=A&audience=X   a client's own token (client_credentials with a resource)
//   GET  /tokens?alg=A&audience=X&person=E   ID and access token of a person (authorization code flow)

import crypto from 'node:crypto';
import http from 'node:http';
import Provider from 'oidc-provider';
import { clientCredentials, codeFlow } from './flows.mjs';

const ALGORITHMS = {
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  ES384: ['ec', { namedCurve: 'P-384' }],
  EdDSA: ['ed25519', {}],
};
const SECRET = crypto.randomBytes(24).toString('base64url');
const REDIRECT = 'https://app.example.com/callback';

let keys = []; // newest first
let provider;
let issuer;

function makeKey(alg) {
  const [type, options] = ALGORITHMS[alg];
  const { privateKey } = crypto.generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: `${alg}-${crypto.randomUUID()}` };
}

function clients() {
  const service = { client_id: 'build-service', client_secret: SECRET, grant_types: ['client_credentials'],
                    redirect_uris: [], response_types: [] };
  const apps = Object.keys(ALGORITHMS).map((alg) => ({
    client_id: `app-${alg}`, client_secret: SECRET, grant_types: ['authorization_code'], redirect_uris: [REDIRECT],
    id_token_signed_response_alg: alg,
  }));
  return [service, ...apps];
}

function person(address) {
  const verified = !address.startsWith('unverified');
  return { sub: `sub-${address}`, email: address, email_verified: verified, groups: ['developers', 'payments'] };
}

const email = (sub) => sub.replace(/^sub-/, '');

/** A resource of the form https://reeve.example.com/ALG/AUDIENCE says how its tokens are signed and for whom. */
function resourceServer(resource) {
  const [alg, audience] = new URL(resource).pathname.slice(1).split('/');
  return { scope: 'call', audience, accessTokenTTL: 3600, accessTokenFormat: 'jwt', jwt: { sign: { alg } } };
}

function makeProvider() {
  const made = new Provider(issuer, {
    clients: clients(),
    jwks: { keys },
    cookies: { keys: [SECRET] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    conformIdTokenClaims: false,
    findAccount: (_, sub) => ({ accountId: sub, claims: () => person(email(sub)) }),
    extraTokenClaims: (_, token) => (token.accountId ? person(email(token.accountId)) : { groups: 'builds services' }),
    enabledJWA: { idTokenSigningAlgValues: Object.keys(ALGORITHMS) },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: { enabled: true, getResourceServerInfo: (_, resource) => resourceServer(resource) },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => false },
    ttl: { Interaction: 600, Session: 600, Grant: 600, IdToken: 3600, AccessToken: 3600 },
  });
  return made;
}

/** What a person would do on the provider's pages: sign in as the one named in login_hint, and consent. */
async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: `sub-${params.login_hint}` } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope('openid email groups');
  if (params.resource) grant.addResourceScope(params.resource, 'call');
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

const front = http.createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return provider.callback()(request, response);
  return interact(request, response).catch((error) => { response.statusCode = 500; response.end(String(error)); });
});
const listen = (server, port) => new Promise((done) => {
  server.listen(port, '127.0.0.1', () => done(server.address().port));
});
const close = (server) => new Promise((done) => { server.close(done); server.closeAllConnections(); });

async function control(path, query) {
  const alg = query.get('alg');
  const resource = `https://reeve.example.com/${alg}/${query.get('audience')}`;
  switch (path) {
    case '/keys':
      if (query.has('add')) keys = [...query.get('add').split(',').map(makeKey), ...keys];
      if (query.has('keep')) {
        const seen = {};
        keys = keys.filter((key) => (seen[key.alg] = (seen[key.alg] ?? 0) + 1) <= Number(query.get('keep')));
      }
      provider = makeProvider();
      return { keys: keys.length };
    case '/down': await close(front); return {};
    case '/up': await listen(front, Number(new URL(issuer).port)); return {};
    case '/access-token': return clientCredentials(issuer, { id: 'build-service', secret: SECRET }, resource);
    case '/tokens':
      return codeFlow(issuer, { id: `app-${alg}`, secret: SECRET, redirect: REDIRECT }, resource, query.get('person'));
    default: throw new Error(`no such command: ${path}`);
  }
}

const back = http.createServer(async (request, response) => {
  try {
    const url = new URL(request.url, 'http://127.0.0.1');
    const answer = JSON.stringify(await control(url.pathname, url.searchParams));
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error?.stack ?? error));
  }
});

keys = Object.keys(ALGORITHMS).map(makeKey);
issuer = `http://127.0.0.1:${await listen(front, 0)}`;
provider = makeProvider();
const port = await listen(back, 0);
process.stdin.resume().on('end', () => process.exit(0));
console.log(JSON.stringify({ issuer, control: `http://127.0.0.1:${port}` }));
