// Small conveniences. Every page works without this file.
(() => {
  'use strict'
  const on = (event, act) => document.addEventListener(event, act)
  const done = new WeakSet()
  const each = (selector, act) => {
    for (const el of document.querySelectorAll(selector)) {
      if (!done.has(el)) { done.add(el); act(el) }
    }
  }

  // enhance looks at the page when it is there and again after htmx changed it.
  function enhance() {
    each('[data-focus]', (el) => el.focus()) // the error summary is where reading goes on
    each('[data-auto-hide]', (el) => { el.hidden = true })
    each('[data-continue]', wait)
  }

  // A form that was just sent is on its way; to go elsewhere now would stop it.
  const sending = () => document.querySelector('form[data-sent]') !== null

  // A waiting page goes on by itself: data-continue names an address that answers 204 until
  // there is something, then 200 with the next address as text.
  function wait(el) {
    let left = 200
    const again = async () => {
      if (!el.isConnected || left-- <= 0) return
      if (!document.hidden && !sending()) {
        try {
          const r = await fetch(el.dataset.continue, { headers: { Accept: 'text/plain' }, cache: 'no-store' })
          const to = r.status === 200 ? (await r.text()).trim() : ''
          if (/^\/(?![/\\])/.test(to) && !sending()) return location.assign(to)
        } catch { /* offline: try again */ }
      }
      setTimeout(again, 3000)
    }
    setTimeout(again, 2000)
  }

  on('DOMContentLoaded', enhance)
  on('htmx:after:swap', enhance)

  // A form that only filters sends itself; its button is for those without script.
  on('change', (e) => {
    const form = e.target.form
    if (form && form.hasAttribute('data-auto')) form.requestSubmit()
  })

  // A form that asks while somebody types: data-live names the part of the answer that is shown. What
  // cannot be understood yet leaves the part as it was; the button says what is wrong.
  let pause, asked
  on('input', (e) => {
    const form = e.target.form
    const part = form && form.dataset.live
    if (!part) return
    clearTimeout(pause)
    pause = setTimeout(async () => {
      if (asked) asked.abort()
      asked = new AbortController()
      const to = new URL(form.action)
      to.search = new URLSearchParams(new FormData(form))
      try {
        const r = await fetch(to, { signal: asked.signal, cache: 'no-store' })
        if (!r.ok || r.redirected) return
        const page = new DOMParser().parseFromString(await r.text(), 'text/html')
        const fresh = page.querySelector(part)
        if (fresh && !page.querySelector('form[data-live] [aria-invalid=true]')) document.querySelector(part).replaceWith(fresh)
      } catch { /* another question came, or offline */ }
    }, 250)
  })

  on('click', (e) => { if (e.target.closest('[data-print]')) print() })

  on('submit', (e) => {
    const form = e.target
    // Signing out leaves nothing of ours on a borrowed phone.
    if (form.hasAttribute('data-forget')) {
      try { localStorage.clear(); sessionStorage.clear() } catch { /* storage may be off */ }
    }
    // A second click on a slow line does not send twice. The server would notice anyway.
    if (form.method === 'post' && !form.hasAttribute('hx-post')) {
      if (form.dataset.sent) e.preventDefault()
      form.dataset.sent = '1'
      setTimeout(() => delete form.dataset.sent, 4000)
    }
  })

  // "Back" to a page of somebody who signed out shows it fresh, which is the sign-in.
  addEventListener('pageshow', (e) => { if (e.persisted && document.querySelector('form[data-forget]')) location.reload() })
})()
