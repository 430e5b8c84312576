// Small conveniences. Every page works without this file.
(() => {
  'use strict'
  const all = (root, sel) => [...(root.matches && root.matches(sel) ? [root] : []), ...root.querySelectorAll(sel)]

  function enhance(root) {
    // The error summary is where reading goes on.
    const summary = all(root, '[data-focus]')[0]
    if (summary) summary.focus()

    // A form that only filters sends itself; its button is for those without script.
    for (const form of all(root, 'form[data-auto]')) {
      for (const b of form.querySelectorAll('[data-auto-hide]')) b.hidden = true
      form.addEventListener('change', () => form.requestSubmit())
    }

    // A second click on a slow line does not send twice. The server would notice anyway.
    for (const form of all(root, 'form[method="post"]')) {
      form.addEventListener('submit', (e) => {
        if (form.dataset.sent) e.preventDefault()
        form.dataset.sent = '1'
        setTimeout(() => delete form.dataset.sent, 4000)
      })
    }

    // Waiting pages go on by themselves: data-continue names an address that answers 204
    // until there is something, then 200 with the next address as text.
    for (const el of all(root, '[data-continue]')) wait(el)

    for (const b of all(root, '[data-print]')) b.addEventListener('click', () => print())

    // Signing out leaves nothing of ours on a borrowed phone.
    for (const form of all(root, 'form[data-forget]')) {
      form.addEventListener('submit', () => {
        try { localStorage.clear(); sessionStorage.clear() } catch { /* storage may be off */ }
      })
    }
  }

  function wait(el) {
    let left = 200
    const again = async () => {
      if (!el.isConnected || left-- <= 0) return
      if (!document.hidden) {
        try {
          const r = await fetch(el.dataset.continue, { headers: { Accept: 'text/plain' }, cache: 'no-store' })
          if (r.status === 200) {
            const to = (await r.text()).trim()
            if (/^\/(?!\/)/.test(to)) { location.assign(to); return }
          }
        } catch { /* offline: try again */ }
      }
      setTimeout(again, 3000)
    }
    setTimeout(again, 2000)
  }

  document.addEventListener('DOMContentLoaded', () => enhance(document))
  document.addEventListener('htmx:after:swap', (e) => { if (e.target instanceof Element) enhance(e.target) })
  // Back to a page that is no longer open to you shows it fresh.
  addEventListener('pageshow', (e) => { if (e.persisted && document.querySelector('form[data-forget]')) location.reload() })
})()
