// Light, dark, or as the system has it. Kept in this browser only.

export type Theme = 'light' | 'dark' | 'system'
const kKept = 'reeve-theme'

export function currentTheme(): Theme {
  try {
    const kept = localStorage.getItem(kKept)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    return 'system'
  }
}

export function applyTheme(theme: Theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  try {
    if (theme === 'system') localStorage.removeItem(kKept)
    else localStorage.setItem(kKept, theme)
  } catch {
    // It holds until the page is closed.
  }
}
