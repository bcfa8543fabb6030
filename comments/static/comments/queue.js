// The moderation queue by keyboard: j k to go, a s d to decide, u to undo, r to answer.
// Without this file its buttons send the same forms.

const bar = document.getElementById("queue-bar");
const form = document.getElementById("changelist-form");
const rows = [...document.querySelectorAll("#result_list tbody tr")].filter((row) => row.querySelector("[data-comment]"));
const atOnce = [...bar.querySelectorAll("[name=everything]")];
const listed = parseInt(atOnce[0]?.textContent.match(/\d+/)?.[0] ?? 0, 10);
const done = []; // what can be undone, the newest last: { row, moment }
const FAILED = "That did not work: is the connection there, and are you still logged in?";
let current = -1;
let pending = 0;
let waiting = 0; // as the last answer said
let busy = Promise.resolve(); // one request at a time, in the order of the keys

const said = (text) => { document.getElementById("queue-said").textContent = text; };
const isDecided = (row) => row.classList.contains("is-decided");

function goTo(index) {
  if (!rows[index]) return;
  rows[current]?.classList.remove("is-current");
  current = index;
  const row = rows[current];
  row.classList.add("is-current");
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

// Goes to the next row that waits; with none left, to the first before it.
function goOn() {
  const after = rows.findIndex((row, index) => index > current && !isDecided(row));
  const next = after < 0 ? rows.findIndex((row) => !isDecided(row)) : after;
  if (next >= 0) goTo(next);
}

async function ask(url, fields) {
  const body = new URLSearchParams({
    csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value,
    seen: form.elements.seen.value,
    ...fields,
  });
  try {
    const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
    return answer.ok ? await answer.json() : { said: FAILED, changed: 0 };
  } catch {
    return { said: FAILED, changed: 0 };
  }
}

function inTurn(deed) {
  pending += 1;
  busy = busy.then(deed).then(() => {
    pending -= 1;
    if (!pending && waiting && rows.every(isDecided)) location.reload(); // with the next ones
  });
}

async function decide(row, decision, fields = {}) {
  const answer = await ask(bar.dataset.decideUrl, { decision, ...fields });
  said(answer.said);
  waiting = answer.waiting;
  if (!answer.changed) return false;
  if (answer.undo) {
    mark(row, answer.said, true);
    done.push({ row, moment: answer.undo });
  }
  return true;
}

function mark(row, text, decided) {
  row.classList.toggle("is-decided", decided);
  recount();
  const cell = row.querySelector(".queue__buttons");
  for (const one of cell.children) one.hidden = decided;
  cell.querySelector("[data-verdict]")?.remove();
  if (!decided) return;
  const verdict = document.createElement("span");
  verdict.dataset.verdict = "";
  verdict.textContent = text.replace(/^1 comment /, "").replace(/^./, (letter) => letter.toUpperCase());
  cell.append(verdict);
}

// What "all" in the buttons for the whole list still means.
function recount() {
  const left = listed - rows.filter(isDecided).length;
  for (const button of atOnce) {
    button.textContent = button.textContent.replace(/\d+/, left);
    button.hidden = left < 1;
  }
}

async function undo() {
  const last = done.pop();
  if (!last) {
    // What was decided on an earlier page is in the bar, as a button.
    bar.querySelector("[name=undo]")?.click();
    return;
  }
  const answer = await ask(bar.dataset.undoUrl, { undo: last.moment });
  said(answer.said);
  if (!answer.changed) return;
  mark(last.row, "", false);
  goTo(rows.indexOf(last.row));
}

function reply(row) {
  const there = row.querySelector(".queue__reply textarea");
  if (there) return there.focus();
  const name = row.querySelector(".queue__name").textContent;
  const box = document.createElement("div");
  box.className = "queue__reply";
  const id = `queue-reply-${row.querySelector("[data-comment]").dataset.comment}`;
  box.innerHTML = `<label for="${id}"></label><textarea id="${id}" rows="4"></textarea>
    <button class="button" type="button" data-send>Publish reply</button> <button class="button" type="button" data-close>Cancel</button>`;
  const waits = row.querySelector("[data-key=a]") ? " It is approved with it." : "";
  box.querySelector("label").textContent = `Reply as staff to ${name}’s comment.${waits}`;
  box.querySelector("[data-send]").addEventListener("click", () => inTurn(() => publish(row, box)));
  box.querySelector("[data-close]").addEventListener("click", () => { box.remove(); row.focus(); });
  box.addEventListener("keydown", (event) => { if (event.key === "Escape") row.focus(); }); // The words stay.
  row.querySelector(".field-said").append(box);
  box.querySelector("textarea").focus();
}

async function publish(row, box) {
  const text = box.querySelector("textarea").value;
  const id = row.querySelector("[data-comment]").dataset.comment;
  if (!(await decide(row, `reply:${id}`, { reply: text }))) return;
  box.remove();
  goOn();
}

const keys = {
  j: () => goTo(Math.min(current + 1, rows.length - 1)),
  k: () => goTo(Math.max(current - 1, 0)),
  u: () => inTurn(undo),
  r: () => rows[current]?.querySelector("[data-key=r]:not([hidden])") && reply(rows[current]),
};
for (const key of "asd") {
  keys[key] = () => {
    const row = rows[current];
    if (!row || isDecided(row)) return;
    row.querySelector(`[data-key=${key}]`)?.click();
  };
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

rows.forEach((row, index) => {
  row.addEventListener("click", (event) => {
    if (event.target.closest("a:not([data-key]), input, textarea")) return;
    const button = event.target.closest("[name=decision]");
    if (!button) {
      if (event.target.closest("[data-key=r]")) {
        event.preventDefault();
        goTo(index);
        reply(row);
      }
      return;
    }
    event.preventDefault();
    goTo(index);
    row.classList.add("is-decided"); // At once, so that the next key finds the next row.
    goOn();
    inTurn(async () => { if (!(await decide(row, button.value))) mark(row, "", false); });
  });
});

if (rows.length) {
  document.getElementById("queue-keys").hidden = false;
  goTo(0);
}
