/* Shows /openapi.json. Runs in the browser, after swagger-ui-bundle.js, which defines SwaggerUIBundle. */
/* global ResizeObserver, document, location, window */
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

// The `type` of a problem leads to its row. What is drawn above moves it, and takes the fragment for one of its own.
const asked = location.hash.startsWith('#problem-') ? document.getElementById(location.hash.slice(1)) : null;
if (asked !== null) {
  asked.className = 'asked';
  const drawn = new ResizeObserver(() => asked.scrollIntoView());
  drawn.observe(document.getElementById('api'));
  for (const moved of ['pointerdown', 'wheel', 'keydown']) window.addEventListener(moved, () => drawn.disconnect());
}

window.ui = window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  // The default one asks a server on the internet.
  validatorUrl: null,
});
