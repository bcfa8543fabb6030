// Conveniences only: the site works without this file.

const status = (button, text) => {
  button.closest("nav").querySelector("[role=status]").textContent = text;
};

const actions = {
  print: { able: () => "print" in window, run: () => window.print() },
  copy: {
    able: () => Boolean(navigator.clipboard),
    async run(button) {
      const words = button.textContent;
      try {
        await navigator.clipboard.writeText(address());
        button.textContent = "Link copied";
        status(button, "Link copied");
      } catch {
        button.textContent = "Could not copy";
        status(button, "Could not copy. The address is in your browser’s address bar.");
      }
      setTimeout(() => { button.textContent = words; status(button, ""); }, 4000);
    },
  },
  native: {
    able: () => Boolean(navigator.share),
    // Closing the sheet without sharing rejects the promise; that is no error.
    run: () => navigator.share({ title: document.title, url: address() }).catch(() => {}),
  },
};

function address() {
  return document.querySelector("link[rel=canonical]")?.href ?? location.href;
}

for (const button of document.querySelectorAll("[data-share]")) {
  const action = actions[button.dataset.share];
  if (!action?.able()) continue;
  button.parentElement.hidden = false;
  button.addEventListener("click", () => action.run(button));
}

// A paragraph's sign leads to the paragraph as any link does, and copies its address besides.
document.querySelector(".prose")?.addEventListener("click", async ({ target }) => {
  if (target.className !== "pin") return;
  try {
    await navigator.clipboard.writeText(address() + target.hash);
  } catch {
    return;
  }
  target.textContent = "✓";
  status(document.querySelector("[data-share=copy]"), "Link copied");
  setTimeout(() => { target.textContent = ""; }, 3000);
});

// After a refused form the summary of what to mend comes first, for eyes and screen readers alike.
const summary = document.querySelector(".error-summary");
if (summary) {
  summary.tabIndex = -1;
  summary.focus();
}

// A table wider than the page scrolls by itself; this lets the keyboard reach it in every browser.
for (const table of document.querySelectorAll("table")) {
  if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
}
