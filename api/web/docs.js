/* Shows /openapi.json. Runs in the browser, after swagger-ui-bundle.js, which defines SwaggerUIBundle. */
/* global window */
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
