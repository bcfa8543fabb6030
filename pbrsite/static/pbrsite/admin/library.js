// Uploads into the media library: one file after another, each answer told in words.
const zone = document.querySelector("[data-upload-url]");

function line(report, ...parts) {
  const item = document.createElement("li");
  item.append(...parts);
  report.append(item);
  return item;
}

function aboutTwin(item, file, twin) {
  const image = Object.assign(document.createElement("img"), {
    src: twin.thumbnail, alt: "", width: 96, height: 60, className: "thumbnail",
  });
  const where = twin.used ? `used in ${twin.used} post${twin.used === 1 ? "" : "s"}` : "not used yet";
  const link = Object.assign(document.createElement("a"), {
    href: twin.url, textContent: "Use that one, or keep both",
  });
  item.replaceChildren(image, `“${file.name}” is in the library already: “${twin.name}”, ${where}. `, link);
}

// Returns whether there is something left to read.
async function upload(file, report) {
  const item = line(report, `Uploading “${file.name}” …`);
  const data = new FormData();
  data.append("folder", zone.dataset.folder);
  data.append("file", file);
  data.append("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  let answer;
  try {
    const response = await fetch(zone.dataset.uploadUrl, { method: "POST", body: data });
    answer = await response.json();
  } catch {
    answer = { error: "The server did not answer as it should. Check that you are logged in, and try again." };
  }
  if (!answer.success) {
    item.className = "is-refused";
    item.textContent = `“${file.name}” was not taken. ${answer.error}`;
  } else if (answer.twin) {
    aboutTwin(item, file, answer.twin);
  } else {
    item.textContent = `“${file.name}” is in the library.`;
    return false;
  }
  return true;
}

async function uploadAll(files) {
  const report = zone.querySelector("ul");
  report.replaceChildren();
  let toRead = 0;
  for (const file of files) toRead += (await upload(file, report)) ? 1 : 0;
  if (!toRead) return location.reload();
  const again = document.createElement("a");
  again.href = location.href;
  again.textContent = "Show the list anew";
  line(report, again);
}

if (zone) {
  const input = zone.querySelector("input");
  input.addEventListener("change", () => uploadAll([...input.files]));
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    zone.addEventListener(name, () => zone.classList.remove("is-over"));
  }
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    uploadAll([...event.dataTransfer.files]);
  });
}
