// Opens <dialog> elements: a button with data-dialog="id" opens, anything with data-close inside closes,
// and so does a click beside the dialog. Without script, popovertarget does the same for popovers.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
    return;
  }
  const dialog = event.target.closest("dialog");
  if (!dialog) return;
  if (event.target.closest("[data-close]")) {
    event.preventDefault();
    dialog.close();
  } else if (event.target === dialog && isBeside(dialog, event)) {
    dialog.close();
  }
});

function isBeside(dialog, { clientX, clientY }) {
  const box = dialog.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}
