// Suggested tags beside the tags field: asked for when the typing pauses, added by one press.
const PAUSE = 1500; // milliseconds
const READ = ["title", "standfirst", "body", "excerpt"];
const panel = document.querySelector("#tag-suggestions");
const select = document.querySelector("#id_tags");

if (panel && select) start();
else if (panel) panel.querySelectorAll("input").forEach((box) => box.remove());

function start() {
  const form = select.form;
  const list = panel.querySelector("ul");
  const status = panel.querySelector("[role=status]");
  const again = button("Suggest again", "suggestions__again");
  const $ = window.django.jQuery;
  let timer, running, asked;

  panel.append(again);
  show([...list.children].map(({ dataset }) => ({ id: dataset.tag, name: dataset.name, reason: dataset.reason })));
  again.addEventListener("click", () => ask(true));
  form.addEventListener("input", ({ target }) => {
    if (READ.includes(target.name)) soon();
  });
  $(select).on("change", soon);
  new IntersectionObserver(([{ isIntersecting }], observer) => {
    if (!isIntersecting) return;
    observer.disconnect();
    ask(false);
  }).observe(panel);

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(() => ask(false), PAUSE);
  }

  async function ask(isWanted) {
    const data = question();
    const wording = new URLSearchParams(data).toString();
    if (!isWanted && wording === asked) return;
    running?.abort();
    running = new AbortController();
    if (isWanted) status.textContent = "Reading the text …";
    try {
      const answer = await fetch(panel.dataset.url, { method: "POST", body: data, signal: running.signal });
      const { suggestions } = await answer.json();
      asked = wording;
      show(suggestions);
      status.textContent = said(suggestions.length, isWanted);
    } catch (error) {
      if (isWanted && error.name !== "AbortError") status.textContent = "No suggestions can be had just now. Nothing you wrote is lost; try again in a moment.";
    }
  }

  function question() {
    const data = new FormData();
    data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.append("post", panel.dataset.post);
    for (const name of READ) data.append(name, form.elements[name]?.value ?? "");
    for (const option of select.selectedOptions) data.append("tags", option.value);
    return data;
  }

  function show(suggestions) {
    // Whoever stands on a button with the keyboard keeps a place to stand.
    const held = list.contains(document.activeElement) ? document.activeElement.closest("li").dataset.tag : null;
    list.replaceChildren(...suggestions.map(item));
    if (held) (list.querySelector(`[data-tag="${held}"] button`) ?? again).focus();
  }

  function item(tag) {
    const row = document.createElement("li");
    const reason = document.createElement("span");
    const add = button(`+ ${tag.name}`, "suggestions__add");
    row.dataset.tag = tag.id;
    reason.className = "quiet";
    reason.textContent = ` ${tag.reason}`;
    add.setAttribute("aria-label", `Add the tag ${tag.name}: ${tag.reason}`);
    add.addEventListener("click", () => choose(tag, row));
    row.append(add, reason);
    return row;
  }

  function choose(tag, row) {
    const known = [...select.options].find((option) => option.value === String(tag.id));
    if (known) known.selected = true;
    else select.add(new Option(tag.name, tag.id, true, true));
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector("button") ?? again).focus();
    select.dispatchEvent(new Event("change", { bubbles: true })); // Heard by jQuery too, so select2 follows.
    status.textContent = `Added ${tag.name}.`;
  }
}

function said(count, isWanted) {
  if (count) return "";
  return isWanted ? "Nothing found: no tag is named in the text, and posts like it share none." : "None. They come from names in the text, and from posts like it.";
}

function button(label, name) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.textContent = label;
  return made;
}
