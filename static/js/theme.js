// Light, dark, or what the system says. The form works by itself (it posts and the page comes back);
// with script the page changes at once and the choice is sent behind it.

const root = document.documentElement;

export function isDark() {
  const theme = root.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function announce() {
  document.dispatchEvent(new CustomEvent("themechange", { detail: { dark: isDark() } }));
}

function show(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  document.querySelectorAll("form[data-theme-form] button").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.value === theme));
  });
  announce();
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-theme-form]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  show(event.submitter.value);
  fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", announce);
