// What a form would send, as plain data; shared by autosave and preview.

const OF_THE_PAGE = new Set(["csrfmiddlewaretoken", "form_key", "from_key", "based_on"]);

// Returns {name: [values]} of what a person fills in: no buttons, no tokens, no files.
export function fields(form) {
  const data = {};
  for (const [name, value] of new FormData(form)) {
    if (OF_THE_PAGE.has(name) || name.startsWith("_") || typeof value !== "string") continue;
    (data[name] ??= []).push(value);
  }
  return data;
}

// The token changes at each log-in, in another tab too; the cookie always has the latest.
export function csrfToken(form) {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  return cookie ? cookie[1] : form.elements.csrfmiddlewaretoken.value;
}
