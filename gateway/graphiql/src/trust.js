import { config } from './config.js';
import { store } from './store.js';

// Whom the checks trust: the gateway's own file at first, a file of the reader's instead as soon as
// one is chosen. It is kept as long as the page is open.
export const trust = store({ text: config.trust, from: config.trust ? 'this gateway' : null });

export const trustFile = async (file) => trust.write({ text: await file.text(), from: file.name });
