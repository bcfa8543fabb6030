// Keeps the noon line and the publish button's words true while the form is open. Without this the
// line is that of the moment the page was made, for the post as it was saved.
const EVERY = 30_000; // milliseconds
const FIELDS = ["published_at_0", "published_at_1", "not_before_0", "not_before_1"];

const line = document.getElementById("noon-line");
const field = (name) => document.querySelector(`[name="${name}"]`);

const asked = () => {
  const query = new URLSearchParams();
  if (line.dataset.post) query.set("post", line.dataset.post);
  for (const name of FIELDS) if (field(name)) query.set(name, field(name).value);
  if (field("is_mailed")) query.set("is_mailed", field("is_mailed").checked);
  return query.toString();
};

let last = "";
let lastAt = 0;
let asOf = "";
let turn = 0;

const say = (text) => {
  if (line.textContent !== text) line.textContent = text;
};

const show = (answer) => {
  say(answer.line);
  line.dataset.said = answer.line;
  asOf = answer.as_of;
  const publish = field("_publish");
  if (publish && answer.button) publish.value = answer.button;
  // Django's "Now" and "Today" reckon with this; so they tell the site's time by the site's clock.
  const ahead = answer.now - Date.now() / 1000;
  document.body.dataset.adminUtcOffset = Math.round(answer.utc_offset + ahead);
};

const ask = async () => {
  last = asked();
  lastAt = Date.now();
  const mine = ++turn;
  try {
    const response = await fetch(`${line.dataset.url}?${last}`, { redirect: "error" });
    if (!response.ok) throw new Error(response.statusText);
    const answer = await response.json();
    if (mine === turn) show(answer);
  } catch {
    if (mine !== turn) return;
    const said = line.dataset.said ?? line.textContent;
    line.dataset.said = said;
    say(`${said} (as of ${asOf || "when the page was opened"}; the site does not answer)`);
  }
};

if (line) {
  // Django's calendar and clock change a field without an event: so look once a second.
  setInterval(() => {
    if (document.hidden) return;
    if (asked() !== last || Date.now() - lastAt >= EVERY) ask();
  }, 1000);
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  window.addEventListener("pageshow", ask); // Also when the browser kept the whole page.
}
