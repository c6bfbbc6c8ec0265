// What the console takes an answer for must be what the description says it is: each line is an error of the compiler
// where an answer of that shape would not fit the console's type.

import type * as api from './api'
import type { components } from './contract'

type Schemas = components['schemas']
type Fits<Told extends Taken, Taken> = Told

export type Checked = [
  Fits<Schemas['Me'], api.Me>,
  Fits<Schemas['SpendReport'], api.SpendReport>,
  Fits<Schemas['SpendChanges'], api.SpendChanges>,
  Fits<Schemas['Forecast'], api.Forecast>,
  Fits<Schemas['SavingsAdvice'], api.SavingsAdvice>,
  Fits<Schemas['ContentFlow'], api.ContentFlow>,
  Fits<Schemas['Exception'], api.ExceptionRequest>,
  Fits<Schemas['SessionRow'], api.SessionRow>,
  Fits<Schemas['SessionCall'], api.SessionCall>,
  Fits<Schemas['Entry'], Pick<api.Entry, 'seq' | 'time' | 'kind' | 'request_id' | 'session_id'>>,
  Fits<Schemas['Cutoff'], api.Cutoff>,
  Fits<Schemas['BudgetState'], api.Budget>,
]
