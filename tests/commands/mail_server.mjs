// A mail server for a test: speaks SMTP with STARTTLS and AUTH PLAIN, strictly in its order, and keeps what it took.

import fs from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'

export class MailServer {
  // `certificate`: {key, cert} files, or nothing for a server without TLS. `users`: {name: password}; empty: no AUTH.
  constructor({ certificate, users = {} } = {}) {
    this.certificate = certificate && { key: fs.readFileSync(certificate.key), cert: fs.readFileSync(certificate.cert) }
    this.users = users
    this.mails = []
    this.attempts = 0
    this.refuseNext = 0 // so many messages are refused for now
    this.server = net.createServer((socket) => this.#serve(socket, false))
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    this.port = this.server.address().port
  }

  close() {
    this.server.close()
  }

  #serve(socket, secure, greet = true) {
    const session = { secure, user: null, from: null, to: [], data: null, text: '' }
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      session.text += bytes.toString('latin1')
      for (;;) {
        if (session.data !== null) {
          const end = session.text.indexOf('\r\n.\r\n')
          if (end < 0) return
          const message = session.text.slice(0, end + 2).replaceAll('\r\n..', '\r\n.')
          session.text = session.text.slice(end + 5)
          session.data = null
          this.#take(socket, session, message)
          continue
        }
        const end = session.text.indexOf('\r\n')
        if (end < 0) return
        const line = session.text.slice(0, end)
        session.text = session.text.slice(end + 2)
        if (this.#command(socket, session, line) === 'tls') return
      }
    })
    if (greet) socket.write('220 test ESMTP\r\n')
  }

  #take(socket, session, message) {
    this.attempts++
    if (this.refuseNext > 0) {
      this.refuseNext--
      return socket.write('451 not now\r\n')
    }
    const { secure, user, from, to } = session
    this.mails.push({ secure, user, from, to, message })
    socket.write('250 taken\r\n')
  }

  #command(socket, session, line) {
    const verb = line.split(' ')[0].toUpperCase()
    const answer = (text) => socket.write(`${text}\r\n`)
    const needsTls = this.certificate && !session.secure
    const needsUser = Object.keys(this.users).length > 0 && session.user === null
    if (verb === 'EHLO') {
      const offers = ['test', '8BITMIME']
      if (needsTls) offers.push('STARTTLS')
      if (needsUser && !needsTls) offers.push('AUTH PLAIN')
      return offers.forEach((offer, i) => answer(`250${i + 1 < offers.length ? '-' : ' '}${offer}`))
    }
    if (verb === 'STARTTLS' && needsTls) {
      answer('220 go ahead')
      socket.removeAllListeners('data')
      this.#serve(new tls.TLSSocket(socket, { isServer: true, ...this.certificate }), true, false)
      return 'tls'
    }
    if (verb === 'QUIT') return socket.end('221 bye\r\n')
    if (needsTls) return answer('530 STARTTLS first')
    if (verb === 'AUTH' && line.split(' ').length < 3) {
      session.challenged = true
      return answer('334 ')
    }
    if (verb === 'AUTH' || session.challenged) {
      const credentials = session.challenged ? line : line.split(' ')[2]
      session.challenged = false
      const [, user, password] = Buffer.from(credentials, 'base64').toString().split('\0')
      if (this.users[user] !== password) return answer('535 wrong password')
      session.user = user
      return answer('235 welcome')
    }
    if (needsUser) return answer('530 AUTH first')
    if (verb === 'MAIL') Object.assign(session, { from: line, to: [] })
    else if (verb === 'RCPT' && session.from) session.to.push(line)
    else if (verb === 'DATA' && session.to.length > 0) {
      session.data = ''
      return answer('354 go on')
    } else return answer('503 not in this order')
    return answer('250 fine')
  }
}
