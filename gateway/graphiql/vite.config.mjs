import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The gateway serves the page at /graphql and everything else of dist/ below /graphiql/.
export default defineConfig({
  base: '/graphiql/',
  plugins: [react()],
  worker: { format: 'es' },
  logLevel: 'error',
  build: { target: 'es2022', chunkSizeWarningLimit: 8000, reportCompressedSize: false },
});
