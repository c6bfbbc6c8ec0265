// A browser as far as attacks need one: cookies by host, redirects, forms. Real pages are for the real browser.

export class HttpBrowser {
  cookies = new Map()

  // Follows redirects as long as `follow` says so.
  async visit(address, { form, headers = {}, follow = () => true, redirects = 0 } = {}) {
    const url = new URL(address)
    const jar = this.cookies.get(url.host) ?? new Map()
    this.cookies.set(url.host, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { ...(cookie ? { cookie } : {}), ...headers },
      body: form ? new URLSearchParams(form) : undefined,
    })
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s)
      if (value) jar.set(name, value)
      else jar.delete(name)
    }
    const next = response.headers.get('location')
    const target = next && new URL(next, url).href
    if (target && redirects < 12 && follow(target)) return this.visit(target, { follow, redirects: redirects + 1 })
    const text = await response.text()
    return { status: response.status, address: url.href, location: target, headers: response.headers, text }
  }

  cookieOf(address) {
    return [...(this.cookies.get(new URL(address).host) ?? [])].map(([name, value]) => ({ name, value }))
  }
}

// Hidden fields of a page's form.
export function hiddenFields(text) {
  const fields = {}
  const inputs = text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)
  for (const [, name, value] of inputs) fields[name] = value
  return fields
}

// Where a page that goes on by itself leads.
export const refreshTarget = (answer) => answer.headers.get('refresh')?.replace(/^0;url=/, '')
