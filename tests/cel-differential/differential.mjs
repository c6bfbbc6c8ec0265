// Random expressions through our engine and through two others; what they disagree on must have a known cause.
//
//   node differential.mjs CEL_CONFORMANCE [--count N] [--seed N] [--show N]
//
// The engine is asked through tests/cel's program, twice for each expression: with every type left to run time, and
// checked strictly with its constants folded. Where both have an answer it must be the same one. @bufbuild/cel is the
// oracle; a disagreement with it fails unless known.mjs recognises the cause. @marcbachmann/cel-js is a witness: what
// it says stands beside each disagreement, and where it alone differs that is counted and no more.

process.env.TZ = 'UTC' // the oracle reads calendar fields through the machine's zone

const { spawnSync } = await import('node:child_process')
const { cases } = await import('./generator.mjs')
const { KNOWN } = await import('./known.mjs')
const { bufbuild, marcbachmann } = await import('./oracles.mjs')
const { ofSpecification } = await import('./values.mjs')

const option = (name, fallback) => {
  const at = process.argv.indexOf('--' + name)
  return at < 0 ? fallback : Number(process.argv[at + 1])
}
const [, , engine] = process.argv
const count = option('count', 100_000)
const seed = option('seed', 20261122)
const show = option('show', 10)
const BATCH = 10_000

/** Our outcomes of many cases, [dynamic, checked and folded], each null when it is refused before it is run. */
function ours(batch) {
  const lines = batch.flatMap(({ expression, bindings, types }) => [
    JSON.stringify({ expr: expression, check: false, run: true, variables: {}, bindings }),
    JSON.stringify({ expr: expression, check: true, run: true, fold: true, variables: types, bindings }),
  ])
  const run = spawnSync(engine, { input: lines.join('\n') + '\n', maxBuffer: 1 << 30, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`the engine ended with ${run.status ?? run.signal}: ${run.stderr}`)
  const answers = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const outcome = ({ value, stage }) => (value ? ofSpecification(value) : stage === 'run' ? 'error' : null)
  return batch.map((_, i) => [outcome(answers[2 * i]), outcome(answers[2 * i + 1])])
}

const tally = { equal: 0, errors: 0, strict: 0, witness: 0, witnessAlone: 0 }
const byCause = new Map()
const unexplained = []

const note = (cause) => byCause.set(cause.rule, (byCause.get(cause.rule) ?? 0) + 1)

const WRONG_PATTERN = /matches\('(\(|\[|a\{2,1\})'\)/

function judge(test, [outcome, strict]) {
  if (outcome === null) {
    if (WRONG_PATTERN.test(test.expression))
      return note({ rule: 'a wrong literal pattern is refused before anything is evaluated' })
    unexplained.push({ ...test, ours: 'refused' })
    return
  }
  if (strict !== null) {
    ++tally.strict
    if (strict !== outcome) unexplained.push({ ...test, ours: outcome, strict })
  }
  const { outcome: oracle, causes } = bufbuild(test)
  const witness = marcbachmann(test)
  if (witness !== null) ++tally.witness
  if (outcome === oracle) {
    ++tally.equal
    if (outcome === 'error') ++tally.errors
    for (const cause of causes) note(cause)
    if (witness !== null && witness !== outcome) ++tally.witnessAlone
    return
  }
  const known = KNOWN.find(({ recognises }) => recognises({ ...test, ours: outcome, oracle }))
  if (!known) {
    unexplained.push({ ...test, ours: outcome, oracle, witness })
    return
  }
  note(known)
}

let batch = []
const flush = () => {
  ours(batch).forEach((outcomes, i) => judge(batch[i], outcomes))
  batch = []
}
for (const test of cases(seed, count)) {
  batch.push(test)
  if (batch.length === BATCH) flush()
}
if (batch.length > 0) flush()

console.log(
  `${count} expressions of seed ${seed}: ${tally.equal} as the oracle has them, ${tally.errors} of them errors;`,
)
console.log(
  `${tally.strict} checked and folded too; the witness took ${tally.witness} and was alone in ${tally.witnessAlone}`,
)
for (const [cause, times] of [...byCause].sort((a, b) => b[1] - a[1])) {
  console.log(`${String(times).padStart(7)}  ${cause}`)
}
if (unexplained.length > 0) {
  console.log(`${unexplained.length} disagreements of no known cause:`)
  const shortest = unexplained.sort((a, b) => a.expression.length - b.expression.length).slice(0, show)
  for (const { oracleExpression: _, ...one } of shortest) console.log(JSON.stringify(one))
  process.exit(1)
}
