// Keys for those who work through lists all day. A letter does nothing while somebody types.
//   /    the search field (data-search)
//   j k  next and previous item (data-item; the item or the first link in it takes the focus)
//   ?    the dialog with all keys (#keyboard)
//   any other letter presses the element with data-key="that letter", in the current item first.
// The dialog has a switch that turns single keys off.

const OFF = "keys-off";

function remembered() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable], dialog");
}

function items() {
  return [...document.querySelectorAll("[data-item]")].filter((item) => item.checkVisibility());
}

function handle(item) {
  return item.matches("a, button, [tabindex]") ? item : item.querySelector("a, button") ?? item;
}

function step(by) {
  const all = items();
  if (!all.length) return;
  const here = all.findIndex((item) => item.contains(document.activeElement));
  const chosen = here >= 0 ? here + by : Math.max(0, all.findIndex((item) => item.querySelector("[aria-current]")));
  const next = handle(all[Math.min(all.length - 1, Math.max(0, chosen))]);
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function press(letter) {
  const selector = `[data-key="${CSS.escape(letter)}"]`;
  const here = document.activeElement?.closest("[data-item]");
  const button = here?.querySelector(selector) ?? [...document.querySelectorAll(selector)].find((each) => each.checkVisibility());
  button?.click();
  return Boolean(button);
}

function search() {
  const visible = [...document.querySelectorAll("[data-search]")].filter((each) => each.checkVisibility());
  const field = visible.find((each) => each.matches("input")) ?? visible[0];
  if (!field) return false;
  if (field.matches("input")) {
    field.focus();
    field.select();
  } else {
    field.click();
  }
  return true;
}

function help() {
  const dialog = document.getElementById("keyboard");
  if (!(dialog instanceof HTMLDialogElement)) return false;
  dialog.showModal();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isTyping(event.target)) return;
  if (event.key === "?") return void (help() && event.preventDefault());
  if (remembered()) return;
  if (event.key === "/") return void (search() && event.preventDefault());
  if (event.key === "j") return step(1);
  if (event.key === "k") return step(-1);
  if (/^[a-z]$/.test(event.key) && press(event.key)) event.preventDefault();
});

document.querySelectorAll("[data-keys-switch]").forEach((box) => {
  box.checked = !remembered();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(OFF, box.checked ? "" : "1");
    } catch {
      // A private window keeps nothing; the keys then stay on.
    }
  });
});
