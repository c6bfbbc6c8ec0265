// Nodes that share a PostgreSQL, and what tests ask of them.

import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { kProgram, Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { call } from '../kill/streams.mjs'

// `config(i)`: more of the configuration of node i. `postgres.url()` is in all of them unless `shares(i)` is false.
export async function startNodes(t, count, { storage = '', governance = {} } = {}) {
  const postgres = await new PostgresServer().start()
  const upstream = await new UpstreamProcess().start()
  const nodes = []
  t.after(async () => {
    for (const reeve of nodes) reeve.end()
    upstream.stop()
    await postgres.remove()
  })
  const make = (i, shared = true) => {
    const database = `storage:\n  postgres:\n    url: "${postgres.url()}"\n${storage}`
    const reeve = new Reeve({
      config: `${upstream.reeveConfig()}ledger:\n  node: node-${i}\n${shared ? database : ''}`,
      governance: { 'rules.yaml': kAllowEverything, ...governance },
    })
    nodes.push(reeve)
    return reeve
  }
  for (let i = 0; i < count; i++) await make(i).start()
  return { postgres, upstream, nodes, make }
}

// A command of a node, with what it prints as JSON.
export function run(reeve, input, ...words) {
  const files = ['--config', path.join(reeve.folder, 'reeve.yaml'), '--data', path.join(reeve.folder, 'data')]
  const done = spawnSync(kProgram, [...words, '--json', ...files], { input })
  const text = String(done.stdout)
  return { code: done.status, body: text ? JSON.parse(text) : undefined, text: text + done.stderr }
}

export const short = { script: { events: 2, delay_ms: 1 } }
export const statusOf = async (reeve, key) => (await call(reeve, key, short).ended).status

// How many milliseconds passed until it held.
export async function until(what, holds, milliseconds = 20_000) {
  const from = performance.now()
  while (!(await holds())) {
    if (performance.now() - from > milliseconds) throw new Error(`${what}: not within ${milliseconds} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return performance.now() - from
}
