// The log below the phones: requests in both directions, newest first.
import { call, el, time } from "./net.js";

export function log(concerns = () => true) {
  const list = document.getElementById("log");
  const empty = document.getElementById("log-empty");
  let last = 0;
  let show = "";
  for (const b of document.querySelectorAll("[data-show]")) {
    b.addEventListener("click", () => {
      show = b.dataset.show;
      for (const o of document.querySelectorAll("[data-show]")) o.setAttribute("aria-pressed", String(o === b));
      for (const row of list.children) row.hidden = hidden(row);
    });
  }
  const hidden = (row) => Boolean(show) && row.dataset.kind !== show && !(show === "error" && row.classList.contains("failed"));

  return async (zone) => {
    let data = await call("GET", "/sim/log?after=" + last);
    if (data.entries.length === 0 && last > 0) {
      const all = await call("GET", "/sim/log?after=0");
      if (all.entries.length === 0) { list.replaceChildren(); last = 0; }
    }
    for (const e of data.entries) {
      last = Math.max(last, e.id);
      if (!concerns(e)) continue;
      const row = line(e, zone);
      row.hidden = hidden(row);
      list.prepend(row);
    }
    while (list.children.length > 300) list.lastChild.remove();
    empty.hidden = list.children.length > 0;
  };
}

const KINDS = {
  rest: ["API", "The application asked the network"],
  webhook: ["Webhook", "The network asked the application"],
  error: ["Error", "What Twilio's debugger would show"],
  phone: ["Desk", "Done on this page"],
};

function line(e, zone) {
  const [label, help] = KINDS[e.kind] || [e.kind, ""];
  const bad = e.kind === "error" || e.code > 0 || e.status >= 400;
  const state = e.status ? String(e.status) : e.code ? String(e.code) : "";
  const title = e.kind === "rest" ? `${e.method} ${e.url}` : e.kind === "webhook" ? `${e.method} ${path(e.url)}` : e.summary;
  const head = el("summary", {},
    el("time", {}, time(e.at, zone, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })),
    el("span.kind." + e.kind, { title: help }, label),
    el("span.what", {}, title, gist(e) ? el("span.gist", {}, gist(e)) : null),
    el("span.code" + (bad ? ".bad" : ""), {}, state));
  const rows = Object.entries(e.params || {}).sort().map(([k, v]) => el("tr", {}, el("th", { scope: "row" }, k), el("td", {}, v)));
  return el("li" + (bad ? ".failed" : ""), { "data-kind": e.kind },
    el("details", {}, head, el("div.inside", {},
      e.summary && title !== e.summary ? el("p", {}, e.summary) : null,
      e.sid ? el("p.sid", {}, e.sid) : null,
      e.kind === "webhook" ? el("p.sid", {}, e.url) : null,
      rows.length ? el("table", {}, el("tbody", {}, ...rows)) : null,
      e.response ? el("pre", {}, pretty(e.response)) : null)));
}

// gist is what one wants to see of a request without opening it.
function gist(e) {
  const p = e.params || {};
  if (e.kind === "error" || e.kind === "phone") return "";
  const bits = [];
  if (p.MessageStatus && p.MessageStatus !== "received") bits.push(p.MessageStatus + (p.ErrorCode ? " " + p.ErrorCode : ""));
  else if (p.CallbackSource) bits.push(p.CallStatus);
  if (p.Digits !== undefined) bits.push(`keys ${p.Digits || "none"}`);
  if (p.Body) bits.push(p.Body);
  else if (p.CallSid && p.CallStatus && bits.length === 0) bits.push(`${p.Direction === "inbound" ? "call from " + p.From : "call to " + p.To}, ${p.CallStatus}`);
  else if (p.To && bits.length === 0) bits.push("to " + p.To);
  if (e.summary) bits.push(e.summary);
  return bits.join(" · ");
}

function path(url) {
  try {
    const u = new URL(url);
    return u.pathname + u.search;
  } catch {
    return url;
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
