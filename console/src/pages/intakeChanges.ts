// Where an intake is changed, and what has to be read again then: its item, and what waits for whom.

import { queries } from '../session'

export const intakePath = (id: string) => `/api/v1/intake/${encodeURIComponent(id)}`

export function readAgain() {
  for (const key of ['/api/v1/intake', '/api/v1/inventory', '/api/v1/inventory/drift', '/api/v1/approvals']) {
    void queries.invalidateQueries({ queryKey: [key] })
  }
}
