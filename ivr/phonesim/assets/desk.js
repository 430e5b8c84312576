// The desk: a list of phones, two of them open, faults, the log.
import { bar, call, el, live, trouble } from "./net.js";
import { Handset } from "./handset.js";
import { log } from "./log.js";

const slots = document.getElementById("slots");
const list = document.getElementById("phones");
const pick = document.getElementById("pick");
const ringing = document.getElementById("ringing");
const open = []; // the phones on the desk, left to right
const syncClock = bar();
const syncLog = log();
let order = 0;

const wide = () => window.matchMedia("(min-width: 70rem)").matches;

function place(number) {
  const already = open.find((h) => h.number === number);
  if (already) {
    already.order = ++order;
    already.root.scrollIntoView({ block: "nearest" });
    return;
  }
  const h = new Handset(number, { close: () => putAway(h) });
  h.order = ++order;
  const most = wide() ? 2 : 1;
  if (open.length >= most) {
    // The one opened longest ago makes room, but not in the middle of a call.
    const idle = open.filter((x) => !(x.view && x.view.call));
    const oldest = (idle.length ? idle : open).reduce((a, b) => (a.order < b.order ? a : b));
    const i = open.indexOf(oldest);
    oldest.root.replaceWith(h.root);
    open[i] = h;
  } else {
    open.push(h);
    slots.append(h.root);
  }
  remember();
}

function putAway(h) {
  open.splice(open.indexOf(h), 1);
  h.root.remove();
  remember();
}

function remember() {
  const url = new URL(location.href);
  url.searchParams.set("phones", open.map((h) => h.number).join(","));
  history.replaceState(null, "", url);
  stream.reopen();
  stream.run();
}

function renderList(rows) {
  const isOpen = (n) => open.some((h) => h.number === n);
  const key = JSON.stringify([rows, open.map((h) => h.number)]);
  if (key === renderList.key) return;
  renderList.key = key;
  const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.number : "";
  list.replaceChildren(...rows.map((p) => el("li", {},
    el("button", { type: "button", "data-number": p.number, "aria-pressed": String(isOpen(p.number)), onclick: () => place(p.number) },
      el("span.label", {}, p.label, badge(p)),
      el("span.quiet", {}, p.label === p.display ? (p.note || "") : p.display + (p.landline ? " · landline" : "")),
      p.last ? el("span.last", {}, p.last) : null))));
  if (focused && list.contains(document.querySelector(`#phones [data-number="${focused}"]`))) {
    document.querySelector(`#phones [data-number="${focused}"]`).focus();
  }
  const current = open.length ? open[open.length - 1].number : "";
  pick.replaceChildren(...rows.map((p) => el("option", { value: p.number, selected: p.number === current },
    p.label + (p.inCall === "ringing" ? " (ringing)" : ""))));
  const rings = rows.filter((p) => p.inCall === "ringing" && !isOpen(p.number));
  ringing.hidden = rings.length === 0;
  ringing.replaceChildren(...rings.slice(0, 3).map((p) => el("span", {}, `${p.label}: the phone is ringing. `,
    el("button", { type: "button", onclick: () => place(p.number) }, "Open"))));
}

function badge(p) {
  if (p.inCall === "ringing") return el("span.badge.amber", {}, "rings");
  if (p.inCall) return el("span.badge.teal", {}, "in call");
  return null;
}

async function refresh() {
  const [{ phones }, zone, faults] = await Promise.all([
    call("GET", "/sim/phones"), syncClock(), call("GET", "/sim/faults"),
    ...open.map((h) => h.refresh()),
  ]);
  renderList(phones);
  showFaults(faults.faults);
  await syncLog(zone);
}

// Faults: the switches set simple ones; finer ones set by the API are kept.
const drawer = document.getElementById("faults");
let faults = [];
function showFaults(now) {
  faults = now;
  document.getElementById("fault-count").textContent = now.length ? ` (${now.length} on)` : "";
  document.getElementById("open-faults").classList.toggle("on", now.length > 0);
  for (const box of drawer.querySelectorAll("input")) box.checked = now.some((f) => f.kind === box.value);
}
document.getElementById("open-faults").addEventListener("click", () => drawer.showModal());
drawer.addEventListener("change", async (e) => {
  const kind = e.target.value;
  const rest = faults.filter((f) => f.kind !== kind).map(({ used, ...f }) => f);
  if (e.target.checked) rest.push({ kind });
  try {
    showFaults((await call("PUT", "/sim/faults", { faults: rest })).faults);
  } catch (err) {
    trouble(err);
  }
});
document.getElementById("reset").addEventListener("click", async () => {
  try {
    await call("POST", "/sim/reset", {});
    drawer.close();
  } catch (err) {
    trouble(err);
  }
});

pick.addEventListener("change", () => place(pick.value));
document.getElementById("other").addEventListener("submit", async (e) => {
  e.preventDefault();
  const input = document.getElementById("other-number");
  const hint = document.getElementById("other-hint");
  try {
    const v = await call("GET", "/sim/phones/" + encodeURIComponent(input.value.trim()));
    input.value = "";
    hint.textContent = "Any 555-0100 to 555-0199";
    hint.classList.remove("bad");
    place(v.number);
  } catch (err) {
    hint.textContent = err.message;
    hint.classList.add("bad");
  }
});

const stream = live(() => open.map((h) => h.number), refresh);
const asked = (new URL(location.href).searchParams.get("phones") || "").split(",").filter(Boolean);
if (asked.length) {
  for (const n of asked.slice(0, wide() ? 2 : 1)) place(n.startsWith("+") ? n : "+" + n.trim());
} else {
  call("GET", "/sim/phones").then(({ phones }) => {
    for (const p of phones.slice(0, wide() ? 2 : 1)) place(p.number);
  }).catch(trouble);
}
