// The API's description as a page. Swagger UI comes from an installed package; its dark colours hang on a class.
const place = document.querySelector("[data-reference]");
const root = document.documentElement;
const device = matchMedia("(prefers-color-scheme: dark)");

const paint = () => {
  const theme = root.dataset.theme || (device.matches ? "dark" : "light");
  root.classList.toggle("dark-mode", theme === "dark");
};
device.addEventListener("change", paint);
paint();

window.SwaggerUIBundle({
  url: place.dataset.reference,
  domNode: place,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // Nothing is sent to anybody else's validator.
  validatorUrl: null,
});
