// A list whose rows can be chosen (data-selection): one box chooses all, and the bar says how many are.

document.querySelectorAll("[data-selection]").forEach((list) => {
  const boxes = [...list.querySelectorAll('tbody input[type="checkbox"]')];
  const all = list.querySelector("[data-select-all]");
  const said = list.querySelector("[data-selected]");
  const button = list.querySelector("[data-selected-button]");
  if (!all || !said || !button) return;

  function tell() {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
    said.textContent = chosen ? said.dataset.some.replace("{}", chosen) : said.dataset.none;
    button.disabled = !chosen;
  }

  all.addEventListener("change", () => {
    boxes.forEach((box) => (box.checked = all.checked));
    tell();
  });
  list.addEventListener("change", tell);
  tell();
});
