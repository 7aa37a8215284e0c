// Shows the document of this service. The token that a reader enters stays in the page.
SwaggerUIBundle({
  dom_id: "#docs",
  url: "openapi.json",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  tryItOutEnabled: true,
  // Without this, a service with a public name is announced to a validator on the internet.
  validatorUrl: null,
  onComplete: () => {
    fetch("openapi.json")
      .then((answer) => answer.json())
      .then((document_) => { document.title = document_.info.title; });
  },
});
