// Keeps an issue's accounting true while it is being sent. Without this, the page is reloaded.
const EVERY = 2000; // milliseconds
const PATIENCE = 15; // answers that fail in a row until it says so

const panel = document.getElementById("issue-progress");
const one = (selector) => panel.querySelector(selector);
let failures = 0;

const say = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

const show = (answer) => {
  say(one("[data-sentence]"), answer.sentence);
  say(one("[data-pace]"), answer.pace);
  say(one("[data-state] > *"), answer.state);
  one("svg.account").setAttribute("aria-label", answer.sentence);
  for (const [name, part] of Object.entries(answer.parts)) {
    const rect = one(`[data-part="${name}"]`);
    rect.setAttribute("x", part.x);
    rect.setAttribute("width", part.width);
    const legend = one(`[data-legend="${name}"]`);
    legend.hidden = part.count === "0";
    say(legend.querySelector("b"), part.count);
  }
};

const ask = async () => {
  if (document.hidden) return again();
  try {
    const response = await fetch(panel.dataset.url, { redirect: "error" });
    if (!response.ok) throw new Error(response.statusText);
    const answer = await response.json();
    failures = 0;
    show(answer);
    // What may be done to it now, and when it was done, is the whole page's to say.
    if (!answer.is_moving) return location.reload();
  } catch {
    failures += 1;
    if (failures >= PATIENCE) return say(one("[data-pace]"), "The site does not answer; reload the page.");
  }
  again();
};

const again = () => setTimeout(ask, EVERY);

if (panel && "moving" in panel.dataset) again();
