// The server for tests in JavaScript starts, keeps what was committed through a stop and a crash, and leaves nothing.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import { PostgresServer } from './postgres_server.mjs'

test('a PostgreSQL is started, stopped, crashed and removed', async (context) => {
  const server = new PostgresServer()
  context.after(() => server.remove())
  await server.start()
  assert.equal(await server.query('SHOW fsync'), 'on')
  assert.ok(server.port < 32_768)
  await server.query('CREATE TABLE public.kept (x bigint)')
  await server.query('INSERT INTO public.kept VALUES (1)')
  await server.stop()
  await assert.rejects(server.query('SELECT 1'))
  await server.start()
  await server.query('INSERT INTO public.kept VALUES (2)')
  await server.kill()
  await server.start()
  assert.equal(await server.query('SELECT sum(x) FROM public.kept'), '3')
  await server.remove()
  assert.ok(!fs.existsSync(server.folder))
})
