// The forms of exports: real calls through the real program, exported in each form, and each form judged by what its
// makers publish: OCSF's schema, Elastic's list of fields, OpenTelemetry's protocol buffers, the CloudEvents kit.

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { Reeve } from '../upstream/reeve_process.mjs'
import { readCef } from './cef.mjs'
import { contradictionsOf, problemsOf } from './ocsf.mjs'
import { kRules, kSetup, callModel } from './stage.mjs'

const published = createRequire(path.join(process.env.EXPORT_SCHEMAS, 'package.json'))
const lines = (text) => text.split('\n').filter(Boolean)
const awkward = 'tick=et\\7|"ü" — two  spaces'

let reeve
let entries
let log

before(async () => {
  reeve = new Reeve({ config: kSetup, governance: { 'rules.yaml': kRules } })
  await reeve.start()
  const key = await reeve.createKey('ann@example.com', '--group', 'developers', '--group', 'a=b|c\\d')
  const other = await reeve.createKey('bob@example.com')
  assert.equal((await callModel(reeve, key.secret)).status, 200)
  assert.equal((await callModel(reeve, key.secret, { stream: true, session: 'session-1' })).status, 200)
  const workItem = Buffer.from(awkward).toString('latin1')
  assert.equal((await callModel(reeve, key.secret, { session: 'session-1', workItem })).status, 200)
  assert.notEqual((await callModel(reeve, key.secret, { model: 'practice-forbidden' })).status, 200)
  const content = 'Write to anna.svensson@nordhavn.se today.'
  assert.equal((await callModel(reeve, key.secret, { content })).status, 200)
  assert.notEqual((await callModel(reeve, key.secret, { model: 'nobody-knows' })).status, 200)
  assert.notEqual((await callModel(reeve, 'rv_wrong')).status, 200)
  await reeve.command('key', 'revoke', other.id)
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  await reeve.stop()
  entries = await reeve.entries()
  log = (await reeve.command('ledger', 'key')).split('+')[0]
})
after(() => reeve?.remove())

async function exported(format, ...more) {
  return lines(await reeve.command('ledger', 'export', '--format', format, ...more))
}

test('jsonl is the entries, byte for byte', async () => {
  const text = await reeve.command('ledger', 'query', 'true', '--json')
  assert.ok(entries.length > 8)
  assert.deepEqual(await exported('jsonl'), lines(text))
})

test('a part is what --from-seq, --until and a condition say', async () => {
  const some = await exported('jsonl', '--from-seq', '3', 'kind == "model.outcome"')
  const wanted = entries.filter((entry) => entry.seq >= 3 && entry.kind === 'model.outcome')
  assert.deepEqual(some.map((line) => JSON.parse(line).seq), wanted.map((entry) => entry.seq))
  assert.equal((await exported('jsonl', '--until', '1h')).length, 0)
  assert.equal((await exported('jsonl', '--since', '1h')).length, entries.length)
  const file = path.join(reeve.folder, 'out.jsonl')
  await reeve.command('ledger', 'export', '--format', 'jsonl', '-o', file)
  assert.equal(lines(fs.readFileSync(file, 'utf8')).length, entries.length)
  await assert.rejects(exported('sarif'), /there is no format 'sarif'/)
})

test('ocsf holds to the published schema', async () => {
  const events = (await exported('ocsf')).map((line) => JSON.parse(line))
  assert.equal(events.length, entries.length)
  events.forEach((event, i) => {
    assert.deepEqual(problemsOf(event), [], `${entries[i].kind}: ${JSON.stringify(event)}`)
    assert.deepEqual(contradictionsOf(event), [], JSON.stringify(event))
    assert.equal(event.metadata.uid, `${log}/${i}`)
    assert.equal(event.metadata.sequence, i)
    assert.equal(event.time, Math.floor(Date.parse(entries[i].time)))
  })
  const ok = events.find((event) => event.status_id === 1)
  assert.equal(ok.actor.user.uid, 'ann@example.com')
  assert.deepEqual(ok.actor.user.groups, [{ name: 'a=b|c\\d' }, { name: 'developers' }])
  assert.equal(ok.message_context.total_tokens, ok.message_context.prompt_tokens + ok.message_context.completion_tokens)
  const refused = events.find((event) => event.unmapped?.decision?.rule === 'not-this-one' && event.status_id === 2)
  assert.equal(refused.action_id, 2)
  assert.equal(refused.disposition, 'Blocked')
  assert.equal(refused.policy.name, 'not-this-one')
  const redacted = events.find((event) => event.unmapped?.decision?.enforced === 'redact')
  assert.deepEqual([redacted.action, redacted.disposition], ['Modified', 'Corrected'])
  // The hash is the leaf's, so that a proof can be asked for.
  const bytes = (await exported('jsonl'))[0]
  const leaf = crypto.createHash('sha256').update(Buffer.from([0])).update(bytes).digest('hex')
  assert.equal(events[0].raw_data_hash.value, leaf)
})

test('ocsf: the judge finds what is wrong', async () => {
  const event = JSON.parse((await exported('ocsf'))[1])
  assert.notDeepEqual(problemsOf({ ...event, time: '1' }), [])
  assert.notDeepEqual(problemsOf({ ...event, invented: 1 }), [])
  const { actor, ...without } = event
  assert.ok(actor)
  assert.notDeepEqual(problemsOf(without), [])
  assert.notDeepEqual(contradictionsOf({ ...event, type_uid: 600301, activity_id: 2 }), [])
  assert.notDeepEqual(contradictionsOf({ ...event, severity_id: 4, severity: 'Critical' }), [])
  assert.notDeepEqual(contradictionsOf({ ...event, disposition_id: 20, disposition: 'Alert' }), [])
  const modified = { action_id: 4, action: 'Modified', disposition_id: 1, disposition: 'Allowed' }
  assert.notDeepEqual(contradictionsOf({ ...event, ...modified }), [])
})

test('ecs names only fields that the schema has', async () => {
  const { EcsFlat, EcsVersion } = published('@elastic/ecs')
  const numbers = new Set(['long', 'integer', 'float', 'double', 'scaled_float', 'short', 'byte'])
  const check = (value, name) => {
    const field = EcsFlat[name] ?? (name.startsWith('labels.') ? { type: 'keyword' } : undefined)
    if (field === undefined || (field.type === 'object' && name === 'labels')) {
      assert.ok(value && typeof value === 'object' && !Array.isArray(value), `ECS ${EcsVersion} has no field ${name}`)
      for (const [member, inner] of Object.entries(value)) check(inner, name === '' ? member : `${name}.${member}`)
      return
    }
    for (const item of Array.isArray(value) ? value : [value]) {
      assert.equal(typeof item, numbers.has(field.type) ? 'number' : 'string', name)
      if (field.type === 'date') assert.ok(!Number.isNaN(Date.parse(item)), name)
      if (field.allowed_values) {
        assert.ok(field.allowed_values.some((allowed) => allowed.name === item), `${name}: ${item}`)
      }
    }
    if (field.normalize?.includes('array')) assert.ok(Array.isArray(value), `${name} is a list`)
  }
  const documents = (await exported('ecs')).map((line) => JSON.parse(line))
  assert.equal(documents.length, entries.length)
  documents.forEach((document, i) => {
    check(document, '')
    assert.equal(document['@timestamp'], entries[i].time)
    assert.equal(document.event.sequence, i)
    assert.deepEqual(JSON.parse(document.event.original), entries[i])
  })
  const call = documents.find((document) => document.event.outcome === 'success')
  assert.equal(call.gen_ai.request.model, 'practice-small')
  assert.ok(call.gen_ai.usage.output_tokens > 0)
})

// Keys and values of OTLP's JSON: ids in hex, 64-bit numbers as text, enumerations as numbers.
function checkSpanJson(span) {
  assert.match(span.traceId, /^(?!0{32})[0-9a-f]{32}$/)
  assert.match(span.spanId, /^(?!0{16})[0-9a-f]{16}$/)
  for (const name of ['startTimeUnixNano', 'endTimeUnixNano']) assert.match(span[name], /^\d{19}$/)
  assert.equal(span.kind, 3)
  assert.ok(BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano))
}

test('otlp is what the published protocol buffers say, nothing lost on the way', async () => {
  const root = published('@opentelemetry/otlp-transformer/build/src/generated/root.js')
  const Request = root.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest
  const requests = (await exported('otlp')).map((line) => JSON.parse(line))
  const spans = []
  for (const request of requests) {
    // Protocol buffers have bytes where JSON has hex.
    const bytes = structuredClone(request)
    for (const resource of bytes.resourceSpans) {
      for (const scope of resource.scopeSpans) {
        for (const span of scope.spans) {
          checkSpanJson(span)
          spans.push(structuredClone(span))
          for (const id of ['traceId', 'spanId', 'parentSpanId']) {
            if (span[id]) span[id] = Buffer.from(span[id], 'hex').toString('base64')
          }
        }
      }
    }
    const message = Request.decode(Request.encode(Request.fromObject(bytes)).finish())
    const back = Request.toObject(message, { longs: String, bytes: String })
    // Numbers of `fixed64` and `int64` are texts in both; empty lists and objects are not there in one of them.
    const clean = (value) => {
      if (Array.isArray(value)) return value.map(clean)
      if (value === null || typeof value !== 'object') return value
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)]))
    }
    assert.deepEqual(clean(back), clean(bytes))
  }
  const outcomes = entries.filter((entry) => entry.kind === 'model.outcome')
  assert.equal(spans.length, outcomes.length)
  const attribute = (span, key) => Object.values(span.attributes.find((one) => one.key === key)?.value ?? {})[0]
  spans.forEach((span, i) => {
    const outcome = outcomes[i]
    const intent = entries.find((entry) => entry.kind === 'model.intent' && entry.request_id === outcome.request_id)
    const seconds = (time) => BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1_000_000n
    const nanos = (time) => String(seconds(time) + BigInt(time.slice(20, 26)) * 1_000n)
    assert.equal(span.endTimeUnixNano, nanos(outcome.time))
    if (intent) assert.equal(span.startTimeUnixNano, nanos(intent.time))
    assert.equal(attribute(span, 'reeve.ledger.index'), String(outcome.seq))
    assert.equal(span.status.code, outcome.outcome.status === 'ok' ? 0 : 2)
    assert.ok(attribute(span, 'gen_ai.operation.name'))
    assert.ok(attribute(span, 'gen_ai.provider.name'))
  })
  const ofSession = spans.filter((span) => attribute(span, 'gen_ai.conversation.id') === 'session-1')
  assert.equal(ofSession.length, 2)
  assert.equal(new Set(ofSession.map((span) => span.traceId)).size, 1)
  assert.equal(new Set(spans.map((span) => span.spanId)).size, spans.length)
  assert.equal(ofSession[0].name, 'chat practice-small')
})

test('cloudevents pass the kit of their makers', async () => {
  const { CloudEvent, HTTP } = published('cloudevents')
  const events = (await exported('cloudevents')).map((line) => JSON.parse(line))
  assert.equal(events.length, entries.length)
  events.forEach((event, i) => {
    const checked = new CloudEvent(event, false)
    assert.ok(checked.validate())
    assert.equal(checked.source, log)
    assert.equal(checked.id, String(i))
    assert.equal(checked.type, `reeve.${entries[i].kind}`)
    assert.deepEqual(checked.data, entries[i])
    const headers = { 'content-type': 'application/cloudevents+json' }
    assert.equal(HTTP.toEvent({ headers, body: JSON.stringify(event) }).id, String(i))
  })
  const headers = { 'content-type': 'application/cloudevents-batch+json' }
  assert.equal(HTTP.toEvent({ headers, body: JSON.stringify(events) }).length, events.length)
})

test('cef stands a strict reader', async () => {
  const events = (await exported('cef')).map(readCef)
  assert.equal(events.length, entries.length)
  events.forEach((event, i) => {
    assert.equal(event.externalId, String(i))
    assert.equal(event.deviceExternalId, log)
    assert.equal(event.signature, entries[i].kind)
    assert.equal(Number(event.rt), Math.floor(Date.parse(entries[i].time)))
  })
  const ticket = events.find((event) => event.cs4Label === 'work item')
  assert.equal(ticket.cs4, entries.find((entry) => entry.work_item)?.work_item)
  assert.match(ticket.cs4, /tick=et\\7\|/)
  const refused = events.find((event) => event.outcome === 'refused' && event.cs1 === 'not-this-one')
  assert.equal(refused.act, 'deny')
})

test('cef: the reader finds what is wrong', () => {
  const good = 'CEF:0|Reeve|Reeve|1|a|b|3|'
  assert.equal(readCef(`${good}act=allow`).act, 'allow')
  for (const extension of ['act=a=b', 'nope=1', 'rt=x', 'cs1=a', 'act=\\q', 'cs1Label=rule', 'act=']) {
    assert.throws(() => readCef(good + extension), extension)
  }
  for (const header of ['CEF:0|Reeve|Reeve|1|a|b|', 'CEF:0|R|R|1|a|b|11|', 'CEF:1|R|R|1|a|b|1|']) {
    assert.throws(() => readCef(header), header)
  }
})

test('a mapping of your own is a file', async () => {
  const mapping = `kind: ExportMapping
name: short
record: object
kinds: [model.*]
members:
  - {to: who.id, from: principal.id, otherwise: nobody}
  - {to: what, from: kind, values: {model.intent: 1}, otherwise: 2}
  - {to: seconds, from: timing.total_us, divide: 1000000}
  - {to: list, value: [a, b]}
`
  const file = path.join(reeve.folder, 'governance', 'short.yaml')
  fs.writeFileSync(file, mapping)
  const records = (await exported('short')).map((line) => JSON.parse(line))
  const calls = entries.filter((entry) => entry.kind.startsWith('model.'))
  assert.equal(records.length, calls.length)
  records.forEach((record, i) => {
    assert.equal(record.who.id, calls[i].principal?.id ?? 'nobody')
    assert.equal(record.what, calls[i].kind === 'model.intent' ? 1 : 2)
    if (calls[i].timing) assert.equal(record.seconds, calls[i].timing.total_us / 1_000_000)
    assert.deepEqual(record.list, ['a', 'b'])
  })
  fs.writeFileSync(file, mapping.replace('principal.id', 'principle.id'))
  await assert.rejects(exported('short'), /short\.yaml:6:.*entries have no member 'principle'/)
  fs.writeFileSync(file, mapping.replace('to: what', 'to: who'))
  await assert.rejects(exported('short'), /both a value and an object/)
  fs.rmSync(file)
})
