// A button with data-copy="id" copies what stands in that field, and says so. Without script it is not there.
const buttons = navigator.clipboard ? document.querySelectorAll("[data-copy]") : [];
for (const button of buttons) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.parentElement.querySelector("[data-copied]").hidden = false;
  });
}
