// Draws Plotly figures. The page carries the figure as JSON beside its table; Plotly itself is fetched only when a
// figure comes near the screen.
//
//   <figure class="figure" data-figure="goal-chart" data-plotly="…/plotly.min.js" data-template="…/plotly-template.json">
//     <div class="figure__plot" role="img" aria-label="…"></div>
//   </figure>
//   <script type="application/json" id="goal-chart">{"data": […], "layout": {…}}</script>
//
// A colour written "$sales", "$ink-3" or "$kept" is taken from the template, so that it follows the theme.
// A point whose customdata is a path opens it: every number opens the leads behind it.

import { isDark } from "./theme.js";

const once = {};
const loaded = (key, load) => (once[key] ??= load());

// Plotly would write its rules into <style> elements, which the security policy forbids: ours are in
// css/components/figure.css, and its maps are not used. Where an element with the name exists, it leaves it alone.
const STYLES = ["plotly.js-style-global", "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53"];

function script(src) {
  for (const id of STYLES) {
    const mark = document.createElement("meta");
    mark.id = id;
    mark.className = "no-inline-styles";
    document.head.append(mark);
  }
  return new Promise((done, fail) => {
    const element = document.createElement("script");
    element.src = src;
    element.onload = () => done(window.Plotly);
    element.onerror = () => fail(new Error(`Could not load ${src}`));
    document.head.append(element);
  });
}

function coloured(value, colors) {
  if (typeof value === "string") return value.startsWith("$") ? colors[value.slice(1)] ?? value : value;
  if (Array.isArray(value)) return value.map((each) => coloured(each, colors));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, coloured(each, colors)]));
  }
  return value;
}

async function draw(figure, dark = isDark()) {
  const source = document.getElementById(figure.dataset.figure);
  const plot = figure.querySelector(".figure__plot");
  if (!source || !plot) return;
  const [Plotly, look] = await Promise.all([
    loaded("plotly", () => script(figure.dataset.plotly)),
    loaded("template", () => fetch(figure.dataset.template).then((answer) => answer.json())),
  ]);
  const theme = dark ? "dark" : "light";
  const { data, layout = {}, config = {} } = coloured(JSON.parse(source.textContent), look.colors[theme]);
  const height = plot.clientHeight || 240;
  await Plotly.react(plot, data, { height, ...layout, template: look[theme] }, { ...look.config, ...config });
  figure.dataset.drawn = theme;
  if (plot.dataset.opens) return;
  plot.dataset.opens = "1";
  plot.on("plotly_click", ({ points: [point] }) => {
    const path = Array.isArray(point.customdata) ? point.customdata[0] : point.customdata;
    if (typeof path === "string" && path.startsWith("/") && !path.startsWith("//")) location.assign(path);
  });
}

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    draw(target).catch(() => (target.hidden = true)); // the table beside it has the numbers
  }
}, { rootMargin: "200px" });

function watch(root) {
  root.querySelectorAll?.("[data-figure]").forEach((figure) => near.observe(figure));
}

function redraw(dark) {
  document.querySelectorAll("[data-figure][data-drawn]").forEach((figure) => draw(figure, dark));
}

watch(document);
document.addEventListener("htmx:load", (event) => watch(event.detail.elt.parentElement ?? event.detail.elt));
document.addEventListener("themechange", () => redraw());
window.addEventListener("beforeprint", () => redraw(false));
window.addEventListener("afterprint", () => redraw());
