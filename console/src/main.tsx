import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api'
import { Loading, Problem } from './parts/basics'
import { SignIn } from './pages/SignIn'
import { router } from './router'
import { queries, useMe } from './session'
import { applyTheme, currentTheme } from './theme'
import './tokens.css'

applyTheme(currentTheme())

function Door() {
  const me = useMe()
  if (me.error instanceof ApiError && me.error.status === 401) return <SignIn />
  if (me.error) {
    return (
      <main>
        <Problem error={me.error} retry={() => void me.refetch()} />
      </main>
    )
  }
  if (!me.data)
    return (
      <main>
        <Loading what="who you are" />
      </main>
    )
  return <RouterProvider router={router} />
}

const place = document.getElementById('root')
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Door />
      </QueryClientProvider>
    </StrictMode>,
  )
}
