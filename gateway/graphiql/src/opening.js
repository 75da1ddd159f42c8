// GraphiQL unfolds the panel of a plugin only for the button of its sidebar.
export const openPanel = (title) =>
  document.querySelector(`button[aria-label="Show ${title}"]`)?.click();
