// The focal point of an image: by click or by sliders; the crops show what becomes of it.
const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

// The same box as posts/renditions.py cuts, as an object-position.
function position(picture, crop, [across, down]) {
  const ratio = crop.clientWidth / crop.clientHeight;
  const { width, height } = picture;
  const part = (whole, kept, point) =>
    whole > kept ? (clamp(point * whole - kept / 2, 0, whole - kept) / (whole - kept)) * 100 : 50;
  const left = part(width, Math.min(width, height * ratio), across);
  const top = part(height, Math.min(height, width / ratio), down);
  return `${left}% ${top}%`;
}

function start(root) {
  const field = root.querySelector("input[type=hidden]");
  const stage = root.querySelector(".focal-point__stage");
  if (!field || !stage) return;
  const image = stage.querySelector("img");
  const picture = { width: Number(image.getAttribute("width")), height: Number(image.getAttribute("height")) };
  const mark = root.querySelector(".focal-point__mark");
  const sliders = [...root.querySelectorAll("[data-axis]")];

  function show(point) {
    field.value = point.map((part) => Number(part.toFixed(3))).join("x");
    mark.style.left = `${image.offsetLeft + point[0] * image.clientWidth}px`;
    mark.style.top = `${image.offsetTop + point[1] * image.clientHeight}px`;
    sliders.forEach((slider, axis) => (slider.value = Math.round(point[axis] * 100)));
    for (const crop of root.querySelectorAll(".focal-point__crop")) {
      crop.style.objectPosition = position(picture, crop, point);
    }
  }
  const current = () => field.value.split("x").map(Number);

  stage.addEventListener("click", (event) => {
    const box = image.getBoundingClientRect();
    show([
      clamp((event.clientX - box.left) / box.width, 0, 1),
      clamp((event.clientY - box.top) / box.height, 0, 1),
    ]);
  });
  for (const slider of sliders) {
    slider.addEventListener("input", () => {
      const point = current();
      point[Number(slider.dataset.axis)] = slider.value / 100;
      show(point);
    });
  }
  addEventListener("resize", () => show(current()));
  show(current());
}

for (const root of document.querySelectorAll("[data-focal-point]")) start(root);
