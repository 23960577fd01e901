// Messages stay until they are read: each has a button that takes it away. When the network or the server fails
// under htmx, the message that waits in <template id="flash-offline"> says so.

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".flash")?.remove();
});

function failed() {
  const place = document.getElementById("flashes");
  const waiting = document.getElementById("flash-offline");
  if (!place || !waiting || place.querySelector("[data-offline]")) return;
  place.append(waiting.content.cloneNode(true));
}

document.addEventListener("htmx:sendError", failed);
document.addEventListener("htmx:timeout", failed);
document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:afterOnLoad", () => document.querySelector("#flashes [data-offline]")?.remove());
