// Somebody is signed in and may see nothing yet: what is missing, and who gives it.

import type { Me } from '../api'
import { Code, Empty } from '../parts/basics'

export function NoRole({ me }: { me: Me }) {
  const binding = ['kind: RoleBinding', 'name: viewers', 'role: viewer', `people: [${JSON.stringify(me.person)}]`].join(
    '\n',
  )
  return (
    <Empty title={`You are signed in as ${me.person}, and have no role that shows spend`}>
      <p>
        Roles say what people see and decide here. Whoever runs Reeve gives you one with a document in the governance
        directory, by name or by one of your groups{me.groups.length > 0 && ` (${me.groups.join(', ')})`}:
      </p>
      <Code>{binding}</Code>
      <p>It holds from the moment that it is read, a second later. Load this page again then.</p>
    </Empty>
  )
}
