// Ctrl+S and Cmd+S save the form and stay on it; they never publish.
const wanted = ["_continue", "_save"];

document.addEventListener("keydown", (event) => {
  const isSave = event.key.toLowerCase() === "s" && (event.ctrlKey || event.metaKey);
  if (!isSave || event.altKey || event.shiftKey) return;
  const button = wanted
    .map((name) => document.querySelector(`.submit-row [name="${name}"]`))
    .find(Boolean);
  if (!button) return;
  event.preventDefault();
  if (!event.repeat) button.form.requestSubmit(button);
});
