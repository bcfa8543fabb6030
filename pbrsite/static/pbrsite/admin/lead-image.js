// The lead image's thumbnail follows its number; what the library knows fills empty fields.
const choice = document.querySelector(".lead-image-choice");

async function follow(input) {
  const image = choice.querySelector("img");
  const name = choice.querySelector("strong");  // Of the image chosen before.
  image.hidden = true;
  name?.replaceChildren();
  if (!/^\d+$/.test(input.value)) return;
  const asked = input.value;
  const response = await fetch(choice.dataset.factsUrl.replace("/0/", `/${asked}/`));
  if (!response.ok || input.value !== asked) return;
  const facts = await response.json();
  image.src = facts.thumbnail;
  image.hidden = false;
  name?.replaceChildren(facts.name);
  for (const [name, value] of [["lead_image_alt", facts.alt], ["lead_image_credit", facts.credit]]) {
    const field = document.getElementById(`id_${name}`);
    if (!field || field.value || !value) continue;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

// Django's picker tells jQuery alone that it has chosen.
const input = choice?.querySelector("input");
if (input) window.django.jQuery(input).on("change", () => follow(input));
