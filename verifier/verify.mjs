#!/usr/bin/env node
// Checks a log, an evidence pack, a proof or a checkpoint: see README.md.

import fs from 'node:fs'
import { addressSource, check, Fault, folderSource } from './index.mjs'

const kUsage = `node verify.mjs WHAT --key KEY [--witness KEY]... [--quorum K] [--kept FILE]... [--entry FILE]
               [--rotations FILE] [--no-entries] [--json]

WHAT is a folder (a published log, a ledger, an evidence pack), an address of a published log (http, https), or a
file (an evidence pack in one file, a .tlog-proof, a proof of consistency with --kept, a checkpoint).

  --key KEY       the log's verifier key, name+hash+key, or @FILE with it; ask for it on another way than WHAT came
  --witness KEY   a witness's verifier key, or @FILE
  --quorum K      so many of the witnesses must have cosigned; all of them where this is not said
  --kept FILE     a checkpoint that was kept from before: the log must begin with it
  --rotations FILE  the log's key-rotations, where a file alone may be signed by a key before or behind --key
  --entry FILE    the entry that a .tlog-proof is of, where it is not in the proof
  --no-entries    look at hashes alone, where entries are not for everybody
  --json          one JSON object

For an address, REEVE_KEY in the environment goes along as the bearer credential.
Exits 0: sound. 1: something is wrong. 2: asked wrongly.`

class Misuse extends Error {}

const kTaking = {
  '--key': 'key',
  '--rotations': 'rotations',
  '--witness': 'witnesses',
  '--quorum': 'quorum',
  '--kept': 'kept',
  '--entry': 'entry',
}

function readArguments(list) {
  const asked = { witnesses: [], kept: [], withEntries: true, json: false, what: null }
  for (let i = 0; i < list.length; i++) {
    const name = kTaking[list[i]]
    if (name) {
      i += 1
      if (list[i] === undefined) throw new Misuse(`${list[i - 1]} needs a value`)
      if (Array.isArray(asked[name])) asked[name].push(list[i])
      else if (asked[name] !== undefined) throw new Misuse(`${list[i - 1]} stands twice`)
      else asked[name] = list[i]
    } else if (list[i] === '--no-entries') asked.withEntries = false
    else if (list[i] === '--json') asked.json = true
    else if (list[i].startsWith('-') || asked.what !== null) throw new Misuse(`what is '${list[i]}'?`)
    else asked.what = list[i]
  }
  if (asked.what === null) throw new Misuse('say what to check')
  return asked
}

function readFile(name) {
  try {
    return fs.readFileSync(name)
  } catch (error) {
    throw new Misuse(`${name} cannot be read: ${error.message}`)
  }
}

const keyText = (text) => (text?.startsWith('@') ? readFile(text.slice(1)).toString('utf8') : text)

function prepare(asked) {
  if (asked.quorum !== undefined && !/^[0-9]{1,3}$/.test(asked.quorum)) throw new Misuse('--quorum takes a number')
  const quorum = asked.quorum === undefined ? undefined : Number(asked.quorum)
  const entry = asked.entry === undefined ? undefined : withoutNewline(readFile(asked.entry))
  const [key, witnesses] = [keyText(asked.key), asked.witnesses.map(keyText)]
  const rotations = asked.rotations === undefined ? undefined : readFile(asked.rotations)
  return { key, rotations, witnesses, quorum, entry, kept: asked.kept.map(readFile), withEntries: asked.withEntries }
}

// Entries have no newline at their end; editors and `tail` give files one.
const withoutNewline = (bytes) => (bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes)

async function open(what) {
  if (/^https?:\/\//.test(what)) return addressSource(what, process.env.REEVE_KEY)
  if (fs.statSync(what, { throwIfNoEntry: false })?.isDirectory()) return folderSource(what)
  return readFile(what)
}

function tell(report) {
  for (const problem of report.problems) console.log(`WRONG: ${problem}`)
  if (report.size !== null && report.size !== undefined) {
    console.log(`${report.kind} of ${report.log}: ${report.size} entries are signed, root ${report.root}`)
  }
  if (report.rotations) console.log(`the key that was given was followed through ${report.rotations} rotations`)
  if (report.entry) console.log(`entry ${report.index}: ${report.entry}`)
  else if (report.entries) console.log(`${report.entries} entries were looked at`)
  if (report.cosigned_size !== undefined) console.log(`${report.cosigned_size} of them are cosigned`)
  if (report.other_files) console.log(`${report.other_files} further files have the digests that the pack says`)
  if (report.figures) console.log(`${report.figures} figures of report.json were counted again`)
  for (const { name, time } of report.witnesses ?? []) {
    console.log(`cosigned by ${name} at ${new Date(time * 1000).toISOString()}`)
  }
  if (!report.key_given) console.log('NOTE: no --key was given; the key beside the files is only as good as they are')
  console.log(report.ok ? 'SOUND' : 'NOT SOUND')
}

try {
  const asked = readArguments(process.argv.slice(2))
  const report = await check(await open(asked.what), prepare(asked))
  if (asked.json) console.log(JSON.stringify(report))
  else tell(report)
  process.exitCode = report.ok ? 0 : 1
} catch (error) {
  if (!(error instanceof Misuse || error instanceof Fault)) throw error
  console.error(`${error.message}\n\n${kUsage}`)
  process.exitCode = 2
}
