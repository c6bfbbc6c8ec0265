// Mounts that only one test sees: it runs again in a mount namespace of its own. What it mounts vanishes with its last
// process, however that ends, and nothing is left on the machine.

import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'

const kInside = 'REEVE_TEST_OWN_MOUNTS'
const kSkipped = 77 // CTest's SKIP_RETURN_CODE
const kWays = [
  ['--mount', '--propagation', 'private'], // root
  ['--user', '--map-root-user', '--mount', '--propagation', 'private'], // anybody, where the kernel lets them
]

// Returns inside only; outside the process ends as the run inside does, or as skipped.
export async function enterOwnMounts() {
  if (process.env[kInside]) return
  const refusals = []
  const way = kWays.find((options) => {
    const { status, stderr, error } = spawnSync('unshare', [...options, 'true'], { encoding: 'utf8' })
    if (status !== 0) refusals.push(error?.message ?? stderr.trim())
    return status === 0
  })
  if (!way) skip(refusals.join('; '))
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const child = spawn('unshare', [...way, ...command], { stdio: 'inherit', env: { ...process.env, [kInside]: '1' } })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  process.exit(await new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1))))
}

// Skipping is for machines where it cannot be helped. In CI, root with all rights must be able to mount.
export function skip(why) {
  console.log(`no file system can be mounted here, so full and read-only disks are not tested: ${why}`)
  process.exit(process.env.CI === 'true' && mayMount() ? 1 : kSkipped)
}

function mayMount() {
  const kSysAdmin = 21n // linux/capability.h
  const effective = BigInt(`0x${/CapEff:\s+([0-9a-f]+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]}`)
  const everybody = /^\s*0\s+0\s+4294967295\s*$/.test(fs.readFileSync('/proc/self/uid_map', 'utf8'))
  return process.geteuid() === 0 && everybody && ((effective >> kSysAdmin) & 1n) === 1n
}
