// A vendor that takes several keys, and Reeve with them.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { kPrices } from '../budgets/calls.mjs'
import { readJournal } from '../upstream/journal.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'

export const kFirst = 'sk-ant-first-key-0001'
export const kSecond = 'sk-ant-second-key-0002'
export const kThird = 'sk-ant-third-key-0003'

// reeve.yaml with these keys of the vendor: [{name, api_key, ...}].
export function configOf(port, keys) {
  const items = keys.map((key) => `      - ${JSON.stringify(key)}`).join('\n')
  return [
    'providers:',
    `  - name: anthropic`,
    `    dialect: anthropic`,
    `    base_url: "http://127.0.0.1:${port}"`,
    `    api_keys:`,
    items,
    'models:',
    '  - {name: "claude-*", provider: anthropic}',
    '',
  ].join('\n')
}

export async function startKeyed(t, keys, { governance = {}, budgets } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-keys-'))
  const journal = path.join(folder, 'journal')
  const upstream = new UpstreamProcess()
  await upstream.startWithKeys({ anthropic: [kFirst, kSecond, kThird].join('|') }, '--journal', journal)
  const reeve = new Reeve({
    config: configOf(upstream.port, keys),
    governance: {
      'rules.yaml': kAllowEverything,
      'prices.yaml': kPrices,
      ...(budgets ? { 'budgets.yaml': budgets } : {}),
      ...governance,
    },
  })
  t.after(() => {
    reeve.end()
    upstream.stop()
    fs.rmSync(folder, { recursive: true, force: true })
  })
  await reeve.start()
  // Which key each request came with, in order.
  const keysSeen = () => readJournal(journal).flatMap((line) => (line.event === 'request' ? [line.key] : []))
  return { upstream, reeve, journal, keysSeen }
}

export const session = (id) => ({
  'user-agent': 'claude-cli/2.1.329 (external, sdk-cli)',
  'x-claude-code-session-id': id,
})

export async function eventually(condition, seconds = 10) {
  const until = Date.now() + seconds * 1000
  for (;;) {
    const value = await condition()
    if (value || Date.now() > until) return value
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

// {first: "serves", ...} as `reeve provider list` tells.
export async function keyStates(reeve) {
  const { providers } = JSON.parse(await reeve.command('provider', 'list', '--json'))
  return Object.fromEntries(providers[0].keys.map(({ name, state }) => [name, state]))
}
