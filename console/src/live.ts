// What happens at the server, as it happens: a page names the topics that its lists are about, and they are asked again
// when the server tells of one. One stream of events serves all that is on the page; a tab that nobody looks at has
// none. Where the server has no place for another stream, lists are asked every so often instead.

import { useEffect } from 'react'
import { queries } from './session'

export type Topic = 'sessions' | 'calls' | 'approvals' | 'kill_switch' | 'ledger'

const kTopics: Topic[] = ['sessions', 'calls', 'approvals', 'kill_switch', 'ledger']
const kPollEvery = 15_000
const kComeBackAfter = 60_000

interface Listener {
  topics: Topic[]
  tell: () => void
}
const listeners = new Set<Listener>()
let source: EventSource | undefined
let polling: ReturnType<typeof setInterval> | undefined
let comeBack: ReturnType<typeof setTimeout> | undefined
let opening: ReturnType<typeof setTimeout> | undefined
let opened = ''

const tell = (wanted: (one: Listener) => boolean) => [...listeners].filter(wanted).forEach((one) => one.tell())

function close() {
  source?.close()
  source = undefined
  opened = ''
  clearInterval(polling)
  clearTimeout(comeBack)
  polling = comeBack = undefined
}

function poll() {
  close()
  polling = setInterval(() => tell(() => true), kPollEvery)
  comeBack = setTimeout(open, kComeBackAfter)
}

function open() {
  if (listeners.size === 0 || document.hidden) return close()
  const topics = kTopics.filter((topic) => [...listeners].some((one) => one.topics.includes(topic)))
  if (topics.join(',') === opened) return
  close()
  opened = topics.join(',')
  source = new EventSource(`/api/v1/events?topics=${opened}`)
  for (const topic of topics) source.addEventListener(topic, () => tell((one) => one.topics.includes(topic)))
  // Something was missed while the connection was broken.
  source.addEventListener('reset', () => tell(() => true))
  // A broken connection comes back by itself; a refusal does not.
  source.onerror = () => {
    if (source?.readyState === EventSource.CLOSED) poll()
  }
}

// A page has several lists, and from page to page many stay the same.
function openSoon() {
  clearTimeout(opening)
  opening = setTimeout(open, 50)
}

document.addEventListener('visibilitychange', () => {
  openSoon()
  if (!document.hidden) tell(() => true)
})

function listen(listener: Listener): () => void {
  listeners.add(listener)
  openSoon()
  return () => {
    listeners.delete(listener)
    openSoon()
  }
}

// Asks the lists whose paths are named again when there is news of a topic, at most every so many milliseconds. No
// topics: the person may not see them, and nothing is asked.
export function useLive(topics: Topic[], paths: string[], atMostEvery = 2_000) {
  const key = [...topics, ...paths].join(' ')
  useEffect(() => {
    if (topics.length === 0) return
    let waits: ReturnType<typeof setTimeout> | undefined
    const stop = listen({
      topics,
      tell: () => {
        waits ??= setTimeout(() => {
          waits = undefined
          for (const path of paths) void queries.invalidateQueries({ queryKey: [path] })
        }, atMostEvery)
      },
    })
    return () => {
      clearTimeout(waits)
      stop()
    }
    // The lists are written out in the page: the same text is the same topics and paths.
  }, [key, atMostEvery])
}
