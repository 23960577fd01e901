// Ticks the clocks of running promises. The server says how much open time is left and when the business is open
// next; between two page loads only open minutes count down.
//
//   <span class="countdown" data-countdown data-left="2520" data-total="14400" data-at="2025-11-18T14:58:00+09:00"
//         data-text-left="{} left" data-text-over="{} over"><svg …/><time>42 min</time></span>
//
// A clock that stands still also says when it runs on: <span data-begins="1763424000">begins today 9:00, …</span>
// The open windows stand on the clock itself or on any element around it:
//   data-open-windows="[[start, end], …]" in seconds since 1970.

const loadedAt = Date.now();
const japanese = document.documentElement.lang.startsWith("ja");
const RISK = 0.25;

function words(seconds) {
  if (seconds < 60) return japanese ? "1分未満" : "under 1 min";
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (japanese) return hours ? `${hours}時間${rest ? `${rest}分` : ""}` : `${rest}分`;
  if (!hours) return `${rest} min`;
  return rest ? `${hours} h ${String(rest).padStart(2, "0")} min` : `${hours} h`;
}

function openSeconds(windows, start, end) {
  return windows.reduce((sum, [opens, closes]) => sum + Math.max(0, Math.min(closes, end) - Math.max(opens, start)), 0);
}

function windowsOf(clock) {
  const holder = clock.closest("[data-open-windows]");
  try {
    return holder ? JSON.parse(holder.dataset.openWindows) : null;
  } catch {
    return null;
  }
}

function tick(clock) {
  const windows = windowsOf(clock);
  if (!windows) return;
  // The server's clock is right; the browser's only tells how long ago the page came.
  const then = Date.parse(clock.dataset.at) / 1000;
  const now = then + (Date.now() - loadedAt - (Number(clock.dataset.since) || 0)) / 1000;
  const left = Number(clock.dataset.left) - openSeconds(windows, then, now);
  const total = Number(clock.dataset.total) || 0;
  const over = left < 0;
  const text = over ? clock.dataset.textOver : clock.dataset.textLeft;
  const shown = (text || "{}").replace("{}", words(Math.abs(left)));
  const time = clock.querySelector("time") ?? clock;
  if (time.textContent !== shown) time.textContent = shown;
  // When it runs on is said only while it stands still.
  const begins = clock.querySelector("[data-begins]");
  if (begins && now >= Number(begins.dataset.begins)) begins.remove();
  clock.dataset.tone = over ? "breached" : total && left < total * RISK ? "risk" : "neutral";
  const ring = clock.querySelector(".countdown__ring");
  if (!ring) return;
  if (over) ring.remove();
  else if (total) ring.lastElementChild.setAttribute("stroke-dasharray", `${Math.round((100 * left) / total)} 100`);
}

function tickAll() {
  document.querySelectorAll("[data-countdown]").forEach(tick);
}

// A clock that came later by htmx starts from when it came.
function stamp(root) {
  const since = Date.now() - loadedAt;
  const clocks = root.matches?.("[data-countdown]") ? [root] : root.querySelectorAll?.("[data-countdown]") ?? [];
  clocks.forEach((clock) => (clock.dataset.since = String(since)));
}

document.addEventListener("htmx:load", (event) => event.detail.elt !== document.body && stamp(event.detail.elt));
document.addEventListener("visibilitychange", () => document.hidden || tickAll());
setInterval(tickAll, 10_000);
