// A program that signs in as RFC 8252 says: it listens on a port of its own, and the browser comes there with a code.

import assert from 'node:assert/strict'
import http from 'node:http'
import { pkce, tokenOf } from './signing_in.mjs'

export async function chromiumSignIn(reeve, page) {
  const { verifier, challenge } = pkce()
  let heard
  const came = new Promise((resolve) => (heard = resolve))
  const program = http.createServer((request, response) => {
    if (request.url.startsWith('/callback')) heard(new URL(request.url, reeve.url).searchParams)
    response.end('You can close this page.')
  })
  await new Promise((done) => program.listen(0, '127.0.0.1', done))
  const redirect = `http://127.0.0.1:${program.address().port}/callback`
  const asked = {
    response_type: 'code',
    client_id: 'reeve-cli',
    redirect_uri: redirect,
    state: 'its-own',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  await page.goto(`${reeve.url}/oauth/authorize?${new URLSearchParams(asked)}`)
  await page.getByLabel('Account').fill('dev@example.com')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  const answer = await came
  program.close()
  program.closeAllConnections()
  assert.deepEqual([answer.get('state'), answer.get('iss')], ['its-own', reeve.url])
  const code = answer.get('code')
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier }
  const tokens = await tokenOf(reeve, form)
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body))
  return tokens.body
}
