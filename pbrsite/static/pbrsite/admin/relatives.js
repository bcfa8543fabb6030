// Related posts in the posts' form: pinned, banned and moved without leaving it.

import { csrfToken } from "./form.js";

const PAUSE = 250; // milliseconds after the last letter
const FAILED = "That did not work: is the connection there, and are you still logged in?";
let timer, running;

const panel = () => document.getElementById("relatives");

document.addEventListener("click", (event) => {
  const button = event.target.closest("#relatives button[name=_relative]");
  if (!button) return;
  event.preventDefault();
  if (button.value === "find") find();
  else act(button);
});
document.addEventListener("input", ({ target }) => {
  if (target.id !== "relatives-words") return;
  clearTimeout(timer);
  timer = setTimeout(find, PAUSE);
});
// Enter would save the whole form.
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "relatives-words" || event.key !== "Enter") return;
  event.preventDefault();
  find();
});

async function act(button) {
  const section = panel();
  const { value } = button;
  const buttons = section.querySelectorAll("button");
  buttons.forEach((one) => (one.disabled = true));
  try {
    const fresh = await ask(value);
    const words = section.querySelector("input").value;
    section.replaceWith(fresh);
    fresh.querySelector("input").value = words;
    stand(fresh, value);
  } catch {
    buttons.forEach((one) => (one.disabled = false));
    section.querySelector("[data-said]").textContent = FAILED;
  }
}

async function find() {
  clearTimeout(timer);
  try {
    const fresh = await ask("find");
    const found = fresh.querySelector("[data-found]");
    panel().querySelector("[data-found]").replaceWith(found);
    panel().querySelector("[data-said]").textContent = found.querySelector("li") ? `${found.querySelectorAll("li").length} found.` : "";
  } catch (error) {
    if (error.name !== "AbortError") panel().querySelector("[data-said]").textContent = FAILED;
  }
}

// Returns the panel as the server has it after the button's deed.
async function ask(value) {
  const section = panel();
  const data = new FormData();
  data.append("_fragment", "1");
  data.append("_relative", value);
  data.append("_relative_words", section.querySelector("input").value);
  running?.abort();
  running = new AbortController();
  const headers = { "X-CSRFToken": csrfToken(section.closest("form")) };
  const options = { method: "POST", body: data, headers, redirect: "error", signal: value === "find" ? running.signal : undefined };
  const response = await fetch(section.dataset.url, options);
  if (!response.ok) throw new Error(response.status);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return document.adoptNode(page.getElementById("relatives"));
}

// Whoever stood on a button stands on it again, or on another of the same post, or on the panel.
function stand(section, value) {
  const pk = value.split(":")[1];
  const same = [...section.querySelectorAll("button:enabled")];
  const place = same.find((one) => one.value === value) ?? same.find((one) => one.value.split(":")[1] === pk);
  (place ?? section).focus({ preventScroll: true });
}
