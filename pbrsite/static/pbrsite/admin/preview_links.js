// Preview links for reviewers: made, copied and revoked without leaving the form.

import { csrfToken } from "./form.js";

document.addEventListener("click", (event) => {
  const section = event.target.closest("#preview-links");
  const button = event.target.closest("button");
  if (!section || !button) return;
  if ("copy" in button.dataset) copy(button);
  else if (button.dataset.post) act(section, button.dataset.post);
});

async function copy(button) {
  const box = button.parentElement.querySelector("input");
  box.select();
  try {
    await navigator.clipboard.writeText(box.value);
  } catch {
    document.execCommand("copy"); // Without HTTPS there is no other way.
  }
  const said = button.closest("#preview-links").querySelector("[data-said]");
  said.textContent = "Copied.";
}

async function act(section, url) {
  const said = section.querySelector("[data-said]");
  try {
    const headers = { "X-CSRFToken": csrfToken(section.closest("form")) };
    const response = await fetch(url, { method: "POST", headers, redirect: "error" });
    if (!response.ok) throw new Error(response.status);
    section.outerHTML = await response.text();
  } catch {
    said.textContent = "That did not work: is the connection there, and are you still logged in?";
  }
}
