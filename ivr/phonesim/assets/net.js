// What the pages share: requests, small DOM helpers, times, the top bar.

export async function call(method, path, body) {
  const init = { method, headers: {} };
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  let res;
  try {
    res = await fetch(path, init);
  } catch {
    throw new Error("The simulator does not answer. Is it still running?");
  }
  const data = await res.json().catch(() => ({}));
  if (!res.ok) throw new Error(data.error || `The simulator answered ${res.status}.`);
  return data;
}

// el("button.primary", {type: "button"}, "Send") makes an element; text is never HTML.
export function el(spec, attrs = {}, ...kids) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attrs)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...kids.filter((k) => k != null));
  return node;
}

export function time(value, zone, options = { hour: "numeric", minute: "2-digit" }) {
  const at = new Date(value);
  try {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: zone || undefined }).format(at);
  } catch {
    return new Intl.DateTimeFormat("en-US", options).format(at);
  }
}

export const day = (value, zone) => time(value, zone, { weekday: "short", month: "short", day: "numeric" });

export function trouble(err) {
  const box = document.getElementById("trouble");
  box.textContent = err ? err.message : "";
  box.hidden = !err;
}

// One promise after the other: keys arrive in the order they were pressed.
export function queue() {
  let last = Promise.resolve();
  return (job) => (last = last.then(job, job).catch(trouble));
}

// speaking says whether the voice is switched on; the switch is remembered.
export function speaking() {
  return document.getElementById("speak").checked;
}

// bar runs the clock, its buttons and the voice switch. The function it returns
// sets the clock right and gives the network's time zone.
export function bar() {
  const clock = document.getElementById("clock");
  const speak = document.getElementById("speak");
  let ahead = 0;
  let zone = "";
  const show = () => {
    const now = Date.now() + ahead;
    clock.textContent = time(now, zone, { weekday: "short", hour: "numeric", minute: "2-digit", second: "2-digit" });
    clock.title = time(now, zone, { dateStyle: "full" });
    clock.dateTime = new Date(now).toISOString();
  };
  const sync = async () => {
    const c = await call("GET", "/sim/clock");
    ahead = new Date(c.now) - Date.now();
    zone = c.zone;
    show();
    return zone;
  };
  for (const b of document.querySelectorAll("[data-advance]")) {
    b.addEventListener("click", async () => {
      b.disabled = true;
      try {
        await call("POST", "/sim/clock/advance", { seconds: Number(b.dataset.advance) });
        trouble(null);
      } catch (err) {
        trouble(err);
      }
      b.disabled = false;
    });
  }
  speak.checked = localStorage.getItem("speak") === "on";
  speak.addEventListener("change", () => {
    localStorage.setItem("speak", speak.checked ? "on" : "off");
    if (!speak.checked && window.speechSynthesis) speechSynthesis.cancel();
  });
  setInterval(show, 1000);
  return sync;
}

// live calls changed() now and whenever something happened, never twice at once.
export function live(numbers, changed) {
  let busy = false;
  let again = false;
  const run = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      await changed();
      trouble(null);
    } catch (err) {
      trouble(err);
    }
    busy = false;
    if (again) {
      again = false;
      setTimeout(run, 60);
    }
  };
  let source;
  const open = () => {
    if (source) source.close();
    const query = numbers().map((n) => "phone=" + encodeURIComponent(n)).join("&");
    source = new EventSource("/sim/events?" + query);
    source.addEventListener("change", run);
    source.addEventListener("error", () => trouble(new Error("The simulator does not answer. Is it still running?")));
  };
  open();
  return { run, reopen: open };
}
