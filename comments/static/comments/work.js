// Looks for the number of comments/work.py while the comment is written; without it all is as well.
const BITS = 14;
const form = document.getElementById("comment-form");
const { email, rendered, work } = form?.elements ?? {};
let doneFor = "";

const find = async () => {
  const address = email.value.trim().toLowerCase();
  if (!address || address === doneFor) return;
  doneFor = address;
  work.value = "";
  const encoder = new TextEncoder();
  for (let number = 0; address === doneFor; number += 1) {
    const text = encoder.encode(`${rendered.value}|${address}|${number}`);
    const digest = await crypto.subtle.digest("SHA-256", text);
    if (new DataView(digest).getUint32(0) >>> (32 - BITS) === 0) {
      if (address === doneFor) work.value = number;
      return;
    }
  }
};

if (work && crypto.subtle) {
  email.addEventListener("change", find);
  form.elements.body.addEventListener("input", find);
}
