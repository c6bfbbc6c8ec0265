// Where the oracle departs from the specification, or the specification leaves open what we settled: every cause with
// the rule that we follow, in our words.
//
// A cause that lies in a function is corrected in the oracle itself, so that the rest of an expression still counts:
// {functions, rule, right(target, ...arguments)}, where `right` throws what is an error,
// and `hangs` tells when the oracle's own function would not come to an end. What lies elsewhere is
// recognised by its look: {rule, recognises(test)}. `adds` is an operator's name for a value of any type and a map.

import { celUint } from '@bufbuild/cel'
import { create } from '@bufbuild/protobuf'
import { TimestampSchema } from '@bufbuild/protobuf/wkt'
import * as right from './right.mjs'

const TIME_FIELDS = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDayOfYear: right.dayOfYear,
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDate: (date) => date.getUTCDate(),
  getDayOfWeek: (date) => date.getUTCDay(),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (_, nanos) => Math.floor(nanos / 1000000),
}

export const CORRECTED = [
  {
    functions: ['timestamp(int)'],
    rule: 'timestamp(int) counts seconds since 1970, in the years 0001 to 9999',
    right: (_, seconds) =>
      create(TimestampSchema, { seconds: right.within(seconds, -62135596800n, 253402300799n), nanos: 0 }),
  },
  {
    functions: ['int(string)'],
    rule: 'int(string) takes a decimal number and nothing else',
    right: (_, text) => (/^[+-]?\d+$/.test(text) ? right.within(BigInt(text), ...right.INT) : right.fail('no int')),
  },
  {
    functions: ['uint(string)'],
    rule: 'uint(string) takes decimal digits and nothing else',
    right: (_, text) =>
      celUint(/^\d+$/.test(text) ? right.within(BigInt(text), ...right.UINT) : right.fail('no uint')),
  },
  {
    functions: ['double(string)'],
    rule: 'double(string) of a text that is no number is an error',
    right: (_, text) => right.doubleFromText(text),
  },
  {
    functions: ['string(double)'],
    rule: 'string(double) reads back as the same double, also -0.0',
    right: (_, number) => right.doubleText(number),
  },
  {
    functions: ['string(google.protobuf.Timestamp)'],
    rule: 'string(timestamp) has the fractional digits that are needed, not groups of three',
    right: (_, timestamp) => right.timestampText(timestamp.message),
  },
  {
    functions: ['string(google.protobuf.Duration)'],
    rule: 'string(duration) has the fractional digits that are needed, not groups of three',
    right: (_, duration) => right.durationText(duration.message),
  },
  {
    functions: ['duration(int)', 'int(google.protobuf.Duration)'],
    rule: 'there is no conversion between int and duration',
    right: () => right.fail('no overload'),
  },
  {
    functions: ['_/_(uint,uint)'],
    rule: 'the quotient of two uints is a uint, also above the greatest int',
    right: (_, left, by) => (by.value === 0n ? right.fail('by zero') : celUint(left.value / by.value)),
  },
  {
    functions: ['string.charAt(int)'],
    rule: 'places in a text count code points',
    right: right.charAt,
  },
  {
    functions: ['string.substring(int)', 'string.substring(int,int)'],
    rule: 'places in a text count code points',
    right: right.substring,
  },
  {
    functions: ['string.indexOf(string)', 'string.indexOf(string,int)'],
    rule: 'places count code points, and an empty text may be sought from the very end on',
    right: right.indexOf,
  },
  {
    functions: ['string.lastIndexOf(string)', 'string.lastIndexOf(string,int)'],
    rule: 'places count code points, and an empty text may be sought from the very end on',
    right: right.lastIndexOf,
  },
  {
    functions: ['string.split(string)', 'string.split(string,int)'],
    rule: 'split() with a limit leaves the rest of the text in the last part; below 0 is no limit',
    right: right.split,
  },
  {
    functions: ['string.replace(string,string)', 'string.replace(string,string,int)'],
    rule: 'replace() below 0 is no limit, and an empty text is found once before each character and at the end',
    right: right.replace,
    hangs: (_, sought) => sought === '',
  },
  {
    functions: ['string.format(list)'],
    rule: 'format() writes what string() writes, rounds exact values half to even, and two digits of exponent at least',
    right: right.format,
  },
  {
    functions: ['timestamp(string)'],
    rule: 'a day that its month does not have is no timestamp',
    right: right.timestampFromText,
  },
  ...Object.entries(TIME_FIELDS).map(([name, read]) => ({
    functions: [`google.protobuf.Timestamp.${name}()`, `google.protobuf.Timestamp.${name}(string)`],
    rule: 'fields of a timestamp are rounded down, in any year from 1 to 9999, before 1970 too',
    right: right.timeField(read),
  })),
  {
    functions: ['strings.quote(string)'],
    rule: 'quote() leaves a NUL as it is: the language has no escape of one digit',
    right: right.quote,
  },
  {
    adds: '@in',
    rule: 'a value that cannot be a key is in no map',
    right: () => false,
  },
  {
    functions: ['duration(string)'],
    rule: 'an empty text is no duration',
    right: right.durationFromText,
  },
]

const TWICE = /([-!])\(+\1\(/

export const KNOWN = [
  {
    rule: 'a list has places of numbers only; the oracle takes true for 1',
    recognises: ({ expression, ours }) => ours === 'error' && expression.includes('][true]'),
  },
  {
    rule: 'a list has no place at a fraction: an error, which && and || absorb; the oracle gives up as a whole',
    recognises: ({ expression, oracle }) => oracle === 'error' && expression.includes('][dyn(0.5)]'),
  },
  {
    rule: 'has() asks whether a map has the key, whatever its value',
    recognises: ({ expression }) => /has\(\{'a': (null|x_null|dyn\((null|x_null)\))\}\.a\)/.test(expression),
  },
  {
    rule: '- and ! twice ask for a number and a bool like once; the oracle drops them as it reads',
    recognises: ({ expression, ours }) => ours === 'error' && TWICE.test(expression),
  },
]
