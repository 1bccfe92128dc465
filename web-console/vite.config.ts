import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { mockControlPlane } from './mock/plugin.ts';

const controlPlane = process.env.SIGNALBOX_CONSOLE_URL ?? 'http://127.0.0.1:8000';

export default defineConfig(({ command, mode }) => ({
  base: '/',
  plugins: [react(), ...(command === 'serve' && mode === 'mock' ? [mockControlPlane()] : [])],
  build: {
    target: 'es2022',
    // The content security policy allows no data: URLs, so nothing may be inlined as one.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
  // Found only when a room is opened; named here so that opening one does not reload the page in development.
  optimizeDeps: { include: ['@tanstack/react-virtual', 'pusher-js', '@mantine/spotlight', '@mantine/form'] },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy:
      mode === 'mock'
        ? undefined
        : {
            '/v1': { target: controlPlane, ws: true, changeOrigin: false },
            '/openapi.json': controlPlane,
          },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
  },
}));
