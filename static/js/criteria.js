// Conditions: after a condition was added or removed the focus goes where work goes on, and Enter in a value counts
// again instead of pressing the form's first button. A choice that is being typed waits until it stands. Everything
// else is htmx, and works without any script.

function begin() {
  for (const editor of document.querySelectorAll("[data-criteria][data-focus]")) {
    const place = document.getElementById(editor.dataset.focus);
    editor.removeAttribute("data-focus");
    place?.querySelector("select, input, button")?.focus();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-criteria] input")) return;
  event.preventDefault();
  event.target.dispatchEvent(new Event("input", { bubbles: true }));
});

// A closed select changes with every letter typed into it, and a form made anew would forget the letters before.
// Browsers take letters for one word as long as less than a second lies between them.
const WORD = 1000;
let typing = null;

function chosen() {
  if (!typing) return;
  clearTimeout(typing.timer);
  const { select, changed } = typing;
  typing = null;
  if (changed) select.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("keydown", (event) => {
  if (event.key.length !== 1 || event.ctrlKey || event.metaKey || !event.target.matches("[data-criteria] select")) return;
  clearTimeout(typing?.timer);
  typing = { select: event.target, changed: typing?.changed, timer: setTimeout(chosen, WORD) };
});

document.addEventListener(
  "change",
  (event) => {
    if (typing?.select !== event.target) return;
    typing.changed = true;
    event.stopPropagation();
  },
  true,
);

document.addEventListener("focusout", chosen);
document.addEventListener("htmx:afterSettle", begin);
begin();
