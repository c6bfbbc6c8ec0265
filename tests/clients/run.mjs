// Every coding agent on every wire it speaks: a turn in which it uses a tool, and a model that it may not have. See
// README.md.

import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { kAgents } from './agents.mjs'
import { plain, runClient, Workplace } from './client_process.mjs'
import { CountingHop } from './counting_hop.mjs'
import { DirectTarget, kDeniedModels, kSentences, ReeveTarget } from './targets.mjs'

const kLimitSeconds = 120
// The clients wait more than they compute, OpenCode above all: it looks for a registry first.
const kAtOnce = 2
// Gemini CLI without a model chooses one itself, and asks a small model first.
const kModels = { anthropic: 'claude-opus-5-5', openai: 'gpt-5.4', gemini: undefined }
// Only a shell can have turned the command into what it prints.
const kCommand = 'printf practice-%d 0x2a'
const kPrinted = 'practice-42'

// What is wrong with a turn that should have used a tool; empty when nothing is.
function toolTurnFaults(result, hop) {
  const faults = []
  if (result.code !== 0) faults.push(`ended with ${result.code}`)
  const failed = hop.modelCalls.filter((call) => call.status !== 200)
  if (failed.length > 0) faults.push(`${failed.length} calls answered ${failed[0].status}`)
  if (hop.modelCalls.length < 2) faults.push(`${hop.modelCalls.length} model calls`)
  if (!hop.modelCalls.some((call) => call.body.includes(kPrinted))) faults.push("the tool's result was not sent back")
  if (!plain(result.output).includes(kPrinted)) faults.push('the answer is not in the output')
  return faults
}

function refusalFaults(agent, result, hop, sentence) {
  const faults = []
  if (result.code === 'time limit') faults.push('did not end')
  if (!plain(result.output).includes(sentence)) faults.push('our sentence is not in the output')
  const refused = hop.modelCalls.filter((call) => call.status !== 200)
  if (refused.length === 0) faults.push('nothing was refused')
  if (hop.modelCalls.length > refused.length) faults.push('something was answered')
  if (agent.once && refused.length !== 1) faults.push(`asked ${refused.length} times`)
  return faults
}

const kScenarios = {
  'uses a tool': {
    model: (agent) => kModels[agent.vendor],
    faults: (agent, result, hop) => toolTurnFaults(result, hop),
  },
  'refused by a rule': {
    model: (agent) => kDeniedModels[agent.vendor],
    faults: (agent, result, hop) => refusalFaults(agent, result, hop, kSentences.rule),
  },
  'unknown model': {
    model: () => 'no-such-model',
    faults: (agent, result, hop) => refusalFaults(agent, result, hop, kSentences.unknown),
  },
}

async function runOne(target, agent, scenario, keep) {
  const workplace = new Workplace()
  const caller = `${agent.name}-${agent.wire}-${scenario}`.toLowerCase().replaceAll(' ', '-') + '@example.com'
  const key = await target.keyFor(agent, caller)
  const hop = await new CountingHop().start(target.port)
  const place = {
    home: workplace.home,
    project: workplace.project,
    url: `http://127.0.0.1:${hop.port}`,
    key,
    model: kScenarios[scenario].model(agent),
    prompt: `Please help with this.\nRun \`${kCommand}\``,
  }
  const result = await runClient(agent.setUp(place), workplace, kLimitSeconds)
  hop.stop()
  const faults = [...kScenarios[scenario].faults(agent, result, hop), ...(await target.faults(agent, caller, hop))]
  if (faults.length > 0) {
    const calls = hop.calls.map(({ method, path, status }) => `    ${method} ${path} ${status}`)
    const title = `--- ${agent.name} ${agent.wire}, ${scenario}: output`
    console.log([title, result.output.slice(-3000), ...calls].join('\n'))
  }
  if (keep) console.log(`    kept ${workplace.home}`)
  else workplace.remove()
  return { agent, scenario, faults, calls: hop.modelCalls.length, seconds: result.seconds }
}

function line({ agent, scenario, faults, calls, seconds }) {
  const verdict = faults.length === 0 ? 'ok    ' : 'FAILED'
  const columns = [
    verdict,
    agent.name.padEnd(11),
    agent.wire.padEnd(9),
    scenario.padEnd(17),
    `${calls} calls`.padEnd(8),
  ]
  return `${columns.join('  ')}  ${seconds.toFixed(1).padStart(5)} s  ${faults.join('; ')}`.trimEnd()
}

async function main() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      direct: { type: 'boolean' },
      keep: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    console.log(fs.readFileSync(new URL('README.md', import.meta.url), 'utf8'))
    return
  }
  const target = values.direct ? new DirectTarget() : new ReeveTarget()
  await target.start()
  const wanted = new RegExp(values.only, 'i')
  const runs = Object.keys(kScenarios).flatMap((scenario) => kAgents.map((agent) => ({ scenario, agent })))
  const left = runs.filter(({ scenario, agent }) => wanted.test(`${agent.name} ${agent.wire} ${scenario}`))
  const results = []
  const work = async () => {
    while (left.length > 0) {
      const { scenario, agent } = left.shift()
      const result = await runOne(target, agent, scenario, values.keep)
      results.push(result)
      console.log(line(result))
    }
  }
  try {
    await Promise.all(Array.from({ length: kAtOnce }, work))
  } finally {
    const faults = await target.stop()
    for (const fault of faults) console.log(`FAILED  ${fault}`)
    const failed = results.filter((result) => result.faults.length > 0).length + faults.length
    const passed = results.filter((result) => result.faults.length === 0).length
    console.log(`${passed} passed, ${failed} failed`)
    if (failed > 0 || passed === 0) process.exitCode = 1
  }
}

await main()
