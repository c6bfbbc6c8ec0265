// A program in a terminal of its own, as a person sees it: tmux, on a socket that nobody else uses.

import { execFileSync } from 'node:child_process'
import crypto from 'node:crypto'

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export class Terminal {
  #socket = `reeve-${crypto.randomBytes(6).toString('hex')}`

  #tmux(...words) {
    return execFileSync('tmux', ['-L', this.#socket, '-f', '/dev/null', ...words], { encoding: 'utf8' })
  }

  // `env`: all that the program gets.
  start({ command, args = [], cwd, env, columns = 140, rows = 50 }) {
    const words = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const program = ['env', '-i', ...words, command, ...args]
    this.#tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', cwd, ...program)
    return this
  }

  screen() {
    try {
      return this.#tmux('capture-pane', '-p', '-J')
    } catch {
      return '(the program has ended)'
    }
  }

  type(text) {
    this.#tmux('send-keys', '-l', text)
  }

  press(...keys) {
    this.#tmux('send-keys', ...keys)
  }

  // The match, once the screen shows it. `answers`: what to press when something else is asked on the way, each
  // [pattern, key...], each once.
  async shows(wanted, { seconds = 60, answers = [] } = {}) {
    const left = [...answers]
    for (let i = 0; i < seconds * 5; i++) {
      const screen = this.screen()
      const found = wanted.exec(screen)
      if (found) return found
      const asked = left.findIndex(([pattern]) => pattern.test(screen))
      if (asked >= 0) this.press(...left.splice(asked, 1)[0].slice(1))
      await sleep(200)
    }
    throw new Error(`the terminal does not show ${wanted}:\n${this.screen()}`)
  }

  async hides(unwanted) {
    for (let i = 0; i < 100 && unwanted.test(this.screen()); i++) await sleep(200)
  }

  end() {
    try {
      this.#tmux('kill-server')
    } catch {
      // It has ended by itself.
    }
  }
}
