import { Card, Facts, Notice, Page, Tag } from '../parts/basics'
import { usePerson } from '../session'

const list = (names: string[]) =>
  names.map((name) => (
    <span key={name}>
      <Tag>{name}</Tag>{' '}
    </span>
  ))

export function You() {
  const me = usePerson()
  return (
    <Page title="You" lead="Who Reeve takes you for, and what is yours to see and decide here.">
      <Card title={me.person}>
        <Facts
          rows={[
            ['Team', me.team],
            ['Groups', me.groups.length > 0 ? list(me.groups) : 'none'],
            ['Roles', me.roles.length > 0 ? list(me.roles) : me.decided_by === 'roles' ? 'none' : 'not in use here'],
            ['You may', me.permissions.length > 0 ? list(me.permissions) : 'nothing yet'],
          ]}
        />
      </Card>
      {me.decided_by === 'scopes' && (
        <Notice>
          <p>
            No roles are set up: whoever may run commands on this machine may do everything. With more people, give them
            roles in the governance directory (<code>kind: RoleBinding</code>).
          </p>
        </Notice>
      )}
    </Page>
  )
}
