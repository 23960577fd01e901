// Conditions: after a condition was added or removed the focus goes where work goes on, and Enter in a value counts
// again instead of pressing the form's first button. Everything else is htmx, and works without any script.

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

document.addEventListener("htmx:afterSettle", begin);
begin();
