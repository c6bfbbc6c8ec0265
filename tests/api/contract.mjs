// The contract of the control API as tests hold the server to it: every answer has a status that the description
// names, and a body of the shape that it gives. Shapes are closed here: a member that is not described is a fault.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'

const modules = process.env.API_MODULES
if (!modules) throw new Error('API_MODULES names the folder with the packages of tests/api/package.json')
export const requirePackage = createRequire(path.join(modules, 'package.json'))
const { default: Ajv } = requirePackage('ajv/dist/2020')
const { default: addFormats } = requirePackage('ajv-formats')

// What the server, or a page of it, says before the request has a route.
const kOfEvery = [404, 405, 413, 429, 431, 503]

function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed)
  if (schema === null || typeof schema !== 'object') return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]))
  const isObject = copy.type === 'object' && copy.properties && typeof copy.properties === 'object'
  return isObject && copy.additionalProperties === undefined ? { ...copy, additionalProperties: false } : copy
}

export class Contract {
  constructor(document) {
    this.document = document
    this.checked = 0
    const ajv = new Ajv({ strict: false, allErrors: false, allowUnionTypes: true })
    addFormats(ajv)
    const schemas = closed(document.components.schemas)
    ajv.addSchema({ $id: 'reeve', components: { schemas } })
    this.shapeOf = (name) => ajv.getSchema(`reeve#/components/schemas/${name}`)
    this.operations = Object.entries(document.paths).flatMap(([template, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path: template,
        ...operation,
      })),
    )
    for (const operation of this.operations) {
      const parts = operation.path
        .split(/\{[^}]*\}/)
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      operation.fits = new RegExp(`^${parts.join('[^/]+')}$`)
      operation.body = operation.requestBody?.content['application/json'].schema.$ref.split('/').pop()
    }
  }

  operationOf(method, where) {
    const plain = where.split('?')[0]
    const all = this.operations.filter((one) => one.method === method && one.fits.test(plain))
    return all.find((one) => one.path === plain) ?? all[0]
  }

  // `body`: parsed.
  check(method, where, { status, type, body }) {
    const about = `${method} ${where} ${status}: ${JSON.stringify(body)?.slice(0, 600)}`
    if (status >= 400) {
      assert.equal(type, 'application/problem+json', about)
      this.#fits('Problem', body, about)
      assert.equal(body.status, status, about)
    }
    const operation = this.operationOf(method, where)
    if (!operation) return assert.ok([401, 403, ...kOfEvery].includes(status), about)
    const answer = operation.responses[status]
    if (!answer) return assert.ok(kOfEvery.includes(status) && status !== 404, `not described: ${about}`)
    if (status < 400) {
      assert.ok(answer.content[type], about)
      this.#fits(answer.content[type].schema.$ref.split('/').pop(), body, about)
    }
    this.checked++
  }

  #fits(name, body, about) {
    const shape = this.shapeOf(name)
    assert.ok(shape(body), `no ${name}: ${JSON.stringify(shape.errors)} in ${about}`)
  }
}

const contracts = new WeakMap()

// The running server's, asked once with a key of its own.
export function contractOf(reeve) {
  if (!contracts.has(reeve)) contracts.set(reeve, ask(reeve))
  return contracts.get(reeve)
}

async function ask(reeve) {
  const { secret } = await reeve.createKey('contract', '--type', 'service', '--scope', 'control:read')
  const response = await fetch(`http://127.0.0.1:${reeve.port}/api/v1/openapi.json`, {
    headers: { authorization: `Bearer ${secret}` },
  })
  assert.equal(response.status, 200)
  return new Contract(await response.json())
}
