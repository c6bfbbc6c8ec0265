// One item of the inventory: what it is, what was decided about it and when again, what is seen of it, its history.

import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { read, write } from '../api'
import { count, day, money, plural, time } from '../format'
import {
  Answer,
  Button,
  Card,
  Empty,
  Facts,
  Field,
  Notice,
  Page,
  Problem,
  Tag,
  styles as basics,
} from '../parts/basics'
import { Modal } from '../parts/Modal'
import {
  flagOf,
  kindOf,
  listed,
  statusOf,
  toneOfStatus,
  type Intake,
  type Item as InventoryItem,
  type ItemRow,
  type Step,
} from '../registers'
import { itemRoute } from '../router'
import { queries, usePerson } from '../session'
import { EditItem } from './EditItem'
import { useStartIntake } from './StartIntake'
import styles from './Registers.module.css'

interface Shown extends ItemRow {
  intakes?: Pick<Intake, 'id' | 'purpose' | 'state' | 'started'>[]
}
type Action = 'use' | 'suspend' | 'resume' | 'decommission'

export function Item() {
  const { id } = itemRoute.useParams()
  const path = `/api/v1/inventory/${encodeURIComponent(id)}`
  const query = useQuery({
    queryKey: ['/api/v1/inventory', 'one', id],
    queryFn: ({ signal }) => read<Shown>(path, {}, signal),
  })
  return (
    <Page title={query.data?.item.title ?? 'Item'} lead={<Link to="/inventory">The inventory</Link>}>
      <Answer query={query} what="the item">
        {(shown) => (
          <>
            <Worth shown={shown} />
            <Actions shown={shown} path={path} />
            <Told shown={shown} />
            {shown.intakes && shown.intakes.length > 0 && <Intakes intakes={shown.intakes} />}
            <History path={path} version={shown.item.version} />
          </>
        )}
      </Answer>
    </Page>
  )
}

const kMeanings: Record<string, string> = {
  review_due: 'Its next review is near: register it again, and the same people look at it once more.',
  review_overdue: 'Its review is overdue. When the grace is over, its approval ends.',
  not_seen: 'It was approved, and no call used it for 60 days. Is it still needed?',
  seen_without_approval: 'Calls use it, and nobody has approved it.',
}

function Worth({ shown: { item, flags = [] } }: { shown: Shown }) {
  if (item.status === 'seen_not_registered') {
    return (
      <Notice tone="warn">
        <p>
          <strong>Calls use it, and nobody registered it.</strong> Register it, so that somebody answers for it.
        </p>
      </Notice>
    )
  }
  return flags.map((flag) => (
    <Notice key={flag} tone={flag === 'not_seen' ? undefined : 'warn'}>
      <p>
        <strong>{flagOf(flag)}.</strong> {kMeanings[flag]}
      </p>
    </Notice>
  ))
}

function Told({ shown: { item, seen } }: { shown: Shown }) {
  return (
    <Card
      title={<Tag tone={toneOfStatus(item.status)}>{statusOf(item.status)}</Tag>}
      note={item.risk_tier ? `Risk tier ${item.risk_tier} of 3` : undefined}
    >
      <Facts
        rows={[
          ['Kind', kindOf(item.kind)],
          ['Purpose', item.purpose],
          ['Owner', item.owner],
          ['Used by', listed(item.users)],
          ['Data', listed(item.data_classes)],
          ['Model', item.model],
          ['Provider', item.provider],
          ['Environment', item.environment],
          ['Runs at', item.hosting?.replaceAll('_', ' ')],
          ['Region', item.region],
          ['Kept for', item.retention],
          ['Training on our data', item.training_use?.replaceAll('_', ' ')],
          ['People look at its work', item.human_review],
          ['Integrations', listed(item.integrations)],
          ['Guardrails', listed(item.guardrails)],
          ['On condition', listed(item.conditions)],
          ['Seen as', listed(item.seen_as)],
          ['Seen', seen && seenInWords(seen)],
          ['Registered', item.registered && [day(item.registered), item.registered_by].filter(Boolean).join(' by ')],
          ['Decided', day(item.reviewed)],
          ['Next review', day(item.next_review)],
          ['Approval ends', day(item.expires)],
          ['Ended', item.ended && `${day(item.ended.at)} by ${item.ended.by}: ${item.ended.reason}`],
          ['Notes', item.notes],
        ]}
      />
    </Card>
  )
}

const seenInWords = (seen: NonNullable<ItemRow['seen']>) =>
  `${plural(seen.calls, 'call')} of ${plural(seen.people, 'person', 'people')}` +
  // Only those who may read spend are told what it cost.
  `${seen.cost_nanos === undefined ? '' : ` for ${money(seen.cost_nanos)}`}, ` +
  `from ${day(seen.first)} to ${day(seen.last)}`

// What is left to do with it, by its status.
function actionsFor({ status }: InventoryItem): Action[] {
  if (status === 'approved' || status === 'approved_with_conditions') return ['use', 'suspend', 'decommission']
  if (status === 'in_use') return ['suspend', 'decommission']
  if (status === 'suspended') return ['resume', 'decommission']
  return status === 'decommissioned' ? [] : ['decommission']
}
const kActionWords: Record<Action, string> = {
  use: 'It is in use',
  suspend: 'Suspend…',
  resume: 'Resume…',
  decommission: 'Decommission…',
}

function Actions({ shown, path }: { shown: Shown; path: string }) {
  const me = usePerson()
  const [action, setAction] = useState<Action>()
  const [editing, setEditing] = useState(false)
  const start = useStartIntake()
  const { item, intakes = [] } = shown
  const isOver = item.status === 'decommissioned'
  const open = isOver ? undefined : intakes.find(({ state }) => state === 'open' || state === 'in_review')
  const mayStart = me.may('intake.ask') && !open && !isOver
  const mayWrite = me.may('inventory.write') && !isOver
  const actions = mayWrite ? actionsFor(item) : []
  if (!open && !mayStart && actions.length === 0) return null
  return (
    <>
      {start.error && <Problem error={start.error} />}
      <div className={basics.actions}>
        {open && (
          <Link to="/intake/$id" params={{ id: open.id }} className={`${basics.button} ${basics.first}`}>
            To its intake
          </Link>
        )}
        {mayStart && (
          <Button kind="first" disabled={start.isPending} onClick={() => start.mutate({ item: item.id })}>
            {item.status === 'seen_not_registered' ? 'Register it' : 'Review it again'}
          </Button>
        )}
        {mayWrite && item.status !== 'seen_not_registered' && <Button onClick={() => setEditing(true)}>Change…</Button>}
        {actions.map((name) => (
          <Button key={name} kind={name === 'decommission' ? 'danger' : undefined} onClick={() => setAction(name)}>
            {kActionWords[name]}
          </Button>
        ))}
      </div>
      {editing && <EditItem item={item} path={path} close={() => setEditing(false)} />}
      {action && <Act item={item} action={action} path={path} close={() => setAction(undefined)} />}
    </>
  )
}

const kActionMeans: Record<Action, string> = {
  use: 'From now on the inventory says that it is in use.',
  suspend: 'It is not approved any more until somebody else resumes it.',
  resume: 'It is approved again, as it was.',
  decommission: 'For good: it stays in the inventory, with your reason, and is not approved again.',
}

function Act({ item, action, path, close }: { item: InventoryItem; action: Action; path: string; close: () => void }) {
  const [reason, setReason] = useState('')
  const [key] = useState(() => crypto.randomUUID())
  const act = useMutation({
    mutationFn: () => write('POST', path, { action, ...(reason ? { reason } : {}) }, key),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['/api/v1/inventory'] })
      void queries.invalidateQueries({ queryKey: ['/api/v1/inventory/drift'] })
      close()
    },
  })
  const name = kActionWords[action].replace('…', '')
  return (
    <Modal
      title={`${name}: ${item.title}`}
      close={close}
      submit={() => act.mutate()}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind={action === 'decommission' ? 'danger' : 'first'} type="submit" disabled={act.isPending}>
            {name}
          </Button>
        </>
      }
    >
      {act.error && <Problem error={act.error} />}
      <p>{kActionMeans[action]}</p>
      <Field label="Reason" hint="It stays in its history, with your name.">
        <textarea
          className={basics.input}
          rows={3}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          required={action !== 'use'}
        />
      </Field>
    </Modal>
  )
}

const kPurposes: Record<string, string> = {
  new: 'First intake',
  recertification: 'Looked at again',
  change: 'A change',
}

const Intakes = ({ intakes }: { intakes: NonNullable<Shown['intakes']> }) => (
  <Card title="Intakes">
    <ul className={styles.steps}>
      {intakes.map(({ id, purpose, state, started }) => (
        <li key={id}>
          <p>
            <Link to="/intake/$id" params={{ id }}>
              {kPurposes[purpose] ?? purpose}
            </Link>{' '}
            of {day(started)} <Tag tone={toneOfStatus(state)}>{statusOf(state)}</Tag>
          </p>
        </li>
      ))}
    </ul>
  </Card>
)

const kSteps: Record<string, string> = {
  'register.item_registered': 'Registered',
  'register.item_changed': 'Changed',
  'register.item_status': 'Another status',
  'register.item_seen': 'Seen in calls',
  'register.item_expired': 'Its approval ended',
  'register.intake_decided': 'Decided',
}
const stepOf = ({ step }: Step) => kSteps[step] ?? step.replace('register.', '').replaceAll('_', ' ')
// What is said above, or is only there for programs.
const kNotShown = ['id', 'intake', 'ended', 'status_before', 'version', 'digest']
const changesOf = ({ step, changes = [] }: Step) =>
  step === 'register.item_registered' || step === 'register.item_seen'
    ? []
    : changes.filter(({ member }) => !kNotShown.includes(member))

function History({ path, version }: { path: string; version: number }) {
  const query = useQuery({
    queryKey: ['/api/v1/inventory', 'history', path, version],
    queryFn: ({ signal }) => read<{ history: Step[] }>(`${path}/history`, {}, signal),
  })
  return (
    <Card title="History" note={`${count(version)} ${version === 1 ? 'version' : 'versions'}`}>
      <Answer query={query} what="its history">
        {({ history }) =>
          history.length === 0 ? (
            <Empty title="Nothing happened to it yet" />
          ) : (
            <ol className={styles.steps}>
              {history.map((step) => (
                <li key={step.version}>
                  <p>
                    <strong>{stepOf(step)}</strong> by {step.by}, {time(step.at)} UTC
                  </p>
                  {step.reason && <p>{step.reason}</p>}
                  {changesOf(step).map(({ member, from, to }) => (
                    <p key={member} className={basics.soft}>
                      {member.replaceAll('_', ' ')}: {listed(from) ? `${listed(from)} → ` : ''}
                      {listed(to) || 'nothing'}
                    </p>
                  ))}
                </li>
              ))}
            </ol>
          )
        }
      </Answer>
    </Card>
  )
}
