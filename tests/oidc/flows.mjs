// The two ways to a token that the tests go, as any client goes them: over HTTP, at the provider's public addresses.

async function discover(issuer) {
  return (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
}

async function askForToken(endpoint, client, form) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` },
    body: new URLSearchParams(form),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`token endpoint: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** A token of the client itself, for one resource. */
export async function clientCredentials(issuer, client, resource) {
  const { token_endpoint: endpoint } = await discover(issuer);
  return askForToken(endpoint, client, { grant_type: 'client_credentials', resource, scope: 'call' });
}

/** A person signs in in a browser: redirects with cookies until the code comes back, which buys the tokens. */
export async function codeFlow(issuer, client, resource, person) {
  const endpoints = await discover(issuer);
  const cookies = new Map();
  let address = `${endpoints.authorization_endpoint}?${new URLSearchParams({
    client_id: client.id, redirect_uri: client.redirect, response_type: 'code', resource, login_hint: person,
    scope: 'openid email groups call', nonce: 'n-1',
  })}`;
  for (let step = 0; step < 12; step += 1) {
    if (address.startsWith(client.redirect)) {
      const code = new URL(address).searchParams.get('code');
      if (!code) throw new Error(`no code came back: ${address}`);
      return askForToken(endpoints.token_endpoint, client,
                         { grant_type: 'authorization_code', code, resource, redirect_uri: client.redirect });
    }
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s);
      if (value) cookies.set(name, value); else cookies.delete(name);
    }
    const next = response.headers.get('location');
    if (!next) throw new Error(`the way ends at ${address}: ${response.status} ${await response.text()}`);
    address = new URL(next, address).href;
  }
  throw new Error('too many redirects');
}
