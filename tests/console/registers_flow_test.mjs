// Something new comes in by the console: questions, the tier and why, reviews by others, a written decision by somebody
// else; for each tier. And what nobody registered appears by itself. On SQLite, and on a PostgreSQL (STORAGE).

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { kRoot } from '../upstream/reeve_process.mjs'
import { askModel, House, kStorage, until } from './house.mjs'
import { axe, beyondTheEdge, settle, shoot } from './looking.mjs'

const house = new House()
const name = (what) => `registers-${kStorage}-${what}`
const shipped = (file) => fs.readFileSync(path.join(kRoot, 'governance', file), 'utf8')

// The reviewers that ship, as groups of people's keys.
const kReviewers = {
  'sec@example.com': 'security-reviewers',
  'law@example.com': 'legal-reviewers',
  'dpo@example.com': 'privacy-reviewers',
  'boss@example.com': 'governance-council',
  'chair@example.com': 'governance-council',
}

before(async () => {
  await house.start({
    files: {
      'questions.yaml': shipped('intake/questions.yaml'),
      'reviews.yaml': shipped('reviews/reviews.yaml'),
    },
    bindings: { approver: `lead@example.com, ${Object.keys(kReviewers).join(', ')}` },
  })
  for (const [person, group] of Object.entries(kReviewers)) {
    await house.reeve.createKey(person, '--group', group)
  }
})
afterEach(() => house.closePages())
after(() => house.end())

async function answer(page, question, choice) {
  const group = page.getByRole('group', { name: question })
  await group.getByLabel(choice, { exact: true }).check()
}

// Answers in words, as the questions that ship have them.
const kBasis = [
  [/what is the most sensitive data/i, 'What is public anyway'],
  [/without a person looking first/, 'It suggests; a person decides each time'],
  [/decide about people/, 'No'],
  [/Where does it run/, 'On our own workstations'],
  [/In which region/, 'European Union'],
  [/train models with our data/, 'No, by contract'],
  [/Where will it be used/, 'By developers, for development'],
]
const kTiers = [
  { tier: 1, title: 'A spelling checker', answers: [] },
  {
    tier: 2,
    title: 'An assistant for contracts',
    answers: [[0, 'Confidential data: contracts, figures, security configuration']],
  },
  {
    tier: 3,
    title: 'A triage of patients',
    answers: [[0, 'Health, payment cards, or other data that the law protects in particular']],
  },
]

async function fillIn(page, answers) {
  await page.getByLabel(/What is it for/).fill('To see how something new comes in')
  await page.getByLabel(/Which groups/).fill('developers')
  await page.getByLabel(/Who offers it/).fill('Example AI')
  for (const [i, [question, choice]] of kBasis.entries()) {
    const other = answers.find(([at]) => at === i)?.[1]
    await answer(page, question, other ?? choice)
  }
}

async function review(person, title, checklist) {
  const page = await house.pageOf(person, 'approvals')
  await page.getByRole('region', { name: 'What waits for you' }).getByRole('link', { name: title }).click()
  await page.getByRole('button', { name: new RegExp(`^Review… ${checklist}`, 'i') }).click()
  const dialog = page.getByRole('dialog')
  for (const yes of await dialog.getByLabel('Yes').all()) await yes.check()
  await dialog.getByLabel('It passes').check()
  if (checklist === 'Security') assert.deepEqual(await axe(page), [])
  await shoot(page, name(`review-${checklist}`))
  await dialog.getByRole('button', { name: 'Put on record' }).click()
  await dialog.waitFor({ state: 'detached' })
  return page
}

async function decide(page, reason) {
  await page.getByRole('button', { name: 'Decide…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Approve', { exact: true }).check()
  await dialog.getByLabel('Reason').fill(reason)
  await dialog.getByRole('button', { name: 'Put on record' }).click()
  await dialog.waitFor({ state: 'detached' })
}

for (const { tier, title, answers } of kTiers) {
  test(`tier ${tier}: from the questions to the decision, and never by whoever asked`, async () => {
    // Who asks may approve what others ask for.
    const lead = await house.pageOf('lead', 'inventory')
    await lead.getByRole('button', { name: 'Register something' }).click()
    await lead.getByRole('dialog').getByLabel('Name').fill(title)
    await lead.getByRole('button', { name: 'To the questions' }).click()
    await lead.getByRole('heading', { name: title }).waitFor()
    await lead.getByText(/10 answers are missing/).waitFor()
    if (tier === 1) {
      await shoot(lead, name('questions'))
      assert.deepEqual(await axe(lead), [])
    }
    await fillIn(lead, answers)
    await lead.getByText(`Tier ${tier} of 3`).waitFor()
    await shoot(lead, name(`tier-${tier}-asked`))
    assert.equal(await lead.getByRole('button', { name: 'Decide…' }).count(), 0)
    assert.equal(await lead.getByRole('button', { name: /^Review/ }).count(), 0)
    const address = new URL(lead.url()).pathname.replace('/console/', '')
    const id = address.split('/').at(-1)
    const refused = await lead.evaluate(async (at) => {
      const { intake } = await (await fetch(at)).json()
      const body = JSON.stringify({ decision: 'approve', reason: 'my own', digest: intake.digest })
      return (await fetch(`${at}/decision`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }))
        .status
    }, `/api/v1/intake/${id}`)
    assert.equal(refused, 403)

    if (tier >= 2) {
      await review('sec@example.com', title, 'Security')
      await review('dpo@example.com', title, 'Privacy')
      await review('law@example.com', title, 'Legal')
    }
    const boss = await house.pageOf('boss', address)
    await decide(boss, 'As discussed on Monday')
    if (tier === 3) {
      await boss.getByText(/2 people have to say yes/).waitFor()
      const chair = await house.pageOf('chair@example.com', address)
      await decide(chair, 'I agree')
      await boss.reload()
    }
    await boss.getByText('Approved', { exact: true }).first().waitFor()
    await shoot(boss, name(`tier-${tier}-decided`))
    assert.deepEqual(await axe(boss), [])
    await boss.getByRole('link', { name: title }).click()
    await boss.getByText(`Risk tier ${tier} of 3`).waitFor()
    await settle(boss)
    await shoot(boss, name(`tier-${tier}-item`))
    assert.deepEqual(await axe(boss), [])
    assert.deepEqual(
      house.complaintsOf(lead, boss).filter((text) => !/\b403\b/.test(text)),
      [],
    )
  })
}

test('what calls use and nobody registered appears by itself; what is not used any more is retired', async () => {
  const { secret } = await house.reeve.createKey('ada@example.com')
  await askModel(house.reeve, secret, { model: 'practice-large' })
  const admin = await house.pageOf('admin', 'inventory')
  await until('it is seen', async () => {
    await admin.reload()
    await admin.getByRole('region', { name: 'Inventory' }).waitFor()
    return admin.getByText(/seen in calls, and not registered/).count()
  })
  await shoot(admin, name('inventory'))
  assert.deepEqual(await axe(admin), [])
  await admin.getByRole('link', { name: 'Show them' }).first().click()
  await admin
    .getByRole('link', { name: /practice-large/ })
    .first()
    .click()
  await admin.getByText('Calls use it, and nobody registered it.').waitFor()
  await shoot(admin, name('seen'))
  await admin.goto(`${house.reeve.url}/console/inventory?text=spelling`)
  await admin.getByRole('link', { name: 'A spelling checker' }).click()
  await admin.getByRole('button', { name: 'Decommission…' }).click()
  await admin.getByRole('dialog').getByLabel('Reason').fill('Nobody needs it')
  await admin.getByRole('dialog').getByRole('button', { name: 'Decommission' }).click()
  await admin.getByText('Decommissioned', { exact: true }).waitFor()
  assert.match(await admin.textContent('main'), /by admin@example\.com.*Nobody needs it/s)
  await shoot(admin, name('retired'))
  assert.deepEqual(house.complaintsOf(admin), [])
})

// As another client would: what was read, with something else in it.
const changeByApi = (page, changes) =>
  page.evaluate(async (given) => {
    const at = `/api/v1/inventory/${location.pathname.split('/').at(-1)}`
    const answer = await fetch(at)
    const { item } = await answer.json()
    const whole = ['kind', 'title', 'owner', 'purpose', 'users', 'provider', 'data_classes', 'environment', 'hosting']
    const more = ['region', 'retention', 'training_use', 'human_review', 'guardrails', 'seen_as', 'notes']
    const kept = [...whole, ...more].filter((name) => item[name] !== undefined).map((name) => [name, item[name]])
    const body = JSON.stringify({ ...Object.fromEntries(kept), ...given })
    const headers = { 'content-type': 'application/json', 'if-match': answer.headers.get('etag') }
    return (await fetch(at, { method: 'PUT', headers, body })).status
  }, changes)

test('two people change an item at once: nobody overwrites what they have not seen', async () => {
  const admin = await house.pageOf('admin', 'inventory?text=contracts')
  await admin.getByRole('link', { name: 'An assistant for contracts' }).click()
  await admin.getByRole('button', { name: 'Change…' }).click()
  const dialog = admin.getByRole('dialog')
  assert.equal(await dialog.getByRole('button', { name: 'Save' }).isDisabled(), true)
  await dialog.getByLabel('Notes').fill('Written here')
  await dialog.getByLabel('Owner').fill('mine@example.com')
  assert.equal(await changeByApi(admin, { owner: 'theirs@example.com', guardrails: ['A person looks'] }), 200)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('Somebody else changed it while you wrote.').waitFor()
  assert.equal(await dialog.getByLabel('Owner').inputValue(), 'mine@example.com')
  assert.equal(await dialog.getByLabel('Guardrails').inputValue(), 'A person looks')
  assert.match(await dialog.textContent(), /Owner is now: theirs@example\.com \(you wrote something else\)/)
  assert.deepEqual(await axe(admin), [])
  await shoot(admin, name('changed-meanwhile'))
  await dialog.getByRole('button', { name: 'Take theirs Owner' }).click()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  await admin.getByText('Written here').first().waitFor()
  const told = await admin.textContent('main')
  assert.match(told, /theirs@example\.com/)
  assert.match(told, /A person looks/)
  // What was approved is not changed without a word.
  await admin.getByText('Approved', { exact: true }).first().waitFor()
  await admin.getByRole('button', { name: 'Change…' }).click()
  await dialog.getByLabel('Region').fill('Antarctica')
  await dialog.getByText('With this change it is proposed again').waitFor()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await admin.getByText('Proposed', { exact: true }).first().waitFor()
  assert.deepEqual(
    house.complaintsOf(admin).filter((text) => !/\b412\b/.test(text)),
    [],
  )
})

for (const colorScheme of ['light', 'dark']) {
  test(`the registers' pages in ${colorScheme}, narrow and wide: axe finds nothing`, async () => {
    const page = await house.pageOf('boss', '', { colorScheme })
    const one = await page.evaluate(async () => {
      const { items } = await (await fetch('/api/v1/inventory')).json()
      const { intakes } = await (await fetch('/api/v1/intake')).json()
      return [`inventory/${items[0].item.id}`, `intake/${intakes[0].id}`]
    })
    for (const address of ['inventory', 'intake', 'approvals', ...one]) {
      for (const width of [1360, 640]) {
        await page.setViewportSize({ width, height: 900 })
        await page.goto(`${house.reeve.url}/console/${address}`)
        await settle(page)
        assert.deepEqual(await axe(page), [], address)
        assert.ok((await beyondTheEdge(page)) <= 0, `${address} at ${width}`)
        await shoot(
          page,
          name(`${address.split('/')[0]}${address.includes('/') ? '-one' : ''}-${colorScheme}-${width}`),
        )
      }
    }
    assert.deepEqual(house.complaintsOf(page), [])
  })
}
