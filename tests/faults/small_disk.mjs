// A small file system of its own for a test, which can be filled, emptied, broken and frozen without disturbing
// anybody. It is mounted where only the test sees it (own_mounts.mjs).

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
const run = (program, ...args) =>
  execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', env: environment })

// Others look at block devices too, for a moment, and make them busy.
function runPatiently(...command) {
  for (let tries = 50; ; tries--) {
    try {
      return run(...command)
    } catch (error) {
      if (tries === 0 || !/busy|in use|overlapping/i.test(`${error.stderr}`)) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    }
  }
}

const kFrozenSecondsMax = 60
const mounted = new Set()
process.on('exit', () => {
  for (const disk of mounted) disk.remove()
})

export class SmallDisk {
  // `kind`: "tmpfs" or "ext4" (an image file behind a loop device). `folder` becomes the mount point.
  constructor(kind, folder, { mebibytes = 64, inodes = null } = {}) {
    this.kind = kind
    this.folder = folder
    this.image = `${folder}.image`
    fs.mkdirSync(folder, { recursive: true })
    if (kind === 'tmpfs') {
      const inodesMax = inodes ? `,nr_inodes=${inodes}` : ''
      run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700${inodesMax}`, 'tmpfs', folder)
    } else {
      fs.writeFileSync(this.image, '')
      fs.truncateSync(this.image, mebibytes << 20)
      // No blocks kept back for root, who runs this test.
      run('mkfs.ext4', '-q', '-m', '0', ...(inodes ? ['-N', String(inodes)] : []), this.image)
      this.#mount()
    }
    mounted.add(this)
  }

  #mount() {
    runPatiently('mount', '-o', 'loop,errors=remount-ro', this.image, this.folder)
  }

  // "ro" or "rw": the mount, which nobody may be writing to. An ordinary user's tmpfs lets nothing else be changed.
  remount(option) {
    runPatiently('mount', '-o', `remount,bind,${option}`, this.folder)
  }

  // Checks the file system and repairs it, as an operator does after an error.
  repair() {
    runPatiently('umount', this.folder)
    try {
      run('e2fsck', '-p', '-f', this.image)
    } catch (error) {
      if (error.status !== 1) throw error // 1: errors were corrected
    }
    this.#mount()
  }

  get #filler() {
    return path.join(this.folder, 'filler')
  }

  // Takes every byte that is left.
  fill() {
    const file = fs.openSync(this.#filler, 'a')
    for (let size = 1 << 20; size >= 512; size >>= 1) {
      const bytes = Buffer.alloc(size, 0x46)
      try {
        while (fs.writeSync(file, bytes) === size);
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error
      }
    }
    fs.closeSync(file)
  }

  // Takes every inode, so that no file can be made although there is space.
  fillInodes() {
    fs.mkdirSync(this.#filler, { recursive: true })
    try {
      for (let i = 0; ; i++) fs.writeFileSync(path.join(this.#filler, String(i)), '')
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error
    }
  }

  // Gives back what was taken.
  free() {
    fs.rmSync(this.#filler, { recursive: true, force: true })
  }

  // What a failing medium does: ext4 notices an error and turns itself read-only under the open files.
  breakMedium() {
    const device = path.basename(run('findmnt', '-n', '-o', 'SOURCE', this.folder).trim())
    fs.writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, 'test')
  }

  // Whoever writes hangs, and cannot even be killed, until it is thawed. That happens also when this test dies: a
  // frozen file system never goes away.
  freeze() {
    const thawer = `echo $$; exec >&- 2>&-; sleep ${kFrozenSecondsMax}; fsfreeze -u "$0"`
    this.thawer = Number(run('setsid', '--fork', 'sh', '-c', thawer, this.folder))
    run('fsfreeze', '-f', this.folder)
  }

  thaw() {
    if (!this.thawer) return
    run('fsfreeze', '-u', this.folder)
    process.kill(-this.thawer, 'SIGKILL')
    this.thawer = null
  }

  remove() {
    if (!mounted.delete(this)) return
    this.thaw()
    try {
      run('umount', '--lazy', this.folder)
    } finally {
      fs.rmSync(this.image, { force: true })
    }
  }
}

// Why no disk of this kind can be mounted under `folder`, or an empty text.
export function whyNot(kind, folder) {
  try {
    new SmallDisk(kind, path.join(folder, kind), { mebibytes: 8 }).remove()
    return ''
  } catch (error) {
    return `${error.stderr || error.message}`.trim().split('\n')[0]
  }
}
