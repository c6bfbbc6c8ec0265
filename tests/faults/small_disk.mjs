// A small file system of its own for a test, which can be filled, emptied, made read-only and frozen without disturbing
// anybody. Needs root; where that is not to be had, `unavailable()` says so.

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const run = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
const mounted = new Set()
process.on('exit', () => {
  for (const disk of mounted) disk.remove()
})

export class SmallDisk {
  // `kind`: "tmpfs" or "ext4" (an image file behind a loop device). `folder` becomes the mount point.
  constructor(kind, folder, { mebibytes = 32, inodes = null } = {}) {
    this.kind = kind
    this.folder = folder
    this.image = `${folder}.image`
    fs.mkdirSync(folder, { recursive: true })
    if (kind === 'tmpfs') {
      run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m${inodes ? `,nr_inodes=${inodes}` : ''}`, 'tmpfs', folder)
    } else {
      fs.writeFileSync(this.image, '')
      fs.truncateSync(this.image, mebibytes << 20)
      // No blocks kept back for root, who runs this test.
      run('mkfs.ext4', '-q', '-m', '0', ...(inodes ? ['-N', String(inodes)] : []), this.image)
      this.mount()
    }
    mounted.add(this)
  }

  mount() {
    run('mount', '-o', 'loop,errors=remount-ro', this.image, this.folder)
  }

  unmount() {
    run('umount', this.folder)
  }

  remount(option) {
    run('mount', '-o', `remount,${option}`, this.folder)
  }

  // Checks the file system and repairs it, as an operator does after an error.
  repair() {
    this.unmount()
    try {
      run('e2fsck', '-p', '-f', this.image)
    } catch (error) {
      if (error.status > 1) throw error // 1: errors were corrected
    }
    this.mount()
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

  free() {
    fs.rmSync(this.#filler, { force: true })
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

  freeInodes() {
    fs.rmSync(this.#filler, { recursive: true, force: true })
  }

  // What a failing medium does: ext4 notices an error and turns itself read-only under the open files.
  breakMedium() {
    const device = path.basename(run('findmnt', '-n', '-o', 'SOURCE', this.folder).trim())
    fs.writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, 'test')
  }

  freeze() {
    run('fsfreeze', '-f', this.folder)
    this.frozen = true
  }

  thaw() {
    run('fsfreeze', '-u', this.folder)
    this.frozen = false
  }

  remove() {
    if (!mounted.delete(this)) return
    if (this.frozen) this.thaw()
    try {
      run('umount', '--lazy', this.folder)
    } finally {
      fs.rmSync(this.image, { force: true })
    }
  }
}

// Why no disk can be mounted here, or an empty text.
export function unavailable(scratch) {
  try {
    const disk = new SmallDisk('ext4', path.join(scratch, 'probe'), { mebibytes: 8 })
    disk.remove()
    return ''
  } catch (error) {
    return `${error.stderr || error.message}`.trim()
  }
}
