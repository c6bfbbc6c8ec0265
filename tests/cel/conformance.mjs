// Holds the expression engine to the specification's own tests: conformance.mjs PROGRAM, the program being the one that
// conformance.cpp makes. Prints a line for each group and every failure; exits 1 when there is any.

import { spawnSync } from 'node:child_process';
import { tests as checking } from '@bufbuild/cel-spec/testdata/checking.js';
import { tests as conformance } from '@bufbuild/cel-spec/testdata/conformance.js';
import { tests as parsing } from '@bufbuild/cel-spec/testdata/parsing.js';
import { LEFT_OUT_SUITES, declared, leftOut, typeText } from './subset.mjs';

const program = process.argv[2];
const questions = [];  // {group, name, request, judge}
const groups = new Map();
const reasons = new Map();

function group(name) {
  if (!groups.has(name)) groups.set(name, { passed: 0, failed: 0, out: 0 });
  return groups.get(name);
}

function leave(groupName, reason) {
  group(groupName).out += 1;
  reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
}

function request(test, more) {
  const variables = {};
  for (const { name, ident } of declared(test)) variables[name] = typeText(ident.type);
  const bindings = {};
  for (const [name, bound] of Object.entries(test.bindings ?? {})) bindings[name] = bound.value;
  return { expr: test.expr, container: test.container ?? '', variables, bindings, ...more };
}

/// Nanoseconds of a duration or timestamp.
function instant(object) {
  const text = object.value;
  if (object['@type'].endsWith('Duration')) {
    const [, sign, whole, fraction] = /^(-?)(\d+)(?:\.(\d+))?s$/.exec(text);
    const nanos = BigInt(whole) * 1_000_000_000n + BigInt((fraction ?? '').padEnd(9, '0'));
    return sign ? -nanos : nanos;
  }
  const [, seconds, fraction] = /^([^.Z]+)(?:\.(\d+))?Z$/.exec(text);
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt((fraction ?? '').padEnd(9, '0'));
}

const DOUBLES = { nan: NaN, '-nan': NaN, inf: Infinity, '-inf': -Infinity };
const double = (number) => (number in DOUBLES ? DOUBLES[number] : Number(number));

function same(expected, actual) {
  const kind = Object.keys(expected)[0];
  if (Object.keys(actual)[0] !== kind) return false;
  const [want, got] = [expected[kind], actual[kind]];
  switch (kind) {
    case 'doubleValue': return double(want) === double(got) || (isNaN(double(want)) && isNaN(double(got)));
    case 'objectValue': return want['@type'] === got['@type'] && instant(want) === instant(got);
    case 'listValue': {
      const items = want.values ?? [];
      return items.length === got.values.length && items.every((item, i) => same(item, got.values[i]));
    }
    case 'mapValue': {
      const entries = want.entries ?? [];
      return entries.length === got.entries.length && entries.every((entry) =>
        got.entries.some((other) => same(entry.key, other.key) && same(entry.value, other.value)));
    }
    default: return want === got;
  }
}

/// Says what is wrong with an answer, or null.
function judgeConformance(test) {
  return (answer) => {
    if (test.evalError) return answer.error ? null : 'should be an error';
    if (answer.error) return `${answer.stage}: ${answer.error}`;
    const deduced = test.typedResult?.deducedType;
    if (deduced && typeText(deduced) !== answer.type) return `should have type ${typeText(deduced)}`;
    if (test.checkOnly) return null;
    const expected = test.value ?? test.typedResult?.result ?? { boolValue: true };
    return same(expected, answer.value) ? null : `should be ${JSON.stringify(expected)}`;
  };
}

function askConformance() {
  for (const suite of conformance.suites) {
    for (const { name, tests } of suite.suites ?? []) {
      const groupName = `${suite.name}/${name}`;
      for (const { original: test } of tests) {
        const reason = LEFT_OUT_SUITES.has(suite.name) ? 'its whole suite' : leftOut(test);
        if (reason) {
          leave(LEFT_OUT_SUITES.has(suite.name) ? suite.name : groupName, reason);
          continue;
        }
        for (const fold of [false, true]) {
          const sent = request(test, { check: !test.disableCheck, run: !test.checkOnly, fold });
          questions.push({ group: groupName, name: test.name + (fold ? ' (folded)' : ''), request: sent,
            expectsError: Boolean(test.evalError), judge: judgeConformance(test) });
        }
      }
    }
  }
}

/// The variables that the parsing and checking tests take for declared; they have functions fg_s and fi_s_s as well.
const DECLARED = { is: 'string', ii: 'int', iu: 'uint', iz: 'bool', ib: 'bytes', id: 'double', ix: 'null_type' };

/// Why a fault that the tests expect is none of the language's, or null.
function isForeignFault(test, error) {
  if (/recursion (limit|depth)/.test(error)) return 'a lower nesting limit than ours';
  if (error.includes("unsupported syntax: '`'")) return 'quoted fields, which we have';
  if (/^ERROR: <input>.*'_[<>]=?_' applied to/s.test(error) && /\d\.\d|\du/.test(test.expr)) {
    return 'comparison across number types, which we have';
  }
  return null;
}

const EMPTY_LOOP = /(\[\]|\{\})\.map\(/;

/// What has no tree must not be parsed, whatever it would need.
function treeLeftOut(test, ast, error) {
  if (error) {
    const foreign = isForeignFault(test, error);
    if (foreign || !ast) return foreign;
    if (EMPTY_LOOP.test(test.expr)) return 'a contradiction among the elements of []';
  }
  return /\b(fg_s|fi_s_s)\(/.test(test.expr) ? 'a function of its own' : leftOut(test);
}

function judgeTree(test, ast, error, type) {
  return (answer) => {
    if (ast && answer.stage === 'parse') return `should parse, and: ${answer.error}`;
    if (!ast && answer.stage !== 'parse') return `should not parse: ${error}`;
    if (error) return answer.error ? null : `should be refused: ${error}`;
    if (answer.error) return `${answer.stage}: ${answer.error}`;
    if (EMPTY_LOOP.test(test.expr)) return null;  // what its elements are is anybody's guess
    const wanted = type.replace(/\bnull\b/, 'null_type').replace(/^type\(.*\)$/, 'type');
    return answer.type === wanted ? null : `should have type ${wanted}`;
  };
}

function askTree(suiteName, suite) {
  for (const { original: test, ast, error, type } of suite.tests) {
    const reason = treeLeftOut(test, ast, error);
    if (reason) {
      leave(suiteName, reason);
      continue;
    }
    const sent = request({ ...test, typeEnv: ast ? test.typeEnv : [] }, { check: true, run: false });
    sent.variables = { ...DECLARED, ...sent.variables };
    questions.push({ group: suiteName, name: test.expr, request: sent, judge: judgeTree(test, ast, error, type) });
  }
}

function ask() {
  const input = questions.map((question) => JSON.stringify(question.request)).join('\n') + '\n';
  const run = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`${program} ended with ${run.status ?? run.signal}: ${run.stderr}`);
  return run.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
}

function report(stages) {
  const total = { passed: 0, failed: 0, out: 0 };
  const row = (name, { passed, failed, out }) =>
    console.log(name.padEnd(48) + [passed, failed, out].map((count) => String(count).padStart(10)).join(''));
  console.log('group'.padEnd(48) + ['passed', 'failed', 'left out'].map((head) => head.padStart(10)).join(''));
  for (const [name, counts] of groups) {
    row(name, counts);
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
  row('all', total);
  console.log('Each conformance test runs twice, as it is and with its constants folded.');
  for (const [reason, count] of reasons) console.log(`left out: ${count} for ${reason}`);
  const cameFrom = [...stages].map(([stage, count]) => `${stage} ${count}`).join(', ');
  console.log(`expected errors of the conformance tests came from: ${cameFrom}`);
  return total;
}

askConformance();
askTree('parsing', parsing);
askTree('checking', checking);
const answers = ask();
const stages = new Map();
questions.forEach((question, i) => {
  const complaint = question.judge(answers[i]);
  group(question.group)[complaint ? 'failed' : 'passed'] += 1;
  if (question.expectsError && answers[i].stage) {
    stages.set(answers[i].stage, (stages.get(answers[i].stage) ?? 0) + 1);
  }
  if (complaint) {
    console.log(`FAILED ${question.group}: ${question.name}\n  ${question.request.expr}\n  ${complaint}`);
    console.log(`  is ${JSON.stringify(answers[i])}`);
  }
});
const { passed, failed } = report(stages);
process.exitCode = failed > 0 || passed < 2000 ? 1 : 0;
