// Keeps what is typed into the posts' form: in this browser at once, on the server in seconds.
//
// Each opened form has a key of its own. Its text stays in localStorage only until the server has
// it; what is found there when a form is opened goes to the server first, which then shows it.

import { csrfToken, fields } from "./form.js";

const PAUSE = 3_000; // after the last keystroke
const LONGEST = 30_000; // while typing goes on, and between signs of life
const RETRY = 10_000;
const KEEPALIVE_LIMIT = 60_000; // Browsers refuse more than 64 KiB from a page that is leaving.
const PREFIX = "working-copy";

// A form that was saved leaves its key in a cookie: its text need not be kept here any longer.
const saved = /(?:^|; )saved_form=([^;]+)/.exec(document.cookie)?.[1];
for (const name of Object.keys(localStorage)) {
  if (saved && name.startsWith(`${PREFIX}:`) && name.endsWith(`:${saved}`)) localStorage.removeItem(name);
}

const bar = document.getElementById("autosave");
const form = bar?.closest("form");
if (form) start();

function start() {
  const { url, user, post, login, shown } = bar.dataset;
  const said = bar.querySelector("[data-said]");
  const news = bar.querySelector("[data-news]");
  const own = `${PREFIX}:${user}:${post}:`;
  const opened = fields(form);
  const touched = new Set(form.elements.touched.value.split(",").filter(Boolean));
  const atFirst = JSON.stringify(opened);
  let typed = atFirst; // as it is in the form
  let kept = "unsent" in bar.dataset ? "" : typed; // as the server has it
  let changedAt = 0;
  let unsentSince = kept ? 0 : Date.now();
  let heardAt = Date.now() - LONGEST + PAUSE; // The others are told soon that it is open.
  let waitUntil = 0;
  let isSending = false;
  let isLeaving = false;

  function look() {
    const data = fields(form);
    for (const name of new Set([...Object.keys(opened), ...Object.keys(data)])) {
      if (name !== "touched" && String(opened[name]) !== String(data[name])) touched.add(name);
    }
    form.elements.touched.value = [...touched].join(",");
    const now = JSON.stringify({ ...data, touched: [...touched].length ? [form.elements.touched.value] : [""] });
    if (now === typed) return;
    typed = now;
    changedAt = Date.now();
    unsentSince ||= changedAt;
    store();
    rememberAddress();
  }

  function message(text) {
    return JSON.stringify({
      key: form.elements.form_key.value,
      from_key: form.elements.from_key.value,
      based_on: form.elements.based_on.value,
      sequence: Date.now(),
      data: text ? JSON.parse(text) : {},
    });
  }

  function store() {
    try {
      localStorage.setItem(own + form.elements.form_key.value, message(typed));
    } catch {
      say("This browser has no room to keep your text: save it soon.");
    }
  }

  // A new post has no address of its own yet: reloading must find this text, not an empty form.
  function rememberAddress() {
    if (post !== "new") return;
    const address = new URL(location.href);
    address.searchParams.set("copy", form.elements.form_key.value);
    history.replaceState(history.state, "", address);
  }

  function tick() {
    if (isLeaving) return;
    look();
    const now = Date.now();
    if (isSending || now < waitUntil) return;
    const isDue = now - changedAt >= PAUSE || now - unsentSince >= LONGEST;
    if (typed !== kept && isDue) send(typed);
    else if (post !== "new" && !document.hidden && now - heardAt >= LONGEST) send("");
  }

  async function send(text, options = {}) {
    isSending = true;
    try {
      const response = await post_(message(text), options);
      heardAt = Date.now();
      if (response.ok) accept(text, await response.json());
      else await refuse(response);
    } catch {
      waitUntil = Date.now() + RETRY;
      if (typed !== kept) say("No connection: kept in this browser, tried again every 10 s.");
    } finally {
      isSending = false;
    }
  }

  function post_(body, options) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken(form), "X-Written-By": user };
    return fetch(url, { method: "POST", body, headers, redirect: "error", ...options });
  }

  function accept(text, answer) {
    if (answer.is_closed) {
      // This page came back from the browser's memory after its form was saved: a new opening.
      form.elements.form_key.value = crypto.randomUUID?.().slice(0, 32) ?? `${Math.random()}`.slice(2);
      return;
    }
    if (text) {
      kept = text;
      unsentSince = 0;
      if (typed === kept) localStorage.removeItem(own + form.elements.form_key.value);
      say(`Saved as a working copy at ${answer.at}`);
    }
    tell(answer.conflict, answer.others);
  }

  async function refuse(response) {
    waitUntil = Date.now() + RETRY;
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    if (response.status === 401 || (response.status === 403 && !isJson)) {
      say("Your log-in has expired: ", { words: "log in in another tab", href: login, isTab: true }, "; your text is kept.");
    } else if (isJson) {
      say((await response.json()).reason);
    } else {
      say("The site did not answer as it should: kept in this browser, tried again every 10 s.");
    }
  }

  function say(...parts) {
    write(said, parts);
  }

  function tell(conflict, others) {
    const parts = conflict ? [`${conflict} `, { words: "See both", href: location.href }, ". "] : [];
    write(news, [...parts, others.join(" ")]);
    news.classList.toggle("draft-bar__news--conflict", Boolean(conflict));
  }

  function leave() {
    look();
    if (typed === kept || isLeaving) return;
    send(typed, { keepalive: message(typed).length < KEEPALIVE_LIMIT });
  }

  // Sends the last words, then the other form that takes this page away.
  function letGo(other) {
    other.addEventListener("submit", async (event) => {
      event.preventDefault();
      look();
      if (typed !== kept && !("discards" in other.dataset)) await send(typed);
      if (typed === kept || "discards" in other.dataset) localStorage.removeItem(own + form.elements.form_key.value);
      isLeaving = true;
      other.elements.csrfmiddlewaretoken.value = csrfToken(form);
      other.submit();
    });
  }

  form.addEventListener("submit", (event) => {
    look();
    form.elements.csrfmiddlewaretoken.value = csrfToken(form);
    if (typed !== kept) store(); // The log-in may have expired: then this is all there is.
    setTimeout(() => { isLeaving = !event.defaultPrevented; });
    setTimeout(() => { isLeaving = false; }, LONGEST); // It was stopped, or found no connection.
  });
  window.addEventListener("pageshow", () => { isLeaving = false; });
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
  window.addEventListener("online", () => { waitUntil = 0; });
  window.addEventListener("focus", () => { waitUntil = 0; });
  news.addEventListener("click", async (event) => {
    if (!event.target.closest("a")) return;
    event.preventDefault();
    look();
    if (typed !== kept) await send(typed);
    location.reload();
  });
  document.querySelectorAll(".draft-notice form, #logout-form").forEach(letGo);
  document.querySelector("[data-focus]")?.focus();
  bring().then((brought) => {
    look();
    if (brought && typed === atFirst) location.reload();
    else if (brought) say("Earlier text of yours was found in this browser. Open the post again to see it.");
    setInterval(tick, 1_000);
  });

  // Sends what this browser kept from forms that never reached the server; true if anything.
  async function bring() {
    let brought = false;
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith(`${PREFIX}:`)) continue;
      if (!name.startsWith(`${PREFIX}:${user}:`)) localStorage.removeItem(name); // Somebody else's.
      else if (name.startsWith(own) && !name.endsWith(`:${form.elements.form_key.value}`)) {
        brought = (await bringOne(name)) || brought;
      }
    }
    return brought;
  }

  async function bringOne(name) {
    try {
      const { key, sequence } = JSON.parse(localStorage.getItem(name));
      const [shownKey, shownSequence] = shown.split(" ");
      if (key === shownKey && sequence <= Number(shownSequence)) {
        localStorage.removeItem(name); // The server had it in time: it is in the form.
        return false;
      }
      const response = await post_(localStorage.getItem(name), {});
      if (!response.ok) return false;
      localStorage.removeItem(name);
      return !(await response.json()).is_closed;
    } catch {
      return false;
    }
  }
}

// Replaces an element's content by words and links.
function write(element, parts) {
  element.replaceChildren(...parts.map((part) => {
    if (typeof part === "string") return part;
    const link = document.createElement("a");
    link.href = part.href;
    link.textContent = part.words;
    if (part.isTab) link.target = "_blank";
    return link;
  }));
}
