// One phone: its texts, its calls, its keys. Everything shown comes from
// GET /sim/phones/{number}; every action is one request of the management API.
import { call, day, el, queue, speaking, time, trouble } from "./net.js";

const KEYS = [
  ["1", ""], ["2", "ABC"], ["3", "DEF"], ["4", "GHI"], ["5", "JKL"], ["6", "MNO"],
  ["7", "PQRS"], ["8", "TUV"], ["9", "WXYZ"], ["*", ""], ["0", "+"], ["#", ""],
];

const STATUS = {
  completed: "Call", "no-answer": "Missed call", busy: "Line busy or declined",
  failed: "Could not connect", canceled: "Canceled",
};

let made = 0;

export class Handset {
  constructor(number, { close, alone } = {}) {
    this.number = number;
    this.path = "/sim/phones/" + encodeURIComponent(number);
    this.id = "phone-" + ++made;
    this.inOrder = queue();
    this.bubbles = new Map();
    this.tab = "texts";
    this.build(close, alone);
  }

  build(close, alone) {
    const id = this.id;
    this.title = el("h2.name", { id: id + "-name" }, this.number);
    this.sub = el("p.sub");
    this.statusTime = el("time");
    this.thread = el("div.thread", { role: "log", "aria-live": "polite", "aria-label": "Texts", tabindex: "0" });
    this.input = el("textarea", { rows: "1", id: id + "-text", placeholder: "Text message", maxlength: "1600" });
    this.contact = el("select", { id: id + "-to" });
    this.contactLine = el("p.one");
    this.contactBar = el("div.contact", {}, el("label.away", { for: id + "-to" }, "Text to"), this.contact, this.contactLine);
    this.composer = el("form.composer", {
      onsubmit: (e) => { e.preventDefault(); this.send(); },
    },
      el("label.away", { for: id + "-text" }, "Text message"), this.input,
      el("button.send", { type: "submit", "aria-label": "Send text" }, "Send"));
    this.input.addEventListener("keydown", (e) => {
      if (e.key === "Enter" && !e.shiftKey) { e.preventDefault(); this.send(); }
    });
    this.texts = el("div.view.texts", {}, this.contactBar, this.thread, this.composer);

    this.recents = el("ol.recents");
    this.dialButton = el("button.dial", { type: "button", onclick: () => this.dial() }, "Call");
    this.calls = el("div.view.calls", {}, this.dialButton, el("h3", {}, "Recent calls"), this.recents);

    this.tabs = el("div.tabs", { role: "group", "aria-label": "Show" },
      this.tabButton("texts", "Texts"), this.tabButton("calls", "Phone"));
    this.buildCall();

    this.screen = el("div.screen", {},
      el("div.status", {}, this.statusTime, el("span", {}, "Simulated")),
      this.texts, this.calls, this.callView, this.tabs);
    this.body = el("div.body", {}, this.screen, el("span.home", { "aria-hidden": "true" }));
    const links = el("div.links");
    if (!alone) links.append(el("a", { href: "/handset/" + encodeURIComponent(this.number) }, "Open alone"));
    if (close) links.append(el("button.plain", { type: "button", onclick: close }, "Put away"));
    this.root = el("section.handset", { "aria-labelledby": id + "-name", "data-number": this.number },
      el("div.owner", {}, this.title, links, this.sub), this.body);
    this.showTab("texts");
  }

  tabButton(tab, words) {
    return el("button", { type: "button", "data-tab": tab, onclick: () => this.showTab(tab) }, words);
  }

  showTab(tab) {
    this.tab = tab;
    this.texts.hidden = tab !== "texts";
    this.calls.hidden = tab !== "calls";
    for (const b of this.tabs.children) b.setAttribute("aria-pressed", String(b.dataset.tab === tab));
    if (tab === "texts") this.thread.scrollTop = this.thread.scrollHeight;
  }

  buildCall() {
    this.withName = el("p.with");
    this.callState = el("p.state", { role: "status" });
    this.captions = el("div.captions", { role: "log", "aria-live": "polite", "aria-label": "What is heard", tabindex: "0" });
    this.hint = el("p.listening", { role: "status" });
    this.pad = el("div.pad", { role: "group", "aria-label": "Keypad" },
      ...KEYS.map(([key, letters]) => el("button", {
        type: "button", "data-key": key, onclick: () => this.press(key),
        "aria-label": key === "*" ? "Star" : key === "#" ? "Pound" : key,
      }, el("span.key", {}, key), el("span.letters", { "aria-hidden": "true" }, letters))));
    this.words = el("input", { id: this.id + "-words", autocomplete: "off", placeholder: "What you say" });
    this.say = el("form.say", { onsubmit: (e) => { e.preventDefault(); this.speak(); } },
      el("label.away", { for: this.id + "-words" }, "What you say"), this.words,
      el("button", { type: "submit" }, "Say"));
    this.answer = el("button.answer", { type: "button", onclick: () => this.act("answer") }, "Answer");
    this.hangup = el("button.hangup", { type: "button", onclick: () => this.act("hangup") }, "Hang up");
    this.done = el("button.done", { type: "button", onclick: () => this.closeCall() }, "Close");
    this.callView = el("div.call", { hidden: true },
      el("div.call-head", {}, this.callState, this.withName),
      this.captions, this.hint, this.say, this.pad,
      el("div.call-foot", {}, this.hangup, this.answer, this.done));
    this.callView.addEventListener("keydown", (e) => {
      if (e.target.tagName !== "INPUT" && /^[0-9*#]$/.test(e.key)) { e.preventDefault(); this.press(e.key); }
    });
  }

  async refresh() {
    this.render(await call("GET", this.path));
  }

  render(v) {
    this.view = v;
    this.title.textContent = v.label;
    const note = [v.name ? v.display : "", v.landline ? "landline" : "", v.note].filter(Boolean).join(" · ");
    this.sub.textContent = note || "No name set";
    this.statusTime.textContent = time(v.now, v.zone);
    this.root.classList.toggle("landline", Boolean(v.landline));
    if (v.landline && this.tab === "texts") this.showTab("calls");
    this.tabs.hidden = Boolean(v.landline);
    this.renderContacts(v);
    this.renderThread(v);
    this.renderRecents(v);
    this.renderCall(v);
  }

  renderContacts(v) {
    const key = v.contacts.map((c) => c.number).join();
    if (key !== this.contactKey) {
      this.contactKey = key;
      this.contact.replaceChildren(...v.contacts.map((c) => el("option", { value: c.number }, c.label)));
      this.contact.hidden = v.contacts.length < 2;
      this.contactLine.hidden = !this.contact.hidden;
      this.contactLine.textContent = v.contacts.length ? v.contacts[0].label : "The application has no number";
    }
    const first = v.contacts[0];
    this.dialButton.textContent = first ? "Call " + first.label : "No number to call";
    this.dialButton.disabled = !first;
    this.input.disabled = !first;
  }

  contactName(number) {
    const c = this.view.contacts.find((x) => x.number === number);
    return c ? c.label : number;
  }

  renderThread(v) {
    const keep = new Set(v.thread.map((t) => t.sid));
    for (const [sid, node] of this.bubbles) {
      if (!keep.has(sid)) { node.remove(); this.bubbles.delete(sid); this.lastDay = ""; }
    }
    if (!v.thread.length) {
      this.lastDay = "";
      this.thread.replaceChildren(el("p.empty", {}, "No texts yet."));
      this.bubbles.clear();
      return;
    }
    if (!this.bubbles.size) this.thread.replaceChildren();
    const atEnd = this.thread.scrollHeight - this.thread.scrollTop - this.thread.clientHeight < 40;
    for (const t of v.thread) {
      if (this.bubbles.has(t.sid)) continue;
      const group = day(t.at, v.zone);
      if (group !== this.lastDay) {
        this.lastDay = group;
        this.thread.append(el("p.day", {}, group));
      }
      const from = t.direction === "sent" ? "You" : this.contactName(t.with);
      const node = el("div.bubble." + t.direction, {},
        el("span.away", {}, from + ": "),
        el("p", { lang: v.language || null }, t.body),
        el("p.at", {}, v.contacts.length > 1 && t.direction === "received" ? from + " · " : "", time(t.at, v.zone),
          t.segments > 1 ? ` · ${t.segments} segments` : ""));
      this.bubbles.set(t.sid, node);
      this.thread.append(node);
    }
    if (v.stopped.length && !this.stoppedNote) {
      this.stoppedNote = el("p.stopped", {}, "Texts stopped at the network. START opens them again.");
    }
    if (v.stopped.length) this.thread.append(this.stoppedNote);
    else if (this.stoppedNote) { this.stoppedNote.remove(); this.stoppedNote = null; }
    if (atEnd) this.thread.scrollTop = this.thread.scrollHeight;
  }

  renderRecents(v) {
    const key = v.history.map((c) => c.sid).join();
    if (key === this.recentKey) return;
    this.recentKey = key;
    this.recents.replaceChildren(...v.history.map((c) => {
      const way = c.direction === "incoming" ? "from " : "to ";
      const words = c.voicemail ? "Voicemail" : STATUS[c.status] || c.status;
      const head = el("summary", {},
        el("span.what" + (c.status === "no-answer" && c.direction === "incoming" ? ".missed" : ""), {}, words),
        el("span.when", {}, `${way}${c.withLabel}, ${time(c.startedAt, v.zone)}${c.seconds ? ", " + length(c.seconds) : ""}`));
      const lines = joined(c.captions).map((l) => this.caption(l));
      return el("li", {}, el("details", {}, head, el("div.transcript", {}, ...(lines.length ? lines : [el("p.empty", {}, "Nothing was said.")]))));
    }));
    if (!v.history.length) this.recents.replaceChildren(el("li.empty", {}, "No calls yet."));
  }

  caption(l) {
    const attrs = { lang: l.lang || null };
    switch (l.kind) {
      case "say": return el("p.voice" + (l.cut ? ".cut" : ""), attrs, l.text);
      case "other": return el("p.voice", attrs, l.text);
      case "play":
        if (l.words) return el("p.voice" + (l.cut ? ".cut" : ""), attrs, "\u266a " + l.words);
        return el("p.info", {}, "Sound: " + l.text.split("/").pop());
      case "pause": return el("p.info", {}, `Pause, ${l.text} s`);
      case "key": return el("p.mine.key", {}, l.text);
      case "speech": return el("p.mine", { lang: this.view.language || null }, l.text);
      case "error": return el("p.bad", {}, l.text);
      default: return el("p.info", {}, l.text);
    }
  }

  renderCall(v) {
    let c = v.call;
    if (!c && this.shown) {
      // The call is over: its last words stay until they are read.
      c = v.history.find((x) => x.sid === this.shown) || null;
    }
    this.current = c;
    this.callView.hidden = !c;
    this.root.classList.toggle("in-call", Boolean(c));
    if (!c) { this.shown = ""; return; }
    const live = Boolean(v.call);
    const ringing = live && c.waitingFor && c.waitingFor.kind === "answer";
    if (c.sid !== this.shown) {
      this.shown = c.sid;
      this.captions.replaceChildren();
      this.lines = [];
      this.spoken = 0;
    }
    this.withName.textContent = c.withLabel;
    this.callState.textContent = ringing ? "Incoming call" : !live ? endWords(c) :
      c.status === "ringing" ? "Calling…" : "In call, " + time(c.answeredAt, v.zone);
    this.callView.classList.toggle("rings", Boolean(ringing));
    c.captions.forEach((l, i) => {
      if (i < this.lines.length) {
        this.lines[i].classList.toggle("cut", Boolean(l.cut));
        return;
      }
      const before = this.lines[i - 1];
      if (l.kind === "key" && before && c.captions[i - 1].kind === "key") {
        before.textContent += l.text; // the keys of one answer in one bubble
        this.lines.push(before);
        return;
      }
      const node = this.caption(l);
      this.captions.append(node);
      this.lines.push(node);
      this.captions.scrollTop = this.captions.scrollHeight;
    });
    this.voice(c);
    const w = (live && c.waitingFor) || {};
    this.hint.textContent = listening(w);
    this.hint.hidden = !this.hint.textContent;
    const talks = live && (w.kind === "recording" || w.kind === "talk" || w.speech === true);
    this.say.hidden = !talks;
    this.pad.hidden = !live || Boolean(ringing);
    this.answer.hidden = !ringing;
    this.hangup.hidden = !live;
    this.hangup.textContent = ringing ? "Decline" : "Hang up";
    this.done.hidden = live;
  }

  // voice speaks what was not spoken yet, each line in its own language.
  voice(c) {
    const lines = c.captions.slice(this.spoken);
    this.spoken = c.captions.length;
    if (!speaking() || !window.speechSynthesis) return;
    for (const l of lines) {
      if (l.kind === "play" && /^https?:/.test(l.text)) {
        new Audio(l.text).play().catch(() => {});
      } else if (l.kind === "say" || l.kind === "other") {
        const u = new SpeechSynthesisUtterance(l.text);
        u.lang = l.lang || this.view.language || "en-US";
        speechSynthesis.speak(u);
      }
    }
  }

  closeCall() {
    this.shown = "";
    this.renderCall(this.view);
    this.showTab(this.view.landline ? "calls" : this.tab);
  }

  send() {
    const text = this.input.value.trim();
    if (!text) return;
    const to = this.contact.hidden ? undefined : this.contact.value;
    this.input.value = "";
    this.inOrder(async () => {
      await call("POST", this.path + "/sms", { body: text, to });
      trouble(null);
    });
  }

  dial() {
    const to = this.contact.hidden ? undefined : this.contact.value;
    this.inOrder(() => call("POST", this.path + "/calls", { to }));
  }

  press(key) {
    const sid = this.current && this.current.sid;
    if (!sid) return;
    if (window.speechSynthesis) speechSynthesis.cancel();
    const b = this.pad.querySelector(`[data-key="${key}"]`);
    b.classList.add("down");
    setTimeout(() => b.classList.remove("down"), 150);
    this.inOrder(() => call("POST", `/sim/calls/${sid}/digits`, { digits: key }));
  }

  speak() {
    const text = this.words.value.trim();
    if (!text || !this.current) return;
    this.words.value = "";
    this.inOrder(() => call("POST", `/sim/calls/${this.current.sid}/speech`, { text }));
  }

  act(what) {
    if (!this.current) return;
    if (what === "hangup" && window.speechSynthesis) speechSynthesis.cancel();
    this.inOrder(() => call("POST", `/sim/calls/${this.current.sid}/${what}`, {}));
  }
}

// joined puts the keys of one answer into one line.
function joined(captions) {
  const out = [];
  for (const l of captions) {
    const last = out[out.length - 1];
    if (l.kind === "key" && last && last.kind === "key") last.text += l.text;
    else out.push({ ...l });
  }
  return out;
}

function listening(w) {
  switch (w.kind) {
    case "digits": {
      const keys = w.numDigits === 1 ? "one key" : w.numDigits ? `${w.numDigits} keys` : "keys";
      return `Listening for ${keys}${w.finishOnKey && w.numDigits !== 1 ? `, ${w.finishOnKey} ends` : ""}`;
    }
    case "recording": return "Recording. Type what you say; a key ends it.";
    case "webhook": return "Waiting for the application";
    case "dial": return "Ringing the other phone";
    case "pause": return "Silence";
    default: return "";
  }
}

function length(seconds) {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function endWords(c) {
  const words = { completed: "Call ended", "no-answer": "Missed call", busy: "Busy", failed: "Could not connect", canceled: "Call canceled" };
  return (words[c.status] || c.status) + (c.seconds ? ", " + length(c.seconds) : "");
}
