// Every coding agent on every wire it speaks: a turn in which it uses a tool, and a model that it may not have. See
// README.md.

import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { kAgents } from './agents.mjs'
import { endClients, plain, runClient, Workplace } from './client_process.mjs'
import { CountingHop } from './counting_hop.mjs'
import { clientFaults, kEdit, promptFor, writeFile } from './edit_scenario.mjs'
import { DirectTarget, EditTarget, kDeniedModels, kSentences, ReeveTarget } from './targets.mjs'

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

// The developer hears of the cheaper model inside an answer.
function toldFaults(result) {
  return plain(result.output).includes(kSentences.cheaper) ? [] : ['the cheaper model is not told of']
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

// `models`: it is run once with each. `prepare` sets up the project, `prompt` is what the client is asked there.
const kRunsCommand = {
  target: 'practice',
  prepare: () => {},
  prompt: () => `Please help with this.\nRun \`${kCommand}\``,
}
const kScenarios = {
  'uses a tool': {
    ...kRunsCommand,
    models: (agent) => [kModels[agent.vendor]],
    faults: (agent, result, hop) => toolTurnFaults(result, hop),
  },
  'refused by a rule': {
    ...kRunsCommand,
    models: (agent) => [kDeniedModels[agent.vendor]],
    faults: (agent, result, hop) => refusalFaults(agent, result, hop, kSentences.rule),
  },
  'unknown model': {
    ...kRunsCommand,
    models: () => ['no-such-model'],
    faults: (agent, result, hop) => refusalFaults(agent, result, hop, kSentences.unknown),
  },
  // Not Gemini CLI: its conversations hold signatures of the model that wrote them, from the first answer on.
  'runs short of money': {
    ...kRunsCommand,
    models: (agent) => (agent.vendor === 'gemini' ? [] : [kModels[agent.vendor]]),
    faults: (agent, result, hop) => [...toolTurnFaults(result, hop), ...toldFaults(result)],
  },
  'is out of money': {
    ...kRunsCommand,
    models: (agent) => [kModels[agent.vendor]],
    faults: (agent, result, hop) => refusalFaults(agent, result, hop, kSentences.budget),
    // Somebody approves more, and the same person asks again at once.
    then: {
      prepare: (target, caller, model) => target.giveMore(caller, model),
      faults: (agent, result, hop) => toolTurnFaults(result, hop),
    },
  },
  'edits a file': {
    target: 'edit',
    prepare: writeFile,
    prompt: promptFor,
    models: (agent) => agent.editingModels ?? [kModels[agent.vendor]],
    faults: (agent, result, hop, project) => clientFaults(result, hop, project),
  },
}

function targetsFor(direct) {
  if (!direct) return { practice: new ReeveTarget(), edit: new EditTarget() }
  return {
    practice: new DirectTarget({ agent: { command: kCommand } }),
    edit: new DirectTarget({ agent: { edit: kEdit } }),
  }
}

async function runOne(targets, { agent, scenario, model }, keep) {
  const { target: targetName, prepare, prompt, faults: clientFaultsOf, then } = kScenarios[scenario]
  const target = targets[targetName]
  const workplace = new Workplace()
  prepare(workplace.project)
  const words = [agent.name, agent.wire, scenario, ...(agent.editingModels ? [model] : [])]
  const caller = `${words.join('-').toLowerCase().replaceAll(' ', '-')}@example.com`
  const key = await target.keyFor(agent, caller)
  const hop = await new CountingHop().start(target.port)
  const place = {
    home: workplace.home,
    project: workplace.project,
    url: `http://127.0.0.1:${hop.port}`,
    key,
    model,
    prompt: prompt(workplace.project),
  }
  const result = await runClient(agent.setUp(place), workplace, kLimitSeconds)
  hop.stop()
  const faults = [
    ...clientFaultsOf(agent, result, hop, workplace.project),
    ...(await target.faults(agent, caller, hop, workplace.project)),
  ]
  if (then && faults.length === 0 && target.giveMore) {
    await then.prepare(target, caller, model)
    const secondHop = await new CountingHop().start(target.port)
    const setUp = agent.setUp({ ...place, url: `http://127.0.0.1:${secondHop.port}` })
    const second = await runClient(setUp, workplace, kLimitSeconds)
    secondHop.stop()
    result.output += second.output
    result.seconds += second.seconds
    faults.push(...then.faults(agent, second, secondHop).map((fault) => `afterwards: ${fault}`))
  }
  if (faults.length > 0) {
    const calls = hop.calls.map(({ method, path, status }) => `    ${method} ${path} ${status}`)
    const title = `--- ${agent.name} ${agent.wire}, ${scenario}: output`
    console.log([title, result.output.slice(-3000), ...calls].join('\n'))
  }
  if (keep) console.log(`    kept ${workplace.home}`)
  else workplace.remove()
  return { agent, scenario, model, faults, calls: hop.modelCalls.length, seconds: result.seconds }
}

function allRuns() {
  const found = []
  for (const [scenario, { models }] of Object.entries(kScenarios)) {
    for (const agent of kAgents) found.push(...models(agent).map((model) => ({ scenario, agent, model })))
  }
  return found
}

const titleOf = ({ agent, scenario, model }) => `${agent.name} ${agent.wire} ${scenario} ${model ?? ''}`

function line({ agent, scenario, model, faults, calls, seconds }) {
  const verdict = faults.length === 0 ? 'ok    ' : 'FAILED'
  const columns = [
    verdict,
    agent.name.padEnd(11),
    agent.wire.padEnd(9),
    scenario.padEnd(17),
    (model ?? '').padEnd(16),
    `${calls} calls`.padEnd(8),
  ]
  return `${columns.join('  ')}  ${seconds.toFixed(1).padStart(5)} s  ${faults.join('; ')}`.trimEnd()
}

// Clients are groups of their own, and a signal to this process alone reaches nothing that it started.
function endWithEverything(targets, keep) {
  for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
    process.once(signal, () => {
      endClients(keep)
      for (const target of Object.values(targets)) target.end()
      process.exit(128 + number)
    })
  }
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
  const targets = targetsFor(values.direct)
  endWithEverything(targets, values.keep)
  const wanted = new RegExp(values.only, 'i')
  const left = allRuns().filter((run) => wanted.test(titleOf(run)))
  const results = []
  const work = async () => {
    while (left.length > 0) {
      const result = await runOne(targets, left.shift(), values.keep)
      results.push(result)
      console.log(line(result))
    }
  }
  const started = []
  try {
    for (const target of Object.values(targets)) {
      await target.start()
      started.push(target)
    }
    await Promise.all(Array.from({ length: kAtOnce }, work))
  } finally {
    const faults = []
    for (const target of Object.values(targets)) if (!started.includes(target)) target.end()
    for (const target of started) faults.push(...(await target.stop()))
    for (const fault of faults) console.log(`FAILED  ${fault}`)
    const failed = results.filter((result) => result.faults.length > 0).length + faults.length
    const passed = results.filter((result) => result.faults.length === 0).length
    console.log(`${passed} passed, ${failed} failed`)
    if (failed > 0 || passed === 0) process.exitCode = 1
  }
}

await main()
