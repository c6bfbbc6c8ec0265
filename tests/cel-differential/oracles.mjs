// The two other implementations, each as a function from a case to an outcome in the form of values.mjs, or null when
// it cannot take the case.

import { celEnv, isCelError, isCelList, isCelMap, isCelType, isCelUint, celUint, parse, plan } from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import { isReflectMessage } from '@bufbuild/protobuf/reflect'
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { Environment } from '@marcbachmann/cel-js'
import * as values from './values.mjs'

// -- @bufbuild/cel

function toBuf(value) {
  const [kind, content] = Object.entries(value)[0]
  switch (kind) {
    case 'int64Value': return BigInt(content)
    case 'uint64Value': return celUint(BigInt(content))
    case 'doubleValue': return values.doubleOf(content)
    case 'bytesValue': return new Uint8Array(Buffer.from(content, 'base64'))
    case 'listValue': return content.values.map(toBuf)
    case 'mapValue': return new Map(content.entries.map((entry) => [toBuf(entry.key), toBuf(entry.value)]))
    default: return content
  }
}

function fromBuf(value) {
  switch (typeof value) {
    case 'bigint': return 'int ' + value
    case 'number': return values.real(value)
    case 'string': return values.text(value)
    case 'boolean': return 'bool ' + value
    default: break
  }
  if (value === null) return 'null'
  if (isCelUint(value)) return 'uint ' + value.value
  if (isCelType(value)) return 'type ' + value.name
  if (value instanceof Uint8Array) return values.bytes(value)
  if (isCelList(value)) return values.list([...value].map(fromBuf))
  if (isCelMap(value)) return values.map([...value].map(([key, item]) => [fromBuf(key), fromBuf(item)]))
  if (isReflectMessage(value, TimestampSchema)) return values.timestamp(value.message.seconds, value.message.nanos)
  if (isReflectMessage(value, DurationSchema)) return values.duration(value.message.seconds, value.message.nanos)
  return 'unknown ' + Object.prototype.toString.call(value)
}

const bufEnvironment = celEnv({ funcs: strings })

export function bufbuild({ expression, bindings }) {
  try {
    const variables = Object.fromEntries(Object.entries(bindings).map(([name, value]) => [name, toBuf(value)]))
    const result = plan(bufEnvironment, parse(expression))(variables)
    return isCelError(result) ? 'error' : fromBuf(result)
  } catch {
    return 'error'
  }
}

// -- @marcbachmann/cel-js: its timestamps are Dates, of milliseconds, so cases with times are not given to it

const marcEnvironment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false })
const NOT_FOR_MARC = /timestamp|duration|cel\.bind|format\(|charAt|replace|quote|existsOne|uint\(/

function toMarc(value) {
  const [kind, content] = Object.entries(value)[0]
  switch (kind) {
    case 'int64Value': return BigInt(content)
    case 'uint64Value': throw new Error('its unsigned numbers cannot be given')
    case 'doubleValue': return values.doubleOf(content)
    case 'bytesValue': return new Uint8Array(Buffer.from(content, 'base64'))
    case 'listValue': return content.values.map(toMarc)
    case 'mapValue': return new Map(content.entries.map((entry) => [toMarc(entry.key), toMarc(entry.value)]))
    default: return content
  }
}

function fromMarc(value) {
  switch (typeof value) {
    case 'bigint': return 'int ' + value
    case 'number': return values.real(value)
    case 'string': return values.text(value)
    case 'boolean': return 'bool ' + value
    default: break
  }
  if (value === null) return 'null'
  if (value instanceof Uint8Array) return values.bytes(value)
  if (Array.isArray(value)) return values.list(value.map(fromMarc))
  if (value instanceof Map) return values.map([...value].map(([key, item]) => [fromMarc(key), fromMarc(item)]))
  if (value.constructor?.name === 'UnsignedInt') return 'uint ' + value.value
  if (value.constructor === Object || Object.getPrototypeOf(value) === null) {
    return values.map(Object.entries(value).map(([key, item]) => [values.text(key), fromMarc(item)]))
  }
  throw new Error('no value that compares')
}

export function marcbachmann({ expression, bindings }) {
  if (NOT_FOR_MARC.test(expression)) return null
  let variables
  try {
    variables = Object.fromEntries(Object.entries(bindings).map(([name, value]) => [name, toMarc(value)]))
  } catch {
    return null
  }
  let result
  try {
    result = marcEnvironment.evaluate(expression, variables)
  } catch {
    return 'error'
  }
  try {
    return fromMarc(result)
  } catch {
    return null
  }
}
