// A table wider than its place is scrolled with the arrow keys too: it can be reached for as long as it is wider, and
// says whose it is. Chromium and Firefox reach it by themselves, without a name; Safari does not.
const ROOMS = ".scroll-x:not([aria-label])";

function reach(room) {
  const wide = room.scrollWidth > room.clientWidth;
  const named = room.parentElement.closest("[aria-labelledby]")?.getAttribute("aria-labelledby");
  if (!wide) {
    for (const name of ["tabindex", "role", "aria-labelledby"]) room.removeAttribute(name);
    return;
  }
  room.tabIndex = 0;
  if (!named) return;
  room.setAttribute("role", "group");
  room.setAttribute("aria-labelledby", named);
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) reach(target.closest(ROOMS));
});

function watch(part) {
  for (const room of part.querySelectorAll(ROOMS)) {
    reach(room);
    sizes.observe(room);
    for (const content of room.children) sizes.observe(content);
  }
}

watch(document);
// What htmx brings may be such a table itself: its parent is asked.
document.addEventListener("htmx:load", (event) => watch(event.detail.elt.parentElement ?? document));

// Of a row of steps that is wider than the screen, the present one is seen first.
for (const here of document.querySelectorAll(".journey [aria-current]")) {
  const room = here.closest(".journey-card");
  const [step, seen] = [here.getBoundingClientRect(), room.getBoundingClientRect()];
  room.scrollLeft += step.left + step.width / 2 - seen.left - seen.width / 2;
}
