// Keys as tables show them, and ending one. Never their secrets: only hashes are kept.

import { write } from '../api'
import type { Key } from '../apiReading'
import { day } from '../format'
import { Button, Tag, styles as basics, type Tone } from '../parts/basics'
import { type Column } from '../parts/DataTable'
import { ReasonDialog } from '../parts/ReasonDialog'

const kTones: Record<string, Tone> = { active: 'good', revoked: 'bad' }

export const keyColumns = (revoke?: (key: Key) => void): Column<Key>[] => [
  { name: 'Key', value: ({ hint }) => hint, show: ({ hint }) => <code>{hint}</code> },
  { name: 'State', value: ({ state }) => state, show: ({ state }) => <Tag tone={kTones[state]}>{state}</Tag> },
  { name: 'Type', value: ({ type }) => type },
  { name: 'Groups', value: ({ groups }) => groups.join(', ') },
  { name: 'Scopes', value: ({ scopes }) => scopes.join(', ') },
  { name: 'Made', value: ({ created }) => created, show: ({ created }) => <time>{day(created)}</time> },
  {
    name: 'Ends',
    value: ({ expires }) => expires ?? 'never',
    show: ({ expires }) => (expires ? <time>{day(expires)}</time> : 'never'),
  },
  { name: 'Note', value: ({ note }) => note },
  ...(revoke
    ? [
        {
          name: 'End it',
          value: () => '',
          show: (key: Key) =>
            key.state === 'active' && (
              <Button kind="danger" onClick={() => revoke(key)}>
                Revoke…<span className={basics.hidden}>{` ${key.hint}`}</span>
              </Button>
            ),
        },
      ]
    : []),
]

export const RevokeKey = ({ of, close }: { of: Key; close: () => void }) => (
  <ReasonDialog
    title={`Revoke the key ${of.hint}?`}
    action="Revoke"
    danger
    close={close}
    act={(reason) => write('DELETE', `/api/v1/keys/${encodeURIComponent(of.id)}`, { reason })}
  >
    <p>{`Calls of ${of.owner} with this key are refused from now on. It cannot be taken back.`}</p>
  </ReasonDialog>
)
