// Shows a comment as it will look, beside the form; without this file the button loads a page.
const form = document.querySelector("#comment-form");
const button = form?.querySelector("[formaction]");
const panel = document.createElement("div");
panel.className = "panel";
panel.role = "status";
panel.hidden = true;
button?.parentElement.before(panel);

button?.addEventListener("click", async (event) => {
  event.preventDefault();
  button.disabled = true;
  const sent = { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" } };
  const answer = await fetch(button.formAction, sent).then((one) => one.json(), () => null).catch(() => null);
  button.disabled = false;
  button.focus();
  panel.hidden = false;
  if (answer?.html) {
    // Rendered and sanitised by the server, as the comment itself will be.
    panel.innerHTML = `<p class="list-head">Preview</p><div class="comment__body">${answer.html}</div>`;
  } else {
    panel.textContent = answer?.problem || "This could not be shown just now. Your text is kept.";
  }
});
