// The preview of the form as it stands: beside it, redrawn while typing, or in a tab of its own.
//
// Each drawing goes into a new frame, shown when it is complete: nothing flickers, the place in
// the text stays, and the browser's history does not grow.

import { csrfToken } from "./form.js";

const PAUSE = 500; // after the last change
const WIDE = "(min-width: 75rem)";
const SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"; // no scripts, no forms
const OPEN = "preview-is-open";

const pane = document.getElementById("preview-pane");
const form = pane?.closest("form");
if (form) start();

function start() {
  const beside = document.querySelector("[data-preview=beside]");
  const tab = document.querySelector("[data-preview=tab]");
  const said = pane.querySelector("[data-said]");
  const phone = pane.querySelector("[data-phone]");
  const frames = pane.querySelector(".preview-pane__frames");
  const wide = matchMedia(WIDE);
  let shown = null; // the frame in sight
  let drawn = ""; // what it shows
  let seen = ""; // what the form held when last looked at
  let changedAt = 0;
  let isDrawing = false;

  document.body.append(pane); // Beside the form, not in it: nothing of it is sent.
  tab.addEventListener("click", () => ask("preview-of-post"));
  beside.addEventListener("click", () => open(pane.hidden));
  pane.querySelector("[data-close]").addEventListener("click", () => { open(false); beside.focus(); });
  phone.addEventListener("click", () => {
    const isPhone = frames.classList.toggle("preview-pane__frames--phone");
    phone.setAttribute("aria-pressed", isPhone);
  });
  wide.addEventListener("change", fit);
  fit();
  setInterval(tick, 250);

  function fit() {
    beside.hidden = !wide.matches;
    open(wide.matches && localStorage.getItem(OPEN) === "yes", { isRemembered: false });
  }

  function open(isOpen, { isRemembered = true } = {}) {
    pane.hidden = !isOpen;
    document.body.classList.toggle("has-preview", isOpen);
    beside.setAttribute("aria-pressed", isOpen);
    if (isRemembered) localStorage.setItem(OPEN, isOpen ? "yes" : "no");
  }

  function tick() {
    if (pane.hidden || isDrawing) return;
    const now = new URLSearchParams(entries()).toString();
    if (now !== seen) {
      seen = now;
      changedAt = Date.now();
    }
    if (now !== drawn && Date.now() - changedAt >= PAUSE) draw(now);
  }

  function draw(now) {
    isDrawing = true;
    const frame = document.createElement("iframe");
    frame.name = `preview-${Date.now()}`;
    frame.title = "Preview of the post";
    frame.setAttribute("sandbox", SANDBOX);
    frame.className = "preview-pane__frame--waiting";
    frames.append(frame);
    const late = setTimeout(() => settle(frame, false), 10_000);
    frame.addEventListener("load", () => {
      if (frame.contentWindow.location.href === "about:blank") return;
      clearTimeout(late);
      settle(frame, isPage(frame));
    });
    drawn = now;
    ask(frame.name);
  }

  // Shows the new frame at the old one's place, or drops it: no connection, say.
  function settle(frame, isGood) {
    isDrawing = false;
    if (!isGood) {
      frame.remove();
      said.textContent = "The preview cannot be drawn now; it is tried again at the next change.";
      return;
    }
    said.textContent = "Preview";
    if (shown) {
      frame.contentWindow.scrollTo({ top: shown.contentWindow.scrollY, behavior: "instant" });
      shown.remove();
    }
    frame.className = "";
    shown = frame;
  }

  function isPage(frame) {
    try {
      return Boolean(frame.contentDocument?.getElementById("main"));
    } catch {
      return false; // The browser's own page, for no connection.
    }
  }

  function entries() {
    return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !name.startsWith("_"));
  }

  // Sends a copy of the form to the preview's address, into the frame or tab of that name.
  function ask(target) {
    const copy = document.createElement("form");
    copy.method = "post";
    copy.action = pane.dataset.url;
    copy.target = target;
    copy.hidden = true;
    for (const [name, value] of entries()) {
      const box = document.createElement("textarea");
      box.name = name;
      box.value = name === "csrfmiddlewaretoken" ? csrfToken(form) : value;
      copy.append(box);
    }
    document.body.append(copy);
    copy.submit();
    copy.remove();
  }
}
