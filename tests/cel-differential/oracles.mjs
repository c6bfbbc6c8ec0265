// The two other implementations, each as a function from a case to an outcome in the form of values.mjs, or null when
// it cannot take the case.

import {
  CelScalar,
  celEnv,
  celError,
  celFunc,
  celMethod,
  celUint,
  isCelError,
  isCelList,
  isCelMap,
  isCelType,
  isCelUint,
  mapType,
  parse,
  plan,
} from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import { isReflectMessage } from '@bufbuild/protobuf/reflect'
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { Environment } from '@marcbachmann/cel-js'
import { CORRECTED } from './known.mjs'
import * as values from './values.mjs'

// -- @bufbuild/cel

function toBuf(value) {
  const [kind, content] = Object.entries(value)[0]
  switch (kind) {
    case 'int64Value':
      return BigInt(content)
    case 'uint64Value':
      return celUint(BigInt(content))
    case 'doubleValue':
      return values.doubleOf(content)
    case 'bytesValue':
      return new Uint8Array(Buffer.from(content, 'base64'))
    case 'listValue':
      return content.values.map(toBuf)
    case 'mapValue':
      return new Map(content.entries.map((entry) => [toBuf(entry.key), toBuf(entry.value)]))
    default:
      return content
  }
}

function fromBuf(value) {
  switch (typeof value) {
    case 'bigint':
      return 'int ' + value
    case 'number':
      return values.real(value)
    case 'string':
      return values.text(value)
    case 'boolean':
      return 'bool ' + value
    default:
      break
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

const outcomeOf = (result) => (isCelError(result) ? 'error' : fromBuf(result))

function attempt(evaluate) {
  try {
    return evaluate()
  } catch (error) {
    return celError(error.message)
  }
}

/** A value as the library keeps it, from one as its functions return it. */
const settled = (value, type) => celFunc('value', [], type, () => value).call(0, undefined, [])

/** The causes that played a part since they were last taken. */
const met = new Set()

/** The oracle's function with the right answer in place of its own. */
function corrected(original, cause) {
  const evaluate = (target, inputs) => {
    const answer = attempt(() =>
      cause.right(typeof target === 'object' && target instanceof String ? String(target) : target, ...inputs),
    )
    const hangs = cause.hangs?.(target, ...inputs) ?? false
    if (hangs || outcomeOf(settled(answer, original.result)) !== outcomeOf(original.call(0, target, inputs)))
      met.add(cause)
    return answer
  }
  const { name, target, result } = original
  if (!target) return celFunc(name, original.arguments, result, (...inputs) => evaluate(undefined, inputs))
  return celMethod(name, target, original.arguments, result, function (...inputs) {
    return evaluate(this, inputs)
  })
}

/** An overload that the oracle lacks; it comes last, so that it is asked last. */
function added(cause) {
  const anyMap = mapType(CelScalar.DYN, CelScalar.DYN)
  return celFunc(cause.adds, [CelScalar.DYN, anyMap], CelScalar.BOOL, (...inputs) => {
    met.add(cause)
    return cause.right(undefined, ...inputs)
  })
}

function correctedEnvironment() {
  const originals = [...celEnv({ funcs: strings }).funcs]
  const corrections = CORRECTED.flatMap((cause) =>
    (cause.functions ?? []).map((id) => {
      const original = originals.find((one) => one.id === id)
      if (!original) throw new Error('the oracle has no function ' + id)
      return corrected(original, cause)
    }),
  )
  return celEnv({ funcs: [...strings, ...corrections, ...CORRECTED.filter((cause) => cause.adds).map(added)] })
}

const bufEnvironment = correctedEnvironment()

/** {outcome, causes}: what the corrected oracle says, and which corrections made a difference somewhere. */
export function bufbuild({ oracleExpression, bindings }) {
  met.clear()
  const result = attempt(() => {
    const variables = Object.fromEntries(Object.entries(bindings).map(([name, value]) => [name, toBuf(value)]))
    return plan(bufEnvironment, parse(oracleExpression))(variables)
  })
  const outcome = outcomeOf(result)
  return { outcome, causes: [...met] }
}

// -- @marcbachmann/cel-js: its timestamps are Dates, of milliseconds, so cases with times are not given to it

const marcEnvironment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false })
const NOT_FOR_MARC = /timestamp|duration|cel\.bind|format\(|charAt|replace|quote|existsOne|uint\(/

function toMarc(value) {
  const [kind, content] = Object.entries(value)[0]
  switch (kind) {
    case 'int64Value':
      return BigInt(content)
    case 'uint64Value':
      throw new Error('its unsigned numbers cannot be given')
    case 'doubleValue':
      return values.doubleOf(content)
    case 'bytesValue':
      return new Uint8Array(Buffer.from(content, 'base64'))
    case 'listValue':
      return content.values.map(toMarc)
    case 'mapValue':
      return new Map(content.entries.map((entry) => [toMarc(entry.key), toMarc(entry.value)]))
    default:
      return content
  }
}

function fromMarc(value) {
  switch (typeof value) {
    case 'bigint':
      return 'int ' + value
    case 'number':
      return values.real(value)
    case 'string':
      return values.text(value)
    case 'boolean':
      return 'bool ' + value
    default:
      break
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
