// One phone on its own page, with the part of the log that concerns it.
import { bar, live } from "./net.js";
import { Handset } from "./handset.js";
import { log } from "./log.js";

const number = document.body.dataset.number;
const handset = new Handset(number, { alone: true });
document.getElementById("slots").append(handset.root);
const syncClock = bar();

const syncLog = log((e) => {
  const p = e.params || {};
  if (p.To === number || p.From === number) return true;
  const v = handset.view;
  const sids = v ? [...v.thread, ...v.history, ...(v.call ? [v.call] : [])].map((x) => x.sid) : [];
  return sids.includes(e.sid) || sids.some((s) => (e.url || "").includes(s));
});

live(() => [number], async () => {
  const [zone] = await Promise.all([syncClock(), handset.refresh()]);
  await syncLog(zone);
});
